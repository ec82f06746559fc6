// SPDX-License-Identifier: Apache-2.0
internal import Synchronization
internal import Tracing
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Where batches wait on disk that CloudWatch Logs did not take: a file each, sent again when it answers, also by the next process.
///
/// A file is written under another name, synced and renamed, so that one that is there is whole. Whoever sends one renames it first, so
/// several processes may share a folder. Files beyond `byteCountMax` together make the oldest ones go; they are counted.
///
///     lines-<unix milliseconds, 13 digits>-<pid>-<number>-<lines>.json   the array `logEvents` of one PutLogEvents
///     sending-<pid>-…                                                    the same while process <pid> sends it
final class SpillFolder: Sendable {
  private let settings: SpillSettings
  private let warn: @Sendable (String) -> Void
  private let state = Mutex(State())

  private struct State {
    var nextNumber = 0
    var isReady = false
  }

  init(settings: SpillSettings, warn: @escaping @Sendable (String) -> Void) {
    self.settings = settings
    self.warn = warn
  }

  /// Keeps the bytes; how many lines are lost because they could not be written, or because older ones had to go.
  func keep(_ bytes: [UInt8], lineCount: Int) -> Int {
    guard prepare() else { return lineCount }
    let number = state.withLock { state in
      state.nextNumber += 1
      return state.nextNumber
    }
    let milliseconds = String(DefaultTracerClock.now.nanosecondsSinceEpoch / 1_000_000)
    let name = "lines-\(milliseconds)-\(getpid())-\(number)-\(lineCount).json"
    guard bytes.count <= settings.byteCountMax, write(bytes, to: name) else { return lineCount }
    return evict()
  }

  /// At least one: the name tells.
  private static func lineCount(_ name: String) -> Int {
    let parts = name.dropLast(".json".count).split(separator: "-")
    return parts.count > 4 ? max(1, Int(parts[4]) ?? 1) : 1
  }

  /// The oldest batch that waits, taken so that no other process sends it too; nil where none waits. Files that cannot be read are deleted,
  /// since they would be the oldest for ever; `lose` is told how many lines that were.
  func take(lose: (Int) -> Void) -> Taken? {
    guard prepare() else { return nil }
    for name in waiting() {
      let taken = "sending-\(getpid())-" + name
      guard move(name, to: taken) else { continue }
      guard let bytes = read(taken) else {
        warn("cloudwatch spill: \(path(name)) is empty or cannot be read; it is deleted, and its lines are counted as lost")
        lose(Self.lineCount(name))
        delete(taken)
        continue
      }
      return Taken(name: name, lineCount: Self.lineCount(name), bytes: bytes)
    }
    return nil
  }

  /// A batch on its way.
  struct Taken: Sendable {
    fileprivate var name: String
    var lineCount: Int
    var bytes: [UInt8]
  }

  /// It has arrived, or will never be taken.
  func finish(_ taken: Taken) { delete("sending-\(getpid())-" + taken.name) }

  /// It has not arrived: it waits again.
  func giveBack(_ taken: Taken) { _ = move("sending-\(getpid())-" + taken.name, to: taken.name) }

  /// Makes the folder, and takes over what a process that is gone was sending.
  private func prepare() -> Bool {
    state.withLock { state in
      guard !state.isReady else { return true }
      guard unsafe mkdir(settings.folder, 0o700) == 0 || errno == EEXIST else {
        warn("cloudwatch spill: the folder \(settings.folder) cannot be made (errno \(errno))")
        return false
      }
      for name in names() where name.hasPrefix("sending-") {
        let rest = name.dropFirst("sending-".count)
        guard let dash = rest.firstIndex(of: "-"), let owner = Int32(rest[..<dash]) else { continue }
        // In containers the next process often has the same number as the last.
        if owner == getpid() || kill(owner, 0) != 0 && errno == ESRCH { _ = move(name, to: String(rest[rest.index(after: dash)...])) }
      }
      state.isReady = true
      return true
    }
  }

  /// Deletes the oldest until the rest is within bounds; how many lines that were.
  private func evict() -> Int {
    let sizes = waiting().map { ($0, byteCount($0)) }
    var total = sizes.reduce(0) { $0 + $1.1 }
    var lostCount = 0
    for (name, size) in sizes where total > settings.byteCountMax {
      delete(name)
      total -= size
      lostCount += Self.lineCount(name)
    }
    if lostCount > 0 { warn("cloudwatch spill: the folder holds \(settings.byteCountMax) bytes; the oldest batches are dropped and counted") }
    return lostCount
  }

  private func move(_ name: String, to other: String) -> Bool { unsafe rename(path(name), path(other)) == 0 }

  private func delete(_ name: String) { _ = unsafe unlink(path(name)) }

  private func path(_ name: String) -> String { settings.folder + "/" + name }

  /// Names begin with the time, so their order is that of age.
  private func waiting() -> [String] { names().filter { $0.hasPrefix("lines-") && $0.hasSuffix(".json") }.sorted() }

  private func names() -> [String] {
    guard let folder = unsafe opendir(settings.folder) else { return [] }
    defer { unsafe closedir(folder) }
    var found: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in unsafe String(decoding: Array(bytes).prefix { $0 != 0 }, as: UTF8.self) }
      found.append(name)
    }
    return found
  }

  private func byteCount(_ name: String) -> Int {
    var status = stat()
    return unsafe stat(path(name), &status) == 0 ? Int(status.st_size) : 0
  }

  private func write(_ bytes: [UInt8], to name: String) -> Bool {
    let descriptor = unsafe open(path("." + name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return tell("cannot be written", name) }
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), bytes.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      written += count
    }
    let isWhole = written == bytes.count && fsync(descriptor) == 0
    close(descriptor)
    guard isWhole, move("." + name, to: name) else {
      let failed = tell("cannot be written", name)
      delete("." + name)
      return failed
    }
    return true
  }

  private func tell(_ problem: String, _ name: String) -> Bool {
    warn("cloudwatch spill: \(path(name)) \(problem) (errno \(errno))")
    return false
  }

  private func read(_ name: String) -> [UInt8]? {
    let count = byteCount(name)
    guard count > 0, count <= settings.byteCountMax, let file = unsafe fopen(path(name), "r") else { return nil }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: count)
    let readCount = unsafe bytes.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, count, file) }
    return readCount == count ? bytes : nil
  }
}
