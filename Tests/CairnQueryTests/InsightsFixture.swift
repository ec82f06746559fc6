// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnColumns
import CairnFormats
import CairnPlan
import CairnQuery
import Testing

/// Log lines as tests of Insights see them: in pieces, with the fields that their JSON has.
enum InsightsFixture {
  /// 2023-08-01 00:00:00 UTC.
  static let start: Int64 = 1_690_848_000

  /// A line `seconds` after the start.
  static func line(_ seconds: Int64, _ message: String, stream: String? = "s1", group: String = "app") -> TestEvent {
    var fields: [String: FieldValue] = [
      FieldName.body: .string(message), FieldName.signalType: .string("log"),
      FieldName.ingestionTime: .integer((start + seconds + 1) * 1_000_000_000),
    ]
    if let stream { fields[FieldName.logStream] = .string(stream) }
    if let json = try? JSONValue(parsing: message) { flatten(json, "", &fields) }
    fields[FieldName.severity] = fields["level"]
    return TestEvent((start + seconds) * 1_000_000_000, fields, dataset: group)
  }

  private static func flatten(_ value: JSONValue, _ path: String, _ fields: inout [String: FieldValue]) {
    let name = LogField.name(ofPath: path)
    switch value {
    case .null: return
    case .string(let text): fields[name] = .string(text)
    case .integer(let number): fields[name] = .integer(number)
    case .double(let number): fields[name] = .float(number)
    case .boolean(let flag): fields[name] = .boolean(flag)
    case .array(let items):
      for (index, item) in items.enumerated() { flatten(item, path.isEmpty ? "\(index)" : "\(path).\(index)", &fields) }
    case .object(let members):
      for member in members { flatten(member.value, path.isEmpty ? member.name : "\(path).\(member.name)", &fields) }
    }
  }

  /// Runs a query over the pieces as the server does; rows as texts joined by `|`, absent values as `-`.
  static func run(
    _ query: String, _ pieces: [any Piece], groups: [String] = ["app"], seconds: Range<Int64> = 0..<3600, pushesDown: Bool = true,
    tables: [String: InsightsTable] = [:], limit: Int = 10_000
  ) async throws -> (names: [String], rows: [String], task: InsightsTask) {
    let program = try InsightsProgram(parsing: query)
    var request = InsightsRequest(
      environment: "default", groups: groups,
      time: TimeRange(
        startUnixNanoseconds: (start + seconds.lowerBound) * 1_000_000_000, endUnixNanoseconds: (start + seconds.upperBound) * 1_000_000_000),
      limit: limit, nowUnixNanoseconds: (start + 7200) * 1_000_000_000, account: "123456789012", known: ["app", "pay", "web"],
      logGroups: ["app", "pay"], tables: tables)
    request.pushesDown = pushesDown
    var task = InsightsTask(program, request)
    try await drive(&task, pieces)
    let rows = task.results.map { (row) in row.texts.map { $0 ?? "-" }.joined(separator: "|") }
    return (program.columns.map(\.name), rows, task)
  }

  static func drive(_ task: inout InsightsTask, _ pieces: [any Piece]) async throws {
    for _ in 0..<10_000 {
      switch task.step {
      case .columns(let scope): task.take(try await patientEngine.columns(scope, pieces: pieces))
      case .run(let plan): task.take(try await patientEngine.run(plan, pieces: pieces))
      case .patterns(let plan): task.take(try await patientEngine.patterns(plan, pieces: pieces))
      case .events(let plan): task.take(try await patientEngine.events(plan, pieces: pieces))
      case .finished: return
      case .failed(let reason): throw InsightsError(reason, 0, 0)
      }
    }
    Issue.record("the task does not end")
  }

  static let lines: [TestEvent] = [
    line(0, #"{"level":"info","status":200,"latency":12.5,"path":"/a","user":{"id":7,"name":"ann"},"ok":true,"tags":["x","y"]}"#),
    line(60, #"{"level":"error","status":500,"latency":250.5,"path":"/b","user":{"id":8,"name":"bob"},"ok":false,"ip":"10.0.0.7"}"#),
    line(
      120, #"{"level":"info","status":200,"latency":20,"path":"/a","user":{"id":7,"name":"ann"},"ok":true,"ip":"192.168.1.9"}"#, stream: "s2"),
    line(300, #"{"level":"warn","status":404,"latency":5,"path":"/c","user":{"id":9,"name":"cy"},"ok":false}"#, stream: "s2"),
    line(360, "[INFO] Request time: 327 ms user=alice, method:GET, latency := 12"),
    line(420, "[ERROR] Request time: 12 ms user=bob, method:PUT, latency := 40"),
    line(
      480, "REPORT RequestId: 8f5-1\tDuration: 1.73 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t"
        + "XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 53995c3f42cd8ad8\tSampled: true"),
    line(600, "START RequestId: 8f5-1 Version: $LATEST", stream: nil),
    line(660, "  padded  ", stream: nil),
    line(30, #"{"id":"p1","order":7,"amount":10}"#, group: "pay"),
    line(90, #"{"id":"p2","order":7,"amount":5}"#, group: "pay"),
    line(95, #"{"id":"p3","order":9,"amount":1}"#, group: "pay"),
  ]
  static let pieces: [any Piece] = [TestPiece(Array(lines[..<5])), TestPiece(Array(lines[5...]))]
}
