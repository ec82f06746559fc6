// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP
import CairnPlan
import Dispatch
import TestSupport
import Testing

@testable import CairnStorage

let testTime: Int64 = 1_700_000_000_000_000_000

/// The decoders as the server wires them.
let testDecoders: [RequestFormat: RequestDecoder] = [
  .otlpTracesProtobuf: { (body, context, batch) throws(DecodeError) in try decodeTraces(body, context, into: &batch) },
  .otlpLogsProtobuf: { (body, context, batch) throws(DecodeError) in try decodeLogs(body, context, into: &batch) },
]

/// Limits so small that a few requests turn, seal and merge.
func smallSettings(headRowCountMax: Int = 50) -> ArchiveSettings {
  var settings = ArchiveSettings()
  settings.headRowCountMax = headRowCountMax
  settings.mergeCount = 3
  settings.segmentRowCountSmall = headRowCountMax * 6
  settings.segmentRowCountMax = headRowCountMax * 12
  settings.sealRowCount = headRowCountMax * 2
  settings.diskReserveByteCount = 0
  settings.retentionDays = 0
  return settings
}

func openArchive(
  _ files: MemoryFiles, _ settings: ArchiveSettings = smallSettings(), now: Int64 = testTime
) throws -> EventArchive {
  try EventArchive(files: files, settings: settings, decoders: testDecoders, wallClock: { now })
}

/// One request of a workload: its body, and the rows that it must become.
struct TestRequest: Sendable {
  var id: Int
  var header: RequestHeader
  var body: [UInt8]
  /// Log records have no identity: sent again they count again.
  var isLog: Bool { header.format == .otlpLogsProtobuf }

  /// The rows as a batch of their own has them, sorted.
  private(set) var expectedRows: [BatchRow] = []

  private mutating func decode() {
    var batch = Batch()
    let context = IntakeContext(environment: header.environment, receivedUnixNanoseconds: header.receivedUnixNanoseconds)
    do throws(DecodeError) {
      _ = try unsafe testDecoders[header.format]?(body.span.bytes, context, &batch)
    } catch {
      Issue.record("a body of the tests does not decode: \(error.message)")
    }
    expectedRows = rows(of: batch).sorted(by: isBefore)
  }

  /// A request of a few spans (or log records) with values of every kind; what it holds follows from `id` and `seed`.
  init(_ id: Int, seed: UInt64 = 1, itemCount: Int? = nil, isLog: Bool = false, time: Int64 = testTime) {
    var generator = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(id))
    self.id = id
    let count = itemCount ?? 1 + generator.below(12)
    let items = (0..<count).map { index in
      isLog ? Self.record(id, index, time, &generator) : Self.span(id, index, time, &generator)
    }
    let service = "service-\(generator.below(3))"
    body = Protobuf.request(resource: [("service.name", .string(service)), ("host.name", .string("h\(id % 5)"))], items: items)
    header = RequestHeader(
      format: isLog ? .otlpLogsProtobuf : .otlpTracesProtobuf, encoding: .identity,
      environment: generator.oneIn(4) ? "test" : "prod",
      receivedUnixNanoseconds: time + Int64(id))
    decode()
  }

  private static func attributes(_ id: Int, _ index: Int, _ generator: inout SeededGenerator) -> [(String, TestValue)] {
    var attributes: [(String, TestValue)] = [
      ("request", .integer(Int64(id))), ("index", .integer(Int64(index))), ("text", .string("text \(id)-\(index)")),
      ("route", .string(["/", "/cart", "/ü", ""][generator.below(4)])), ("ok", .boolean(generator.oneIn(2))),
      ("ratio", .double(Double(generator.below(1000)) / 100)),
      ("noise", .double(Double.random(in: -1e9...1e9, using: &generator))),
      ("wide", .integer(Int64(bitPattern: generator.next()))),
    ]
    if generator.oneIn(3) { attributes.append(("sparse.\(generator.below(4))", .integer(Int64(generator.below(70_000))))) }
    if generator.oneIn(3) { attributes.append(("mixed", generator.oneIn(2) ? .string("a") : .integer(7))) }
    return attributes
  }

  private static func bytes(_ generator: inout SeededGenerator, _ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }

  private static func span(_ id: Int, _ index: Int, _ time: Int64, _ generator: inout SeededGenerator) -> Protobuf {
    let start = UInt64(time) + UInt64(generator.below(1_000_000_000))
    let trace = bytes(&generator, 16)
    let span = bytes(&generator, 8)
    let parent: [UInt8]? = generator.oneIn(2) ? bytes(&generator, 8) : nil
    let attributes = attributes(id, index, &generator)
    return Protobuf {
      $0.data(1, trace)
      $0.data(2, span)
      if let parent { $0.data(4, parent) }
      $0.text(5, "GET /cart")
      $0.fixed64(7, start)
      $0.fixed64(8, start + 2_000_000)
      $0.attributes(9, attributes)
    }
  }

  private static func record(_ id: Int, _ index: Int, _ time: Int64, _ generator: inout SeededGenerator) -> Protobuf {
    let at = UInt64(time) + UInt64(generator.below(1_000_000_000))
    let attributes = attributes(id, index, &generator)
    return Protobuf {
      $0.fixed64(1, at)
      $0.message(5) { $0.text(1, "line \(id)") }
      $0.attributes(6, attributes)
    }
  }
}

