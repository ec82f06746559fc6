// SPDX-License-Identifier: Apache-2.0

/// What an error says of itself, and where it was recorded.
package enum ErrorDescription {
  static let errorsPerSpanMax = 16
  private static let causesMax = 8

  static func record(_ error: any Error, unixNanoseconds: UInt64) -> RecordedError {
    RecordedError(
      type: typeName(error), message: message(error), stackTrace: StackTrace.here(), unixNanoseconds: unixNanoseconds,
      causes: causes(of: error))
  }

  /// The type with its module, such as `Shop.PaymentError`.
  package static func typeName(_ error: any Error) -> String {
    var name = String(reflecting: type(of: error))
    // The context of a private type is told by its address, which every start of the program changes.
    while let open = name.firstRange(of: "(unknown context at $"), let end = name[open.upperBound...].firstRange(of: ").") {
      name.removeSubrange(open.lowerBound..<end.upperBound)
    }
    return name
  }

  static func message(_ error: any Error) -> String { String(describing: error) }

  /// Errors that stand in a property of another one (`underlyingError`, `cause`, a case's payload), outermost first.
  private static func causes(of error: any Error) -> [RecordedError.Cause] {
    var found: [RecordedError.Cause] = []
    var current: any Error = error
    while found.count < causesMax, let next = Mirror(reflecting: current).children.lazy.compactMap({ $0.value as? any Error }).first {
      found.append(.init(type: typeName(next), message: message(next)))
      current = next
    }
    return found
  }
}
