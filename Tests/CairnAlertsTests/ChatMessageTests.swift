// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Testing

@testable import CairnAlerts

/// What chats and PagerDuty are told.
@Suite struct ChatMessageTests {
  @Test(arguments: [
    ("https://hooks.slack.com/services/T0/B0/x", true), ("https://HOOKS.slack.com/services/T0/B0/x", true),
    ("https://hooks.slack.com.evil.example/x", false), ("https://example.com/hooks.slack.com", false), ("not a url", false),
  ])
  func slackIsKnownByItsHost(_ url: String, _ isSlack: Bool) { #expect(ChatMessage.isSlack(url) == isSlack) }

  @Test func markupIsEscaped() throws {
    #expect(String(decoding: ChatMessage.slack("<b> & \"c\""), as: UTF8.self) == #"{"text":"&lt;b&gt; &amp; \"c\""}"#)
    let card = try JSONValue(parsing: ChatMessage.teams(title: "a*b", text: "one\n\ntwo [x](y)", link: "http://x"))
    let content = card["attachments"]?.array?.first?["content"]
    #expect(content?["body"]?.array?.compactMap { $0["text"]?.string } == ["a\\*b", "one", "two \\[x\\](y)"])
    #expect(content?["actions"]?.array?.first?["url"]?.string == "http://x")
  }

  @Test func anIncidentHasAKeyAndAShortSummary() throws {
    var event = PagerDutyEvent(routingKey: "k", key: "cairn default item 7", severity: .error, summary: String(repeating: "é", count: 3_000))
    event.link = "http://x/ui"
    let begun = try JSONValue(parsing: event.body)
    #expect(begun["event_action"]?.string == "trigger" && begun["client_url"]?.string == "http://x/ui")
    #expect(begun["payload"]?["summary"]?.string?.count == 1024 && begun["payload"]?["severity"]?.string == "error")
    #expect(begun["payload"]?["custom_details"] == nil)
    event.isOver = true
    let over = try JSONValue(parsing: event.body)
    #expect(over["event_action"]?.string == "resolve" && over["dedup_key"]?.string == begun["dedup_key"]?.string)
  }

  @Test(arguments: [("cd6e8de3c857aefc950e0d5ebcb79ac2", true), ("R0UT1NGK3Y0000000000000000000000", true), ("", false), ("cd6e8de3c857aefc950e0d5ebcb79ac/", false)])
  func keysHaveLettersAndDigits(_ key: String, _ isOne: Bool) { #expect(PagerDutyEvent.isRoutingKey(key) == isOne) }
}
