// SPDX-License-Identifier: Apache-2.0
public import Tracing

// What swift-distributed-tracing gives every tracer, once more for this one: code that knows the type calls it directly, where the
// general form looks for types and functions each time, which costs more than the span. Names and meaning are the same.

extension KitTracer {
  /// Starts a span now; the caller ends it.
  public func startSpan(
    _ operationName: String, context: @autoclosure () -> InstrumentationContext = .current ?? .topLevel, ofKind kind: SpanKind = .internal,
    function: String = #function, file fileID: String = #fileID, line: UInt = #line
  ) -> KitSpan {
    core.startSpan(operationName, context(), kind) { DefaultTracerClock.now.nanosecondsSinceEpoch }
  }

  /// Does the work inside a span, which ends with it; an error that is thrown is recorded and thrown on.
  @inlinable
  public func withSpan<Result>(
    _ operationName: String, context: @autoclosure () -> InstrumentationContext = .current ?? .topLevel, ofKind kind: SpanKind = .internal,
    function: String = #function, file fileID: String = #fileID, line: UInt = #line, _ operation: (KitSpan) throws -> Result
  ) rethrows -> Result {
    let span = startSpan(operationName, context: context(), ofKind: kind)
    defer { span.end() }
    do {
      return try InstrumentationContext.$current.withValue(span.context) { try operation(span) }
    } catch {
      span.recordError(error)
      throw error
    }
  }

  /// The same for work that waits.
  @inlinable
  public func withSpan<Result>(
    _ operationName: String, context: @autoclosure () -> InstrumentationContext = .current ?? .topLevel, ofKind kind: SpanKind = .internal,
    isolation: isolated (any Actor)? = #isolation, function: String = #function, file fileID: String = #fileID, line: UInt = #line,
    @_implicitSelfCapture _ operation: (KitSpan) async throws -> Result
  ) async rethrows -> Result {
    let span = startSpan(operationName, context: context(), ofKind: kind)
    defer { span.end() }
    do {
      return try await InstrumentationContext.$current.withValue(span.context) { try await operation(span) }
    } catch {
      span.recordError(error)
      throw error
    }
  }
}

extension KitSpan {
  /// Ends the span now.
  public func end() {
    guard let recording else { return endUnrecorded() }
    end(recording, DefaultTracerClock.now.nanosecondsSinceEpoch)
  }
}
