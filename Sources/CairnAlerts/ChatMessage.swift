// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// A text in the forms that chats take.
public enum ChatMessage {
  /// `{"text": …}`, as Slack's incoming webhooks take it; what is markup there is escaped.
  public static func slack(_ text: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("text", text.map { $0 == "&" ? "&amp;" : $0 == "<" ? "&lt;" : $0 == ">" ? "&gt;" : String($0) }.joined())
    writer.endObject()
    return writer.finish()
  }

  /// True for the URL of an incoming webhook of Slack, which takes nothing but Slack's own form.
  public static func isSlack(_ url: String) -> Bool { (try? WebTarget(url))?.host.lowercased() == "hooks.slack.com" }

  /// A message with one card, as workflows of Microsoft Teams take it ("When a Teams webhook request is received"). A line is a paragraph.
  public static func teams(title: String, text: String, link: String) -> [UInt8] {
    var writer = JSONWriter(reserving: 1024)
    writer.beginObject()
    writer.member("type", "message")
    writer.key("attachments")
    writer.beginArray()
    writer.beginObject()
    writer.member("contentType", "application/vnd.microsoft.card.adaptive")
    writer.key("content")
    writeCard([title] + text.split(separator: "\n").map(String.init), link, &writer)
    writer.endObject()
    writer.endArray()
    writer.endObject()
    return writer.finish()
  }

  private static func writeCard(_ paragraphs: [String], _ link: String, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("$schema", "http://adaptivecards.io/schemas/adaptive-card.json")
    writer.member("type", "AdaptiveCard")
    writer.member("version", "1.4")
    writer.key("body")
    writer.beginArray()
    for (index, paragraph) in paragraphs.enumerated() {
      writer.beginObject()
      writer.member("type", "TextBlock")
      writer.member("text", plain(paragraph))
      writer.member("wrap", true)
      if index == 0 { writer.member("weight", "Bolder") }
      writer.endObject()
    }
    writer.endArray()
    if !link.isEmpty {
      writer.key("actions")
      writer.beginArray()
      writer.beginObject()
      writer.member("type", "Action.OpenUrl")
      writer.member("title", "Open in Cairn")
      writer.member("url", link)
      writer.endObject()
      writer.endArray()
    }
    writer.endObject()
  }

  /// With a backslash before what would be Markdown.
  private static func plain(_ text: String) -> String { text.map { "\\*_[]`#".contains($0) ? "\\\($0)" : String($0) }.joined() }
}
