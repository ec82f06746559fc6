// SPDX-License-Identifier: Apache-2.0
public import Instrumentation
internal import Tracing

extension InstrumentationContext {
  /// What central sampling rules look at, known before the span starts.
  public mutating func setSamplingHints(host: String, method: String, path: String) {
    samplingHints = SamplingHints(host: host, method: method, path: path)
  }

  /// The user on whose behalf this is done: it becomes the attribute `user.id` of spans that ask for it, and goes along as baggage to
  /// the services that are called.
  public mutating func setUser(_ id: String) { baggage["user.id"] = id }
}

extension KitSpan {
  /// Says whose request this is: the attribute `user.id`.
  public func setUser(_ id: String) { updateAttributes { $0["user.id"] = id } }

  /// Takes `user.id` from the baggage of the context, where a caller put it there.
  public func setUserFromBaggage() {
    if let id = context.baggage["user.id"] { setUser(id) }
  }
}
