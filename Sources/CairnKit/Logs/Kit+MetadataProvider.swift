// SPDX-License-Identifier: Apache-2.0
public import Logging
internal import Tracing

extension Kit {
  /// How a trace is named in the lines of other log handlers.
  public enum TraceNames: Sendable, Hashable {
    /// `trace_id`, `span_id` and `trace_flags`, as OpenTelemetry has them in formats that are not its own.
    case openTelemetry
    /// `xray_trace_id` in X-Ray's form, besides.
    case xray
  }

  /// Gives the lines of any log handler the trace and the span in which they are written. The kit's own handler needs none: it writes
  /// the ids beside the metadata.
  ///
  /// ```
  /// LoggingSystem.bootstrap(StreamLogHandler.standardError, metadataProvider: Kit.metadataProvider())
  /// ```
  public static func metadataProvider(_ names: TraceNames = .openTelemetry) -> Logger.MetadataProvider {
    Logger.MetadataProvider {
      guard let context = InstrumentationContext.current?.traceContext else { return [:] }
      var found: Logger.Metadata = [
        "trace_id": .string(context.traceID), "span_id": .string(context.spanID), "trace_flags": .string(context.isSampled ? "01" : "00"),
      ]
      if names == .xray { found["xray_trace_id"] = .string(context.xrayTraceID) }
      return found
    }
  }
}
