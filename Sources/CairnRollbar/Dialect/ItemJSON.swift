// SPDX-License-Identifier: Apache-2.0
public import CairnFormats
public import CairnIssues

/// How an item is written: the item API names level, status, platform and framework, reports and webhooks number them.
public enum ItemForm: Sendable, Hashable {
  case words
  case numbers
}

extension Item {
  /// Writes Rollbar's members of an item into the object that is open.
  ///
  /// `uniqueCount` is the number of addresses that had it, null where it was not asked for.
  public func write(_ writer: inout JSONWriter, _ form: ItemForm, uniqueCount: Int?) {
    writer.member("id", id)
    writer.member("counter", counter)
    writer.member("project_id", projectID)
    writer.member("environment", identity.environment)
    writer.member("hash", identity.hash)
    writer.member("title", title)
    writer.member("title_lock", isTitleLocked ? 1 : 0)
    writer.member("level_lock", isLevelLocked ? 1 : 0)
    switch form {
    case .words:
      writer.member("level", level)
      writer.member("status", status.rawValue)
      writer.member("platform", platform.isEmpty ? "unknown" : platform)
      writer.member("framework", RollbarCodes.framework(self))
    case .numbers:
      writer.member("level", RollbarCodes.level(level))
      writer.member("status", status.number)
      writer.member("platform", RollbarCodes.platform(platform))
      writer.member("framework", RollbarCodes.framework(RollbarCodes.framework(self)))
    }
    writeOccurrences(&writer, uniqueCount)
    integer("assigned_user_id", assignedUserID, &writer)
    writer.member("resolved_in_version", orNull: resolvedInVersion)
    writer.member("snoozed", snoozedUntilUnixSeconds != nil)
    integer("group_item_id", isGroup ? id : groupItemID, &writer)
    integer("group_status", isGroup ? 2 : 1, &writer)
    writer.member("controlling_id", groupItemID ?? id)
    integer("last_modified_by", nil, &writer)
    integer("public_item_id", nil, &writer)
    writer.key("integrations_data")
    writer.beginObject()
    writer.endObject()
  }

  private func writeOccurrences(_ writer: inout JSONWriter, _ uniqueCount: Int?) {
    writer.member("first_occurrence_id", firstOccurrence.id)
    writer.member("first_occurrence_timestamp", firstOccurrence.unixSeconds)
    writer.member("last_occurrence_id", lastOccurrence.id)
    writer.member("last_occurrence_timestamp", lastOccurrence.unixSeconds)
    writer.member("activating_occurrence_id", activatingOccurrence.id)
    writer.member("last_activated_timestamp", lastActivatedUnixSeconds)
    integer("last_resolved_timestamp", lastResolvedUnixSeconds, &writer)
    integer("last_muted_timestamp", lastMutedUnixSeconds, &writer)
    writer.member("total_occurrences", countSinceActivation > 0 ? countSinceActivation : totalCount)
    integer("unique_occurrences", uniqueCount.map(Int64.init), &writer)
  }

  private func integer(_ name: String, _ value: Int64?, _ writer: inout JSONWriter) {
    writer.key(name)
    if let value { writer.integer(value) } else { writer.null() }
  }
}
