// SPDX-License-Identifier: Apache-2.0

/// Which members of an answer have numbers of another form than JSON shows: times, and fractions whether they have one or not.
public struct CBORNumbers: Sendable {
  var times: Set<String>
  var doubles: Set<String>

  /// The names of members whose numbers, or whose lists or maps of them, are times in seconds or doubles.
  public init(times: Set<String>, doubles: Set<String>) {
    self.times = times
    self.doubles = doubles
  }
}

extension JSONValue {
  /// The tree as CBOR, every length before its content; see `CBORReader` for the grammar.
  public func cbor(_ numbers: CBORNumbers) -> [UInt8] {
    var writer = CBORWriter(numbers: numbers)
    writer.write(self, .plain)
    return writer.bytes
  }
}

private struct CBORWriter {
  enum Form {
    case plain
    case time
    case double
  }
  let numbers: CBORNumbers
  var bytes: [UInt8] = []

  init(numbers: CBORNumbers) { self.numbers = numbers }

  mutating func write(_ value: JSONValue, _ form: Form) {
    switch value {
    case .null: bytes.append(0xf6)
    case .boolean(let truth): bytes.append(truth ? 0xf5 : 0xf4)
    case .integer(let number) where form == .double: write(Double(number))
    case .integer(let number):
      if form == .time { bytes.append(0xc1) }
      number < 0 ? head(1, UInt64(-1 - number)) : head(0, UInt64(number))
    case .double(let number):
      if form == .time { bytes.append(0xc1) }
      write(number)
    case .string(let text): write(text)
    case .array(let items):
      head(4, UInt64(items.count))
      for item in items { write(item, form) }
    case .object(let members):
      head(5, UInt64(members.count))
      for member in members {
        write(member.name)
        write(member.value, numbers.times.contains(member.name) ? .time : numbers.doubles.contains(member.name) ? .double : form == .double ? form : .plain)
      }
    }
  }

  private mutating func write(_ text: String) {
    head(3, UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  private mutating func write(_ number: Double) {
    bytes.append(0xfb)
    bigEndian(number.bitPattern, byteCount: 8)
  }

  private mutating func head(_ major: UInt8, _ argument: UInt64) {
    let high = major << 5
    switch argument {
    case 0..<24: bytes.append(high | UInt8(argument))
    case 24..<0x100:
      bytes.append(high | 24)
      bigEndian(argument, byteCount: 1)
    case 0x100..<0x1_0000:
      bytes.append(high | 25)
      bigEndian(argument, byteCount: 2)
    case 0x1_0000..<0x1_0000_0000:
      bytes.append(high | 26)
      bigEndian(argument, byteCount: 4)
    default:
      bytes.append(high | 27)
      bigEndian(argument, byteCount: 8)
    }
  }

  private mutating func bigEndian(_ number: UInt64, byteCount: Int) {
    for place in (0..<byteCount).reversed() { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * place))) }
  }
}
