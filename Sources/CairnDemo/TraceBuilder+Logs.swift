// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

// What the services write about a request. Most requests leave a line or none; every failure leaves its stack trace.
extension TraceBuilder {
  private mutating func log(
    _ severity: Severity, _ span: SpanRecord, _ body: String, _ write: (inout ProtobufWriter) -> Void = { _ in }
  ) {
    var record = LogRecord(
      nanoseconds: span.endNanoseconds, resource: span.resource, severity: severity, body: body, trace: span.trace, span: span.id)
    context.write(into: &record.attributes, field: 6)
    write(&record.attributes)
    logs.append(record)
  }

  /// A line about a query that took long or failed; now and then one about a cache.
  mutating func logQuery(_ span: SpanRecord, _ statement: Statement) {
    let milliseconds = (span.endNanoseconds - span.startNanoseconds) / 1_000_000
    if let failure = span.failure {
      log(.error, span, "\(statement.spanName) failed: \(failure.message)") { attributes in
        attributes.attribute(6, "db.system", statement.database.system)
        writeException(failure, into: &attributes, field: 6)
      }
    } else if milliseconds > 400 {
      log(.warn, span, "slow query: \(milliseconds) ms, \(statement.spanName)") { attributes in
        attributes.attribute(6, "db.statement", statement.text)
        attributes.attribute(6, "code.function.name", "execute")
      }
    } else if statement.database.system == "redis", random.chance(0.01) {
      log(.debug, span, "cache miss for \(context.user), key \(statement.text)")
    }
  }

  /// A line about what was answered or done.
  mutating func logServed(_ span: SpanRecord, _ endpoint: Endpoint, status: Int) {
    let milliseconds = (span.endNanoseconds - span.startNanoseconds) / 1_000_000
    let path = context.path(of: endpoint.route)
    if let failure = span.failure {
      log(.error, span, "\(endpoint.method) \(path) failed with \(status) after \(milliseconds) ms: \(failure.type)") {
        attributes in
        attributes.attribute(6, "http.response.status_code", status)
        writeException(failure, into: &attributes, field: 6)
      }
    } else if status >= 400 {
      guard endpoint.service == .gateway else { return }
      log(.warn, span, "\(endpoint.method) \(path) \(status): refused for \(context.user)")
    } else if endpoint.service == .gateway, random.chance(0.4) {
      log(.info, span, "\(context.clientAddress) \"\(endpoint.method) \(path) HTTP/2\" \(status) \(milliseconds) ms")
    } else if endpoint.service == .worker {
      log(.info, span, "job \(endpoint.route) done in \(milliseconds) ms")
    } else if endpoint.service == .billing, endpoint.method == "POST" {
      log(.info, span, "invoice for \(context.user) booked")
    }
  }
}

/// OpenTelemetry's three attributes of an exception.
func writeException(_ failure: Failure, into attributes: inout ProtobufWriter, field: Int) {
  attributes.attribute(field, "exception.type", failure.type)
  attributes.attribute(field, "exception.message", failure.message)
  attributes.attribute(field, "exception.stacktrace", failure.stacktrace)
}

/// Lines that processes write by themselves, without a request.
enum Housekeeping {
  /// About `meanCount` lines of one second.
  static func lines(_ random: inout SeededRandom, secondStart: Int64, meanCount: Double) -> [LogRecord] {
    var lines: [LogRecord] = []
    var rest = meanCount
    while rest > 0 {
      defer { rest -= 1 }
      guard random.chance(min(1, rest)) else { continue }
      let resource = ResourceIndex(value: random.below(ResourceIndex.count))
      let (severity, body) = line(&random, resource.service)
      let offset = Int64(random.unit() * 1e9)
      var record = LogRecord(nanoseconds: secondStart + offset, resource: resource, severity: severity, body: body)
      record.attributes.attribute(6, "thread.id", 1 + random.below(16))
      lines.append(record)
    }
    return lines
  }

  private static func line(_ random: inout SeededRandom, _ service: Service) -> (Severity, String) {
    switch random.below(40) {
    case 0..<14: return (.info, "health check ok, \(random.below(20)) connections in use")
    case 14..<22: return (.debug, "connection pool: \(random.below(20)) of 20 busy, \(random.below(3)) wait")
    case 22..<28: return (.info, "gc pause \(1 + random.below(40)) ms, heap \(180 + random.below(300)) MiB")
    case 28..<33: return (.info, "refreshed \(4 + random.below(30)) feature flags")
    case 33..<37: return (.warn, "\(service.name): queue depth \(50 + random.below(400)) is over 50")
    case 37..<39: return (.warn, "retrying connection to redis-0.cache.svc.cluster.local:6379, attempt \(1 + random.below(3))")
    default: return (.error, "could not write metrics snapshot: disk quota exceeded on volume \(random.below(4))")
    }
  }
}
