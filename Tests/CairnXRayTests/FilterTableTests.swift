// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import Testing

@testable import CairnXRay

/// Expressions and the traces that pass, over traces of X-Ray documents, of spans, and of both.
@Suite struct FilterTableTests {
  private static let second: Int64 = 1_000_000_000

  private static func row(
    _ trace: Int, _ id: Int, parent: Int? = nil, at start: Double = 0, for length: Double, service: String, _ more: [String: FieldValue]
  ) -> Event {
    var fields = more
    fields[FieldName.traceID] = .string(TraceID(high: 0x6565_0000_0000_0000, low: UInt64(trace)).hex)
    fields[FieldName.spanID] = .string(hexText(UInt64(trace * 100 + id)))
    if let parent { fields[FieldName.parentID] = .string(hexText(UInt64(trace * 100 + parent))) }
    fields[FieldName.durationMilliseconds] = .float(length * 1000)
    if !service.isEmpty { fields[FieldName.serviceName] = .string(service) }
    if fields[FieldName.name] == nil { fields[FieldName.name] = .string(service) }
    return Event(
      dataset: service, timeUnixNanoseconds: 1_700_000_000 * second + Int64(start * 1e9),
      fields: fields.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) })
  }

  private static func segment(_ more: [String: FieldValue] = [:]) -> [String: FieldValue] {
    [SegmentField.type: .string("segment"), FieldName.spanKind: .string("server")].merging(more) { $1 }
  }

  private static func part(_ name: String, _ more: [String: FieldValue] = [:]) -> [String: FieldValue] {
    [SegmentField.type: .string("subsegment"), FieldName.name: .string(name)].merging(more) { $1 }
  }

  /// 1 a quick request of `web` that calls `api` (X-Ray), which reads a table; 2 the same, but `api` fails with an exception; 3 a slow one,
  /// throttled; 4 spans: `gateway` calls `orders`, which asks a database and fails; 5 `web` (X-Ray) calls `orders` (a span); 6 one that
  /// still runs; 7 a request not found.
  static let traces: [(number: Int, events: [Event])] = [
    (1, [
      row(1, 1, for: 0.1, service: "web", segment([
        SegmentField.url: .string("http://shop.test/cart"), SegmentField.method: .string("GET"), SegmentField.status: .integer(200),
        SegmentField.userAgent: .string("curl/8"), SegmentField.clientAddress: .string("10.0.0.1"), SegmentField.user: .string("ada"),
        SegmentField.origin: .string("AWS::EC2::Instance"), "aws.ec2.instance_id": .string("i-1"),
        "aws.ec2.availability_zone": .string("eu-1a"), "aws.account_id": .string("111"), "annotation.game": .string("G1"), "annotation.age": .integer(30),
      ])),
      row(1, 2, parent: 1, for: 0.08, service: "web", part("api", [SegmentField.namespace: .string("remote")])),
      row(1, 3, parent: 2, for: 0.07, service: "api", segment(["annotation.cached": .boolean(true)])),
      row(1, 4, parent: 3, for: 0.02, service: "api", part("DynamoDB", [
        SegmentField.namespace: .string("aws"), "aws.table_name": .string("carts"), "aws.operation": .string("GetItem"),
      ])),
    ]),
    (2, [
      row(2, 1, for: 0.5, service: "web", segment([
        SegmentField.fault: .boolean(true), SegmentField.status: .integer(502), SegmentField.url: .string("http://shop.test/pay"),
        SegmentField.method: .string("POST"), "annotation.age": .integer(17),
      ])),
      row(2, 2, parent: 1, for: 0.45, service: "web", part("api", [SegmentField.namespace: .string("remote"), SegmentField.fault: .boolean(true)])),
      row(2, 3, parent: 2, for: 0.44, service: "api", segment([SegmentField.fault: .boolean(true)])),
      row(2, 4, parent: 3, for: 0.4, service: "api", part("charge", [SegmentField.fault: .boolean(true)])),
      row(2, 5, parent: 4, for: 0, service: "api", [
        FieldName.annotationType: .string("span_event"), FieldName.name: .string("exception"),
        SegmentField.exceptionType: .string("PaymentTimeout"), SegmentField.exceptionMessage: .string("no answer in 400 ms"),
      ]),
    ]),
    (3, [
      row(3, 1, for: 6, service: "web", segment([
        SegmentField.throttle: .boolean(true), SegmentField.clientError: .boolean(true), SegmentField.status: .integer(429),
        "metadata.default.cart.size": .integer(12),
      ])),
    ]),
    (4, [
      row(4, 1, for: 1.5, service: "gateway", [
        FieldName.spanKind: .string("server"), FieldName.name: .string("GET /orders"), SegmentField.status: .integer(200),
        "http.route": .string("/orders"), "service.namespace": .string("shop"), "cloud.platform": .string("aws_ecs"),
      ]),
      row(4, 2, parent: 1, for: 1.4, service: "gateway", [
        FieldName.spanKind: .string("client"), FieldName.name: .string("GET"), "server.address": .string("orders.test"),
        "service.namespace": .string("shop"), "cloud.platform": .string("aws_ecs"),
      ]),
      row(4, 3, parent: 2, for: 1.3, service: "orders", [
        FieldName.spanKind: .string("server"), FieldName.name: .string("GET /orders"), FieldName.error: .boolean(true),
        "game": .string("G1"), "user.id": .string("bob"),
      ]),
      row(4, 4, parent: 3, for: 0.2, service: "orders", [
        FieldName.spanKind: .string("client"), FieldName.name: .string("SELECT"), "db.system": .string("postgresql"),
        "db.namespace": .string("orders"), "db.statement": .string("SELECT 1"),
      ]),
    ]),
    (5, [
      row(5, 1, for: 0.3, service: "web", segment([SegmentField.status: .integer(200)])),
      row(5, 2, parent: 1, for: 0.2, service: "web", part("orders.test", [SegmentField.namespace: .string("remote")])),
      row(5, 3, parent: 2, for: 0.1, service: "orders", [FieldName.spanKind: .string("server"), FieldName.name: .string("GET /orders")]),
    ]),
    (6, [
      row(6, 1, for: 0, service: "web", segment([SegmentField.inProgress: .boolean(true)])),
    ]),
    (7, [
      row(7, 1, for: 0.01, service: "web", segment([
        SegmentField.clientError: .boolean(true), SegmentField.status: .integer(404), SegmentField.url: .string("http://shop.test/nothing"),
      ])),
    ]),
  ]

  static let stories = traces.map { (trace) in
    (trace.number, TraceStory(traceID: TraceID(high: 0x6565_0000_0000_0000, low: UInt64(trace.number)), events: trace.events))
  }

  static let table: [(expression: String, traces: [Int])] = [
    ("", [1, 2, 3, 4, 5, 6, 7]),
    ("ok", [1, 4, 5, 6]),
    ("!ok", [2, 3, 7]),
    ("fault", [2]),
    ("error", [3, 7]),
    ("error = false", [1, 2, 4, 5, 6]),
    ("throttle", [3]),
    ("partial", [6]),
    ("error !throttle", [7]),
    ("fault OR throttle", [2, 3]),
    ("responsetime > 1", [3, 4]),
    ("responseTime >= 0.5 AND responsetime < 2", [2, 4]),
    ("duration <0.2 !partial", [1, 7]),
    ("http.status != 200", [2, 3, 7]),
    ("http.status >= 400 and http.status < 500", [3, 7]),
    ("http.url", [1, 2, 7]),
    ("!http.url", [3, 4, 5, 6]),
    ("http.url CONTAINS \"shop.test\"", [1, 2, 7]),
    ("http.url BEGINSWITH \"http://shop.test/c\"", [1]),
    ("http.url ENDSWITH \"pay\"", [2]),
    ("http.method = \"POST\"", [2]),
    ("http.useragent CONTAINS \"curl\"", [1]),
    ("http.clientip = \"10.0.0.1\"", [1]),
    ("user = \"ada\"", [1]),
    ("user CONTAINS \"\"", [1, 4]),
    ("annotation.game", [1, 4]),
    ("annotation.game = \"G1\"", [1, 4]),
    ("annotation[game] != \"G1\"", []),
    ("!annotation.age", [3, 4, 5, 6, 7]),
    ("annotation.age > 18", [1]),
    ("annotation.age = 17 AND fault", [2]),
    ("annotation.cached = true", [1]),
    ("annotation.cached = false", []),
    ("annotation.http.route = \"/orders\"", [4]),
    ("metadata.default.cart.size > 10", [3]),
    ("metadata.cart.size = 12", [3]),
    ("metadata.otel.resource.service.namespace = \"shop\"", [4]),
    ("service(\"api\")", [1, 2]),
    ("service(\"api\") { fault }", [2]),
    ("service() { fault }", [2, 4]),
    ("service(\"web\") { ok }", [1, 5, 6]),
    ("service(\"orders\") { fault }", [4]),
    ("service(\"orders\")", [4, 5]),
    ("service(id(type: \"AWS::EC2::Instance\"))", [1]),
    ("service(id(name: \"gateway\", type: \"AWS::ECS::Container\"))", [4]),
    ("service(id(account.id: \"111\"))", [1]),
    ("service(\"carts\") { inferred }", [1]),
    ("service(id(name: \"carts\", type: \"AWS::DynamoDB::Table\"))", [1]),
    ("service(id(name: \"orders\", type: \"Database::SQL\"))", [4]),
    ("service(\"web\") { root }", [1, 2, 3, 5, 6, 7]),
    ("edge(\"web\", \"api\")", [1, 2]),
    ("edge(\"web\", \"api\") { fault }", [2]),
    ("edge(\"web\", \"api\") { responsetime < 0.1 }", [1]),
    ("edge(\"web\", \"orders\")", [5]),
    ("edge(\"gateway\", \"orders\") { responsetime > 1.35 }", [4]),
    ("edge(\"client\", \"gateway\")", [4]),
    ("edge(id(type: \"client\"), \"web\") { fault }", [2]),
    ("edge(\"api\", \"web\")", []),
    ("instance.id = \"i-1\"", [1]),
    ("availabilityzone BEGINSWITH \"eu\"", [1]),
    ("inferred", [1, 4]),
    ("name = \"gateway\"", [4]),
    ("type = \"Database::SQL\"", [4]),
    ("message CONTAINS \"no answer\"", [2]),
    ("rootcause.fault.service { name = \"api\" }", [2]),
    ("rootcause.fault.service { name = \"web\" first root }", [2]),
    ("rootcause.fault.entity { name = \"charge\" last }", [2]),
    ("rootcause.fault.exception { message CONTAINS \"400 ms\" }", [2]),
    ("rootcause.fault.exception { name = \"PaymentTimeout\" }", [2]),
    ("rootcause.fault.service { name = \"orders\" }", [4]),
    ("rootcause.error.service", [3, 7]),
    ("rootcause.responsetime.entity { name = \"api\" coverage > 0.85 }", [2]),
    ("rootcause.json = #[{\"Services\":[{\"Name\":\"web\"},{\"Name\":\"api\",\"EntityPath\":[{\"Name\":\"api\"},{\"Name\":\"charge\"}]}]}]", [2]),
    ("(ok OR error) AND service(\"web\") AND !partial", [1, 3, 5, 7]),
  ]

  @Test(arguments: table) func anExpressionFindsItsTraces(_ expression: String, _ expected: [Int]) throws {
    let filter = try FilterExpression(parsing: expression)
    #expect(Self.stories.filter { filter.passes($0.1) }.map(\.0) == expected)
  }

  @Test(arguments: table) func candidatesLoseNoTrace(_ expression: String, _ expected: [Int]) throws {
    let filter = try FilterExpression(parsing: expression)
    let candidates = filter.candidates(metadataColumns: ["metadata.default.cart.size"])
    for (number, events) in Self.traces where expected.contains(number) {
      for candidate in candidates { #expect(events.contains { candidate.passes($0) }, "trace \(number), \(candidate)") }
    }
  }

  @Test func candidatesPruneWhatTheyCan() throws {
    for text in ["annotation.game = \"G1\"", "fault", "service(\"api\"){ok}", "http.status = 500", "user = \"x\"", "!ok"] {
      #expect(try FilterExpression(parsing: text).candidates().isEmpty == false, "\(text)")
    }
    #expect(try FilterExpression(parsing: "annotation.game annotation.x=1").isExactByCandidates)
    #expect(try !FilterExpression(parsing: "annotation.game OR fault").isExactByCandidates)
  }

  @Test func groupsStandForTheirExpressions() throws {
    let filter = try FilterExpression(parsing: "group.name = \"failed\" service(\"web\")")
    let resolved = try filter.resolvingGroups { (reference) throws(FilterSyntaxError) in
      #expect(reference == .name("failed"))
      return try FilterExpression(parsing: "fault")
    }
    #expect(Self.stories.filter { resolved.passes($0.1) }.map(\.0) == [2])
  }
}

extension Filter {
  /// The engine's meaning of a filter, for one event.
  fileprivate func passes(_ event: Event) -> Bool {
    switch self {
    case .all(let parts): return parts.allSatisfy { $0.passes(event) }
    case .any(let parts): return parts.contains { $0.passes(event) }
    case .not(let part): return !part.passes(event)
    case .exists(let column): return event[column] != nil
    case .compare(let column, .notEqual, let wanted): return !Filter.compare(column: column, .equal, wanted).passes(event)
    case .compare(let column, let comparison, let wanted): return event[column].map { compares($0, comparison, wanted) } ?? false
    case .oneOf(let column, let list): return event[column].map { (value) in list.contains { compares(value, .equal, $0) } } ?? false
    case .text(let column, let match, let wanted): return event[column].map { matchesText($0.text, match, wanted) } ?? false
    case .matches: return false
    }
  }
}
