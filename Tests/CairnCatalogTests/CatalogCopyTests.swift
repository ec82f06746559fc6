// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Testing
import TestSupport

@testable import CairnCatalog

@Suite struct CatalogCopyTests {
  private static func permissions(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  private static func namesCopy(_ work: () throws -> Void) -> Bool {
    do {
      try work()
      return false
    } catch CatalogError.damaged(_, _, .some) {
      return true
    } catch {
      Issue.record(error)
      return false
    }
  }

  @Test func theCopyHasWhatTheCatalogHas() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/catalog.sqlite"
      let catalog = try Catalog(path: path)
      let key = try catalog.createKey(name: "n", environment: "e", scopes: [.query], nowUnixSeconds: 1)
      try catalog.keepCopy()
      let later = try catalog.createKey(name: "later", environment: "e", scopes: [.query], nowUnixSeconds: 2)
      #expect(try Catalog(path: path + ".copy").authenticate(key.text) == .good(key.key))
      #expect(try Catalog(path: path + ".copy").authenticate(later.text) == .unknown)
      try catalog.keepCopy()
      #expect(try Catalog(path: path + ".copy").authenticate(later.text) == .good(later.key))
      #expect(!FileManager.default.fileExists(atPath: path + ".copy.tmp"))
    }
  }

  @Test func nobodyElseMayReadIt() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/catalog.sqlite"
      #expect(FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o644]))
      let catalog = try Catalog(path: path)
      try catalog.saveQuery(SavedQuery(id: "q", environment: "a", dataset: "d", specification: "{}"), nowUnixSeconds: 1)
      try catalog.keepCopy()
      for suffix in ["", "-wal", "-shm", ".copy"] { #expect(try Self.permissions(path + suffix) == 0o600, "\(suffix)") }
    }
  }

  @Test func aDamagedFileIsNamedWithItsCopyWhichStays() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/catalog.sqlite"
      let text = try { () throws in
        let catalog = try Catalog(path: path)
        defer { try? catalog.queue.close() }
        let text = try catalog.createKey(name: "n", environment: "e", scopes: [.query], nowUnixSeconds: 1).text
        try catalog.keepCopy()
        return text
      }()
      #expect(try Catalog.faults(at: path) == [])
      let whole = try Data(contentsOf: URL(filePath: path))
      // Not a database; one without its end; one whose pages are not what they were.
      for bytes in [Data(repeating: 7, count: 5_000), whole.prefix(5_000), whole.prefix(4_096) + Data(repeating: 255, count: whole.count - 4_096)] {
        try bytes.write(to: URL(filePath: path))
        #expect(try Catalog.faults(at: path) != [])
        let isNamed = Self.namesCopy { try Catalog(path: path).keepCopy() }
        #expect(isNamed)
        let copy = try Catalog(path: path + ".copy")
        #expect(copy.keys().count == 1)
      }
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.moveItem(atPath: path + ".copy", toPath: path)
      let restored = try Catalog(path: path)
      let key = try #require(restored.keys().first)
      #expect(restored.authenticate(text) == .good(key))
    }
  }

  @Test func aFileThatIsNotThereHasNoFaults() throws {
    try withTemporaryFolder { folder in
      let faults = try Catalog.faults(at: folder + "/catalog.sqlite")
      #expect(faults == [])
    }
  }
}
