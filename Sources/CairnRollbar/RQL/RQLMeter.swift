// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// What one run has cost so far, and whether it goes on: of one run and its task.
///
/// Work counts in steps, of some 64 bytes where texts are looked at, and every few thousand steps the caller is asked whether it is over. What is
/// kept counts in bytes. Once the run is over, expressions are NULL without a look, and the run throws `failure`.
final class RQLMeter {
  /// The most bytes of what a run keeps: keys of groups and orders, and its result.
  static let heldByteCountMax = 64 << 20
  /// The longest text that an expression may put together, in bytes.
  static let textByteCountMax = 4 << 20
  private static let stepsBetweenLooks = 4_096

  private(set) var failure: RQLError?
  private(set) var heldByteCount = 0
  private var stepCount = 0
  private let isOver: () -> Bool

  init(isOver: @escaping () -> Bool = { false }) { self.isOver = isOver }

  /// Counts work; false where the run is over.
  func work(_ steps: Int = 1) -> Bool {
    guard failure == nil else { return false }
    stepCount += steps
    guard stepCount >= Self.stepsBetweenLooks else { return true }
    stepCount = 0
    if isOver() { failure = RQLError("the query takes too long; narrow its time or its conditions") }
    return failure == nil
  }

  /// Counts a text that is put together or looked through; false where it is too long, or the run is over.
  func text(_ byteCount: Int) -> Bool {
    if byteCount > Self.textByteCountMax { failure = failure ?? RQLError("a text grows beyond \(Self.textByteCountMax >> 20) MiB") }
    return work(1 + byteCount / 64)
  }

  /// Counts values that are kept, and gives them back; the NULLs of a run that is over.
  func kept(_ values: [JSONValue]) -> [JSONValue] {
    heldByteCount += values.reduce(0) { $0 + $1.heldByteCount }
    if heldByteCount > Self.heldByteCountMax {
      failure = failure ?? RQLError("the query keeps more than \(Self.heldByteCountMax >> 20) MiB of values; select less")
    }
    return failure == nil ? values : values.map { _ in .null }
  }

  /// Throws what ended the run.
  func settle() throws(RQLError) {
    if let failure { throw failure }
  }
}

extension JSONValue {
  /// About what the value takes in memory, in bytes.
  public var heldByteCount: Int {
    switch self {
    case .string(let text): 32 + text.utf8.count
    case .array(let values): values.reduce(32) { $0 + $1.heldByteCount }
    case .object(let members): members.reduce(32) { $0 + 32 + $1.name.utf8.count + $1.value.heldByteCount }
    case .null, .boolean, .integer, .double: 32
    }
  }
}
