// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import Glibc
import Synchronization
import TestSupport

@testable import CairnStorage

/// A file system in memory that keeps apart what was written and what would survive a power cut, and that fails when it is told to.
///
/// What survives: bytes that were synced; of bytes appended since, any prefix, torn or zeroed by sectors of 512 bytes. Names that were
/// created, renamed or removed since the folder was synced: any of those changes may have happened or not, a rename as a whole.
final class MemoryFiles: FileSystem {
  /// The calls that can be told to fail.
  enum Call: String, CaseIterable, Sendable {
    case create, open, append, sync, truncate, read, rename, remove, list, makeFolder, syncFolder, freeByteCount, lock
  }

  /// Which call fails, from which one on, and how.
  struct Fault: Sendable {
    var call: Call
    /// The first call of this kind is 1.
    var turn: Int
    var isForever = false
    var number: Int32 = EIO
    /// Of an append that fails, this share is written first.
    var writtenShare = 0.0
    /// Only calls on paths that begin so are counted; all where it is empty.
    var prefix = ""
  }

  /// One change of a folder that may not have reached the disk yet.
  enum NameChange: Sendable {
    case link(String, Int)
    case unlink(String)
    case move(String, String, Int)
  }

  struct Content: Sendable {
    var live: [UInt8] = []
    var durable: [UInt8] = []
  }

  /// The whole file system at one moment.
  struct Image: Sendable {
    var contents: [Int: Content] = [:]
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var changes: [String: [NameChange]] = [:]
    var nextNode = 1

    var byteCount: Int { names.values.reduce(0) { $0 + (contents[$1]?.live.count ?? 0) } }
  }

  private struct State: Sendable {
    var image = Image()
    var history: [Image] = []
    var keepsHistory = false
    var faults: [Fault] = []
    var counts: [String: Int] = [:]
    var budgetByteCount = Int.max / 4
    var bugs: Set<PlantedBug> = []
    /// What a sync that comes too late has yet to make durable, by node.
    var lateSyncs: [Int: [UInt8]] = [:]
    var isLocked = false
  }

  private let state = Mutex(State())

  init() {}

  private init(_ image: Image) { state.withLock { $0.image = image } }

  // MARK: What tests ask for

  /// Keeps an image after every change from now on.
  func startHistory() {
    state.withLock { (state) in
      state.keepsHistory = true
      state.history = [state.image]
    }
  }

  /// The number of images kept: the moment that an acknowledgement is noted with.
  var moment: Int { state.withLock { $0.history.count } }

  /// The image after so many changes.
  func image(at index: Int) -> Image { state.withLock { $0.history[index] } }

  /// The image of now.
  var image: Image { state.withLock { $0.image } }

  func fail(_ faults: Fault...) {
    state.withLock { (state) in
      state.faults = faults
      state.counts = [:]
    }
  }

  /// How often each kind was called since `fail`.
  func count(_ call: Call) -> Int { state.withLock { $0.counts[call.rawValue] ?? 0 } }

  /// The space that all files together may take.
  func setBudget(byteCount: Int) { state.withLock { $0.budgetByteCount = byteCount } }

  /// A seam that is broken on purpose, to see that the tests notice.
  enum PlantedBug: String, CaseIterable, Sendable {
    /// A file's sync returns at once, and its bytes become durable when it is synced the next time: acknowledged before they are on disk.
    case acknowledgesBeforeSync
    /// A file's sync does nothing at all.
    case neverSyncs
    /// A folder's sync does nothing: new files may be gone.
    case neverSyncsFolders
  }

  func plant(_ bugs: PlantedBug...) { state.withLock { $0.bugs = Set(bugs) } }

  /// The bytes of a file, or nothing.
  func bytes(_ path: String) -> [UInt8]? {
    state.withLock { (state) in state.image.names[path].flatMap { state.image.contents[$0]?.live } }
  }

  /// Puts a file there as if it had always been there; nil removes it.
  func put(_ path: String, _ bytes: [UInt8]?) {
    state.withLock { (state) in
      guard let bytes else {
        state.image.names[path] = nil
        state.image.durableNames[path] = nil
        return
      }
      let node = state.image.nextNode
      state.image.nextNode += 1
      state.image.contents[node] = Content(live: bytes, durable: bytes)
      state.image.names[path] = node
      state.image.durableNames[path] = node
    }
  }

  /// All paths, sorted.
  var paths: [String] { state.withLock { $0.image.names.keys.sorted() } }

  /// Another file system with the same content: what the next process finds after this one was killed.
  func copy() -> MemoryFiles { MemoryFiles(image.settled()) }

  /// The file system as it may be after the power was cut now.
  func crash(seed: UInt64) -> MemoryFiles { MemoryFiles.crash(image, seed: seed) }

  static func crash(_ image: Image, seed: UInt64) -> MemoryFiles {
    var generator = SeededGenerator(seed: seed)
    return MemoryFiles(image.cut(&generator))
  }

  // MARK: Calls

  private func begin(_ call: Call, _ path: String, _ state: inout State) throws(StorageError) {
    state.counts[call.rawValue, default: 0] += 1
    if let fault = hit(call, path, &state) { throw StorageError(call.rawValue, path: path, .system(fault.number)) }
  }

  private func hit(_ call: Call, _ path: String, _ state: inout State) -> Fault? {
    for (index, fault) in state.faults.enumerated() where fault.call == call && path.hasPrefix(fault.prefix) {
      let name = "\(index)"
      state.counts[name, default: 0] += 1
      let count = state.counts[name] ?? 0
      if count == fault.turn || (fault.isForever && count > fault.turn) { return fault }
    }
    return nil
  }

  private static func changed(_ state: inout State) {
    if state.keepsHistory { state.history.append(state.image) }
  }

