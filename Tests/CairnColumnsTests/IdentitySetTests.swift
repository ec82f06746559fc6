// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import TestSupport
import Testing

struct IdentitySetTests {
  func expect(_ set: inout IdentitySet, _ identity: UInt64, isNew: Bool) {
    let inserted = set.insert(identity)
    #expect(inserted == isNew)
  }

  @Test func knowsWhatWasInserted() {
    var set = IdentitySet()
    var generator = SeededGenerator(seed: 7)
    let identities = [0, 1, 2, 3] + (0..<20_000).map { _ in generator.next() }
    // 0 and 1 are kept as 2 and 3, which are then taken for them.
    for (index, identity) in identities.enumerated() {
      let isNew = set.insert(identity)
      #expect(isNew == (index != 2 && index != 3))
    }
    for identity in identities { expect(&set, identity, isNew: false) }
  }

  @Test func takesBackOnlyWhatIsNotKept() {
    var set = IdentitySet()
    for identity in 10..<10_000 as Range<UInt64> { expect(&set, identity, isNew: true) }
    set.keep()
    for identity in 10_000..<40_000 as Range<UInt64> { expect(&set, identity, isNew: true) }
    set.takeBack()
    set.takeBack()
    for identity in 10..<10_000 as Range<UInt64> { expect(&set, identity, isNew: false) }
    for identity in 10_000..<40_000 as Range<UInt64> { expect(&set, identity, isNew: true) }
  }

  @Test func remembersTwoGenerations() {
    var set = IdentitySet()
    expect(&set, 100, isNew: true)
    set.turn()
    expect(&set, 100, isNew: false)
    expect(&set, 200, isNew: true)
    set.turn()
    expect(&set, 100, isNew: true)
    expect(&set, 200, isNew: false)
  }

  @Test func survivesManyRefusals() {
    var set = IdentitySet()
    for round in 0..<200 as Range<UInt64> {
      for identity in 0..<500 as Range<UInt64> { expect(&set, round << 32 | identity + 10, isNew: true) }
      set.takeBack()
    }
    expect(&set, 10, isNew: true)
    #expect(set.byteCount < 1 << 20, "what was taken back holds no memory for good")
    set.turn()
    expect(&set, 10, isNew: false)
  }
}
