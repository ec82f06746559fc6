// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

// A span read as a document: what the semantic conventions name goes to http, sql and aws, the rest are annotations.

/// The attributes of a span that name a part of its document.
private struct SpanHints {
  var system: String?
  var rpcService: String?
  var peerService: String?
  var databaseName: String?
  var serverAddress: String?
  var serverPort: String?
  var scheme: String?
  var path: String?
  var query: String?
  var platform: String?
  var destination: String?
  var hasFailed = false
}

extension SegmentDocument {
  /// Takes the fields of a span, whose roles are given.
  mutating func takeSpan(_ event: Event, _ roles: [FieldRole]) {
    var hints = SpanHints()
    annotations.reserve(event.fields.count)
    for (index, field) in event.fields.enumerated() { take(roles[index], field.name, field.value, &hints) }
    if http.url == nil, let address = hints.serverAddress, let path = hints.path {
      let port = hints.serverPort.map { ":" + $0 } ?? ""
      http.url = "\(hints.scheme ?? "http")://\(address)\(port)\(path)\(hints.query.map { "?" + $0 } ?? "")"
    }
    if !sql.isEmpty, sql.url == nil {
      let place = [hints.serverAddress, hints.databaseName].compactMap { $0 }
      sql.url = place.isEmpty ? nil : place.joined(separator: "/")
    }
    origin = isSegment ? hints.platform.flatMap(Self.origin) : nil
    setFlags(hints)
    spanName = name
    if isSegment {
      if !serviceName.isEmpty { name = serviceName }
    } else {
      setCallee(hints)
    }
  }

  /// Adds what the span that is the same work says beside this document.
  mutating func join(_ span: SegmentDocument) {
    annotations.add(span.annotations)
    resource = span.resource
    spanName = span.spanName
    if user == nil { user = span.user }
    if http.isEmpty { http = span.http }
    if sql.isEmpty { sql = span.sql }
    if service.isEmpty { service = span.service }
  }

  private mutating func take(_ role: FieldRole, _ name: String, _ value: FieldValue, _ hints: inout SpanHints) {
    switch role {
    case .other: takeOther(name, value, &hints)
    case .traceID, .spanID, .parentID, .name, .serviceName, .kind, .annotationType, .type, .original, .ignored: break
    case .statusCode: hints.hasFailed = hints.hasFailed || value == .integer(2)
    case .error: hints.hasFailed = hints.hasFailed || value == .boolean(true)
    case .system: hints.system = value.text
    case .rpcService: hints.rpcService = value.text
    case .operation: aws.operation = value.text
    case .peerService: hints.peerService = value.text
    case .databaseName: hints.databaseName = value.text
    case .serverAddress: hints.serverAddress = value.text
    case .serverPort: hints.serverPort = value.text
    case .scheme: hints.scheme = value.text
    case .path: hints.path = value.text
    case .query: hints.query = value.text
    case .platform: hints.platform = value.text
    case .destination: hints.destination = value.text
    case .serviceVersion: service.set("version", value)
    case .accountID: aws.accountID = value.text
    case .region: aws.region = value.text
    case .requestID: aws.requestID = value.text
    case .queueURL: aws.queueURL = value.text
    case .tableName: aws.tableName = Self.firstText(value.text)
    case .instanceID: aws.instanceID = value.text
    case .availabilityZone: aws.availabilityZone = value.text
    case .resourceARN: aws.resourceARNs.append(value.text)
    default: _ = takeCall(role, value)
    }
  }

  /// Takes an attribute that no part of the document is named for.
  private mutating func takeOther(_ name: String, _ value: FieldValue, _ hints: inout SpanHints) {
    // Most names are told by their first letter: a look at every prefix would cost more than all the rest.
    switch name.utf8.first {
    case UInt8(ascii: "m"), UInt8(ascii: "e"), UInt8(ascii: "l"):
      if name.hasPrefix("meta.") || name.hasPrefix("exception.") || name.hasPrefix("library.") { return }
    case UInt8(ascii: "t"), UInt8(ascii: "p"), UInt8(ascii: "h"), UInt8(ascii: "o"), UInt8(ascii: "c"), UInt8(ascii: "k"), UInt8(ascii: "s"):
      if Self.resourcePrefixes.contains(where: { name.hasPrefix($0) }) { return resource.set(name, value) }
    default: break
    }
    annotations.set(name, value)
  }

  private mutating func setFlags(_ hints: SpanHints) {
    if let status = http.status { derive(fromStatus: status) }
    if hints.hasFailed, isOK { isFault = true }
  }

  /// Name and namespace of a call: whom it went to.
  private mutating func setCallee(_ hints: SpanHints) {
    let isAWS = hints.system == "aws-api" || aws.tableName != nil || aws.queueURL != nil
    if isAWS {
      namespace = "aws"
      name = hints.rpcService ?? (aws.tableName != nil ? "DynamoDB" : aws.queueURL != nil ? "SQS" : name)
      return
    }
    guard kind == "client" || kind == "producer" else { return }
    namespace = "remote"
    if let peer = hints.peerService {
      name = peer
    } else if !sql.isEmpty {
      let place = [hints.databaseName ?? sql.databaseType, hints.serverAddress].compactMap { $0 }
      name = place.joined(separator: "@")
    } else if let host = hints.destination ?? hints.serverAddress ?? http.url.flatMap(Self.host) {
      name = host
    }
  }

  private static let resourcePrefixes = ["telemetry.", "process.", "host.", "os.", "container.", "k8s.", "service.", "cloud.", "thread."]

  private static func host(_ url: String) -> String? {
    let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[0].hasSuffix(":"), parts[1].isEmpty else { return nil }
    let host = parts[2].prefix { $0 != "?" && $0 != ":" }
    return host.isEmpty ? nil : String(host)
  }

  /// The first text of a JSON array of texts, or the text itself.
  private static func firstText(_ text: String) -> String {
    guard text.hasPrefix("[\"") else { return text }
    return String(text.dropFirst(2).prefix { $0 != "\"" })
  }

  private static func origin(_ platform: String) -> String? {
    switch platform {
    case "aws_ec2": "AWS::EC2::Instance"
    case "aws_ecs": "AWS::ECS::Container"
    case "aws_eks": "AWS::EKS::Container"
    case "aws_elastic_beanstalk": "AWS::ElasticBeanstalk::Environment"
    case "aws_lambda": "AWS::Lambda::Function"
    case "aws_app_runner": "AWS::AppRunner::Service"
    default: nil
    }
  }
}
