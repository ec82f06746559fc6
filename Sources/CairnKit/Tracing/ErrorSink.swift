// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Synchronization

/// Where errors go as they are recorded, whether or not anybody records the trace they happened in.
///
/// What an error's request was is known when it is over: a sink that waits for that counts what waits in `NumberedTracers.waitingCount`
/// and is told of the end. Calls come from any thread.
protocol ErrorSink: Sendable {
  func accept(_ error: RecordedError, _ attributes: [WireField], in place: ContextEntry.Place)
  /// Called while something waits, and for all that ends then.
  func ended(_ work: WorkPlace, as ended: EndedWork)
  func wake()
}

/// The whole of which a span is a part: the nearest request or message that this process answers, else what began its part of the trace.
enum WorkPlace: Sendable {
  case recorded(SpanRecording)
  case unrecorded(BareContext)

  /// nil for what came from another process and has no span here.
  init?(_ place: ContextEntry.Place) {
    switch place {
    case .local(let recording): self = .recorded(recording.work ?? recording)
    case .bare(let bare):
      guard bare.isDropped else { return nil }
      self = .unrecorded(bare.work ?? bare)
    }
  }

  /// What came from elsewhere may be the parent of several requests here, which have a context each; what began here has ids of its own,
  /// and a context whenever somebody asks for one.
  func isSame(as other: WorkPlace) -> Bool {
    switch (self, other) {
    case (.recorded(let one), .recorded(let other)): one === other
    case (.unrecorded(let one), .unrecorded(let other)):
      one === other || !one.context.isRemote && !other.context.isRemote && one.context.span == other.context.span && one.context.trace == other.context.trace
    default: false
    }
  }
}

/// What is known of such a whole when it is over, or so far.
struct EndedWork: Sendable {
  /// nil where nobody recorded it.
  var name: String?
  var fields: [WireField] = []
  /// Its attributes tell of a request that came in, not of one that went out.
  var isRequest = false
}

extension EndedWork {
  init(_ recording: SpanRecording) {
    let (name, fields) = recording.soFar
    self.init(name: name, fields: fields, isRequest: recording.kind.isIncoming)
  }
}

/// Tracers that tell of errors, by a number from 1 on: a span that is not recorded has room for no more than that.
enum NumberedTracers {
  /// How many errors wait for the end of what they happened in, in all sinks: 0 nearly always, and then nobody looks further.
  static let waitingCount = Atomic<Int>(0)
  private static let known = Mutex(Known())

  private struct Known {
    var tracers: [UInt16: Numbered] = [:]
    var last: UInt16 = 0
  }

  private struct Numbered {
    weak let tracer: TracerCore?
  }

  /// 0 where no number is left: errors of what it does not record are not told then.
  static func add(_ tracer: TracerCore) -> UInt16 {
    known.withLock { known in
      for _ in 0..<UInt16.max {
        known.last = known.last == .max ? 1 : known.last + 1
        guard known.tracers[known.last]?.tracer == nil else { continue }
        known.tracers[known.last] = Numbered(tracer: tracer)
        return known.last
      }
      return 0
    }
  }

  static func remove(_ number: UInt16) { known.withLock { $0.tracers[number] = nil } }

  static subscript(_ number: UInt16) -> TracerCore? { known.withLock { $0.tracers[number]?.tracer } }
}
