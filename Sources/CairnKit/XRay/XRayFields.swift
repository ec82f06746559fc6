// SPDX-License-Identifier: Apache-2.0

/// A span's attributes with the places of those that X-Ray's documents have a member for: found in one pass.
struct XRayFields {
  /// An attribute that is looked for.
  enum Name: Int, CaseIterable {
    case method
    case methodBefore
    case status
    case statusBefore
    case bodySize
    case agent
    case client
    case url
    case urlBefore
    case path
    case scheme
    case address
    case port
    case user
    case endUser
    case system
    case systemBefore
    case query
    case queryBefore
    case namespace
    case database
    case peer
    case service
    case destination
    case rpcSystem
    case operation
    case requestID
    case region
    case tables
    case annotations

    /// As the semantic conventions have it; those `Before` as they had it.
    var text: String {
      switch self {
      case .method: "http.request.method"
      case .methodBefore: "http.method"
      case .status: "http.response.status_code"
      case .statusBefore: "http.status_code"
      case .bodySize: "http.response.body.size"
      case .agent: "user_agent.original"
      case .client: "client.address"
      case .url: "url.full"
      case .urlBefore: "http.url"
      case .path: "url.path"
      case .scheme: "url.scheme"
      case .address: "server.address"
      case .port: "server.port"
      case .user: "user.id"
      case .endUser: "enduser.id"
      case .system: "db.system.name"
      case .systemBefore: "db.system"
      case .query: "db.query.text"
      case .queryBefore: "db.statement"
      case .namespace: "db.namespace"
      case .database: "db.name"
      case .peer: "peer.service"
      case .service: "rpc.service"
      case .destination: "messaging.destination.name"
      case .rpcSystem: "rpc.system"
      case .operation: "rpc.method"
      case .requestID: "aws.request_id"
      case .region: "cloud.region"
      case .tables: "aws.dynamodb.table_names"
      case .annotations: SegmentWriter.annotationsName
      }
    }
  }

  let all: [WireField]
  /// By place: the value stands in a member of its own. Those behind the 64th are told twice.
  private var told: UInt64 = 0
  private var places = InlineArray<30, Int16>(repeating: -1)

  /// Names by their length: most are told apart by it.
  private static let byLength: [[(text: String, name: Name)]] = {
    var found = [[(text: String, name: Name)]](repeating: [], count: lengthMax + 1)
    for name in Name.allCases { found[name.text.utf8.count].append((name.text, name)) }
    return found
  }()
  private static let lengthMax = Name.allCases.reduce(0) { max($0, $1.text.utf8.count) }

  init(_ fields: [WireField]) {
    all = fields
    let byLength = Self.byLength
    for index in fields.indices.prefix(Int(Int16.max)) {
      let length = fields[index].name.utf8.count
      guard length < byLength.count else { continue }
      for candidate in byLength[length] where candidate.text == fields[index].name { places[candidate.name.rawValue] = Int16(index) }
    }
  }

  subscript(_ name: Name) -> WireValue? {
    let place = Int(places[name.rawValue])
    return place >= 0 ? all[place].value : nil
  }

  /// The first of two that is there.
  func first(_ name: Name, _ other: Name) -> WireValue? { self[name] ?? self[other] }

  func has(_ name: Name, or other: Name) -> Bool { places[name.rawValue] >= 0 || places[other.rawValue] >= 0 }

  /// The value, for a member of its own: it is no metadata any more.
  mutating func take(_ name: Name) -> WireValue? { takePlace(name).map { all[$0].value } }

  /// Writes the value, or the other where it is not there, as the text of a member of its own. False if neither is there.
  @discardableResult
  mutating func tell(_ name: Name, or other: Name? = nil, as member: StaticString, to writer: inout WireBuffer) -> Bool {
    guard let place = takePlace(name) ?? other.flatMap({ takePlace($0) }) else { return false }
    writer.name(member)
    // A span lends its elements: a text that is handed out would be counted.
    let lent = all.span
    writer.text(of: lent[place].value)
    return true
  }

  private mutating func takePlace(_ name: Name) -> Int? {
    let place = Int(places[name.rawValue])
    guard place >= 0 else { return nil }
    told |= place < 64 ? 1 << UInt64(place) : 0
    return place
  }

  /// The value where it is a whole number; another kind of value stays metadata.
  mutating func takeInteger(_ name: Name) -> Int64? {
    guard case .integer(let value)? = self[name] else { return nil }
    _ = takePlace(name)
    return value
  }

  func isTold(_ index: Int) -> Bool { index < 64 && told & 1 << UInt64(index) != 0 }
}
