// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import TestSupport
import Testing

@testable import CairnQuery

/// Dictionaries of several pieces as one space of codes, however they came to be known.
@Suite struct DictionaryFitTests {
  private func texts(_ entries: [String]) -> ValueDictionary {
    var bytes: [UInt8] = []
    var ends: [UInt32] = []
    for entry in entries {
      bytes += Array(entry.utf8)
      ends.append(UInt32(bytes.count))
    }
    return ValueDictionary(.text(bytes: bytes, ends: ends))
  }

  private func ids(_ numbers: [UInt64]) -> ValueDictionary {
    let ids = numbers.map { TraceID(high: $0 &* 0x9e37_79b9_7f4a_7c15, low: $0) }
    return ValueDictionary(.traceIDs(ids, sorted: ids.indices.sorted { ids[$0] < ids[$1] }.map { UInt32($0) }))
  }

  /// Equal values have equal codes, different ones different codes, and every code shows its value.
  private func check(_ fit: DictionaryFit, _ dictionaries: [ValueDictionary], _ note: Comment) throws {
    var codes: [FieldValue: UInt32] = [:]
    let shown = fit.texts.flatMap { (dictionary) in (0..<dictionary.count).map { dictionary.value($0) } }
    #expect(shown.count == fit.textCount && Set(shown).count == shown.count, note)
    for dictionary in dictionaries {
      let map = try #require(fit.map(dictionary), note)
      #expect(map.count == dictionary.count + 1 && map[0] == 0, note)
      for entry in 0..<dictionary.count {
        let value = dictionary.value(entry)
        #expect(shown[Int(map[entry + 1]) - 1] == value, note)
        #expect(codes[value, default: map[entry + 1]] == map[entry + 1], note)
        codes[value] = map[entry + 1]
      }
    }
  }

  @Test(arguments: 0..<20)
  func anyOrderOfKnowingGivesOneCodeAValue(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let cache = DictionaryCache()
    let isIDs = seed % 3 == 0
    func made() -> ValueDictionary {
      let numbers = Array(Set((0..<Int.random(in: 1...3000, using: &random)).map { _ in UInt64.random(in: 1...6000, using: &random) }))
      return isIDs ? ids(numbers) : texts(numbers.map { "value \($0)" })
    }
    var sealed: [ValueDictionary] = []
    for step in 0..<14 {
      // A segment more, now and then a merge of all, and a head that is another each time.
      if step % 6 == 5 { sealed = [made(), made()] } else { sealed.append(made()) }
      let list = sealed + (random.chance(70) ? [made(), made()] : [])
      guard list.count > 1 else { continue }
      let fit = cache.fit(list, sealedCount: sealed.count)
      try check(fit, list, "seed \(seed), step \(step)")
      #expect(cache.fit(list, sealedCount: sealed.count) === fit || fit.textCount < DictionaryCache.codeCountMin)
      #expect(fit.depth <= DictionaryFit.depthMax + 1)
    }
  }

  @Test func aHeadIsFittedToKnownSegmentsAlone() {
    let cache = DictionaryCache()
    let sealed = [texts((0..<5000).map { "a\($0)" }), texts((2000..<7000).map { "a\($0)" })]
    let first = cache.fit(sealed + [texts(["a1", "new"])], sealedCount: 2)
    let second = cache.fit(sealed + [texts(["a1", "new", "newer"])], sealedCount: 2)
    #expect(first.base != nil && first.base === second.base)
    #expect(first.textCount == 7001 && second.textCount == 7002)
    #expect(cache.fit(sealed, sealedCount: 2) === first.base)
  }

  /// A server whose questions meet heads alone: each state of a head has dictionaries of its own, and none of them comes again.
  @Test func statesOfAHeadDoNotPileUp() {
    let cache = DictionaryCache()
    var number: UInt64 = 0
    func next(_ count: Int) -> ValueDictionary {
      defer { number += UInt64(count) }
      return ids((number..<number + UInt64(count)).map { $0 })
    }
    let part = next(20_000)
    var list: [ValueDictionary] = []
    for _ in 0..<30 {
      list = [part, next(5_000)]
      let fit = cache.fit(list, sealedCount: 0)
      #expect(cache.fit(list, sealedCount: 0) === fit, "a head that has not grown is known")
      #expect(cache.byteCount == fit.byteCount, "the state before is not kept")
    }
    var kept: [[ValueDictionary]] = []
    for _ in 0..<60 {
      list = [next(20_000), next(5_000)]
      kept.append(list)
      _ = cache.fit(list, sealedCount: 0)
      #expect(cache.byteCount <= DictionaryCache.passingByteCountMax)
    }
    #expect(cache.byteCount > DictionaryCache.passingByteCountMax / 2)
    #expect(cache.fit(list, sealedCount: 0) === cache.fit(list, sealedCount: 0))
    withExtendedLifetime(kept) {}
  }

  /// Segments are merged and heads grow: what was made of their dictionaries goes with them, however small it is.
  @Test func aFitGoesWithItsDictionaries() {
    let cache = DictionaryCache()
    var sealed = [texts((0..<5000).map { "a\($0)" }), texts((0..<10).map { "b\($0)" })]
    for step in 0..<40 {
      if step % 10 == 9 { sealed = [texts((0..<5000).map { "\(step) \($0)" }), texts(["c"])] }
      let fit = cache.fit(sealed + [texts(["head \(step)"])], sealedCount: 2)
      #expect(fit.textCount > 5000)
      let own = fit.byteCount + (fit.base?.byteCount ?? 0)
      #expect(cache.byteCount == own, "step \(step): \(cache.byteCount) bytes are kept where \(own) are of use")
    }
  }

  @Test func mixedDictionariesMeetAsText() throws {
    let trace = ids([1, 2])
    let list = [trace, texts([trace.value(1).text, "other"]), texts(["x"])]
    for sealedCount in 0...3 { try check(DictionaryCache().fit(list, sealedCount: sealedCount), list, "\(sealedCount)") }
  }
}
