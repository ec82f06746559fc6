// SPDX-License-Identifier: Apache-2.0
import CairnKit
import Foundation
import Logging
import Testing
import Tracing

/// The guide's code is code: each line of its Swift stands in a file that is compiled, the program as a whole in Tests/GuideShop.
struct GuideTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func text(_ path: String) throws -> String { try String(contentsOf: Self.root.appending(path: path), encoding: .utf8) }

  /// The blocks of a language, in order.
  private func blocks(_ language: String) throws -> [String] {
    let parts = try text("docs/guides/instrument-a-swift-backend.md").components(separatedBy: "```")
    return parts.indices.filter { $0 % 2 == 1 && parts[$0].hasPrefix(language + "\n") }.map { String(parts[$0].dropFirst(language.count + 1)) }
  }

  /// Lines without their indentation and comments.
  private func lines(_ code: String) -> [String] {
    code.split(separator: "\n").map { line in
      let end = line.firstRange(of: " //")?.lowerBound ?? line.endIndex
      return line[..<end].trimmingCharacters(in: .whitespaces)
    }.filter { !$0.isEmpty && !$0.hasPrefix("//") }
  }

  @Test func theProgramIsTheOneThatIsCompiled() throws {
    let program = try #require(try blocks("swift").first { $0.contains("@main") })
    let compiled = try text("Tests/GuideShop/Shop.swift")
    #expect(compiled.hasSuffix(program))
  }

  @Test func everyOtherLineIsCompiledToo() throws {
    let compiled = Set(lines(try text("Tests/CairnKitTests/GuideTests.swift")))
    let others = try blocks("swift").filter { !$0.contains("@main") && !$0.contains("PackageDescription") }
    #expect(others.count >= 3)
    for line in others.flatMap(lines) where !compiled.contains(line) { Issue.record("not compiled: \(line)") }
  }

  @Test func theManifestNamesWhatThePackageHas() throws {
    let manifest = try #require(try blocks("swift").first { $0.contains("PackageDescription") }), own = try text("Package.swift")
    for name in ["CairnKit", "CairnKitHummingbird"] {
      #expect(manifest.contains(#".product(name: "\#(name)", package: "cairn")"#) && own.contains(#".library(name: "\#(name)""#))
    }
    let hummingbird = try #require(lines(manifest).first { $0.contains("hummingbird-project") })
    #expect(own.contains(hummingbird))
  }

  // MARK: The guide's other blocks

  private func checkOut() throws {}
  private func answer() async throws {}

  @Test func testsOfAProgramSeeItsSpans() throws {
    let memory = InMemoryExporter()
    let kit = Kit.testing(memory)
    try kit.tracer.withSpan("checkout") { _ in try checkOut() }
    #expect(memory.spans.map(\.name) == ["checkout"])
  }

  @Test func oneUserIsOnAllSpans() async throws {
    let memory = InMemoryExporter()
    let kit = Kit.testing(memory), user = "andrew"
    try await kit.tracer.withSpan("request") { _ in
      try await kit.tracer.with(.userID, user) {
        try await answer()
      }
      await kit.tracer.with(.basket, 7) { #expect(ServiceContext.current?[.basket] == 7) }
    }
    #expect(memory.spans.first?.attributes["user.id"]?.toSpanAttribute() == .string("andrew"))
  }

  /// Not called: a process has one logging system.
  private func otherHandlers() {
    LoggingSystem.bootstrap(StreamLogHandler.standardError, metadataProvider: Kit.metadataProvider())
  }

  @Test func linesOfOtherHandlersKnowTheirSpan() throws {
    let memory = InMemoryExporter()
    let kit = Kit.testing(memory), plain = Kit.metadataProvider(), xray = Kit.metadataProvider(.xray)
    #expect(plain.get().isEmpty)
    kit.tracer.withSpan("request") { span in
      let context = span.traceContext
      #expect(plain.get() == ["trace_id": "\(context?.traceID ?? "")", "span_id": "\(context?.spanID ?? "")", "trace_flags": "01"])
      #expect(xray.get()["xray_trace_id"] == "\(context?.xrayTraceID ?? "")")
    }
  }
}

extension SharedAttribute where Value == Int { static var basket: Self { Self("app.basket") } }
