// SPDX-License-Identifier: Apache-2.0

/// How the values of a column are held; each kind shows itself as one of the four field types.
public enum ColumnKind: UInt8, Sendable, Hashable, CaseIterable {
  /// UTF-8 text.
  case string = 0
  /// 64-bit signed.
  case integer = 1
  /// IEEE double.
  case float = 2
  case boolean = 3
  /// A length held as integer nanoseconds and shown as float milliseconds.
  case duration = 4
  /// A 128-bit id, shown as 32 hex digits.
  case traceID = 5
  /// A 64-bit id, shown as 16 hex digits.
  case spanID = 6

  /// What a reader of fields sees.
  public var fieldType: FieldType {
    switch self {
    case .string, .traceID, .spanID: .string
    case .integer: .integer
    case .float, .duration: .float
    case .boolean: .boolean
    }
  }
}

/// What makes a column: the field's name and the kind of its values. A field that changes its type has one column for each.
public struct ColumnKey: Sendable, Hashable, Comparable {
  public var name: String
  public var kind: ColumnKind

  public init(_ name: String, _ kind: ColumnKind) {
    self.name = name
    self.kind = kind
  }

  // Names are bytes: two spellings of one accented letter are two fields, as they are to whoever sent them.

  public static func == (left: ColumnKey, right: ColumnKey) -> Bool {
    left.kind == right.kind && ExactText(left.name) == ExactText(right.name)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(ExactText(name))
    hasher.combine(kind)
  }

  public static func < (left: ColumnKey, right: ColumnKey) -> Bool {
    let (first, second) = (ExactText(left.name), ExactText(right.name))
    return first == second ? left.kind.rawValue < right.kind.rawValue : first < second
  }

  /// The key under which a field from outside is kept: its own, or another name where the store uses that one for itself.
  static func ofField(_ name: String, _ kind: ColumnKind) -> ColumnKey {
    let isReserved = kind == .integer && (name == FieldName.timestamp || name.hasPrefix(FieldName.parentID + " > "))
    return ColumnKey(isReserved ? name + " (field)" : name, kind)
  }

  /// The column that every piece has: the event's time in Unix nanoseconds.
  public static let time = ColumnKey(FieldName.timestamp, .integer)
  public static let traceID = ColumnKey(FieldName.traceID, .traceID)
  public static let spanID = ColumnKey(FieldName.spanID, .spanID)
  public static let parentID = ColumnKey(FieldName.parentID, .spanID)
  public static let duration = ColumnKey(FieldName.durationMilliseconds, .duration)
}
