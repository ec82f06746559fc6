// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCatalog
import CairnHoneycomb
import CairnPlan
import Logging

/// Counts the events of objectives and tells the recipients of burn alerts. See docs/decisions/066.
///
/// The first look counts two periods (the second one is for the history of the first) in parts of some days. Every later one counts only
/// what came since, with an hour before it for late events, and now and then one older day again, so that later ones are found too.
struct SLODesk: Sendable {
  let state: ServerState

  private static let second: Int64 = 1_000_000_000
  /// Between two looks at burn alerts.
  static let judgeEveryNanoseconds = 60 * second
  /// A ledger this fresh answers a page as it is.
  static let freshNanoseconds = 5 * second
  /// Between two countings of an older day.
  static let olderEveryNanoseconds = 600 * second
  private static let lateSlots = 3600 / SLOLedger.slotSeconds
  private static let daySlots = 86_400 / SLOLedger.slotSeconds
  /// How much one question of the first counting covers.
  private static let firstPartSlots = 10 * daySlots

  /// Counts and judges those that are due; called every few seconds.
  func tick() async {
    guard !state.isDraining else { return }
    for environment in state.parts.catalog.environments.sorted() {
      for slo in state.shelves.entries(HoneycombSLO.self, environment) {
        let now = state.parts.clock.unixNanoseconds()
        let judged = state.slos.entry(environment, slo.id)?.judgedUnixNanoseconds ?? 0
        guard now - judged >= Self.judgeEveryNanoseconds || judged > now, !state.isDraining else { continue }
        guard let ledger = try? await ledger(slo, environment, now) else { continue }
        state.slos.change(environment, slo.id, definition(slo, environment)) { $0.judgedUnixNanoseconds = now }
        for alert in state.shelves.entries(HoneycombBurnAlert.self, environment) where alert.slo == slo.id { judge(alert, slo, ledger, environment, now) }
      }
    }
  }

  // MARK: Counting

  private func definition(_ slo: HoneycombSLO, _ environment: String) -> SLOBook.Definition {
    let scope = state.formulas.deriving(Scope(environment: environment, datasets: .named(slo.datasets), time: .everything), [slo.sli])
    return SLOBook.Definition(formula: scope.formulaColumns.first?.formula, datasets: slo.datasets, periodDays: slo.periodDays)
  }

  /// The columns that an objective's formula names and no event of its datasets has: why nothing counts.
  ///
  /// - Parameter datasets: the names of its datasets, which it knows by their slugs.
  func missing(_ slo: HoneycombSLO, of datasets: [String], _ environment: String) async throws(Refusal) -> [String] {
    guard let formula = definition(slo, environment).formula else { return [] }
    return try await state.directory.unwritten(formula.columns, environment, .named(datasets))
  }

  /// The ledger of an objective with everything that came until now.
  func ledger(_ slo: HoneycombSLO, _ environment: String, _ now: Int64) async throws(Refusal) -> SLOLedger {
    let definition = definition(slo, environment)
    var entry = state.slos.change(environment, slo.id, definition) { _ in }
    if entry.countedEnd != nil, (0..<Self.freshNanoseconds).contains(now - entry.countedUnixNanoseconds) { return entry.ledger }
    do throws(Refusal) {
      guard definition.formula != nil else { throw Refusal(.invalid, "The derived column '\(slo.sli)' is gone.") }
      let names = try await state.datasets(withSlugs: slo.datasets, environment)
      let whole = 2 * Int64(slo.periodDays) * Self.daySlots
      let end = SLOLedger.slot(now) + 1
      let kept = end - whole..<end
      for part in parts(entry, kept, now) {
        let plan = SLOLedger.plan(part, column: slo.sli, environment: environment, datasets: .named(names))
        let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
        let counts = SLOLedger.counts(answer)
        entry = state.slos.change(environment, slo.id, definition) { (entry) in
          entry.ledger.keep(kept)
          entry.ledger.replace(part, counts)
        }
      }
      let isOlderDue = now - entry.olderUnixNanoseconds >= Self.olderEveryNanoseconds
      return state.slos.change(environment, slo.id, definition) { (entry) in
        entry.failure = nil
        entry.countedEnd = end
        entry.countedUnixNanoseconds = now
        if isOlderDue {
          entry.olderUnixNanoseconds = now
          entry.olderDay = entry.olderDay % (2 * Int64(slo.periodDays)) + 1
        }
      }.ledger
    } catch {
      state.slos.change(environment, slo.id, definition) { $0.failure = error.reason }
      throw error
    }
  }

