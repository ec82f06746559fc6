// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCloudWatch
import CairnColumns
import TestSupport
import Testing

/// Lines as rows: the table of `LogField`, row by row.
@Suite struct LogBatchTests {
  static let context = IntakeContext(environment: "test", receivedUnixNanoseconds: 1_800_000_000_000_000_000)

  static func batch(_ lines: [String], entity: String = "") -> LogBatch {
    var batch = LogBatch(group: "/g", stream: "s")
    batch.entity = entity
    batch.sequence = 1_800_000_000_000_000_123
    for (index, line) in lines.enumerated() {
      batch.append(timeUnixMilliseconds: 1_700_000_000_000 + Int64(index), message: Array(line.utf8))
    }
    return batch
  }

  static func rows(_ lines: [String], entity: String = "") throws -> [BatchRow] {
    var events = Batch()
    let bytes = batch(lines, entity: entity).encoded()
    let verdict = try unsafe decodeLogBatch(bytes.span.bytes, context, into: &events)
    #expect(verdict.acceptedCount == lines.count)
    return TestSupport.rows(of: events)
  }

  static func row(_ line: String) throws -> BatchRow { try #require(try rows([line]).first) }

  @Test func aLineIsAnEvent() throws {
    let rows = try Self.rows(["one", "two"], entity: #"{"keyAttributes": {"Name": "shop"}, "attributes": {"Zone": "a"}}"#)
    #expect(rows.map(\.time) == [1_700_000_000_000_000_000, 1_700_000_000_001_000_000])
    #expect(rows[1].dataset == "/g")
    #expect(rows[1]["body"] == .string("two"))
    #expect(rows[1]["log.stream"] == .string("s"))
    #expect(rows[1]["meta.signal_type"] == .string("log"))
    #expect(rows[1]["meta.ingestion_time_ns"] == .integer(1_800_000_000_000_000_124))
    #expect(rows[1]["@entity.KeyAttributes.Name"] == .string("shop"))
    #expect(rows[1]["@entity.Attributes.Zone"] == .string("a"))
  }

  /// What Lambda's Python runtime writes of what nobody caught: the exception before its trace, lines of either end, no-break spaces.
  @Test(arguments: ["\n", "\r"], [" ", "\u{a0}"]) func lambdasErrorsAreExceptions(_ end: String, _ space: String) throws {
    let indent = space + space
    let row = try Self.row(
      ["[ERROR] KeyError: 'id'", "Traceback (most recent call last):", indent + #"File "/var/task/shop.py", line 4, in handler"#, indent + indent + "pay(event)"]
        .joined(separator: end))
    #expect(row["exception.type"] == .string("KeyError") && row["exception.message"] == .string("'id'"))
    #expect(
      row["exception.stacktrace"]
        == .string(
          "Traceback (most recent call last):\n  File \"/var/task/shop.py\", line 4, in handler\n    pay(event)\nKeyError: 'id'"))
  }

  /// The same where the function's log format is JSON: Python's, Node's below `message`, and a function that ran out of time.
  @Test func lambdasErrorsInJSONAreExceptions() throws {
    let python = try Self.row(
      #"{"level":"ERROR","errorType":"KeyError","errorMessage":"'id'","stackTrace":["  File \"/var/task/shop.py\", line 4, in handler\n    pay(event)\n"],"requestId":"r"}"#)
    #expect(python["exception.type"] == .string("KeyError") && python["exception.message"] == .string("'id'") && python["severity"] == .string("error"))
    #expect(
      python["exception.stacktrace"]
        == .string("Traceback (most recent call last):\n  File \"/var/task/shop.py\", line 4, in handler\n    pay(event)\nKeyError: 'id'"))
    let node = try Self.row(
      #"{"level":"ERROR","message":{"errorType":"TypeError","errorMessage":"no id","stackTrace":["TypeError: no id","    at pay (/var/task/index.js:3:9)"]}}"#)
    #expect(node["exception.stacktrace"] == .string("TypeError: no id\n    at pay (/var/task/index.js:3:9)"))
    let late = try Self.row(#"{"errorType":"Sandbox.Timedout","errorMessage":"Task timed out after 3.00 seconds"}"#)
    #expect(late["exception.type"] == .string("Sandbox.Timedout") && late["exception.stacktrace"] == .string("Sandbox.Timedout: Task timed out after 3.00 seconds"))
    for line in [#"{"errorType":"KeyError"}"#, #"{"errorMessage":"no"}"#, #"{"stackTrace":["a","b"]}"#] { #expect(try Self.row(line)["exception.type"] == nil) }
  }

  @Test func aTraceOfWindowsIsOne() throws {
    let row = try Self.row("System.ArgumentException: no\r\n   at Shop.Pay.Run(String id) in C:\\shop\\Pay.cs:line 12\r\n   at Shop.Main()\r\n")
    #expect(row["exception.type"] == .string("System.ArgumentException") && row["exception.message"] == .string("no"))
  }

  @Test func aTraceIDMayHaveAUUIDsForm() throws {
    let row = try Self.row(#"{"traceId": "0af76519-16cd-43dd-8448-eb211c80319c"}"#)
    #expect(row["trace.trace_id"] != nil)
    #expect(row["trace.trace_id"] == (try Self.row(#"{"traceId": "0af7651916cd43dd8448eb211c80319c"}"#))["trace.trace_id"])
  }

  @Test func leavesOfJSONAreFields() throws {
    let row = try Self.row(
      #" {"a": {"b": 1, "c": [true, {"d": "x"}, 2.5, null]}, "big": 18446744073709551615, "body": "mine", "e\u0301": "é", "meta.x": 1, "n": null} "#
    )
    #expect(row["a.b"] == .integer(1))
    #expect(row["a.c.0"] == .boolean(true))
    #expect(row["a.c.1.d"] == .string("x"))
    #expect(row["a.c.2"] == .float(2.5))
    #expect(row["a.c.3"] == nil)
    #expect(row["big"] == .float(0x1p64))
    #expect(row["body (field)"] == .string("mine"))
    #expect(row["meta.x (field)"] == .integer(1))
    #expect(row["e\u{301}"] == .string("é"))
    #expect(row["n"] == nil)
  }

  @Test(arguments: [#"{"a": 1} x"#, #"{"a": 1"#, "[1, 2]", "{}", "plain", #"{"a": }"#, "{"])
  func whatIsNoObjectHasNoFields(_ line: String) throws {
    let row = try Self.row(line)
    #expect(row["a"] == nil && row["body"] == .string(line))
  }

  @Test func fieldsOfALineAreBounded() throws {
    let many = "{" + (0..<300).map { #""k\#($0)": \#($0)"# }.joined(separator: ",") + "}"
    #expect(try Self.row(many).names.filter { $0.hasPrefix("k") }.count == 200)
    let deep = String(repeating: #"{"a":"#, count: 100) + "1" + String(repeating: "}", count: 100)
    #expect(try Self.row(deep)["body"] == .string(deep))
    let long = #"{"\#(String(repeating: "x", count: 2_000))": 1, "y": 2}"#
    #expect(try Self.row(long)["y"] == .integer(2))
  }

  @Test func theFirstOfRepeatedNamesCounts() throws {
    #expect(try Self.row(#"{"a": 1, "a": 2, "a": "x"}"#)["a"] != nil)
    #expect(try Self.row(#"{"a": 1, "a": 2}"#)["a"] == .integer(1))
  }

  @Test(arguments: [
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8", "START trace 1-5759e988-bd862e3fe1be46a994272793",
    "traceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01", "x trace_id=5759e988bd862e3fe1be46a994272793 y",
    "traceId: \"5759e988bd862e3fe1be46a994272793\"", "[trace.id=5759E988BD862E3FE1BE46A994272793]",
    #"{"trace_id": "5759e988bd862e3fe1be46a994272793"}"#, #"{"traceId": "1-5759e988-bd862e3fe1be46a994272793"}"#,
    #"{"ctx": {"xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793"}}"#,
    #"{"trace": {"id": "5759e988bd862e3fe1be46a994272793"}}"#,
    #"{"traceparent": "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"}"#,
    "REPORT RequestId: 8f507cfc-xmpl-4697 Duration: 1 ms\tXRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 1",
  ]) func findsTheTrace(_ line: String) throws {
    let row = try Self.row(line)
    #expect(row["trace.trace_id"] == .string("5759e988bd862e3fe1be46a994272793"))
    #expect(row["meta.annotation_type"] == .string("span_event"))
  }

  @Test(arguments: [
    "1-5759e988-bd862e3fe1be46a99427279", "a1-5759e988-bd862e3fe1be46a994272793", "id=5759e988bd862e3fe1be46a994272793",
    "8f507cfc-4697-4bd8-8a5a-a3b1c2d3e4f5", "trace_id=5759e988bd862e3fe1be46a9942727931", #"{"trace_id": "none"}"#, "trace_id=",
    "1-", "00-",
    "trace_id=00000000000000000000000000000000",
  ]) func findsNoTrace(_ line: String) throws { #expect(try Self.row(line)["trace.trace_id"] == nil) }

  @Test(arguments: [
    ("2026-11-26T04:00:00Z ERROR no room", "error"), ("[WARN] x", "warn"), ("INFO:app:hello", "info"),
    ("level=debug msg=x", "debug"),
    ("ts=1 level=\"fatal\" x", "fatal"), (#"{"level": "warning"}"#, "warn"), (#"{"severity": "CRITICAL"}"#, "fatal"),
    (#"{"level": 50}"#, "error"), (#"{"levelname": "INFO"}"#, "info"), ("2026/11/26 04:00:00 NOTICE x", "info"),
  ]) func findsTheLevel(_ line: String, _ level: String) throws { #expect(try Self.row(line)["severity"] == .string(level)) }

  @Test(arguments: ["INFORMATION overload", "no ERRORS", "errors", "", #"{"level": "x"}"#]) func findsNoLevel(
    _ line: String
  ) throws {
    #expect(try Self.row(line)["severity"] == nil)
  }

  @Test func findsTheExceptionInALine() throws {
    let trace = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nKeyError: 'x'"
    let row = try Self.row("ERROR it broke\n" + trace)
    #expect(row["exception.type"] == .string("KeyError"))
    #expect(row["exception.message"] == .string("'x'"))
    #expect(row["exception.stacktrace"] == .string(trace))
    let json = try Self.row(
      #"{"level": "error", "exc_info": "Traceback (most recent call last):\n  File \"a.py\"\nValueError: no"}"#)
    #expect(json["exception.type"] == .string("ValueError"))
  }

  @Test func changedBodiesNeverTrap() {
    let lines = [
      "plain ERROR Root=1-5759e988-bd862e3fe1be46a994272793",
      #"{"a": {"b": [1, "x"]}, "trace_id": "5759e988bd862e3fe1be46a994272793"}"#, "x\n  at f (a.js:1)\n",
    ]
    let mutants = Mutants(of: [Self.batch(lines, entity: #"{"keyAttributes": {"a": "b"}}"#).encoded()])
    let report = mutants.feed(context: Self.context) { (body, context, batch) throws(DecodeError) in
      try decodeLogBatch(body, context, into: &batch)
    }
    #expect(report.faults.isEmpty, "seed \(mutants.seed)")
    #expect(report.takenCount > 100, "the changes leave some bodies whole")
  }
}

@Suite struct StackTraceTests {
  @Test(arguments: [
    (
      "Exception in thread \"main\" java.lang.IllegalStateException: A book has a null property\n\tat com.example.Author.get(Author.java:38)\n\tat com.example.Bootstrap.main(Bootstrap.java:14)\nCaused by: java.lang.NullPointerException\n\tat com.example.Book.id(Book.java:22)\n\t... 1 more\nnext line",
      "java.lang.IllegalStateException", "A book has a null property", 6
    ),
    (
      "TypeError: Cannot read properties of undefined (reading 'x')\n    at f (/app/a.js:1:2)\n    at async /app/b.js:3:4",
      "TypeError",
      "Cannot read properties of undefined (reading 'x')", 3
    ),
    (
      "2026-11-26T00:00:00Z\tid\tERROR\tInvoke Error Error: no\n    at exports.handler (index.js:2:9)", "Error", "no", 2
    ),
    (
      "panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:8 +0x1d",
      "panic", "runtime error: index out of range [5] with length 3", 5
    ),
    (
      "app/main.swift:3: Fatal error: Index out of range\nCurrent stack trace:\n0  libswiftCore.so 0x1 _swift_stdlib_reportFatalErrorInFile + 112",
      "Fatal error", "Index out of range", 3
    ),
    ("Traceback (most recent call last):\n  File \"a.py\", line 2\n    x\nmodule.CustomError", "module.CustomError", "", 4),
  ]) func readsTraces(_ text: String, _ type: String, _ message: String, _ lineCount: Int) throws {
    let trace = try #require(StackTrace.find(in: text))
    #expect(trace.type == type)
    #expect(trace.message == message)
    #expect(trace.text.split(separator: "\n", omittingEmptySubsequences: false).count == lineCount)
  }

  @Test(arguments: [
    "", "one line", "two\nlines", "Error: x\nno frames", "hello\n  at noon", "panic: x\ny",
    "Traceback (most recent call last):\n  File",
  ])
  func findsNone(_ text: String) { #expect(StackTrace.find(in: text) == nil) }
}
