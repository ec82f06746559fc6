// SPDX-License-Identifier: Apache-2.0

/// Joins templates that differ in words only, where these vary from line to line.
///
/// Two rules. Among templates alike but for their words, a place where nearly every template has a word of its own varies in all of them.
/// Then, templates that differ in one word only become one, over and over, where at least `valueCountMax` values stand there, or at
/// least three that occur three times each or less on average.
/// Tokens are numbers (see `code`), and a template's hash is a sum over its places, so that a look at one place costs a few operations.
struct TemplateJoiner {
  struct Template {
    /// A word's number, `variable`, or `mark(byte)`.
    var codes: [Int32]
    var hash: UInt64
    var count: Int
    var sample: [UInt8]
  }
  static let variable: Int32 = -1
  static let valueCountMax = 8
  private static let roundCountMax = 6
  /// Words further on are not looked at: lines that long are data.
  private static let wordCountMax = 40
  /// Fewer templates say nothing of how words are spread.
  private static let crowdCountMin = 20

  private(set) var templates: [Template] = []
  private var words: [[UInt8]] = []
  private var numbers: [ArraySlice<UInt8>: Int32] = [:]

  init(_ lines: [(sample: [UInt8], count: Int)]) {
    templates.reserveCapacity(lines.count)
    for line in lines {
      let codes = codes(of: line.sample)
      templates.append(Template(codes: codes, hash: Self.hash(codes), count: line.count, sample: line.sample))
    }
    numbers = [:]
  }

  // MARK: Tokens

  static func mark(_ byte: UInt8) -> Int32 { -2 - Int32(byte) }

  /// A line taken apart as `LineTemplates` hashes it.
  private mutating func codes(of line: [UInt8]) -> [Int32] {
    var codes: [Int32] = []
    var at = 0
    while at < line.count {
      guard LineTemplates.isWord(line[at]) else {
        if line[at] != 0x20 || codes.last != Self.mark(0x20) { codes.append(Self.mark(line[at])) }
        at += 1
        continue
      }
      let start = at
      var hasDigit = false
      while at < line.count, LineTemplates.isWord(line[at]) {
        hasDigit = hasDigit || LineTemplates.isDigit(line[at])
        at += 1
      }
      if hasDigit {
        codes.append(Self.variable)
        at = LineTemplates.endOfVariable(line.span, at, line.count)
      } else {
        codes.append(number(line[start..<at]))
      }
    }
    return codes
  }

  private mutating func number(_ word: ArraySlice<UInt8>) -> Int32 {
    if let known = numbers[word] { return known }
    let number = Int32(truncatingIfNeeded: words.count)
    words.append(Array(word))
    numbers[word] = number
    return number
  }

  func text(_ template: Template) -> String {
    var utf8: [UInt8] = []
    for code in template.codes {
      if code >= 0 {
        utf8 += words[Int(code)]
      } else if code == Self.variable {
        utf8 += "<*>".utf8
      } else {
        utf8.append(UInt8(truncatingIfNeeded: -2 - code))
      }
    }
    return String(decoding: utf8, as: UTF8.self)
  }

  // MARK: Hashes

  @inline(__always) private static func mix(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9e37_79b9_7f4a_7c15
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }

  /// What a token at a place adds to the hash.
  @inline(__always) private static func part(_ code: Int32, _ place: Int) -> UInt64 {
    mix(UInt64(UInt32(bitPattern: code)) << 20 ^ UInt64(place))
  }

  private static func hash(_ codes: [Int32]) -> UInt64 {
    codes.indices.reduce(mix(UInt64(codes.count))) { $0 &+ part(codes[$1], $1) }
  }

  /// The places of words and of what varies, by their number: what is joined keeps the others' numbers.
  private static func places(_ codes: [Int32]) -> [Int] {
    var places: [Int] = []
    for place in codes.indices where codes[place] >= variable {
      places.append(place)
      if places.count == wordCountMax { break }
    }
    return places
  }

  // MARK: Joining

  mutating func run() {
    joinCrowds()
    for _ in 0..<Self.roundCountMax where joinOnce() == false { return }
  }

  /// The first rule.
  private mutating func joinCrowds() {
    var crowds: [UInt64: [Int]] = [:]
    for (index, template) in templates.enumerated() {
      let skeleton = template.codes.map { $0 >= 0 ? 0 : $0 }
      crowds[Self.hash(skeleton), default: []].append(index)
    }
    var hasJoined = false
    for members in crowds.values where members.count >= Self.crowdCountMin {
      for place in Self.places(templates[members[0]].codes) where templates[members[0]].codes[place] >= 0 {
        var seen: Set<Int32> = []
        for member in members { seen.insert(templates[member].codes[place]) }
        guard seen.count >= Self.valueCountMax, seen.count * 3 >= members.count else { continue }
        hasJoined = true
        for member in members { replace(member, place) }
      }
    }
    if hasJoined { unite() }
  }

  private mutating func replace(_ index: Int, _ place: Int) {
    let code = templates[index].codes[place]
    templates[index].hash = templates[index].hash &- Self.part(code, place) &+ Self.part(Self.variable, place)
    templates[index].codes[place] = Self.variable
  }

  /// The second rule, at each place once; false where nothing was joined.
  private mutating func joinOnce() -> Bool {
    var hasJoined = false
    for position in 0..<Self.wordCountMax {
      guard let joined = join(at: position) else { break }
      hasJoined = hasJoined || joined
    }
    return hasJoined
  }

  /// Joins templates that are alike but for their word number `position`; nil where no template has that many words.
  private mutating func join(at position: Int) -> Bool? {
    var groups: [UInt64: [(index: Int, place: Int)]] = [:]
    var isAny = false
    for (index, template) in templates.enumerated() {
      let places = Self.places(template.codes)
      guard position < places.count else { continue }
      isAny = true
      let place = places[position]
      guard template.codes[place] != Self.variable else { continue }
      let masked = template.hash &- Self.part(template.codes[place], place) &+ Self.part(Self.variable, place)
      groups[masked, default: []].append((index, place))
    }
    guard isAny else { return nil }
    var hasJoined = false
    for members in groups.values where members.count >= 3 {
      let total = members.reduce(0) { $0 + templates[$1.index].count }
      guard members.count >= Self.valueCountMax || total <= members.count * 3 else { continue }
      hasJoined = true
      for member in members { replace(member.index, member.place) }
    }
    if hasJoined { unite() }
    return hasJoined
  }

  /// Templates that became equal are one.
  private mutating func unite() {
    var known: [UInt64: Int] = [:]
    var united: [Template] = []
    for template in templates {
      guard let index = known[template.hash] else {
        known[template.hash] = united.count
        united.append(template)
        continue
      }
      let isMore = template.count > united[index].count
      if isMore { united[index].sample = template.sample }
      united[index].count += template.count
    }
    templates = united
  }
}
