// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// Makes the spans and logs of one trace by walking what its endpoints do.
///
/// Times nest: a child lies inside its parent, but for consumers, which take a message when they get to it. Times are Unix nanoseconds.
struct TraceBuilder {
  let context: RequestContext
  let trace: TraceKey
  var random: SeededRandom
  var ids: SeededRandom
  private(set) var spans: [SpanRecord] = []
  var logs: [LogRecord] = []
  private(set) var observations: [Observation] = []
  private(set) var jobs: [Job] = []
  /// Traces shorter than this are no picture.
  private static let spanCountMin = 6

  init(_ context: RequestContext, unixSecond: Int64, random: SeededRandom, ids: SeededRandom) {
    self.context = context
    self.random = random
    self.ids = ids
    // X-Ray's rule: an id starts with the second in which it was made. Other programs do not mind.
    trace = TraceKey(high: UInt64(unixSecond) << 32 | self.ids.next() >> 32, low: self.ids.next() | 1)
  }

  /// Where a step ended, and what went wrong in it.
  private struct Outcome {
    var end: Int64
    var failure: Failure?
  }

  /// The place of a span that is not done: its index, its id and whose span it is.
  private struct Place {
    var index: Int
    var id: UInt64
    var endpoint: Endpoint
    var resource: ResourceIndex
    var factor: Double
  }

  /// A user's request at the gateway.
  mutating func makeRequest(_ scenario: Scenario, startNanoseconds: Int64) {
    _ = serve(scenario.entry, parent: 0, from: startNanoseconds, factor: 1, asServer: true)
  }

  /// What the worker does with a message that was published in another trace.
  mutating func makeJob(_ job: Job) {
    let delay = Int64(random.spread(job.queue.delayMilliseconds, 0.6) * 1e6)
    _ = serve(job.queue.consumer, parent: 0, from: job.publishedNanoseconds + delay, factor: 1, asServer: false)
    spans[0].link = (job.trace, job.span)
    spans[0].attributes.attribute(9, "messaging.message.id", "msg-" + String(job.messageID, radix: 16))
  }

  private mutating func open(_ resource: ResourceIndex, _ kind: SpanKind, _ name: String, parent: UInt64, at start: Int64) -> Int
  {
    var record = SpanRecord(
      trace: trace, id: ids.next() | 1, parent: parent, resource: resource, kind: kind, name: name, startNanoseconds: start,
      endNanoseconds: start)
    context.write(into: &record.attributes, field: 9)
    record.attributes.attribute(9, "thread.id", 1 + random.below(16))
    spans.append(record)
    return spans.count - 1
  }

  private mutating func length(_ median: Double, _ sigma: Double, _ factor: Double) -> Int64 {
    Int64(random.spread(median, sigma) * factor * 1e6) + 1_000
  }

  // An endpoint's span with all that it does; `asServer` is false for what takes messages.
  private mutating func serve(_ endpoint: Endpoint, parent: UInt64, from start: Int64, factor: Double, asServer: Bool) -> Outcome
  {
    let resource = ResourceIndex(endpoint.service, region: context.region, pod: random.below(ResourceIndex.podCount))
    let name = asServer ? endpoint.spanName : "process \(endpoint.route)"
    let index = open(resource, asServer ? .server : .consumer, name, parent: parent, at: start)
    let factor = endpoint.isFaulty && context.isCohort ? PlantedFault.factor : factor
    let place = Place(index: index, id: spans[index].id, endpoint: endpoint, resource: resource, factor: factor)
    let pause = length(endpoint.milliseconds / Double(endpoint.steps.count + 1), 0.4, factor)
    var outcome = Outcome(end: start + pause)
    for step in endpoint.steps {
      let next = run(step, in: place, from: outcome.end)
      outcome.end = next.end + pause
      outcome.failure = outcome.failure ?? next.failure
      if outcome.failure != nil, spans.count >= Self.spanCountMin { break }
    }
    if outcome.failure == nil, random.chance(0.0011) {
      outcome.failure = Failure(.badData, in: endpoint.service, peer: "", place: "serialize")
      spans[index].hasOwnException = true
    }
    close(place, outcome, asServer: asServer)
    return outcome
  }

