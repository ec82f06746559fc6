// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CairnXRay

@Suite struct NameMemoryTests {
  /// Whatever the order and the number of names, each means what it meant.
  @Test func eachNameKeepsItsMeaning() {
    var names = NameMemory<Int>()
    var askedCount = 0
    for round in 0..<6 {
      for step in [1, 7, 40] {
        names.restart()
        for number in stride(from: round, to: 1_500, by: step) {
          let meaning = names.meaning(of: "name \(number)") {
            askedCount += 1
            return Int($0.dropFirst(5)) ?? -1
          }
          #expect(meaning == number)
        }
      }
    }
    #expect(askedCount > 1_500)
  }

  @Test func namesInTheSameOrderAreAskedForOnce() {
    var names = NameMemory<String>()
    var askedCount = 0
    for _ in 0..<10 {
      names.restart()
      for name in ["a", "b", "c"] {
        _ = names.meaning(of: name) {
          askedCount += 1
          return $0
        }
      }
    }
    #expect(askedCount == 3)
  }
}
