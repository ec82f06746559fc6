// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import TestSupport
import Testing

@testable import CairnCatalog

@Suite struct CatalogTests {
  @Test func aKeyOpensWhatItWasMadeFor() throws {
    let catalog = try Catalog()
    #expect(!catalog.hasKeys)
    let created = try catalog.createKey(name: "n", environment: "shop", scopes: [.ingest, .query], nowUnixSeconds: 5)
    #expect(catalog.hasKeys)
    #expect(catalog.authenticate(created.text) == .good(created.key))
    #expect(created.key.environment == "shop")
    #expect(try catalog.revokeKey(id: created.key.id, nowUnixSeconds: 6))
    #expect(try !catalog.revokeKey(id: created.key.id, nowUnixSeconds: 7))
    #expect(catalog.authenticate(created.text) == .revoked)
    #expect(catalog.hasKeys)
  }

  @Test func everyWrongCharacterIsUnknown() throws {
    let catalog = try Catalog()
    let text = try catalog.createKey(name: "", environment: "e", scopes: [.query], nowUnixSeconds: 1).text
    for index in text.indices {
      var wrong = text
      wrong.replaceSubrange(index...index, with: text[index] == "a" ? "b" : "a")
      #expect(catalog.authenticate(wrong) == .unknown)
    }
    for wrong in [
      "", "ck_", text + "a", String(text.dropLast()), text.uppercased(), " " + text,
      "ck_" + String(repeating: "\u{e4}", count: 26),
    ] {
      #expect(catalog.authenticate(wrong) == .unknown)
    }
  }

  @Test func theSecretIsNotInTheFile() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/catalog.sqlite"
      let text = try Catalog(path: path).createKey(name: "n", environment: "e", scopes: [.query], nowUnixSeconds: 1).text
      let secret = Data(text.suffix(40).utf8)
      for suffix in ["", "-wal"] {
        let bytes = FileManager.default.contents(atPath: path + suffix) ?? Data()
        #expect(bytes.range(of: secret) == nil)
      }
    }
  }

  @Test func anotherProcessesChangesAreSeen() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/catalog.sqlite"
      let server = try Catalog(path: path)
      let tool = try Catalog(path: path)
      let created = try tool.createKey(name: "n", environment: "e", scopes: [.manage], nowUnixSeconds: 1)
      #expect(server.authenticate(created.text) == .unknown)
      try server.refresh()
      #expect(server.authenticate(created.text) == .good(created.key))
      _ = try tool.revokeKey(id: created.key.id, nowUnixSeconds: 2)
      try server.refresh()
      #expect(server.authenticate(created.text) == .revoked)
      #expect(try Catalog(path: path).keys().map(\.id) == [created.key.id])
    }
  }

  @Test func queriesStayWithinTheirEnvironment() throws {
    let catalog = try Catalog()
    let query = SavedQuery(id: "q", environment: "a", dataset: "d", specification: "{}")
    try catalog.saveQuery(query, nowUnixSeconds: 1)
    try catalog.saveQuery(query, nowUnixSeconds: 2)
    #expect(try catalog.query(id: "q", environment: "a") == query)
    #expect(try catalog.query(id: "q", environment: "b") == nil)
    try catalog.removeEverything()
    #expect(try catalog.query(id: "q", environment: "a") == nil)
  }

  @Test func filesOfLaterVersionsAreLeftAlone() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/catalog.sqlite"
      try Catalog(path: path).perform { queue in
        try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 of the future')") }
      }
      #expect(throws: CatalogError.newer(path: path)) { try Catalog(path: path) }
    }
  }
}
