// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// A friendly word for the paths that people send events to by mistake.
enum NearMiss {
  /// What to say about a path that is not served; nil where there is nothing to guess.
  static func hint(_ request: Request) -> String? {
    let path = request.path.lowercased().split(separator: "/").map(String.init)
    guard let last = path.last else {
      guard request.method == .POST else { return nil }
      return
        "Events go to /v1/traces, /v1/logs or /v1/metrics. Set OTEL_EXPORTER_OTLP_ENDPOINT, which appends them, not the variable of one signal."
    }
    if path.count >= 2, path.suffix(2) == path.suffix(4).prefix(2), path.count >= 4 {
      return "The path has \(path.suffix(2).joined(separator: "/")) twice: leave it out of the endpoint."
    }
    for signal in Signal.otlp {
      let names = [signal.rawValue, String(signal.rawValue.dropLast())]
      if names.contains(last) { return "This path is \(signal.path)." }
    }
    if last == "spans" { return "This path is /v1/traces." }
    return nil
  }

  /// True if the request looks like one that wanted to hand in events.
  static func looksLikeIngest(_ request: Request) -> Bool {
    guard request.method == .POST || request.method == .PUT else { return false }
    if request.listener != .http || request.mediaType.hasPrefix("application/grpc") { return true }
    return request.path.hasPrefix("/v1") || request.path == "/" || hint(request) != nil
      || request.mediaType == "application/x-protobuf"
  }
}
