// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// Finds the entries of templated text that contain a text.
///
/// Most templates answer for all their lines at once: the text lies in a constant piece, or can lie nowhere. For the others there are
/// *places*: ways in which the text may lie over pieces and slots, each with what the slots it touches must then hold. Runs of entries none of
/// whose values pass the first of those tests are left out without looking at their lines.
///
/// ```
/// wanted  status=50          template  … status=<1> latency=<2> …        place: slot 1 begins with 50
/// ```
struct TemplateSearch {
  private enum Verdict {
    case none
    case all
    case places([TemplatePlace])
    /// There are too many places: its lines are written out.
    case lines
  }

  private let text: TemplatedText
  private let wanted: [UInt8]
  private var verdicts: [Verdict] = []
  private var tests: [SlotTest] = []

  init(_ text: TemplatedText, _ wanted: [UInt8]) {
    self.text = text
    self.wanted = wanted
    var finder = TemplatePlaces(text, wanted)
    for template in text.templates {
      if template.pieces.contains(where: { $0.count >= wanted.count && findBytes(wanted, in: $0, from: 0) != nil }) {
        verdicts.append(.all)
        continue
      }
      guard let places = finder.places(template) else {
        verdicts.append(.lines)
        continue
      }
      verdicts.append(places.isEmpty ? .none : .places(places))
    }
    tests = finder.tests
  }

  /// Sets the table's entry + 1 for each entry that contains the text.
  func mark(_ table: inout [UInt8]) {
    let byID: [UInt8] = verdicts.map { if case .all = $0 { 1 } else { 0 } }
    if byID.contains(1) {
      for (entry, id) in text.ids.enumerated() { table[entry &+ 1] = byID[Int(id)] }
    }
    let isWritten = verdicts.contains { if case .lines = $0 { true } else { false } }
    var firsts: Set<Int> = []
    for case .places(let places) in verdicts { for place in places { firsts.insert(place.checks[0].test) } }
    // Of the tests that come first, what all values of their columns say; of the others, what is asked.
    var answers = tests.indices.map { SlotAnswers(tests[$0], text.columns[tests[$0].column], isAsked: !firsts.contains($0)) }
    let held = firsts.filter { answers[$0].isAny }.sorted()
    guard isWritten || !held.isEmpty else { return }
    var places = [UInt32](repeating: 0, count: text.columns.count)
    for run in 0..<text.runCount {
      guard isWritten || held.contains(where: { answers[$0].contains(text.values(ofRun: run, column: tests[$0].column)) }) else { continue }
      text.readPlaces(ofRun: run, into: &places)
      mark(run, &places, &answers, &table)
    }
  }

  private func mark(_ run: Int, _ places: inout [UInt32], _ answers: inout [SlotAnswers], _ table: inout [UInt8]) {
    for entry in text.entries(ofRun: run) {
      let id = Int(text.ids[entry])
      let first = Int(text.slotStarts[id])
      switch verdicts[id] {
      case .none, .all: break
      case .places(let list):
        for place in list where holds(place, first, places, &answers) {
          table[entry + 1] = 1
          break
        }
      case .lines:
        var line: [UInt8] = []
        var from = places
        text.append(entry, &from, to: &line)
        if line.count >= wanted.count, findBytes(wanted, in: line, from: 0) != nil { table[entry + 1] = 1 }
      }
      for slot in first..<Int(text.slotStarts[id &+ 1]) { places[Int(text.slotColumns[slot])] &+= 1 }
    }
  }

  private func holds(_ place: TemplatePlace, _ first: Int, _ places: [UInt32], _ answers: inout [SlotAnswers]) -> Bool {
    for check in place.checks {
      let column = text.slotColumns[first &+ check.slot]
      // Slots of the same column further to the left have the values before.
      var value = Int(places[Int(column)])
      for slot in first..<first &+ check.slot where text.slotColumns[slot] == column { value &+= 1 }
      if !answers[check.test].passes(value, text.columns.span[Int(column)]) { return false }
    }
    return true
  }
}

