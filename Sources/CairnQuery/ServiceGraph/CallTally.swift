// SPDX-License-Identifier: Apache-2.0
internal import CairnPlan

/// Lengths of calls in cells of 32 an octave, from 1 µs to 36 hours; what is outside counts at the end. Pages of an octave are made as
/// they are needed, so that thousands of these cost little.
struct CallCells: Sendable {
  private struct Cell: Sendable {
    var count: Int64 = 0
    var seconds = 0.0
  }
  private static let lowestExponent = 1023 - 20
  private static let octaveCount = 37
  private var pages: [[Cell]] = []

  @inline(__always)
  mutating func add(_ seconds: Double, _ weight: Int64) {
    if pages.isEmpty { pages = [[Cell]](repeating: [], count: Self.octaveCount) }
    let bits = seconds.bitPattern
    let exponent = Int(truncatingIfNeeded: bits >> 52) &- Self.lowestExponent
    let octave = min(max(exponent, 0), Self.octaveCount &- 1)
    let place = exponent < 0 ? 0 : exponent >= Self.octaveCount ? 31 : Int(truncatingIfNeeded: bits >> 47) & 31
    if pages[octave].isEmpty { pages[octave] = [Cell](repeating: Cell(), count: 32) }
    pages[octave][place].count &+= weight
    pages[octave][place].seconds += seconds * Double(weight)
  }

  mutating func absorb(_ other: CallCells) {
    guard !other.pages.isEmpty else { return }
    if pages.isEmpty {
      pages = other.pages
      return
    }
    for octave in pages.indices where !other.pages[octave].isEmpty {
      if pages[octave].isEmpty {
        pages[octave] = other.pages[octave]
        continue
      }
      for place in 0..<32 {
        pages[octave][place].count += other.pages[octave][place].count
        pages[octave][place].seconds += other.pages[octave][place].seconds
      }
    }
  }

  var histogram: CallHistogram {
    CallHistogram(cells: pages.joined().filter { $0.count > 0 }.map { ($0.seconds / Double($0.count), $0.count) })
  }
}

/// What is counted of one node or edge.
struct CallTally: Sendable {
  private(set) var statistics = CallStatistics()
  private(set) var cells = CallCells()
  private(set) var startUnixNanoseconds = Int64.max
  private(set) var endUnixNanoseconds = Int64.min

  var isEmpty: Bool { startUnixNanoseconds == .max }

  @inline(__always)
  mutating func add(_ row: borrowing GraphRow) {
    let weight = Int64(row.weight)
    let seconds = Double(row.nanoseconds) / 1e9
    if row.flags & GraphRow.anyOutcome == 0 {
      statistics.okCount &+= weight
    } else if row.flags & GraphRow.fault != 0 {
      statistics.faultCount &+= weight
    } else if row.flags & GraphRow.throttle != 0 {
      statistics.throttleCount &+= weight
    } else {
      statistics.otherErrorCount &+= weight
    }
    statistics.durationSeconds += seconds * Double(weight)
    cells.add(seconds, weight)
    startUnixNanoseconds = min(startUnixNanoseconds, row.start)
    endUnixNanoseconds = max(endUnixNanoseconds, row.end)
  }

  mutating func absorb(_ other: CallTally) {
    statistics.add(other.statistics)
    cells.absorb(other.cells)
    startUnixNanoseconds = min(startUnixNanoseconds, other.startUnixNanoseconds)
    endUnixNanoseconds = max(endUnixNanoseconds, other.endUnixNanoseconds)
  }
}
