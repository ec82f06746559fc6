// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// Why a trace failed or took long: a way through the trace, from the service that its caller felt to the one where it began.
public struct RootCause: Sendable, Hashable {
  /// One document on the way.
  public struct Entity: Sendable, Hashable {
    public var name: String
    /// For response times: the share of the trace's time that the entity covers, 0 to 1.
    public var coverage: Double?
    public var exceptions: [SegmentDocument.Exception]
    public var isRemote: Bool
  }
  /// One service on the way with its documents there, the outermost first.
  public struct Service: Sendable, Hashable {
    public var name: String
    public var type: String?
    public var accountID: String?
    public var isInferred: Bool
    public var entities: [Entity]
  }
  public var kind: RootCauseKind
  public var services: [Service]
  /// The way reaches the client: the trace as a whole shows it.
  public var isClientImpacting: Bool

  /// The cause as X-Ray writes it.
  public var json: JSONValue {
    .object([
      JSONMember("Services", .array(services.map { serviceJSON($0) })), JSONMember("ClientImpacting", .boolean(isClientImpacting)),
    ])
  }

  private func serviceJSON(_ service: Service) -> JSONValue {
    var members = [JSONMember("Name", .string(service.name)), JSONMember("Names", .array([.string(service.name)]))]
    if let type = service.type { members.append(JSONMember("Type", .string(type))) }
    if let account = service.accountID { members.append(JSONMember("AccountId", .string(account))) }
    members.append(JSONMember("EntityPath", .array(service.entities.map { entityJSON($0) })))
    members.append(JSONMember("Inferred", .boolean(service.isInferred)))
    return .object(members)
  }

  private func entityJSON(_ entity: Entity) -> JSONValue {
    var members = [JSONMember("Name", .string(entity.name))]
    if kind == .responseTime {
      members.append(JSONMember("Coverage", .double(entity.coverage ?? 0)))
    } else {
      members.append(
        JSONMember(
          "Exceptions",
          .array(
            entity.exceptions.map {
              .object([JSONMember("Name", .string($0.type ?? "")), JSONMember("Message", .string($0.message ?? ""))])
            })))
    }
    members.append(JSONMember("Remote", .boolean(entity.isRemote)))
    return .object(members)
  }

  /// Whether JSON asks for this cause: members that it names must be there, lists must have its length.
  static func matches(_ wanted: JSONValue, _ found: JSONValue) -> Bool {
    switch (wanted, found) {
    case (.object(let members), .object): members.allSatisfy { (member) in found[member.name].map { matches(member.value, $0) } ?? false }
    case (.array(let left), .array(let right)): left.count == right.count && zip(left, right).allSatisfy { matches($0, $1) }
    default: wanted == found || (wanted.number != nil && wanted.number == found.number)
    }
  }
}

extension TraceStory {
  /// The most causes of one kind that are told.
  static let rootCauseCountMax = 10

  /// The ways on which the trace failed (`fault`, `error`), or the one on which its time went (`responseTime`).
  ///
  /// A failure's way goes from the deepest document that has the flag up through callers that have it too. The way of time goes from the
  /// root down into the longest child while that takes at least half of its parent's time.
  public func rootCauses(_ kind: RootCauseKind) -> [RootCause] {
    if kind == .responseTime { return longestWay().map { [cause(kind, $0)] } ?? [] }
    let flagged = documents.map { kind == .fault ? $0.isFault : $0.isError }
    var hasDeeper = [Bool](repeating: false, count: documents.count)
    for index in documents.indices where flagged[index] {
      if let parent = trace.parent(of: index), flagged[parent] { hasDeeper[parent] = true }
    }
    var causes: [RootCause] = []
    for index in documents.indices where flagged[index] && !hasDeeper[index] {
      var way = [index]
      var seen: Set<Int> = [index]
      while let last = way.last, let parent = trace.parent(of: last), flagged[parent], seen.insert(parent).inserted { way.append(parent) }
      let found = cause(kind, way.reversed())
      if !causes.contains(found) { causes.append(found) }
      if causes.count == Self.rootCauseCountMax { break }
    }
    return causes
  }

  private func longestWay() -> [Int]? {
    guard let root, documents[root].durationNanoseconds > 0 else { return nil }
    var children: [Int: Int] = [:]
    for index in documents.indices {
      guard let parent = trace.parent(of: index) else { continue }
      if let other = children[parent], documents[other].durationNanoseconds >= documents[index].durationNanoseconds { continue }
      children[parent] = index
    }
    var way = [root]
    var seen: Set<Int> = [root]
    while let last = way.last, let next = children[last], seen.insert(next).inserted,
      documents[next].durationNanoseconds >= documents[last].durationNanoseconds / 2, documents[next].durationNanoseconds > 0
    {
      way.append(next)
    }
    return way
  }

  private func cause(_ kind: RootCauseKind, _ way: [Int]) -> RootCause {
    var found: [RootCause.Service] = []
    var last = -1
    for index in way {
      let document = documents[index]
      let total = root.map { documents[$0].durationNanoseconds } ?? 0
      let entity = RootCause.Entity(
        name: document.name,
        coverage: kind == .responseTime && total > 0
          ? min(1, (Double(document.durationNanoseconds) / Double(total) * 100).rounded() / 100) : nil,
        exceptions: document.exceptions, isRemote: document.namespace == "remote" || document.namespace == "aws")
      if owners[index] != last {
        let service = services[owners[index]]
        found.append(
          RootCause.Service(
            name: service.name, type: service.type, accountID: service.accountID, isInferred: service.isInferred, entities: []))
        last = owners[index]
      }
      found[found.count - 1].entities.append(entity)
    }
    return RootCause(kind: kind, services: found, isClientImpacting: way.first == root)
  }
}
