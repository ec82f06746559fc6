// SPDX-License-Identifier: Apache-2.0

// Ranks without sorting.

/// Moves the values of the ascending `places`, all within `low ..< high`, to where a sort would put them.
///
/// Partitions without a branch on the values, which none could predict, and goes on only where places are left (Q2 with a series).
func orderPlaces(_ values: inout MutableSpan<Double>, _ low: Int, _ high: Int, _ places: ArraySlice<Int>) {
  precondition(low >= 0 && high <= values.count, "places of the values")
  var low = low
  var high = high
  var places = places
  while let first = places.first, let last = places.last {
    precondition(first >= low && last < high, "places of the values")
    if high - low <= 12 { return sortFew(&values, low, high) }
    let pivot = middle(values[low], values[(low + high) / 2], values[high - 1])
    let less = partition(&values, low, high) { $0 < pivot }
    // Everything equal to the pivot is in its place.
    let notGreater = partition(&values, less, high) { $0 <= pivot }
    let left = places.prefix { $0 < less }
    let right = places.drop { $0 < notGreater }
    if left.isEmpty {
      (low, places) = (notGreater, right)
    } else {
      if !right.isEmpty { orderPlaces(&values, notGreater, high, right) }
      (high, places) = (less, left)
    }
  }
}

private func middle(_ first: Double, _ second: Double, _ third: Double) -> Double {
  max(min(first, second), min(max(first, second), third))
}

/// Moves the values that pass to the front; the index of the first that does not comes back.
@inline(__always)
private func partition(_ values: inout MutableSpan<Double>, _ low: Int, _ high: Int, _ passes: (Double) -> Bool) -> Int {
  precondition(low >= 0 && high <= values.count, "places of the values")
  var end = low
  for index in low..<high {
    let value = unsafe values[unchecked: index]
    unsafe values[unchecked: index] = values[unchecked: end]
    unsafe values[unchecked: end] = value
    end &+= passes(value) ? 1 : 0
  }
  return end
}

private func sortFew(_ values: inout MutableSpan<Double>, _ low: Int, _ high: Int) {
  guard low < high else { return }
  for index in low + 1..<max(high, low + 1) {
    let value = values[index]
    var place = index
    while place > low, values[place - 1] > value {
      values[place] = values[place - 1]
      place -= 1
    }
    values[place] = value
  }
}
