// SPDX-License-Identifier: Apache-2.0

/// What the names of fields mean, remembered in the order in which events have them.
///
/// Events of one source list the same names in the same order, so a name stands a step or a few behind the one before it: two texts that
/// are one and the same are compared in no time, where a look into a table hashes each. Bounded in what it keeps and how far it looks.
/// Benchmark: `Benchmarks/xray.py`.
struct NameMemory<Meaning> {
  private var known: [(name: String, meaning: Meaning)] = []
  private var next = 0
  private static var countMax: Int { 512 }
  private static var reachMax: Int { 32 }

  /// Another event begins.
  mutating func restart() { next = 0 }

  /// The meaning of an event's next name; `find` says it where it is not remembered.
  mutating func meaning(of name: String, _ find: (String) -> Meaning) -> Meaning {
    let end = min(known.count, next + Self.reachMax)
    var place = next
    while place < end {
      if known[place].name == name {
        next = place + 1
        return known[place].meaning
      }
      place += 1
    }
    let meaning = find(name)
    if known.count < Self.countMax {
      known.insert((name, meaning), at: next)
      next += 1
    }
    return meaning
  }
}