  /// The slots to count: all of them at first, newest part first; then those since the last time, and now and then an older day.
  private func parts(_ entry: SLOBook.Entry, _ kept: Range<Int64>, _ now: Int64) -> [Range<Int64>] {
    guard let countedEnd = entry.countedEnd, countedEnd > kept.lowerBound, countedEnd <= kept.upperBound else {
      return stride(from: kept.upperBound, to: kept.lowerBound, by: -Int(Self.firstPartSlots)).map { max(kept.lowerBound, $0 - Self.firstPartSlots)..<$0 }
    }
    var parts = [max(kept.lowerBound, countedEnd - 1 - Self.lateSlots)..<kept.upperBound]
    if now - entry.olderUnixNanoseconds >= Self.olderEveryNanoseconds {
      let end = kept.upperBound - (entry.olderDay - 1) * Self.daySlots
      parts.append((end - Self.daySlots..<end).clamped(to: kept))
    }
    return parts
  }

  // MARK: Telling

  private func judge(_ alert: HoneycombBurnAlert, _ slo: HoneycombSLO, _ ledger: SLOLedger, _ environment: String, _ now: Int64) {
    let verdict = BurnVerdict(alert, slo, ledger, nowUnixNanoseconds: now)
    // It may have been changed or removed while events were counted.
    let shelf = Shelf<HoneycombBurnAlert>(state.parts.catalog, environment: environment)
    guard var newest = try? shelf.entry(alert.id), newest.updatedUnixNanoseconds == alert.updatedUnixNanoseconds, newest.isTriggered != verdict.isMet else { return }
    newest.isTriggered = verdict.isMet
    do throws(Refusal) { try shelf.save(newest) } catch { return state.logger.warning("a burn alert's state was not kept: \(error.reason)") }
    telling(newest, slo, verdict, environment, now).tell(state)
  }

  private func telling(
    _ alert: HoneycombBurnAlert, _ slo: HoneycombSLO, _ verdict: BurnVerdict, _ environment: String, _ now: Int64, isTest: Bool = false
  ) -> Telling {
    let page = "http://\(state.addresses[.http] ?? state.settings.http.text)/ui/slos/\(slo.id)"
    return Telling(
      origin: DeliveryOrigin(tenant: environment, kind: .burnAlert, name: alert.id), receivers: alert.receivers, summary: verdict.summary(alert, slo),
      text: "\(verdict.text(alert))\n\(alert.description)", link: page,
      webhookBody: verdict.webhookBody(alert, slo, environment: environment, sloURL: page, nowUnixNanoseconds: now, isTest: isTest),
      isOver: !verdict.isMet, isTest: isTest, nowUnixNanoseconds: now)
  }

  /// Judges now and tells every recipient that it is a test.
  func test(
    _ alert: HoneycombBurnAlert, _ slo: HoneycombSLO, _ environment: String
  ) async throws(Refusal) -> (verdict: BurnVerdict, entries: [DeliveryEntry]) {
    let now = state.parts.clock.unixNanoseconds()
    let verdict = BurnVerdict(alert, slo, try await ledger(slo, environment, now), nowUnixNanoseconds: now)
    var tested = alert
    tested.isTriggered = verdict.isMet
    return (verdict, await telling(tested, slo, verdict, environment, now, isTest: true).test(state))
  }
}
