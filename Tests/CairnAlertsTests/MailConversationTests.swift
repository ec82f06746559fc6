// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Testing

@testable import CairnAlerts

@Suite struct MailConversationTests {
  private static let mail = MailText(from: "a@b", to: ["x@y", "z@y"], subject: "Lost", text: "one\n.two")

  /// What is said to these replies, line by line; the last one may be an error.
  private func said(_ relay: MailRelay, _ replies: [String]) -> [String] {
    var talk = MailConversation(relay: relay, mail: Self.mail)
    var reader = ReplyReader()
    var said: [String] = []
    for reply in replies {
      do {
        for part in try reader.add(ByteBuffer(string: reply)) {
          switch try talk.answer(part) {
          case .send(let text): said.append(text)
          case .startTLS(let text): said.append("TLS " + text)
          case .done(let outcome): said.append(outcome)
          }
        }
      } catch {
        said.append("\(error.reason) \(error.isLasting)")
      }
    }
    return said.map { $0.replacing("\r\n", with: "|") }
  }

  @Test func handsAMailOver() throws {
    let relay = try MailRelay(address: "relay:25")
    let lines = said(relay, ["220-a\r\n220 b\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "251 ok\r\n", "354 go\r\n", "250 2.0.0 queued\r\n"])
    #expect(lines.prefix(5) == ["EHLO cairn|", "MAIL FROM:<a@b>|", "RCPT TO:<x@y>|", "RCPT TO:<z@y>|", "DATA|"])
    #expect(lines[5].hasSuffix("||one|..two|.|") && lines[6] == "accepted: 2.0.0 queued")
  }

  @Test func logsInBehindTLSOnly() throws {
    let relay = try MailRelay(address: "relay:25", user: "user", password: "pass")
    let hello = "250-relay\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n"
    #expect(
      said(relay, ["220 a\r\n", hello, "220 go\r\n", hello, "235 in\r\n"])
        == ["EHLO cairn|", "STARTTLS|", "TLS EHLO cairn|", "AUTH PLAIN AHVzZXIAcGFzcw==|", "MAIL FROM:<a@b>|"])
    #expect(said(relay, ["220 a\r\n", "250-relay\r\n250 AUTH PLAIN\r\n"]).last == "the relay offers no STARTTLS; 'smtp_security: none' would send in the clear true")
    #expect(said(relay, ["220 a\r\n", hello, "454 not now\r\n"]).last == "the relay answers 454 not now false")
  }

  @Test func logsInByTwoSteps() throws {
    let relay = try MailRelay(address: "relay:465", security: .tls, user: "user", password: "pass")
    #expect(
      said(relay, ["220 a\r\n", "250-relay\r\n250 AUTH=LOGIN\r\n", "334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n", "535 no\r\n"])
        == ["EHLO cairn|", "AUTH LOGIN|", "dXNlcg==|", "cGFzcw==|", "the relay refuses the login: no true"])
  }

  @Test func speaksPlainlyWithAnOldRelay() throws {
    let relay = try MailRelay(address: "relay:25")
    #expect(said(relay, ["220 a\r\n", "502 what\r\n", "250 ok\r\n"]) == ["EHLO cairn|", "HELO cairn|", "MAIL FROM:<a@b>|"])
  }

  @Test func mailsCannotBeGivenCommands() {
    let mail = MailText(from: "a@b", to: ["x@y>\r\nRCPT TO:<z@y"], subject: "a\r\nBcc: z@y", text: ".\r\nQUIT\r\n.\r\nMAIL FROM:<c@d>\r.\r")
    #expect(mail.receivers == ["RCPT TO:<x@yRCPTTO:z@y>"])
    #expect(!mail.message.contains("\r\nBcc"))
    #expect(mail.message.hasSuffix("\r\n..\r\nQUIT\r\n..\r\nMAIL FROM:<c@d>.\r\n.\r\n"))
    #expect(MailText(from: "Cairn <cairn@shop.example>", to: [], subject: "", text: "").sender == "MAIL FROM:<cairn@shop.example>")
  }

  @Test func mailsSayWhenTheyWereWrittenAndStandAnyRelay() {
    var mail = MailText(from: "cairn@shop.example", to: ["x@y"], subject: "Lost", text: String(repeating: "a", count: 2_000) + "\nLost: \u{fc}ber")
    mail.createdUnixMilliseconds = 1_795_701_909_000
    #expect(mail.message.contains("Date: Thu, 26 Nov 2026 14:05:09 +0000\r\n"))
    #expect(mail.message.contains("@shop.example>\r\n") && mail.message.contains("Content-Transfer-Encoding: base64\r\n"))
    #expect(mail.message.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 998 && $0.utf8.allSatisfy { $0 < 128 } })
    mail.text = String(repeating: "a", count: 2_000)
    #expect(mail.message.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 998 } && mail.message.contains("7bit"))
  }

  @Test func subjectsBeyondASCIIAreEncoded() {
    let mail = MailText(from: "a@b", to: [], subject: "Störung", text: "")
    #expect(mail.message.contains("Subject: =?utf-8?B?U3TDtnJ1bmc=?=\r\n"))
  }
}
