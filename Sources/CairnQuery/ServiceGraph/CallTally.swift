// SPDX-License-Identifier: Apache-2.0
internal import CairnPlan

/// Lengths of calls in cells of 32 an octave, from 1 µs to 36 hours; what is outside counts at the end. The cells of an octave are made as
/// they are needed, so that thousands of these cost little.
struct CallCells: Sendable {
  private struct Cell: Sendable {
    var count: Int64 = 0
    var seconds = 0.0

    @inline(__always)
    mutating func add(_ other: Cell) {
      count &+= other.count
      seconds += other.seconds
    }
  }
  private static let lowestExponent = 1023 - 20
  private static let octaveCount = 37
  private static let octaveCellCount = 32
  /// By octave: 1 more than the place of its first cell in `cells`, 0 where it has none.
  private var places: [UInt16] = []
  private var cells: [Cell] = []

  @inline(__always)
  mutating func add(_ seconds: Double, _ weight: Int64) {
    let bits = seconds.bitPattern
    let exponent = Int(truncatingIfNeeded: bits >> 52) &- Self.lowestExponent
    let octave = min(max(exponent, 0), Self.octaveCount &- 1)
    let place = exponent < 0 ? 0 : exponent >= Self.octaveCount ? 31 : Int(truncatingIfNeeded: bits >> 47) & 31
    var first = places.isEmpty ? 0 : Int(places[octave])
    if first == 0 { first = makeOctave(octave) }
    cells[first &- 1 &+ place].add(Cell(count: weight, seconds: seconds * Double(weight)))
  }

  @inline(never)
  private mutating func makeOctave(_ octave: Int) -> Int {
    if places.isEmpty { places = [UInt16](repeating: 0, count: Self.octaveCount) }
    places[octave] = UInt16(cells.count + 1)
    cells.append(contentsOf: repeatElement(Cell(), count: Self.octaveCellCount))
    return Int(places[octave])
  }

  mutating func absorb(_ other: CallCells) {
    for octave in other.places.indices where other.places[octave] > 0 {
      var first = places.isEmpty ? 0 : Int(places[octave])
      if first == 0 { first = makeOctave(octave) }
      for place in 0..<Self.octaveCellCount { cells[first - 1 + place].add(other.cells[Int(other.places[octave]) - 1 + place]) }
    }
  }

  var histogram: CallHistogram {
    let ordered = places.filter { $0 > 0 }.map { Int($0) - 1 }.flatMap { cells[$0..<$0 + Self.octaveCellCount] }
    return CallHistogram(cells: ordered.filter { $0.count > 0 }.map { ($0.seconds / Double($0.count), $0.count) })
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
    if row.flags & GraphRow.anyOutcome == 0 {
      statistics.okCount &+= weight
    } else if row.flags & GraphRow.fault != 0 {
      statistics.faultCount &+= weight
    } else if row.flags & GraphRow.throttle != 0 {
      statistics.throttleCount &+= weight
    } else {
      statistics.otherErrorCount &+= weight
    }
    if row.nanoseconds >= 0 {
      let seconds = Double(row.nanoseconds) / 1e9
      statistics.durationSeconds += seconds * Double(weight)
      cells.add(seconds, weight)
    }
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
