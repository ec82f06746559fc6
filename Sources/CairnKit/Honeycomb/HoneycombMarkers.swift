// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats
internal import NIOCore

/// Puts a line into Honeycomb's graphs where something happened, such as a deploy.
///
/// Source: Honeycomb API, "Markers": `POST /1/markers/{dataset}` with `message`, `type`, `url`, `start_time`; the dataset `__all__`
/// stands for all of an environment.
struct HoneycombMarkers: Sendable {
  let settings: HoneycombSettings
  let sender: HTTPSender
  let warn: @Sendable (String) -> Void

  /// False if it was refused or did not arrive; the reason is logged.
  func mark(type: String, message: String, url: String?) async -> Bool {
    var json = JSONWriter()
    json.beginObject()
    json.member("message", message)
    json.member("type", type)
    if let url { json.member("url", url) }
    json.member("start_time", sender.now())
    json.endObject()
    let body = ByteBuffer(bytes: json.finish())
    let base = settings.endpoint + (settings.endpoint.hasSuffix("/") ? "" : "/")
    let outcome = await sender.send { [settings] in
      OutgoingRequest(
        url: base + "1/markers/" + percentEncoded(settings.dataset ?? "__all__"),
        headers: [("content-type", "application/json"), ("x-honeycomb-team", settings.apiKey)], body: body)
    }
    if case .answered(let response) = outcome, response.isSuccess { return true }
    warn("honeycomb: the marker could not be set: \(outcome)")
    return false
  }
}
