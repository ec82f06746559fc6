// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnPlan
import NIOHTTP1

/// The figures of `/metrics` as JSON, for the page of the server.
struct ServerAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [Route(.GET, "/api/cairn/server", .key(.query), .cairn) { (_) async throws(Refusal) in figures() }]
  }

  private func figures() -> Response {
    let figures = ServerFigures(state: state).all
    return jsonResponse { (writer) in
      writer.member("us", state.nowUnixMicroseconds)
      writer.array("figures", figures) { (figure, writer) in writer.object { write(figure, &$0) } }
    }
  }

  private func write(_ figure: Figure, _ writer: inout JSONWriter) {
    writer.member("name", figure.name)
    writer.member("help", figure.help)
    writer.member("type", figure.kind.rawValue)
    if let durations = figure.durations {
      writer.array("bounds", DurationHistogram.boundsSeconds) { (bound, writer) in writer.double(bound) }
      writer.array("counts", durations.counts) { (count, writer) in writer.integer(count) }
      writer.member("sum", Double(durations.sumNanoseconds) / 1e9)
      return
    }
    writer.array("samples", figure.samples) { (sample, writer) in
      writer.object { (writer) in
        writer.object("labels") { (writer) in for label in sample.labels { writer.member(label.name, label.value) } }
        writer.member("value", sample.value)
      }
    }
  }
}
