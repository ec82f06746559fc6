// SPDX-License-Identifier: Apache-2.0
internal import CoreMetrics
internal import NIOCore
internal import NIOPosix
internal import Synchronization
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// What the process itself is doing: read when metrics are exported, but for the lag of the event loops, which is tried once a second.
///
///     process.cpu.time                     s                   counter by cpu.mode (user, system)
///     process.memory.usage                 By                  resident memory
///     process.thread.count                 {thread}
///     process.unix.file_descriptor.count   {file_descriptor}
///     process.uptime                       s
///     nio.event_loop.lag                   s                   histogram: how much later than asked for a task of an event loop began
///     cairn.kit.lost                       {item}              counter by queue: what the kit could not deliver
///
/// Source: OpenTelemetry's semantic conventions for processes; the last two are the kit's own.
final class RuntimeMetrics: KitWorker {
  private static let interval = Duration.seconds(1)
  private let lag: any TimerHandler
  private let closing = Gate()

  init(factory: KitMetricsFactory, losses: LossCounter) {
    lag = factory.makeTimer(label: "nio.event_loop.lag", dimensions: [])
    let start = ContinuousClock.now
    factory.observe("process.cpu.time", unit: "s", dimensions: [("cpu.mode", "user")], isCounter: true) { Self.processorSeconds().user }
    factory.observe("process.cpu.time", unit: "s", dimensions: [("cpu.mode", "system")], isCounter: true) { Self.processorSeconds().system }
    factory.observe("process.memory.usage", unit: "By") { Self.residentByteCount() }
    factory.observe("process.thread.count", unit: "{thread}") { Self.entryCount("/proc/self/task") }
    factory.observe("process.unix.file_descriptor.count", unit: "{file_descriptor}") { Self.entryCount("/proc/self/fd") }
    factory.observe("process.uptime", unit: "s") { Double((ContinuousClock.now - start).nanoseconds) / 1e9 }
    for name in ["otlp traces", "otlp logs", "otlp metrics", "xray segments", "cloudwatch logs", "rollbar"] {
      let loss = losses.loss(name)
      // A queue that is not there loses nothing: no series.
      factory.observe("cairn.kit.lost", unit: "{item}", dimensions: [("queue", name)], isCounter: true) { loss.count > 0 ? Double(loss.count) : nil }
    }
  }

  func run(_ clock: any Clock<Duration>) async {
    while !closing.isOpen, !Task.isCancelled {
      await closing.sleep(for: Self.interval, clock)
      for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
        let asked = ContinuousClock.now
        loop.execute { [lag] in lag.recordNanoseconds((ContinuousClock.now - asked).nanoseconds) }
      }
    }
  }

  func drain() async {}
  func close() { closing.open() }

  private static func processorSeconds() -> (user: Double, system: Double) {
    var usage = rusage()
    guard unsafe getrusage(Int32(RUSAGE_SELF.rawValue), &usage) == 0 else { return (0, 0) }
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return (seconds(usage.ru_utime), seconds(usage.ru_stime))
  }

  /// The second number of statm, in pages.
  private static func residentByteCount() -> Double? {
    guard let text = SystemFile.text("/proc/self/statm"), let pages = text.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) else { return nil }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
  }

  private static func entryCount(_ path: String) -> Double? {
    guard let folder = unsafe opendir(path) else { return nil }
    defer { unsafe closedir(folder) }
    var count = 0.0
    while unsafe readdir(folder) != nil { count += 1 }
    // Less `.` and `..`.
    return max(0, count - 2)
  }
}
