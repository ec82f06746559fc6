// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import NIOCore

/// A mail as the commands and the text that hand it over.
struct MailText {
  var from: String
  var to: [String]
  var subject: String
  var text: String

  var sender: String { "MAIL FROM:<\(address(from))>" }
  var receivers: [String] { to.map { "RCPT TO:<\(address($0))>" } }

  /// Head and body up to the dot that ends them.
  var message: String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.hasPrefix(".") ? "." + $0 : String($0) }
    let head = [
      "From: \(address(from))", "To: \(to.map(address).joined(separator: ", "))", "Subject: \(encodedSubject)",
      "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "MIME-Version: 1.0", "",
    ]
    return (head + lines.map { $0.filter { $0 != "\r" } }).joined(separator: "\r\n") + "\r\n.\r\n"
  }

  /// What could end a line or an address goes.
  private func address(_ text: String) -> String { String(text.filter { $0.isASCII && !$0.isWhitespace && !$0.isNewline && $0 != "<" && $0 != ">" }) }

  /// One line; words beyond ASCII as RFC 2047 wants them, each at most 75 characters.
  private var encodedSubject: String {
    let line = String(subject.map { $0.isNewline ? " " : $0 }.prefix(200))
    if line.utf8.allSatisfy({ $0 < 128 }) { return line }
    var words: [String] = []
    var part: [UInt8] = []
    for character in line {
      if part.count + character.utf8.count > 42 {
        words.append("=?utf-8?B?\(Base64.text(part))?=")
        part = []
      }
      part += Array(character.utf8.prefix(42))
    }
    if !part.isEmpty { words.append("=?utf-8?B?\(Base64.text(part))?=") }
    return words.joined(separator: "\r\n ")
  }
}

/// Reads SMTP's replies from bytes as they come. At most `byteCountMax` of them in one talk.
struct ReplyReader {
  private static let byteCountMax = 65_536
  private var rest = ByteBuffer()
  private var byteCount = 0
  private var lines: [String] = []

  /// Nothing has come that is not handed out yet.
  var isEmpty: Bool { rest.readableBytes == 0 && lines.isEmpty }

  /// The replies that these bytes complete.
  mutating func add(_ bytes: ByteBuffer) throws(DeliveryError) -> [MailReply] {
    var bytes = bytes
    byteCount += bytes.readableBytes
    guard byteCount < Self.byteCountMax else { throw DeliveryError("the relay's answer is too long", isLasting: false) }
    rest.writeBuffer(&bytes)
    var replies: [MailReply] = []
    while let end = rest.readableBytesView.firstIndex(of: 10) {
      let line = (rest.readString(length: end - rest.readerIndex) ?? "").filter { $0 != "\r" }
      rest.moveReaderIndex(forwardBy: 1)
      lines.append(String(line.dropFirst(4)))
      if line.utf8.dropFirst(3).first != 45 {
        replies.append(MailReply(code: Int(line.prefix(3)) ?? 0, lines: lines))
        lines = []
      }
    }
    return replies
  }
}