/// One way in which a text may lie in the lines of a template.
struct TemplatePlace: Hashable {
  struct Check: Hashable {
    /// The slot in its template, and the test's index.
    var slot: Int
    var test: Int
  }
  /// All must hold; never empty.
  var checks: [Check]
}

/// What a slot's value must be.
struct SlotTest: Hashable {
  enum Part: Hashable {
    case whole, start, end, inside
  }
  var column: Int
  var part: Part
  var text: [UInt8]
}

/// Lists the places of a text in templates, and the tests that they need, each once.
struct TemplatePlaces {
  private let text: TemplatedText
  private let wanted: [UInt8]
  private(set) var tests: [SlotTest] = []
  private var known: [SlotTest: Int] = [:]
  private let alphabets: [SlotAlphabet]
  private var found: [TemplatePlace] = []
  private var stepCount = 0
  /// More steps than this are not taken for one template.
  private static let stepCountMax = 4_096

  init(_ text: TemplatedText, _ wanted: [UInt8]) {
    self.text = text
    self.wanted = wanted
    alphabets = text.columns.map(SlotAlphabet.init)
  }

  /// All places; nil where they are too many to list.
  mutating func places(_ template: TemplatedText.Template) -> [TemplatePlace]? {
    found = []
    stepCount = 0
    for slot in template.columns.indices {
      // From the end of the piece in front, over the slot.
      let piece = template.pieces[slot]
      for count in stride(from: min(piece.count, wanted.count - 1), to: 0, by: -1) where piece.suffix(count).elementsEqual(wanted[..<count]) {
        goOn(template, slot, from: count, [])
      }
      // From inside the slot.
      add(template, slot, .inside, wanted[...], [])
      for count in 1..<max(1, wanted.count) {
        guard let check = check(template, slot, .end, wanted[..<count]) else { continue }
        goOnBehind(template, slot, from: count, [check])
      }
    }
    return stepCount > Self.stepCountMax ? nil : found
  }

  /// The rest of the text begins where the slot does.
  private mutating func goOn(_ template: TemplatedText.Template, _ slot: Int, from start: Int, _ checks: [TemplatePlace.Check]) {
    add(template, slot, .start, wanted[start...], checks)
    for count in 1..<max(1, wanted.count - start) {
      guard let check = check(template, slot, .whole, wanted[start..<start + count]) else { continue }
      goOnBehind(template, slot, from: start + count, checks + [check])
    }
  }

  /// The rest of the text begins right behind the slot.
  private mutating func goOnBehind(_ template: TemplatedText.Template, _ slot: Int, from start: Int, _ checks: [TemplatePlace.Check]) {
    let piece = template.pieces[slot + 1]
    let rest = wanted.count - start
    if rest <= piece.count {
      if piece.starts(with: wanted[start...]) { found.append(TemplatePlace(checks: checks)) }
    } else if slot + 1 < template.columns.count, wanted[start...].starts(with: piece) {
      goOn(template, slot + 1, from: start + piece.count, checks)
    }
  }

  private mutating func add(
    _ template: TemplatedText.Template, _ slot: Int, _ part: SlotTest.Part, _ text: ArraySlice<UInt8>, _ checks: [TemplatePlace.Check]
  ) {
    if let check = check(template, slot, part, text) { found.append(TemplatePlace(checks: checks + [check])) }
  }

  /// Nil where no value of the column can pass.
  private mutating func check(
    _ template: TemplatedText.Template, _ slot: Int, _ part: SlotTest.Part, _ text: ArraySlice<UInt8>
  ) -> TemplatePlace.Check? {
    let column = template.columns[slot]
    stepCount += 1
    guard stepCount <= Self.stepCountMax else { return nil }
    guard alphabets[column].mayHave(text, part) else { return nil }
    let test = SlotTest(column: column, part: part, text: Array(text))
    let index = known[test] ?? tests.count
    if index == tests.count {
      known[test] = index
      tests.append(test)
    }
    return TemplatePlace.Check(slot: slot, test: index)
  }
}
