// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import CairnIssues

@Suite struct GroupingMemoryTests {
  private func report(_ frames: [ErrorFrame], message: String = "m", change: (inout ErrorReport) -> Void = { _ in }) -> ErrorReport {
    var report = ErrorReport(.chain([ErrorTrace(className: "Lost", message: message, frames: frames)]))
    change(&report)
    return report
  }

  /// What was remembered must never answer for another error: whatever grouping looks at is part of the key.
  @Test func whatIsRememberedIsWhatIsComputed() {
    let base = [ErrorFrame(file: "/srv/a.py", function: "f"), ErrorFrame(file: "/srv/b.py", function: "g")]
    var inApp = base
    inApp[1].isInApp = false
    var reports = [report(base), report(base, message: "other 12"), report(inApp), report(Array(base.reversed())), report([])]
    reports.append(report(base) { $0.root = "/srv" })
    reports.append(report(base) { $0.language = "go" })
    reports.append(report(base) { $0.notifierName = "rollbar-go" })
    reports.append(report(base) { $0.fingerprint = "mine" })
    let swift = [ErrorFrame(file: "shop", function: "Hummingbird.Router.deinit")]
    reports += [report(swift), report(swift) { $0.language = "swift" }]
    // The bounds of texts count: "ab" "c" is not "a" "bc".
    reports.append(report([ErrorFrame(file: "ab", function: "c")]))
    reports.append(report([ErrorFrame(file: "a", function: "bc")]))
    reports.append(ErrorReport(.message(ErrorMessage(text: "a", arguments: ["b"]))))
    reports.append(ErrorReport(.message(ErrorMessage(text: "a", arguments: ["b"], site: .init(logger: "l", module: "m", function: "f")))))
    reports.append(ErrorReport(.crash("a")))
    for _ in 0..<3 {
      for report in reports.shuffled() {
        #expect(grouping(of: report) == computedGrouping(of: report))
        guard case .chain(let chain) = report.body else { continue }
        let own = innermostOwnIndex(chain[0].frames, report).map { chain[0].frames[$0] }
        #expect(innermostOwnFrame(chain[0], report) == own)
      }
    }
  }

  @Test func itForgetsRatherThanGrows() {
    let memory = GroupingMemory()
    for number in 0..<(3 * GroupingMemory.generationCountMax) { memory.note("hash \(number)", []) }
    #expect(memory.components("hash 0") == nil)
    #expect(memory.components("hash \(3 * GroupingMemory.generationCountMax - 1)") != nil)
  }

  /// Stacks of Swift are long: what is remembered has a bound in bytes too.
  @Test func itForgetsLongStacksSooner() {
    let memory = GroupingMemory()
    for number in 0..<GroupingMemory.generationCountMax {
      let long = (0..<20).map { ErrorFrame(file: "cruddur", function: "Part\($0).work\(number)(" + String(repeating: "Swift.Optional<Swift.Int>, ", count: 30) + ")") }
      let report = report(long, message: "m \(number)")
      let found = memory.grouping(report, "v") { computedGrouping(of: report) }
      memory.note(found.key, found.components)
      #expect(memory.heldByteCount <= 6 * GroupingMemory.generationByteCountMax)
    }
    #expect(memory.heldByteCount > GroupingMemory.generationByteCountMax)
  }

  @Test func anItemsBeginningCanBeTold() {
    let found = grouping(of: report([ErrorFrame(file: "/srv/told.py", function: "tell")]))
    remember(found.components, ofHash: found.key)
    #expect(recentComponents(ofHash: found.key) == found.components)
  }
}
