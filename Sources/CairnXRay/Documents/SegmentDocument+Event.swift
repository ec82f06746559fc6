// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats
public import CairnPlan

extension SegmentDocument {
  /// The fields of an event that say which document it is.
  private struct Head {
    var traceID: TraceID?
    var id: UInt64?
    var parentID: UInt64?
    var type: String?
    var kind = ""
    var name = ""
    var serviceName = ""
    var isAnnotation = false

    mutating func take(_ role: FieldRole, _ value: FieldValue) {
      switch role {
      case .traceID: traceID = TraceID(value.text)
      case .spanID: id = word(ofHex: value.text)
      case .parentID: parentID = word(ofHex: value.text)
      case .type: type = value.text
      case .kind: kind = value.text
      case .name: name = value.text
      case .serviceName: serviceName = value.text
      case .annotationType: isAnnotation = true
      default: break
      }
    }
  }

  /// The document that an event is, X-Ray row or span; nil for what is neither (an exception, a log record, a span's link).
  ///
  /// The event must carry the fields of the mapping table; those that a plan left out are missing from the document. O(fields).
  public init?(_ event: Event) {
    var names = NameMemory<FieldRole>()
    self.init(event, &names)
  }

  /// The same for one of many events, with what their names mean.
  init?(_ event: Event, _ names: inout NameMemory<FieldRole>) {
    var head = Head()
    var roles: [FieldRole] = []
    roles.reserveCapacity(event.fields.count)
    names.restart()
    for field in event.fields {
      let role = names.meaning(of: field.name, FieldRole.of)
      roles.append(role)
      if role.rawValue <= FieldRole.type.rawValue { head.take(role, field.value) }
    }
    guard let traceID = head.traceID, let id = head.id, !head.isAnnotation else { return nil }
    let isService = head.kind == "server" || head.kind == "consumer"
    self.init(
      traceID: traceID, id: id, parentID: head.parentID, isSegment: head.type.map { $0 == "segment" } ?? (isService || head.parentID == nil),
      name: head.name, serviceName: head.serviceName, startUnixNanoseconds: event.timeUnixNanoseconds)
    kind = head.kind
    isXRay = head.type != nil
    if isXRay {
      for (index, field) in event.fields.enumerated() { take(roles[index], field.name, field.value) }
    } else {
      takeSpan(event, roles)
    }
  }

  /// Takes a field of an X-Ray row.
  private mutating func take(_ role: FieldRole, _ name: String, _ value: FieldValue) {
    switch role {
    case .original: original = value.text
    case .inProgress: isInProgress = value == .boolean(true)
    case .namespace: namespace = value.text
    case .origin: origin = value.text
    case .resourceARN: aws.resourceARNs.append(value.text)
    case .fault: isFault = value == .boolean(true)
    case .clientError: isError = value == .boolean(true)
    case .throttle: isThrottle = value == .boolean(true)
    case .inferred: isInferred = value == .boolean(true)
    case .causeID: causeID = value.text
    case .precursorIDs: precursorIDs = Self.texts(value)
    case .workingDirectory: workingDirectory = value.text
    case .paths: paths = Self.texts(value)
    default: if !takeCall(role, value) { takeOther(name, value) }
    }
  }

  /// Takes what spans have too; false for any other field.
  mutating func takeCall(_ role: FieldRole, _ value: FieldValue) -> Bool {
    switch role {
    case .duration:
      if let milliseconds = value.number, milliseconds > 0, milliseconds < 9e12 { durationNanoseconds = Int64((milliseconds * 1e6).rounded()) }
    case .sampleRate: if let rate = value.number, rate >= 1, rate < 1e15 { sampleRate = Int64(rate.rounded()) }
    case .user: user = value.text
    case .method: http.method = value.text
    case .url: http.url = value.text
    case .userAgent: http.userAgent = value.text
    case .clientAddress: http.clientAddress = value.text
    case .status: http.status = Self.integer(value)
    case .contentLength: http.contentLength = Self.integer(value)
    case .forwardedFor: http.isForwardedFor = value == .boolean(true)
    case .traced: http.isTraced = value == .boolean(true)
    case .databaseType: sql.databaseType = value.text
    case .databaseQuery: sql.query = value.text
    case .databaseURL: sql.url = value.text
    case .databaseUser: sql.user = value.text
    case .databaseVersion: sql.databaseVersion = value.text
    case .driverVersion: sql.driverVersion = value.text
    case .preparation: sql.preparation = value.text
    default: return false
    }
    return true
  }

