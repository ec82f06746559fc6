// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// What a field of an event is for a document: its name, found by one look into a table.
enum FieldRole: UInt8, Sendable {
  case traceID, spanID, parentID, name, serviceName, kind, annotationType, type
  case duration, sampleRate, statusCode, error, original
  case inProgress, namespace, origin, user, fault, clientError, throttle, inferred, causeID, precursorIDs, workingDirectory, paths
  case method, url, userAgent, clientAddress, status, contentLength, forwardedFor, traced
  case databaseType, databaseQuery, databaseURL, databaseUser, databaseVersion, driverVersion, preparation
  // Of spans alone.
  case accountID, region, requestID, queueURL, tableName, instanceID, availabilityZone, resourceARN
  case system, rpcService, operation, peerService, databaseName, serverAddress, serverPort, scheme, path, query, platform, destination
  case serviceVersion
  /// Kept elsewhere, or of no use in a document.
  case ignored
  /// Anything else.
  case other

  static func of(_ name: String) -> FieldRole { byName[name] ?? .other }

  private static let byName = Dictionary(
    uniqueKeysWithValues: [
      (FieldName.traceID, traceID), (FieldName.spanID, spanID), (FieldName.parentID, parentID), (FieldName.name, name),
      (FieldName.serviceName, serviceName), (FieldName.spanKind, kind), (FieldName.annotationType, annotationType),
      (SegmentField.type, type), (FieldName.durationMilliseconds, duration), (FieldName.sampleRate, sampleRate),
      (FieldName.statusCode, statusCode), (FieldName.error, error), (FieldName.original, original),
      (SegmentField.inProgress, inProgress), (SegmentField.namespace, namespace), (SegmentField.origin, origin),
      (SegmentField.user, user), ("enduser.id", user), (SegmentField.fault, fault), (SegmentField.clientError, clientError),
      (SegmentField.throttle, throttle), (SegmentField.inferred, inferred), (SegmentField.causeID, causeID),
      (SegmentField.precursorIDs, precursorIDs), (SegmentField.workingDirectory, workingDirectory), (SegmentField.paths, paths),
      (SegmentField.method, method), ("http.method", method), (SegmentField.url, url), ("http.url", url),
      (SegmentField.userAgent, userAgent), ("http.user_agent", userAgent), (SegmentField.clientAddress, clientAddress),
      ("http.client_ip", clientAddress), (SegmentField.status, status), ("http.status_code", status),
      (SegmentField.contentLength, contentLength), ("http.response_content_length", contentLength),
      (SegmentField.forwardedFor, forwardedFor), (SegmentField.traced, traced), (SegmentField.databaseType, databaseType),
      ("db.system.name", databaseType), (SegmentField.databaseQuery, databaseQuery), ("db.query.text", databaseQuery),
      (SegmentField.databaseURL, databaseURL), (SegmentField.databaseUser, databaseUser),
      (SegmentField.databaseVersion, databaseVersion), (SegmentField.driverVersion, driverVersion),
      (SegmentField.preparation, preparation), ("cloud.account.id", accountID), ("aws.account_id", accountID),
      ("cloud.region", region), ("aws.region", region), ("aws.request_id", requestID), ("aws.requestId", requestID),
      ("aws.queue_url", queueURL), ("aws.queue.url", queueURL), ("aws.sqs.queue.url", queueURL), ("aws.table_name", tableName),
      ("aws.table.name", tableName), ("aws.dynamodb.table_names", tableName), ("host.id", instanceID),
      ("cloud.availability_zone", availabilityZone), (SegmentField.resourceARN, resourceARN), ("faas.arn", resourceARN),
      ("aws.ecs.container.arn", resourceARN), ("aws.ecs.task.arn", resourceARN), ("rpc.system", system), ("rpc.service", rpcService),
      ("aws.service", rpcService), ("rpc.method", operation), ("aws.operation", operation), ("peer.service", peerService),
      ("db.namespace", databaseName), ("db.name", databaseName), ("server.address", serverAddress), ("net.peer.name", serverAddress),
      ("server.port", serverPort), ("net.peer.port", serverPort), ("url.scheme", scheme), ("http.scheme", scheme), ("url.path", path),
      ("http.target", path), ("url.query", query), ("cloud.platform", platform), ("messaging.destination.name", destination),
      ("service.version", serviceVersion), (FieldName.eventCount, ignored), (FieldName.linkCount, ignored),
      (FieldName.traceState, ignored), (FieldName.statusMessage, ignored), (FieldName.resourceSchemaURL, ignored),
      (FieldName.scopeSchemaURL, ignored),
    ] as [(String, FieldRole)])
}

/// The word that 16 hex digits stand for; nil for any other text.
func word(ofHex text: String) -> UInt64? {
  guard text.utf8.count == 16 else { return nil }
  var word: UInt64 = 0
  for digit in text.utf8 {
    let value: UInt8
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit &- UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit &- UInt8(ascii: "a") &+ 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit &- UInt8(ascii: "A") &+ 10
    default: return nil
    }
    word = word << 4 | UInt64(value)
  }
  return word
}
