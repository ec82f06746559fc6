// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import NIOCore
import Testing

@testable import CairnServer

@Suite struct GRPCMessageTests {
  @Test func unwrapsWithoutCopying() throws {
    var body = ByteBuffer(bytes: [1, 0, 0, 0, 2, 8, 9])
    #expect(try GRPCMessage.unwrap(&body, bytesMax: 2))
    #expect(body.readableBytesView.elementsEqual([8, 9]))
  }

  @Test(arguments: [
    [], [0], [0, 0, 0, 0], [2, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 3, 1, 2, 3],
    [0, 255, 255, 255, 255],
  ])
  func refusesBrokenFrames(_ bytes: [UInt8]) {
    var body = ByteBuffer(bytes: bytes)
    #expect(throws: Refusal.self) { try GRPCMessage.unwrap(&body, bytesMax: 2) }
  }

  @Test func encodesHeaderText() {
    #expect(GRPCMessage.headerText("100% \u{e4}\n") == "100%25 %C3%A4%0A")
  }

  @Test(arguments: [([UInt8](), ""), ([1], "AQ"), ([1, 2], "AQI"), ([1, 2, 3], "AQID"), ([255, 255, 255, 255], "/////w")])
  func encodesBase64(_ bytes: [UInt8], _ text: String) {
    #expect(Base64.textWithoutPadding(bytes) == text)
  }
}
