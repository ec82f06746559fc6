// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import CairnIssues

/// What must not split an item, and what must, over made-up errors.
@Suite struct GroupingPropertyTests {
  private func report(_ generator: inout SeededGenerator, root: String) -> ErrorReport {
    let names = ["pay", "load", "send", "render", "checkout", "find", "lock"]
    let classes = ["Lost", "Declined", "KeyError", "Exception", "TypeError"]
    let frames = (0...generator.below(20)).map { _ in
      ErrorFrame(
        file: generator.chance(30) ? "/usr/lib/python3.11/site-packages/lib\(generator.below(4))/core.py" : "\(root)/app/part\(generator.below(5)).py",
        function: names[generator.below(names.count)], line: generator.below(900))
    }
    var report = ErrorReport(
      .chain([
        ErrorTrace(className: classes[generator.below(classes.count)], message: "order 17 of ana@example.com is gone at 10.0.0.1", frames: frames)
      ]))
    report.root = root
    report.language = "python"
    return report
  }

  private func changed(_ report: ErrorReport, _ body: (inout ErrorTrace) -> Void) -> ErrorReport {
    guard case .chain(var chain) = report.body else { return report }
    for index in chain.indices { body(&chain[index]) }
    var next = report
    next.body = .chain(chain)
    return next
  }

  @Test func linesIdsAndDeployRootsDoNotSplit() {
    var generator = SeededGenerator(seed: 91)
    for _ in 0..<400 {
      let seed = generator.next()
      var first = SeededGenerator(seed: seed)
      var second = SeededGenerator(seed: seed)
      let one = report(&first, root: "/srv/shop/releases/20260101120000")
      var other = report(&second, root: "/srv/shop/releases/20260202130000")
      let shift = generator.below(500)
      other = changed(other) { (trace) in
        for index in trace.frames.indices { trace.frames[index].line += shift }
        trace.message = "order \(generator.below(1_000_000)) of bob\(generator.below(9))@example.org is gone at 192.168.\(generator.below(255)).7"
      }
      #expect(grouping(of: one).key == grouping(of: other).key, "seed \(seed)")
      #expect(grouping(of: one).family == grouping(of: other).family, "seed \(seed)")
    }
  }

  @Test func anotherClassOrInnermostFrameSplits() {
    var generator = SeededGenerator(seed: 92)
    for _ in 0..<200 {
      let one = report(&generator, root: "/srv/app")
      let renamed = changed(one) { $0.className += "Again" }
      let moved = changed(one) { $0.frames.append(ErrorFrame(file: "/srv/app/app/elsewhere.py", function: "other")) }
      #expect(grouping(of: one).key != grouping(of: renamed).key)
      #expect(grouping(of: one).key != grouping(of: moved).key)
    }
  }

  @Test func standsAnyText() {
    var generator = SeededGenerator(seed: 93)
    for _ in 0..<2_000 {
      let text = { (generator: inout SeededGenerator) in String(decoding: generator.bytes(generator.below(60)), as: UTF8.self) }
      var report = ErrorReport(
        .chain([ErrorTrace(className: text(&generator), message: text(&generator), frames: [ErrorFrame(file: text(&generator), function: text(&generator))])]))
      report.root = text(&generator)
      #expect(grouping(of: report).key.count == 40)
      _ = exceptionChain(className: "E", message: "m", stack: text(&generator))
    }
  }

  @Test func giantsAreBounded() {
    let frames = (0..<10_000).map { ErrorFrame(file: "/srv/a\($0 % 7).py", function: "f\($0 % 5)") }
    let start = ContinuousClock.now
    let report = ErrorReport(.chain([ErrorTrace(className: "RecursionError", message: String(repeating: "m 1 ", count: 300_000), frames: frames)]))
    #expect(grouping(of: report).key.count == 40)
    let elapsed = ContinuousClock.now - start
    #expect(elapsed < .seconds(20))
  }
}
