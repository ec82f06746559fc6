// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import Glibc
import Synchronization
import Testing
import Tracing

@testable import CairnKit

struct XRayTests {
  private func documents(_ writer: SegmentWriter, _ spans: [SpanRecording?], byteCountMax: Int = 64_000) throws -> [JSONValue] {
    let batch = WireBatch<XRayMark>()
    for span in spans.compactMap(\.self) { batch.append { writer.write(EndedSpan(span), to: &$0, byteCountMax: byteCountMax - SegmentTree.aloneByteCount) } }
    let tree = SegmentTree(batch, byteCountMax: byteCountMax)
    return try (0..<tree.documentCount).map { index in
      var bytes = WireBuffer()
      tree.write(index, to: &bytes)
      #expect(bytes.count <= byteCountMax)
      return try JSONValue(parsing: bytes.bytes)
    }
  }

  @Test func metadataIsWhatNoMemberTells() throws {
    let tracer = Kit.testing(InMemoryExporter()).tracer
    let root = tracer.startSpan("GET /cart", ofKind: .server)
    for (name, text) in [
      ("http.request.method", "GET"), ("url.scheme", "http"), ("server.address", "shop.example"), ("url.path", "/cart"), ("http.route", "/cart"),
      ("user_agent.original", "curl"), ("client.address", "10.0.0.1"), ("user.id", "u1"),
    ] { root.attributes[name] = text }
    root.attributes["server.port"] = 8_080
    root.attributes["http.response.status_code"] = 200
    root.attributes["http.response.body.size"] = 12
    let child = tracer.startSpan("select", context: root.context, ofKind: .client)
    for (name, text) in [("db.system.name", "sqlite"), ("db.namespace", "shop"), ("db.query.text", "SELECT 1"), ("user.id", "u1")] { child.attributes[name] = text }
    child.end()
    root.end()
    let segment = try #require(try documents(SegmentWriter(resource: Resource()), [child.recording, root.recording]).first)
    #expect(segment["http"]?["request"]?["url"] == .string("http://shop.example:8080/cart"))
    #expect(names(segment["metadata"]) == ["http.route", "span.name", "url.path"])
    guard case .array(let inside)? = segment["subsegments"] else {
      Issue.record("no subsegment")
      return
    }
    #expect(names(inside[0]["metadata"]) == ["db.namespace", "span.name", "user.id"])
  }

  @Test func metadataHasItsNamespace() throws {
    let tracer = Kit.testing(InMemoryExporter()).tracer
    let root = tracer.startSpan("GET /cart", ofKind: .server)
    root.addMetadata("size", 3, namespace: "results")
    root.addMetadata("plain", 1)
    root.addMetadata("a.b", "x", namespace: "other.things")
    root.addMetadata("size", 4, namespace: "results")
    root.addMetadata("first", true, namespace: "results")
    root.addMetadata("empty", 1, namespace: "")
    root.end()
    #expect(root.recording?.attribute("results.size") == .int64(4))
    let metadata = try #require(try documents(SegmentWriter(resource: Resource()), [root.recording]).first?["metadata"])
    #expect(names(Optional(metadata)) == ["empty", "plain", "span.name"])
    #expect(metadata["results"] == .object([JSONMember("size", .integer(4)), JSONMember("first", .boolean(true))]))
    #expect(metadata["other.things"] == .object([JSONMember("a.b", .string("x"))]))
  }

