// SPDX-License-Identifier: Apache-2.0
internal import Instrumentation

private enum SuppressionKey: InstrumentationContextKey {
  typealias Value = Bool
  static var nameOverride: String? { "cairn-suppressed" }
}

extension InstrumentationContext {
  /// What is done in this context is told already by whoever made it: no span starts here and no header is injected. A client that is
  /// traced by the kit has a tracing of its own, which would tell the same request twice and write the trace's header a second time.
  var isSuppressed: Bool { count > 1 && self[SuppressionKey.self] == true }

  func suppressed() -> InstrumentationContext {
    var context = self
    context[SuppressionKey.self] = true
    return context
  }
}
