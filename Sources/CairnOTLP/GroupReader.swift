// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// What all spans, records or points of one scope share is a group of the batch: it is known by the bytes of its resource and scope (by
// two seeded hashes of 64 bits each of them) and decoded once for each batch, not once for each request.
//
//   Resource*   ResourceSpans, ResourceLogs, ResourceMetrics:   1 resource   2 scopes (repeated)   3 schema_url
//   Scope*      ScopeSpans, ScopeLogs, ScopeMetrics:            1 scope      2 items (repeated)    3 schema_url
//   Resource    1 attributes (repeated)   2 dropped_attributes_count
//   Scope       1 name   2 version   3 attributes (repeated)
//
//   resource attributes   fields of their own names; service.name also names the dataset
//   scope name, version   library.name, library.version; telemetry.instrumentation_library for OpenTelemetry's own
//   scope attributes      fields of their own names, which win over the resource's
//   schema_url            resource.schema_url, scope.schema_url
//
// Where a resource and its scope have too many attributes or one with too long a name, each of their items is rejected.

/// Which of the three signals a body holds.
enum Signal {
  case traces
  case logs
  case metrics

  var name: StaticString {
    switch self {
    case .traces: "trace"
    case .logs: "log"
    case .metrics: "metric"
    }
  }
}

/// The places of the parts of a `Resource*` or `Scope*` message; the items are walked later.
struct Envelope {
  var inner = 0..<0
  var schemaURL = 0..<0
  /// 128 bits that stand for the bytes of `inner` and `schemaURL` within this process.
  private(set) var fingerprint = InlineArray<4, UInt64>(repeating: 0)

  init(_ bytes: RawSpan, _ message: Range<Int>) throws(DecodeError) {
    var position = message.lowerBound
    while position < message.upperBound {
      let tag = try readVarint(bytes, &position, message.upperBound)
      switch tag {
      case 0x0A, 0x1A:
        let count = try readLength(bytes, &position, message.upperBound)
        if tag == 0x0A { inner = position..<position + count } else { schemaURL = position..<position + count }
        position += count
      default: try skipField(bytes, &position, message.upperBound, tag: tag)
      }
    }
    let other = mix(processHashSeed, 0xd6e8_feb8_6659_fd93)
    fingerprint[0] = hashBytes(bytes, inner.lowerBound, inner.count, seed: processHashSeed)
    fingerprint[1] = hashBytes(bytes, inner.lowerBound, inner.count, seed: other)
    fingerprint[2] = hashBytes(bytes, schemaURL.lowerBound, schemaURL.count, seed: processHashSeed)
    fingerprint[3] = hashBytes(bytes, schemaURL.lowerBound, schemaURL.count, seed: other)
  }
}

/// The next length-delimited field with this tag, or nil at the end of the message; other fields are skipped.
@inline(__always)
func nextMessage(_ bytes: RawSpan, _ position: inout Int, _ end: Int, tag wanted: UInt64) throws(DecodeError) -> Range<Int>? {
  while position < end {
    let tag = try readVarint(bytes, &position, end)
    guard tag == wanted else { try skipField(bytes, &position, end, tag: tag); continue }
    let count = try readLength(bytes, &position, end)
    let start = position
    position &+= count
    return start..<position
  }
  return nil
}

/// Finds or makes the group of a resource and a scope.
struct GroupReader {
  let signal: Signal
  let context: IntakeContext
  private var key: [UInt8] = []
  private let prefix: [UInt8]
  /// How many bytes of resources and scopes may still be made groups: a resource is read again for each of its scopes, and a body that
  /// repeats a large one for thousands of scopes would cost far more than its size.
  private var bytesLeft: Int

  init(signal: Signal, context: IntakeContext, bodyByteCount: Int) {
    self.signal = signal
    self.context = context
    bytesLeft = 1_048_576 + 16 * bodyByteCount
    prefix = Array("\(signal.name)\0\(context.environment)\0\(context.datasetHint)\0".utf8)
  }

  mutating func group(
    _ bytes: RawSpan, resource: Envelope, scope: Envelope, _ batch: inout Batch
  ) throws(DecodeError) -> GroupIndex {
    key.removeAll(keepingCapacity: true)
    key.append(contentsOf: prefix)
    // Not the bytes themselves: a large resource with many scopes would be copied for each of them.
    unsafe withUnsafeBytes(of: resource.fingerprint) { unsafe key.append(contentsOf: $0) }
    unsafe withUnsafeBytes(of: scope.fingerprint) { unsafe key.append(contentsOf: $0) }
    if let known = unsafe batch.group(knownBy: key.span.bytes, 0, key.count) { return known }
    unsafe batch.beginGroup(knownBy: key.span.bytes, 0, key.count)
    return try make(bytes, resource: resource, scope: scope, &batch)
  }