  private mutating func run(_ step: Step, in place: Place, from start: Int64) -> Outcome {
    switch step {
    case .work(let name, let milliseconds): return work(name, milliseconds, in: place, from: start)
    case .query(let statement): return query(statement, in: place, from: start)
    case .call(let endpoint): return call(endpoint, in: place, from: start)
    case .outside(let host, let method, let path, let milliseconds):
      return askOutside(host, method, path, milliseconds, in: place, from: start)
    case .publish(let queue): return publish(queue, in: place, from: start)
    case .push(let consumer): return push(consumer, in: place, from: start)
    case .maybe(let probability, let step):
      return random.chance(probability) ? run(step, in: place, from: start) : Outcome(end: start)
    case .repeated(let counts, let step):
      var outcome = Outcome(end: start)
      for _ in 0..<random.whole(counts) where outcome.failure == nil { outcome = run(step, in: place, from: outcome.end) }
      return outcome
    case .together(let steps):
      var outcome = Outcome(end: start)
      for step in steps {
        let next = run(step, in: place, from: start)
        outcome = Outcome(end: max(outcome.end, next.end), failure: outcome.failure ?? next.failure)
      }
      return outcome
    }
  }

  private mutating func work(_ name: String, _ milliseconds: Double, in place: Place, from start: Int64) -> Outcome {
    let index = open(place.resource, .internal, name, parent: place.id, at: start)
    spans[index].endNanoseconds = start + length(milliseconds, 0.5, place.factor)
    spans[index].attributes.attribute(9, "code.function.name", "\(place.endpoint.service.codeNamespace).core.\(name)")
    spans[index].attributes.attribute(9, "app.item_count", 1 + random.below(60))
    spans[index].attributes.attribute(9, "app.shard", random.below(16))
    if random.chance(0.02) {
      spans[index].events.append(SpanMoment(name: "cache.evicted", nanoseconds: spans[index].startNanoseconds))
    }
    return Outcome(end: spans[index].endNanoseconds)
  }

  private mutating func query(_ statement: Statement, in place: Place, from start: Int64) -> Outcome {
    let index = open(place.resource, .client, statement.spanName, parent: place.id, at: start)
    let isTimeLimit = place.factor > 1 && statement.milliseconds > 50 && random.chance(PlantedFault.failureChance)
    spans[index].endNanoseconds = start + length(statement.milliseconds, 0.5, place.factor)
    var failure: Failure?
    if isTimeLimit || random.chance(0.0016) {
      let causes: [Cause] =
        statement.database.system == "redis" ? [.connectionRefused] : [.queryTimeout, .queryConflict, .connectionRefused]
      let cause = isTimeLimit ? .queryTimeout : random.pick(causes)
      failure = Failure(
        cause, in: place.endpoint.service, peer: "\(statement.database.host):\(statement.database.port)", place: "execute")
      spans[index].failure = failure
      spans[index].hasOwnException = true
    }
    let database = statement.database
    spans[index].attributes.attribute(9, "db.system", database.system)
    spans[index].attributes.attribute(9, "db.namespace", database.namespace)
    spans[index].attributes.attribute(9, "db.operation.name", statement.operation)
    if !statement.table.isEmpty { spans[index].attributes.attribute(9, "db.collection.name", statement.table) }
    spans[index].attributes.attribute(9, "db.statement", statement.text)
    spans[index].attributes.attribute(9, "server.address", database.host)
    spans[index].attributes.attribute(9, "server.port", database.port)
    if failure == nil {
      spans[index].attributes.attribute(9, "db.response.returned_rows", random.below(statement.rowCountMax + 1))
    }
    if statement.database.system == "redis" { spans[index].attributes.attribute(9, "app.cache_hit", random.chance(0.9)) }
    logQuery(spans[index], statement)
    return Outcome(end: spans[index].endNanoseconds, failure: failure)
  }

  private mutating func call(_ endpoint: Endpoint, in place: Place, from start: Int64) -> Outcome {
    let index = open(place.resource, .client, endpoint.method, parent: place.id, at: start)
    let inner = serve(endpoint, parent: spans[index].id, from: start + length(0.25, 0.4, 1), factor: place.factor, asServer: true)
    let end = inner.end + length(0.25, 0.4, 1)
    spans[index].endNanoseconds = end
    spans[index].failure = inner.failure
    writeClient(
      index, host: "\(endpoint.service.name).microblog.svc.cluster.local", port: 8080, endpoint.method,
      context.path(of: endpoint.route), status: observations.last?.status ?? 200)
    // Some callers answer without what they did not get.
    let isFatal = endpoint.service != .notify && endpoint.service != .media && random.chance(0.85)
    return Outcome(end: end, failure: isFatal ? inner.failure : nil)
  }

