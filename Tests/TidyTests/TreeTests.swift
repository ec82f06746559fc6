// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The rules of CONTRIBUTING.md, run over the tree. Rules that nobody runs are wishes.
@Suite struct TreeTests {
  private var manifest: Manifest {
    let text = try? String(contentsOf: Tree.root.appending(path: "Package.swift"), encoding: .utf8)
    return Manifest(text ?? "")
  }

  private func expectNone(_ findings: [Finding]) {
    for finding in findings { Issue.record(Comment(rawValue: finding.description)) }
  }

  @Test func theTreeIsThere() {
    #expect(Tree.rooms.count > 50)
    #expect(Tree.web.count > 20)
    #expect(manifest.targets["CairnServer"]?.rank == 6)
  }

  @Test func filesAreShort() {
    expectNone((Tree.swift + Tree.web + Tree.files.filter { ["py", "css"].contains($0.fileExtension) }).flatMap(LengthRules.file))
  }

  @Test func functionsAreShort() { expectNone(Tree.swift.flatMap(LengthRules.functions)) }

  @Test func nothingCallsWhatIsBanned() {
    let targets = manifest.targets
    expectNone(Tree.rooms.flatMap { CallRules.check($0, rank: targets[$0.room]?.rank ?? 0) })
  }

  @Test func importsFollowTheManifest() {
    let manifest = manifest
    expectNone(Tree.rooms.flatMap { ImportRules.check($0, manifest) })
  }

  @Test func arrowsPointToSmallerRanks() { expectNone(ImportRules.upward(manifest)) }

  @Test func thePagesKeepTheirRooms() { expectNone(Tree.web.flatMap(WebRules.check)) }

  @Test func everyClassOfThePagesHasOneStyleSheet() { expectNone(WebRules.checkStyles(Tree.styles)) }

  @Test func everyFileNamesItsLicence() { expectNone(Tree.files.flatMap(TextRules.licenceLine)) }

  @Test func whatIsPublicIsDocumented() { expectNone(Tree.rooms.flatMap(TextRules.undocumented)) }

  @Test func nothingIsLeftOver() { expectNone(Tree.files.flatMap(TextRules.leftover)) }

  @Test func noPathOfOneMachine() { expectNone(Tree.files.flatMap(TextRules.machinePath)) }

  @Test func noBlobs() { expectNone(Tree.paths.flatMap(TextRules.blob)) }
}
