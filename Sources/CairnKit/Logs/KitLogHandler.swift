// SPDX-License-Identifier: Apache-2.0
public import Logging
internal import Tracing

/// swift-log's way into the kit: each line knows its trace and span and goes to every log exporter. Never waits.
public struct KitLogHandler: LogHandler {
  let label: String
  let core: LogCore
  public var logLevel: Logger.Level
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?

  init(label: String, core: LogCore, metadataProvider: Logger.MetadataProvider?) {
    self.label = label
    self.core = core
    self.metadataProvider = metadataProvider
    logLevel = core.level
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    let now = DefaultTracerClock.now.nanosecondsSinceEpoch
    let record = LogRecord(
      unixNanoseconds: now, level: event.level, message: event.message.description, label: label,
      fields: LogRecord.fields(merged(event.metadata), valueLengthMax: core.limits.attributeValueLength),
      place: LogRecord.Place(file: event.file, function: event.function, line: event.line), context: InstrumentationContext.current?.traceContext,
      error: event.error.map { ErrorDescription.record($0, unixNanoseconds: now) })
    core.write(record)
  }

  /// The handler's own metadata, the provider's and the line's; later ones win.
  private func merged(_ line: Logger.Metadata?) -> Logger.Metadata {
    let provided = metadataProvider?.get() ?? [:]
    if metadata.isEmpty, provided.isEmpty { return line ?? [:] }
    var merged = metadata
    merged.merge(provided) { $1 }
    if let line { merged.merge(line) { $1 } }
    return merged
  }
}

/// Where log records go.
protocol LogSink: Sendable {
  func accept(_ record: LogRecord)
  func wake()
}

/// What all loggers share.
final class LogCore: Sendable {
  let level: Logger.Level
  let limits: RecordLimits
  let sinks: [any LogSink]

  init(level: Logger.Level, limits: RecordLimits, sinks: [any LogSink]) {
    self.level = level
    self.limits = limits
    self.sinks = sinks
  }

  func write(_ record: LogRecord) { for sink in sinks { sink.accept(record) } }
}
