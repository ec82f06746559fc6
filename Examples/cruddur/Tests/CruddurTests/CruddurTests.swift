// SPDX-License-Identifier: Apache-2.0
import CairnKit
import CruddurAPI
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

struct CruddurTests {
  private let memory = InMemoryExporter()

  private func served(_ test: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    let kit = Kit.testing(memory)
    try await Application(router: Cruddur(store: try Store(path: nil, kit: kit), kit: kit).router()).test(.router, test)
  }

  @Test func theHomeFeedIsOneStory() async throws {
    try await served { client in
      try await client.execute(uri: "/api/activities/home", method: .get) { #expect($0.status == .ok) }
    }
    #expect(memory.spans.map(\.name) == ["SELECT activity", "home-activities", "GET /api/activities/home"])
    #expect(Set(memory.spans.map(\.traceID)).count == 1)
    let custom = try #require(memory.spans.first { $0.name == "home-activities" })
    #expect(custom.attributes["user.id"]?.toSpanAttribute() == .string("andrew"))
    #expect(custom.attributes["app.result_length"]?.toSpanAttribute() == .int64(3))
    #expect(memory.logs.map(\.message) == ["HomeActivities", "GET /api/activities/home 200"])
  }

  @Test func aPostCanBeAnsweredAndItsAuthorIsTold() async throws {
    try await served { client in
      let posted = try await client.execute(uri: "/api/activities", method: .post, body: ByteBuffer(string: #"{"message":"hello","ttl":"1-day"}"#)) { response in
        #expect(response.status == .ok)
        return try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView)) as? [String: Any]
      }
      let uuid = try #require(posted?["uuid"] as? String)
      try await client.execute(uri: "/api/activities/\(uuid)/reply", method: .post, body: ByteBuffer(string: #"{"message":"hi"}"#)) { #expect($0.status == .ok) }
      try await client.execute(uri: "/api/activities/notifications", method: .get) { #expect(String(buffer: $0.body).contains("hi")) }
    }
  }

  @Test(arguments: [#"{"message":""}"#, #"{"message":"x","ttl":"never"}"#]) func whatMakesNoSenseIsRefused(body: String) async throws {
    try await served { client in
      try await client.execute(uri: "/api/activities", method: .post, body: ByteBuffer(string: body)) { #expect($0.status == .unprocessableContent) }
    }
  }

  @Test func aFaultIsAnErrorWithItsCause() async throws {
    try await served { client in
      try await client.execute(uri: "/api/activities/broken/x", method: .get) { #expect($0.status == .internalServerError) }
    }
    let server = try #require(memory.spans.first { $0.kind == .server })
    #expect(server.status?.code == .error)
    #expect(server.events.first?.name == "exception")
    #expect(server.attributes["user.id"]?.toSpanAttribute() == .string("andrew"))
    #expect(memory.spans.map(\.name) == ["SELECT activity", "render-timeline", "GET /api/activities/broken/{which}"])
  }

  @Test func messagesMakeAGroup() async throws {
    try await served { client in
      try await client.execute(uri: "/api/messages", method: .post, body: ByteBuffer(string: #"{"handle":"worf","message":"Qapla'"}"#)) { #expect($0.status == .ok) }
      try await client.execute(uri: "/api/message_groups", method: .get) { #expect(String(buffer: $0.body).contains("worf")) }
      try await client.execute(uri: "/api/messages/@worf", method: .get) { #expect(String(buffer: $0.body).contains("Qapla'")) }
    }
  }
}
