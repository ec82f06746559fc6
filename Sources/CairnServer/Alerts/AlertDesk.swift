// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnColumns
import CairnIssues
import CairnPlan
import CairnRollbar
import Synchronization

/// Tells of items and deploys what the projects' rules ask for.
final class AlertDesk: Sendable {
  let deliverer: Deliverer
  let guardian: AddressGuard
  private let store: any EventStore
  private let book: IssueBook
  private let settings: Settings
  private let clock: WallClock
  private let engine = Mutex(RuleEngine())
  private static let levels = RollbarCodes.levels.map(\.name)

  init(store: any EventStore, book: IssueBook, settings: Settings, clock: WallClock) {
    self.store = store
    self.book = book
    self.settings = settings
    self.clock = clock
    guardian = AddressGuard(allowedHosts: Set(settings.webhookHosts))
    deliverer = Deliverer(sender: Sender(guardian: guardian), now: { clock.unixNanoseconds() / 1_000_000_000 })
  }

  private var nowUnixSeconds: Int64 { clock.unixNanoseconds() / 1_000_000_000 }

  /// What happened to items; returns at once.
  func take(_ turned: [TurnedItem]) {
    let rules = book.state.withLock { Array($0.rules.values) }.sorted { $0.id < $1.id }
    guard !rules.isEmpty else { return }
    let now = nowUnixSeconds
    for entry in turned {
      let findings = engine.withLock {
        $0.findings(entry.item, entry.turns, rules: rules, levels: Self.levels, nowUnixSeconds: now)
      }
      for finding in findings {
        let subject = "\(finding.eventName) #\(entry.item.counter)"
        if let reason = finding.suppression {
          deliverer.note(
            DeliveryEntry(unixSeconds: now, ruleID: finding.rule.id, subject: subject, attempt: 0, isDelivered: false, outcome: reason))
        } else {
          Task { await send(finding, subject) }
        }
      }
    }
  }

  /// A deploy that was told of.
  func take(_ deploy: Deploy) {
    let rules = book.state.withLock { Array($0.rules.values) }
    for rule in rules where rule.isEnabled && rule.projectID == deploy.projectID && rule.trigger == .deploy {
      let environment = rule.filters.first { $0.type == "environment" }
      if let environment, (environment.value == deploy.environment) == (environment.operation == "neq") { continue }
      let text = "Deploy of \(deploy.revision) to \(deploy.environment): \(deploy.status)"
      for shipment in shipments(rule, json: WebhookJSON.deploy(deploy), subject: text, text: text + "\n" + deploy.comment) {
        deliverer.submit(shipment, ruleID: rule.id, subject: "deploy \(deploy.id)")
      }
    }
  }

  private func send(_ finding: RuleFinding, _ subject: String) async {
    let item = finding.item
    let plan = EventsPlan(
      scope: Scope(environment: item.identity.tenant, datasets: .all, time: .everything),
      filter: .compare(column: FieldName.occurrenceID, .equal, .integer(item.lastOccurrence.id)),
      columns: [
        FieldName.original, FieldName.occurrenceID, FieldName.occurrenceUUID, FieldName.itemEnvironment, FieldName.itemLevel,
        FieldName.itemTitle, FieldName.exceptionType, FieldName.exceptionMessage, FieldName.exceptionStacktrace,
      ], limit: 1)
    let last = try? await store.events(plan).events.first
    for shipment in shipments(finding, last.map { OccurrenceJSON.payload($0) }) {
      deliverer.submit(shipment, ruleID: finding.rule.id, subject: subject)
    }
  }

  private func shipments(_ finding: RuleFinding, _ lastOccurrence: [UInt8]?) -> [Shipment] {
    let item = finding.item
    let link = "http://\(settings.http.text)/ui/errors/\(item.id)"
    let window = finding.rule.filters.first { $0.type == "rate" }?.period ?? 0
    let words: String =
      switch finding.eventName {
      case "new_item": "New"
      case "reactivated_item": "Back again"
      case "reopened_item": "Reopened"
      case "resolved_item": "Resolved"
      case "exp_repeat_item": "\(finding.count)th occurrence"
      case "item_velocity": "\(finding.count) times in \(window) s"
      default: "Happened"
      }
    let head = "[\(item.identity.project) \(item.identity.environment)] \(words): #\(item.counter) \(item.title)"
    let json = WebhookJSON.item(
      finding.eventName, item, count: finding.count, windowSeconds: window, lastOccurrence: lastOccurrence, link: link)
    return shipments(finding.rule, json: json, subject: head, text: "\(head)\n\(item.totalCount) times in all\n\(link)\n")
  }

  private func shipments(_ rule: ItemRule, json: [UInt8], subject: String, text: String) -> [Shipment] {
    switch rule.channel {
    case .webhook: rule.target.map { .webhook(url: $0, body: json) }
    case .slack: rule.target.map { .webhook(url: $0, body: WebhookJSON.slack(text)) }
    case .email: [.mail(relay: settings.smtp, from: settings.mailFrom, to: rule.target, subject: subject, text: text)]
    }
  }

  /// Sends a sample at once and says how it went.
  func test(_ rule: ItemRule, tenant: String) async -> DeliveryEntry {
    let identity = ItemIdentity(tenant: tenant, project: "test", environment: "test", hash: "test")
    var note = OccurrenceNote(item: identity)
    note.title = "A test of this rule"
    let item = Item(id: 0, projectID: rule.projectID, counter: 0, first: note, nowUnixSeconds: nowUnixSeconds)
    let finding = RuleFinding(rule: rule, item: item, eventName: "new_item", count: 1, suppression: nil)
    guard let shipment = shipments(finding, nil).first else {
      return DeliveryEntry(unixSeconds: nowUnixSeconds, ruleID: rule.id, subject: "test", attempt: 0, isDelivered: false, outcome: "the rule has no target")
    }
    return await deliverer.test(shipment, ruleID: rule.id)
  }

  /// Whether a rule's targets may be sent to, before it is saved.
  func check(_ rule: ItemRule) async throws(Refusal) {
    if rule.channel == .email {
      guard !settings.smtp.isEmpty else { throw Refusal(.invalid, "no mail relay is configured: set 'smtp' to HOST:PORT") }
      guard rule.target.allSatisfy({ $0.contains("@") && $0.utf8.allSatisfy { $0 > 32 && $0 < 127 } }) else {
        throw Refusal(.invalid, "a receiver is no address")
      }
      return
    }
    for url in rule.target {
      do { _ = try await guardian.address(of: try WebTarget(url)) } catch { throw Refusal(.invalid, error.reason) }
    }
  }
}

/// A link from an item's page to another service, with places for its values.
struct ServiceLink: Sendable, Hashable, Codable {
  var id: Int64
  var projectID: Int64
  var name: String
  var template: String
}
