// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import Glibc

/// The copy of a catalog that lies beside it (decision 095): what an operator puts in its place when the file itself is damaged.
struct CatalogCopy {
  let catalogPath: String

  var path: String { catalogPath + ".copy" }
  private var unfinishedPath: String { path + ".tmp" }

  /// When it was made; nil where there is none.
  var made: Date? {
    var found = stat()
    guard unsafe stat(path, &found) == 0 else { return nil }
    return Date(timeIntervalSince1970: Double(found.st_mtim.tv_sec))
  }

  /// Makes a new one in the place of the old one. Others read and write the catalog meanwhile; the copy is of one moment.
  /// - Throws: `.damaged` where the catalog is not whole: the old copy stays then, as with every other failure.
  func make() throws(CatalogError) {
    do {
      let reader = try DatabaseQueue(path: catalogPath, configuration: Self.readOnly)
      defer { try? reader.close() }
      let verdict = try reader.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
      if let reason = verdict, reason != "ok" {
        throw CatalogError.damaged(path: catalogPath, reason: reason, copyMade: made)
      }
      unsafe unlink(unfinishedPath)
      // SQLite writes into an empty file that is there, so that nobody else can read it at any time.
      try CatalogFile.makePrivate(unfinishedPath)
      try reader.inDatabase { try $0.execute(sql: "VACUUM INTO ?", arguments: [unfinishedPath]) }
      try CatalogFile.sync(unfinishedPath)
      guard unsafe rename(unfinishedPath, path) == 0 else { throw CatalogFile.failure(path) }
      try CatalogFile.sync(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)))
    } catch let error as CatalogError {
      throw error
    } catch {
      throw .of(error, path: catalogPath)
    }
  }

  private static var readOnly: Configuration {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    return configuration
  }
}

/// What the catalog does with its file beside SQLite.
enum CatalogFile {
  /// Makes the file where it is not there. Only its owner may read it: webhooks' addresses and secret access keys are in it. SQLite gives
  /// the files beside it the same rights.
  static func makePrivate(_ path: String) throws(CatalogError) {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(path) }
    defer { Glibc.close(descriptor) }
    var found = stat()
    // What an earlier version left open to others; not ours to change where it belongs to somebody else.
    if unsafe fstat(descriptor, &found) == 0, found.st_mode & 0o077 != 0 { fchmod(descriptor, 0o600) }
  }

  /// Of a file, or of a folder with the names in it.
  static func sync(_ path: String) throws(CatalogError) {
    let descriptor = unsafe open(path.isEmpty ? "." : path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    defer { Glibc.close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(path) }
  }

  /// What the system said last, of this file.
  static func failure(_ path: String) -> CatalogError { .database(path: path, reason: unsafe String(cString: strerror(errno))) }
}

extension Catalog {
  /// Replaces the copy beside the file, `PATH.copy`, by one of now; a catalog in memory has none. Blocks for as long as reading and writing
  /// the file takes; calls of others go on meanwhile.
  /// - Throws: `.damaged` where the catalog is not whole; the copy that is there stays.
  public func keepCopy() throws(CatalogError) {
    guard path != Self.inMemory else { return }
    try CatalogCopy(catalogPath: path).make()
  }

  /// What is wrong in a catalog's file, in SQLite's words; nothing where it is whole, or not there. Reads a copy of it, so that nothing
  /// beside it changes.
  public static func faults(at path: String) throws(CatalogError) -> [String] {
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    do {
      let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-fsck-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
      defer { try? FileManager.default.removeItem(at: folder) }
      let copy = folder.appending(path: "catalog").path
      for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: path + suffix) {
        try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
      }
      let queue = try DatabaseQueue(path: copy)
      defer { try? queue.close() }
      return try queue.read { try String.fetchAll($0, sql: "PRAGMA integrity_check(10)") }.filter { $0 != "ok" }
    } catch let error as DatabaseError where CatalogError.isDamage(error) {
      return [error.description]
    } catch {
      throw .of(error, path: path)
    }
  }
}
