// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats

extension JSONReader {
  /// The text of a value at a place that was walked before; nil where it is no string.
  mutating func text(at place: Range<Int>, _ bytes: RawSpan) -> String? {
    reset(at: place.lowerBound)
    guard case .string(let text)? = try? next(bytes) else { return nil }
    return string(text, bytes)
  }

  /// True if the value there is `true`.
  mutating func isTrue(at place: Range<Int>, _ bytes: RawSpan) -> Bool {
    reset(at: place.lowerBound)
    return (try? next(bytes)) == .boolean(true)
  }

  /// True if the value there is `null`.
  mutating func isNull(at place: Range<Int>, _ bytes: RawSpan) -> Bool {
    reset(at: place.lowerBound)
    return (try? next(bytes)) == .null
  }
}

// The members of one segment or subsegment into the row that is being built.

extension SegmentReader {
  /// Sets all members but ids, times and the cause; true where the work failed.
  mutating func setMembers(_ bytes: RawSpan, _ node: SegmentNode, _ batch: inout Batch) throws(DecodeError) -> Bool {
    setText(bytes, node[.name], columns.name, &batch)
    setText(bytes, node[.namespace], columns.namespace, &batch)
    setText(bytes, node[.origin], columns.origin, &batch)
    setText(bytes, node[.resourceARN], columns.resourceARN, &batch)
    setText(bytes, node[.user], columns.user, &batch)
    if let place = node[.inferred], json.isTrue(at: place, bytes) { batch.setWord(columns.inferred, 1) }
    if let place = node[.precursorIDs] { setRaw(bytes, place, columns.precursorIDs, &batch) }
    let status = try node[.http].map { (place) throws(DecodeError) in try setHTTP(bytes, place, &batch) } ?? nil
    if let place = node[.sql] { try setSQL(bytes, place, &batch) }
    if let place = node[.aws] { try setTree(bytes, place, prefix: SegmentField.awsPrefix, &batch) }
    if let place = node[.service] { try setTree(bytes, place, prefix: SegmentField.servicePrefix, &batch) }
    if let place = node[.annotations] { try setTree(bytes, place, prefix: SegmentField.annotationPrefix, &batch) }
    if let place = node[.metadata] { try setTree(bytes, place, prefix: SegmentField.metadataPrefix, &batch) }
    return setFlags(bytes, node, status: status, &batch)
  }

  /// The flags of the document win; only where it has none does the status decide.
  private mutating func setFlags(_ bytes: RawSpan, _ node: SegmentNode, status: Int64?, _ batch: inout Batch) -> Bool {
    var isError = node[.error].map { json.isTrue(at: $0, bytes) } ?? false
    var isFault = node[.fault].map { json.isTrue(at: $0, bytes) } ?? false
    var isThrottle = node[.throttle].map { json.isTrue(at: $0, bytes) } ?? false
    if let status, node[.error] == nil, node[.fault] == nil, node[.throttle] == nil {
      isThrottle = status == 429
      isError = status >= 400 && status < 500
      isFault = status >= 500 && status < 600
    }
    if isThrottle { batch.setWord(columns.throttle, 1) }
    if isError { batch.setWord(columns.clientError, 1) }
    if isFault { batch.setWord(columns.fault, 1) }
    let hasFailed = isError || isFault || isThrottle
    if hasFailed { batch.setWord(columns.error, 1) }
    return hasFailed
  }

  /// Sets what the call says of itself; the result is its status.
  private mutating func setHTTP(_ bytes: RawSpan, _ place: Range<Int>, _ batch: inout Batch) throws(DecodeError) -> Int64? {
    var status: Int64?
    json.reset(at: place.lowerBound)
    guard case .objectStart = try json.next(bytes) else { return nil }
    while case .key(let part) = try json.next(bytes) {
      let isRequest = json.matches(part, bytes, "request")
      guard isRequest || json.matches(part, bytes, "response") else { try json.skipValue(bytes); continue }
      let value = try json.next(bytes)
      guard value == .objectStart else { try skip(value, bytes); continue }
      while case .key(let name) = try json.next(bytes) {
        let target = isRequest ? requestColumn(name, bytes) : responseColumn(name, bytes)
        let token = try json.next(bytes)
        guard let target else { try skip(token, bytes); continue }
        set(token, target, bytes, &batch)
        if target == columns.status { status = integer(token, bytes) }
        try skip(token, bytes)
      }
    }
    return status
  }

