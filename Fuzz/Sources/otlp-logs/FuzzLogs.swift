// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP

/// Any bytes as a request with log records: rows, or an error after which the batch is as it was.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLogs(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe RawSpan(_unsafeStart: start, byteCount: count)
  let context = IntakeContext(environment: "fuzz", receivedUnixNanoseconds: 1_700_000_000_000_000_000)
  var batch = Batch()
  for _ in 0..<2 {
    let mark = batch.mark
    let rowCount = batch.rowCount
    if (try? decodeLogs(bytes, context, into: &batch)) == nil {
      batch.rollBack(to: mark)
      precondition(batch.rowCount == rowCount, "a refused body leaves no rows")
    }
    batch.identities.keep()
  }
  for index in 0..<batch.columnCount {
    batch.withColumn(ColumnIndex(index)) {
      precondition($0.rows.count == $0.codes.count + $0.words.count, "every value of a column has its row")
    }
  }
  return 0
}
