// SPDX-License-Identifier: Apache-2.0
internal import Tracing

extension Kit {
  /// Tells Rollbar of something that is not an error of the program; nothing happens where no access token is set.
  ///
  /// - Parameter level: critical, error, warning, info or debug; anything else counts as error.
  public func reportToRollbar(_ message: String, level: String = "info", custom: [String: String] = [:]) {
    var item = RollbarItem(
      body: .message(message), level: RollbarItem.Level(rawValue: level) ?? .error, unixNanoseconds: DefaultTracerClock.now.nanosecondsSinceEpoch,
      context: ServiceContext.current?.traceContext)
    item.fields = custom.sorted { $0.key < $1.key }.map { WireField($0.key, .string($0.value)) }
    rollbar?.report(item)
  }

  /// Tells Rollbar that a revision is live now. False where it did not arrive, or where no access token is set.
  public func reportDeploy(revision: String, localUser: String? = nil, comment: String? = nil) async -> Bool {
    await rollbar?.deploy(revision: revision, localUser: localUser, comment: comment) ?? false
  }
}
