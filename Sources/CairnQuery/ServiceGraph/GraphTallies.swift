// SPDX-License-Identifier: Apache-2.0

/// Tallies by key, found through a hash and kept in an array: adding to one moves nothing.
struct GraphParts: Sendable {
  struct Part: Sendable {
    var tally = CallTally()
    var ages = CallCells()
    var aliases: [UInt32] = []
    var buckets: [Int64: CallTally] = [:]
  }
  var parts: [Part] = []
  private var places = CodeTable()

  var count: Int { parts.count }
  /// In the order in which they came.
  var keys: [UInt64] { places.keys }

  subscript(_ key: UInt64) -> Part? {
    var places = places
    places.isFrozen = true
    let place = places.code(key)
    return place == CodeTable.missing ? nil : parts[Int(place)]
  }

  /// The place of a key's part, made if it is new.
  @inline(__always)
  mutating func place(_ key: UInt64) -> Int {
    let place = Int(places.code(key))
    if place == parts.count { parts.append(Part()) }
    return place
  }

  mutating func absorb(_ others: GraphParts) {
    for (index, key) in others.keys.enumerated() {
      let other = others.parts[index]
      let place = place(key)
      parts[place].tally.absorb(other.tally)
      parts[place].ages.absorb(other.ages)
      for (bucket, tally) in other.buckets { parts[place].buckets[bucket, default: CallTally()].absorb(tally) }
      for alias in other.aliases where !parts[place].aliases.contains(alias) { parts[place].aliases.append(alias) }
    }
  }

  /// Counts a row, in its time bucket too where there is a granularity.
  @inline(__always)
  mutating func add(_ row: borrowing GraphRow, _ key: UInt64, _ granularity: Int64?) {
    let place = place(key)
    parts[place].tally.add(row)
    guard let granularity else { return }
    let bucket = row.start >= 0 ? row.start / granularity : (row.start &- granularity &+ 1) / granularity
    parts[place].buckets[bucket, default: CallTally()].add(row)
  }
}

/// What a graph is made of: nodes by their own account and by their callers', and edges.
struct GraphTallies: Sendable {
  /// The key of an edge is `source << 32 | target`, source 0 for the clients outside; the top bit for queued ones. That of a node its number.
  static let queuedBit: UInt64 = 1 << 63
  static let aliasCountMax = 10

  var own = GraphParts()
  var inferred = GraphParts()
  var edges = GraphParts()
  var roots: Set<UInt32> = []
  var traceCount = 0

  var partCount: Int { own.count + inferred.count + edges.count }

  mutating func absorb(_ other: GraphTallies) {
    own.absorb(other.own)
    inferred.absorb(other.inferred)
    edges.absorb(other.edges)
    roots.formUnion(other.roots)
    traceCount += other.traceCount
  }
}
