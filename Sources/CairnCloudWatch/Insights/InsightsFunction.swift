// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import Glibc

/// The functions that give a value for each row; statistics are `InsightsAggregate`.
///
/// A function gives `.absent` where an argument that it needs is absent or of the wrong type; it never fails.
/// Source: the CloudWatch Logs User Guide, "Boolean, comparison, numeric, datetime, and other functions".
public enum InsightsFunction: Sendable, Hashable {
  /// Texts that `concat` and `replace` make are cut here: else a short query could fill the memory.
  static let madeByteCountMax = 1 << 18

  case absolute, ceiling, floor, greatest, least, logarithm, squareRoot
  case isPresent, coalesce, choose, select
  case isEmpty, isBlank, concatenate, trimLeft, trimRight, trim, length, upperCase, lowerCase, substring, replace, contains
  case fromMilliseconds, toMilliseconds, now, dateAdd(InsightsTime.Period)
  case isAddress, isAddressV4, isAddressV6, isInSubnet, isV4InSubnet, isV6InSubnet
  case parseJSON, writeJSON
  case unmask

  /// The statistics that `stats` takes, in lower case.
  public static let aggregateNames: Set<String> = [
    "avg", "count", "count_distinct", "earliest", "latest", "max", "median", "min", "pct", "percentile", "sortsfirst", "sortslast", "stddev",
    "sum",
  ]

  /// The functions by their names, as the documentation spells them.
  public static let names: [(name: String, function: InsightsFunction)] = [
    ("abs", .absolute), ("ceil", .ceiling), ("floor", .floor), ("greatest", .greatest), ("least", .least), ("log", .logarithm),
    ("sqrt", .squareRoot), ("ispresent", .isPresent), ("coalesce", .coalesce), ("if", .choose), ("case", .select), ("isempty", .isEmpty),
    ("isblank", .isBlank), ("concat", .concatenate), ("ltrim", .trimLeft), ("rtrim", .trimRight), ("trim", .trim), ("strlen", .length),
    ("toupper", .upperCase), ("tolower", .lowerCase), ("substr", .substring), ("replace", .replace), ("strcontains", .contains),
    ("fromMillis", .fromMilliseconds), ("toMillis", .toMilliseconds), ("now", .now), ("isValidIp", .isAddress),
    ("isValidIpV4", .isAddressV4), ("isValidIpV6", .isAddressV6), ("isIpInSubnet", .isInSubnet), ("isIpv4InSubnet", .isV4InSubnet),
    ("isIpv6InSubnet", .isV6InSubnet), ("jsonParse", .parseJSON), ("jsonStringify", .writeJSON), ("unmask", .unmask),
  ]

  /// The function with this name in lower case.
  static func named(_ lower: String) -> InsightsFunction? { names.first { $0.name.lowercased() == lower }?.function }

  /// How many arguments it takes.
  var argumentCount: ClosedRange<Int> {
    switch self {
    case .absolute, .ceiling, .floor, .logarithm, .squareRoot, .isPresent, .isEmpty, .isBlank, .length, .upperCase, .lowerCase,
      .fromMilliseconds, .toMilliseconds, .isAddress, .isAddressV4, .isAddressV6, .parseJSON, .writeJSON, .unmask:
      1...1
    case .now: 0...0
    case .greatest, .least, .coalesce, .concatenate: 1...100
    case .choose, .replace: 3...3
    case .select: 2...101
    case .trimLeft, .trimRight, .trim: 1...2
    case .substring: 2...3
    case .contains, .dateAdd, .isInSubnet, .isV4InSubnet, .isV6InSubnet: 2...2
    }
  }

  /// Applies the function to its arguments, as many as `argumentCount` allows.
  func apply(_ arguments: [InsightsValue], nowMilliseconds: Int64) -> InsightsValue {
    switch self {
    case .absolute, .ceiling, .floor, .greatest, .least, .logarithm, .squareRoot: numeric(arguments)
    case .isPresent: .boolean(!arguments[0].isAbsent)
    case .coalesce: arguments.first { !$0.isAbsent } ?? .absent
    case .choose: arguments[0].isTrue ? arguments[1] : arguments[2]
    case .select: Self.select(arguments)
    case .isEmpty, .isBlank, .concatenate, .trimLeft, .trimRight, .trim, .length, .upperCase, .lowerCase, .substring, .replace, .contains:
      text(arguments)
    case .fromMilliseconds: arguments[0].number.flatMap { Int64(exactly: $0.rounded(.down)) }.map { .time($0) } ?? .absent
    case .toMilliseconds: arguments[0].number.flatMap { Int64(exactly: $0.rounded(.down)) }.map { .integer($0) } ?? .absent
    case .now: .integer(nowMilliseconds / 1000)
    case .dateAdd(let period):
      if let time = arguments[0].number.flatMap({ Int64(exactly: $0.rounded(.down)) }), let sign = arguments[1].number {
        .time(period.adding(sign < 0 ? -1 : 1, to: time))
      } else {
        .absent
      }
    case .isAddress: .boolean(arguments[0].text.flatMap(InsightsAddress.init) != nil)
    case .isAddressV4: .boolean(arguments[0].text.flatMap(InsightsAddress.init)?.isV4 == true)
    case .isAddressV6: .boolean(arguments[0].text.flatMap(InsightsAddress.init)?.isV4 == false)
    case .isInSubnet: subnet(arguments, nil)
    case .isV4InSubnet: subnet(arguments, true)
    case .isV6InSubnet: subnet(arguments, false)
    case .parseJSON:
      arguments[0].text.flatMap { (text) in (try? JSONValue(parsing: text)).map { InsightsValue($0) } } ?? .absent
    case .writeJSON: arguments[0].text.map { .text($0) } ?? .absent
    case .unmask: arguments[0]
    }
  }

