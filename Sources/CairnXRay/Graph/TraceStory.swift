// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
internal import CairnColumns
public import CairnPlan

/// One trace as X-Ray's questions see it: its documents, the services that they are of, and who called whom.
///
/// Follows the rules of `ServiceGraphRules.xray` as the engine does for all traces at once, so that what a filter finds and what the map
/// shows is the same.
public struct TraceStory: Sendable {
  /// A service of the trace with the documents that tell of it: its segments, or for an inferred one the calls to it.
  public struct Service: Sendable, Hashable {
    public var name: String
    public var type: String?
    public var accountID: String?
    public var isInferred: Bool
    public var isRoot: Bool
    public var documents: [Int]
  }
  /// A call: the caller's service (nil for the client outside), the callee's, and the document that tells of it.
  public struct Edge: Sendable, Hashable {
    public var source: Int?
    public var target: Int
    public var document: Int
  }
  public let trace: SegmentTrace
  public private(set) var services: [Service] = []
  public private(set) var edges: [Edge] = []
  /// The document that stands for the whole trace: its first segment without a parent, else its first segment, else its first document.
  public private(set) var root: Int?
  /// By document: the service whose work it is.
  public private(set) var owners: [Int] = []

  public var documents: [SegmentDocument] { trace.documents }

  /// Reads the events of one trace. O(events), and O(documents x depth) for documents in deep chains.
  public init(traceID: TraceID, events: [Event]) {
    trace = SegmentTrace(traceID: traceID, events: events)
    let entries = trace.documents.indices.filter { trace.documents[$0].isSegment }
    root = entries.first { trace.documents[$0].parentID == nil } ?? entries.first ?? trace.documents.indices.first
    var builder = StoryBuilder(trace, events)
    builder.build()
    endUnixNanoseconds = trace.documents.first?.startUnixNanoseconds ?? 0
    for index in trace.documents.indices { endUnixNanoseconds = max(endUnixNanoseconds, trace.documents[index].endUnixNanoseconds) }
    services = builder.services
    edges = builder.edges
    owners = builder.owners
  }

  /// When the first document starts and the last one ends.
  public var startUnixNanoseconds: Int64 { documents.first?.startUnixNanoseconds ?? 0 }
  public private(set) var endUnixNanoseconds: Int64 = 0

  /// Documents right below a document.
  func children(of index: Int) -> [Int] { documents.indices.filter { trace.parent(of: $0) == index } }
}

/// Works out services and edges of one trace.
private struct StoryBuilder {
  private let trace: SegmentTrace
  private var callees: [ServiceGraphAnswer.Identity?]
  private var identities: [ServiceGraphAnswer.Identity]
  private var isCall: [Bool]
  private var isQueued: [Bool]
  private var isAnswered: [Bool]
  private(set) var services: [TraceStory.Service] = []
  private(set) var edges: [TraceStory.Edge] = []
  private(set) var owners: [Int] = []
  private var known: [ServiceGraphAnswer.Identity: Int] = [:]

  private var count: Int { trace.documents.count }

  init(_ trace: SegmentTrace, _ events: [Event]) {
    self.trace = trace
    let count = trace.documents.count
    let rules = EventRules.xray
    callees = [ServiceGraphAnswer.Identity?](repeating: nil, count: count)
    identities = trace.documents.map { ServiceGraphAnswer.Identity(name: $0.serviceName, type: $0.origin) }
    isCall = [Bool](repeating: false, count: count)
    isQueued = isCall
    isAnswered = isCall
    var values: [FieldValue?] = []
    var names = NameMemory<Int?>()
    for event in events {
      rules.read(event, &names, into: &values)
      guard rules.isSpan.passes(values), let id = rules.spanID(values), let place = trace.places[id] else { continue }
      // Of a span and a document that are the same work, the one that counts speaks.
      guard rules.isPreferred.passes(values) == trace.documents[place].isXRay else { continue }
      // The same span may have come while it ran: what its completion says wins.
      if rules.isPartial.passes(values), !trace.documents[place].isInProgress { continue }
      isCall[place] = rules.isCall.passes(values)
      isQueued[place] = rules.isQueued.passes(values)
      let asks = isCall[place] || (isQueued[place] && rules.isEntry.passes(values))
      callees[place] = asks ? rules.callee(values) : nil
      if !trace.documents[place].isXRay {
        identities[place] = rules.service(values) ?? ServiceGraphAnswer.Identity(name: event.dataset, type: nil)
      }
    }
  }

