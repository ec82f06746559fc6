// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
public import CairnIssues

/// What Rollbar's webhooks post: `{"event_name", "data": {"item": {…, "last_occurrence": {…}}}}`.
public enum WebhookJSON {
  /// What happened to an item. `count` is the power of ten of `exp_repeat_item` and the occurrences of `item_velocity`.
  public static func item(
    _ eventName: String, _ item: Item, count: Int, windowSeconds: Int, lastOccurrence: [UInt8]?, link: String
  ) -> [UInt8] {
    var writer = JSONWriter(reserving: 4096)
    writer.beginObject()
    writer.member("event_name", eventName)
    writer.key("data")
    writer.beginObject()
    if eventName == "exp_repeat_item" { writer.member("occurrences", count) }
    if eventName == "item_velocity" {
      writer.key("trigger")
      writer.beginObject()
      writer.member("window_size", windowSeconds)
      writer.member("window_size_description", description(windowSeconds))
      writer.member("threshold", count)
      writer.endObject()
    }
    writer.key("item")
    writer.beginObject()
    item.write(&writer, .numbers, uniqueCount: nil)
    if !link.isEmpty { writer.member("url", link) }
    if let lastOccurrence {
      writer.key("last_occurrence")
      writer.raw(lastOccurrence)
    }
    writer.endObject()
    writer.endObject()
    writer.endObject()
    return writer.finish()
  }

  /// A deploy.
  public static func deploy(_ deploy: Deploy) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("event_name", "deploy")
    writer.key("data")
    writer.beginObject()
    writer.key("deploy")
    writer.beginObject()
    writer.member("id", deploy.id)
    writer.member("project_id", deploy.projectID)
    writer.member("environment", deploy.environment)
    writer.member("revision", deploy.revision)
    writer.member("local_username", deploy.localUsername)
    writer.member("comment", deploy.comment)
    writer.member("start_time", deploy.startUnixSeconds)
    writer.endObject()
    writer.endObject()
    writer.endObject()
    return writer.finish()
  }

  /// `{"text": …}`, as Slack's incoming webhooks take it; what is markup there is escaped.
  public static func slack(_ text: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member(
      "text", text.map { $0 == "&" ? "&amp;" : $0 == "<" ? "&lt;" : $0 == ">" ? "&gt;" : String($0) }.joined())
    writer.endObject()
    return writer.finish()
  }

  private static func description(_ seconds: Int) -> String {
    switch seconds {
    case 60: "1 minute"
    case 3_600: "1 hour"
    case 86_400: "1 day"
    default: seconds % 60 == 0 ? "\(seconds / 60) minutes" : "\(seconds) seconds"
    }
  }
}
