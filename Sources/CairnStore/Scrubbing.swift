// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnCloudWatch
internal import CairnHoneycomb
internal import CairnOTLP
internal import CairnPlan
internal import CairnSecrets
internal import CairnStorage
internal import CairnXRay

/// What is done with each kind of body so that no secret reaches the journal.
///
/// Log lines and Rollbar's items come scrubbed from their doors: one has to apply data protection policies, the other names a uuid and
/// groups by rules, both of what is kept. OTLP's JSON becomes protobuf: there is one
/// place that knows where its texts stand.
enum Scrubbing {
  /// The store's step before the journal, but for these environments; `*` is all.
  static func step(unscrubbed environments: [String]) -> RequestScrubber {
    { (header, body) in
      if environments.contains(header.environment) || environments.contains("*") { return nil }
      return scrubbed(header.format, body)
    }
  }

  private static func scrubbed(_ format: RequestFormat, _ body: RawSpan) -> ScrubbedRequest? {
    switch format {
    case .otlpTracesProtobuf: ScrubbedRequest(format, scrubbedTraces(body))
    case .otlpLogsProtobuf: ScrubbedRequest(format, scrubbedLogs(body))
    case .otlpMetricsProtobuf: ScrubbedRequest(format, scrubbedMetrics(body))
    case .otlpTracesJSON: transcoded(body, .otlpTracesProtobuf) { try? transcodeTracesJSON(body, into: &$0) }
    case .otlpLogsJSON: transcoded(body, .otlpLogsProtobuf) { try? transcodeLogsJSON(body, into: &$0) }
    case .otlpMetricsJSON: transcoded(body, .otlpMetricsProtobuf) { try? transcodeMetricsJSON(body, into: &$0) }
    case .xraySegments: ScrubbedRequest(format, SegmentBody.scrubbed(body))
    case .honeycombEvents: ScrubbedRequest(format, scrubbedEvents(body))
    case .metricPoints: ScrubbedRequest(format, JSONScrubber.scrubbed(body))
    default: nil
    }
  }

  private static func transcoded(
    _ body: RawSpan, _ format: RequestFormat, _ transcode: (inout [UInt8]) -> Void?
  ) -> ScrubbedRequest? {
    guard SecretScan.next(body, namesAlone: true) != nil else { return nil }
    var protobuf: [UInt8] = []
    guard transcode(&protobuf) != nil else { return nil }
    return unsafe scrubbed(format, protobuf.span.bytes)
  }
}

extension ScrubbedRequest {
  fileprivate init?(_ format: RequestFormat, _ body: [UInt8]?) {
    guard let body else { return nil }
    self.init(format: format, body: body)
  }
}
