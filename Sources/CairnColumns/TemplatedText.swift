// SPDX-License-Identifier: Apache-2.0

/// Texts as templates and what fills their slots: `GET /users/7 200` and `GET /users/12 404` share `GET /users/<> <>`.
///
/// ```
/// entry            0          1          2
/// ids              1          1          2            template of each entry
/// columns[1]       7         12                       the slots' values, by the text in front of the slot
/// columns[2]     200        404        500
/// ```
/// Slots that follow the same constant text share a column, whichever template they are in. An entry that no template fits is the one slot of
/// a template without constant text. Where an entry's values lie follows from the templates of the entries before it; `marks` has the places of
/// every `stride`th, so that an entry is read in a fraction of a microsecond. Every entry comes back byte by byte. Immutable.
public struct TemplatedText: Sendable {
  public struct Template: Sendable, Equatable {
    /// The constant text in front of each slot, and that behind the last.
    public var pieces: [[UInt8]]
    /// The columns of the slots: one less than pieces.
    public var columns: [Int]

    public init(pieces: [[UInt8]], columns: [Int]) {
      self.pieces = pieces
      self.columns = columns
    }

    /// Nothing but one slot: each of its texts is like no other.
    public var isPlain: Bool { columns.count == 1 && pieces.allSatisfy(\.isEmpty) }

    /// The bytes of the constant text.
    public var constantByteCount: Int { pieces.reduce(0) { $0 + $1.count } }
  }

  public let templates: [Template]
  public let columns: [SlotColumn]
  /// By entry.
  public let ids: [UInt16]
  /// How many entries lie between two marks.
  public let stride: Int
  /// For each mark the places in all columns.
  private let marks: [UInt32]
  /// The columns of all templates' slots end to end, and where each template's begin: what loops over entries read.
  public let slotColumns: [UInt32]
  public let slotStarts: [UInt32]
  public static let templateCountMax = 1 << 16

  public var count: Int { ids.count }

  /// Nil where the parts do not belong together: a value too many or too few, or an index out of bounds.
  public init?(templates: [Template], columns: [SlotColumn], ids: [UInt16]) {
    guard templates.count <= Self.templateCountMax, columns.allSatisfy(\.isSound) else { return nil }
    for template in templates {
      guard template.pieces.count == template.columns.count + 1, template.columns.allSatisfy(columns.indices.contains) else { return nil }
    }
    guard ids.allSatisfy({ Int($0) < templates.count }) else { return nil }
    slotColumns = templates.flatMap { $0.columns.map { UInt32($0) } }
    var slotStarts: [UInt32] = [0]
    for template in templates { slotStarts.append((slotStarts.last ?? 0) + UInt32(template.columns.count)) }
    self.slotStarts = slotStarts
    var stride = 32
    while stride < columns.count * 2 { stride *= 2 }
    var places = [UInt32](repeating: 0, count: columns.count)
    var marks: [UInt32] = []
    marks.reserveCapacity((ids.count / stride + 1) * columns.count)
    for (entry, id) in ids.enumerated() {
      if entry % stride == 0 { marks.append(contentsOf: places) }
      for slot in Int(slotStarts[Int(id)])..<Int(slotStarts[Int(id) + 1]) { places[Int(slotColumns[slot])] &+= 1 }
    }
    marks.append(contentsOf: places)
    guard columns.indices.allSatisfy({ columns[$0].count == Int(places[$0]) }) else { return nil }
    self.templates = templates
    self.columns = columns
    self.ids = ids
    self.stride = stride
    self.marks = marks
  }

  /// About how many bytes of memory are held.
  public var byteCount: Int {
    let constant = templates.reduce(0) { $0 + $1.constantByteCount + 32 * $1.pieces.count }
    return columns.reduce(ids.count * 2 + marks.count * 4 + constant) { $0 + $1.byteCount }
  }

  /// At least as many bytes as all entries have together; O(values).
  public var plainByteCountMax: Int {
    let constantByteCounts = templates.map(\.constantByteCount)
    let constant = ids.reduce(0) { $0 + constantByteCounts[Int($1)] }
    return columns.reduce(constant) { $0 + $1.plainByteCountMax }
  }

  // MARK: Marks

