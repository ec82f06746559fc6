// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import CairnIssues

/// Frames of which a program without symbols knows the address alone: another build of it must not make another item.
@Suite struct FrameAddressTests {
  @Test(arguments: [
    ("cruddur+0x1a2b", "cruddur"), ("libc.so.6+0x9", "libc.so.6"), ("pay() + 12", "pay()"), ("main + 0x1c", "main"), ("/srv/bin/shop+0xdeadbeef", "/srv/bin/shop"),
  ]) func offsetsGo(name: String, kept: String) { #expect(withoutOffset(Array(name.utf8))?.text == kept) }

  @Test(arguments: ["", "+", "+0x1", "c++", "a+b", "a+12", "operator+", "x+0x", "x+0xg", "f(a + b)", "v1.0+build5"])
  func otherNamesStay(name: String) { #expect(withoutOffset(Array(name.utf8)) == nil) }

  @Test(arguments: [("0x7f12", true), ("[0x55d5c6]", true), ("<0x10>", true), ("0x", false), ("0xyz", false), ("", false), ("[]", false), ("x0x1", false)])
  func addressesAreKnown(name: String, isOne: Bool) { #expect(isAddress(Array(name.utf8)) == isOne) }

  /// A stack as the kit prints it, with made-up offsets; `symbols` says which of its frames have names.
  private func printed(_ generator: inout SeededGenerator, symbols: [String?]) -> String {
    symbols.map { (symbol) in
      let offset = "cruddur+0x" + String(generator.below(1 << 24), radix: 16)
      return symbol.map { "at \($0) (\(offset))" } ?? "at \(offset)"
    }.joined(separator: "\n") + "\nat start_thread (libc.so.6+0x\(String(generator.below(1 << 16), radix: 16)))"
  }

  private func key(_ stack: String, message: String = "no such handle") -> Grouping {
    grouping(of: ErrorReport(.chain(exceptionChain(className: "StoreError", message: message, stack: stack))))
  }

  @Test func anotherBuildIsTheSameItem() {
    var generator = SeededGenerator(seed: 94)
    for _ in 0..<300 {
      let symbols = (0...generator.below(12)).map { _ in generator.chance(50) ? "Store.find\("abcdef".randomElement(using: &generator) ?? "a")()" : nil }
      let one = key(printed(&generator, symbols: symbols))
      let other = key(printed(&generator, symbols: symbols))
      #expect(one.key == other.key)
      #expect(one.family == other.family)
    }
  }

  @Test func withoutSymbolsClassAndMessageDecide() {
    var generator = SeededGenerator(seed: 95)
    for _ in 0..<100 {
      let short = printed(&generator, symbols: [nil, nil])
      let long = printed(&generator, symbols: [String?](repeating: nil, count: 3 + generator.below(20)))
      #expect(key(short, message: "no row 17 for ana@example.com").key == key(long, message: "no row 4 for bob@example.org").key)
      #expect(key(short).key != key(short, message: "the pool is closed").key)
    }
    let components = key(printed(&generator, symbols: [nil])).components
    #expect(components.contains { $0.reason == "no frame of the program has a symbol: class and message decide" && !$0.contributes })
    #expect(components.contains { $0.reason == "no symbols: message skeleton decides" && $0.contributes })
  }

  /// Symbols count where there are some, and frames without stay out.
  @Test func symbolsCount() {
    let one = key("at Store.find() (cruddur+0x1a)\nat cruddur+0x2b")
    #expect(one.key == key("at cruddur+0x77\nat Store.find() (cruddur+0x3c)").key)
    #expect(one.key != key("at Store.save() (cruddur+0x1a)\nat cruddur+0x2b").key)
    #expect(one.components.contains { $0.value == .list(["cruddur:Store.find()"]) })
  }

  /// What the kit sends to Rollbar and what it prints are one item.
  @Test func aPayloadAndAPrintedStackAreAlike() {
    let frames = [ErrorFrame(file: "libc.so.6", function: "start_thread"), ErrorFrame(file: "cruddur+0x99", function: ""), ErrorFrame(file: "cruddur", function: "Store.find()")]
    let sent = grouping(of: ErrorReport(.chain([ErrorTrace(className: "StoreError", message: "no such handle", frames: frames)])))
    #expect(sent.key == key("at Store.find() (cruddur+0x1a)\nat cruddur+0x2b\nat start_thread (libc.so.6+0x8)").key)
  }
}
