// SPDX-License-Identifier: Apache-2.0

/// One span on its way into a graph: 56 bytes, all that the join of parents and children looks at.
struct GraphRow: Sendable {
  static let entry: UInt16 = 1
  static let call: UInt16 = 2
  static let queued: UInt16 = 4
  static let fault: UInt16 = 8
  static let throttle: UInt16 = 16
  static let error: UInt16 = 32
  static let partial: UInt16 = 64
  /// Starts inside the question's time.
  static let counted: UInt16 = 128
  /// Another row tells the same span better.
  static let dropped: UInt16 = 256
  /// Someone's entry answers this call.
  static let answered: UInt16 = 512
  /// Work inside the request of the row above.
  static let inner: UInt16 = 1024
  /// A service's account of a request, as the join found.
  static let isEntry: UInt16 = 2048
  /// Of the forms that one span came in, the one that counts.
  static let preferred: UInt16 = 4096
  static let anyOutcome = fault | throttle | error

  var span: UInt64
  /// 0 where the span has none.
  var parent: UInt64
  var start: Int64
  /// -1 where its end is not known.
  var nanoseconds: Int64
  /// Numbers of identities: its own service, the same without its type, and what it calls (0 where nothing tells).
  var node: UInt32
  var service: UInt32 = 0
  var callee: UInt32
  var weight: UInt32
  /// The code of its trace.
  var trace: UInt32
  var flags: UInt16

  var end: Int64 {
    let (end, overflow) = start.addingReportingOverflow(max(nanoseconds, 0))
    return overflow ? .max : end
  }

  /// Of two rows of one span the greater counts.
  var rank: UInt8 { has(Self.partial) ? 0 : has(Self.preferred) ? 2 : 1 }

  @inline(__always) func has(_ flag: UInt16) -> Bool { flags & flag != 0 }
}

/// Rows as one task read them, in shares of about equally many traces: what is joined together lies together, and fits into a cache.
struct GraphRows: Sendable {
  private(set) var shares: [[GraphRow]]
  private let shift: UInt32
  private static let shareCountMax = 64

  /// Rows of traces with codes below `codeCount`, of which about `rowCount` will come.
  init(codeCount: Int, rowCount: Int) {
    var shift: UInt32 = 8
    while codeCount >> Int(shift) >= Self.shareCountMax { shift += 1 }
    self.shift = shift
    shares = [[GraphRow]](repeating: [], count: (codeCount >> Int(shift)) + 1)
    for share in shares.indices { shares[share].reserveCapacity(rowCount / shares.count * 9 / 8) }
  }

  /// The codes whose rows are in a share.
  func codes(_ share: Int) -> Range<Int> { share << Int(shift)..<(share + 1) << Int(shift) }

  @inline(__always)
  mutating func append(_ row: GraphRow) { shares[Int(row.trace >> shift)].append(row) }
}
