// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Tracing

/// What a sampler may look at: a span that is about to start.
struct SamplingQuestion: Sendable {
  var trace: TraceID
  /// nil for a root.
  var parent: TraceContext?
  var name: String
  var kind: SpanKind
  var context: InstrumentationContext
  var unixSeconds: UInt64
}

/// What a sampler says.
struct SamplingDecision: Sendable {
  /// The span is written down and goes to the exporters.
  var isRecorded: Bool
  /// Children in other processes are told to record.
  var isSampled: Bool
  /// How many spans this one stands for; told with each span of the trace that this process records.
  var sampleRate = 1

  static let drop = SamplingDecision(isRecorded: false, isSampled: false)
  static let keep = SamplingDecision(isRecorded: true, isSampled: true)
}

/// Decides which traces are recorded. Called for every span that starts; without `decidesForChildren` only for roots and for children of
/// what came from another process. Calls come from any thread.
protocol Sampler: Sendable {
  func decide(_ question: SamplingQuestion) -> SamplingDecision
  /// True if it may decide otherwise for a span than for its parent in this process.
  var decidesForChildren: Bool { get }
  /// True if it is asked also where another process decided that the trace is not recorded.
  var overrulesCallers: Bool { get }
  /// True if it drops every new trace, whatever its id.
  var dropsRoots: Bool { get }
  /// True if it looks at host, method and path of the request.
  var usesHints: Bool { get }
}

extension Sampler {
  var usesHints: Bool { false }
  var dropsRoots: Bool { false }
  var overrulesCallers: Bool { false }
}

struct AlwaysOnSampler: Sampler {
  var decidesForChildren: Bool { true }
  func decide(_ question: SamplingQuestion) -> SamplingDecision { .keep }
}

struct AlwaysOffSampler: Sampler {
  var dropsRoots: Bool { true }
  var decidesForChildren: Bool { false }
  func decide(_ question: SamplingQuestion) -> SamplingDecision { .drop }
}

/// `traceidratio`: the last 56 bits of the trace id, as a number, against the ratio; the same answer in every process.
struct RatioSampler: Sampler {
  private let bound: UInt64
  var decidesForChildren: Bool { true }

  /// A ratio of 0 to 1.
  init(ratio: Double) { bound = UInt64((min(max(ratio, 0), 1) * Double(1 << 56)).rounded()) }

  func decide(_ question: SamplingQuestion) -> SamplingDecision {
    question.trace.low & 0xff_ffff_ffff_ffff < bound ? .keep : .drop
  }
}

/// `parentbased_…`: what upstream decided holds; roots, and contexts without a decision, ask the other sampler.
struct ParentBasedSampler: Sampler {
  var dropsRoots: Bool { root.dropsRoots }
  var usesHints: Bool { root.usesHints }
  let root: any Sampler
  var decidesForChildren: Bool { false }

  func decide(_ question: SamplingQuestion) -> SamplingDecision {
    guard let parent = question.parent, !parent.isUndecided else { return root.decide(question) }
    guard parent.isSampled else { return .drop }
    return .keep
  }
}

/// Honeycomb's deterministic sampler: one trace in `rate` by the SHA-1 of its id, so that programs of every language agree; its spans
/// carry `SampleRate`, by which counts are multiplied.
///
/// What a caller decided is not heeded, as Honeycomb's Beelines and distributions do not either: its rate does not travel with its
/// decision, and a span that is kept for another reason than the rate it carries makes every count wrong.
struct HoneycombSampler: Sampler {
  let rate: Int
  private let bound: UInt32
  /// One process has one rate, and a trace one id.
  var decidesForChildren: Bool { false }
  var overrulesCallers: Bool { true }

  init(rate: Int) {
    self.rate = max(1, rate)
    bound = UInt32.max / UInt32(clamping: self.rate)
  }

  func decide(_ question: SamplingQuestion) -> SamplingDecision {
    guard rate == 1 || Self.determinant(question.trace) <= bound else { return .drop }
    return SamplingDecision(isRecorded: true, isSampled: true, sampleRate: rate)
  }

  /// The first four bytes of the SHA-1 of the id's hex text, big-endian.
  static func determinant(_ trace: TraceID) -> UInt32 { firstWordOfSHA1(trace.hex) }
}
