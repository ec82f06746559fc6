// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import Dispatch
internal import Glibc
internal import Synchronization

extension EventArchive {
  /// Forgets every event that was accepted before the call, its identity too, and removes every file of theirs: for conformance suites.
  ///
  /// Requests may come in and questions run meanwhile; what is accepted during the call may stay or go, each request as a whole. Throws
  /// where the disk refuses; then some of it may be left.
  public func removeEverything() throws(StorageError) {
    turnForgetting()
    let failure = sealQueue.sync { () -> StorageError? in
      sealAll(.now)
      // Inside both queues: a merge that began before would put back what is taken away here.
      return mergeQueue.sync {
        do throws(StorageError) {
          try removeSealed()
          return nil
        } catch {
          return error
        }
      }
    }
    if let failure { throw failure }
  }

  private func removeSealed() throws(StorageError) {
    let (segments, unsealed) = state.withLock { (state) in
      let unsealed = state.sealFailure
      if unsealed == nil {
        defer { state.segments = [] }
        return (state.segments, unsealed)
      }
      return ([], unsealed)
    }
    if let unsealed { throw StorageError("remove everything from", path: "segments", .damaged(unsealed)) }
    for segment in segments { cache.remove(segment: segment.id) }
    try remove(segments)
    try files.syncFolder("segments")
  }

  /// Puts an empty head, that knows no identities, in the place of the open one; none where the store is closed.
  private func turnForgetting() {
    while true {
      let (head, isOver) = state.withLock { ($0.head, $0.isClosed) }
      if isOver { return }
      let isOurs = head.open.withLock { (open) in
        if open.isClosed { return false }
        open.isClosed = true
        open.batch.identities = IdentitySet()
        return true
      }
      if isOurs { return turn(from: head) }
      // Whoever closed it is about to put the next one there.
      sched_yield()
    }
  }
}
