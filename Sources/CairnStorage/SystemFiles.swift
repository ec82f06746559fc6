// SPDX-License-Identifier: Apache-2.0
internal import CHost
internal import Glibc
internal import Synchronization

/// The words of a system error number.
func systemText(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }

func isFullNumber(_ number: Int32) -> Bool { number == ENOSPC || number == EDQUOT || number == EFBIG }

/// True where the medium itself failed.
func isMediumNumber(_ number: Int32) -> Bool { number == EIO }

/// The real file system below one folder.
public final class SystemFiles: FileSystem {
  private let folder: String
  private let isReadOnly: Bool
  private let lockDescriptor = Mutex<Int32>(-1)

  /// Makes the folder where it is absent.
  public init(folder: String) throws(StorageError) {
    self.folder = folder
    isReadOnly = false
    try makeFolder("")
  }

  /// The same for somebody who only looks: nothing is made, opened for writing or held.
  public init(reading folder: String) throws(StorageError) {
    self.folder = folder
    isReadOnly = true
    guard unsafe access(folder, R_OK | X_OK) == 0 else { throw StorageError("read", path: folder, .system(errno)) }
  }

  deinit {
    let descriptor = lockDescriptor.withLock { $0 }
    if descriptor >= 0 { close(descriptor) }
  }

  private func full(_ path: String) -> String { path.isEmpty ? folder : folder + "/" + path }

  public func create(_ path: String) throws(StorageError) -> any StoredFile {
    try openFile(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, "create")
  }

  public func open(_ path: String) throws(StorageError) -> any StoredFile {
    try openFile(path, (isReadOnly ? O_RDONLY : O_RDWR) | O_CLOEXEC, "open")
  }

  private func openFile(_ path: String, _ flags: Int32, _ operation: String) throws(StorageError) -> any StoredFile {
    let descriptor = unsafe Glibc.open(full(path), flags, 0o640)
    guard descriptor >= 0 else { throw StorageError(operation, path: path, .system(errno)) }
    return SystemFile(path: path, descriptor: descriptor)
  }

  public func rename(_ path: String, to newPath: String) throws(StorageError) {
    guard unsafe Glibc.rename(full(path), full(newPath)) == 0 else { throw StorageError("rename", path: path, .system(errno)) }
  }

  public func remove(_ path: String) throws(StorageError) {
    guard unsafe unlink(full(path)) == 0 || errno == ENOENT else { throw StorageError("remove", path: path, .system(errno)) }
  }

  public func list(_ folder: String) throws(StorageError) -> [String] {
    guard let stream = unsafe opendir(full(folder)) else {
      if errno == ENOENT { return [] }
      throw StorageError("list", path: folder, .system(errno))
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  public func makeFolder(_ folder: String) throws(StorageError) {
    guard unsafe mkdir(full(folder), 0o750) == 0 || errno == EEXIST else {
      throw StorageError("make the folder", path: folder.isEmpty ? self.folder : folder, .system(errno))
    }
  }

  public func syncFolder(_ folder: String) throws(StorageError) {
    let descriptor = unsafe Glibc.open(full(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw StorageError("open the folder", path: folder, .system(errno)) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw StorageError("sync the folder", path: folder, .system(errno)) }
  }

  public func freeByteCount() throws(StorageError) -> Int {
    try checkFolder()
    var info = statvfs()
    guard unsafe statvfs(folder, &info) == 0 else { throw StorageError("ask the free space of", path: folder, .system(errno)) }
    guard info.f_flag & UInt(ST_RDONLY) == 0 else { throw StorageError("write to", path: folder, .system(EROFS)) }
    return Int(clamping: UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize)).partialValue)
  }

  /// Throws where the folder at this path is not the one that this process locked: what is written to open files would be lost with them.
  private func checkFolder() throws(StorageError) {
    let descriptor = lockDescriptor.withLock { $0 }
    guard descriptor >= 0 else { return }
    var held = stat()
    var found = stat()
    guard unsafe fstat(descriptor, &held) == 0 else { throw StorageError("ask for the lock of", path: folder, .system(errno)) }
    guard unsafe stat(full("LOCK"), &found) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw StorageError("find", path: folder, .gone("is gone, or was emptied")) }
      throw StorageError("find the lock of", path: folder, .system(errno))
    }
    guard held.st_ino == found.st_ino, held.st_dev == found.st_dev else {
      throw StorageError("use", path: folder, .gone("is another folder than the one that was opened"))
    }
  }

  /// Whoever only looks holds no lock: it throws where another process does.
  public func lock() throws(StorageError) {
    let descriptor = unsafe Glibc.open(full("LOCK"), isReadOnly ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    if isReadOnly, descriptor < 0, errno == ENOENT || errno == EACCES { return }
    guard descriptor >= 0 else { throw StorageError("open", path: full("LOCK"), .system(errno)) }
    guard flock(descriptor, (isReadOnly ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
      let holder = SystemFile(path: "LOCK", descriptor: descriptor)
      let count = min((try? holder.byteCount()) ?? 0, 64)
      let text = (try? holder.read(at: 0, count: count)).map { String(decoding: $0, as: UTF8.self) } ?? ""
      throw StorageError("lock", path: folder, .locked(text.isEmpty ? "unknown" : text))
    }
    if isReadOnly {
      close(descriptor)
      return
    }
    let text = "process \(getpid())"
    _ = ftruncate(descriptor, 0)
    _ = unsafe pwrite(descriptor, text, text.utf8.count, 0)
    lockDescriptor.withLock { $0 = descriptor }
  }
}

/// An open file of the real file system.
final class SystemFile: StoredFile {
  let path: String
  private let descriptor: Int32

  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
    // Appends go to the end whatever was read before.
    lseek(descriptor, 0, SEEK_END)
  }

  deinit { close(descriptor) }

  func append(_ bytes: RawSpan) throws(StorageError) {
    var written = 0
    while written < bytes.byteCount {
      let count = unsafe bytes.extracting(written..<bytes.byteCount).withUnsafeBytes {
        unsafe write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw StorageError("write", path: path, .system(errno)) }
      written += count
    }
  }

  func sync() throws(StorageError) {
    guard fdatasync(descriptor) == 0 else { throw StorageError("sync", path: path, .system(errno)) }
    var info = stat()
    guard unsafe fstat(descriptor, &info) == 0 else { throw StorageError("ask the state of", path: path, .system(errno)) }
    guard info.st_nlink > 0 else { throw StorageError("sync", path: path, .gone("was removed while it was being written")) }
  }

  func reserve(from offset: Int, to byteCount: Int) { _ = cairn_reserve(descriptor, Int64(offset), Int64(byteCount - offset)) }

  func truncate(to byteCount: Int) throws(StorageError) {
    guard ftruncate(descriptor, byteCount) == 0 else { throw StorageError("truncate", path: path, .system(errno)) }
    lseek(descriptor, 0, SEEK_END)
  }

  func read(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    var failure: StorageError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { (buffer, filled) in
      filled = 0
      while filled < count {
        let got = unsafe pread(descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled, off_t(offset + filled))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else {
          failure = StorageError("read", path: path, got == 0 ? .damaged("it ends at byte \(offset + filled)") : .system(errno))
          return
        }
        filled += got
      }
    }
    if let failure { throw failure }
    return bytes
  }

  func byteCount() throws(StorageError) -> Int {
    var info = stat()
    guard unsafe fstat(descriptor, &info) == 0 else { throw StorageError("ask the size of", path: path, .system(errno)) }
    return Int(info.st_size)
  }
}
