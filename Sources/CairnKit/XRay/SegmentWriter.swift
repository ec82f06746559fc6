// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats
internal import Tracing

// A span as an X-Ray document.
//
//   server, consumer, and spans without a parent here   segment: name = service.name
//   all others                                          subsegment, sent alone: type, parent_id; name = what was called
//
//   http.request.method, url.full or scheme+address+path, user_agent.original, client.address   http.request
//   http.response.status_code, http.response.body.size                                          http.response
//   db.system.name, db.query.text, db.namespace, server.address                                 sql (client spans)
//   rpc.service with aws.*, aws.request_id, cloud.region                                        aws, namespace aws
//   status error                                                                                fault, or error / throttle by the status code
//   recorded errors with their causes                                                           cause.exceptions
//   names that `aws.xray.annotations` lists                                                     annotations
//   all other attributes                                                                        metadata.default
//   user.id, enduser.id                                                                         user (segments)
//
// Source: AWS X-Ray Developer Guide, "X-Ray segment documents".

/// Writes segment documents.
struct SegmentWriter: Sendable {
  let resource: Resource
  /// The attribute that names the attributes to be indexed, as OpenTelemetry's X-Ray exporter has it.
  static let annotationsName = "aws.xray.annotations"
  private static let nameLengthMax = 200
  private static let shortLengthMax = 500

  /// One that is too long goes without its metadata and without stacks.
  func document(_ span: SpanRecording, byteCountMax: Int) -> [UInt8] {
    let whole = document(span)
    return whole.count <= byteCountMax ? whole : document(span, isShort: true)
  }

  func document(_ span: SpanRecording, isShort: Bool = false) -> [UInt8] {
    var state = span.read { $0 }
    if isShort { state.shorten(to: Self.shortLengthMax) }
    let lengthMax = span.tracer.limits.attributeValueLength
    let fields = WireFields(
      state, countMax: span.tracer.limits.attributeCount, lengthMax: isShort ? min(lengthMax ?? .max, Self.shortLengthMax) : lengthMax)
    let isSegment = span.parent == 0 || span.kind == .server || span.kind == .consumer || span.isParentRemote
    var writer = JSONWriter(reserving: 1_024)
    writer.beginObject()
    writer.member("name", Self.allowed(isSegment ? resource.serviceName : calleeName(span, state.name, fields)))
    writer.member("id", span.context.spanID)
    writer.member("trace_id", span.context.xrayTraceID)
    writer.member("start_time", Double(span.startUnixNanoseconds) / 1e9)
    writer.member("end_time", Double(state.endUnixNanoseconds) / 1e9)
    if span.parent != 0 { writer.member("parent_id", hexText(span.parent)) }
    if isSegment { segment(&writer, fields) } else { subsegment(&writer, span, fields) }
    http(&writer, fields, isSegment: isSegment)
    flags(&writer, state, fields)
    cause(&writer, state)
    annotations(&writer, fields)
    if !isShort { metadata(&writer, state.name, fields) }
    writer.endObject()
    return writer.finish()
  }

  private func segment(_ writer: inout JSONWriter, _ fields: WireFields) {
    if let user = fields["user.id"] ?? fields["enduser.id"] { writer.member("user", user.text) }
    writer.key("service")
    writer.beginObject()
    if let version = resource["service.version"] { writer.member("version", version) }
    writer.member("runtime", "swift")
    writer.member("runtime_version", resource["process.runtime.version"] ?? "")
    writer.endObject()
    if let origin { writer.member("origin", origin) }
    writer.key("aws")
    writer.beginObject()
    writer.key("xray")
    writer.beginObject()
    writer.member("sdk", "cairn-kit for Swift")
    writer.member("sdk_version", KitScope.version)
    writer.endObject()
    writer.endObject()
  }

  private var origin: String? {
    switch resource["cloud.platform"] {
    case "aws_ec2": "AWS::EC2::Instance"
    case "aws_ecs": "AWS::ECS::Container"
    case "aws_lambda": "AWS::Lambda::Function"
    default: nil
    }
  }

  private func subsegment(_ writer: inout JSONWriter, _ span: SpanRecording, _ fields: WireFields) {
    writer.member("type", "subsegment")
    if fields["aws.request_id"] != nil || fields["rpc.system"]?.text == "aws-api" {
      writer.member("namespace", "aws")
      aws(&writer, fields)
    } else if span.kind == .client || span.kind == .producer {
      writer.member("namespace", "remote")
    }
    guard let system = fields["db.system.name"] ?? fields["db.system"] else { return }
    writer.key("sql")
    writer.beginObject()
    writer.member("database_type", system.text)
    if let query = fields["db.query.text"] ?? fields["db.statement"] { writer.member("sanitized_query", query.text) }
    if let name = fields["db.namespace"] ?? fields["db.name"] {
      writer.member("url", [fields["server.address"]?.text, name.text].compactMap { $0 }.joined(separator: "/"))
    }
    writer.endObject()
  }

  private func aws(_ writer: inout JSONWriter, _ fields: WireFields) {
    writer.key("aws")
    writer.beginObject()
    for (name, member) in [("rpc.method", "operation"), ("aws.request_id", "request_id"), ("cloud.region", "region"), ("aws.dynamodb.table_names", "table_name"), ("messaging.destination.name", "queue_url")] {
      if let value = fields[name] { writer.member(member, value.text) }
    }
    writer.endObject()
  }

  /// What a call goes to: the database, the service or the host; else the span's own name.
  private func calleeName(_ span: SpanRecording, _ name: String, _ fields: WireFields) -> String {
    guard span.kind == .client || span.kind == .producer else { return name }
    for field in ["peer.service", "rpc.service", "db.namespace", "db.name", "messaging.destination.name", "server.address"] {
      if let value = fields[field]?.text, !value.isEmpty { return value }
    }
    return name
  }