  private mutating func make(
    _ bytes: RawSpan, resource: Envelope, scope: Envelope, _ batch: inout Batch
  ) throws(DecodeError) -> GroupIndex {
    bytesLeft -= resource.inner.count + scope.inner.count
    guard bytesLeft >= 0 else { throw DecodeError(.value("too many scopes repeat a large resource"), at: resource.inner.lowerBound) }
    var state = EventState()
    var serviceName = ""
    batch.set(FieldName.signalType, text: "\(signal.name)")
    if !resource.schemaURL.isEmpty { try set(FieldName.resourceSchemaURL, bytes, resource.schemaURL, &batch) }
    var position = resource.inner.lowerBound
    while let attribute = try nextMessage(bytes, &position, resource.inner.upperBound, tag: 0x0A) {
      try readAttribute(bytes, attribute.lowerBound, attribute.upperBound, &batch, &state)
      if let name = try self.serviceName(bytes, attribute) { serviceName = name }
    }
    try readScope(bytes, scope, &batch, &state)
    let sampleRate = UInt64(clamping: state.sampleRate)
    let flags = GroupFlags(ownColumnsSet: state.ownColumnsSet, sampleRate: sampleRate, isRefused: state.refusal != nil)
    return batch.endGroup(
      environment: context.environment, dataset: dataset(serviceName: serviceName), flags: flags.word)
  }

  private func readScope(
    _ bytes: RawSpan, _ scope: Envelope, _ batch: inout Batch, _ state: inout EventState
  ) throws(DecodeError) {
    if !scope.schemaURL.isEmpty { try set(FieldName.scopeSchemaURL, bytes, scope.schemaURL, &batch) }
    var position = scope.inner.lowerBound
    let end = scope.inner.upperBound
    while position < end {
      let tag = try readVarint(bytes, &position, end)
      switch tag {
      case 0x0A, 0x12, 0x1A:
        let count = try readLength(bytes, &position, end)
        let range = position..<position + count
        position += count
        if tag == 0x1A {
          try readAttribute(bytes, range.lowerBound, range.upperBound, &batch, &state)
        } else if count > 0 {
          try set(tag == 0x0A ? FieldName.libraryName : FieldName.libraryVersion, bytes, range, &batch)
          if tag == 0x0A, isInstrumentationLibrary(text(bytes, range)) {
            batch.set("telemetry.instrumentation_library", boolean: true)
          }
        }
      default: try skipField(bytes, &position, end, tag: tag)
      }
    }
  }

  private func set(_ name: String, _ bytes: RawSpan, _ range: Range<Int>, _ batch: inout Batch) throws(DecodeError) {
    guard let column = batch.column(name, .string) else { throw DecodeError(.tooManyFields, at: range.lowerBound) }
    try setText(column, bytes, range, &batch)
  }

  /// The value of the attribute if it is `service.name` and text.
  private func serviceName(_ bytes: RawSpan, _ attribute: Range<Int>) throws(DecodeError) -> String? {
    let pair = try readPair(bytes, attribute.lowerBound, attribute.upperBound)
    guard let key = pair.key, let value = pair.value, isText(bytes, key, "service.name") else { return nil }
    let any = try AnyValue(bytes, value)
    return any.form == .string ? text(bytes, any.range) : nil
  }

  /// The dataset of a resource's items.
  func dataset(_ bytes: RawSpan, _ resource: Envelope) throws(DecodeError) -> String {
    var name = ""
    var position = resource.inner.lowerBound
    while let attribute = try nextMessage(bytes, &position, resource.inner.upperBound, tag: 0x0A) {
      name = try serviceName(bytes, attribute) ?? name
    }
    return dataset(serviceName: name)
  }

  /// Source: Honeycomb. Traces go to the service's dataset whatever the header says; logs to the service's if it has a real name,
  /// else to the header's; metrics to the header's first.
  func dataset(serviceName: String) -> String {
    let trimmed = String(serviceName.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    let service = trimmed.hasPrefix("unknown_service") ? "" : trimmed
    let hint = context.datasetHint
    switch signal {
    case .traces: return service.isEmpty ? "unknown_service" : service
    case .logs: return !service.isEmpty ? service : hint.isEmpty ? "unknown_log_source" : hint
    case .metrics: return !hint.isEmpty ? hint : service.isEmpty ? "unknown_metrics" : service
    }
  }
}

/// What a group tells the reader of its items, packed into the batch's word for it.
struct GroupFlags {
  /// The bits of own columns that the resource or scope has set: those win over the item's own base fields.
  var ownColumnsSet: UInt64
  /// From a resource or scope attribute, else 0; at most 2²⁴ - 1.
  var sampleRate: UInt64
  /// The group cannot be kept, and so none of its items can.
  var isRefused: Bool

  init(ownColumnsSet: UInt64, sampleRate: UInt64, isRefused: Bool) {
    self.ownColumnsSet = ownColumnsSet & (1 << UInt64(Batch.watchCountMax) - 1)
    self.sampleRate = min(sampleRate, 0xff_ffff)
    self.isRefused = isRefused
  }

  init(word: UInt64) {
    self.init(ownColumnsSet: word, sampleRate: word >> 40, isRefused: word >> 39 & 1 == 1)
  }

  var word: UInt64 { ownColumnsSet | (isRefused ? 1 << 39 : 0) | sampleRate << 40 }

  static let refusal: StaticText = "the resource and scope have more than 2,000 attributes, or one with too long a name"
}

private func isInstrumentationLibrary(_ name: String) -> Bool {
  let prefixes = [
    "io.opentelemetry.", "opentelemetry.instrumentation", "@opentelemetry/instrumentation", "go.opentelemetry.io/contrib/",
    "OpenTelemetry.Instrumentation", "OpenTelemetry::Instrumentation", "OpenTelemetry.AutoInstrumentation",
    "OpentelemetryPhoenix", "OpentelemetryEcto", "OpentelemetryCowboy",
  ]
  return prefixes.contains { name.hasPrefix($0) }
}
