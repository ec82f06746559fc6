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
  /// Takes the fields of a span.
  mutating func takeSpan(_ event: Event) {
    var hints = SpanHints()
    for (name, value) in event.fields { take(name, value, &hints) }
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
    metadata["default.otel.span.name"] = .string(name)
    if isSegment {
      if !serviceName.isEmpty { name = serviceName }
    } else {
      setCallee(hints)
    }
  }

  private mutating func take(_ name: String, _ value: FieldValue, _ hints: inout SpanHints) {
    guard Self.mappedNames.contains(name) else { return takeOther(name, value) }
    if takeHTTP(name, value) || takeSQL(name, value) || takeCloud(name, value) { return }
    switch name {
    case FieldName.durationMilliseconds: takeDuration(value)
    case FieldName.sampleRate: takeSampleRate(value)
    case FieldName.statusCode: hints.hasFailed = hints.hasFailed || value == .integer(2)
    case FieldName.error: hints.hasFailed = hints.hasFailed || value == .boolean(true)
    case "rpc.system": hints.system = value.text
    case "rpc.service", "aws.service": hints.rpcService = value.text
    case "rpc.method", "aws.operation": aws.operation = value.text
    case "peer.service": hints.peerService = value.text
    case "db.namespace", "db.name": hints.databaseName = value.text
    case "server.address", "net.peer.name": hints.serverAddress = value.text
    case "server.port", "net.peer.port": hints.serverPort = value.text
    case "url.scheme", "http.scheme": hints.scheme = value.text
    case "url.path", "http.target": hints.path = value.text
    case "url.query": hints.query = value.text
    case "cloud.platform": hints.platform = value.text
    case "messaging.destination.name": hints.destination = value.text
    case SegmentField.user, "enduser.id": user = value.text
    case "service.version": service["version"] = value
    case FieldName.traceID, FieldName.spanID, FieldName.parentID, FieldName.name, FieldName.serviceName, FieldName.spanKind: break
    case FieldName.eventCount, FieldName.linkCount, FieldName.traceState, FieldName.statusMessage, FieldName.original: break
    default: takeOther(name, value)
    }
  }

  /// Takes an attribute that no part of the document is named for.
  private mutating func takeOther(_ name: String, _ value: FieldValue) {
    if name.hasPrefix("meta.") || name.hasPrefix("exception.") || name.hasPrefix("library.") { return }
    let isResource = Self.resourcePrefixes.contains { name.hasPrefix($0) }
    if isResource { metadata["default.otel.resource." + name] = value } else { annotations[name] = value }
  }

  /// Every name that `take` and what it calls look for: one look into a set spares most attributes some sixty comparisons.
  private static let mappedNames: Set<String> = [
    SegmentField.method, "http.method", SegmentField.url, "http.url", SegmentField.userAgent, "http.user_agent", SegmentField.clientAddress,
    "http.client_ip", SegmentField.status, "http.status_code", SegmentField.contentLength, "http.response_content_length",
    SegmentField.forwardedFor, SegmentField.traced, SegmentField.databaseType, "db.system.name", SegmentField.databaseQuery,
    "db.query.text", SegmentField.databaseURL, SegmentField.databaseUser, SegmentField.databaseVersion, SegmentField.driverVersion,
    SegmentField.preparation, "cloud.account.id", "aws.account_id", "cloud.region", "aws.region", "aws.request_id", "aws.requestId",
    "aws.queue_url", "aws.queue.url", "aws.sqs.queue.url", "aws.table_name", "aws.table.name", "aws.dynamodb.table_names", "host.id",
    "cloud.availability_zone", "cloud.resource_id", "faas.arn", "aws.ecs.container.arn", "aws.ecs.task.arn",
    FieldName.durationMilliseconds, FieldName.sampleRate, FieldName.statusCode, FieldName.error, "rpc.system", "rpc.service",
    "aws.service", "rpc.method", "aws.operation", "peer.service", "db.namespace", "db.name", "server.address", "net.peer.name",
    "server.port", "net.peer.port", "url.scheme", "http.scheme", "url.path", "http.target", "url.query", "cloud.platform",
    "messaging.destination.name", SegmentField.user, "enduser.id", "service.version", FieldName.traceID, FieldName.spanID,
    FieldName.parentID, FieldName.name, FieldName.serviceName, FieldName.spanKind, FieldName.eventCount, FieldName.linkCount,
    FieldName.traceState, FieldName.statusMessage, FieldName.original,
  ]

  private mutating func takeCloud(_ name: String, _ value: FieldValue) -> Bool {
    switch name {
    case "cloud.account.id", "aws.account_id": aws.accountID = value.text
    case "cloud.region", "aws.region": aws.region = value.text
    case "aws.request_id", "aws.requestId": aws.requestID = value.text
    case "aws.queue_url", "aws.queue.url", "aws.sqs.queue.url": aws.queueURL = value.text
    case "aws.table_name", "aws.table.name", "aws.dynamodb.table_names": aws.tableName = Self.firstText(value.text)
    case "host.id": aws.instanceID = value.text
    case "cloud.availability_zone": aws.availabilityZone = value.text
    case "cloud.resource_id", "faas.arn", "aws.ecs.container.arn", "aws.ecs.task.arn": aws.resourceARNs.append(value.text)
    default: return false
    }
    return true
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
