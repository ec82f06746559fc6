// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CairnIssues

@Suite struct GroupingVersionTests {
  private func report(_ frames: [ErrorFrame], message: String = "no row 17") -> ErrorReport {
    ErrorReport(.chain([ErrorTrace(className: "StoreError", message: message, frames: frames)]))
  }

  /// Versions part where a frame is an address or a gem's, and nowhere else: their tag is one.
  @Test func versionsDifferWhereTheyMean() {
    let named = report([ErrorFrame(file: "/srv/a.py", function: "f"), ErrorFrame(file: "/srv/b.py", function: "g")])
    #expect(GroupingVersion.cg1Beginning.grouping(of: named) == GroupingVersion.cg1Gems.grouping(of: named))
    let gem = report([ErrorFrame(file: "/usr/lib/ruby/gems/3.2.0/gems/rails-7.0.4/lib/base.rb", function: "f")])
    let upgraded = report([ErrorFrame(file: "/usr/lib/ruby/gems/3.3.0/gems/rails-7.1.0/lib/base.rb", function: "f")])
    #expect(GroupingVersion.cg1Addresses.grouping(of: gem).key != GroupingVersion.cg1Addresses.grouping(of: upgraded).key)
    #expect(GroupingVersion.cg1Gems.grouping(of: gem).key == GroupingVersion.cg1Gems.grouping(of: upgraded).key)
    let (one, other) = (report([ErrorFrame(file: "cruddur+0x1a2b", function: "")]), report([ErrorFrame(file: "cruddur+0x99", function: "")]))
    #expect(GroupingVersion.cg1Beginning.grouping(of: one).key != GroupingVersion.cg1Beginning.grouping(of: other).key)
    #expect(GroupingVersion.cg1Gems.grouping(of: one).key == GroupingVersion.cg1Gems.grouping(of: other).key)
  }

  @Test func formerHashesEndWithTheirTime() {
    let plan = GroupingPlan(current: .cg1Gems, former: [.cg1Beginning], formerUntilUnixNanoseconds: 100)
    let stack = report([ErrorFrame(file: "cruddur+0x1a2b", function: "")])
    let during = plan.groupings(of: stack, receivedUnixNanoseconds: 99)
    #expect(during.map(\.key) == [GroupingVersion.cg1Gems.grouping(of: stack).key, GroupingVersion.cg1Beginning.grouping(of: stack).key])
    #expect(plan.groupings(of: stack, receivedUnixNanoseconds: 100).count == 1)
  }

  @Test func whatOneVersionFoundIsNotAnothersAnswer() {
    let loud = GroupingVersion(name: "loud") { _ in [GroupingComponent(name: "all", value: .text("A"), contributes: true, reason: "")] }
    let quiet = GroupingVersion(name: "quiet") { _ in [GroupingComponent(name: "all", value: .text("a"), contributes: true, reason: "")] }
    let stack = report([])
    for _ in 0..<2 { #expect(loud.grouping(of: stack).key != quiet.grouping(of: stack).key) }
  }

  @Test func hashesAreListedOnce() {
    #expect(formerHashText(["a", "b", "a", "c"], deciding: "b") == "a c")
    #expect(formerHashText(["b"], deciding: "b") == nil)
    #expect(formerHashText(["a b"], deciding: "b") == nil)
  }
}
