// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Testing

struct ExportAnswerTests {
  @Test func readsWhatWasRejected() {
    let answer = ExportAnswer([0x0A, 0x09, 0x08, 0xAC, 0x02, 0x12, 0x04] + Array("late".utf8))
    #expect(answer.rejectedCount == 300)
    #expect(answer.message == "late")
  }

  @Test func anEmptyAnswerRejectsNothing() { #expect(ExportAnswer([]).rejectedCount == 0) }

  @Test func aDamagedAnswerSaysSo() {
    let answer = ExportAnswer([0x0A, 0x7F, 0x08])
    #expect(answer.rejectedCount == 0)
    #expect(!answer.message.isEmpty)
  }

  @Test func readsJSON() {
    let answer = ExportAnswer(json: Array(#"{"partialSuccess":{"rejectedSpans":"300","errorMessage":"late"}}"#.utf8))
    #expect(answer.rejectedCount == 300)
    #expect(answer.message == "late")
    #expect(ExportAnswer(json: Array("{}".utf8)).rejectedCount == 0)
    #expect(ExportAnswer(json: Array("<html>".utf8)).rejectedCount == 0)
  }

  @Test func readsAStatus() {
    #expect(ExportAnswer.refusalText([0x08, 0x0E, 0x12, 0x04] + Array("full".utf8)) == "full")
    #expect(ExportAnswer.refusalText([]) == "no reason was given")
  }

  @Test(arguments: ["<html>", "not found\n"]) func aTextIsItsOwnReason(text: String) {
    #expect(ExportAnswer.refusalText(Array(text.utf8)) == text)
  }
}