  private func http(_ writer: inout JSONWriter, _ fields: WireFields, isSegment: Bool) {
    let status = fields["http.response.status_code"] ?? fields["http.status_code"]
    guard let method = fields["http.request.method"] ?? fields["http.method"] ?? status else { return }
    writer.key("http")
    writer.beginObject()
    writer.key("request")
    writer.beginObject()
    if status != method { writer.member("method", method.text) }
    if let url = url(fields) { writer.member("url", url) }
    if let agent = fields["user_agent.original"] { writer.member("user_agent", agent.text) }
    if let address = fields["client.address"] { writer.member("client_ip", address.text) }
    if !isSegment { writer.member("traced", true) }
    writer.endObject()
    writer.key("response")
    writer.beginObject()
    if case .integer(let code)? = status { writer.member("status", code) }
    if case .integer(let size)? = fields["http.response.body.size"] { writer.member("content_length", size) }
    writer.endObject()
    writer.endObject()
  }

  private func url(_ fields: WireFields) -> String? {
    if let url = fields["url.full"] ?? fields["http.url"] { return url.text }
    guard let path = fields["url.path"]?.text else { return nil }
    let scheme = fields["url.scheme"]?.text ?? "http"
    guard let address = fields["server.address"]?.text else { return path }
    let port = fields["server.port"].map { ":\($0.text)" } ?? ""
    return "\(scheme)://\(address)\(port)\(path)"
  }

  private func flags(_ writer: inout JSONWriter, _ state: SpanRecording.State, _ fields: WireFields) {
    var code: Int64 = 0
    if case .integer(let value)? = fields["http.response.status_code"] ?? fields["http.status_code"] { code = value }
    let hasFailed = state.status.map { if case .error = $0.code { true } else { false } } ?? false
    if code == 429 { writer.member("throttle", true) }
    if (400...499).contains(code) { writer.member("error", true) } else if code >= 500 || hasFailed { writer.member("fault", true) }
  }

  private func cause(_ writer: inout JSONWriter, _ state: SpanRecording.State) {
    guard !state.errors.isEmpty else { return }
    writer.key("cause")
    writer.beginObject()
    writer.key("exceptions")
    writer.beginArray()
    for (index, error) in state.errors.enumerated() {
      exception(&writer, index * 16, error.type, error.message, stack: error.stackTrace, hasCause: !error.causes.isEmpty)
      for (depth, cause) in error.causes.enumerated() {
        exception(&writer, index * 16 + depth + 1, cause.type, cause.message, stack: "", hasCause: depth + 1 < error.causes.count)
      }
    }
    writer.endArray()
    writer.endObject()
  }

  private func exception(_ writer: inout JSONWriter, _ number: Int, _ type: String, _ message: String, stack: String, hasCause: Bool) {
    writer.beginObject()
    writer.member("id", hexText(UInt64(number + 1)))
    writer.member("type", type)
    writer.member("message", message)
    if hasCause { writer.member("cause", hexText(UInt64(number + 2))) }
    if !stack.isEmpty {
      writer.key("stack")
      writer.beginArray()
      for line in stack.split(separator: "\n") {
        writer.beginObject()
        writer.member("label", String(line.hasPrefix("at ") ? line.dropFirst(3) : line))
        writer.endObject()
      }
      writer.endArray()
    }
    writer.endObject()
  }

  private func annotations(_ writer: inout JSONWriter, _ fields: WireFields) {
    let names = annotated(fields)
    guard !names.isEmpty else { return }
    writer.key("annotations")
    writer.beginObject()
    for name in names {
      guard let value = fields[name] else { continue }
      let key = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
      switch value {
      case .array, .map: writer.member(key, value.text)
      default: writer.member(key, value.json)
      }
    }
    writer.endObject()
  }

  private func annotated(_ fields: WireFields) -> [String] {
    guard case .array(let values)? = fields[Self.annotationsName] else { return [] }
    return values.map(\.text)
  }

  private func metadata(_ writer: inout JSONWriter, _ name: String, _ fields: WireFields) {
    let annotated = Set(annotated(fields))
    writer.key("metadata")
    writer.beginObject()
    writer.key("default")
    writer.beginObject()
    writer.member("span.name", name)
    for field in fields.fields where !annotated.contains(field.name) && field.name != Self.annotationsName {
      writer.member(field.name, field.value.json)
    }
    writer.endObject()
    writer.endObject()
  }

  /// What most names are made of.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, 0x20, 0x5f, 0x2e, 0x3a, 0x2f, 0x2d: true
    default: false
    }
  }

  /// A name with what X-Ray does not allow left out.
  static func allowed(_ name: String) -> String {
    if name.utf8.count <= nameLengthMax, !name.isEmpty, name.utf8.allSatisfy(isPlain) { return name }
    let kept = name.filter { $0.isLetter || $0.isNumber || $0 == " " || "_.:/%&#=+\\-@".contains($0) }
    return kept.isEmpty ? "unnamed" : String(kept.prefix(nameLengthMax))
  }
}

extension SpanRecording.State {
  /// Errors without stacks, and with short messages.
  fileprivate mutating func shorten(to length: Int) {
    for index in errors.indices {
      errors[index].stackTrace = ""
      errors[index].message = String(errors[index].message.prefix(length))
      for depth in errors[index].causes.indices { errors[index].causes[depth].message = String(errors[index].causes[depth].message.prefix(length)) }
    }
  }
}
