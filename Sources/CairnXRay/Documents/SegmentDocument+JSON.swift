// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
public import CairnFormats

extension SegmentDocument {
  /// The document as X-Ray would have it, made of what is known; embedded subsegments are the caller's matter.
  ///
  /// `isEmbedded`: inside another document, where trace id and parent id go without saying.
  public func json(isEmbedded: Bool) -> JSONValue {
    var members: [JSONMember] = [JSONMember("id", .string(hexText(id))), JSONMember("name", .string(String(name.prefix(200))))]
    if !isEmbedded {
      members.append(JSONMember("trace_id", .string(traceID.xrayText)))
      if let parentID { members.append(JSONMember("parent_id", .string(hexText(parentID)))) }
      if !isSegment { members.append(JSONMember("type", .string("subsegment"))) }
    }
    members.append(JSONMember("start_time", .double(Self.seconds(startUnixNanoseconds))))
    if isInProgress {
      members.append(JSONMember("in_progress", .boolean(true)))
    } else {
      members.append(JSONMember("end_time", .double(Self.seconds(endUnixNanoseconds))))
    }
    for (name, flag) in [("fault", isFault), ("error", isError), ("throttle", isThrottle), ("inferred", isInferred)] where flag {
      members.append(JSONMember(name, .boolean(true)))
    }
    for (name, text) in [("namespace", namespace), ("origin", origin), ("user", user)] {
      if let text { members.append(JSONMember(name, .string(text))) }
    }
    if !http.isEmpty { members.append(JSONMember("http", httpJSON)) }
    if !sql.isEmpty { members.append(JSONMember("sql", sqlJSON)) }
    if !aws.isEmpty { members.append(JSONMember("aws", awsJSON)) }
    if !service.isEmpty { members.append(JSONMember("service", Self.flat(service))) }
    if !annotations.isEmpty { members.append(JSONMember("annotations", Self.flat(annotations))) }
    let metadata = allMetadata
    if !metadata.isEmpty { members.append(JSONMember("metadata", Self.tree(metadata))) }
    if !links.isEmpty {
      let list = links.map { (link) -> JSONValue in
        .object([JSONMember("trace_id", .string(link.traceID.xrayText)), JSONMember("id", .string(hexText(link.id)))])
      }
      members.append(JSONMember("links", .array(list)))
    }
    if !precursorIDs.isEmpty { members.append(JSONMember("precursor_ids", .array(precursorIDs.map { .string($0) }))) }
    if !exceptions.isEmpty { members.append(JSONMember("cause", causeJSON)) } else if let causeID { members.append(JSONMember("cause", .string(causeID))) }
    return .object(members)
  }

  private static func seconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1e9 }

  private static func present(_ pairs: [(String, String?)]) -> [JSONMember] {
    pairs.compactMap { (name, text) in text.map { JSONMember(name, .string($0)) } }
  }

  private var httpJSON: JSONValue {
    var request = Self.present([
      ("method", http.method), ("url", http.url), ("user_agent", http.userAgent), ("client_ip", http.clientAddress),
    ])
    if http.isForwardedFor { request.append(JSONMember("x_forwarded_for", .boolean(true))) }
    if http.isTraced { request.append(JSONMember("traced", .boolean(true))) }
    var response: [JSONMember] = []
    if let status = http.status { response.append(JSONMember("status", .integer(status))) }
    if let length = http.contentLength { response.append(JSONMember("content_length", .integer(length))) }
    var members: [JSONMember] = []
    if !request.isEmpty { members.append(JSONMember("request", .object(request))) }
    if !response.isEmpty { members.append(JSONMember("response", .object(response))) }
    return .object(members)
  }

  private var sqlJSON: JSONValue {
    .object(
      Self.present([
        ("url", sql.url), ("database_type", sql.databaseType), ("database_version", sql.databaseVersion),
        ("driver_version", sql.driverVersion), ("user", sql.user), ("preparation", sql.preparation), ("sanitized_query", sql.query),
      ]))
  }

  private var awsJSON: JSONValue {
    var members = Self.present([
      ("account_id", aws.accountID), ("region", aws.region), ("operation", aws.operation), ("request_id", aws.requestID),
      ("queue_url", aws.queueURL), ("table_name", aws.tableName),
    ])
    if !aws.resourceNames.isEmpty { members.append(JSONMember("resource_names", .array(aws.resourceNames.map { .string($0) }))) }
    if let instance = aws.instanceID {
      members.append(
        JSONMember("ec2", .object(Self.present([("instance_id", instance), ("availability_zone", aws.availabilityZone)]))))
    }
    members += aws.others.sorted { $0.key < $1.key }.filter { !$0.key.hasPrefix("ec2.") }.map { JSONMember($0.key, $0.value.json) }
    return .object(members)
  }

  private static func flat(_ values: DocumentFields) -> JSONValue {
    .object(values.sorted { $0.key < $1.key }.map { JSONMember($0.key, $0.value.json) })
  }

  /// By namespace: what stands before the first dot.
  private static func tree(_ metadata: DocumentFields) -> JSONValue {
    var spaces: [String: [JSONMember]] = [:]
    for entry in metadata.sorted(by: { $0.key < $1.key }) {
      let parts = entry.key.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
      let space = parts.count > 1 ? String(parts[0]) : "default"
      spaces[space, default: []].append(JSONMember(String(parts.last ?? ""), entry.value.json))
    }
    return .object(spaces.sorted { $0.key < $1.key }.map { JSONMember($0.key, .object($0.value)) })
  }

  private var causeJSON: JSONValue {
    let list = exceptions.enumerated().map { (place, exception) -> JSONValue in
      let made = hexText(id ^ UInt64(place + 1) << 48)
      var members = [JSONMember("id", .string(exception.id.isEmpty ? made : exception.id))]
      members += Self.present([("type", exception.type), ("message", exception.message), ("cause", exception.causeID)])
      if exception.isRemote { members.append(JSONMember("remote", .boolean(true))) }
      if let stack = exception.stacktrace { members.append(JSONMember("stack", Self.frames(stack))) }
      return .object(members)
    }
    var members: [JSONMember] = []
    if let workingDirectory { members.append(JSONMember("working_directory", .string(workingDirectory))) }
    if !paths.isEmpty { members.append(JSONMember("paths", .array(paths.map { .string($0) }))) }
    members.append(JSONMember("exceptions", .array(list)))
    return .object(members)
  }

  /// A stack trace's lines as frames: X-Ray shows the label.
  private static func frames(_ stacktrace: String) -> JSONValue {
    .array(stacktrace.split(separator: "\n").prefix(100).map { .object([JSONMember("label", .string(String($0)))]) })
  }
}

extension FieldValue {
  /// The value in JSON.
  var json: JSONValue {
    switch self {
    case .string(let text): .string(text)
    case .integer(let value): .integer(value)
    case .float(let value): .double(value)
    case .boolean(let value): .boolean(value)
    }
  }
}
