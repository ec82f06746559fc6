// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Glibc

/// A small instrumented program: what the end-to-end tests and the benchmarks of CairnKit run. It is configured by the environment alone,
/// as any program with the kit is, and says what it did as one line of JSON.
///
///     kit-probe send MARK        one request with everything in it: spans, lines, metrics, an error, a message
///     kit-probe serve            a Hummingbird server; PROBE_NEXT is whom /hop calls, PROBE_BARE=1 leaves the kit out
///     kit-probe load RATE SECONDS   spans and lines at a rate, and how long each took the program
///     kit-probe traces COUNT     so many traces of two spans, and so many below a caller
///     kit-probe bench            what a span and a line cost, beside other tracers
@main
struct Probe {
  static func main() async throws {
    let words = CommandLine.arguments
    switch words.dropFirst().first {
    case "send": try await SendMode.run(mark: words.count > 2 ? words[2] : "m")
    case "serve": try await ServeMode.run()
    case "load": try await LoadMode.run(rate: Int(words[2]) ?? 1_000, seconds: Double(words[3]) ?? 1)
    case "traces": try await TracesMode.run(count: Int(words.dropFirst(2).first ?? "") ?? 1_000)
    case "bench": try BenchMode.run(only: words.count > 2 ? words[2] : nil)
    default:
      say("usage: kit-probe send MARK | serve | load RATE SECONDS | traces COUNT | bench")
      exit(2)
    }
  }

  /// One line to standard output, at once.
  static func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
  }

  static func say(_ content: (inout JSONWriter) -> Void) {
    var writer = JSONWriter()
    writer.beginObject()
    content(&writer)
    writer.endObject()
    say(String(decoding: writer.finish(), as: UTF8.self))
  }

  /// The value of a variable.
  static func variable(_ name: String) -> String? {
    guard let text = unsafe getenv(name) else { return nil }
    return unsafe String(cString: text)
  }

  /// Resident memory of this process.
  static func residentByteCount() -> Int {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, 128, file) }
    let words = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
  }
}

extension JSONWriter {
  mutating func member(_ name: String, counts: [String: Int]) {
    key(name)
    beginObject()
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) { member(name, count) }
    endObject()
  }
}
