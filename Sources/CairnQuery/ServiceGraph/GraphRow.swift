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
  static let anyOutcome = fault | throttle | error

  var span: UInt64
  /// 0 where the span has none.
  var parent: UInt64
  var start: Int64
  var nanoseconds: Int64
  /// Numbers of identities: its own service, the same without its type, and what it calls (0 where nothing tells).
  var node: UInt32
  var service: UInt32 = 0
  var callee: UInt32
  var weight: UInt32
  var flags: UInt16

  var end: Int64 {
    let (end, overflow) = start.addingReportingOverflow(max(nanoseconds, 0))
    return overflow ? .max : end
  }

  @inline(__always) func has(_ flag: UInt16) -> Bool { flags & flag != 0 }
}

/// Rows as one task read them, with the codes of their traces beside them.
struct GraphRows: Sendable {
  var traces: [UInt32] = []
  var rows: [GraphRow] = []
}
