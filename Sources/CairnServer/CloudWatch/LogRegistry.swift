// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats
import Synchronization

/// What CloudWatch's APIs keep beside the events: all of it in memory, every change in the catalog before it counts.
///
/// What events say of their streams (first and last times, bytes) is written once a second: a crash costs at most that second of it.
final class LogRegistry: Sendable {
  /// A group, its streams and what else hangs on it.
  struct Group: Sendable {
    var group: LogGroup
    var streams: NameTable<LogStream> = [:]
    /// By kind and name, as their APIs show them.
    var items: [String: NameTable<JSONValue>] = [:]
    /// Made of the group's filters and policies for the way in.
    var intake: LineIntake?
    /// Streams that events have changed since they were kept.
    var dirtyStreams: Set<ByteName> = []
    var isDirty = false
  }
  struct Tenant: Sendable {
    var groups: [String: Group] = [:]
    /// By kind and name: what belongs to no group.
    var items: [String: NameTable<JSONValue>] = [:]
    /// Of groups that no call made, for policies of the account.
    var impliedIntakes: [String: LineIntake] = [:]
    /// Whether a mask, a filter or a subscription hangs on any line; nil where a change made it doubtful.
    var watchesLines: Bool?

    var hasLineWork: Bool {
      let ofAccount = items["account-policy"]?.keys.contains { $0.hasPrefix("DATA_PROTECTION_POLICY/") || $0.hasPrefix("SUBSCRIPTION_FILTER_POLICY/") }
      return ofAccount == true
        || groups.values.contains {
          $0.group.protectionPolicy != nil || $0.items["metric-filter"]?.isEmpty == false || $0.items["subscription"]?.isEmpty == false
        }
    }
  }
  struct State: Sendable {
    var tenants: [String: Tenant] = [:]
    /// The last number given to an event (see `FieldName.ingestionTime`).
    var sequence: Int64 = 0
    /// Rises with every change that drops an intake.
    var changeCount = 0

    /// Drops what was made for the way in; of all the environment's groups where none is named.
    mutating func forgetIntakes(_ environment: String, group: String? = nil) {
      changeCount += 1
      tenants[environment]?.watchesLines = nil
      tenants[environment]?.impliedIntakes = [:]
      for name in group.map({ [$0] }) ?? Array((tenants[environment]?.groups ?? [:]).keys) {
        tenants[environment]?.groups[name]?.intake = nil
      }
    }
  }
  let state = Mutex(State())
  /// Held around a change: what it reads, what it writes into the catalog and what it writes into memory. So none goes lost beside another, and
  /// memory and catalog see them in one order.
  let changing = Mutex(())
  /// Of metric filters with a default value; a crash costs the minutes that were not settled.
  let quietMinutes = Mutex(QuietMinutes())
  private let catalog: Catalog

  init(catalog: Catalog) { self.catalog = catalog }

  /// Reads everything from the catalog, in place of what is in memory.
  func load() throws(LogsError) {
    let items: [LogItem]
    do {
      items = try catalog.logItems()
    } catch {
      throw LogsError(.unavailable, "\(error)")
    }
    var tenants: [String: Tenant] = [:]
    for item in items where item.kind == "group" {
      guard let value = try? JSONValue(parsing: item.document), let group = LogGroup(name: item.name, document: value) else {
        continue
      }
      tenants[item.environment, default: Tenant()].groups[item.name] = Group(group: group)
    }
    for item in items where item.kind != "group" {
      guard let value = try? JSONValue(parsing: item.document) else { continue }
      if item.kind == "stream" {
        tenants[item.environment]?.groups[item.parent]?.streams[item.name] = LogStream(name: item.name, document: value)
      } else if item.parent.isEmpty {
        tenants[item.environment, default: Tenant()].items[item.kind, default: [:]][item.name] = value
      } else {
        tenants[item.environment]?.groups[item.parent]?.items[item.kind, default: [:]][item.name] = value
      }
    }
    let loaded = tenants
    state.withLock { $0.tenants = loaded }
  }

  /// Forgets what is in memory: the catalog was emptied.
  func reset() {
    state.withLock { $0.tenants = [:] }
    quietMinutes.withLock { $0 = QuietMinutes() }
  }

  /// Runs catalog work and turns what it throws into this dialect's error.
  func keep(_ work: (Catalog) throws -> Void) throws(LogsError) {
    do {
      try work(catalog)
    } catch {
      throw LogsError(.unavailable, "\(error)")
    }
  }

  /// Every environment that has something.
  var environments: [String] { state.withLock { Array($0.tenants.keys) } }

  // MARK: Groups

  func group(_ environment: String, _ name: String) -> Group? { state.withLock { $0.tenants[environment]?.groups[name] } }

  func groups(_ environment: String) -> [Group] {
    state.withLock { $0.tenants[environment].map { Array($0.groups.values) } ?? [] }.sorted {
      precedes($0.group.name, $1.group.name)
    }
  }

  /// Of several calls at once with one name the first makes it.
  func create(_ group: LogGroup, in environment: String) throws(LogsError) {
    try changing.withLock { (_) throws(LogsError) in
      guard self.group(environment, group.name) == nil else {
        throw LogsError(.resourceAlreadyExists, "The specified log group already exists")
      }
      let item = LogItem(environment: environment, kind: "group", name: group.name, document: group.document)
      try keep { try $0.keepLogItems([item]) }
      state.withLock { $0.tenants[environment, default: Tenant()].groups[group.name] = Group(group: group) }
    }
  }

