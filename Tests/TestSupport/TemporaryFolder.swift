// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Runs a test with a folder of its own, which goes with all that is in it whatever comes of the test.
public func withTemporaryFolder<Result>(_ test: (_ path: String) throws -> Result) throws -> Result {
  let path = try newFolder()
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try test(path)
}

/// The same, for tests that wait.
public func withTemporaryFolder<Result>(_ test: (_ path: String) async throws -> Result) async throws -> Result {
  let path = try newFolder()
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await test(path)
}

private func newFolder() throws -> String {
  let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder.path
}
