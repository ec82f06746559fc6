// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Runs a task's steps on an event loop, so that a request is answered by the thread that read it.
///
/// For work that is over sooner than another thread would wake up for it: two changes of threads a request less (benchmark: `bench.py
/// small:8`).
final class LoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
