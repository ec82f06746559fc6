// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnFormats
import FoundationEssentials
import Glibc
import Logging

/// The few small files that the server itself reads and writes.
enum ServerFiles {
  /// The text of a file, or nil where there is none.
  static func text(at path: String) -> String? { bytes(at: path).map { String(decoding: $0, as: UTF8.self) } }

  /// The bytes of a file, or nil where it cannot be read.
  static func bytes(at path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map(Array.init) }

  /// Why a file could not be read, in the system's words.
  static func whyUnreadable(_ path: String) -> String {
    unsafe access(path, R_OK) != 0 ? String(cString: strerror(errno)) : "it is not a file"
  }

  /// Writes beside and renames over, so that a reader sees the old file or the whole new one.
  static func write(_ bytes: [UInt8], to path: String) throws(ServerError) {
    do {
      try Data(bytes).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw .cannotWrite(path: path, reason: words(error))
    }
  }

  /// Makes a folder, and those above it, where it is not there; `mode` is for what is made.
  static func makeDirectory(_ path: String, mode: Int = 0o755) throws(ServerError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
    } catch {
      throw .cannotWrite(path: path, reason: words(error))
    }
  }

  /// Foundation's error in the system's words: its own account of it runs over lines.
  private static func words(_ error: any Error) -> String {
    guard let cause = (error as? CocoaError)?.underlying as? POSIXError else { return "\(error)" }
    return unsafe String(cString: strerror(cause.code.rawValue))
  }

  /// Throws where nothing can be made in a folder, in the system's words: SQLite's own would say less.
  static func mustTakeFiles(_ path: String) throws(ServerError) {
    guard unsafe access(path, W_OK | X_OK) != 0 else { return }
    throw .cannotWrite(path: path, reason: unsafe String(cString: strerror(errno)))
  }
}

extension Settings {
  /// Settings from flags, this process's environment and the file that a flag or `CAIRN_CONFIG` names.
  public static func load(flags: [Key: String], configPath: String?) throws(ServerError) -> Settings {
    let environment = ProcessInfo.processInfo.environment
    var file: [Key: [String]] = [:]
    if let path = configPath ?? environment["CAIRN_CONFIG"] {
      guard let text = ServerFiles.text(at: path) else {
        let source = configPath == nil ? "CAIRN_CONFIG" : "--config"
        throw .badSetting("\(source): '\(path)' cannot be read: \(ServerFiles.whyUnreadable(path))")
      }
      file = try SettingsFile.parse(text, path: path)
    }
    let settings = try resolve(flags: flags, environment: environment, file: file)
    if let path = settings.deliveryAuthorities, let reason = Sender.whyNotTrusted(path) {
      throw .badSetting("\(Key.deliveryAuthorities.rawValue): '\(path)' is not a file of certificates (PEM): \(reason)")
    }
    return settings
  }

  /// Says once which variables of this process look like a setting's and are none.
  public static func warnOfMisspeltVariables() {
    for (name, near) in misspelt(ProcessInfo.processInfo.environment) {
      Logger(label: "cairn.server").warning("\(name) is no setting and has no effect. Did you mean \(near.joined(separator: ", "))?")
    }
  }

  /// Where the catalog is.
  public var catalogPath: String { dataDirectory + "/catalog.sqlite" }

  /// The same; makes the data folder if it is not there.
  public func preparedCatalogPath() throws(ServerError) -> String {
    try ServerFiles.makeDirectory(dataDirectory, mode: 0o750)
    try ServerFiles.mustTakeFiles(dataDirectory)
    return catalogPath
  }
}
