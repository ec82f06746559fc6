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
    if was != newest.isTriggered || newest.alertType == .onTrue && newest.isTriggered { tell(newest, verdict, environment, now) }
  }

  private func verdict(_ trigger: HoneycombTrigger, _ environment: String, _ now: Int64) async throws(Refusal) -> TriggerVerdict {
    var scope = DatasetScope.all
    if trigger.dataset != allDatasets {
      scope = .named(try await state.datasets(withSlugs: [trigger.dataset], environment))
    }
    var plan = trigger.query.plan(environment: environment, datasets: scope, nowUnixNanoseconds: now)
    plan.granularityNanoseconds = nil
    let answer = try await state.desk.ask { [plan] () async throws(QueryError) in try await state.store.run(plan) }
    return TriggerVerdict(trigger, answer)
  }

  private func shipments(_ trigger: HoneycombTrigger, _ verdict: TriggerVerdict, _ environment: String, _ now: Int64, isTest: Bool) -> [Shipment] {
    let base = "http://\(state.addresses[.http] ?? state.settings.http.text)"
    let result = base + trigger.query.explorePath(dataset: trigger.dataset, trigger.query.time.range(nowUnixNanoseconds: now))
    let body = verdict.webhookBody(trigger, environment: environment, resultURL: result, triggerURL: "\(base)/ui/triggers", isTest: isTest)
    let mail = Mailing(subject: (isTest ? "TEST: " : "") + verdict.summary(trigger), text: "\(verdict.text(trigger))\n\(trigger.description)\n\n\(result)\n")
    return HoneycombRecipients(state: state).shipments(to: trigger.receivers, environment, webhookBody: body, mail: mail)
  }

  private func tell(_ trigger: HoneycombTrigger, _ verdict: TriggerVerdict, _ environment: String, _ now: Int64) {
    for shipment in shipments(trigger, verdict, environment, now, isTest: false) { state.deliverer.submit(delivery(trigger, verdict, environment, now, shipment)) }
  }

  private func delivery(
    _ trigger: HoneycombTrigger, _ verdict: TriggerVerdict, _ environment: String, _ now: Int64, _ shipment: Shipment
  ) -> Delivery {
    Delivery(
      origin: DeliveryOrigin(tenant: environment, kind: .trigger, name: trigger.id), subject: verdict.summary(trigger), shipment: shipment,
      createdUnixMilliseconds: now / 1_000_000)
  }

  /// Asks now, whatever the schedule says, and tells every recipient that it is a test.
  func test(_ trigger: HoneycombTrigger, _ environment: String) async throws(Refusal) -> (verdict: TriggerVerdict, entries: [DeliveryEntry]) {
    let now = state.parts.clock.unixNanoseconds()
    let verdict = try await verdict(trigger, environment, now)
    var tested = trigger
    tested.isTriggered = !verdict.exceeding.isEmpty
    var entries: [DeliveryEntry] = []
    for shipment in shipments(tested, verdict, environment, now, isTest: true) {
      entries.append(await state.deliverer.test(delivery(tested, verdict, environment, now, shipment)))
    }
    return (verdict, entries)
  }
}
