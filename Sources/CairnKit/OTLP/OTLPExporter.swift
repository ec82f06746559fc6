// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import NIOCore

/// Sends OTLP bodies and reads the answers; one for each signal.
struct OTLPExporter: Sendable {
  let settings: OTLPSettings
  let signal: OTLPSignal
  let sender: HTTPSender
  let loss: Loss
  let warn: @Sendable (String) -> Void

  /// Never throws: what cannot be delivered is counted, told and let go.
  func send(_ body: ByteBuffer, itemCount: Int) async {
    let packed = settings.compression.pack(body)
    let outcome = await sender.send {
      var headers: [(name: String, value: String)] = [("content-type", settings.encoding.contentType), ("user-agent", "cairn-kit-swift/\(KitScope.version)")]
      if settings.compression != .none {
        headers.append((settings.encoding == .grpc ? "grpc-encoding" : "content-encoding", settings.compression.rawValue))
      }
      headers += settings.headers.map { ($0.name, $0.value) }
      return OutgoingRequest(url: settings.encoding == .grpc ? settings.url + signal.grpcPath : settings.url, headers: headers, body: packed)
    }
    switch outcome {
    case .answered(let response) where response.isSuccess: tellPartial(response, itemCount)
    case .answered(let response):
      loss.add(itemCount)
      warn("otlp \(signal): \(itemCount) refused by \(place) with status \(response.status): \(response.bodyText.prefix(200))")
    case .gaveUp(let reason):
      loss.add(itemCount)
      warn("otlp \(signal): \(itemCount) could not be sent to \(place): \(reason)")
    }
  }

  /// A success may still name items that were left out, which are never sent again, or warn of something.
  private func tellPartial(_ response: IncomingResponse, _ itemCount: Int) {
    let answer = settings.encoding == .json ? ExportAnswer(json: response.body) : ExportAnswer(response.body)
    guard answer.rejectedCount > 0 else {
      if !answer.message.isEmpty { warn("otlp \(signal), a warning of \(place): \(answer.message.prefix(200))") }
      return
    }
    // Whatever a collector says, no more than there was.
    let count = min(Int(clamping: answer.rejectedCount), itemCount)
    loss.add(count)
    warn("otlp \(signal): \(count) rejected by \(place): \(answer.message.prefix(200))")
  }

  /// The address as it may be told: without a password.
  private var place: String { TracedHTTPClient.redacted(settings.url, parameters: []) }
}
