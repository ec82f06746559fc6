// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats

/// Tags, in the newer form by ARN and in the older one by name; and what describes no event.
extension LogsDesk {
  var tagOperations: [LogsOperation] {
    [
      LogsOperation("TagResource", .ingest) { (call) async throws(LogsError) in
        try await changeTags(call, try call.text("resourceArn"), add: call.tags())
      },
      LogsOperation("UntagResource", .manage) { (call) async throws(LogsError) in
        try await changeTags(call, try call.text("resourceArn"), remove: try call.texts("tagKeys") ?? [])
      },
      LogsOperation("ListTagsForResource", .query) { (call) async throws(LogsError) in
        try await listTags(call, try call.text("resourceArn"))
      },
      LogsOperation("TagLogGroup", .ingest) { (call) async throws(LogsError) in
        try await changeTags(call, try call.groupName(), add: call.tags())
      },
      LogsOperation("UntagLogGroup", .manage) { (call) async throws(LogsError) in
        try await changeTags(call, try call.groupName(), remove: try call.texts("tags") ?? [])
      },
      LogsOperation("ListTagsLogGroup", .query) { (call) async throws(LogsError) in try await listTags(call, try call.groupName())
      },
    ]
  }

  /// What a tag may hang on: a log group, or a named thing of the environment.
  private func target(_ call: LogsCall, _ identifier: String) async throws(LogsError) -> (kind: String, name: String) {
    for (kind, mark) in [
      ("destination", ":destination:"), ("delivery-source", ":delivery-source:"),
      ("delivery-destination", ":delivery-destination:"),
      ("delivery", ":delivery:"), (Self.detectorKind, ":anomaly-detector:"), (Self.tableKind, ":lookup-table:"),
    ] {
      guard let range = identifier.firstRange(of: mark) else { continue }
      let name = String(identifier[range.upperBound...])
      guard registry.item(call.environment, kind, name) != nil else {
        throw LogsError(.resourceNotFound, "The specified resource does not exist.")
      }
      return (kind, name)
    }
    let name = LogNames.group(ofIdentifier: identifier)
    guard (try? LogNames.checkGroup(name)) != nil else { throw LogsError(.validation, "ResourceArn \(identifier) is not valid.") }
    do {
      _ = try await ownGroup(call, name)
    } catch {
      throw error.kind == .resourceNotFound ? LogsError(.resourceNotFound, "The specified log group does not exist.") : error
    }
    return ("group", name)
  }

  private func changeTags(
    _ call: LogsCall, _ identifier: String, add: [String: String] = [:], remove: [String] = []
  ) async throws(LogsError) -> LogsAnswer {
    let (kind, name) = try await target(call, identifier)
    if kind == "group" {
      try registry.change(call.environment, name) { (group) throws(LogsError) in
        group.tags.merge(add) { $1 }
        for key in remove { group.tags[key] = nil }
        guard group.tags.count <= 50 else { throw LogsError(.tooManyTags, "A resource can have no more than 50 tags.") }
      }
    } else {
      try registry.update(call.environment, "tags", "\(kind)/\(name)") { (known) throws(LogsError) in
        var tags: [String: String] = [:]
        for member in known?.members ?? [] { tags[member.name] = member.value.string }
        tags.merge(add) { $1 }
        for key in remove { tags[key] = nil }
        guard tags.count <= 50 else { throw LogsError(.tooManyTags, "A resource can have no more than 50 tags.") }
        return Self.object(tags)
      }
    }
    return .nothing
  }

  func keepTags(_ call: LogsCall, _ kind: String, _ name: String, _ tags: [String: String]) throws(LogsError) {
    try registry.put(call.environment, "tags", "\(kind)/\(name)", Self.object(tags))
  }

  private static func object(_ tags: [String: String]) -> JSONValue {
    .object(tags.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) })
  }

  private func listTags(_ call: LogsCall, _ identifier: String) async throws(LogsError) -> LogsAnswer {
    let (kind, name) = try await target(call, identifier)
    let tags =
      kind == "group"
      ? Self.object(registry.group(call.environment, name)?.group.tags ?? [:])
      : registry.item(call.environment, "tags", "\(kind)/\(name)") ?? .object([])
    return .object { $0.member("tags", tags) }
  }
}
