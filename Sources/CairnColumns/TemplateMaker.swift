// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

extension TemplatedText {
  /// The texts that lie end to end in `bytes`, by templates. Cost: a nanosecond or two a byte, and 8 bytes a slot while it works.
  public init?(bytes: [UInt8], ends: [UInt32]) {
    var maker = TemplateMaker(bytes, ends)
    maker.read()
    self.init(maker.parts())
  }

  private init?(_ parts: (templates: [Template], columns: [SlotColumn], ids: [UInt16])) {
    self.init(templates: parts.templates, columns: parts.columns, ids: parts.ids)
  }

  /// The share of entries that templates tell apart from plain text.
  public var templatedShare: Double {
    let plainCount = ids.reduce(0) { $0 + ($1 == TemplateMaker.plainID ? 1 : 0) }
    return ids.isEmpty ? 0 : 1 - Double(plainCount) / Double(ids.count)
  }
}

/// Finds the templates of many texts, and gathers the values of their slots.
private struct TemplateMaker {
  /// The template of what no other fits.
  static let plainID: UInt16 = 0
  /// A template of fewer entries is not worth its bytes.
  private static let entryCountMin = 4
  /// More are not told apart while texts are read.
  private static let sampleCountMax = 1 << 18
  private static let templateCountMax = 1 << 15
  private static let columnCountMax = 1 << 10
  private static let none = UInt32.max

  /// The first text of a template.
  private struct Sample {
    var line: Range<Int>
    var slots: [LineTokenizer.Slot]
    var count = 1
  }

  /// What makes slots share a column.
  private struct Use: Hashable {
    var kind: LineTokenizer.Kind
    var key: UInt64
  }

  private let bytes: [UInt8]
  private let ends: [UInt32]
  private var samples: [Sample] = []
  private var byHash: [UInt64: UInt32] = [:]
  /// By entry, the sample or none; the slots of those that have one, end to end.
  private var sampleOf: [UInt32] = []
  private var starts: [UInt32] = []
  private var stops: [UInt32] = []

  init(_ bytes: [UInt8], _ ends: [UInt32]) {
    self.bytes = bytes
    self.ends = ends
  }

  mutating func read() {
    var tokenizer = LineTokenizer()
    sampleOf.reserveCapacity(ends.count)
    starts.reserveCapacity(ends.count * 4)
    stops.reserveCapacity(ends.count * 4)
    let held = bytes
    let source = held.span
    for entry in ends.indices {
      let line = ValueDictionary.range(ends, entry)
      guard let hash = tokenizer.read(source, line), let sample = sample(hash, line, tokenizer.slots) else {
        sampleOf.append(Self.none)
        continue
      }
      sampleOf.append(sample)
      for slot in tokenizer.slots {
        starts.append(slot.start)
        stops.append(slot.end)
      }
    }
  }

  /// The sample whose constant text a line has, perhaps itself; nil where there are too many, or another template has its hash.
  private mutating func sample(_ hash: UInt64, _ line: Range<Int>, _ slots: [LineTokenizer.Slot]) -> UInt32? {
    if let known = byHash[hash] {
      guard isAlike(samples[Int(known)], line, slots) else { return nil }
      samples[Int(known)].count += 1
      return known
    }
    guard samples.count < Self.sampleCountMax else { return nil }
    byHash[hash] = UInt32(samples.count)
    samples.append(Sample(line: line, slots: slots))
    return UInt32(samples.count - 1)
  }

  private func isAlike(_ sample: Sample, _ line: Range<Int>, _ slots: [LineTokenizer.Slot]) -> Bool {
    guard sample.slots.count == slots.count else { return false }
    let raw = unsafe bytes.span.bytes
    var left = sample.line.lowerBound
    var right = line.lowerBound
    for index in slots.indices {
      let known = sample.slots[index]
      let count = Int(slots[index].start) &- right
      guard Int(known.start) &- left == count, known.kind == slots[index].kind, known.key == slots[index].key, Self.isEqual(raw, left, right, count) else { return false }
      left = Int(known.end)
      right = Int(slots[index].end)
    }
    return sample.line.upperBound &- left == line.upperBound &- right && Self.isEqual(raw, left, right, line.upperBound &- right)
  }

  private static func isEqual(_ raw: RawSpan, _ left: Int, _ right: Int, _ count: Int) -> Bool {
    var place = 0
    while place &+ 8 <= count {
      if loadWord(raw, left &+ place) != loadWord(raw, right &+ place) { return false }
      place &+= 8
    }
    while place < count {
      if loadByte(raw, left &+ place) != loadByte(raw, right &+ place) { return false }
      place &+= 1
    }
    return true
  }

  // MARK: Putting together

  /// Templates from the most frequent on, behind that of plain text; columns, the first of which has the plain texts.
  func parts() -> (templates: [TemplatedText.Template], columns: [SlotColumn], ids: [UInt16]) {
    let kept = samples.indices.filter { samples[$0].count >= Self.entryCountMin }
      .sorted { samples[$0].count == samples[$1].count ? $0 < $1 : samples[$0].count > samples[$1].count }
      .prefix(Self.templateCountMax)
    var idOf = [UInt16](repeating: Self.plainID, count: samples.count)
    var columnOf: [Use: Int] = [:]
    var kinds: [LineTokenizer.Kind] = [.word]
    var templates = [TemplatedText.Template(pieces: [[], []], columns: [0])]
    for index in kept {
      idOf[index] = UInt16(templates.count)
      templates.append(template(samples[index], &columnOf, &kinds))
    }
    let ids = sampleOf.map { $0 == Self.none ? Self.plainID : idOf[Int($0)] }
    return (templates, columns(templates, ids, kinds), ids)
  }

  private func template(_ sample: Sample, _ columnOf: inout [Use: Int], _ kinds: inout [LineTokenizer.Kind]) -> TemplatedText.Template {
    var template = TemplatedText.Template(pieces: [], columns: [])
    var start = sample.line.lowerBound
    for slot in sample.slots {
      template.pieces.append(Array(bytes[start..<Int(slot.start)]))
      start = Int(slot.end)
      var use = Use(kind: slot.kind, key: slot.key)
      // Beyond the limit, one column for each kind.
      if columnOf[use] == nil, kinds.count >= Self.columnCountMax { use.key = 0 }
      let column = columnOf[use] ?? kinds.count
      if column == kinds.count {
        columnOf[use] = column
        kinds.append(slot.kind)
      }
      template.columns.append(column)
    }
    template.pieces.append(Array(bytes[start..<sample.line.upperBound]))
    return template
  }

  private func columns(_ templates: [TemplatedText.Template], _ ids: [UInt16], _ kinds: [LineTokenizer.Kind]) -> [SlotColumn] {
    var starts = [[UInt32]](repeating: [], count: kinds.count)
    var stops = [[UInt32]](repeating: [], count: kinds.count)
    var slot = 0
    for entry in ids.indices {
      let id = Int(ids[entry])
      let slotCount = sampleOf[entry] == Self.none ? 0 : samples[Int(sampleOf[entry])].slots.count
      if id == Int(Self.plainID) {
        let line = ValueDictionary.range(ends, entry)
        starts[0].append(UInt32(line.lowerBound))
        stops[0].append(UInt32(line.upperBound))
      } else {
        for (index, column) in templates[id].columns.enumerated() {
          starts[column].append(self.starts[slot + index])
          stops[column].append(self.stops[slot + index])
        }
      }
      slot += slotCount
    }
    return kinds.indices.map { SlotColumn.make(bytes, starts: starts[$0], ends: stops[$0], kind: kinds[$0]) }
  }
}
