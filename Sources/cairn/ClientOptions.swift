// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnFormats
import CairnServer
import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#endif

/// The options of every command that asks a running server.
struct ClientOptions: ParsableArguments {
  @Option(help: "The server's main port (default 127.0.0.1:8080; CAIRN_SERVER).") var server: String?
  @Option(help: "An access key, where the server wants one (CAIRN_KEY).") var key: String?
  @Flag(help: "Print the server's JSON instead of a table.") var json = false

  func client() throws -> APIClient { try apiClient(server: server, key: key) }
}

/// A client of the server that the options mean.
func apiClient(server: String?, key: String?) throws -> APIClient {
  APIClient(server: try serverEndpoint(server), key: key ?? ProcessInfo.processInfo.environment["CAIRN_KEY"])
}

/// What to say where a dataset that was asked for is not there; nil where it is. A server that cannot tell is no reason to fail.
func missingDataset(_ name: String, _ client: APIClient) async -> String? {
  guard name != "__all__", let answer = try? await client.ask("GET", "/api/cairn/datasets") else { return nil }
  let known = (answer["datasets"]?.array ?? []).compactMap { $0["name"]?.string }
  guard !known.contains(name) else { return nil }
  let some = known.prefix(10).joined(separator: ", ") + (known.count > 10 ? ", …" : "")
  return printable("No dataset is called '\(name)'." + (known.isEmpty ? "" : " There are \(some)."))
}

/// Prints a line for people, beside what others may read.
func sayAside(_ line: String, terminator: String = "\n") {
  let text = Array((line + terminator).utf8)
  _ = unsafe write(STDERR_FILENO, text, text.count)
}

/// Writes out what was printed. A reader that went away ends the program, as a broken pipe ends others: the event loops ignore that signal.
/// So does a full disk, which is told.
func endIfNobodyReads() {
  guard fflush(nil) != 0 else { return }
  let trouble = errno
  if trouble == EPIPE { exit(141) }
  sayAside("Error: what was printed could not be written: \(unsafe String(cString: strerror(trouble)))")
  exit(1)
}

/// The server's main port, `HOST:PORT` with or without `http://` before it: what an option says, or else CAIRN_SERVER.
func serverEndpoint(_ option: String?) throws -> Endpoint {
  let variable = ProcessInfo.processInfo.environment["CAIRN_SERVER"]
  let text = option ?? variable ?? "127.0.0.1:8080"
  var address = Substring(text)
  if address.hasPrefix("http://") { address = address.dropFirst(7) }
  while address.hasSuffix("/") { address = address.dropLast() }
  guard let endpoint = Endpoint(String(address)) else {
    throw ValidationError("\(option == nil ? "CAIRN_SERVER" : "--server"): '\(text)' is not HOST:PORT or http://HOST:PORT")
  }
  return endpoint
}

/// Reads an option's length of time: `90s`, `15m`, `2h`, `7d`, or seconds.
func lengthSeconds(_ text: String, _ option: String) throws -> Double {
  let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
  let unit = text.last.flatMap { units[$0] }
  if let count = plainNumber(unit == nil ? text : String(text.dropLast())) {
    let seconds = count * (unit ?? 1)
    // Some 285 years: all time that an event can have is nearer.
    if seconds > 0, seconds <= 9e9 { return seconds }
  }
  throw ValidationError("\(option): '\(text)' is not a length of time such as 90s, 15m, 2h or 7d")
}

/// A number as people write it, with a sign, a point and no more than 15 digits; nil for `nan`, `0x10`, `1e5` and for ids that a double would round.
func plainNumber(_ text: String) -> Double? {
  guard text.utf8.allSatisfy({ (48...57).contains($0) || $0 == 45 || $0 == 43 || $0 == 46 }), text.utf8.count(where: { (48...57).contains($0) }) <= 15 else {
    return nil
  }
  return Double(text)
}
