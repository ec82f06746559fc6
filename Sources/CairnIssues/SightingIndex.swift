// SPDX-License-Identifier: Apache-2.0

/// Another identity whose report tells of the same failure.
public struct Meeting: Sendable, Hashable {
  /// What ties two doors' reports together, the strongest first.
  public enum Tie: Int, Sendable, Hashable {
    /// The same class and message in one trace.
    case trace
    /// The same class and message at the same line of the program, at the same time.
    case place
    /// The same class and message in the same service at the same time, where X-Ray tells of one of the two: its frames are often those of
    /// whoever caught the error.
    case words
  }
  public var identity: ItemIdentity
  public var door: ReportingDoor
  public var tie: Tie
}

/// Where each failure, place and wording was seen last. Bounded by `keyCountMax` keys of `sightingCountMax` identities; the oldest keys go.
struct SightingIndex: Sendable {
  fileprivate struct Sighting: Sendable {
    var identity: ItemIdentity
    var door: ReportingDoor
    var service: String
    var firstUnixNanoseconds: Int64
    var lastUnixNanoseconds: Int64
  }
  fileprivate struct Entry: Sendable {
    var sightings: [Sighting]
    var arrivedUnixSeconds: Int64
  }
  static let keyCountMax = 65_536
  static let sightingCountMax = 8
  private var entries: [Int64: Entry] = [:]
  /// Keys in the order in which they came, from `start` on.
  private var queue: [Int64] = []
  private var start = 0

  mutating func insert(_ report: FailureReport, _ identity: ItemIdentity, _ nowUnixSeconds: Int64) {
    for key in [report.failure, report.place, report.words] where key != 0 { insert(key, report, identity, nowUnixSeconds) }
  }

  private mutating func insert(_ key: Int64, _ report: FailureReport, _ identity: ItemIdentity, _ now: Int64) {
    let fresh = Sighting(
      identity: identity, door: report.door, service: report.service, firstUnixNanoseconds: report.firstUnixNanoseconds,
      lastUnixNanoseconds: report.lastUnixNanoseconds)
    guard entries[key] != nil else {
      entries[key] = Entry(sightings: [fresh], arrivedUnixSeconds: now)
      queue.append(key)
      if queue.count - start > Self.keyCountMax { removeOldest() }
      return
    }
    entries[key]?.add(fresh, now)
  }

  private mutating func removeOldest() {
    entries[queue[start]] = nil
    start += 1
    guard start > Self.keyCountMax else { return }
    queue.removeFirst(start)
    start = 0
  }

  mutating func prune(before oldest: Int64) {
    while start < queue.count, let entry = entries[queue[start]], entry.arrivedUnixSeconds < oldest { removeOldest() }
  }

  func meetings(_ report: FailureReport, _ identity: ItemIdentity) -> [Meeting] {
    meetings(report.failure, .trace, report, identity) + meetings(report.place, .place, report, identity)
      + meetings(report.words, .words, report, identity)
  }

  private func meetings(_ key: Int64, _ tie: Meeting.Tie, _ report: FailureReport, _ identity: ItemIdentity) -> [Meeting] {
    guard key != 0, let entry = entries[key] else { return [] }
    return entry.sightings.compactMap { (other) -> Meeting? in
      guard other.door != report.door, other.identity != identity, other.identity.tenant == identity.tenant,
        other.service.isEmpty || report.service.isEmpty || other.service == report.service
      else { return nil }
      let isNear =
        other.firstUnixNanoseconds - failureGapNanoseconds <= report.lastUnixNanoseconds
        && report.firstUnixNanoseconds - failureGapNanoseconds <= other.lastUnixNanoseconds
      switch tie {
      case .trace: break
      case .place: guard isNear else { return nil }
      case .words: guard isNear, (other.door == .document) != (report.door == .document) else { return nil }
      }
      return Meeting(identity: other.identity, door: other.door, tie: tie)
    }
  }
}

extension SightingIndex.Entry {
  /// Keeps one sighting of an identity through a door for each stretch of time, the newest of all.
  fileprivate mutating func add(_ fresh: SightingIndex.Sighting, _ nowUnixSeconds: Int64) {
    arrivedUnixSeconds = nowUnixSeconds
    for index in sightings.indices.reversed() where sightings[index].identity == fresh.identity && sightings[index].door == fresh.door {
      guard fresh.firstUnixNanoseconds - sightings[index].lastUnixNanoseconds <= failureGapNanoseconds,
        sightings[index].firstUnixNanoseconds - fresh.lastUnixNanoseconds <= failureGapNanoseconds
      else { continue }
      sightings[index].firstUnixNanoseconds = min(sightings[index].firstUnixNanoseconds, fresh.firstUnixNanoseconds)
      sightings[index].lastUnixNanoseconds = max(sightings[index].lastUnixNanoseconds, fresh.lastUnixNanoseconds)
      return
    }
    if sightings.count >= SightingIndex.sightingCountMax { sightings.removeFirst() }
    sightings.append(fresh)
  }
}