  @Test func aDaemonThatNobodyKnowsYetIsLookedUpAgain() async throws {
    let now = Mutex<Int64>(1_000), looks = Mutex(0)
    let daemon = Daemon(address: "xray:2000", now: { now.withLock { $0 } }) { _ in
      let count = looks.withLock { count in
        count += 1
        return count
      }
      return count == 1 ? nil : DaemonSocket(address: "127.0.0.1:2000")
    }
    for _ in 0..<10 { #expect(await daemon.socket() == nil) }
    #expect(looks.withLock { $0 } == 1)
    now.withLock { $0 += 30 }
    let first = await daemon.socket()
    #expect(first != nil && looks.withLock { $0 } == 2)
    now.withLock { $0 += 300 }
    #expect(await daemon.socket() === first)
    // It has moved.
    daemon.doubt()
    let second = await daemon.socket()
    #expect(second !== first && second != nil)
    daemon.doubt()
    #expect(await daemon.socket() === second)
    #expect(looks.withLock { $0 } == 3)
  }

  @Test func whatADaemonThatNobodyKnowsDoesNotGetIsCounted() async throws {
    var settings = try KitSettings.fromEnvironment(["OTEL_TRACES_EXPORTER": "xray", "OTEL_LOGS_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"])
    settings.xray.udpAddress = "nowhere"
    let kit = try Kit(settings)
    for _ in 0..<3 { kit.tracer.startSpan("work", context: .topLevel).end() }
    await kit.flush()
    #expect(kit.lostCounts == ["xray segments": 3])
  }

  @Test func whatAMemberCannotHoldStaysMetadata() throws {
    let tracer = Kit.testing(InMemoryExporter()).tracer
    let root = tracer.startSpan("GET /cart", ofKind: .server)
    root.attributes["http.request.method"] = "GET"
    root.attributes["http.response.status_code"] = "200"
    root.attributes["http.response.body.size"] = "many"
    root.end()
    let segment = try #require(try documents(SegmentWriter(resource: Resource()), [root.recording]).first)
    #expect(segment["http"]?["response"]?["status"] == nil)
    #expect(names(segment["metadata"]) == ["http.response.body.size", "http.response.status_code", "span.name"])
  }

  @Test func oneNameOfAnnotationsIsThereOnce() throws {
    let tracer = Kit.testing(InMemoryExporter()).tracer
    let root = tracer.startSpan("GET /cart", ofKind: .server)
    root.annotate("a.b", 1)
    root.annotate("a_b", 2)
    root.annotate("c", 3)
    root.end()
    let segment = try #require(try documents(SegmentWriter(resource: Resource()), [root.recording]).first)
    #expect(segment["annotations"]?.members?.map(\.name) == ["a_b", "c"])
    #expect(segment["annotations"]?["a_b"] == .integer(1) && segment["metadata"]?["default"]?["a_b"] == .integer(2))
    #expect(names(segment["metadata"]) == ["a_b", "span.name"])
  }

  private func names(_ metadata: JSONValue?) -> [String] {
    guard case .object(let members)? = metadata?["default"] else { return [] }
    return members.map(\.name).sorted()
  }

  @Test func aSpanIsADocument() throws {
    let memory = InMemoryExporter()
    let tracer = Kit.testing(memory).tracer
    var resource = Resource()
    resource.add("service.name", "shop <1>")
    let writer = SegmentWriter(resource: resource)
    let root = tracer.startSpan("GET /cart", ofKind: .server)
    root.attributes["http.request.method"] = "GET"
    root.attributes["http.response.status_code"] = 500
    root.attributes["user.id"] = "u1"
    root.recordError(WrappingError(cause: ShopError(reason: "x")))
    let child = tracer.startSpan("select", context: root.context, ofKind: .client)
    child.attributes["db.system.name"] = "postgresql"
    child.attributes["db.query.text"] = "SELECT 1"
    child.annotate("handle", "andrew")
    child.end()
    root.end()
    // The child was sent before its parent ended.
    let segment = try #require(try documents(writer, [root.recording]).first)
    let subsegment = try #require(try documents(writer, [child.recording]).first)
    #expect(segment["name"] == .string("shop 1"))
    #expect(segment["fault"] == .boolean(true))
    #expect(segment["user"] == .string("u1"))
    #expect(segment["type"] == nil)
    #expect(segment["http"]?["response"]?["status"] == .integer(500))
    guard case .array(let exceptions)? = segment["cause"]?["exceptions"] else {
      Issue.record("no exceptions")
      return
    }
    #expect(exceptions.count == 2)
    #expect(exceptions[0]["cause"] == exceptions[1]["id"])
    #expect(exceptions[0]["id"]?.string?.count == 16 && exceptions[0]["id"] != exceptions[1]["id"])
    #expect(subsegment["type"] == .string("subsegment"))
    #expect(subsegment["parent_id"] == segment["id"])
    #expect(subsegment["trace_id"] == segment["trace_id"])
    #expect(subsegment["sql"]?["sanitized_query"] == .string("SELECT 1"))
    #expect(subsegment["annotations"]?["handle"] == .string("andrew"))
  }

  /// A request with two calls, one of which has a call below, and another server's span in the same process.
  private func request() -> (spans: [SpanRecording?], names: [String]) {
    let tracer = Kit.testing(InMemoryExporter()).tracer
    let root = tracer.startSpan("root", context: .topLevel, ofKind: .server)
    let first = tracer.startSpan("first", context: root.context)
    let below = tracer.startSpan("below", context: first.context)
    let inner = tracer.startSpan("inner", context: below.context, ofKind: .server)
    let second = tracer.startSpan("second", context: root.context)
    let all = [inner, below, first, second, root]
    all.forEach { $0.end() }
    return (all.map(\.recording), ["inner", "below", "first", "second", "root"])
  }

  private func text(_ value: JSONValue?) -> String? { if case .string(let text)? = value { text } else { nil } }

  private func names(_ document: JSONValue) -> [String] {
    guard case .array(let inside)? = document["subsegments"] else { return [] }
    return inside.compactMap { text($0["name"]) }
  }

  @Test func whatARequestDoesIsInItsDocument() throws {
    let found = try documents(SegmentWriter(resource: Resource()), request().spans)
    // A segment stands by itself, whoever called it.
    try #require(found.count == 2)
    let root = found[1]
    #expect(root["type"] == nil && root["trace_id"] != nil && root["parent_id"] == nil)
    #expect(names(root) == ["first", "second"])
    guard case .array(let inside)? = root["subsegments"] else { return }
    #expect(names(inside[0]) == ["below"])
    #expect(inside[0]["trace_id"] == nil && inside[0]["parent_id"] == nil && inside[0]["type"] == nil)
    #expect(found[0]["parent_id"] != nil && found[0]["type"] == nil)
  }

  @Test func whatEndedInAnotherBatchStandsAlone() throws {
    let spans = request().spans
    let early = try documents(SegmentWriter(resource: Resource()), [spans[0], spans[1], spans[2]])
    try #require(early.count == 2)
    #expect(early[1]["name"] == .string("first") && early[1]["type"] == .string("subsegment") && early[1]["parent_id"] != nil)
    #expect(names(early[1]) == ["below"])
    let late = try documents(SegmentWriter(resource: Resource()), [spans[3], spans[4]])
    #expect(late.count == 1 && names(late[0]) == ["second"])
    #expect(early[1]["parent_id"] == late[0]["id"] && early[1]["trace_id"] == late[0]["trace_id"])
  }

  @Test func aDocumentTakesInNoMoreThanItsBound() throws {
    let tracer = Kit.testing(InMemoryExporter()).tracer
    let root = tracer.startSpan("root", context: .topLevel, ofKind: .server)
    var spans: [SpanRecording?] = []
    for number in 0..<100 {
      let span = tracer.startSpan("call \(number)", context: root.context)
      span.attributes["note"] = String(repeating: "n", count: 500)
      span.end()
      spans.append(span.recording)
    }
    root.end()
    let found = try documents(SegmentWriter(resource: Resource()), spans + [root.recording], byteCountMax: 10_000)
    let inside = names(try #require(found.last))
    #expect(inside.count > 5 && inside.count + found.count - 1 == 100)
    #expect(found.dropLast().allSatisfy { $0["type"] == .string("subsegment") && $0["trace_id"] == found.last?["trace_id"] })
  }

  /// Chains deeper than a document is nested, and parents that ended before their children.
  @Test func everySpanIsInExactlyOneDocument() throws {
    let tracer = Kit.testing(InMemoryExporter()).tracer
    var chain = [tracer.startSpan("0", context: .topLevel)]
    for number in 1..<300 { chain.append(tracer.startSpan("\(number)", context: chain[number - 1].context)) }
    for order in [chain, chain.reversed()] {
      order.forEach { $0.end() }
      let batch = WireBatch<XRayMark>()
      let writer = SegmentWriter(resource: Resource())
      for span in order.compactMap({ $0.recording }) { batch.append { writer.write(EndedSpan(span), to: &$0, byteCountMax: 60_000) } }
      let tree = SegmentTree(batch, byteCountMax: 64_000)
      #expect((0..<tree.documentCount).reduce(0) { $0 + tree.spanCount($1) } == 300)
    }
  }

  @Test func datagramsArriveOneByOne() async throws {
    let receiver = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(receiver) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    try unsafe withUnsafeMutablePointer(to: &address) { pointer in
      try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        try #require(unsafe bind(receiver, place, length) == 0)
        try #require(unsafe getsockname(receiver, place, &length) == 0)
      }
    }
    let daemon = try #require(DaemonSocket(address: "127.0.0.1:\(UInt16(bigEndian: address.sin_port))"))
    let tracer = Kit.testing(InMemoryExporter()).tracer
    let writer = SegmentWriter(resource: Resource())
    let batch = WireBatch<XRayMark>()
    for number in 0..<150 {
      let span = tracer.startSpan("work", context: .topLevel)
      span.attributes["note"] = String(repeating: "n", count: number * 7 % 300 + (number == 70 ? 50_000 : 0))
      span.end()
      if let recording = span.recording { batch.append { writer.write(EndedSpan(recording), to: &$0, byteCountMax: 60_000) } }
    }
    let ids = batch.items.map { hexText($0.mark.id) }
    var received: [String] = []
    let lost = await daemon.send(SegmentTree(batch, byteCountMax: 60_000)) { received += self.ids(receiver) }
    received += self.ids(receiver)
    #expect(lost == 0)
    #expect(received == ids)
  }

  /// The ids of the documents that have arrived.
  private func ids(_ receiver: Int32) -> [String] {
    var found: [String] = []
    var bytes = [UInt8](repeating: 0, count: 70_000)
    while true {
      let count = unsafe bytes.withUnsafeMutableBytes { unsafe recv(receiver, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
      guard count > 0 else { return found }
      let parts = bytes[..<count].split(separator: 0x0a, maxSplits: 1)
      guard parts.count == 2, let document = try? JSONValue(parsing: Array(parts[1])), let id = text(document["id"]) else { continue }
      found.append(id)
    }
  }
}