  private mutating func requestColumn(_ name: JSONText, _ bytes: RawSpan) -> ColumnIndex? {
    if json.matches(name, bytes, "method") { return columns.method }
    if json.matches(name, bytes, "url") { return columns.url }
    if json.matches(name, bytes, "user_agent") { return columns.userAgent }
    if json.matches(name, bytes, "client_ip") { return columns.clientAddress }
    if json.matches(name, bytes, "x_forwarded_for") { return columns.forwardedFor }
    return json.matches(name, bytes, "traced") ? columns.traced : nil
  }

  private mutating func responseColumn(_ name: JSONText, _ bytes: RawSpan) -> ColumnIndex? {
    if json.matches(name, bytes, "status") { return columns.status }
    return json.matches(name, bytes, "content_length") ? columns.contentLength : nil
  }

  private mutating func setSQL(_ bytes: RawSpan, _ place: Range<Int>, _ batch: inout Batch) throws(DecodeError) {
    json.reset(at: place.lowerBound)
    guard case .objectStart = try json.next(bytes) else { return }
    while case .key(let name) = try json.next(bytes) {
      let target = sqlColumn(name, bytes)
      let token = try json.next(bytes)
      if let target { set(token, target, bytes, &batch) }
      try skip(token, bytes)
    }
  }

  private mutating func sqlColumn(_ name: JSONText, _ bytes: RawSpan) -> ColumnIndex? {
    if json.matches(name, bytes, "url") || json.matches(name, bytes, "connection_string") { return columns.databaseURL }
    if json.matches(name, bytes, "sanitized_query") { return columns.query }
    if json.matches(name, bytes, "database_type") { return columns.databaseType }
    if json.matches(name, bytes, "database_version") { return columns.databaseVersion }
    if json.matches(name, bytes, "driver_version") { return columns.driverVersion }
    if json.matches(name, bytes, "user") { return columns.databaseUser }
    return json.matches(name, bytes, "preparation") ? columns.preparation : nil
  }

  /// Leaves an array or object that `token` opened.
  mutating func skip(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) {
    if token == .objectStart || token == .arrayStart { try json.skipRest(bytes) }
  }

  /// Sets a value in a column of fixed kind, if it can be read as that.
  mutating func set(_ token: JSONToken, _ column: ColumnIndex, _ bytes: RawSpan, _ batch: inout Batch) {
    switch column {
    case columns.status, columns.contentLength, columns.truncated, columns.skipped:
      if let value = integer(token, bytes) { batch.setWord(column, UInt64(bitPattern: value)) }
    case columns.traced, columns.forwardedFor, columns.exceptionRemote:
      if token == .boolean(true) { batch.setWord(column, 1) }
    default:
      switch token {
      case .string(let text):
        json.withUTF8(text, bytes) { (utf8) in _ = batch.setText(column, utf8, 0, utf8.byteCount) }
      case .integer, .unsigned, .double, .boolean:
        let start = json.tokenOffset
        batch.setText(column, bytes, start, json.offset - start)
      default: break
      }
    }
  }

  mutating func integer(_ token: JSONToken, _ bytes: RawSpan) -> Int64? {
    switch token {
    case .integer(let value): value
    case .double(let value): abs(value) < 9e15 ? Int64(value) : nil
    case .string(let text): Int64(json.string(text, bytes))
    default: nil
    }
  }

  /// Sets the string at a place.
  mutating func setText(_ bytes: RawSpan, _ place: Range<Int>?, _ column: ColumnIndex, _ batch: inout Batch) {
    guard let place else { return }
    json.reset(at: place.lowerBound)
    guard case .string(let text)? = try? json.next(bytes) else { return }
    json.withUTF8(text, bytes) { (utf8) in _ = batch.setText(column, utf8, 0, utf8.byteCount) }
  }

  /// Sets the JSON at a place as it is written.
  func setRaw(_ bytes: RawSpan, _ place: Range<Int>, _ column: ColumnIndex, _ batch: inout Batch) {
    var start = place.lowerBound
    while start < place.upperBound, loadByte(bytes, start) <= 0x20 { start += 1 }
    batch.setText(column, bytes, start, place.upperBound - start)
  }
}
