// SPDX-License-Identifier: Apache-2.0

/// A column that a question names and no event has.
struct MissingColumn: Sendable, Hashable {
  var name: String
  /// The names that may have been meant, the likeliest first.
  var near: [String]
}

/// Finds the columns that a name may have been meant for, as `web/model/columns.js` does for the pages.
///
/// Near is what differs in a few letters, has the same last part (`route` and `http.route`), or is a part of the other. Letters are compared
/// without their case, signs not at all. O(columns * length²), with lengths cut.
struct NearNames: Sendable {
  struct Column: Sendable, Hashable {
    var name: String
    var eventCount: Int
  }

  private static let countMax = 4
  private static let lengthMax = 80
  private static let lettersMin = 3
  private let columns: [(column: Column, bare: String, last: String)]

  init(_ columns: [Column]) {
    self.columns = columns.map { ($0, Self.bare($0.name.prefix(Self.lengthMax)), Self.bare(Self.lastPart($0.name))) }
  }

  /// Names that nothing prefers.
  init(_ names: [String]) { self.init(names.map { Column(name: $0, eventCount: 0) }) }

  /// At most four names, the likeliest first; of equally likely ones that which more events have.
  func find(_ name: String) -> [String] {
    let (wanted, last) = (Self.bare(name.prefix(Self.lengthMax)), Self.bare(Self.lastPart(name)))
    let stepCountMax = max(1, min(3, wanted.utf8.count / 3))
    var found: [(column: Column, score: Int)] = []
    for (column, own, ownLast) in columns {
      let stepCount = own == wanted ? 0 : Self.distance(Array(wanted.utf8), Array(own.utf8), atMost: stepCountMax)
      let isSameLast = last.utf8.count >= Self.lettersMin && ownLast == last
      let isPart = wanted.utf8.count >= Self.lettersMin && (own.contains(wanted) || (own.utf8.count >= Self.lettersMin && wanted.contains(own)))
      if stepCount <= stepCountMax {
        found.append((column, stepCount))
      } else if isSameLast || isPart {
        found.append((column, isSameLast && isPart ? 4 : isSameLast ? 5 : 6))
      }
    }
    found.sort { ($0.score, $1.column.eventCount, $0.column.name) < ($1.score, $0.column.eventCount, $1.column.name) }
    // Where a few letters explain it, what is merely alike is noise.
    let misspelt = found.prefix { $0.score <= stepCountMax }
    return (misspelt.isEmpty ? found[...] : misspelt).prefix(Self.countMax).map(\.column.name)
  }

  /// Names that are this one but for a few letters.
  func misspelt(_ name: String) -> [String] {
    let wanted = Self.bare(name.prefix(Self.lengthMax)), stepCountMax = max(1, min(3, wanted.utf8.count / 4))
    return columns.filter { Self.distance(Array(wanted.utf8), Array($0.bare.utf8), atMost: stepCountMax) <= stepCountMax }.map(\.column.name)
  }

  /// Letters and digits alone, the letters small.
  private static func bare(_ text: Substring) -> String {
    String(text.lowercased().unicodeScalars.filter { ("a"..."z").contains($0) || ("0"..."9").contains($0) }.map(Character.init))
  }

  private static func lastPart(_ name: String) -> Substring { name.prefix(4 * lengthMax).split { $0 == "." || $0 == "/" }.last ?? "" }

  /// Letters to change, to add, to leave out or to swap with the next; more than `most` where it is more.
  static func distance(_ first: [UInt8], _ second: [UInt8], atMost most: Int) -> Int {
    guard abs(first.count - second.count) <= most else { return most + 1 }
    var before: [Int] = []
    var row = Array(0...second.count)
    for i in first.indices {
      var next = [i + 1]
      for j in second.indices {
        var least = min(row[j + 1] + 1, next[j] + 1, row[j] + (first[i] == second[j] ? 0 : 1))
        if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] { least = min(least, before[j - 1] + 1) }
        next.append(least)
      }
      (before, row) = (row, next)
    }
    return row[second.count]
  }
}
