// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

#if canImport(Glibc)
import Glibc
#endif

/// What the system says of this process, by the names that Prometheus's own clients use. Nothing where `/proc` is not.
enum ProcessFigures {
  static func all(startedUnixMicroseconds: Int64) -> [Figure] {
    var figures = [
      Figure(
        "process_start_time_seconds", "When the server started, in Unix seconds.", .gauge, Double(startedUnixMicroseconds) / 1e6),
      Figure("process_cpu_seconds_total", "CPU time of the process.", .counter, cpuSeconds),
      Figure("process_max_fds", "Files and connections that may be open.", .gauge, Double(openFileMax)),
    ]
    if let pages = ServerFiles.text(at: "/proc/self/statm")?.split(separator: " "), pages.count > 1, let resident = Double(pages[1]) {
      figures.append(Figure("process_resident_memory_bytes", "Memory of the process.", .gauge, resident * Double(getpagesize())))
    }
    if let heap = FreeMemory.account {
      figures.append(Figure("cairn_heap_used_bytes", "Memory that the allocator has given out.", .gauge, Double(heap.used)))
      figures.append(Figure("cairn_heap_free_bytes", "Memory that the allocator has free, given back or not.", .gauge, Double(heap.free)))
    }
    if let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
      figures.append(Figure("process_open_fds", "Files and connections that are open.", .gauge, Double(names.count)))
    }
    return figures
  }

  private static var cpuSeconds: Double {
    var usage = rusage()
    guard unsafe getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return 0 }
    let seconds = { (time: timeval) in Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  private static var openFileMax: Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    return Int(clamping: limit.rlim_cur)
  }
}
