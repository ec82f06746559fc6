// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import CairnQuery
import CairnXRay
import TestSupport
import Testing

@Suite struct ServiceGraphTests {
  private let second: Int64 = 1_000_000_000

  private func row(
    _ trace: Int, _ id: Int, parent: Int? = nil, at start: Double = 0, for length: Double, _ service: String, _ kind: String = "server",
    _ more: [String: FieldValue] = [:]
  ) -> TestEvent {
    var fields = more
    fields["trace.trace_id"] = .string(TraceID(high: 1, low: UInt64(trace)).hex)
    fields["trace.span_id"] = .string(hexText(UInt64(trace * 1000 + id)))
    if let parent { fields["trace.parent_id"] = .string(hexText(UInt64(trace * 1000 + parent))) }
    fields["duration_ms"] = .float(length * 1000)
    fields["service.name"] = .string(service)
    if !kind.isEmpty { fields["span.kind"] = .string(kind) }
    if fields["name"] == nil { fields["name"] = .string("work") }
    return TestEvent(1_000 * second + Int64(start * 1e9), fields, dataset: service)
  }

  private func graph(
    _ pieces: [[TestEvent]], condition: TraceCondition = TraceCondition(), time: TimeRange = .everything, step: Int64? = nil
  ) async throws -> ServiceGraphAnswer {
    let plan = ServiceGraphPlan(
      environment: "default", time: time, condition: condition, rules: .xray, granularityNanoseconds: step)
    return try await patientEngine.serviceGraph(plan, pieces: pieces.map { TestPiece($0) })
  }

  /// `source > target` with calls and seconds, `~>` through a queue; nodes with type, calls and faults.
  private func lines(_ graph: ServiceGraphAnswer) -> [String] {
    graph.nodes.map {
      "\($0.identity.name)\($0.identity.type.map { " (\($0))" } ?? "")\($0.isInferred ? " inferred" : "")\($0.isRoot ? " root" : "") "
        + "\($0.statistics.totalCount)/\($0.statistics.faultCount)"
    }
      + graph.edges.map { (edge) in
        let source = edge.source.map { graph.nodes[$0].identity.name } ?? "client"
        return "\(source) \(edge.isQueued ? "~>" : ">") \(graph.nodes[edge.target].identity.name) \(edge.statistics.totalCount) "
          + "\(edge.statistics.durationSeconds)"
      }
  }

  @Test func nodesCountWhatTheySayAndEdgesWhatCallersSaw() async throws {
    let fault: [String: FieldValue] = ["http.response.status_code": .integer(503)]
    let web = [
      row(1, 1, for: 1, "web"), row(1, 2, parent: 1, for: 0.75, "web", "client"), row(2, 1, for: 2, "web", "server", fault),
      row(2, 2, parent: 1, for: 1.5, "web", "client", fault),
    ]
    let api = [row(1, 3, parent: 2, for: 0.5, "api"), row(2, 3, parent: 2, for: 0.25, "api")]
    let found = try await graph([web, api])
    #expect(lines(found) == ["api 2/0", "web root 2/1", "client > web 2 3.0", "web > api 2 2.25"])
    #expect(found.edges[1].statistics.faultCount == 1)
    #expect(found.nodes[0].histogram.cells.map(\.seconds) == [0.25, 0.5])
    #expect(found.nodes[1].histogram.percentile(perMille: 500) == 1)
    #expect(found.traceCount == 2)
  }