  /// `case(condition, value, condition, value, …, otherwise)`.
  private static func select(_ arguments: [InsightsValue]) -> InsightsValue {
    var index = 0
    while index + 1 < arguments.count {
      if arguments[index].isTrue { return arguments[index + 1] }
      index += 2
    }
    return index < arguments.count ? arguments[index] : .absent
  }

  private func subnet(_ arguments: [InsightsValue], _ wantsV4: Bool?) -> InsightsValue {
    guard let address = arguments[0].text.flatMap(InsightsAddress.init), let subnet = arguments[1].text else { return .boolean(false) }
    guard wantsV4 == nil || wantsV4 == address.isV4 else { return .boolean(false) }
    return .boolean(address.isIn(subnet))
  }

  // MARK: Numbers

  private func numeric(_ arguments: [InsightsValue]) -> InsightsValue {
    switch self {
    case .greatest, .least:
      var best: InsightsValue = .absent
      for argument in arguments {
        guard argument.number != nil else { continue }
        guard let order = InsightsValue.order(argument, best) else {
          if best.isAbsent { best = argument }
          continue
        }
        if self == .greatest ? order > 0 : order < 0 { best = argument }
      }
      return best
    case .absolute:
      if case .integer(let value) = arguments[0], value != .min { return .integer(abs(value)) }
      return Self.finite(arguments[0].number.map { abs($0) })
    case .ceiling: return Self.finite(arguments[0].number?.rounded(.up))
    case .floor: return Self.finite(arguments[0].number?.rounded(.down))
    case .squareRoot: return Self.finite(arguments[0].number?.squareRoot())
    default: return Self.finite(arguments[0].number.map { log($0) })
    }
  }

  private static func finite(_ value: Double?) -> InsightsValue {
    guard let value, value.isFinite else { return .absent }
    return .number(value)
  }

  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

  // MARK: Texts

  private func text(_ arguments: [InsightsValue]) -> InsightsValue {
    if self == .concatenate {
      var made: [UInt8] = []
      for argument in arguments where made.count < Self.madeByteCountMax { made += (argument.text ?? "").utf8 }
      return .text(Self.cut(made))
    }
    guard let text = arguments[0].text else { return self == .isEmpty || self == .isBlank ? .boolean(true) : .absent }
    switch self {
    case .isEmpty: return .boolean(text.isEmpty)
    case .isBlank: return .boolean(text.unicodeScalars.allSatisfy { $0.properties.isWhitespace })
    case .length: return .integer(Int64(text.unicodeScalars.count))
    case .upperCase: return .text(text.uppercased())
    case .lowerCase: return .text(text.lowercased())
    case .trim: return .text(Self.trimmed(text, arguments, fromLeft: true, fromRight: true))
    case .trimLeft: return .text(Self.trimmed(text, arguments, fromLeft: true, fromRight: false))
    case .trimRight: return .text(Self.trimmed(text, arguments, fromLeft: false, fromRight: true))
    case .contains:
      guard let part = arguments[1].text else { return .absent }
      return .boolean(Self.contains(text, part))
    case .substring: return Self.substring(text, arguments)
    case .replace:
      guard let part = arguments[1].text, let with = arguments[2].text, !part.isEmpty else { return .text(text) }
      return .text(Self.replacing(text, part, with))
    default: return .absent
    }
  }

  private static func trimmed(_ text: String, _ arguments: [InsightsValue], fromLeft: Bool, fromRight: Bool) -> String {
    let wanted = arguments.count > 1 ? arguments[1].text.map { Set($0.unicodeScalars) } : nil
    func isTrimmed(_ scalar: Unicode.Scalar) -> Bool { wanted?.contains(scalar) ?? scalar.properties.isWhitespace }
    var scalars = text.unicodeScalars[...]
    while fromLeft, let first = scalars.first, isTrimmed(first) { scalars.removeFirst() }
    while fromRight, let last = scalars.last, isTrimmed(last) { scalars.removeLast() }
    return String(scalars)
  }

  /// `substr(text, start[, length])`, start from 0.
  private static func substring(_ text: String, _ arguments: [InsightsValue]) -> InsightsValue {
    guard let start = arguments[1].number, start.isFinite else { return .absent }
    let scalars = text.unicodeScalars.dropFirst(Int(min(max(start, 0), 1e9)))
    guard arguments.count > 2 else { return .text(String(scalars)) }
    guard let length = arguments[2].number, length.isFinite else { return .absent }
    return .text(String(scalars.prefix(Int(min(max(length, 0), 1e9)))))
  }

  static func contains(_ text: String, _ part: String) -> Bool {
    InsightsText.firstIndex(of: Array(part.utf8), in: Array(text.utf8), from: 0) != nil
  }

  private static func replacing(_ text: String, _ part: String, _ with: String) -> String {
    let bytes = Array(text.utf8)
    let wanted = Array(part.utf8)
    var result: [UInt8] = []
    var position = 0
    while let hit = InsightsText.firstIndex(of: wanted, in: bytes, from: position) {
      if result.count > max(madeByteCountMax, bytes.count) { return cut(result) }
      result += bytes[position..<hit]
      result += with.utf8
      position = hit + wanted.count
    }
    return String(decoding: result + bytes[position...], as: UTF8.self)
  }

  private static func cut(_ made: [UInt8]) -> String { String(decoding: made.prefix(madeByteCountMax), as: UTF8.self) }
}
