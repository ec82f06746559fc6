// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import CairnColumns
public import CairnPlan
internal import Synchronization

extension EventArchive {
  /// The events of one body as a piece of its own, kept nowhere: for readers that follow what comes in.
  ///
  /// Runs the decoder once more, on an empty batch, so what a retry repeats is seen again. nil where the body has no events or cannot be
  /// read; `accept` says why.
  public func preview(_ header: RequestHeader, body: RawSpan) -> (any Piece)? {
    guard let decoder = decoders[header.format] else { return nil }
    var known = settings.context(header)
    known.isPreview = true
    let context = known
    let head = Head(journalNumber: 0, identities: IdentitySet())
    func decode(_ received: RawSpan) throws(IngestError) {
      guard let scrubbed = scrub(header, received) else { return try decode(received, decoder) }
      if let decoder = decoders[scrubbed.format] { try decode(unsafe scrubbed.body.span.bytes, decoder) }
    }
    func decode(_ plain: RawSpan, _ decoder: RequestDecoder) throws(IngestError) {
      try head.open.withLock { (open) throws(IngestError) in
        do throws(DecodeError) {
          _ = try decoder(plain, context, &open.batch)
        } catch {
          throw .malformed(reason: error.message)
        }
      }
    }
    do throws(IngestError) {
      if header.encoding == .identity {
        try decode(body)
      } else {
        try Workspace().withInflated(body, header.encoding, limitBytes: settings.bodyByteCountMax) { (plain) throws(IngestError) in
          try decode(plain)
        }
      }
    } catch {
      return nil
    }
    let piece = HeadPiece(head)
    return piece.rowCount == 0 ? nil : piece
  }
}
