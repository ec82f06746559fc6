// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import NIOHTTP1

/// What came in by which door, what was refused and why.
struct DoorsAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [Route(.GET, "/api/cairn/doors", .key(.query), .cairn) { (exchange) async throws(Refusal) in doors(exchange) }]
  }

  private func doors(_ exchange: Exchange) -> Response {
    let books = state.ledger.snapshot(
      for: .tenant(exchange.environment, seesStrangers: exchange.principal.scopes.contains(.manage)))
    let addresses = state.addresses
    return jsonResponse { (writer) in
      writer.array("doors", Door.allCases) { (door, writer) in
        writer.object { (writer) in
          writer.member("id", door.rawValue)
          writer.member("name", door.title)
          writer.member("address", addresses[door.listener] ?? "")
          writer.array("signals", door.signals) { (signal, writer) in
            let arrivals = books.arrivals[DoorSignal(door, signal)] ?? .init()
            writer.object { (writer) in
              writer.member("id", signal.rawValue)
              writer.member("requests", arrivals.requestCount)
              writer.member("events", arrivals.eventCount)
              writer.member("last_us", orNull: arrivals.requestCount > 0 ? arrivals.lastUnixMicroseconds : nil)
            }
          }
          if door == .xrayDaemon { write(state.datagrams.figures, &writer) }
        }
      }
      writer.array("rejections", books.rejections) { (rejection, writer) in
        writer.object { write(rejection, &$0) }
      }
      writer.array("recent", books.recent) { (arrival, writer) in
        writer.object { (writer) in
          writer.member("us", arrival.unixMicroseconds)
          writer.member("door", arrival.source.door.rawValue)
          writer.member("signal", arrival.source.signal.rawValue)
          writer.member("dataset", arrival.dataset)
          writer.member("events", arrival.eventCount)
        }
      }
    }
  }

  /// What happened to datagrams, those that never got as far as us included.
  private func write(_ figures: DatagramBooks.Figures, _ writer: inout JSONWriter) {
    writer.object("datagrams") { (writer) in
      writer.member("received", figures.datagramCount)
      writer.member("bytes", figures.byteCount)
      writer.member("accepted", figures.documentCount)
      writer.member("malformed", figures.malformedCount)
      writer.member("dropped", figures.droppedCount)
      writer.member("kernel_drops", orNull: figures.kernelDropCount.map(Int64.init))
      writer.member("receive_buffer_bytes", figures.receiveBufferBytes)
    }
  }

  private func write(_ rejection: DoorLedger.Rejection, _ writer: inout JSONWriter) {
    writer.member("last_us", rejection.lastUnixMicroseconds)
    writer.member("count", rejection.count)
    writer.member("door", rejection.door)
    writer.member("method", rejection.method)
    writer.member("path", rejection.path)
    writer.member("status", rejection.status)
    writer.member("reason", rejection.reason)
    writer.member("client", rejection.client)
  }
}
