// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnColumns
import CairnFormats
import CairnPlan

/// Groups and streams that nobody made by a call: datasets with log records of another door.
extension LogsDesk {
  /// Datasets that hold log events and that the registry does not know, each from its first event on.
  func impliedGroups(_ call: LogsCall) async throws(LogsError) -> [LogGroup] {
    let known = Set(registry.groups(call.environment).map(\.group.name))
    let found = try await datasets(call, Self.isLine).filter { !known.contains($0.name) && isName($0.name) }
    let deleted = found.filter { deletion(call.environment, $0.name) != nil }
    guard !deleted.isEmpty else { return found }
    // One that was deleted is there again from the first line on that came after.
    let again = try await datasets(
      call,
      .any(deleted.map { .all([.compare(column: FieldName.dataset, .equal, .string($0.name)), filter(call, $0, stream: nil)]) }))
    let gone = Set(deleted.map(\.name))
    return found.filter { !gone.contains($0.name) } + again
  }

  /// The datasets with events that pass, each from its first such event on.
  private func datasets(_ call: LogsCall, _ filter: Filter) async throws(LogsError) -> [LogGroup] {
    let plan = Plan(
      scope: Scope(environment: call.environment, datasets: .all, time: .everything), filter: filter,
      breakdowns: [FieldName.dataset], calculations: [Calculation(.minimum, column: FieldName.timestamp)], limit: 10_000)
    let answer = try await ask { store throws(QueryError) in try await store.run(plan) }
    guard answer.columns.count == 2 else { return [] }
    return (0..<answer.rowCount).compactMap { row in
      guard case .string(let name)? = answer.columns[0].values[row] else { return nil }
      let first = (answer.columns[1].values[row]?.number ?? 0) / 1e6
      return LogGroup(name: name, createdUnixMilliseconds: Int64(first))
    }
  }

  private func isName(_ name: String) -> Bool { (try? LogNames.checkGroup(name)) != nil }

  /// All groups of the environment, by name.
  func allGroups(_ call: LogsCall) async throws(LogsError) -> [LogRegistry.Group] {
    let implied = try await impliedGroups(call).map { LogRegistry.Group(group: $0) }
    return (registry.groups(call.environment) + implied).sorted { precedes($0.group.name, $1.group.name) }
  }

  /// The streams of a group, with what the events say of those that nobody made.
  func streams(_ call: LogsCall, _ group: LogRegistry.Group) async throws(LogsError) -> [LogStream] {
    var streams = group.streams
    let scope = Scope(environment: call.environment, datasets: .named([group.group.name]), time: .everything)
    let plan = Plan(
      scope: scope, filter: filter(call, group.group, stream: nil), breakdowns: [FieldName.logStream],
      calculations: [Calculation(.minimum, column: FieldName.timestamp), Calculation(.maximum, column: FieldName.timestamp)],
      limit: 10_000)
    let answer = try await ask { store throws(QueryError) in try await store.run(plan) }
    guard answer.columns.count == 3 else { return Array(streams.values) }
    for row in 0..<answer.rowCount {
      let name = answer.columns[0].values[row]?.text ?? LogField.defaultStream
      guard streams[name] == nil else { continue }
      let first = Int64((answer.columns[1].values[row]?.number ?? 0) / 1e6)
      let last = Int64((answer.columns[2].values[row]?.number ?? 0) / 1e6)
      var stream = LogStream(name: name, createdUnixMilliseconds: first)
      stream.note(first: first, last: last, ingestion: last)
      streams[name] = stream
    }
    return Array(streams.values)
  }

  // MARK: What is asked of the store

  static let isLine = Filter.compare(column: FieldName.signalType, .equal, .string("log"))

  /// Events of a group, or of one of its streams, that were not deleted.
  func filter(_ call: LogsCall, _ group: LogGroup, stream: String?) -> Filter {
    var parts = [Self.isLine]
    if let end = deletion(call.environment, group.name) { parts.append(.not(Self.isBefore(end))) }
    if let stream { parts.append(Self.isIn(stream)) }
    for (name, value) in registry.items(call.environment, "deletion", group: group.name) {
      guard stream.map({ ByteName($0) == ByteName(name) }) ?? true, let end = value.integer else { continue }
      parts.append(.not(.all([Self.isIn(name), Self.isBefore(end)])))
    }
    return .all(parts)
  }

  static func isIn(_ stream: String) -> Filter {
    let own = Filter.compare(column: FieldName.logStream, .equal, .string(stream))
    return stream == LogField.defaultStream ? .any([own, .not(.exists(column: FieldName.logStream))]) : own
  }

  private static func isBefore(_ end: Int64) -> Filter {
    .any([
      .compare(column: FieldName.ingestionTime, .lessOrEqual, .integer(end)),
      .all([.not(.exists(column: FieldName.ingestionTime)), .compare(column: FieldName.timestamp, .lessOrEqual, .integer(end))]),
    ])
  }

  /// When the group of this name was deleted last, in Unix nanoseconds.
  func deletion(_ environment: String, _ name: String) -> Int64? { registry.item(environment, "deletion", name)?.integer }

  func ask<Result: Sendable>(
    _ question: @Sendable (any CairnStore) async throws(QueryError) -> Result
  ) async throws(LogsError) -> Result {
    let store = state.store
    do {
      return try await state.desk.ask { () async throws(QueryError) in try await question(store) }
    } catch {
      throw LogsError(error.kind == .unavailable ? .unavailable : .invalidParameter, error.reason)
    }
  }
}
