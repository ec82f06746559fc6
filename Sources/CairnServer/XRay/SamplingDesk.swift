// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnFormats
import CairnXRay
import Synchronization

/// The sampling rules of all environments and what clients report about them.
///
/// Rules lie in the catalog; reports are memory only, as a client reports again within ten seconds. Any thread.
final class SamplingDesk: Sendable {
  private struct State {
    var books: [String: SamplingBooks] = [:]
    /// For the environment of the daemon, which has no credential to read another from.
    var weights: [String: Int64] = [:]
    var deletedUnixSeconds: [String: Int64] = [:]
  }
  private let catalog: Catalog
  private let clock: WallClock
  private let state = Mutex(State())

  init(catalog: Catalog, clock: WallClock) {
    self.catalog = catalog
    self.clock = clock
  }

  var nowUnixSeconds: Int64 { clock.unixNanoseconds() / 1_000_000_000 }

  /// A rule with the times of its record.
  struct Record: Sendable, Hashable {
    var rule: SamplingRule
    var createdUnixSeconds: Int64 = 0
    var modifiedUnixSeconds: Int64 = 0
  }

  /// All rules in the order in which clients try them, the default one last.
  func records(_ environment: String) throws(Refusal) -> [Record] {
    var records: [Record] = []
    for object in try objects(environment) {
      guard let tree = try? JSONValue(parsing: object.content), let rule = SamplingRule(stored: tree) else { continue }
      records.append(
        Record(rule: rule, createdUnixSeconds: object.createdUnixSeconds, modifiedUnixSeconds: object.modifiedUnixSeconds))
    }
    if !records.contains(where: { $0.rule.name == SamplingRule.defaultName }) { records.append(Record(rule: .standard)) }
    return records.sorted { SamplingRule.comesBefore($0.rule, $1.rule) }
  }

  private func objects(_ environment: String) throws(Refusal) -> [XRayObject] {
    do { return try catalog.xrayObjects(.samplingRule, environment: environment) } catch { throw Refusal(error) }
  }

  func save(_ record: Record, _ environment: String) throws(Refusal) {
    var writer = JSONWriter()
    record.rule.write(to: &writer, arn: "")
    do {
      try catalog.saveXRayObject(
        XRayObject(
          kind: .samplingRule, environment: environment, name: record.rule.name,
          content: String(decoding: writer.finish(), as: UTF8.self), createdUnixSeconds: record.createdUnixSeconds,
          modifiedUnixSeconds: record.modifiedUnixSeconds))
    } catch {
      throw Refusal(error)
    }
  }

  func remove(_ name: String, _ environment: String) throws(Refusal) -> Bool {
    do {
      let isRemoved = try catalog.removeXRayObject(.samplingRule, name, environment: environment)
      let now = nowUnixSeconds
      if isRemoved { state.withLock { $0.deletedUnixSeconds[environment] = now } }
      return isRemoved
    } catch {
      throw Refusal(error)
    }
  }

  /// When a rule was last made, changed or removed: a client that fetched its rules earlier fetches them again.
  func lastModification(_ records: [Record], _ environment: String) -> Int64 {
    let deleted = state.withLock { $0.deletedUnixSeconds[environment] ?? 0 }
    return max(deleted, records.map(\.modifiedUnixSeconds).max() ?? 0)
  }

  /// Works with the reports of an environment.
  func withBooks<Result: Sendable>(_ environment: String, _ body: (inout SamplingBooks) -> Result) -> Result {
    let now = nowUnixSeconds
    return state.withLock { (state) in
      var books = state.books[environment] ?? SamplingBooks()
      let result = body(&books)
      state.books[environment] = books
      if environment == XRayDaemon.environment { state.weights = books.weights(now: now) }
      return result
    }
  }

  /// How many requests a document of the daemon's stands for, by the rule that it names.
  func weight(_ document: RawSpan) -> UInt32 {
    let weights = state.withLock { $0.weights }
    guard !weights.isEmpty, let rule = samplingRuleName(document) else { return 1 }
    return UInt32(clamping: weights[rule] ?? 1)
  }

  /// Forgets all reports; the rules are the catalog's matter.
  func reset() { state.withLock { $0 = State() } }
}
