// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import Glibc
import Synchronization
import TestSupport
@testable import CairnStorage

/// An open file in memory.
final class MemoryFile: StoredFile {
  let path: String
  private let node: Int
  private let files: MemoryFiles

  init(path: String, node: Int, files: MemoryFiles) {
    self.path = path
    self.node = node
    self.files = files
  }

  func append(_ bytes: RawSpan) throws(StorageError) {
    try files.append(unsafe bytes.withUnsafeBytes { unsafe Array($0) }, path, node)
  }

  func sync() throws(StorageError) { try files.sync(path, node) }

  func truncate(to byteCount: Int) throws(StorageError) { try files.truncate(path, node, to: byteCount) }

  func read(at offset: Int, count: Int) throws(StorageError) -> [UInt8] { try files.read(path, node, at: offset, count: count) }

  func byteCount() throws(StorageError) -> Int { files.byteCount(path, node) }
}
