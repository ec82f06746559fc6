// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

// What arrives at the daemon's UDP port:
//
//   DATAGRAM := header \n document               header: a JSON object with format "json" (in any case) and version 1
//             | header \n "T1S" base64           spans that were sampled: an ExportTraceServiceRequest in protobuf
//             | header \n "T1U" base64           spans that were not
//
// Source: the AWS X-Ray daemon (daemon.go, tracesegment.go); the OTLP UDP exporter of the AWS Distro for OpenTelemetry.

/// A datagram of the X-Ray daemon's protocol, taken apart.
public enum DaemonDatagram: Sendable, Hashable {
  /// Where the segment document lies.
  case document(Range<Int>)
  /// The bytes of an `ExportTraceServiceRequest`.
  case spans([UInt8])

  /// Why a datagram is not one.
  public enum Refusal: Error, Sendable, Hashable, CaseIterable {
    case noHeader
    case badHeader
    case otherFormat
    case empty
    case badBase64

    public var reason: String {
      switch self {
      case .noHeader: "no header line in front of the document"
      case .badHeader: "the header line is not a JSON object"
      case .otherFormat: "the header does not say format json, version 1"
      case .empty: "no document behind the header line"
      case .badBase64: "the spans behind T1S or T1U are not base64"
      }
    }
  }

  /// Reads a datagram; the header that the last good one had, `known`, needs no second look.
  public init(_ bytes: RawSpan, known: inout [UInt8]) throws(Refusal) {
    guard let line = Self.firstLine(bytes) else { throw .noHeader }
    if !Self.isSame(bytes, line, known) {
      try Self.check(bytes.extracting(0..<line))
      known = (0..<line).map { loadByte(bytes, $0) }
    }
    var start = line + 1
    var end = bytes.byteCount
    while start < end, Self.isSpace(loadByte(bytes, start)) { start += 1 }
    while end > start, Self.isSpace(loadByte(bytes, end - 1)) { end -= 1 }
    guard start < end else { throw .empty }
    if end - start >= 3, loadByte(bytes, start) == 0x54, loadByte(bytes, start + 1) == 0x31 {
      let kind = loadByte(bytes, start + 2)
      if kind == 0x53 || kind == 0x55 {
        guard let decoded = Base64.bytes(of: bytes, start + 3..<end) else { throw .badBase64 }
        self = .spans(decoded)
        return
      }
    }
    self = .document(start..<end)
  }

  private static func firstLine(_ bytes: RawSpan) -> Int? {
    // A header is some thirty bytes; without an end of line among the first 4096 there is none.
    for index in 0..<min(bytes.byteCount, 4096) where loadByte(bytes, index) == 0x0a { return index }
    return nil
  }

  private static func isSame(_ bytes: RawSpan, _ count: Int, _ known: [UInt8]) -> Bool {
    guard known.count == count, count > 0 else { return false }
    for index in 0..<count where loadByte(bytes, index) != known[index] { return false }
    return true
  }

  private static func check(_ header: RawSpan) throws(Refusal) {
    guard let tree = try? JSONValue(parsing: header, depthMax: 8), tree.members != nil else { throw .badHeader }
    guard tree["format"]?.string?.lowercased() == "json", tree["version"]?.integer == 1 else { throw .otherFormat }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 || byte == 0 }
}
