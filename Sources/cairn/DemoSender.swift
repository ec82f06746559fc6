// SPDX-License-Identifier: Apache-2.0
import CairnDemo
import CairnFormats
import CairnServer

#if canImport(Glibc)
import Glibc
#endif

/// Sends the demo's bodies one after the other, waits where the server asks for it, and says what went wrong.
actor DemoSender {
  private let client: APIClient
  /// Whether a server was there at all.
  private var hasAnswered = false

  init(client: APIClient) { self.client = client }

  /// How long to try again after the connection was lost.
  enum Patience: Int {
    case brief = 5
    case long = 60
  }

  private static let pauseSecondsMax = 30
  private static let refusalsMax = 100

  func send(_ bodies: [DemoBody], patience: Patience) async throws {
    for body in bodies { try await send(body, patience) }
  }

  private func send(_ body: DemoBody, _ patience: Patience) async throws {
    var lostCount = 0
    var refusalCount = 0
    while true {
      let response: ClientResponse
      do throws(ClientError) {
        response = try await client.send(
          "POST", body.path, headers: [("content-type", "application/x-protobuf")], body: body.bytes)
      } catch {
        lostCount += 1
        if case .unreachable = error, hasAnswered, lostCount <= patience.rawValue {
          if lostCount == 1 { say("\(error); trying again") }
          try await Task.sleep(for: .seconds(1))
          continue
        }
        throw DemoError("\(error)" + (hasAnswered ? "" : "\nStart one with 'cairn serve', or name it with --url."))
      }
      hasAnswered = true
      if lostCount > 0 { say("connected again") }
      if response.status == 503 || response.status == 429, refusalCount < Self.refusalsMax {
        refusalCount += 1
        let pause = min(Self.pauseSecondsMax, max(1, response.headers["retry-after"].flatMap { Int($0) } ?? 1))
        if refusalCount == 1 { say("the server asks for a pause of \(pause) s: \(ExportAnswer.refusalText(response.body))") }
        try await Task.sleep(for: .seconds(pause))
        continue
      }
      return try check(response, body)
    }
  }

  /// Tells of a deploy, as a marker over every chart. A server or a key that takes no markers is no reason to stop.
  func mark(_ deploy: String, unixSecond: Int64) async {
    let marker = JSONValue.object([
      JSONMember("type", .string("deploy")), JSONMember("message", .string(deploy)), JSONMember("start_time", .integer(unixSecond)),
    ])
    do throws(ClientError) {
      _ = try await client.ask("POST", "/1/markers/__all__", body: marker.bytes)
    } catch {
      say("the deploy of \(deploy) is not marked: \(error)")
    }
  }

  private func check(_ response: ClientResponse, _ body: DemoBody) throws {
    switch response.status {
    case 200..<300:
      let answer = ExportAnswer(response.body)
      if answer.rejectedCount > 0 {
        say("the server left out \(answer.rejectedCount) of \(body.itemCount) \(body.signal.rawValue): \(answer.message)")
      }
    case 401: throw DemoError("the server wants a key: --key, from 'cairn key create' (401)")
    case 403: throw DemoError("the key may not send events, it needs the scope 'ingest' (403)")
    case 404: throw DemoError("the server at \(client.server.text) does not take OpenTelemetry at \(body.path) (404)")
    default:
      throw DemoError(
        "the server refused \(body.signal.rawValue): \(ExportAnswer.refusalText(response.body)) (\(response.status))")
    }
  }
}

/// Why the demo ends before its time.
struct DemoError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// Prints a line at once, also where the output is no terminal.
func say(_ line: String) {
  print(line)
  fflush(nil)
}
