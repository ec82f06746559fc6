// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

// A Rollbar item, as the notifier API takes it
//
//   data   environment, level, timestamp, code_version, platform, language, framework, context, uuid, title, fingerprint
//          body      trace_chain (an error with its causes, outermost first) | message { body, … }, and telemetry (the last log lines)
//          request   url, method, user_ip, headers
//          person    id, username, email
//          server    host, pid, code_version
//          custom    trace_id, span_id and whatever else the span or line had
//          attributes   trace_id and span_id, as Rollbar's own notifiers tell of the trace
//          notifier  name, version
//
// Source: Rollbar's "Create an item" (POST /api/1/item/).

/// What makes an item.
struct RollbarItem: Sendable {
  enum Body: Sendable {
    case error(RecordedError)
    case message(String)
  }

  enum Level: String, Sendable {
    case critical
    case error
    case warning
    case info
    case debug
  }

  var body: Body
  var level = Level.error
  var unixNanoseconds: UInt64
  var context: TraceContext?
  /// What it happened in: a request, a message, a job.
  var work: EndedWork?
  var fields: [WireField] = []
  /// The attribute, or the log line's metadata, by which a program chooses the fingerprint of its errors.
  static let fingerprintName = "rollbar.fingerprint"
  /// Groups by this instead of by the stack.
  var fingerprint: String?
  var telemetry: [LogRecord] = []
}

/// Writes items as JSON, secrets as asterisks.
struct RollbarItemWriter: Sendable {
  let settings: RollbarSettings
  let resource: Resource
  private static let framesMax = 200
  /// What goes into its own place of the payload and not into `custom`.
  private static let placed: Set<String> = ["user.id", "enduser.id", "user.name", "user.email", "exception.stacktrace", RollbarItem.fingerprintName]

  func payload(_ item: RollbarItem, uuid: String) -> [UInt8] {
    var writer = JSONWriter(reserving: 4_096)
    writer.beginObject()
    writer.key("data")
    writer.beginObject()
    writer.member("environment", settings.environment)
    writer.member("level", item.level.rawValue)
    writer.member("timestamp", Int64(item.unixNanoseconds / 1_000_000_000))
    writer.member("uuid", uuid)
    writer.member("platform", "linux")
    writer.member("language", "swift")
    if let version = settings.codeVersion { writer.member("code_version", version) }
    if let operation = item.work?.name { writer.member("context", operation) }
    if let fingerprint = item.fingerprint { writer.member("fingerprint", fingerprint) }
    body(&writer, item)
    if let work = item.work, work.isRequest { request(&writer, work.fields) }
    // Whoever is named nearest to the error.
    person(&writer, item.fields + (item.work?.fields ?? []))
    server(&writer)
    custom(&writer, item)
    if let context = item.context { attributes(&writer, context) }
    writer.key("notifier")
    writer.beginObject()
    writer.member("name", "cairn-kit")
    writer.member("version", KitScope.version)
    writer.endObject()
    writer.endObject()
    writer.endObject()
    return writer.finish()
  }

  private func body(_ writer: inout JSONWriter, _ item: RollbarItem) {
    writer.key("body")
    writer.beginObject()
    switch item.body {
    case .message(let text):
      writer.key("message")
      writer.beginObject()
      writer.member("body", text)
      writer.endObject()
    case .error(let error):
      writer.key("trace_chain")
      writer.beginArray()
      trace(&writer, error.type, error.message, stack: error.stackTrace)
      for cause in error.causes { trace(&writer, cause.type, cause.message, stack: "") }
      writer.endArray()
    }
    telemetry(&writer, item.telemetry)
    writer.endObject()
  }

  private func trace(_ writer: inout JSONWriter, _ type: String, _ message: String, stack: String) {
    writer.beginObject()
    writer.key("frames")
    writer.beginArray()
    // Rollbar wants the innermost call last.
    for line in stack.split(separator: "\n").prefix(Self.framesMax).reversed() { frame(&writer, line) }
    writer.endArray()
    writer.key("exception")
    writer.beginObject()
    writer.member("class", type)
    writer.member("message", message)
    writer.endObject()
    writer.endObject()
  }

  /// `at symbol (image+offset)`
  private func frame(_ writer: inout JSONWriter, _ line: Substring) {
    let text = line.hasPrefix("at ") ? line.dropFirst(3) : line
    writer.beginObject()
    if let open = text.lastIndex(of: "("), let plus = text.lastIndex(of: "+"), open < plus {
      writer.member("filename", String(text[text.index(after: open)..<plus]))
      writer.member("method", EnvironmentReader.trimmed(text[..<open]))
    } else {
      writer.member("filename", String(text))
    }
    writer.endObject()
  }

