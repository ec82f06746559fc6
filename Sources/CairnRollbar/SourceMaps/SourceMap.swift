// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

// {"version": 3, "sources": […], "names": […], "sourcesContent": […], "sourceRoot": "…", "mappings": "AAAA,CAAC;…"}
// {"version": 3, "sections": [{"offset": {"line", "column"}, "map": {…}}, …]}
//
// mappings := LINE (";" LINE)*      LINE := SEGMENT ("," SEGMENT)*      one line of the generated file each
// SEGMENT  := column [source line column [name]]      base 64 VLQ, each the difference to the one before; the column begins anew each line
//
// Source: the source map specification (ECMA-426).

/// Where each place of a generated file came from.
public struct SourceMap: Sendable {
  public struct Fault: Error, Sendable, Hashable {
    public var reason: String
  }
  /// A place in a source; line and column from 1.
  public struct Position: Sendable, Hashable {
    public var source: String
    public var line: Int
    public var column: Int
    /// The name that stood there, empty where the map has none.
    public var name: String
    var sourceIndex: Int
  }
  private struct Segment {
    var column: Int32
    var source: Int32
    var sourceLine: Int32
    var sourceColumn: Int32
    var name: Int32
  }
  private var segments: [Segment] = []
  /// The first segment of each generated line.
  private var lineStarts: [Int] = []
  private var sources: [String] = []
  private var names: [String] = []
  private var contents: [String?] = []

  public static let segmentCountMax = 4_000_000

  public init(_ json: JSONValue) throws(Fault) {
    guard json.members != nil else { throw Fault(reason: "the source map is not a JSON object") }
    if let sections = json["sections"]?.array {
      for section in sections {
        guard let map = section["map"], let line = section["offset"]?["line"]?.integer, let column = section["offset"]?["column"]?.integer,
          (0...10_000_000).contains(line), (0...Int64(Int32.max / 2)).contains(column)
        else { throw Fault(reason: "a section has no offset or no map") }
        try add(map, line: Int(line), column: Int32(column))
      }
    } else {
      try add(json, line: 0, column: 0)
    }
    guard !segments.isEmpty else { throw Fault(reason: "the source map has no mappings") }
  }

  private mutating func add(_ json: JSONValue, line: Int, column: Int32) throws(Fault) {
    guard json["version"]?.integer == 3, let mappings = json["mappings"]?.string, let listed = json["sources"]?.array else {
      throw Fault(reason: "the source map must have version 3, sources and mappings")
    }
    let root = json["sourceRoot"]?.string ?? ""
    let texts = json["sourcesContent"]?.array ?? []
    let (firstSource, firstName) = (Int32(sources.count), Int32(names.count))
    for (index, source) in listed.enumerated() {
      let name = source.string ?? "(unknown)"
      sources.append(root.isEmpty || name.contains("://") || name.hasPrefix("/") ? name : root + (root.hasSuffix("/") ? "" : "/") + name)
      contents.append(index < texts.count ? texts[index].string : nil)
    }
    names += (json["names"]?.array ?? []).map { $0.string ?? "" }
    while lineStarts.count < line { lineStarts.append(segments.count) }
    var mapping = MappingReader(mappings, sourceCount: Int32(listed.count), nameCount: Int32(names.count) - firstName)
    var isFirstLine = true
    var isLineOpen = lineStarts.count > line
    while let step = try mapping.next() {
      switch step {
      case .line:
        if !isLineOpen { lineStarts.append(segments.count) }
        (isFirstLine, isLineOpen) = (false, false)
      case .segment(let own, let source, let sourceLine, let sourceColumn, let name):
        if !isLineOpen {
          lineStarts.append(segments.count)
          isLineOpen = true
        }
        guard segments.count < Self.segmentCountMax else { throw Fault(reason: "the source map has too many mappings") }
        segments.append(
          Segment(
            column: isFirstLine ? own &+ column : own, source: source < 0 ? -1 : source + firstSource, sourceLine: sourceLine,
            sourceColumn: sourceColumn, name: name < 0 ? -1 : name + firstName))
      }
    }
    if !isLineOpen { lineStarts.append(segments.count) }
  }

  /// About the bytes of memory held.
  public var byteCount: Int {
    segments.count * 20 + lineStarts.count * 8 + sources.reduce(0) { $0 + $1.utf8.count + 32 } + names.reduce(0) { $0 + $1.utf8.count + 32 }
      + contents.reduce(0) { $0 + ($1?.utf8.count ?? 0) + 16 }
  }

