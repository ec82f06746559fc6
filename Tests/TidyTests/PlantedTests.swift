// SPDX-License-Identifier: Apache-2.0
import Testing

/// Every rule must be able to fail: planted mistakes are found, and what only looks like one is not.
@Suite struct PlantedTests {
  private func swift(_ text: String, at path: String = "Sources/CairnBytes/Planted.swift") -> SourceFile { SourceFile(path: path, text: text) }

  private static let manifest = Manifest(
    """
    targets: [
      .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
      .target(name: "CCRC32C"),
      // 0
      room("CairnBytes", ["CCRC32C"]),
      // 1
      room("CairnColumns", ["CairnBytes"]),
      // 3
      room("CairnCatalog", [.product(name: "GRDB", package: "GRDB.swift")]),
      // 6
      .target(
        name: "CairnServer",
        dependencies: [
          "CairnBytes", .product(name: "NIOCore", package: "swift-nio"),
        ],
        swiftSettings: sheet),
      // 7
      .executableTarget(
        name: "cairn",
        dependencies: ["CairnServer"],
        swiftSettings: sheet),
      tests("CairnBytesTests", ["CairnBytes"]),
    ]
    """)

  @Test(arguments: [
    "let a = try! read()", "let a = b as! C", "fatalError(\"no\")", "print(\"x\")", "let r = try Regex(text)", "let a = b!", "let a = b()!.c",
    "let a = b[0]!", "var a: Int!", "Thread.sleep(forTimeInterval: 1)", "final class A: @unchecked Sendable {}", "nonisolated(unsafe) var a = 1", "let a = b!.c!",
  ])
  func findsBannedCalls(_ line: String) { #expect(!CallRules.check(swift("\n\(line)\n"), rank: 0).isEmpty) }

  @Test(arguments: [
    "// try! as! fatalError print(", "let a = \"try! b!\"", "if a != b { }", "if !a { }", "let a = !b", "let a = #\"x!\"#", "/* b! /* c! */ d! */",
    "let footprint = printed(a)", "// Safe: only the loop touches it.\nfinal class A: @unchecked Sendable {}", "let a = \"\"\"\n  b!\n  \"\"\"",
    "let a = \"\\(b != c ? 1 : 2)!\"", "let a: RegexLike", "precondition(a, \"b!\")",
  ])
  func leavesOtherCodeAlone(_ line: String) { #expect(CallRules.check(swift(line), rank: 0).isEmpty) }

  @Test func findsCodeInsideAnInterpolation() { #expect(!CallRules.check(swift("let a = \"x \\(b!) y\""), rank: 0).isEmpty) }

  @Test func onlyTheServerMayPrint() {
    #expect(CallRules.check(swift("print(1)"), rank: 6).isEmpty)
    #expect(!CallRules.check(swift("print(1)"), rank: 5).isEmpty)
  }

  @Test func findsLongFilesAndFunctions() {
    let statements = String(repeating: "  a()\n", count: 60)
    #expect(LengthRules.functions(swift("func f() {\n\(statements)}\n")).count == 1)
    #expect(LengthRules.functions(swift("struct S {\n  init(\n    a: Int\n  ) {\n\(statements)  }\n}\n")).count == 1)
    #expect(LengthRules.functions(swift("func f() {\n\(statements.dropLast(6 * 2))}\n")).isEmpty)
    #expect(LengthRules.functions(swift("protocol P {\n  func f()\n  func g()\n}\nstruct S {\n\(statements)}\n")).isEmpty)
    let lines = String(repeating: "\n", count: 401)
    #expect(LengthRules.file(swift(lines)).count == 1)
    #expect(LengthRules.file(swift(lines, at: "Tests/A/B.swift")).isEmpty)
    #expect(LengthRules.file(swift(String(lines.dropLast()))).isEmpty)
  }

  @Test func readsTheManifest() {
    let targets = Self.manifest.targets
    #expect(targets["CairnServer"]?.dependencies == ["CairnBytes", "NIOCore"])
    #expect(targets["CairnServer"]?.rank == 6 && targets["cairn"]?.rank == 7 && targets["CairnBytes"]?.rank == 0)
    #expect(targets["CairnCatalog"]?.dependencies == ["GRDB"] && targets["CZlib"]?.rank == nil && targets["CCRC32C"]?.rank == nil)
    #expect(targets["CairnBytesTests"]?.isTest == true)
  }

  @Test(arguments: [
    ("CairnBytes", "public import CairnColumns"), ("CairnColumns", "import CairnServer"), ("CairnColumns", "import NIOCore"), ("CairnCatalog", "import Foundation"),
    ("CairnBytes", "import struct CairnColumns.Batch"), ("CairnBytes", "@testable internal import CairnColumns"), ("NoSuchRoom", "import CairnBytes"),
  ])
  func findsWrongImports(_ room: String, _ line: String) {
    #expect(ImportRules.check(swift("\(line)\n", at: "Sources/\(room)/A.swift"), Self.manifest).count == 1)
  }

  @Test(arguments: [
    ("CairnColumns", "public import CairnBytes"), ("CairnServer", "import Foundation"), ("CairnServer", "import NIOCore"), ("CairnBytes", "import Synchronization"),
    ("CairnBytes", "// import CairnServer"), ("CairnBytes", "internal import CCRC32C"),
  ])
  func leavesRightImportsAlone(_ room: String, _ line: String) {
    #expect(ImportRules.check(swift("\(line)\n", at: "Sources/\(room)/A.swift"), Self.manifest).isEmpty)
  }

  @Test func findsArrowsThatPointUpwards() {
    let wrong = Manifest("targets: [\n// 1\nroom(\"A\", [\"B\"]),\n// 2\nroom(\"B\"),\nroom(\"C\", [\"B\"]),\n]")
    #expect(ImportRules.upward(wrong).count == 2)
    #expect(ImportRules.upward(Self.manifest).isEmpty)
  }

  @Test(arguments: [
    ("web/model/a.js", "import { b } from '../views/b.js';"), ("web/wire/a.js", "import { b } from '../charts/b.js';"),
    ("web/charts/a.js", "import { b } from \"../wire/b.js\";"), ("web/views/a.js", "import { b } from '../app.js';"), ("web/views/a.js", "import { b } from './b';"),
    ("web/views/a.js", "import 'https://cdn.example/b.js';"), ("web/views/a.js", "node.innerHTML = text;"), ("web/views/a.js", "await fetch('/x');"),
    ("web/views/a.js", "export default 1;"), ("web/views/a.js", "const a = `${b.innerHTML}`;"), ("web/model/a.js", "document.title = a;"),
    ("web/charts/a.js", "import {\n  b,\n} from '../views/b.js';"),
  ])
  func findsWrongPages(_ path: String, _ line: String) { #expect(!WebRules.check(SourceFile(path: path, text: line)).isEmpty) }

  @Test(arguments: [
    ("web/views/a.js", "import { b } from '../wire/b.js';"), ("web/app.js", "import { b } from './views/b.js';"), ("web/wire/a.js", "await fetch(url, { body });"),
    ("web/views/a.js", "// node.innerHTML = text"), ("web/views/a.js", "say('no innerHTML here, nor fetch(');"), ("web/views/a.js", "prefetch(1);"),
    ("web/views/a.js", "/** @type {import('../app.js').Page} */"),
  ])
  func leavesRightPagesAlone(_ path: String, _ line: String) { #expect(WebRules.check(SourceFile(path: path, text: line)).isEmpty) }

  @Test func findsAClassOfTwoStyleSheets() {
    let page = SourceFile(path: "web/css/a.css", text: ".door { margin: 0 } .door:hover, .b .c { margin: 0 }\n@media (x) { .door { gap: 0 } }\n")
    let wrong = ["p { gap: 0 } .door { gap: 0 }\n", "@media (x) { .e, .door { gap: 0 } }\n"]
    for text in wrong { #expect(WebRules.checkStyles([page, SourceFile(path: "web/css/b.css", text: text)]).count == 1) }
    #expect(WebRules.checkStyles([page, SourceFile(path: "web/css/b.css", text: ".b .door { gap: 0 } .door.x { gap: 0 } .doors { gap: 0 }\n")]).isEmpty)
  }

  @Test func findsWrongText() {
    #expect(TextRules.licenceLine(swift("import Swift\n")).count == 1)
    #expect(TextRules.licenceLine(swift("// SPDX-License-Identifier: Apache-2.0\n")).isEmpty)
    #expect(TextRules.leftover(swift("// FIX" + "ME: later\n")).count == 1)
    #expect(TextRules.machinePath(swift("let a = \"/ro" + "ot/x\"\n")).count == 1)
    #expect(TextRules.machinePath(swift("let a = \"web/ro" + "ot/x\"\n")).isEmpty)
    #expect(TextRules.blob(("docs/a.png", 200_001)).count == 1)
    #expect(TextRules.blob(("Tests/Fixtures/a.bin", 900_000)).isEmpty)
  }

  @Test func findsUndocumentedDeclarations() {
    #expect(TextRules.undocumented(swift("public struct A {\n  public func b() {}\n}\npublic func c() {}\n")).count == 2)
    #expect(TextRules.undocumented(swift("/// A.\n@frozen\npublic struct A {\n  public init() {}\n}\n/// B.\n@inlinable public func b() {}\n")).isEmpty)
    #expect(TextRules.undocumented(swift("struct A {\n  func b() {}\n}\n")).isEmpty)
  }
}
