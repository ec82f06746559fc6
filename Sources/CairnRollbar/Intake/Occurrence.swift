// SPDX-License-Identifier: Apache-2.0
internal import CairnIssues

/// What one item of a request says, read from its `data`: the parts that become fields. All of it stays in `meta.original`.
struct Occurrence {
  enum Body {
    case absent
    case chain([ErrorTrace])
    case message(ErrorMessage)
    case crash(String)
    /// Two of them at once.
    case contradictory
  }
  var body = Body.absent
  var environment = ""
  var level = ""
  /// Unix seconds of the client's clock.
  var timestamp: Double?
  var codeVersion = ""
  var platform = ""
  var language = ""
  var framework = ""
  var context = ""
  var title = ""
  var uuid = ""
  var fingerprint = ""
  var notifierName = ""
  var notifierVersion = ""
  var personID = ""
  var personName = ""
  var personEmail = ""
  var url = ""
  var method = ""
  var address = ""
  var userAgent = ""
  var requestID = ""
  var host = ""
  var root = ""
  var branch = ""
  var browser = ""
  var sessionID = ""
  /// Candidates for the trace id, by rank: attributes, custom, traceparent, X-Amzn-Trace-Id, B3.
  var traceIDs = ["", "", "", "", ""]
  var spanID = ""
  /// Scalars of `custom`, by their dotted path.
  var custom: [(name: String, value: Scalar)] = []
  var telemetryCount = 0
  var isFailsafe = false
  /// A field had another type than the protocol gives it; the occurrence is kept and says so.
  var hasOddTypes = false
  /// Frames, causes or values beyond a limit were left out of the fields.
  var isCut = false
  /// A source map was applied to some frame.
  var isMapped = false

  enum Scalar {
    case text(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
  }
}

extension Occurrence {
  /// The report that grouping looks at; nil where the body is not one of the four kinds.
  var report: ErrorReport? {
    let kind: ErrorReport.Body
    switch body {
    case .absent, .contradictory: return nil
    case .chain(let chain): kind = .chain(chain)
    case .message(let message): kind = .message(message)
    case .crash(let raw): kind = .crash(raw)
    }
    var report = ErrorReport(kind)
    report.language = language
    report.notifierName = notifierName
    report.root = root
    report.fingerprint = fingerprint
    return report
  }
}

extension Occurrence {
  /// The report as it was before source maps were applied; nil where none was.
  var minifiedReport: ErrorReport? {
    guard isMapped, var report, case .chain(var chain) = report.body else { return nil }
    for trace in chain.indices {
      for frame in chain[trace].frames.indices {
        guard let file = chain[trace].frames[frame].minifiedFile else { continue }
        chain[trace].frames[frame].file = file
        chain[trace].frames[frame].function = chain[trace].frames[frame].minifiedFunction ?? ""
      }
    }
    report.body = .chain(chain)
    return report
  }
}

/// Every bound on what becomes a field; what lies beyond stays in the original document.
enum OccurrenceLimits {
  /// As grouping looks at no more.
  static let frameCountMax = groupedFrameCountMax
  static let traceCountMax = 100
  static let customCountMax = 100
  static let customDepthMax = 4
  static let argumentCountMax = 100
  /// Of a short field, in characters: Rollbar's own 255 for titles and contexts, more for what it does not bound.
  static let titleLengthMax = 255
  static let fieldByteCountMax = 2_048
  static let messageByteCountMax = 65_536
}
