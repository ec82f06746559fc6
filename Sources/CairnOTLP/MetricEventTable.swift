// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// An event that metric points make together.
struct MetricEvent {
  var second: Int64
  var firstPoint: Int
  var lastPoint: Int
  var pointCount = 1
}

/// The points of one scope, sorted into events by second and attributes.
///
/// Points of an event are chained through `MetricPoint.next`. Attributes are compared as bytes, in an order of their own, so that two
/// points that list the same ones differently meet. Cost: O(attributes log attributes) a point.
struct MetricEventTable: ~Copyable {
  private(set) var events: [MetricEvent] = []
  private(set) var points: [MetricPoint] = []
  private var keys = ByteInterner(slotCount: 64, arenaByteCount: 4096)
  private var names = ByteInterner(slotCount: 64, arenaByteCount: 1024)
  /// For each key the events that share it: more than one where a metric has several points in the second.
  private var eventsOfKey: [[Int]] = []
  /// How many points of a metric name a key has had: name code << 32 | key code.
  private var occurrences: [UInt64: Int] = [:]
  private var key: [UInt8] = []
  private var order: [HashedRange] = []

  private struct HashedRange {
    var hash: UInt64
    var range: Range<Int>
  }

  init() {}

  /// Starts with a new scope. What a large scope made grow is given back: emptying it for each small one after it would cost more.
  mutating func removeAll() {
    let isSmall = keys.count <= 1_000 && names.count <= 1_000 && occurrences.count <= 1_000
    events.removeAll(keepingCapacity: true)
    points.removeAll(keepingCapacity: true)
    eventsOfKey.removeAll(keepingCapacity: true)
    occurrences.removeAll(keepingCapacity: isSmall)
    guard !isSmall else {
      keys.truncate(to: 0)
      return names.truncate(to: 0)
    }
    keys = ByteInterner(slotCount: 64, arenaByteCount: 4096)
    names = ByteInterner(slotCount: 64, arenaByteCount: 1024)
  }

  /// A number for a metric's name.
  mutating func nameCode(_ bytes: RawSpan, _ name: Range<Int>) -> UInt32 { names.intern(bytes, name.lowerBound, name.count) }

  /// Adds a point to the first event of its second and attributes that has no point of its metric yet, or to a new one.
  mutating func add(_ point: MetricPoint, second: Int64, attributes: [Range<Int>], nameCode: UInt32, _ bytes: RawSpan) {
    let keyCode = Int(code(second, attributes, bytes))
    let identity = UInt64(nameCode) << 32 | UInt64(keyCode)
    let ordinal = occurrences[identity, default: 0]
    occurrences[identity] = ordinal + 1
    let pointIndex = points.count
    points.append(point)
    if keyCode == eventsOfKey.count { eventsOfKey.append([]) }
    guard ordinal < eventsOfKey[keyCode].count else {
      eventsOfKey[keyCode].append(events.count)
      events.append(MetricEvent(second: second, firstPoint: pointIndex, lastPoint: pointIndex))
      return
    }
    let event = eventsOfKey[keyCode][ordinal]
    points[events[event].lastPoint].next = pointIndex
    events[event].lastPoint = pointIndex
    events[event].pointCount += 1
  }

  private mutating func code(_ second: Int64, _ attributes: [Range<Int>], _ bytes: RawSpan) -> UInt32 {
    order.removeAll(keepingCapacity: true)
    for range in attributes {
      order.append(HashedRange(hash: hashBytes(bytes, range.lowerBound, range.count, seed: processHashSeed), range: range))
    }
    if order.count > 1 { order.sort { $0.hash < $1.hash } }
    // Taken out for a moment: a span of it may not lie in what is changed.
    var key: [UInt8] = []
    swap(&key, &self.key)
    defer { swap(&key, &self.key) }
    key.removeAll(keepingCapacity: true)
    unsafe withUnsafeBytes(of: second) { unsafe key.append(contentsOf: $0) }
    for item in order {
      unsafe withUnsafeBytes(of: UInt32(truncatingIfNeeded: item.range.count)) { unsafe key.append(contentsOf: $0) }
      unsafe bytes.extracting(item.range).withUnsafeBytes { unsafe key.append(contentsOf: $0) }
    }
    return unsafe keys.intern(key.span.bytes, 0, key.count)
  }
}