  mutating func build() {
    inherit()
    for index in 0..<count { owners.append(service(identities[index], .itself)) }
    for index in 0..<count where isEntry(index) { markAnswered(above: index) }
    for index in 0..<count {
      if isEntry(index) { addEntry(index) }
      addInferred(index)
    }
  }

  private func isInner(_ index: Int) -> Bool { trace.documents[index].isXRay && !trace.documents[index].isSegment }

  /// Subsegments are work of the nearest document above that is none.
  private mutating func inherit() {
    for index in 0..<count where isInner(index) {
      var place = index
      var steps = 0
      while isInner(place), steps < 256, let above = trace.parent(of: place) {
        place = above
        steps += 1
      }
      if !isInner(place) { identities[index] = identities[place] }
    }
  }

  private func isEntry(_ index: Int) -> Bool {
    let document = trace.documents[index]
    if isInner(index) { return false }
    guard document.parentID != nil else { return true }
    let says = document.isSegment
    guard let parent = trace.parent(of: index) else { return says }
    if identities[parent].name != identities[index].name { return true }
    return says && isCall[parent]
  }

  private mutating func markAnswered(above index: Int) {
    var place = trace.parent(of: index)
    var steps = 0
    while let row = place, steps < count {
      guard isCall[row] || steps == 0 else { return }
      if isQueued[row], callees[row] != nil { return }
      isAnswered[row] = true
      guard let above = trace.parent(of: row), identities[above].name == identities[row].name else { return }
      place = above
      steps += 1
    }
  }

  private enum Source {
    case itself
    case callers
  }

  private mutating func service(_ identity: ServiceGraphAnswer.Identity, _ source: Source) -> Int {
    if let place = known[identity] {
      if source == .itself { services[place].isInferred = false }
      return place
    }
    services.append(
      TraceStory.Service(
        name: identity.name, type: identity.type, accountID: nil, isInferred: source == .callers, isRoot: false, documents: []))
    known[identity] = services.count - 1
    return services.count - 1
  }

  private mutating func addEntry(_ index: Int) {
    let own = owners[index]
    services[own].documents.append(index)
    if services[own].accountID == nil { services[own].accountID = trace.documents[index].aws.accountID }
    guard let parent = trace.parent(of: index) else {
      if isQueued[index], let queue = callees[index] {
        edges.append(TraceStory.Edge(source: service(queue, .callers), target: own, document: index))
      } else if trace.documents[index].parentID == nil {
        services[own].isRoot = true
        edges.append(TraceStory.Edge(source: nil, target: own, document: index))
      }
      return
    }
    if isCall[parent], isQueued[parent], let queue = callees[parent] {
      edges.append(TraceStory.Edge(source: service(queue, .callers), target: own, document: index))
    } else {
      edges.append(TraceStory.Edge(source: owners[parent], target: own, document: isCall[parent] ? parent : index))
    }
  }

  private mutating func addInferred(_ index: Int) {
    guard isCall[index], !isAnswered[index], let callee = callees[index] else { return }
    if let parent = trace.parent(of: index), isCall[parent], callees[parent] != nil, identities[parent].name == identities[index].name {
      return
    }
    let target = service(callee, .callers)
    if services[target].isInferred { services[target].documents.append(index) }
    edges.append(TraceStory.Edge(source: owners[index], target: target, document: index))
  }
}