  /// Changes a group and keeps it.
  func change(_ environment: String, _ name: String, _ body: (inout LogGroup) throws(LogsError) -> Void) throws(LogsError) {
    try changing.withLock { (_) throws(LogsError) in
      guard var group = group(environment, name)?.group else { throw .noGroup }
      try body(&group)
      let changed = group
      try keep { try $0.keepLogItems([LogItem(environment: environment, kind: "group", name: name, document: changed.document)]) }
      state.withLock {
        guard let stored = $0.tenants[environment]?.groups[name]?.group.storedBytes else { return }
        $0.tenants[environment]?.groups[name]?.group = changed
        $0.tenants[environment]?.groups[name]?.group.storedBytes = max(stored, changed.storedBytes)
        $0.forgetIntakes(environment, group: name)
      }
    }
  }

  func delete(_ environment: String, _ name: String) throws(LogsError) {
    try changing.withLock { (_) throws(LogsError) in
      try keep { try $0.removeLogGroup(environment: environment, name: name) }
      state.withLock {
        $0.forgetIntakes(environment, group: name)
        $0.tenants[environment]?.groups[name] = nil
      }
    }
  }

  /// What is ready for a group's lines, and the count of changes to keep a new one by.
  func intake(_ environment: String, _ group: String) -> (LineIntake?, changeCount: Int) {
    state.withLock {
      let tenant = $0.tenants[environment]
      let known = tenant?.groups[group] == nil ? tenant?.impliedIntakes[group] : tenant?.groups[group]?.intake
      return (known, $0.changeCount)
    }
  }

  private static let impliedIntakeCountMax = 1_000

  /// Whether anything hangs on an environment's lines; one look where nothing has changed since the last.
  func watchesLines(_ environment: String) -> Bool {
    state.withLock {
      if let known = $0.tenants[environment]?.watchesLines { return known }
      let found = $0.tenants[environment]?.hasLineWork ?? false
      $0.tenants[environment]?.watchesLines = found
      return found
    }
  }

  /// Keeps an intake unless something has changed since `changeCount` was read.
  func keep(_ intake: LineIntake, _ environment: String, _ group: String, changeCount: Int) {
    state.withLock {
      guard $0.changeCount == changeCount else { return }
      guard let tenant = $0.tenants[environment], tenant.groups[group] == nil else {
        $0.tenants[environment]?.groups[group]?.intake = intake
        return
      }
      if tenant.impliedIntakes.count >= Self.impliedIntakeCountMax { $0.tenants[environment]?.impliedIntakes = [:] }
      $0.tenants[environment]?.impliedIntakes[group] = intake
    }
  }

  // MARK: Streams

  /// Of several calls at once with one name the first makes it.
  func create(_ stream: LogStream, in environment: String, group: String) throws(LogsError) {
    try changing.withLock { (_) throws(LogsError) in
      guard let streams = self.group(environment, group)?.streams else { throw .noGroup }
      guard streams[stream.name] == nil else {
        throw LogsError(.resourceAlreadyExists, "The specified log stream already exists")
      }
      let item = LogItem(environment: environment, kind: "stream", parent: group, name: stream.name, document: stream.document)
      try keep { try $0.keepLogItems([item]) }
      state.withLock { $0.tenants[environment]?.groups[group]?.streams[stream.name] = stream }
    }
  }

  func delete(_ environment: String, group: String, stream: String) throws(LogsError) {
    try changing.withLock { (_) throws(LogsError) in
      try keep { try $0.removeLogItem(environment: environment, kind: "stream", parent: group, name: stream) }
      state.withLock { $0.tenants[environment]?.groups[group]?.streams[stream] = nil }
    }
  }

  /// Notes that events were taken into a stream.
  func note(_ environment: String, _ batch: LogBatch, ingestionUnixMilliseconds: Int64) {
    guard let first = batch.times.first, let last = batch.times.last else { return }
    let byteCount = Int64(batch.text.count + batch.count * PutLogEventsRequest.eventOverheadByteCount)
    state.withLock {
      guard $0.tenants[environment]?.groups[batch.group]?.streams[batch.stream] != nil else { return }
      $0.tenants[environment]?.groups[batch.group]?.streams[batch.stream]?.note(
        first: first, last: last, ingestion: ingestionUnixMilliseconds)
      $0.tenants[environment]?.groups[batch.group]?.dirtyStreams.insert(ByteName(batch.stream))
      $0.tenants[environment]?.groups[batch.group]?.group.storedBytes += byteCount
      $0.tenants[environment]?.groups[batch.group]?.isDirty = true
    }
  }

  /// Numbers for so many events: Unix nanoseconds, each given once.
  func numbers(_ count: Int, nowUnixNanoseconds: Int64) -> Int64 {
    state.withLock {
      let first = max(nowUnixNanoseconds, $0.sequence + 1)
      $0.sequence = first + Int64(count) - 1
      return first
    }
  }

  /// Keeps what events have changed since the last call.
  func flush() {
    changing.withLock { _ in keepWhatEventsChanged() }
  }

  private func keepWhatEventsChanged() {
    var items: [LogItem] = []
    state.withLock { state in
      for (environment, tenant) in state.tenants {
        for (name, group) in tenant.groups where group.isDirty {
          items.append(LogItem(environment: environment, kind: "group", name: name, document: group.group.document))
          for stream in group.dirtyStreams {
            guard let stream = group.streams[stream.text] else { continue }
            items.append(
              LogItem(environment: environment, kind: "stream", parent: name, name: stream.name, document: stream.document))
          }
          state.tenants[environment]?.groups[name]?.dirtyStreams = []
          state.tenants[environment]?.groups[name]?.isDirty = false
        }
      }
    }
    try? keep { try $0.keepLogItems(items) }
  }
}

/// By bytes, as AWS sorts names.
func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
