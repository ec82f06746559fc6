// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Synchronization

/// Remembers the errors of the last spans, so that an error that passes through several of them is one: each span around tells of it,
/// but only the innermost as something new. Asked where an error is recorded, and never elsewhere.
final class ErrorMemory: Sendable {
  private static let countMax = 256
  private let told = Mutex<[Told]>([])

  private struct Told {
    var trace: TraceID
    var text: Int
    /// The span around the one that told of it last.
    var outer: UInt64
    var id: UInt64
  }

  /// The id of the error: a new one, or that under which a span directly inside this one told of it.
  func note(_ error: RecordedError, in span: SpanRecording, number: Int) -> (id: UInt64, isRepeated: Bool) {
    var hasher = Hasher()
    hasher.combine(error.type)
    hasher.combine(error.message)
    let text = hasher.finalize(), own = span.context
    return told.withLock { told in
      if let index = told.lastIndex(where: { $0.outer == own.span && $0.trace == own.trace && $0.text == text }) {
        told[index].outer = span.isParentRemote ? 0 : span.parent
        return (told[index].id, true)
      }
      // Causes take the ids that follow.
      let id = own.span &+ UInt64(number &* 16 &+ 1)
      guard span.parent != 0, !span.isParentRemote else { return (id, false) }
      if told.count >= Self.countMax { told.removeFirst(Self.countMax / 2) }
      told.append(Told(trace: own.trace, text: text, outer: span.parent, id: id))
      return (id, false)
    }
  }
}