extension EventArchive {
  /// Takes a request in and waits until it is on disk; throws where it is refused.
  func ingest(_ request: TestRequest) async throws(IngestError) {
    let outcome = try unsafe accept(request.header, body: request.body.span.bytes)
    try await commit(outcome)
  }

  /// Why a request is refused; nil where it was taken and is on disk.
  func refusal(of request: TestRequest) async -> IngestError? {
    do throws(IngestError) {
      try await ingest(request)
      return nil
    } catch {
      return error
    }
  }

  /// Waits until seals and merges that were asked for are done.
  func settle() {
    for _ in 0..<2 {
      sealQueue.sync {}
      mergeQueue.sync {}
    }
  }

  /// Every event, in no special order.
  func allRows() throws(PieceError) -> [BatchRow] {
    var found: [BatchRow] = []
    for piece in snapshot() { found += try rows(of: piece) }
    return found
  }
}

private func number(_ row: BatchRow) -> Int64 {
  if case .integer(let number) = row.fields[ColumnKey("index", .integer)] { number } else { 0 }
}

/// An order in which equal sets of rows are equal arrays.
func isBefore(_ left: BatchRow, _ right: BatchRow) -> Bool {
  if left.time != right.time { return left.time < right.time }
  return number(left) < number(right)
}

/// All rows of a piece by way of its columns.
func rows(of piece: any Piece) throws(PieceError) -> [BatchRow] {
  var found = [BatchRow](repeating: BatchRow(), count: piece.rowCount)
  for (key, _) in piece.columns {
    guard let column = try piece.column(key) else {
      Issue.record("a listed column is not there: \(key)")
      continue
    }
    for row in found.indices {
      if key == .time {
        found[row].time = column.integer(at: row) ?? 0
      } else if let value = column.value(at: row) {
        found[row].fields[key] = value
      }
    }
  }
  for run in piece.runs {
    for row in run.rows {
      found[row].environment = run.environment
      found[row].dataset = run.dataset
      if found[row].time < run.minimumUnixNanoseconds || found[row].time > run.maximumUnixNanoseconds {
        Issue.record("a row lies outside its run's times")
      }
    }
  }
  return found
}

extension BatchRow {
  init() { self.init(time: 0, environment: "", dataset: "", fields: [:]) }
}

/// What a store holds against what it may and must hold.
struct Ledger {
  /// Every request that was ever sent, by id.
  var sent: [Int: TestRequest] = [:]
  var acknowledged: Set<Int> = []

  /// The faults of a store's rows; none where every acknowledged request is there once and all others once or not at all, unaltered.
  func faults(_ rows: [BatchRow]) -> [String] {
    var byRequest: [Int: [BatchRow]] = [:]
    var faults: [String] = []
    for row in rows {
      guard case .integer(let id) = row.fields[ColumnKey("request", .integer)] else {
        faults.append("a row without its request's number")
        continue
      }
      byRequest[Int(id), default: []].append(row)
    }
    for id in byRequest.keys where sent[id] == nil { faults.append("request \(id) was never sent") }
    for (id, request) in sent {
      guard let found = byRequest[id] else {
        if acknowledged.contains(id) { faults.append("request \(id) was acknowledged and is gone") }
        continue
      }
      let expected = request.expectedRows
      if found.count != expected.count {
        faults.append("request \(id) has \(found.count) rows instead of \(expected.count)")
      } else if found.sorted(by: isBefore) != expected {
        let first = zip(found.sorted(by: isBefore), expected).first { $0 != $1 }
        faults.append("request \(id) was altered: \(first.map { difference($0, $1) } ?? "")")
      }
    }
    return faults.sorted()
  }
}

/// Where two rows differ, in words.
func difference(_ found: BatchRow, _ expected: BatchRow) -> String {
  var parts: [String] = []
  if found.time != expected.time { parts.append("time \(found.time) instead of \(expected.time)") }
  if found.environment != expected.environment || found.dataset != expected.dataset {
    parts.append("in \(found.environment)/\(found.dataset) instead of \(expected.environment)/\(expected.dataset)")
  }
  for key in Set(found.fields.keys).union(expected.fields.keys).sorted() where found.fields[key] != expected.fields[key] {
    parts.append(
      "\(key.name) (\(key.kind)) \(found.fields[key].map { "\($0)" } ?? "-") instead of \(expected.fields[key].map { "\($0)" } ?? "-")"
    )
  }
  return parts.joined(separator: ", ")
}
