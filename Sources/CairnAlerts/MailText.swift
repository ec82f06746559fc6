// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import NIOCore

/// A mail as the commands and the text that hand it over.
struct MailText {
  var from: String
  var to: [String]
  var subject: String
  var text: String
  /// When it was written; the same at each try, so that a receiver knows the message again.
  var createdUnixMilliseconds: Int64 = 0

  var sender: String { "MAIL FROM:<\(address(from))>" }
  var receivers: [String] { to.map { "RCPT TO:<\(address($0))>" } }

  /// Head and body up to the dot that ends them.
  var message: String {
    let isPlain = text.utf8.allSatisfy { $0 < 128 }
    let head = [
      "Date: \(date)", "Message-ID: <\(messageID)>", "From: \(address(from))", "To: \(to.map(address).joined(separator: ", "))",
      "Subject: \(encodedSubject)", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: \(isPlain ? "7bit" : "base64")", "Auto-Submitted: auto-generated", "",
    ]
    return (head + (isPlain ? plainLines : encodedLines)).joined(separator: "\r\n") + "\r\n.\r\n"
  }

  /// The lines as they are; one that is longer than a relay takes is broken.
  private var plainLines: [String] {
    // By bytes: to Swift CR LF is one character, which is neither of the two.
    bytes.split(separator: 10, omittingEmptySubsequences: false).flatMap { (line) -> [String] in
      var rest = line
      var parts: [String] = []
      repeat {
        let part = String(decoding: rest.prefix(900), as: UTF8.self)
        parts.append(part.utf8.first == 46 ? "." + part : part)
        rest = rest.dropFirst(900)
      } while !rest.isEmpty
      return parts
    }
  }

  /// The text without what ends a line before its end, or a mail within it.
  private var bytes: [UInt8] { text.utf8.filter { $0 != 13 && $0 != 0 } }

  /// Not every relay takes eight bits.
  private var encodedLines: [String] {
    var rest = Base64.text(bytes)[...]
    var lines: [String] = []
    while !rest.isEmpty {
      lines.append(String(rest.prefix(76)))
      rest = rest.dropFirst(76)
    }
    return lines
  }

  /// `Thu, 26 Nov 2026 14:05:09 +0000` (RFC 5322).
  private var date: String {
    let seconds = createdUnixMilliseconds / 1_000
    let (days, inDay) = (seconds / 86_400, seconds % 86_400)
    let (year, month, day) = CivilDate.date(daysSince1970: days)
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][Int((days % 7 + 7) % 7)]
    let two = { (number: Int64) in number < 10 ? "0\(number)" : String(number) }
    return "\(weekday), \(day) \(names[Int(month - 1)]) \(year) \(two(inDay / 3_600)):\(two(inDay / 60 % 60)):\(two(inDay % 60)) +0000"
  }

  private var messageID: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in (subject + "\0" + to.joined(separator: ",") + "\0" + text).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let host = address(from).split(separator: "@").last.map(String.init) ?? "localhost"
    return "\(createdUnixMilliseconds).\(String(hash, radix: 16))@\(host)"
  }

  /// What stands in brackets, or all of it; what could end a line or an address goes.
  private func address(_ text: String) -> String {
    let named = text.hasSuffix(">") ? text.lastIndex(of: "<").map { text[text.index(after: $0)...] } : nil
    return String(decoding: (named ?? text[...]).utf8.filter { $0 > 32 && $0 < 127 && $0 != 60 && $0 != 62 }, as: UTF8.self)
  }

  /// One line; words beyond ASCII as RFC 2047 wants them, each at most 75 characters.
  private var encodedSubject: String {
    let line = String(String(String.UnicodeScalarView(subject.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 })).prefix(200))
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
