// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import Testing

@Suite struct EventStreamMessageTests {
  /// The example of the specification: no headers, an empty payload.
  @Test func emptyMessageHasItsKnownBytes() {
    let bytes = EventStreamMessage(headers: [], payload: []).bytes
    #expect(bytes == [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff])
  }

  /// The specification's `payload_one_str_header`.
  @Test func messageWithAHeaderHasItsKnownBytes() {
    let bytes = EventStreamMessage(headers: [("content-type", "application/json")], payload: Array("{'foo':'bar'}".utf8)).bytes
    #expect(bytes.prefix(12) == [0, 0, 0, 0x3d, 0, 0, 0, 0x20, 0x07, 0xfd, 0x83, 0x96])
    #expect(bytes.count == 61 && bytes.suffix(4) == [0x8d, 0x9c, 0x08, 0xb1])
  }
}
