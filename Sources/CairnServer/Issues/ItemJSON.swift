// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnIssues
import CairnRollbar

/// A time or length in whole seconds; one that microseconds cannot tell is the last that they can.
private func microseconds(_ seconds: Int64) -> Int64 {
  let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
  return overflow ? (seconds < 0 ? .min : .max) : product
}

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
    writer.member("first_us", microseconds(firstOccurrence.unixSeconds))
    writer.member("last_us", microseconds(lastOccurrence.unixSeconds))
    writer.member("last_occurrence", String(lastOccurrence.id))
    writer.member("context", context)
    writer.member("framework", framework)
    writer.member("language", language)
    writer.member("last_version", lastOccurrence.version)
    writer.member("assigned_user_id", orNull: assignedUserID)
    writer.member("snoozed_until_us", orNull: snoozedUntilUnixSeconds.map(microseconds))
    writer.member("is_group", isGroup)
    writer.member("group_id", orNull: groupItemID)
  }

  func writeDetail(_ writer: inout JSONWriter) {
    writer.member("source", source)
    writer.member("platform", platform)
    writer.member("resolved_in_version", orNull: resolvedInVersion)
    writer.member("since_activation", countSinceActivation)
    writer.member("last_activated_us", microseconds(lastActivatedUnixSeconds))
    writer.member("mute_until_us", orNull: muteUntilUnixSeconds.map(microseconds))
    writer.member("mute_until_count", orNull: muteUntilCount.map(Int64.init))
    writer.array("versions", versions.reversed()) { (version, writer) in
      writer.object { (writer) in
        writer.member("version", version.version)
        writer.member("count", version.count)
        writer.member("first_us", microseconds(version.firstUnixSeconds))
        writer.member("last_us", microseconds(version.lastUnixSeconds))
      }
    }
    writer.array("history", history.reversed()) { (entry, writer) in
      writer.object { (writer) in
        writer.member("us", microseconds(entry.unixSeconds))
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
