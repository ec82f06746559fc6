// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnIssues
import CairnRollbar

/// Items, frames and explanations in the words of Cairn's own API.
extension Item {
  func writeSummary(_ writer: inout JSONWriter) {
    writer.member("id", id)
    writer.member("counter", counter)
    writer.member("project", shownProject)
    writer.member("environment", identity.environment)
    writer.member("hash", identity.hash)
    writer.member("family", family)
    writer.member("title", title)
    writer.member("class", exceptionType)
    writer.member("level", level)
    writer.member("status", status.rawValue)
    writer.member("total", totalCount)
    writer.member("first_us", firstOccurrence.unixSeconds * 1_000_000)
    writer.member("last_us", lastOccurrence.unixSeconds * 1_000_000)
    writer.member("last_occurrence", String(lastOccurrence.id))
    writer.member("context", context)
    writer.member("framework", framework)
    writer.member("language", language)
    writer.member("last_version", lastOccurrence.version)
    writer.member("assigned_user_id", orNull: assignedUserID)
    writer.member("snoozed_until_us", orNull: snoozedUntilUnixSeconds.map { $0 * 1_000_000 })
    writer.member("is_group", isGroup)
    writer.member("group_id", orNull: groupItemID)
  }

  func writeDetail(_ writer: inout JSONWriter) {
    writer.member("source", source)
    writer.member("platform", platform)
    writer.member("resolved_in_version", orNull: resolvedInVersion)
    writer.member("since_activation", countSinceActivation)
    writer.member("last_activated_us", lastActivatedUnixSeconds * 1_000_000)
    writer.member("mute_until_us", orNull: muteUntilUnixSeconds.map { $0 * 1_000_000 })
    writer.member("mute_until_count", orNull: muteUntilCount.map(Int64.init))
    writer.array("versions", versions.reversed()) { (version, writer) in
      writer.object { (writer) in
        writer.member("version", version.version)
        writer.member("count", version.count)
        writer.member("first_us", version.firstUnixSeconds * 1_000_000)
        writer.member("last_us", version.lastUnixSeconds * 1_000_000)
      }
    }
    writer.array("history", history.reversed()) { (entry, writer) in
      writer.object { (writer) in
        writer.member("us", entry.unixSeconds * 1_000_000)
        writer.member("actor", entry.actor)
        writer.member("kind", entry.kind)
        writer.member("detail", entry.detail)
      }
    }
  }
}

extension Grouping {
  /// "Why grouped": every part with its value, whether it counts, and why.
  func write(_ writer: inout JSONWriter, source: String, version: String) {
    writer.member("version", version)
    writer.member("key", key)
    writer.member("computed_key", computedKey)
    writer.member("family", family)
    writer.member("source", source.isEmpty ? self.source.rawValue : source)
    writer.array("components", components) { (component, writer) in
      writer.object { component.write(&$0) }
    }
  }
}

extension ErrorReport {
  /// The exceptions of a chain; none for messages and crash reports.
  var chain: [ErrorTrace] {
    guard case .chain(let chain) = body else { return [] }
    return chain
  }
}

extension ErrorTrace {
  /// Class, message, and each frame with its verdict; innermost last.
  func write(_ writer: inout JSONWriter, _ report: ErrorReport) {
    writer.member("class", className)
    writer.member("message", message)
    writer.array("frames", judgedFrames(self, report).suffix(500)) { (frame, writer) in
      writer.object { (writer) in
        writer.member("file", frame.file)
        writer.member("function", frame.function)
        writer.member("verdict", frame.verdict.rawValue)
        writer.member("index", frame.index)
        writer.member("line", frame.line)
      }
    }
  }
}