  private func telemetry(_ writer: inout JSONWriter, _ records: [LogRecord]) {
    guard !records.isEmpty else { return }
    writer.key("telemetry")
    writer.beginArray()
    for record in records {
      writer.beginObject()
      writer.member("level", RollbarItem.Level(record.level).rawValue)
      writer.member("type", "log")
      writer.member("source", "server")
      writer.member("timestamp_ms", Int64(record.unixNanoseconds / 1_000_000))
      writer.key("body")
      writer.beginObject()
      writer.member("message", String(record.message.prefix(1_000)))
      writer.endObject()
      writer.endObject()
    }
    writer.endArray()
  }

  private func request(_ writer: inout JSONWriter, _ fields: [WireField]) {
    guard let method = text("http.request.method", fields) else { return }
    writer.key("request")
    writer.beginObject()
    writer.member("method", method)
    let scheme = text("url.scheme", fields) ?? "http", host = text("server.address", fields) ?? "localhost"
    let port = text("server.port", fields).map { ":\($0)" } ?? ""
    writer.member("url", scrubbed(url: text("url.full", fields) ?? "\(scheme)://\(host)\(port)\(text("url.path", fields) ?? "/")"))
    if let query = text("url.query", fields) { writer.member("query_string", scrubbed(query: query)) }
    if let address = text("client.address", fields) { writer.member("user_ip", address) }
    if let agent = text("user_agent.original", fields) {
      writer.key("headers")
      writer.beginObject()
      writer.member("User-Agent", agent)
      writer.endObject()
    }
    writer.endObject()
  }

  private func person(_ writer: inout JSONWriter, _ fields: [WireField]) {
    guard let id = text("user.id", fields) ?? text("enduser.id", fields) else { return }
    writer.key("person")
    writer.beginObject()
    writer.member("id", id)
    if let name = text("user.name", fields) { writer.member("username", name) }
    if let email = text("user.email", fields) { writer.member("email", email) }
    writer.endObject()
  }

  private func server(_ writer: inout JSONWriter) {
    writer.key("server")
    writer.beginObject()
    writer.member("host", resource["host.name"] ?? "")
    if let pid = resource["process.pid"].flatMap({ Int($0) }) { writer.member("pid", pid) }
    if let version = settings.codeVersion { writer.member("code_version", version) }
    writer.endObject()
  }

  private func attributes(_ writer: inout JSONWriter, _ context: TraceContext) {
    writer.key("attributes")
    writer.beginArray()
    for (name, value) in [("trace_id", context.traceID), ("span_id", context.spanID)] {
      writer.beginObject()
      writer.member("key", name)
      writer.member("value", value)
      writer.endObject()
    }
    writer.endArray()
  }

  private func custom(_ writer: inout JSONWriter, _ item: RollbarItem) {
    writer.key("custom")
    writer.beginObject()
    writer.member("service.name", resource.serviceName)
    if let context = item.context {
      writer.member("trace_id", context.traceID)
      writer.member("span_id", context.spanID)
    }
    for field in item.fields where !Self.placed.contains(field.name) { writer.member(field.name, scrubbed(field).json) }
    writer.endObject()
  }

  /// Secrets by their names, also below and in queries.
  private func scrubbed(_ field: WireField) -> WireValue {
    if isSecret(field.name) { return .string(Self.scrub) }
    if Self.queries.contains(field.name), case .string(let query) = field.value { return .string(scrubbed(query: query)) }
    return scrubbed(field.value)
  }

  private func scrubbed(_ value: WireValue) -> WireValue {
    switch value {
    case .map(let fields): .map(fields.map { WireField($0.name, scrubbed($0)) })
    case .array(let values): .array(values.map { scrubbed($0) })
    case .string(let text): .string(scrubbed(url: text))
    case .integer, .double, .boolean: value
    }
  }

  /// A text that is a URL or the path of one; any other stays.
  private func scrubbed(url: String) -> String {
    guard url.hasPrefix("/") || url.contains("://"), let mark = url.firstIndex(of: "?") else { return url }
    let query = url[url.index(after: mark)...].prefix { $0 != "#" }
    return String(url[...mark]) + scrubbed(query: query) + String(url[query.endIndex...])
  }

  private func scrubbed(query: some StringProtocol) -> String { SecretNames.redacted(query: query, as: Self.scrub) { isSecret($0) } }

  private func isSecret(_ name: String) -> Bool { SecretNames.promises(name, settings.scrubbedNames) }

  private static let scrub = "********"
  private static let queries: Set<String> = ["url.query", "query_string"]

  private func text(_ name: String, _ fields: [WireField]) -> String? { fields.first { $0.name == name }?.value.text }
}
