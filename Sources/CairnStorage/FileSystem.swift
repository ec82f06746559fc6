// SPDX-License-Identifier: Apache-2.0

/// The world refused: a file or the disk, with the path, the operation and the system's own number and words.
public struct StorageError: Error, Sendable, Hashable {
  public enum Reason: Sendable, Hashable {
    /// The system call failed with this `errno`.
    case system(Int32)
    /// What is in the file is not what was written.
    case damaged(String)
    /// Another process holds the folder.
    case locked(String)
    /// The folder or a file in it is no longer what was opened: it was removed, moved or covered.
    case gone(String)
    /// What is in the file would be too large together with what it was to be put beside.
    case tooLarge(String)
    /// The store is closed, and what was being written can be written by the next start.
    case givenUp
  }
  public var operation: String
  public var path: String
  public var reason: Reason

  public init(_ operation: String, path: String, _ reason: Reason) {
    self.operation = operation
    self.path = path
    self.reason = reason
  }

  /// The whole in words.
  public var message: String {
    switch reason {
    case .system(let number): "cannot \(operation) \(path): \(systemText(number))"
    case .damaged(let what): "\(path) is damaged: \(what)"
    case .locked(let holder): "\(path) is in use by another process (\(holder))"
    case .gone(let what): "\(path) \(what)"
    case .tooLarge(let what): "\(path) is too large: \(what)"
    case .givenUp: "\(path) is not written any more: the store is closed"
    }
  }

  /// True where another attempt would find the same: the file is damaged, or the disk cannot give it.
  var isLasting: Bool {
    switch reason {
    case .system(let number): isMediumNumber(number)
    case .damaged, .tooLarge: true
    case .locked, .gone, .givenUp: false
    }
  }

  /// True where the disk is full: it may pass by itself.
  public var isDiskFull: Bool {
    if case .system(let number) = reason { return isFullNumber(number) }
    return false
  }
}

/// A file that is written from its start to its end and read anywhere. Closed when released. One owner.
public protocol StoredFile: AnyObject, Sendable {
  var path: String { get }
  /// Adds all the bytes at the end, or throws; after an error any part of them may be there.
  func append(_ bytes: RawSpan) throws(StorageError)
  /// Returns when everything appended so far survives a power cut. Throws where the file has no name any more: nobody would find it.
  func sync() throws(StorageError)
  /// Asks for room for so many bytes in all, without making the file longer. Nothing happens where the file system cannot.
  func reserve(from offset: Int, to byteCount: Int)
  /// Cuts the file to so many bytes, and gives back the room behind them.
  func truncate(to byteCount: Int) throws(StorageError)
  /// Exactly `count` bytes from `offset`; throws where the file has fewer.
  func read(at offset: Int, count: Int) throws(StorageError) -> [UInt8]
  func byteCount() throws(StorageError) -> Int
}

extension StoredFile {
  public func reserve(from offset: Int, to byteCount: Int) {}
}

/// All that the storage room asks of the operating system; tests put a faulty one in its place.
///
/// Paths are relative to the data folder. A created, renamed or removed name survives a power cut only after `syncFolder` of its folder.
public protocol FileSystem: Sendable {
  func create(_ path: String) throws(StorageError) -> any StoredFile
  func open(_ path: String) throws(StorageError) -> any StoredFile
  func rename(_ path: String, to newPath: String) throws(StorageError)
  func remove(_ path: String) throws(StorageError)
  /// The names in a folder, sorted; an absent folder has none.
  func list(_ folder: String) throws(StorageError) -> [String]
  func makeFolder(_ folder: String) throws(StorageError)
  func syncFolder(_ folder: String) throws(StorageError)
  /// Bytes that may still be written. Throws where the folder cannot be written to, or is not the one that was locked.
  func freeByteCount() throws(StorageError) -> Int
  /// Takes the single-writer lock, held until this object is released.
  func lock() throws(StorageError)
}
