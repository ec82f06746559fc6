// SPDX-License-Identifier: Apache-2.0
internal import Tracing

extension Kit {
  /// Tells Rollbar of something that is not an error of the program; nothing happens where no access token is set.
  ///
  /// - Parameters:
  ///   - level: critical, error, warning, info or debug; anything else counts as error.
  ///   - fingerprint: Groups by this instead of by the text.
  public func reportToRollbar(_ message: String, level: String = "info", custom: [String: String] = [:], fingerprint: String? = nil) {
    var item = RollbarItem(
      body: .message(message), level: RollbarItem.Level(rawValue: level) ?? .error, unixNanoseconds: DefaultTracerClock.now.nanosecondsSinceEpoch,
      context: ServiceContext.current?.traceContext)
    item.fields = custom.sorted { $0.key < $1.key }.map { WireField($0.key, .string($0.value)) }
    item.fingerprint = fingerprint
    rollbar?.report(item)
  }
}
