// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnHoneycomb
import Testing

@Suite struct HoneycombAccountTests {
  static func account(_ kind: HoneycombAccount.Kind) -> HoneycombAccount {
    HoneycombAccount(
      id: "k", kind: kind, access: [.events, .createDatasets], environment: .init(name: "Production", slug: "production"),
      team: .init(name: "Team", slug: "team"))
  }

  @Test func aConfigurationKeyTellsAllItsRightsInBothSpellings() throws {
    let json = try JSONValue(parsing: Self.account(.configuration).body)
    #expect(json["type"] == .string("configuration"))
    #expect(json["api_key_access"]?["events"] == .boolean(true))
    #expect(json["api_key_access"]?["queries"] == .boolean(false))
    #expect(json["api_key_access"]?["createDatasets"] == .boolean(true))
    #expect(json["api_key_access"]?["create_datasets"] == .boolean(true))
    #expect(json["api_key_access"]?.members?.count == 11)
    #expect(json["environment"]?["slug"] == .string("production"))
    #expect(json["team"]?["name"] == .string("Team"))
  }

  @Test func anIngestKeyTellsOnlyWhetherItMayCreateDatasets() throws {
    let json = try JSONValue(parsing: Self.account(.ingest).body)
    #expect(json["api_key_access"]?.members?.map(\.name) == ["createDatasets", "create_datasets"])
  }
}