  /// Takes a leaf of one of the document's objects.
  private mutating func takeOther(_ name: String, _ value: FieldValue) {
    if name.hasPrefix(SegmentField.annotationPrefix) {
      annotations.set(String(name.dropFirst(SegmentField.annotationPrefix.count)), value)
    } else if name.hasPrefix(SegmentField.metadataPrefix) {
      metadata.set(String(name.dropFirst(SegmentField.metadataPrefix.count)), value)
    } else if name.hasPrefix(SegmentField.awsPrefix) {
      takeAWS(String(name.dropFirst(SegmentField.awsPrefix.count)), value)
    } else if name.hasPrefix(SegmentField.servicePrefix), name != FieldName.serviceName {
      service.set(String(name.dropFirst(SegmentField.servicePrefix.count)), value)
    }
  }

  /// Takes a leaf of the document's `aws` object.
  private mutating func takeAWS(_ path: String, _ value: FieldValue) {
    switch path {
    case "account_id": aws.accountID = value.text
    case "region": aws.region = value.text
    case "operation": aws.operation = value.text
    case "request_id": aws.requestID = value.text
    case "queue_url": aws.queueURL = value.text
    case "table_name": aws.tableName = value.text
    case "resource_names": aws.resourceNames = Self.texts(value)
    case "ec2.instance_id":
      aws.instanceID = value.text
      aws.others.set(path, value)
    case "ec2.availability_zone":
      aws.availabilityZone = value.text
      aws.others.set(path, value)
    default:
      aws.others.set(path, value)
      if path.hasSuffix("arn") { aws.resourceARNs.append(value.text) }
    }
  }

  /// The texts of a JSON array; a bare text is the only one.
  private static func texts(_ value: FieldValue) -> [String] {
    guard value.text.hasPrefix("["), let list = try? JSONValue(parsing: value.text).array else { return [value.text] }
    return list.compactMap(\.string)
  }

  private static func integer(_ value: FieldValue) -> Int64? {
    guard let number = value.number, abs(number) < 9e15 else { return nil }
    return Int64(number)
  }
}

extension SegmentDocument.Exception {
  /// The exception that a row of its own is; nil where the event is none.
  public init?(_ event: Event) {
    guard event[FieldName.annotationType]?.text == "span_event" else { return nil }
    guard event[FieldName.name]?.text == "exception" else { return nil }
    self.init(id: event[SegmentField.exceptionID]?.text ?? "")
    type = event[SegmentField.exceptionType]?.text
    message = event[SegmentField.exceptionMessage]?.text
    stacktrace = event[SegmentField.exceptionStacktrace]?.text
    isRemote = event[SegmentField.exceptionRemote] == .boolean(true)
    causeID = event[SegmentField.exceptionCauseID]?.text
    truncated = event[SegmentField.exceptionTruncated]?.number.flatMap { Int64(exactly: $0) }
    skipped = event[SegmentField.exceptionSkipped]?.number.flatMap { Int64(exactly: $0) }
  }
}

extension SegmentDocument.Link {
  /// The link that a row of its own is; nil where the event is none.
  init?(_ event: Event) {
    guard event[FieldName.annotationType]?.text == "link", let trace = event[FieldName.linkTraceID].flatMap({ TraceID($0.text) }),
      let id = event[FieldName.linkSpanID].flatMap({ word(ofHex: $0.text) })
    else { return nil }
    self.init(traceID: trace, id: id)
  }
}