  /// Runs of `stride` entries, the last of fewer.
  public var runCount: Int { (ids.count + stride - 1) / stride }

  public func entries(ofRun run: Int) -> Range<Int> { run * stride..<min((run + 1) * stride, ids.count) }

  /// The values of a column that belong to a run.
  public func values(ofRun run: Int, column: Int) -> Range<Int> {
    Int(marks[run * columns.count + column])..<Int(marks[(run + 1) * columns.count + column])
  }

  /// Where the values of a run's first entry lie, by column.
  public func places(ofRun run: Int) -> [UInt32] { Array(marks[run * columns.count..<(run + 1) * columns.count]) }

  /// The same into an array of as many places.
  public func readPlaces(ofRun run: Int, into places: inout [UInt32]) {
    for column in places.indices { places[column] = marks[run &* columns.count &+ column] }
  }

  // MARK: Reading

  /// Appends an entry.
  public func append(_ entry: Int, to out: inout [UInt8]) {
    let id = Int(ids[entry])
    let first = Int(slotStarts[id])
    out.append(contentsOf: templates[id].pieces[0])
    for slot in first..<Int(slotStarts[id + 1]) {
      columns.span[Int(slotColumns[slot])].append(place(entry, slot, first), to: &out)
      out.append(contentsOf: templates[id].pieces[slot - first + 1])
    }
  }

  /// Where the value of a slot lies, by its number among all slots; `first` is the number of the entry's first one.
  private func place(_ entry: Int, _ slot: Int, _ first: Int) -> Int {
    let column = slotColumns[slot]
    let run = entry / stride
    var place = Int(marks[run * columns.count + Int(column)])
    for before in run * stride..<entry {
      let id = Int(ids[before])
      for other in Int(slotStarts[id])..<Int(slotStarts[id &+ 1]) where slotColumns[other] == column { place &+= 1 }
    }
    for other in first..<slot where slotColumns[other] == column { place &+= 1 }
    return place
  }

  /// Appends an entry whose values begin at `places`, and moves these behind it.
  public func append(_ entry: Int, _ places: inout [UInt32], to out: inout [UInt8]) {
    let id = Int(ids[entry])
    let first = Int(slotStarts[id])
    out.append(contentsOf: templates[id].pieces[0])
    for slot in first..<Int(slotStarts[id + 1]) {
      let column = Int(slotColumns[slot])
      // A span lends the column; the array would copy it.
      columns.span[column].append(Int(places[column]), to: &out)
      places[column] &+= 1
      out.append(contentsOf: templates[id].pieces[slot - first + 1])
    }
  }

  /// Calls `body` with the text of each of these entries and its index among them. They should ascend: a run is then walked once for all of
  /// its entries.
  public func forEach(_ wanted: [Int], _ body: (_ index: Int, _ text: [UInt8]) -> Void) {
    var places = [UInt32](repeating: 0, count: columns.count)
    var line: [UInt8] = []
    // The entry whose values lie at `places`.
    var next = Int.max
    for (index, entry) in wanted.enumerated() {
      if index > 0, wanted[index - 1] == entry {
        body(index, line)
        continue
      }
      if next > entry || next / stride != entry / stride {
        next = entry / stride * stride
        readPlaces(ofRun: entry / stride, into: &places)
      }
      while next < entry {
        let id = Int(ids[next])
        for slot in Int(slotStarts[id])..<Int(slotStarts[id &+ 1]) { places[Int(slotColumns[slot])] &+= 1 }
        next &+= 1
      }
      line.removeAll(keepingCapacity: true)
      append(entry, &places, to: &line)
      next &+= 1
      body(index, line)
    }
  }

  /// The entries of some runs end to end, with where each ends.
  public func text(ofRuns runs: Range<Int>) -> (bytes: [UInt8], ends: [UInt32]) {
    guard let first = runs.first, let last = runs.last else { return ([], []) }
    var bytes: [UInt8] = []
    var ends: [UInt32] = []
    var places = places(ofRun: first)
    for entry in entries(ofRun: first).lowerBound..<entries(ofRun: last).upperBound {
      append(entry, &places, to: &bytes)
      ends.append(UInt32(bytes.count))
    }
    return (bytes, ends)
  }
}
