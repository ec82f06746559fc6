// SPDX-License-Identifier: Apache-2.0
internal import Tracing

// A span as an X-Ray document.
//
//   server, consumer, and spans without a parent here   segment: name = service.name
//   all others                                          subsegment inside its parent's document where that is at hand, else alone with
//                                                       type, trace_id and parent_id; name = what was called
//
//   http.request.method, url.full or scheme+address+path, user_agent.original, client.address   http.request
//   http.response.status_code, http.response.body.size                                          http.response
//   db.system.name, db.query.text, db.namespace, server.address                                 sql (client spans)
//   rpc.service with aws.*, aws.request_id, cloud.region                                        aws, namespace aws
//   status error                                                                                fault, or error / throttle by the status code
//   recorded errors with their causes                                                           cause.exceptions
//   an error that a span inside recorded already                                                cause: the id of that exception
//   names that `aws.xray.annotations` lists                                                     annotations
//   all attributes that no member above tells in full                                           metadata.default, or the namespace they were set with
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
  private let service: String
  /// The members of a segment that all have: `service`, `origin` and `aws`.
  private let common: [UInt8]

  init(resource: Resource) {
    self.resource = resource
    service = Self.allowed(resource.serviceName)
    common = Self.common(resource)
  }

  /// Adds the span's document to the buffer, open at its end: its last brace and, for a subsegment, what it has only where it stands
  /// alone, are written when it is known whether it does. One that is too long goes without its metadata and without stacks.
  func write(_ span: EndedSpan, to bytes: inout WireBuffer, byteCountMax: Int) -> XRayMark {
    let start = bytes.count
    let recording = span.recording
    let mark = XRayMark(
      trace: recording.context.trace, id: recording.context.span, parent: recording.parent, isSegment: Self.isSegment(recording))
    recording.read { state in
      let fields = span.fields(state), errors = state.extra.errors
      write(recording, state, fields, errors, mark, hasMetadata: true, to: &bytes)
      guard bytes.count - start > byteCountMax else { return }
      bytes.truncate(to: start)
      let short = fields.map { WireField($0.name, $0.value.limited(to: Self.shortLengthMax)) }
      write(recording, state, short, errors.map { $0.shortened(to: Self.shortLengthMax) }, mark, hasMetadata: false, to: &bytes)
    }
    return mark
  }

  private static func isSegment(_ span: SpanRecording) -> Bool {
    span.parent == 0 || span.kind == .server || span.kind == .consumer || span.isParentRemote
  }

  private func write(
    _ recording: SpanRecording, _ state: SpanRecording.State, _ all: [WireField], _ errors: [RecordedError], _ mark: XRayMark, hasMetadata: Bool,
    to writer: inout WireBuffer
  ) {
    var fields = XRayFields(all)
    writer.needsComma = false
    writer.beginObject()
    writer.member("name", mark.isSegment ? service : Self.allowed(calleeName(recording, state.name, fields)))
    writer.name("id")
    writer.hexString(mark.id)
    writer.name("start_time")
    writer.seconds(recording.startUnixNanoseconds)
    writer.name("end_time")
    writer.seconds(state.endUnixNanoseconds)
    if mark.isSegment { segment(&writer, mark, &fields) } else { subsegment(&writer, recording, &fields) }
    http(&writer, &fields, isSegment: mark.isSegment)
    flags(&writer, state, fields)
    cause(&writer, errors)
    let annotated = annotated(fields)
    annotations(&writer, annotated, fields)
    if hasMetadata { metadata(&writer, state, annotated, fields) }
  }

  private func segment(_ writer: inout WireBuffer, _ mark: XRayMark, _ fields: inout XRayFields) {
    mark.writeTrace(to: &writer)
    fields.tell(.user, or: .endUser, as: "user", to: &writer)
    writer.separate()
    writer.append(common)
  }

  private static func common(_ resource: Resource) -> [UInt8] {
    var writer = WireBuffer()
    writer.name("service")
    writer.beginObject()
    if let version = resource["service.version"] { writer.member("version", version) }
    writer.member("runtime", "swift")
    writer.member("runtime_version", resource["process.runtime.version"] ?? "")
    writer.endObject()
    if let origin = origin(resource) { writer.member("origin", origin) }
    writer.name("aws")
    writer.beginObject()
    writer.name("xray")
    writer.beginObject()
    writer.member("sdk", "cairn-kit for Swift")
    writer.member("sdk_version", KitScope.version)
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }

  private static func origin(_ resource: Resource) -> String? {
    switch resource["cloud.platform"] {
    case "aws_ec2": "AWS::EC2::Instance"
    case "aws_ecs": "AWS::ECS::Container"
    case "aws_lambda": "AWS::Lambda::Function"
    default: nil
    }
  }

  private func subsegment(_ writer: inout WireBuffer, _ span: SpanRecording, _ fields: inout XRayFields) {
    if fields[.requestID] != nil || fields[.rpcSystem]?.text == "aws-api" {
      writer.member("namespace", "aws")
      aws(&writer, &fields)
    } else if span.kind == .client || span.kind == .producer {
      writer.member("namespace", "remote")
    }
    guard fields.has(.system, or: .systemBefore) else { return }
    writer.name("sql")
    writer.beginObject()
    fields.tell(.system, or: .systemBefore, as: "database_type", to: &writer)
    fields.tell(.query, or: .queryBefore, as: "sanitized_query", to: &writer)
    if let name = fields.first(.namespace, .database) {
      writer.member("url", fields[.address].map { "\($0.text)/\(name.text)" } ?? name.text)
    }
    writer.endObject()
  }

  private func aws(_ writer: inout WireBuffer, _ fields: inout XRayFields) {
    writer.name("aws")
    writer.beginObject()
    fields.tell(.operation, as: "operation", to: &writer)
    fields.tell(.requestID, as: "request_id", to: &writer)
    fields.tell(.region, as: "region", to: &writer)
    if let value = fields[.tables] { writer.member("table_name", value.text) }
    fields.tell(.destination, as: "queue_url", to: &writer)
    writer.endObject()
  }

  /// What a call goes to: the database, the service or the host; else the span's own name.
  private func calleeName(_ span: SpanRecording, _ name: String, _ fields: XRayFields) -> String {
    guard span.kind == .client || span.kind == .producer else { return name }
    for field in [XRayFields.Name.peer, .service, .namespace, .database, .destination, .address] {
      if let value = fields[field]?.text, !value.isEmpty { return value }
    }
    return name
  }

  private func http(_ writer: inout WireBuffer, _ fields: inout XRayFields, isSegment: Bool) {
    guard fields.has(.method, or: .methodBefore) || fields.has(.status, or: .statusBefore) else { return }
    writer.name("http")
    writer.beginObject()
    writer.name("request")
    writer.beginObject()
    fields.tell(.method, or: .methodBefore, as: "method", to: &writer)
    url(&writer, &fields)
    fields.tell(.agent, as: "user_agent", to: &writer)
    fields.tell(.client, as: "client_ip", to: &writer)
    if !isSegment {
      writer.name("traced")
      writer.boolean(true)
    }
    writer.endObject()
    writer.name("response")
    writer.beginObject()
    if let code = fields.takeInteger(.status) ?? fields.takeInteger(.statusBefore) {
      writer.name("status")
      writer.integer(code)
    }
    if let size = fields.takeInteger(.bodySize) {
      writer.name("content_length")
      writer.integer(size)
    }
    writer.endObject()
    writer.endObject()
  }

  /// Whole, or put together from its parts, of which the path stays what queries ask for.
  private func url(_ writer: inout WireBuffer, _ fields: inout XRayFields) {
    if fields.tell(.url, or: .urlBefore, as: "url", to: &writer) { return }
    guard let path = fields[.path] else { return }
    guard let address = fields.take(.address) else { return writer.member("url", path.text) }
    writer.name("url")
    writer.joined { writer in
      writer.part(fields.take(.scheme)?.text ?? "http")
      writer.part("://")
      writer.part(address.text)
      if let port = fields.take(.port) {
        writer.part(":")
        writer.part(port.text)
      }
      writer.part(path.text)
    }
  }

  private func flags(_ writer: inout WireBuffer, _ state: SpanRecording.State, _ fields: XRayFields) {
    var code: Int64 = 0
    if case .integer(let value)? = fields.first(.status, .statusBefore) { code = value }
    if code == 429 {
      writer.name("throttle")
      writer.boolean(true)
    }
    if (400...499).contains(code) {
      writer.name("error")
      writer.boolean(true)
    } else if code >= 500 || state.hasFailed {
      writer.name("fault")
      writer.boolean(true)
    }
  }

  private func cause(_ writer: inout WireBuffer, _ all: [RecordedError]) {
    let errors = all.filter { !$0.isRepeated }
    guard !errors.isEmpty else {
      guard let repeated = all.first else { return }
      writer.name("cause")
      return writer.hexString(repeated.id)
    }
    writer.name("cause")
    writer.beginObject()
    writer.name("exceptions")
    writer.beginArray()
    for error in errors {
      exception(&writer, error.id, error.type, error.message, stack: error.stackTrace, hasCause: !error.causes.isEmpty)
      for (depth, cause) in error.causes.enumerated() {
        exception(&writer, error.id &+ UInt64(depth + 1), cause.type, cause.message, stack: "", hasCause: depth + 1 < error.causes.count)
      }
    }
    writer.endArray()
    writer.endObject()
  }

  private func exception(_ writer: inout WireBuffer, _ id: UInt64, _ type: String, _ message: String, stack: String, hasCause: Bool) {
    writer.beginObject()
    writer.name("id")
    writer.hexString(id)
    writer.member("type", type)
    writer.member("message", message)
    if hasCause {
      writer.name("cause")
      writer.hexString(id &+ 1)
    }
    if !stack.isEmpty {
      writer.name("stack")
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

  private func annotations(_ writer: inout WireBuffer, _ annotated: [String: WireField], _ fields: XRayFields) {
    guard !annotated.isEmpty else { return }
    writer.name("annotations")
    writer.beginObject()
    for (key, field) in annotated.sorted(by: { $0.key < $1.key }) {
      writer.name(of: key)
      switch field.value {
      case .array, .map: writer.string(field.value.text)
      default: writer.value(field.value)
      }
    }
    writer.endObject()
  }

  /// The attributes to be indexed, by X-Ray's names for them. Of two that are one name there (`a.b`, `a_b`) the one that was named first is
  /// indexed, and the other stays metadata.
  private func annotated(_ fields: XRayFields) -> [String: WireField] {
    guard case .array(let values)? = fields[.annotations] else { return [:] }
    var found: [String: WireField] = [:]
    for value in values {
      let name = value.text, key = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
      if found[key] == nil, let field = fields.all.first(where: { sameName($0.name, name) }) { found[key] = field }
    }
    return found
  }

  private func metadata(_ writer: inout WireBuffer, _ state: SpanRecording.State, _ annotated: [String: WireField], _ fields: XRayFields) {
    writer.name("metadata")
    writer.beginObject()
    writer.name("default")
    writer.beginObject()
    writer.member("span.name", state.name)
    let all = fields.all.span, named = state.extra.metadata, indexed = Set(annotated.values.map(\.name))
    for index in all.indices where !fields.isTold(index) {
      if !indexed.isEmpty, indexed.contains(all[index].name) || all[index].name == Self.annotationsName { continue }
      if !named.isEmpty, named.contains(where: { $0.attribute == all[index].name }) { continue }
      writer.member(all[index])
    }
    writer.endObject()
    if !named.isEmpty { namespaces(&writer, named, fields) }
    writer.endObject()
  }

  private func namespaces(_ writer: inout WireBuffer, _ metadata: [XRayMetadata], _ fields: XRayFields) {
    var left = metadata[...]
    while let namespace = left.first?.namespace {
      writer.name(of: namespace)
      writer.beginObject()
      for entry in left where entry.namespace == namespace {
        guard let value = fields.all.first(where: { $0.name == entry.attribute })?.value else { continue }
        writer.member(WireField(entry.name, value))
      }
      writer.endObject()
      left = left.filter { $0.namespace != namespace }[...]
    }
  }

  /// What most names are made of: a letter, a digit or one of ` _.:/-`.
  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    let word: UInt64 = byte < 64 ? 0x07ff_e001_0000_0000 : 0x07ff_fffe_87ff_fffe
    return byte < 128 && word >> UInt64(byte & 63) & 1 == 1
  }

  private static func isPlain(_ name: String) -> Bool {
    var isPlain = true
    unsafe WireBuffer.withUTF8(name) { bytes in
      for index in bytes.indices where unsafe !Self.isPlain(bytes[index]) { isPlain = false }
    }
    return isPlain
  }

  /// A name with what X-Ray does not allow left out.
  static func allowed(_ name: String) -> String {
    if name.utf8.count <= nameLengthMax, !name.isEmpty, isPlain(name) { return name }
    let kept = name.filter { $0.isLetter || $0.isNumber || $0 == " " || "_.:/%&#=+\\-@".contains($0) }
    return kept.isEmpty ? "unnamed" : String(kept.prefix(nameLengthMax))
  }
}

extension RecordedError {
  /// Without its stack, and with short messages.
  fileprivate func shortened(to length: Int) -> RecordedError {
    var short = self
    short.stackTrace = ""
    short.message = String(message.prefix(length))
    for depth in causes.indices { short.causes[depth].message = String(causes[depth].message.prefix(length)) }
    return short
  }
}
