// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import TestSupport
import Testing

struct GrowableBufferTests {
  func elements<Element>(_ buffer: borrowing GrowableBuffer<Element>) -> [Element] { (0..<buffer.count).map { buffer[$0] } }

  @Test func growsAndKeepsItsElements() {
    withEvery(1...9) { capacity in
      var buffer = GrowableBuffer<UInt32>(capacity: capacity)
      for value in 0..<100 { buffer.append(UInt32(value)) }
      #expect(elements(buffer) == Array(0..<100))
      let (spanCount, byteCount) = (buffer.span.count, buffer.byteCount)
      #expect(spanCount == 100 && byteCount >= 400)
    }
  }

  @Test func fillsToATarget() {
    var buffer = GrowableBuffer<UInt8>(capacity: 1)
    buffer.append(9)
    buffer.append(repeating: 3, until: 50)
    buffer.append(repeating: 4, until: 10)
    #expect(elements(buffer) == [9] + [UInt8](repeating: 3, count: 49))
  }

  @Test func truncatesAndEmpties() {
    var buffer = GrowableBuffer<Int64>()
    for value in 0..<20 { buffer.append(Int64(value)) }
    buffer.truncate(to: 5)
    buffer[4] = -1
    #expect(elements(buffer) == [0, 1, 2, 3, -1])
    let capacity = buffer.capacity
    buffer.removeAll()
    let newCapacity = buffer.capacity
    #expect(elements(buffer).isEmpty && newCapacity == capacity)
  }
}
