// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// The rules of a graph asked of single events: what the engine does over columns, for the events of one trace.
///
/// The fields that the rules name have places; an event is brought into these places once (one look into a table for each of its fields),
/// and every test is then a look into an array.
struct EventRules: Sendable {
  /// A filter with places instead of names. The forms that rules are made of: presence, texts, whole numbers, booleans.
  indirect enum Test: Sendable {
    case all([Test])
    case any([Test])
    case not(Test)
    case exists(Int)
    case compare(Int, Comparison, FieldValue)
    case oneOf(Int, [FieldValue])

    func passes(_ values: [FieldValue?]) -> Bool {
      switch self {
      case .all(let parts): return parts.allSatisfy { $0.passes(values) }
      case .any(let parts): return parts.contains { $0.passes(values) }
      case .not(let part): return !part.passes(values)
      case .exists(let place): return values[place] != nil
      case .compare(let place, let comparison, let wanted): return values[place].map { compares($0, comparison, wanted) } ?? false
      case .oneOf(let place, let list): return values[place].map { (value) in list.contains { compares(value, .equal, $0) } } ?? false
      }
    }
  }
  /// A naming rule with places instead of names.
  private struct Naming: Sendable {
    var test: Test
    var names: [Int]
    var types: [Int]
    var rule: ServiceGraphRules.Naming
  }
  static let xray = EventRules(.xray)

  private var places: [String: Int] = [:]
  private(set) var isSpan = Test.all([])
  private(set) var isPartial = Test.all([])
  private(set) var isPreferred = Test.all([])
  private(set) var isEntry = Test.all([])
  private(set) var isCall = Test.all([])
  private(set) var isQueued = Test.all([])
  private var services: [Naming] = []
  private var callees: [Naming] = []

  private var spanIDPlace = 0

  private init(_ rules: ServiceGraphRules) {
    spanIDPlace = place(FieldName.spanID)
    isSpan = test(rules.isSpan)
    isPartial = test(rules.isPartial)
    isPreferred = test(rules.isPreferred)
    isEntry = test(rules.isEntry)
    isCall = test(rules.isCall)
    isQueued = test(rules.isQueued)
    services = rules.services.map { naming($0) }
    callees = rules.callees.map { naming($0) }
  }

  /// Writes the values of the places in an event into `values`, which may hold those of another; `names` remembers the places.
  func read(_ event: Event, _ names: inout NameMemory<Int?>, into values: inout [FieldValue?]) {
    if values.isEmpty {
      values = [FieldValue?](repeating: nil, count: places.count)
    } else {
      for place in values.indices where values[place] != nil { values[place] = nil }
    }
    names.restart()
    for field in event.fields {
      if let place = names.meaning(of: field.name, { places[$0] }), values[place] == nil { values[place] = field.value }
    }
  }

  /// The event's own span id.
  func spanID(_ values: [FieldValue?]) -> UInt64? { values[spanIDPlace].flatMap { word(ofHex: $0.text) } }

  /// The service whose event it is; nil where it does not say.
  func service(_ values: [FieldValue?]) -> ServiceGraphAnswer.Identity? { Self.identity(values, services) }

  /// What the event calls; nil where nothing tells.
  func callee(_ values: [FieldValue?]) -> ServiceGraphAnswer.Identity? { Self.identity(values, callees) }

  private static func identity(_ values: [FieldValue?], _ namings: [Naming]) -> ServiceGraphAnswer.Identity? {
    for index in namings.indices where namings[index].test.passes(values) {
      guard let name = namings[index].names.lazy.compactMap({ text(values[$0]) }).first else { continue }
      let type = namings[index].types.lazy.compactMap { text(values[$0]) }.first
      if let identity = namings[index].rule.identity(name: name, type: type) { return identity }
    }
    return nil
  }

  /// Only texts name anything.
  private static func text(_ value: FieldValue?) -> String? {
    guard case .string(let text) = value else { return nil }
    return text
  }

  private mutating func place(_ name: String) -> Int {
    if let place = places[name] { return place }
    places[name] = places.count
    return places.count - 1
  }

  private mutating func naming(_ rule: ServiceGraphRules.Naming) -> Naming {
    Naming(test: test(rule.filter), names: rule.names.map { place($0) }, types: rule.types.map { place($0) }, rule: rule)
  }

  private mutating func test(_ filter: Filter) -> Test {
    switch filter {
    case .all(let parts): return .all(parts.map { test($0) })
    case .any(let parts): return .any(parts.map { test($0) })
    case .not(let part): return .not(test(part))
    case .exists(let column): return .exists(place(column))
    case .compare(let column, let comparison, let value): return .compare(place(column), comparison, value)
    case .oneOf(let column, let list): return .oneOf(place(column), list)
    case .text, .matches: preconditionFailure("rules of a graph ask for presence, equality and order only")
    }
  }
}
