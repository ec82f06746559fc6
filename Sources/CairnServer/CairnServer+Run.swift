// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Dispatch
import FoundationEssentials

#if canImport(Glibc)
import Glibc
#endif

extension CairnServer {
  /// Says where it listens, writes the ready file, serves until SIGTERM, SIGINT or the end of its terminal (SIGHUP), and drains. A second signal ends the process at once.
  public func runUntilSignal() async throws(ServerError) {
    // Before anybody can know of this process: a signal that comes at once must not be lost.
    let (events, sources) = await signalEvents([SIGTERM, SIGINT, SIGHUP])
    for (role, address) in addresses { print("\(role.title.padded(to: 22)) \(role.scheme)\(address)") }
    fflush(nil)
    if let path = state.settings.readyFile { try ServerFiles.write(readyFile, to: path) }
    var iterator = events.makeAsyncIterator()
    _ = await iterator.next()
    let impatience = Task {
      for await _ in events { exit(130) }
    }
    await stop()
    impatience.cancel()
    withExtendedLifetime(sources) {}
  }

  /// The ready file: `{"http": "127.0.0.1:8080", …, "pid": 1}`.
  var readyFile: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for (role, address) in addresses { writer.member(role.rawValue, address) }
    writer.member("pid", Int(ProcessInfo.processInfo.processIdentifier))
    writer.endObject()
    return writer.finish()
  }
}

extension ListenerRole {
  var title: String {
    switch self {
    case .http: "everything"
    case .otlpHTTP: "OpenTelemetry, HTTP"
    case .otlpGRPC: "OpenTelemetry, gRPC"
    case .xray: "X-Ray daemon"
    }
  }

  var scheme: String { self == .xray ? "udp and tcp " : "http://" }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// Signals of the process as events, in place of their default effect, for as long as the sources live. Returns when they are watched.
private func signalEvents(_ numbers: [Int32]) async -> (events: AsyncStream<Int32>, sources: [any DispatchSourceSignal]) {
  let (events, continuation) = AsyncStream.makeStream(of: Int32.self)
  var sources: [any DispatchSourceSignal] = []
  for number in numbers {
    // First, because registering a source replaces this with what the source needs.
    let before = signal(number, SIG_IGN)
    // What outlives its terminal (nohup) was started with SIGHUP ignored.
    if number == SIGHUP, unsafe unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { continue }
    let source = DispatchSource.makeSignalSource(signal: number)
    source.setEventHandler { continuation.yield(number) }
    await withCheckedContinuation { registered in
      source.setRegistrationHandler { registered.resume() }
      source.resume()
    }
    sources.append(source)
  }
  return (events, sources)
}
