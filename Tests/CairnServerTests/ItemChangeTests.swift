// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnIssues
import Testing

@testable import CairnServer

@Suite struct ItemChangeTests {
  private static let now: Int64 = 1_795_000_000

  private func item() -> Item {
    var note = OccurrenceNote(item: ItemIdentity(tenant: "t", project: "p", environment: "e", hash: "h"))
    note.unixNanoseconds = Self.now * 1_000_000_000
    var item = Item(id: 1, projectID: 1, counter: 1, first: note, nowUnixSeconds: Self.now)
    item.totalCount = 7
    return item
  }

  private func change(_ text: String) throws -> ItemChange { try ItemChange(try JSONValue(parsing: text), actor: "a") }

  private func text(_ item: Item) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    item.writeSummary(&writer)
    item.writeDetail(&writer)
    writer.endObject()
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  @Test(arguments: [
    #"{"snoozed": true, "snooze_expiration_in_seconds": 9223372036854775807}"#, #"{"snoozed": true, "snooze_expiration_in_seconds": -1}"#,
    #"{"snoozed": true, "snooze_expiration_in_seconds": "x"}"#, #"{"status": "muted", "mute_until": 9223372036854775807}"#,
    #"{"status": "muted", "mute_until": -9223372036854775808}"#, #"{"status": "muted", "mute_until_count": 9223372036854775807}"#,
    #"{"status": "muted", "mute_until_count": 1e300}"#,
  ]) func refusesNumbersOfWhichNoSumsCanBeMade(_ body: String) {
    #expect(throws: Refusal.self) { try change(body) }
  }

  @Test(arguments: [
    #"{"snoozed": true}"#, #"{"snoozed": "true", "snooze_expiration_in_seconds": 315360000}"#, #"{"snoozed": false, "snooze_expiration_in_seconds": null}"#,
    #"{"status": "muted", "mute_until": 9999999999, "mute_until_count": 1000000000000}"#,
  ]) func theLargestNumbersAreKeptAndShown(_ body: String) throws {
    var item = item()
    _ = try change(body).apply(to: &item, nowUnixSeconds: Self.now)
    #expect(try JSONValue(parsing: text(item)).members != nil)
  }

  /// An answer that says "updated" where nothing was is worse than a refusal.
  @Test(arguments: [
    "{}", #"{"stauts": "resolved"}"#, #"{"team_id": 3}"#, #"{"snoozed": "yes"}"#, #"{"snoozed": null}"#, #"{"archived": 1}"#, #"{"comment": 5}"#,
    #"{"status": "active", "mute_until_count": 5}"#, #"{"mute_until": 1}"#,
  ]) func refusesWhatChangesNothing(_ body: String) {
    #expect(throws: Refusal.self) { try change(body) }
  }

  /// An item that an earlier version kept with such a number is shown all the same: a list must not end the server.
  @Test func anItemWithATimeBeyondAllIsShown() throws {
    var item = item()
    item.muteUntilUnixSeconds = .max
    item.snoozedUntilUnixSeconds = .max
    #expect(try JSONValue(parsing: text(item))["mute_until_us"]?.integer == .max)
  }
}
