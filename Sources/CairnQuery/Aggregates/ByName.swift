// SPDX-License-Identifier: Apache-2.0

/// A few values by name, such as the sums of a question by column; `values` change in place, without a copy of what they hold.
struct ByName<Value: Sendable>: Sendable {
  private(set) var names: [String] = []
  var values: [Value] = []

  var isEmpty: Bool { names.isEmpty }

  func index(_ name: String) -> Int? { names.firstIndex(of: name) }

  subscript(_ name: String) -> Value? { index(name).map { values[$0] } }

  /// Adds a value under a name that is not there yet.
  mutating func add(_ name: String, _ value: Value) {
    names.append(name)
    values.append(value)
  }
}

extension ByName where Value: Aggregate {
  var byteCount: Int { values.reduce(0) { $0 + $1.byteCount } }

  mutating func grow(_ cellCount: Int) { for index in values.indices { values[index].grow(cellCount) } }

  mutating func absorb(_ other: ByName, _ map: CellMap) {
    for (index, name) in other.names.enumerated() {
      if let own = self.index(name) { values[own].absorb(other.values[index], map) }
    }
  }
}
