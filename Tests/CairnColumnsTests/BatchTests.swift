// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import TestSupport
import Testing

struct BatchTests {
  func expect(_ batch: borrowing Batch, _ shape: BatchShape) {
    let found = BatchShape(batch)
    #expect(found == shape)
  }

  @discardableResult
  func makeGroup(_ batch: inout Batch, _ name: String) -> GroupIndex {
    let key = Array(name.utf8)
    unsafe batch.beginGroup(knownBy: key.span.bytes, 0, key.count)
    batch.set("group", text: name)
    return batch.endGroup(environment: "e", dataset: name)
  }

  func find(_ batch: borrowing Batch, _ name: String) -> GroupIndex? {
    let key = Array(name.utf8)
    return unsafe batch.group(knownBy: key.span.bytes, 0, key.count)
  }

  @Test func keepsARowsValues() {
    var batch = Batch()
    let group = makeGroup(&batch, "g")
    batch.set("s", text: "x")
    batch.set("i", integer: -1)
    batch.set("f", float: 0.5)
    batch.set("b", boolean: true)
    batch.appendRow(timeUnixNanoseconds: 5, group: group)
    batch.appendRow(timeUnixNanoseconds: 6, group: GroupIndex(0))
    let all = rows(of: batch)
    #expect(all[0]["s"] == .string("x") && all[0]["i"] == .integer(-1) && all[0]["f"] == .float(0.5) && all[0]["b"] == .boolean(true))
    #expect(all[0]["group"] == .string("g") && all[0].dataset == "g" && all[0].time == 5)
    #expect(all[1].names.isEmpty && all[1].dataset == "")
  }

  @Test func aRowsValueWinsAndTheLastOneCounts() {
    var batch = Batch()
    let group = makeGroup(&batch, "g")
    batch.set("group", text: "first")
    batch.set("group", text: "second")
    batch.appendRow(timeUnixNanoseconds: 0, group: group)
    let all = rows(of: batch)
    #expect(all[0]["group"] == .string("second"))
  }

  @Test func abandonsARow() {
    var batch = Batch()
    let group = makeGroup(&batch, "g")
    batch.set("a", text: "1")
    batch.appendRow(timeUnixNanoseconds: 0, group: group)
    let shape = BatchShape(batch)
    batch.set("a", text: "2")
    batch.set("b", text: "2")
    batch.abandonRow()
    expect(batch, shape)
    batch.set("b", text: "3")
    batch.appendRow(timeUnixNanoseconds: 1, group: group)
    let all = rows(of: batch)
    #expect(all[1]["a"] == nil && all[1]["b"] == .string("3"))
  }

  @Test func rollsBackRowsAndGroups() {
    var batch = Batch()
    let kept = makeGroup(&batch, "kept")
    batch.set("a", text: "1")
    batch.appendRow(timeUnixNanoseconds: 0, group: kept)
    let shape = BatchShape(batch)
    let before = rows(of: batch)
    for _ in 0..<3 {
      let mark = batch.mark
      let dropped = makeGroup(&batch, "dropped")
      batch.set("a", text: "2")
      batch.appendRow(timeUnixNanoseconds: 1, group: dropped)
      batch.set("a", text: "half")
      batch.rollBack(to: mark)
      expect(batch, shape)
      let after = rows(of: batch)
      #expect(after == before)
      let (found, others) = (find(batch, "kept"), find(batch, "dropped"))
      #expect(found == kept && others == nil)
    }
  }

  @Test func rollsBackAnUnfinishedGroup() {
    var batch = Batch()
    let shape = BatchShape(batch)
    let mark = batch.mark
    let key: [UInt8] = [1, 2]
    unsafe batch.beginGroup(knownBy: key.span.bytes, 0, 2)
    batch.set("a", text: "1")
    batch.rollBack(to: mark)
    expect(batch, shape)
    unsafe batch.beginGroup(knownBy: key.span.bytes, 0, 2)
    let group = batch.endGroup(environment: "", dataset: "")
    #expect(group == GroupIndex(1))
  }

  @Test func stopsAtItsGreatestNumberOfColumns() {
    var batch = Batch()
    for index in 1..<Batch.columnCountMax {
      let made = batch.column("c\(index)", .string)
      #expect(made == ColumnIndex(index))
    }
    let (refused, otherKind, known) = (batch.column("more", .string), batch.column("c1", .integer), batch.column("c1", .string))
    #expect(refused == nil && otherKind == nil && known == ColumnIndex(1))
  }

  @Test func givesEachWatchedColumnABit() {
    var batch = Batch()
    var masks: Set<UInt64> = []
    for index in 0..<Batch.watchCountMax + 5 {
      guard let column = batch.column("c\(index)", .string) else { return #expect(Bool(false), "no column") }
      let unwatched = batch.watchMask(column)
      let mask = batch.watch(column)
      let (again, stored) = (batch.watch(column), batch.watchMask(column))
      #expect(unwatched == 0 && again == mask && stored == mask)
      #expect(index < Batch.watchCountMax ? mask.nonzeroBitCount == 1 && mask < 1 << 39 : mask == 0)
      masks.insert(mask)
    }
    #expect(masks.count == Batch.watchCountMax + 1)
  }

  @Test func forgetsANewText() {
    var batch = Batch()
    guard let column = batch.column("t", .string) else { return #expect(Bool(false), "no column") }
    let bytes: [UInt8] = [0xFF, 0xFE]
    for _ in 0..<3 {
      let isNew = unsafe batch.setText(column, bytes.span.bytes, 0, 2)
      batch.forgetNewText(column)
      let isSet = batch.isSet(column)
      #expect(isNew && !isSet)
    }
  }
}
