// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnOTLP
import TestSupport
import Testing

/// Texts of log records that a data protection policy changes in the request itself.
struct MaskedLogsTests {
  private let context = IntakeContext(environment: "default", receivedUnixNanoseconds: 0)

  /// Every `secret` of the datasets named becomes `******`.
  private func masked(_ body: [UInt8], datasets: Set<String> = ["shop"]) throws -> [UInt8]? {
    try maskedLogs(unsafe body.span.bytes, context) { (dataset) in
      guard datasets.contains(dataset) else { return nil }
      return { (text) in
        let changed = String(decoding: text, as: UTF8.self).replacing("secret", with: "******")
        return Array(changed.utf8) == text ? nil : Array(changed.utf8)
      }
    }
  }

  private func request(service: String, _ record: Protobuf) -> [UInt8] {
    Protobuf.request(resource: [("service.name", .string(service)), ("host", .string("secret-host"))], items: [record])
  }

  /// A body of maps in maps, with a text in the last.
  private func nested(_ depth: Int, _ text: String = "a secret") -> Protobuf {
    Protobuf {
      if depth == 0 {
        $0.text(1, text)
      } else {
        let inner = nested(depth - 1, text)
        $0.message(6) { $0.message(1) { $0.text(1, "k"); $0.data(2, inner.bytes) } }
      }
    }
  }

  @Test func onlyDatasetsWithAMaskChange() throws {
    let record = Protobuf { $0.message(5) { $0.text(1, "a secret") } }
    #expect(try masked(request(service: "other", record)) == nil)
    let both = request(service: "other", record) + request(service: "shop", record)
    let found = try #require(try masked(both))
    #expect(String(decoding: found, as: UTF8.self).components("secret") == 2, "the other's body and host")
    #expect(found.count == both.count)
  }

  @Test func theNameOfTheServiceStays() throws {
    let body = request(service: "secret", Protobuf { $0.fixed64(1, 1) })
    let found = try #require(try masked(body, datasets: ["secret"]))
    #expect(String(decoding: found, as: UTF8.self).contains("secret"))
    #expect(String(decoding: found, as: UTF8.self).contains("******-host"))
  }

  @Test(arguments: [0, 1, 10, 40, 60]) func textsAreFoundHoweverDeep(_ depth: Int) throws {
    let found = try #require(try masked(request(service: "shop", Protobuf { $0.data(5, nested(depth).bytes) })))
    #expect(!String(decoding: found, as: UTF8.self).contains("secret"))
  }

  /// The same walk looks for secrets.
  @Test(arguments: [1, 40, 60]) func secretsAreFoundHoweverDeep(_ depth: Int) throws {
    let body = request(service: "shop", Protobuf { $0.data(5, nested(depth, "password=hunter22").bytes) })
    let found = try #require(scrubbedLogs(unsafe body.span.bytes))
    #expect(!String(decoding: found, as: UTF8.self).contains("hunter22"))
  }

  @Test func whatIsNestedTooDeeplyIsRefused() {
    #expect(throws: (any Error).self) { try masked(request(service: "shop", Protobuf { $0.data(5, nested(100).bytes) })) }
  }

  @Test func damagedBodiesAreMaskedOrRefused() {
    for body in Mutants(of: [richBody(.logs)]) { _ = try? masked(body) }
  }
}

extension String {
  fileprivate func components(_ word: String) -> Int { ranges(of: word).count }
}
