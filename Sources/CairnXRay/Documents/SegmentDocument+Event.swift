// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats
public import CairnPlan

extension SegmentDocument {
  /// The document that an event is, X-Ray row or span; nil for what is neither (an exception, a log record, a span's link).
  ///
  /// The event must carry the fields of the mapping table; those that a plan left out are missing from the document. O(fields).
  public init?(_ event: Event) {
    guard let trace = event[FieldName.traceID]?.text, let traceID = TraceID(trace), event[FieldName.annotationType] == nil else {
      return nil
    }
    guard let span = event[FieldName.spanID]?.text, let id = parseHex(Array(span.utf8)[...]) else { return nil }
    let parentID = event[FieldName.parentID].flatMap { parseHex(Array($0.text.utf8)[...]) }
    let type = event[SegmentField.type]?.text
    let kind = event[FieldName.spanKind]?.text ?? ""
    let isSegment = type.map { $0 == "segment" } ?? (kind == "server" || kind == "consumer" || parentID == nil)
    self.init(
      traceID: traceID, id: id, parentID: parentID, isSegment: isSegment, name: event[FieldName.name]?.text ?? "",
      serviceName: event[FieldName.serviceName]?.text ?? "", startUnixNanoseconds: event.timeUnixNanoseconds)
    self.kind = kind
    isXRay = type != nil
    if isXRay {
      for (name, value) in event.fields { take(name, value) }
    } else {
      takeSpan(event)
    }
  }

  /// Takes a field of an X-Ray row.
  private mutating func take(_ name: String, _ value: FieldValue) {
    switch name {
    case FieldName.durationMilliseconds: takeDuration(value)
    case FieldName.sampleRate: takeSampleRate(value)
    case FieldName.original: original = value.text
    case SegmentField.inProgress: isInProgress = value == .boolean(true)
    case SegmentField.namespace: namespace = value.text
    case SegmentField.origin: origin = value.text
    case SegmentField.user: user = value.text
    case SegmentField.fault: isFault = value == .boolean(true)
    case SegmentField.clientError: isError = value == .boolean(true)
    case SegmentField.throttle: isThrottle = value == .boolean(true)
    case SegmentField.inferred: isInferred = value == .boolean(true)
    case SegmentField.causeID: causeID = value.text
    case SegmentField.precursorIDs: precursorIDs = texts(value)
    default:
      if name.hasPrefix(SegmentField.annotationPrefix) {
        annotations[String(name.dropFirst(SegmentField.annotationPrefix.count))] = value
      } else if name.hasPrefix(SegmentField.metadataPrefix) {
        metadata[String(name.dropFirst(SegmentField.metadataPrefix.count))] = value
      } else if name.hasPrefix(SegmentField.awsPrefix) {
        takeAWS(String(name.dropFirst(SegmentField.awsPrefix.count)), value)
      } else if name.hasPrefix(SegmentField.servicePrefix), name != FieldName.serviceName {
        service[String(name.dropFirst(SegmentField.servicePrefix.count))] = value
      } else {
        _ = takeHTTP(name, value) || takeSQL(name, value)
      }
    }
  }

  mutating func takeDuration(_ value: FieldValue) {
    guard let milliseconds = value.number, milliseconds > 0, milliseconds < 9e12 else { return }
    durationNanoseconds = Int64((milliseconds * 1e6).rounded())
  }

  mutating func takeSampleRate(_ value: FieldValue) {
    guard let rate = value.number, rate >= 1, rate < 1e15 else { return }
    sampleRate = Int64(rate.rounded())
  }

  /// Takes a field of the call; false for any other.
  mutating func takeHTTP(_ name: String, _ value: FieldValue) -> Bool {
    switch name {
    case SegmentField.method, "http.method": http.method = value.text
    case SegmentField.url, "http.url": http.url = value.text
    case SegmentField.userAgent, "http.user_agent": http.userAgent = value.text
    case SegmentField.clientAddress, "http.client_ip": http.clientAddress = value.text
    case SegmentField.status, "http.status_code": http.status = integer(value)
    case SegmentField.contentLength, "http.response_content_length": http.contentLength = integer(value)
    case SegmentField.forwardedFor: http.isForwardedFor = value == .boolean(true)
    case SegmentField.traced: http.isTraced = value == .boolean(true)
    default: return false
    }
    return true
  }

  /// Takes a field of the statement; false for any other.
  mutating func takeSQL(_ name: String, _ value: FieldValue) -> Bool {
    switch name {
    case SegmentField.databaseType, "db.system.name": sql.databaseType = value.text
    case SegmentField.databaseQuery, "db.query.text": sql.query = value.text
    case SegmentField.databaseURL: sql.url = value.text
    case SegmentField.databaseUser: sql.user = value.text
    case SegmentField.databaseVersion: sql.databaseVersion = value.text
    case SegmentField.driverVersion: sql.driverVersion = value.text
    case SegmentField.preparation: sql.preparation = value.text
    default: return false
    }
    return true
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
    case "resource_names": aws.resourceNames = texts(value)
    case "ec2.instance_id":
      aws.instanceID = value.text
      aws.others[path] = value
    case "ec2.availability_zone":
      aws.availabilityZone = value.text
      aws.others[path] = value
    default:
      aws.others[path] = value
      if path.hasSuffix("arn") { aws.resourceARNs.append(value.text) }
    }
  }

  /// The texts of a JSON array; a bare text is the only one.
  private func texts(_ value: FieldValue) -> [String] {
    guard value.text.hasPrefix("["), let list = try? JSONValue(parsing: value.text).array else { return [value.text] }
    return list.compactMap(\.string)
  }

  private func integer(_ value: FieldValue) -> Int64? {
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
