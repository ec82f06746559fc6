// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import Testing

struct ColumnKeyTests {
  @Test func twoSpellingsOfOneLetterAreTwoNames() {
    let composed = ColumnKey("caf\u{e9}", .string)
    let decomposed = ColumnKey("cafe\u{301}", .string)
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect((composed < decomposed) != (decomposed < composed))
  }

  @Test func aFieldCannotTakeTheNameOfTheEventsTime() {
    var batch = Batch()
    batch.set(FieldName.timestamp, integer: 7)
    batch.set(FieldName.timestamp, text: "noon")
    batch.appendRow(timeUnixNanoseconds: 1, group: GroupIndex(0))
    var keys: [ColumnKey] = []
    for index in 0..<batch.columnCount { keys.append(batch.withColumn(ColumnIndex(index)) { $0.key }) }
    #expect(!keys.contains(.time))
    #expect(keys.contains(ColumnKey("timestamp (field)", .integer)))
    #expect(keys.contains(ColumnKey(FieldName.timestamp, .string)))
  }
}
