// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnFormats
import NIOCore

/// One call of an AWS JSON API: who asks, and what.
struct LogsCall: Sendable {
  var environment: String
  var account: LogAccount
  var input: JSONValue
  /// The body as it came, for calls with many events.
  var body: ByteBuffer
  var nowUnixNanoseconds: Int64
  /// True where the input was spelled by a form, whose numbers are text.
  var isForm = false
  var nowUnixMilliseconds: Int64 { nowUnixNanoseconds / 1_000_000 }

  // MARK: Members of the input

  /// A text that must be there.
  func text(_ name: String) throws(LogsError) -> String {
    guard let text = try optionalText(name) else { throw .missing(name) }
    return text
  }

  func optionalText(_ name: String) throws(LogsError) -> String? {
    switch input[name] {
    case nil, .null?: return nil
    case .string(let text)?: return text
    default: throw LogsError(.serialization, "'\(name)' must be a string.")
    }
  }

  func integer(_ name: String, _ range: ClosedRange<Int64>) throws(LogsError) -> Int64? {
    guard let value = input[name], value != .null else { return nil }
    guard let integer = value.integer else { throw LogsError(.serialization, "'\(name)' must be a number.") }
    guard integer <= range.upperBound else {
      throw .constraint("\(integer)", at: name, "have value less than or equal to \(range.upperBound)")
    }
    guard integer >= range.lowerBound else {
      throw .constraint("\(integer)", at: name, "have value greater than or equal to \(range.lowerBound)")
    }
    return integer
  }

  func limit(_ name: String = "limit", max: Int64 = 50, otherwise: Int = 50) throws(LogsError) -> Int {
    try integer(name, 1...max).map { Int($0) } ?? otherwise
  }

  func boolean(_ name: String) throws(LogsError) -> Bool? {
    guard let value = input[name], value != .null else { return nil }
    guard let boolean = value.boolean else { throw LogsError(.serialization, "'\(name)' must be true or false.") }
    return boolean
  }

  func texts(_ name: String) throws(LogsError) -> [String]? {
    guard let value = input[name], value != .null else { return nil }
    guard let array = value.array else { throw LogsError(.serialization, "'\(name)' must be a list.") }
    let texts = array.compactMap(\.string)
    guard texts.count == array.count else { throw LogsError(.serialization, "'\(name)' must be a list of strings.") }
    return texts
  }

  /// `tags`: a map of texts.
  func tags() -> [String: String] {
    Dictionary((input["tags"]?.members ?? []).map { ($0.name, $0.value.string ?? "") }) { $1 }
  }

  // MARK: Groups

  /// A group's name, that must be there.
  func groupName() throws(LogsError) -> String { try text("logGroupName") }

  /// A group by `logGroupName` or by `logGroupIdentifier`, but not by both.
  func groupNameOrIdentifier() throws(LogsError) -> String {
    let name = try optionalText("logGroupName")
    let identifier = try optionalText("logGroupIdentifier")
    switch (name, identifier) {
    case (.some, .some): throw LogsError(.validation, "LogGroup name and LogGroup ARN are mutually exclusive parameters.")
    case (.some(let name), nil): return name
    case (nil, .some(let identifier)):
      let name = LogNames.group(ofIdentifier: identifier)
      try LogNames.checkGroup(name, at: "logGroupIdentifier")
      return name
    case (nil, nil): throw LogsError(.validation, "Either logGroupName or logGroupIdentifier must be specified.")
    }
  }

  // MARK: Pages

  /// A page of a list by its numbered token, and the token of the next one; nil where the list ends. A token that is none is refused as
  /// the operation's model has it.
  func page<Element>(
    _ all: [Element], limit: Int, token name: String = "nextToken", refusal: LogsError.Kind = .invalidParameter, key: (Element) -> String
  ) throws(LogsError) -> (page: ArraySlice<Element>, next: String?) {
    var start = 0
    if let token = try optionalText(name) {
      guard let last = Self.decode(token) else { throw LogsError(refusal, "The specified nextToken is invalid.") }
      start = all.firstIndex { key($0) == last }.map { $0 + 1 } ?? all.firstIndex { precedes(last, key($0)) } ?? all.count
    }
    let page = all[start..<min(all.count, start + limit)]
    return (page, page.endIndex < all.count ? page.last.map { Self.encode(key($0)) } : nil)
  }

  /// A token is the hex of the last name: nothing has to be kept for it.
  private static func encode(_ name: String) -> String {
    name.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func decode(_ token: String) -> String? {
    let digits = Array(token.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else { return nil }
      bytes.append(byte)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

/// What a call answers: the members of a JSON object, or nothing at all.
enum LogsAnswer: Sendable {
  /// A call without output has an empty body.
  case nothing
  case json([UInt8])
  case other(Response)

  /// An object made by `body`.
  static func object(_ body: (inout JSONWriter) -> Void) -> LogsAnswer {
    var writer = JSONWriter(reserving: 1024)
    writer.beginObject()
    body(&writer)
    writer.endObject()
    return .json(writer.finish())
  }
}

extension JSONWriter {
  /// A member with an array of objects.
  mutating func objects<Elements: Sequence>(
    _ name: String, _ elements: Elements, _ body: (inout JSONWriter, Elements.Element) -> Void
  ) {
    key(name)
    beginArray()
    for element in elements {
      beginObject()
      body(&self, element)
      endObject()
    }
    endArray()
  }

  /// A member that is there only where it has a value.
  mutating func member(_ name: String, ifPresent text: String?) { if let text { member(name, text) } }
  mutating func member(_ name: String, ifPresent value: Int64?) { if let value { member(name, value) } }
  mutating func member(_ name: String, ifPresent value: Double?) { if let value { member(name, value) } }
  mutating func member(_ name: String, ifPresent value: JSONValue?) { if let value, value != .null { member(name, value) } }
}
