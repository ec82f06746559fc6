// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnDemo
import CairnFormats
import CairnServer
import FoundationEssentials

/// `cairn demo`: the traffic of a made-up microblog, with a fault in it whose cause is to be found.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Send the traffic of a made-up microblog of twelve services, with a fault whose cause BubbleUp finds.")

  @Option(
    name: [.customLong("url"), .customLong("server")], help: "The server's main port (default http://127.0.0.1:8080; CAIRN_SERVER).")
  var url: String?
  @Option(help: "An access key, where the server wants one (CAIRN_KEY).") var key: String?
  @Option(help: "Requests per second, on average; each is a trace of 6 to 40 spans.") var rate = 20.0
  @Option(help: "Minutes of the past that are sent first.") var history = 60.0
  @Option(help: "How long to send after that: seconds, 15m, 2h, or forever.") var duration = "forever"
  @Option(help: "Two runs with one seed show the same picture; any, if not given.") var seed: UInt64?
  @Flag(help: "Send the history, and end.") var once = false

  /// Traffic is made this long after its second, so that no span ends later than now.
  private static let lagSeconds: Int64 = 3
  private static let reportSeconds: Int64 = 10
  /// The part of the history after which the faulty release goes out.
  private static let releaseAfter = 1.0 / 3

  func validate() throws {
    guard rate > 0, rate <= 10_000 else { throw ValidationError("--rate is more than 0 and at most 10000") }
    guard history >= 0, history <= 7 * 24 * 60 else { throw ValidationError("--history is 0 to 10080 minutes") }
    if duration != "forever" { _ = try lengthSeconds(duration, "--duration") }
  }

  func run() async throws {
    let endpoint = try serverEndpoint(url)
    let client = APIClient(server: endpoint, key: key ?? ProcessInfo.processInfo.environment["CAIRN_KEY"])
    let sender = DemoSender(client: client)
    let seed = seed ?? UInt64.random(in: 1...999_999)
    let start = Self.nowSeconds() - Self.lagSeconds - Int64(history * 60)
    let release = start + Int64(history * 60 * Self.releaseAfter)
    var traffic = DemoTraffic(seed: seed, requestsPerSecond: rate, startUnixSecond: start, releaseUnixSecond: release)
    say(
      "Sending \(cell(.double(history))) minutes of a microblog's traffic to http://\(endpoint.text), \(cell(.double(rate))) requests/s, seed \(seed)"
    )
    var totals = DemoTotals()
    totals.add(try await sendHistory(&traffic, sender))
    say("Sent \(totals)")
    await sender.mark(PlantedFault.deploy, unixSecond: release)
    do throws(ClientError) {
      try await DemoWatch(client, minutes: minutes).make()
    } catch {
      say("the board, the SLO and the trigger of a microblog's team are not made: \(error)")
    }
    say(hint(endpoint))
    guard !once else { return }
    try await sendLive(&traffic, sender, &totals)
    say("Sent \(totals)")
  }

  /// From the start up to now; the next second is made while the last one is sent.
  private func sendHistory(_ traffic: inout DemoTraffic, _ sender: DemoSender) async throws -> DemoTotals {
    let end = traffic.unixSecond + Int64(history * 60)
    var totals = DemoTotals()
    var waiting: [DemoBody] = []
    var lastReport = Self.nowSeconds()
    while traffic.unixSecond < end {
      let ready = waiting
      async let sent: Void = sender.send(ready, patience: .brief)
      waiting = traffic.nextSecond()
      try await sent
      totals.add(ready)
      if Self.nowSeconds() - lastReport >= Self.reportSeconds {
        lastReport = Self.nowSeconds()
        say("  \(totals), \((end - traffic.unixSecond) / 60) minutes to go")
      }
    }
    waiting += traffic.flush()
    try await sender.send(waiting, patience: .brief)
    totals.add(waiting)
    return totals
  }

  /// Second after second, as they pass.
  private func sendLive(_ traffic: inout DemoTraffic, _ sender: DemoSender, _ totals: inout DemoTotals) async throws {
    let end = duration == "forever" ? Int64.max : Self.nowSeconds() + Int64(try lengthSeconds(duration, "--duration"))
    say("Sending live, until \(duration == "forever" ? "Ctrl-C" : "\(duration) have passed")")
    var lastReport = Self.nowSeconds()
    while Self.nowSeconds() < end {
      guard traffic.unixSecond + Self.lagSeconds <= Self.nowSeconds() else {
        try await Task.sleep(for: .milliseconds(100))
        continue
      }
      let bodies = traffic.nextSecond() + traffic.flush()
      try await sender.send(bodies, patience: .long)
      totals.add(bodies)
      if Self.nowSeconds() - lastReport >= Self.reportSeconds {
        lastReport = Self.nowSeconds()
        say("  \(totals)")
      }
    }
  }

  /// How far to look back.
  private var minutes: Int { max(5, Int(history)) }

  private func hint(_ endpoint: Endpoint) -> String {
    let filter = #"["name","=","\#(PlantedFault.requestName)"]"#
    return """

      Open http://\(endpoint.text)/ui/explore?t=\(minutes)m&c=HEATMAP(duration_ms)&c=COUNT&f=\(percentEncoded(filter))
      Above one second lies a thin band, from the deploy of \(PlantedFault.deploy) on. Drag a box over it: BubbleUp names app.version = \(PlantedFault.version) and cloud.region = \(PlantedFault.region).
      One of its traces shows where the time goes: in '\(PlantedFault.service)'. The board of its team: http://\(endpoint.text)/ui/boards

      """
  }

  private static func nowSeconds() -> Int64 { WallClock.system.unixNanoseconds() / 1_000_000_000 }
}

/// What was sent so far.
private struct DemoTotals: CustomStringConvertible {
  private var counts: [DemoSignal: Int] = [:]

  mutating func add(_ bodies: [DemoBody]) {
    for body in bodies { counts[body.signal, default: 0] += body.itemCount }
  }

  mutating func add(_ other: DemoTotals) { counts.merge(other.counts, uniquingKeysWith: +) }

  var description: String {
    "\(counts[.traces] ?? 0) spans, \(counts[.logs] ?? 0) log records, \(counts[.metrics] ?? 0) metric points"
  }
}