  private mutating func askOutside(
    _ host: String, _ method: String, _ path: String, _ milliseconds: Double, in place: Place, from start: Int64
  ) -> Outcome {
    let index = open(place.resource, .client, method, parent: place.id, at: start)
    let end = start + length(milliseconds, 0.45, place.factor)
    spans[index].endNanoseconds = end
    var failure: Failure?
    if random.chance(0.004) {
      failure = Failure(.peerTimeout, in: place.endpoint.service, peer: host, place: "request")
      spans[index].failure = failure
      spans[index].hasOwnException = true
    }
    let key = context.requestID.prefix(8)
    writeClient(index, host: host, port: 443, method, path.replacing("{key}", with: key), status: failure?.status ?? 200)
    return Outcome(end: end, failure: failure)
  }

  private mutating func writeClient(_ index: Int, host: String, port: Int, _ method: String, _ path: String, status: Int) {
    spans[index].attributes.attribute(9, "http.request.method", method)
    spans[index].attributes.attribute(9, "url.full", "\(port == 443 ? "https" : "http")://\(host)\(path)")
    spans[index].attributes.attribute(9, "server.address", host)
    spans[index].attributes.attribute(9, "server.port", port)
    spans[index].attributes.attribute(9, "http.response.status_code", status)
    spans[index].attributes.attribute(9, "network.protocol.version", "1.1")
  }

  private mutating func publish(_ queue: Queue, in place: Place, from start: Int64) -> Outcome {
    let (index, messageID) = produce(queue.name, in: place, from: start)
    jobs.append(
      Job(
        queue: queue, publishedNanoseconds: spans[index].endNanoseconds, messageID: messageID, trace: trace, span: spans[index].id
      ))
    return Outcome(end: spans[index].endNanoseconds)
  }

  private mutating func push(_ consumer: Endpoint, in place: Place, from start: Int64) -> Outcome {
    let (index, _) = produce(consumer.route, in: place, from: start)
    let end = spans[index].endNanoseconds
    _ = serve(consumer, parent: spans[index].id, from: end + length(12, 0.6, 1), factor: 1, asServer: false)
    return Outcome(end: end)
  }

  private mutating func produce(_ queue: String, in place: Place, from start: Int64) -> (index: Int, messageID: UInt64) {
    let index = open(place.resource, .producer, "send \(queue)", parent: place.id, at: start)
    let messageID = ids.next() >> 16
    spans[index].endNanoseconds = start + length(0.9, 0.4, place.factor)
    writeMessaging(index, queue, "send")
    spans[index].attributes.attribute(9, "messaging.message.id", "msg-" + String(messageID, radix: 16))
    return (index, messageID)
  }

  private mutating func writeMessaging(_ index: Int, _ queue: String, _ operation: String) {
    spans[index].attributes.attribute(9, "messaging.system", "rabbitmq")
    spans[index].attributes.attribute(9, "messaging.destination.name", queue)
    spans[index].attributes.attribute(9, "messaging.operation.type", operation)
  }

  private mutating func close(_ place: Place, _ outcome: Outcome, asServer: Bool) {
    let index = place.index
    let endpoint = place.endpoint
    spans[index].endNanoseconds = outcome.end
    spans[index].failure = outcome.failure
    guard asServer else {
      writeMessaging(index, endpoint.route, "process")
      return logServed(spans[index], endpoint, status: 0)
    }
    let isEdge = endpoint.service == .gateway || endpoint.service == .backend
    let status =
      outcome.failure?.status
      ?? (isEdge && context.clientMistake > 0 ? context.clientMistake : endpoint.method == "POST" ? 201 : 200)
    spans[index].attributes.attribute(9, "http.request.method", endpoint.method)
    spans[index].attributes.attribute(9, "http.route", endpoint.route)
    spans[index].attributes.attribute(9, "url.path", context.path(of: endpoint.route))
    spans[index].attributes.attribute(9, "url.scheme", "http")
    spans[index].attributes.attribute(9, "http.response.status_code", status)
    spans[index].attributes.attribute(9, "http.response.body.size", Int(random.spread(1_400, 0.9)))
    spans[index].attributes.attribute(9, "server.address", "\(endpoint.service.name).microblog.svc.cluster.local")
    spans[index].attributes.attribute(9, "client.address", context.clientAddress)
    spans[index].attributes.attribute(9, "user_agent.original", context.agent)
    spans[index].attributes.attribute(9, "network.protocol.version", endpoint.service == .gateway ? "2" : "1.1")
    observations.append(
      Observation(
        resource: place.resource, method: endpoint.method, route: endpoint.route, status: status,
        milliseconds: Double(outcome.end - spans[index].startNanoseconds) / 1e6, trace: trace, span: place.id))
    logServed(spans[index], endpoint, status: status)
  }
}
