// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns

/// A decoder of a door: a plain body to rows, or an error.
public typealias TestedDecoder = (RawSpan, IntakeContext, inout Batch) throws(DecodeError) -> IntakeVerdict

/// What a decoder made of any bytes.
public enum DecodeOutcome: Sendable, Equatable {
  /// The body is now rows of the batch.
  case taken
  /// It was refused, and the batch is as it was.
  case refused
  /// It was refused, and left something behind, or it left columns whose values have no rows.
  case broken(String)
}

/// Feeds any bytes to a decoder as the store does, and holds it to its promise; used by the room's tests and by the fuzz targets.
public func decodeChecked(_ body: RawSpan, _ context: IntakeContext, into batch: inout Batch, _ decoder: TestedDecoder) -> DecodeOutcome {
  let before = BatchShape(batch)
  let mark = batch.mark
  do throws(DecodeError) {
    _ = try decoder(body, context, &batch)
    batch.identities.keep()
    _ = BatchShape(batch)
    return .taken
  } catch {
    batch.rollBack(to: mark)
    return BatchShape(batch) == before ? .refused : .broken("a refused body left something in the batch: \(error.message)")
  }
}

/// What came of feeding many bodies to a decoder.
public struct DecoderReport: Sendable {
  public var takenCount = 0
  public var refusedCount = 0
  /// Broken promises, with the number of the mutant.
  public var faults: [String] = []
}

extension Mutants {
  /// Feeds every mutant to a decoder, a hundred into one batch.
  public func feed(
    context: IntakeContext = IntakeContext(environment: "prod", receivedUnixNanoseconds: 1_700_000_099_000_000_000), to decoder: TestedDecoder
  ) -> DecoderReport {
    var report = DecoderReport()
    var batch = Batch()
    for number in 0..<count {
      if number % 100 == 0 {
        _ = rows(of: batch)
        batch = Batch()
      }
      let body = self[number]
      switch unsafe decodeChecked(body.span.bytes, context, into: &batch, decoder) {
      case .taken: report.takenCount += 1
      case .refused: report.refusedCount += 1
      case .broken(let reason): report.faults.append("mutant \(number): \(reason)")
      }
    }
    return report
  }
}