  /// Where a place of the generated file came from; line and column from 1. O(log segments of the line).
  public func position(line: Int, column: Int) -> Position? {
    guard line >= 1, line <= lineStarts.count, column >= 1 else { return nil }
    let first = lineStarts[line - 1]
    let end = line < lineStarts.count ? lineStarts[line] : segments.count
    var (low, high) = (first, end)
    while low < high {
      let middle = (low + high) / 2
      if Int(segments[middle].column) <= column - 1 { low = middle + 1 } else { high = middle }
    }
    guard low > first else { return nil }
    let segment = segments[low - 1]
    guard segment.source >= 0 else { return nil }
    return Position(
      source: sources[Int(segment.source)], line: Int(segment.sourceLine) + 1, column: Int(segment.sourceColumn) + 1,
      name: segment.name < 0 ? "" : names[Int(segment.name)], sourceIndex: Int(segment.source))
  }

  /// The line of a place with those around it; nil where the map holds no text of the source.
  public func context(_ position: Position, count: Int = 4) -> (before: [String], line: String, behind: [String])? {
    guard let text = contents[position.sourceIndex] else { return nil }
    let lines = text.split(separator: "\n", maxSplits: position.line + count, omittingEmptySubsequences: false)
    let place = position.line - 1
    guard lines.indices.contains(place) else { return nil }
    let cut = { (line: Substring) in String(line.prefix(300)) }
    let behind = lines[(place + 1)...].prefix(count)
    return (lines[max(0, place - count)..<place].map(cut), cut(lines[place]), behind.map(cut))
  }
}

/// Reads `mappings` step by step.
private struct MappingReader {
  enum Step {
    case line
    case segment(Int32, source: Int32, line: Int32, column: Int32, name: Int32)
  }
  private let bytes: [UInt8]
  private let sourceCount: Int32
  private let nameCount: Int32
  private var offset = 0
  private var column: Int32 = 0
  private var source: Int32 = 0
  private var sourceLine: Int32 = 0
  private var sourceColumn: Int32 = 0
  private var name: Int32 = 0

  init(_ text: String, sourceCount: Int32, nameCount: Int32) {
    bytes = Array(text.utf8)
    self.sourceCount = sourceCount
    self.nameCount = nameCount
  }

  mutating func next() throws(SourceMap.Fault) -> Step? {
    while offset < bytes.count, bytes[offset] == 0x2C { offset += 1 }
    guard offset < bytes.count else { return nil }
    if bytes[offset] == 0x3B {
      offset += 1
      column = 0
      return .line
    }
    column = try sum(column)
    guard isInside else { return .segment(column, source: -1, line: 0, column: 0, name: -1) }
    source = try sum(source)
    sourceLine = try sum(sourceLine)
    sourceColumn = try sum(sourceColumn)
    guard (0..<sourceCount).contains(source), sourceLine >= 0, sourceColumn >= 0 else {
      throw SourceMap.Fault(reason: "a mapping leads outside the sources")
    }
    guard isInside else { return .segment(column, source: source, line: sourceLine, column: sourceColumn, name: -1) }
    name = try sum(name)
    guard (0..<nameCount).contains(name) else { throw SourceMap.Fault(reason: "a mapping leads outside the names") }
    return .segment(column, source: source, line: sourceLine, column: sourceColumn, name: name)
  }

  /// The segment goes on.
  private var isInside: Bool { offset < bytes.count && bytes[offset] != 0x2C && bytes[offset] != 0x3B }

  private mutating func sum(_ value: Int32) throws(SourceMap.Fault) -> Int32 {
    let (sum, overflow) = value.addingReportingOverflow(try number())
    guard !overflow else { throw SourceMap.Fault(reason: "a mapping's number is too large") }
    return sum
  }

  private mutating func number() throws(SourceMap.Fault) -> Int32 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard offset < bytes.count, let digit = Self.digit(bytes[offset]), shift < 35 else {
        throw SourceMap.Fault(reason: "the mappings are no base 64 VLQ")
      }
      offset += 1
      value |= UInt64(digit & 31) << shift
      shift += 5
      if digit & 32 == 0 { break }
    }
    guard let magnitude = Int32(exactly: value >> 1) else { throw SourceMap.Fault(reason: "a mapping's number is too large") }
    return value & 1 == 0 ? magnitude : -magnitude
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 65...90: byte - 65
    case 97...122: byte - 71
    case 48...57: byte + 4
    case 43: 62
    case 47: 63
    default: nil
    }
  }
}
