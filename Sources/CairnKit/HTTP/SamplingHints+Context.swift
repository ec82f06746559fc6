// SPDX-License-Identifier: Apache-2.0
public import Instrumentation
internal import Tracing

extension InstrumentationContext {
  /// What central sampling rules look at, known before the span starts.
  public mutating func setSamplingHints(host: String, method: String, path: String) {
    samplingHints = SamplingHints(host: host, method: method, path: path)
  }

  /// The user on whose behalf this is done: the attribute `user.id` of spans that start from here on, in the services that are called too.
  public mutating func setUser(_ id: String) { self[.userID] = id }
}

extension KitSpan {
  /// Says whose work this span is: the attribute `user.id`, here alone. `KitTracer.with(.userID, …)` says it of all that follows.
  public func setUser(_ id: String) { attributes["user.id"] = id }
}
