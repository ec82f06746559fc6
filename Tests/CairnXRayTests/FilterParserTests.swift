// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnFormats
import CairnPlan
import CairnXRay
import TestSupport
import Testing

@Suite struct FilterParserTests {
  private func parse(_ text: String) throws -> FilterExpression { try FilterExpression(parsing: text) }

  @Test func adjacencyIsANDAndBindsTighterThanOR() throws {
    let expected = FilterExpression.any([
      .all([.flag(.ok), .not(.flag(.partial)), .number(.duration, .less, 3)]), .flag(.fault),
    ])
    #expect(try parse("ok !partial duration <3 OR fault") == expected)
    #expect(try parse("ok AND !partial and duration < 3.0 or fault") == expected)
    #expect(try parse("(ok (!partial) duration<3) or (fault)") == expected)
  }

  @Test func keywordsAreReadInAnyCaseAndKeysKeepTheirs() throws {
    #expect(try parse("responseTime >= 5 AND HTTP.URL CONTAINS \"/A\"") == .all([
      .number(.responseTime, .greaterOrEqual, 5), .text(.url, .match(.contains, "/A")),
    ]))
    #expect(try parse("Annotation.GameID = \"x\"") == .field(.annotation, key: "GameID", .compare(.equal, .string("x"))))
  }

  @Test func truthValuesNegate() throws {
    #expect(try parse("fault = true") == .flag(.fault))
    #expect(try parse("fault = false") == .not(.flag(.fault)))
    #expect(try parse("fault != true") == .not(.flag(.fault)))
    #expect(try parse("!!fault") == .flag(.fault))
  }

  @Test func keysStandBehindADotOrInBrackets() throws {
    for text in ["annotation.a.b = 1", "annotation[a.b] = 1", "annotation[\"a.b\"]=1", "annotation['a.b'] = 1"] {
      #expect(try parse(text) == .field(.annotation, key: "a.b", .compare(.equal, .integer(1))))
    }
    #expect(try parse("annotation[two words]") == .field(.annotation, key: "two words", .isSet))
    #expect(try parse("metadata.default.order BEGINSWITH \"A\"") == .field(.metadata, key: "default.order", .match(.startsWith, "A")))
    #expect(try parse("!annotation.x") == .not(.field(.annotation, key: "x", .isSet)))
    #expect(try parse("annotation.age >= 2.5") == .field(.annotation, key: "age", .compare(.greaterOrEqual, .float(2.5))))
    #expect(try parse("annotation.on = true") == .field(.annotation, key: "on", .compare(.equal, .boolean(true))))
  }

  @Test func servicesAndEdgesTakeNamesOrIDs() throws {
    #expect(try parse("service(\"api\")") == .service(ServiceSelector(name: "api"), nil))
    #expect(try parse("service() { fault }") == .service(.any, .flag(.fault)))
    #expect(try parse("service(id(type: \"AWS::DynamoDB::Table\", name: \"t\")){error}")
      == .service(ServiceSelector(name: "t", type: "AWS::DynamoDB::Table"), .flag(.error)))
    #expect(try parse("edge(id(account.id: \"1\"), \"b\") { responsetime > 1 }")
      == .edge(ServiceSelector(accountID: "1"), ServiceSelector(name: "b"), .number(.responseTime, .greater, 1)))
    let entity = try ServiceSelector.entity(parsing: "edge(\"a\", \"b\")")
    #expect(entity.source == ServiceSelector(name: "a") && entity.target == ServiceSelector(name: "b"))
    #expect(throws: FilterSyntaxError.self) { try ServiceSelector.entity(parsing: "fault") }
  }

  @Test func groupsAndRootCauses() throws {
    #expect(try parse("group.name = \"slow\" fault") == .all([.group(.name("slow")), .flag(.fault)]))
    #expect(try parse("rootcause.fault.exception { message CONTAINS \"x\" }")
      == .rootCause(.fault, .exception, .text(.message, .match(.contains, "x"))))
    #expect(try parse("rootcause.responsetime.entity{coverage > 0.5 last}")
      == .rootCause(.responseTime, .entity, .all([.number(.coverage, .greater, 0.5), .flag(.last)])))
    let json = try parse("rootcause.json = #[{\"Services\":[{\"Name\":\"a}\\\"\"}]}] AND ok")
    guard case .all(let parts) = json, case .rootCauseJSON(let tree) = parts[0] else { throw Unread() }
    #expect(tree.array?.count == 1 && parts[1] == .flag(.ok))
  }

  @Test func aKeywordThatMeansNothingThereIsRefused() throws {
    for text in [
      "index = 1", "coverage > 0", "first", "ok last", "service(\"a\"){coverage > 0}", "edge(\"a\", \"b\"){first}", "edge(\"a\", \"b\"){index = 0}",
      "rootcause.responsetime.service{coverage > 0}", "rootcause.fault.entity{coverage > 0}",
    ] { #expect(throws: FilterSyntaxError.self, "\(text)") { try parse(text) } }
    for text in [
      "service(\"a\"){index = 1 first last}", "rootcause.fault.exception{index = 1 last}", "rootcause.responsetime.entity{coverage > 0 index = 0}",
    ] { #expect(throws: Never.self, "\(text)") { try parse(text) } }
  }

  @Test func anEmptyExpressionPassesEverything() throws {
    #expect(try parse("  ") == .everything)
  }

  @Test(arguments: [
    ("duration > abc", 12), ("duration", 9), ("http.url = x", 12), ("ok AND", 7), ("(ok", 4), ("ok)", 3), ("service(api)", 9),
    ("annotation = 1", 12), ("http.url = \"abc", 12), ("foo", 1), ("ok foo", 4), ("fault > 3", 6), ("service(\"a\"){annotation.x}", 14),
    ("service(\"a\"){service(\"b\")}", 14), ("edge(\"a\")", 9), ("rootcause.json = {}", 18), ("rootcause.sad.service", 1),
    ("group.name != \"a\"", 15), ("\u{e4} = 1", 1), ("http.url = \"\u{e4}\" x", 16), ("annotation[x", 13), ("duration > 5 5", 14),
  ]) func aSyntaxErrorNamesItsColumn(_ text: String, _ column: Int) {
    let error = #expect(throws: FilterSyntaxError.self) { try FilterExpression(parsing: text) }
    #expect(error?.column == column, "\(text): \(error?.message ?? "")")
  }

  @Test func lengthDepthAndTermsAreBounded() {
    #expect(throws: FilterSyntaxError.self) { try FilterExpression(parsing: String(repeating: "(", count: 5_000) + "ok") }
    #expect(throws: FilterSyntaxError.self) { try FilterExpression(parsing: String(repeating: "ok ", count: 1_000)) }
    #expect(throws: FilterSyntaxError.self) { try FilterExpression(parsing: String(repeating: "x", count: 20_000)) }
    #expect(throws: FilterSyntaxError.self) { try FilterExpression(parsing: "rootcause.json = #" + String(repeating: "[", count: 5_000)) }
    #expect(throws: Never.self) { try FilterExpression(parsing: String(repeating: "!", count: 10_000) + "ok") }
  }

  @Test func damagedExpressionsEndInAnErrorOrATree() {
    let seeds = [
      "service(id(name:\"api\", type:\"AWS::EC2::Instance\", account.id:\"1\")) { !ok responsetime >= 0.25 } AND (annotation[a b] = 5 or fault)",
      "rootcause.json = #[{\"Services\":[{\"Name\":\"x\",\"EntityPath\":[{\"Name\":\"y\"}]}]}] edge(\"a\",\"b\"){http.status != 200}",
      "metadata.default.key ENDSWITH 'x\\'y' group.arn = \"arn:aws:xray:us-east-1:1:group/a/b\" rootcause.error.service{index=0}",
    ].map { Array($0.utf8) }
    var treeCount = 0
    for mutant in Mutants(of: seeds, words: ["service(", "}{", "annotation.", "#[", "!", "\"", "\\", " OR ", "edge(,"], count: 20_000) {
      guard let tree = try? FilterExpression(parsing: String(decoding: mutant, as: UTF8.self)) else { continue }
      treeCount += 1
      _ = tree.candidates(metadataColumns: ["metadata.default.key"])
    }
    #expect(treeCount > 100)
  }
}

private struct Unread: Error {}
