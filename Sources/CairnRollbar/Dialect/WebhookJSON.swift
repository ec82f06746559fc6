// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
public import CairnIssues

/// What Rollbar's webhooks post.
///
/// ```
/// new_item reactivated_item reopened_item resolved_item     data {item {… last_occurrence}}
/// exp_repeat_item                                           data {item {… last_occurrence} occurrences}
/// occurrence                                                data {item occurrence}
/// item_velocity                                             data {item trigger {threshold window_size window_size_description}}
/// deploy                                                    data {deploy}
/// test                                                      data {message}
/// ```
public enum WebhookJSON {
  /// What happened to an item. `count` is the power of ten of `exp_repeat_item`; `threshold` and `windowSeconds` are a rate rule's.
  public static func item(
    _ eventName: String, _ item: Item, count: Int, threshold: Int, windowSeconds: Int, lastOccurrence: [UInt8]?, link: String
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
      writer.member("threshold", threshold)
      writer.endObject()
    }
    writer.key("item")
    writer.beginObject()
    item.write(&writer, .numbers, uniqueCount: nil)
    if !link.isEmpty { writer.member("url", link) }
    if let lastOccurrence, eventName != "occurrence", eventName != "item_velocity" {
      writer.key("last_occurrence")
      writer.raw(lastOccurrence)
    }
    writer.endObject()
    if let lastOccurrence, eventName == "occurrence" {
      writer.key("occurrence")
      writer.raw(lastOccurrence)
    }
    writer.endObject()
    writer.endObject()
    return writer.finish()
  }

  /// What a rule's test button sends.
  public static func test() -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("event_name", "test")
    writer.key("data")
    writer.beginObject()
    writer.member("message", "A test of a rule. It arrived, so it works.")
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
    writer.member("status", deploy.status)
    writer.key("user_id")
    writer.null()
    writer.member("start_time", deploy.startUnixSeconds)
    writer.key("finish_time")
    if let finish = deploy.finishUnixSeconds { writer.integer(finish) } else { writer.null() }
    writer.endObject()
    writer.endObject()
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