  private static func folder(_ path: String) -> String { String(path.prefix { $0 != "/" }) }

  func create(_ path: String) throws(StorageError) -> any StoredFile {
    try state.withLock { (state) throws(StorageError) in
      try begin(.create, path, &state)
      if let node = state.image.names[path] {
        state.image.contents[node]?.live = []
        Self.changed(&state)
        return MemoryFile(path: path, node: node, files: self)
      }
      if state.image.byteCount >= state.budgetByteCount { throw StorageError("create", path: path, .system(ENOSPC)) }
      let node = state.image.nextNode
      state.image.nextNode += 1
      state.image.contents[node] = Content()
      state.image.names[path] = node
      state.image.changes[Self.folder(path), default: []].append(.link(path, node))
      Self.changed(&state)
      return MemoryFile(path: path, node: node, files: self)
    }
  }

  func open(_ path: String) throws(StorageError) -> any StoredFile {
    try state.withLock { (state) throws(StorageError) in
      try begin(.open, path, &state)
      guard let node = state.image.names[path] else { throw StorageError("open", path: path, .system(ENOENT)) }
      return MemoryFile(path: path, node: node, files: self)
    }
  }

  func rename(_ path: String, to newPath: String) throws(StorageError) {
    try state.withLock { (state) throws(StorageError) in
      try begin(.rename, path, &state)
      guard let node = state.image.names[path] else { throw StorageError("rename", path: path, .system(ENOENT)) }
      state.image.names[path] = nil
      state.image.names[newPath] = node
      state.image.changes[Self.folder(path), default: []].append(.move(path, newPath, node))
      if Self.folder(newPath) != Self.folder(path) {
        state.image.changes[Self.folder(newPath), default: []].append(.move(path, newPath, node))
      }
      Self.changed(&state)
    }
  }

  func remove(_ path: String) throws(StorageError) {
    try state.withLock { (state) throws(StorageError) in
      try begin(.remove, path, &state)
      guard state.image.names[path] != nil else { return }
      state.image.names[path] = nil
      state.image.changes[Self.folder(path), default: []].append(.unlink(path))
      Self.changed(&state)
    }
  }

  func list(_ folder: String) throws(StorageError) -> [String] {
    try state.withLock { (state) throws(StorageError) in
      try begin(.list, folder, &state)
      return state.image.names.keys.filter { $0.hasPrefix(folder + "/") }.map { String($0.dropFirst(folder.count + 1)) }.sorted()
    }
  }

  func makeFolder(_ folder: String) throws(StorageError) {
    try state.withLock { (state) throws(StorageError) in try begin(.makeFolder, folder, &state) }
  }

  func syncFolder(_ folder: String) throws(StorageError) {
    try state.withLock { (state) throws(StorageError) in
      try begin(.syncFolder, folder, &state)
      guard !state.bugs.contains(.neverSyncsFolders) else { return }
      for change in state.image.changes[folder] ?? [] { state.image.apply(change) }
      state.image.changes[folder] = nil
      Self.changed(&state)
    }
  }

  func freeByteCount() throws(StorageError) -> Int {
    try state.withLock { (state) throws(StorageError) in
      try begin(.freeByteCount, "", &state)
      return max(0, state.budgetByteCount - state.image.byteCount)
    }
  }

  func lock() throws(StorageError) {
    try state.withLock { (state) throws(StorageError) in
      try begin(.lock, "", &state)
      if state.isLocked { throw StorageError("lock", path: "", .locked("another archive")) }
      state.isLocked = true
    }
  }

  // MARK: Open files

  func append(_ bytes: [UInt8], _ path: String, _ node: Int) throws(StorageError) {
    try state.withLock { (state) throws(StorageError) in
      state.counts[Call.append.rawValue, default: 0] += 1
      var written = bytes.count
      var number: Int32?
      if let fault = hit(.append, path, &state) {
        number = fault.number
        written = Int(Double(bytes.count) * fault.writtenShare)
      }
      let free = max(0, state.budgetByteCount - state.image.byteCount)
      if written > free {
        written = free
        number = number ?? ENOSPC
      }
      state.image.contents[node, default: Content()].live.append(contentsOf: bytes[..<written])
      Self.changed(&state)
      if let number { throw StorageError("write", path: path, .system(number)) }
    }
  }

  func sync(_ path: String, _ node: Int) throws(StorageError) {
    try state.withLock { (state) throws(StorageError) in
      try begin(.sync, path, &state)
      guard !state.bugs.contains(.neverSyncs) else { return }
      var live = state.image.contents[node]?.live ?? []
      if state.bugs.contains(.acknowledgesBeforeSync) {
        let late = state.lateSyncs[node] ?? []
        state.lateSyncs[node] = live
        live = late
      }
      state.image.contents[node]?.durable = live
      Self.changed(&state)
    }
  }

  func truncate(_ path: String, _ node: Int, to byteCount: Int) throws(StorageError) {
    try state.withLock { (state) throws(StorageError) in
      try begin(.truncate, path, &state)
      let live = state.image.contents[node]?.live ?? []
      state.image.contents[node]?.live = Array(live.prefix(byteCount))
      Self.changed(&state)
    }
  }

  func read(_ path: String, _ node: Int, at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    try state.withLock { (state) throws(StorageError) in
      try begin(.read, path, &state)
      let live = state.image.contents[node]?.live ?? []
      guard offset >= 0, count >= 0, offset + count <= live.count else {
        throw StorageError("read", path: path, .damaged("it ends at byte \(live.count)"))
      }
      return Array(live[offset..<offset + count])
    }
  }

  func byteCount(_ path: String, _ node: Int) -> Int { state.withLock { $0.image.contents[node]?.live.count ?? 0 } }
}
