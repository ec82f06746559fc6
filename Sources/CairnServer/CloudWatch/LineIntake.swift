// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCloudWatch
import CairnFormats
import CairnPlan
import NIOCore
import Synchronization

/// What a group's lines go through on their way in, made ready once for many batches.
struct LineIntake: Sendable {
  struct Subscription: Sendable {
    var name: String
    var pattern: FilterPattern
    /// The webhook's URL.
    var url: String
  }
  /// Of data protection policies; a line is masked against secrets too.
  var policies = LineMask.none
  var masks = LineMask.none
  var metricFilters: [MetricFilter] = []
  var subscriptions: [Subscription] = []

  /// Changes what must not be kept; before the journal.
  func mask(_ batch: inout LogBatch) { masks.apply(to: &batch) }

  /// Hands lines that are acknowledged to what hangs on them; `points` are those that the lines have in them by themselves.
  func observe(_ batch: LogBatch, and points: [MetricPoint], _ desk: LogsDesk, _ call: LogsCall) async {
    var points = points
    for filter in metricFilters {
      let (own, minutes) = filter.points(batch)
      points += own
      guard !minutes.isEmpty else { continue }
      desk.registry.quietMinutes.withLock {
        $0.note(minutes, of: filter, group: batch.group, environment: call.environment, at: call.nowUnixMilliseconds)
      }
    }
    if !points.isEmpty { _ = try? await desk.keep(MetricPoint.gathered(points), call) }
    for subscription in subscriptions { desk.deliver(batch, to: subscription, call) }
  }
}

extension LogsDesk {
  /// The group's intake; made where a change has dropped it. One made while something changed is for this batch alone: the batch came
  /// before that change was acknowledged, those that come later must see it.
  func intake(_ environment: String, _ group: String) -> LineIntake {
    let (known, changeCount) = registry.intake(environment, group)
    if let known { return known }
    let made = makeIntake(environment, group)
    registry.keep(made, environment, group, changeCount: changeCount)
    return made
  }

  private func makeIntake(_ environment: String, _ name: String) -> LineIntake {
    var intake = LineIntake()
    let entry = registry.group(environment, name)
    if !state.settings.scrubsNothing(environment) { intake.masks = intake.masks.joined(with: LineMask.secrets) }
    let account = accountPolicies(environment, "DATA_PROTECTION_POLICY", on: name).compactMap { $0["policyDocument"]?.string }
    for document in account + (entry?.group.protectionPolicy.map { [$0] } ?? []) {
      if let policy = try? DataProtection(document: document) { intake.policies = intake.policies.joined(with: policy.mask) }
    }
    intake.masks = intake.masks.joined(with: intake.policies)
    for (name, value) in entry?.items["metric-filter"] ?? [:] {
      guard let pattern = try? FilterPattern(value["filterPattern"]?.string ?? ""),
        let transformation = value["metricTransformations"]?.array?.first,
        let filter = try? MetricFilter(name: name, pattern: pattern, transformation: transformation)
      else { continue }
      intake.metricFilters.append(filter)
    }
    for (name, value) in entry?.items["subscription"] ?? [:] {
      guard let pattern = try? FilterPattern(value["filterPattern"]?.string ?? ""),
        let url = webhook(environment, value["destinationArn"]?.string ?? "")
      else { continue }
      intake.subscriptions.append(LineIntake.Subscription(name: name, pattern: pattern, url: url))
    }
    for policy in accountPolicies(environment, "SUBSCRIPTION_FILTER_POLICY", on: name) {
      guard let document = try? JSONValue(parsing: policy["policyDocument"]?.string ?? ""),
        let pattern = try? FilterPattern(document["FilterPattern"]?.string ?? ""),
        let url = webhook(environment, document["DestinationArn"]?.string ?? "")
      else { continue }
      intake.subscriptions.append(LineIntake.Subscription(name: policy["policyName"]?.string ?? "", pattern: pattern, url: url))
    }
    return intake
  }

  /// Tells the default values of metric filters for minutes that are settled by now, Unix nanoseconds; called every few seconds.
  func tellQuietMinutes(at now: Int64) async {
    let settled = registry.quietMinutes.withLock { $0.settled(by: now / 1_000_000) }
    for (environment, points) in settled {
      let call = LogsCall(
        environment: environment, account: LogAccount(), input: .null, body: .init(), nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
      _ = try? await keep(MetricPoint.gathered(points), call)
    }
  }

  /// Journals points of metrics.
  @discardableResult
  func keep(_ points: [MetricPoint], _ call: LogsCall) async throws(LogsError) -> IngestOutcome {
    let header = RequestHeader(
      format: .metricPoints, encoding: .identity, environment: call.environment, receivedUnixNanoseconds: call.nowUnixNanoseconds)
    let body = ByteBuffer(bytes: MetricPoint.encode(points))
    do {
      let outcome = try state.store.accept(header, body: body.readableBytesSpan)
      try await state.store.commit(outcome)
      return outcome
    } catch {
      throw LogsError(error)
    }
  }

  /// Sends the lines that a subscription wants, as AWS packs them: gzip of
  /// `{messageType, owner, logGroup, logStream, subscriptionFilters, logEvents: [{id, timestamp, message}]}`.
  func deliver(_ batch: LogBatch, to subscription: LineIntake.Subscription, _ call: LogsCall) {
    let wanted = (0..<batch.count).filter { subscription.pattern.matches(batch.message($0)) }
    guard !wanted.isEmpty else { return }
    var writer = JSONWriter(reserving: batch.text.count + 512)
    writer.beginObject()
    writer.member("messageType", "DATA_MESSAGE")
    writer.member("owner", call.account.account)
    writer.member("logGroup", batch.group)
    writer.member("logStream", batch.stream)
    writer.member("subscriptionFilters", [subscription.name])
    writer.objects("logEvents", wanted) { writer, index in
      let position = LogPosition(
        timeUnixNanoseconds: batch.times[index].multiplied(by: 1_000_000), sequence: batch.sequence + Int64(index))
      writer.member("id", position.digits)
      writer.member("timestamp", batch.times[index])
      writer.member("message", batch.message(index))
      if let values = subscription.pattern.hasSelectors ? subscription.pattern.extract(batch.message(index)) : nil,
        !values.isEmpty
      {
        writer.key("extractedFields")
        writer.beginObject()
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
          writer.member(String(name.drop { $0 == "$" || $0 == "." }), value)
        }
        writer.endObject()
      }
    }
    writer.endObject()
    let body = GzipCompressor.compress(writer.finish())
    state.deliverer.submit(
      Delivery(
        origin: DeliveryOrigin(tenant: call.environment, kind: .subscription, name: "\(batch.group)/\(subscription.name)"),
        subject: "\(wanted.count) \(wanted.count == 1 ? "line" : "lines") of \(batch.stream)",
        shipment: .webhook(url: subscription.url, fields: [WebField("content-encoding", "gzip")], body: body),
        createdUnixMilliseconds: call.nowUnixMilliseconds))
  }
}
