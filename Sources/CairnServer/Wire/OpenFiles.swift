// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
import Glibc
#endif

/// How many files and connections this process may have open.
enum OpenFiles {
  /// Raises the limit to the highest that the system allows without asking, and returns it.
  static func raiseLimit() -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    var raised = limit
    raised.rlim_cur = limit.rlim_max
    if limit.rlim_cur < limit.rlim_max, unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
    return Int(clamping: limit.rlim_cur)
  }

  /// The connections that leave a quarter, and at least 64, for the files of the store.
  static func connectionCountMax(_ wanted: Int) -> Int {
    let files = raiseLimit()
    return max(16, min(wanted, files - max(64, files / 4)))
  }
}