  @Test func whatSaysNothingItselfIsInferredFromItsCallers() async throws {
    let found = try await graph([[
      row(1, 1, for: 1, "web"),
      row(1, 2, parent: 1, for: 0.5, "web", "client", ["db.system": .string("postgresql"), "db.namespace": .string("shop")]),
      row(1, 3, parent: 1, for: 0.25, "web", "client", ["url.full": .string("https://ada:x@pay.test:8443/charge?x=1")]),
      row(1, 4, parent: 1, for: 0.25, "web", "client", ["aws.dynamodb.table_names": .string("[\"carts\",\"b\"]")]),
      row(1, 5, parent: 4, for: 0.2, "web", "client", ["server.address": .string("dynamodb.eu-1.amazonaws.com")]),
      row(1, 6, parent: 1, for: 0.1, "web", "client", ["rpc.system": .string("aws-api"), "rpc.service": .string("S3")]),
      row(1, 7, parent: 1, for: 0.1, "web", "client", ["db.system": .string("redis"), "server.address": .string("cache")]),
      row(1, 8, parent: 1, for: 0.1, "web", "client"),
    ]])
    #expect(lines(found) == [
      "S3 (AWS::S3) inferred 1/0", "cache (redis) inferred 1/0", "carts (AWS::DynamoDB::Table) inferred 1/0",
      "pay.test (remote) inferred 1/0", "shop (Database::SQL) inferred 1/0", "web root 1/0", "client > web 1 1.0", "web > S3 1 0.1",
      "web > cache 1 0.1", "web > carts 1 0.25", "web > pay.test 1 0.25", "web > shop 1 0.5",
    ])
  }

  @Test func messagesGoThroughTheirQueue() async throws {
    let queue: [String: FieldValue] = ["messaging.system": .string("kafka"), "messaging.destination.name": .string("orders")]
    let found = try await graph([[
      row(1, 1, for: 1, "web"), row(1, 2, parent: 1, at: 0.5, for: 0.25, "web", "producer", queue),
      row(1, 3, parent: 2, at: 2.75, for: 0.5, "worker", "consumer", queue), row(2, 1, at: 3, for: 0.5, "worker", "consumer", queue),
    ]])
    #expect(lines(found) == [
      "orders (kafka) inferred 1/0", "web root 1/0", "worker 2/0", "client > web 1 1.0", "orders ~> worker 2 1.0", "web > orders 1 0.25",
    ])
    #expect(found.edges.first { $0.isQueued }?.ageHistogram == CallHistogram(cells: [(2, 1)]))
  }

  private func link(_ trace: Int, _ span: Int, to other: Int, _ otherSpan: Int, _ service: String) -> TestEvent {
    var event = row(trace, 0, parent: span, for: 0, service, "")
    event.fields["trace.span_id"] = nil
    event.fields["duration_ms"] = nil
    event.fields["meta.annotation_type"] = .string("link")
    event.fields["trace.link.trace_id"] = .string(TraceID(high: 1, low: UInt64(other)).hex)
    event.fields["trace.link.span_id"] = .string(hexText(UInt64(other * 1000 + otherSpan)))
    return event
  }

  @Test func linksLeadFromTraceToTrace() async throws {
    let queue: [String: FieldValue] = ["messaging.system": .string("kafka"), "messaging.destination.name": .string("orders")]
    // Two messages of one queue are taken as a batch; a report goes on with what a request began; a link into nothing changes nothing.
    let found = try await graph([
      [
        row(1, 1, for: 1, "web"), row(1, 2, parent: 1, at: 0.5, for: 0.25, "web", "producer", queue), row(2, 1, for: 1, "web"),
        row(2, 2, parent: 1, at: 0.5, for: 0.5, "web", "producer", queue),
      ],
      [
        row(3, 1, at: 2, for: 0.5, "worker", "consumer", queue), link(3, 1, to: 1, 2, "worker"), link(3, 1, to: 2, 2, "worker"),
        row(4, 1, at: 9, for: 4, "report", "internal"), link(4, 1, to: 1, 1, "report"), row(5, 1, for: 2, "web"), link(5, 1, to: 77, 1, "web"),
      ],
    ])
    #expect(lines(found) == [
      "orders (kafka) inferred 2/0", "report 1/0", "web root 3/0", "worker 1/0", "client > web 3 4.0", "orders ~> worker 1 0.5",
      "web > orders 2 0.75", "web ~> report 1 4.0",
    ])
    #expect(found.edges.first { $0.isQueued }?.ageHistogram == CallHistogram(cells: [(1, 1), (1.25, 1)]))
    #expect(found.traceCount == 5)
  }

  @Test func documentsAndSpansAreOneGraph() async throws {
    let segment: [String: FieldValue] = ["xray.type": .string("segment"), "xray.origin": .string("AWS::EC2::Instance")]
    var part = row(1, 2, parent: 1, for: 0.5, "", "client", [
      "xray.type": .string("subsegment"), "xray.namespace": .string("remote"), "name": .string("orders.test"), "xray.fault": .boolean(true),
    ])
    // A subsegment that was sent alone does not know its service.
    part.fields["service.name"] = nil
    part.dataset = "lost"
    var running = row(1, 1, for: 0, "web", "server", segment.merging(["xray.in_progress": .boolean(true)]) { $1 })
    running.fields["duration_ms"] = nil
    let found = try await graph([
      [row(1, 1, for: 1, "web", "server", segment), part], [row(1, 3, parent: 2, for: 0.25, "orders"), running],
    ])
    #expect(lines(found) == ["orders 1/0", "web (AWS::EC2::Instance) root 1/0", "client > web 1 1.0", "web > orders 1 0.5"])
    #expect(found.edges[1].statistics.faultCount == 1)
    #expect(found.edges[1].aliases == [ServiceGraphAnswer.Identity(name: "orders.test", type: "remote")])
  }

  @Test func layersOfOneServerAreOneRequestAndOrphansHaveNoCaller() async throws {
    let found = try await graph([[
      row(1, 1, for: 1, "web"), row(1, 2, parent: 1, for: 0.9, "web", "server"), row(1, 3, parent: 2, for: 0.8, "web", "internal"),
      row(1, 4, parent: 3, for: 0.5, "lib", "internal"), row(2, 9, parent: 77, for: 0.5, "api"), row(3, 9, parent: 9, for: 0.5, "ring"),
    ]])
    #expect(lines(found) == ["api 1/0", "lib 1/0", "ring 1/0", "web root 1/0", "client > web 1 1.0", "web > lib 1 0.5"])
  }

  @Test func timeConditionsAndBuckets() async throws {
    let events = (0..<4).flatMap { (n) in
      [
        row(n, 1, at: Double(n) * 60, for: 1, "web", "server", n == 2 ? ["tenant": .string("a"), "error": .boolean(true)] : [:]),
        row(n, 2, parent: 1, at: Double(n) * 60 - 0.5, for: 1, "api"),
      ]
    }
    let start = 960 * second
    let time = TimeRange(startUnixNanoseconds: start + 100 * second, endUnixNanoseconds: start + 220 * second)
    let some = try await graph([events], time: time, step: 60 * second)
    // Trace 1's call from the margin is known: `api` has its caller.
    #expect(lines(some) == ["api 2/0", "web root 2/1", "client > web 2 2.0", "web > api 2 2.0"])
    #expect(some.nodes[1].buckets.map { "\($0.startUnixNanoseconds / second) \($0.statistics.totalCount)" } == ["1020 1", "1080 1"])
    let tenant = TraceCondition(events: [.compare(column: "tenant", .equal, .string("a")), .exists(column: "error")])
    #expect(try await lines(graph([events], condition: tenant)) == ["api 1/0", "web root 1/1", "client > web 1 1.0", "web > api 1 1.0"])
    let listed = TraceCondition(traces: [TraceID(high: 1, low: 3), TraceID(high: 9, low: 9)])
    #expect(try await graph([events], condition: listed).traceCount == 1)
  }

  @Test func sampledSpansCountForWhatTheyStandFor() async throws {
    let found = try await graph([[row(1, 1, for: 0.5, "web", "server", ["SampleRate": .integer(20)])]])
    #expect(lines(found) == ["web root 20/0", "client > web 20 10.0"])
  }

  @Test func tooManyPartsAreRefused() async throws {
    let events = (0..<300).map { row($0, 1, for: 1, "service \($0)") }
    let plan = ServiceGraphPlan(environment: "default", time: .everything, rules: .xray, partCountMax: 100)
    await #expect(throws: QueryError.self) { try await patientEngine.serviceGraph(plan, pieces: [TestPiece(events)]) }
  }

  @Test func candidatesComeNewestFirstInPages() async throws {
    let events = (0..<50).map { row($0, 1, at: Double($0 / 5), for: 1, "web", "server", $0 % 2 == 0 ? ["even": .boolean(true)] : [:]) }
    var found: [UInt64] = []
    var plan = TraceCandidatePlan(
      environment: "default", time: .everything, instant: .start, condition: TraceCondition(events: [.exists(column: "even")]),
      isSpan: ServiceGraphRules.xray.isSpan, limit: 4)
    while true {
      let answer = try await patientEngine.traceCandidates(plan, pieces: [TestPiece(Array(events[..<20])), TestPiece(Array(events[20...]))])
      #expect(answer.matchedCount == 25)
      found += answer.places.map(\.traceID.low)
      guard answer.hasMore else { break }
      plan.after = answer.places.last
    }
    #expect(found.count == 25 && Set(found).count == 25)
    #expect(found.map { $0 / 5 } == found.map { $0 / 5 }.sorted(by: >))
  }

  /// Two readings of the same rules: the engine's, over columns, and that of one trace at a time.
  @Test func theGraphIsTheSumOfItsTraces() async throws {
    var random = SeededGenerator(seed: .random(in: 0...9_999))
    var expected: [String: Int64] = [:]
    var events: [TestEvent] = []
    for trace in 1...120 {
      let own = randomTrace(trace, &random)
      events += own
      let story = TraceStory(traceID: TraceID(high: 1, low: UInt64(trace)), events: own.map(Self.event))
      for service in story.services where !service.documents.isEmpty {
        expected["\(service.name) \(service.type ?? "")\(service.isInferred ? " inferred" : "")", default: 0] += Int64(service.documents.count)
      }
      for edge in story.edges {
        let source = edge.source.map { story.services[$0].name } ?? "client"
        expected["\(source) > \(story.services[edge.target].name) \(story.services[edge.target].type ?? "")", default: 0] += 1
      }
    }
    var found: [String: Int64] = [:]
    let graph = try await graph([Array(events[..<(events.count / 3)]), Array(events[(events.count / 3)...])])
    for node in graph.nodes where node.statistics.totalCount > 0 {
      found["\(node.identity.name) \(node.identity.type ?? "")\(node.isInferred ? " inferred" : "")", default: 0] += node.statistics.totalCount
    }
    for edge in graph.edges {
      let target = graph.nodes[edge.target].identity
      let source = edge.source.map { graph.nodes[$0].identity.name } ?? "client"
      found["\(source) > \(target.name) \(target.type ?? "")", default: 0] += edge.statistics.totalCount
    }
    let different = Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }
    #expect(different.sorted().map { "\($0): \(found[$0] ?? 0), not \(expected[$0] ?? 0)" } == [], "seed \(random.seed)")
  }

  private func randomTrace(_ trace: Int, _ random: inout SeededGenerator) -> [TestEvent] {
    let services = ["a", "b", "c"]
    return (1...(1 + random.below(random.oneIn(10) ? 80 : 9))).flatMap { (id) in
      let parent = id == 1 || random.oneIn(12) ? (random.oneIn(6) ? 9_999 : nil) : 1 + random.below(id - 1)
      let service = services[random.below(3)]
      let kind = ["server", "client", "internal", "producer", "consumer"][random.below(5)]
      var more: [String: FieldValue] = [:]
      if kind == "client", random.oneIn(2) { more["server.address"] = .string("host\(random.below(2))") }
      if kind == "client", random.oneIn(4) { more["db.system"] = .string("mysql") }
      if kind == "producer" || kind == "consumer", random.oneIn(2) { more["messaging.destination.name"] = .string("q") }
      if random.oneIn(5) { more["error"] = .boolean(true) }
      var rows = [row(trace, id, parent: parent, at: Double(id) * 0.001, for: 0.5, service, kind, more)]
      if random.oneIn(5) {
        // The same work as an X-Ray document, beside the span or without it.
        let isSegment = parent == nil || kind == "server" || kind == "consumer"
        more["xray.type"] = .string(isSegment ? "segment" : "subsegment")
        if !isSegment, kind == "client" { more["xray.namespace"] = .string("remote") }
        more["name"] = .string(isSegment ? service : "callee\(random.below(2))")
        rows.insert(row(trace, id, parent: parent, at: Double(id) * 0.001, for: 0.5, service, kind, more), at: random.below(2))
        if random.oneIn(3) { rows.removeAll { $0.fields["xray.type"] == nil } }
      }
      return rows
    }
  }

  @Test func aSpanThatCameInTwoFormsCountsOnce() async throws {
    let document: [String: FieldValue] = ["xray.type": .string("segment"), "xray.fault": .boolean(true), "name": .string("web")]
    let call: [String: FieldValue] = ["xray.type": .string("subsegment"), "xray.namespace": .string("remote"), "name": .string("pay.test")]
    let spans = [row(1, 1, for: 1, "web"), row(1, 2, parent: 1, for: 0.5, "web", "client", ["server.address": .string("10.0.0.1")])]
    let documents = [row(1, 1, for: 1, "web", "server", document), row(1, 2, parent: 1, for: 0.5, "web", "client", call)]
    for pieces in [[spans, documents], [documents, spans], [spans + documents]] {
      #expect(
        try await lines(graph(pieces)) == ["pay.test (remote) inferred 1/0", "web root 1/1", "client > web 1 1.0", "web > pay.test 1 0.5"])
    }
  }

  private static func event(_ event: TestEvent) -> Event {
    Event(
      dataset: event.dataset, timeUnixNanoseconds: event.time,
      fields: event.fields.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) })
  }
}
