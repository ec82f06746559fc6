// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnBytes
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import CairnPlan
import Logging
import Synchronization

/// When triggers were asked and what came of it; in memory only, so that a start asks each at once.
final class TriggerBook: Sendable {
  struct Progress: Sendable {
    var askedUnixNanoseconds: Int64 = 0
    /// Askings in a row that met the threshold.
    var inARow = 0
    /// What the last asking said, and the value that was the furthest.
    var text = ""
    var value: Double?
    var failure: String?
    /// Columns that the question names and no event has, where it had nothing to say.
    var missing: [String] = []
  }
  private struct Key: Hashable {
    var environment: String
    var id: String
  }
  private let progress = Mutex<[Key: Progress]>([:])

  func progress(_ environment: String, _ id: String) -> Progress { progress.withLock { $0[Key(environment: environment, id: id)] ?? Progress() } }
  func note(_ environment: String, _ id: String, _ now: Progress) { progress.withLock { $0[Key(environment: environment, id: id)] = now } }
  func forget(_ environment: String, _ id: String) { progress.withLock { _ = $0.removeValue(forKey: Key(environment: environment, id: id)) } }
  func reset() { progress.withLock { $0 = [:] } }
}

/// Asks the questions of triggers and tells their recipients.
struct TriggerDesk: Sendable {
  let state: ServerState

  /// Asks those that are due; called every few seconds.
  func tick() async {
    guard !state.isDraining else { return }
    let now = state.parts.clock.unixNanoseconds()
    for environment in state.parts.catalog.environments.sorted() {
      for trigger in state.shelves.entries(HoneycombTrigger.self, environment) where !trigger.isDisabled && trigger.isScheduled(atUnixNanoseconds: now) {
        let asked = state.triggers.progress(environment, trigger.id).askedUnixNanoseconds
        if now - asked >= trigger.frequencySeconds * 1_000_000_000 || asked > now { await ask(trigger, environment, now) }
      }
    }
  }

  private func ask(_ trigger: HoneycombTrigger, _ environment: String, _ now: Int64) async {
    var progress = state.triggers.progress(environment, trigger.id)
    progress.askedUnixNanoseconds = now
    let verdict: TriggerVerdict
    do throws(Refusal) {
      verdict = try await self.verdict(trigger, environment, now)
      let isSilent = verdict.groups.allSatisfy { $0.result == 0 }
      progress.missing = isSilent ? try await state.directory.unwritten(trigger.query, environment, try await scope(trigger, environment)) : []
    } catch {
      progress.failure = error.reason
      return state.triggers.note(environment, trigger.id, progress)
    }
    let isMet = !verdict.exceeding.isEmpty
    progress.failure = nil
    progress.inARow = isMet ? progress.inARow + 1 : 0
    progress.text = verdict.text(trigger)
    progress.value = (verdict.exceeding.first ?? verdict.groups.first)?.result
    state.triggers.note(environment, trigger.id, progress)
    // It may have been changed or removed while the question ran.
    let shelf = Shelf<HoneycombTrigger>(state.parts.catalog, environment: environment)
    guard var newest = try? shelf.entry(trigger.id), newest.updatedUnixNanoseconds == trigger.updatedUnixNanoseconds else { return }
    let was = newest.isTriggered
    newest.isTriggered = isMet && (was || progress.inARow >= newest.threshold.exceededLimit)
    if was != newest.isTriggered {
      do throws(Refusal) { try shelf.save(newest) } catch { return state.logger.warning("a trigger's state was not kept: \(error.reason)") }
    }
    if was != newest.isTriggered || newest.alertType == .onTrue && newest.isTriggered { telling(newest, verdict, environment, now).tell(state) }
  }

  private func scope(_ trigger: HoneycombTrigger, _ environment: String) async throws(Refusal) -> DatasetScope {
    trigger.dataset == allDatasets ? .all : .named(try await state.datasets(withSlugs: [trigger.dataset], environment))
  }

  private func verdict(_ trigger: HoneycombTrigger, _ environment: String, _ now: Int64) async throws(Refusal) -> TriggerVerdict {
    var plan = trigger.query.plan(environment: environment, datasets: try await scope(trigger, environment), nowUnixNanoseconds: now)
    plan.granularityNanoseconds = nil
    let answer = try await ask(plan)
    guard let baseline = trigger.baseline else { return TriggerVerdict(trigger, answer) }
    return TriggerVerdict(trigger, answer, earlier: try await ask(baseline.plan(plan)))
  }

  private func ask(_ plan: Plan) async throws(Refusal) -> Answer {
    try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
  }

  private func telling(_ trigger: HoneycombTrigger, _ verdict: TriggerVerdict, _ environment: String, _ now: Int64, isTest: Bool = false) -> Telling {
    let base = "http://\(state.addresses[.http] ?? state.settings.http.text)"
    let result = base + trigger.query.explorePath(dataset: trigger.dataset, trigger.query.time.range(nowUnixNanoseconds: now))
    return Telling(
      origin: DeliveryOrigin(tenant: environment, kind: .trigger, name: trigger.id), receivers: trigger.receivers, summary: verdict.summary(trigger),
      text: "\(verdict.text(trigger))\n\(trigger.description)", link: result,
      webhookBody: verdict.webhookBody(trigger, environment: environment, resultURL: result, triggerURL: "\(base)/ui/triggers", isTest: isTest),
      isOver: !trigger.isTriggered, isTest: isTest, nowUnixNanoseconds: now)
  }

  /// Asks now, whatever the schedule says, and tells every recipient that it is a test.
  func test(_ trigger: HoneycombTrigger, _ environment: String) async throws(Refusal) -> (verdict: TriggerVerdict, entries: [DeliveryEntry]) {
    let now = state.parts.clock.unixNanoseconds()
    let verdict = try await verdict(trigger, environment, now)
    var tested = trigger
    tested.isTriggered = !verdict.exceeding.isEmpty
    return (verdict, await telling(tested, verdict, environment, now, isTest: true).test(state))
  }
}
