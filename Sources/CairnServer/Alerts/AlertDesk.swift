// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnColumns
import CairnFormats
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
  /// Findings whose delivery is being made.
  private let openCount = Mutex(0)
  private static let levels = RollbarCodes.levels.map(\.name)

  init(store: any EventStore, book: IssueBook, settings: Settings, clock: WallClock, deliverer: Deliverer) {
    self.store = store
    self.book = book
    self.settings = settings
    self.clock = clock
    guardian = AddressGuard(allowedHosts: Set(settings.webhookHosts))
    self.deliverer = deliverer
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
          let origin = Self.origin(finding.rule, entry.item.identity.tenant)
          for destination in destinations(finding.rule) {
            deliverer.note(
              DeliveryEntry(
                unixMilliseconds: now * 1_000, origin: origin, subject: subject, destination: destination, attempt: 0, isDelivered: false,
                isFinal: true, outcome: reason))
          }
        } else {
          openCount.withLock { $0 += 1 }
          Task {
            await send(finding, subject)
            openCount.withLock { $0 -= 1 }
          }
        }
      }
    }
  }

  /// Until all that was found is handed to the deliverer, for at most a second.
  func settle() async {
    for _ in 0..<100 where openCount.withLock({ $0 > 0 }) { try? await Task.sleep(for: .milliseconds(10)) }
  }

  /// A deploy that was told of.
  func take(_ deploy: Deploy) {
    let (rules, tenant) = book.state.withLock { (Array($0.rules.values), $0.projects[deploy.projectID]?.tenant) }
    guard let tenant else { return }
    for rule in rules where rule.isEnabled && rule.projectID == deploy.projectID && rule.trigger == .deploy {
      let environment = rule.filters.first { $0.type == "environment" }
      if let environment, (environment.value == deploy.environment) == (environment.operation == "neq") { continue }
      let text = "Deploy of \(deploy.revision) to \(deploy.environment): \(deploy.status)"
      for shipment in shipments(rule, json: WebhookJSON.deploy(deploy), subject: text, text: text + "\n" + deploy.comment) {
        submit(shipment, rule, tenant, "deploy \(deploy.id)")
      }
    }
  }

  private func send(_ finding: RuleFinding, _ subject: String) async {
    let item = finding.item
    guard await isSeenByEnough(finding) else { return }
    let plan = EventsPlan(
      scope: Scope(environment: item.identity.tenant, datasets: .all, time: .everything),
      filter: .compare(column: FieldName.occurrenceID, .equal, .integer(item.lastOccurrence.id)),
      columns: [
        FieldName.original, FieldName.occurrenceID, FieldName.occurrenceUUID, FieldName.itemEnvironment, FieldName.itemLevel,
        FieldName.itemTitle, FieldName.exceptionType, FieldName.exceptionMessage, FieldName.exceptionStacktrace,
      ], limit: 1)
    let payload = try? await store.events(plan).events.first.map { OccurrenceJSON.payload($0) }
    let filters = finding.rule.payloadFilters
    if !filters.isEmpty {
      guard let payload, let json = try? JSONValue(parsing: payload, depthMax: JSONReader.depthMaxLimit), ItemRule.holds(filters, payload: json)
      else { return }
    }
    for shipment in shipments(finding, payload) {
      submit(shipment, finding.rule, item.identity.tenant, subject)
    }
  }

  /// Whether as many addresses had the item as a rule's filter asks for, counted from the events.
  private func isSeenByEnough(_ finding: RuleFinding) async -> Bool {
    let filters = finding.rule.filters.filter { $0.type == "unique_occurrences" }
    guard !filters.isEmpty else { return true }
    let plan = Plan(
      scope: Scope(environment: finding.item.identity.tenant, datasets: .all, time: .everything),
      filter: book.occurrences(of: finding.item), calculations: [Calculation(.countDistinct, column: FieldName.clientAddress)])
    guard let answer = try? await store.run(plan), let column = answer.columns.last else { return false }
    return ItemRule.holds(filters, uniqueCount: answer.rowCount > 0 ? Int(column.values[0]?.number ?? 0) : 0)
  }

  private static func origin(_ rule: ItemRule, _ tenant: String) -> DeliveryOrigin {
    DeliveryOrigin(tenant: tenant, kind: .rule, name: String(rule.id))
  }

  private func submit(_ shipment: Shipment, _ rule: ItemRule, _ tenant: String, _ subject: String) {
    deliverer.submit(
      Delivery(origin: Self.origin(rule, tenant), subject: subject, shipment: shipment, createdUnixMilliseconds: nowUnixSeconds * 1_000))
  }

  /// The tries of a rule, newest first.
  func history(_ rule: ItemRule, tenant: String) -> [DeliveryEntry] { deliverer.history(of: Self.origin(rule, tenant)) }

  private func shipments(_ finding: RuleFinding, _ lastOccurrence: [UInt8]?) -> [Shipment] {
    let item = finding.item
    let link = "http://\(settings.http.text)/ui/errors/\(item.id)"
    let rate = finding.rule.filters.first { $0.type == "rate" }
    let window = rate?.period ?? 0
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
    let head = "[\(item.shownProject) \(item.identity.environment)] \(words): #\(item.counter) \(item.title)"
    let json = WebhookJSON.item(
      finding.eventName, item, count: finding.count, threshold: rate?.count ?? 0, windowSeconds: window, lastOccurrence: lastOccurrence, link: link)
    if finding.rule.channel == .pagerduty { return finding.rule.target.map { page($0, finding, head, link) } }
    return shipments(finding.rule, json: json, subject: head, text: "\(head)\n\(item.totalCount) times in all\n\(link)\n")
  }

  /// An item is one incident, which ends when the item is resolved.
  private func page(_ routingKey: String, _ finding: RuleFinding, _ summary: String, _ link: String) -> Shipment {
    let item = finding.item
    var event = PagerDutyEvent(
      routingKey: routingKey, key: "cairn \(item.identity.tenant) item \(item.id)", severity: PagerDutyEvent.Severity(rawValue: item.level) ?? .info,
      summary: summary)
    (event.text, event.link, event.isOver) = ("\(item.totalCount) times in all", link, finding.eventName == "resolved_item")
    return .webhook(url: settings.pagerDutyURL, body: event.body)
  }

  /// Where a rule's deliveries go, for people.
  private func destinations(_ rule: ItemRule) -> [String] {
    switch rule.channel {
    case .webhook, .slack: rule.target
    case .email: rule.target.map { "mailto:" + $0 }
    case .pagerduty: [settings.pagerDutyURL]
    }
  }

  private func shipments(_ rule: ItemRule, json: [UInt8], subject: String, text: String) -> [Shipment] {
    switch rule.channel {
    case .webhook: rule.target.map { .webhook(url: $0, body: json) }
    case .slack: rule.target.map { .webhook(url: $0, body: ChatMessage.slack(text)) }
    case .email: [.mail(from: settings.mailFrom, to: rule.target, subject: subject, text: text)]
    case .pagerduty: []  // a deploy is no incident
    }
  }

  /// Sends a sample at once and says how it went.
  func test(_ rule: ItemRule, tenant: String) async -> DeliveryEntry {
    let identity = ItemIdentity(tenant: tenant, project: "test", environment: "test", hash: "test")
    var note = OccurrenceNote(item: identity)
    note.title = "A test of this rule"
    let item = Item(id: 0, projectID: rule.projectID, counter: 0, first: note, nowUnixSeconds: nowUnixSeconds)
    let finding = RuleFinding(rule: rule, item: item, eventName: "new_item", count: 1, suppression: nil)
    let origin = Self.origin(rule, tenant)
    let now = nowUnixSeconds * 1_000
    var shipment = shipments(finding, nil).first
    if rule.channel == .webhook { shipment = rule.target.first.map { .webhook(url: $0, body: WebhookJSON.test()) } }
    guard let shipment else {
      return DeliveryEntry(
        unixMilliseconds: now, origin: origin, subject: "test", destination: "", attempt: 0, isDelivered: false, isFinal: true,
        outcome: "the rule has no target")
    }
    return await deliverer.test(Delivery(origin: origin, subject: "test", shipment: shipment, createdUnixMilliseconds: now))
  }

  /// Whether a rule's targets may be sent to, before it is saved.
  func check(_ rule: ItemRule) async throws(Refusal) {
    let urls: [String]
    switch rule.channel {
    case .email:
      guard !settings.smtp.isEmpty else { throw Refusal(.invalid, "no mail relay is configured: set 'smtp' to HOST:PORT") }
      guard rule.target.allSatisfy({ $0.contains("@") && $0.utf8.allSatisfy { $0 > 32 && $0 < 127 } }) else {
        throw Refusal(.invalid, "a receiver is no address")
      }
      urls = []
    case .pagerduty:
      guard rule.target.allSatisfy(PagerDutyEvent.isRoutingKey) else { throw Refusal(.invalid, "config.service_key must have 32 letters and digits") }
      guard rule.trigger != .deploy else { throw Refusal(.invalid, "a deploy is no incident: PagerDuty is not told of it") }
      urls = [settings.pagerDutyURL]
    case .webhook, .slack: urls = rule.target
    }
    for url in urls {
      if let reason = await refusal(url) { throw Refusal(.invalid, reason) }
    }
  }

  /// Why nothing can be delivered there, or nil.
  func refusal(_ url: String) async -> String? {
    do throws(DeliveryError) {
      _ = try await guardian.address(of: try WebTarget(url))
      return nil
    } catch {
      return error.reason
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
