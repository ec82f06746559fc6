// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// One mail as a talk with a relay (RFC 5321; STARTTLS RFC 3207, AUTH RFC 4954): what to say to each reply.
///
/// ```
/// 220 > EHLO > [STARTTLS > 220 > TLS > EHLO] > [AUTH PLAIN or LOGIN > 235] > MAIL FROM > RCPT TO … > DATA > 354 > text > 250 > QUIT
/// ```
struct MailConversation {
  enum Action: Hashable {
    case send(String)
    /// Begin TLS, then say this.
    case startTLS(String)
    case done(String)
  }
  private enum Step {
    case greeting
    case hello
    case plainHello
    case startTLS
    case loginUser
    case loginPassword
    case login
    case sender
    case receiver(Int)
    case data
    case text
  }
  private let relay: MailRelay
  private let mail: MailText
  private var step = Step.greeting
  private var isEncrypted: Bool

  init(relay: MailRelay, mail: MailText) {
    self.relay = relay
    self.mail = mail
    isEncrypted = relay.security == .tls
  }

  mutating func answer(_ reply: MailReply) throws(DeliveryError) -> Action {
    switch step {
    case .greeting:
      try expect(reply, 220)
      return say(.hello, "EHLO cairn")
    case .hello: return try hello(reply)
    case .plainHello:
      try expect(reply, 250)
      return say(.sender, mail.sender)
    case .startTLS:
      try expect(reply, 220)
      isEncrypted = true
      step = .hello
      return .startTLS("EHLO cairn\r\n")
    case .loginUser:
      try expect(reply, 334)
      return say(.loginPassword, Base64.text(Array(relay.user.utf8)))
    case .loginPassword:
      try expect(reply, 334)
      return say(.login, Base64.text(Array(relay.password.utf8)))
    case .login:
      guard reply.code == 235 else { throw DeliveryError("the relay refuses the login: \(reply.words)", isLasting: reply.code >= 500) }
      return say(.sender, mail.sender)
    case .sender:
      try expect(reply, 250)
      return say(.receiver(0), mail.receivers.first ?? "")
    case .receiver(let index):
      try expect(reply, 250, or: 251)
      let next = index + 1
      return next < mail.receivers.count ? say(.receiver(next), mail.receivers[next]) : say(.data, "DATA")
    case .data:
      try expect(reply, 354)
      step = .text
      return .send(mail.message)
    case .text:
      try expect(reply, 250)
      return .done("accepted: \(reply.words)")
    }
  }

  private mutating func hello(_ reply: MailReply) throws(DeliveryError) -> Action {
    // A relay that knows no EHLO knows neither TLS nor logins.
    if reply.code >= 500, relay.user.isEmpty, relay.security != .startTLS, !isEncrypted { return say(.plainHello, "HELO cairn") }
    try expect(reply, 250)
    let offers = reply.lines.dropFirst().map { $0.uppercased() }
    if !isEncrypted, relay.security != .none {
      if offers.contains(where: { $0 == "STARTTLS" || $0.hasPrefix("STARTTLS ") }) { return say(.startTLS, "STARTTLS") }
      if relay.security == .startTLS || !relay.user.isEmpty {
        throw DeliveryError("the relay offers no STARTTLS; 'smtp_security: none' would send in the clear", isLasting: true)
      }
    }
    guard !relay.user.isEmpty else { return say(.sender, mail.sender) }
    let ways = Set(offers.filter { $0.hasPrefix("AUTH") }.flatMap { $0.split { $0 == " " || $0 == "=" }.dropFirst().map(String.init) })
    if ways.contains("PLAIN") {
      return say(.login, "AUTH PLAIN " + Base64.text([0] + Array(relay.user.utf8) + [0] + Array(relay.password.utf8)))
    }
    guard ways.contains("LOGIN") else { throw DeliveryError("the relay offers neither AUTH PLAIN nor AUTH LOGIN", isLasting: true) }
    return say(.loginUser, "AUTH LOGIN")
  }

  private mutating func say(_ next: Step, _ line: String) -> Action {
    step = next
    return .send(line + "\r\n")
  }

  private func expect(_ reply: MailReply, _ code: Int, or other: Int = 0) throws(DeliveryError) {
    guard reply.code == code || reply.code == other else {
      throw DeliveryError("the relay answers \(reply.code) \(reply.words)", isLasting: reply.code >= 500)
    }
  }
}

/// A reply of SMTP: its code and what stands behind it in each line.
struct MailReply: Hashable {
  var code: Int
  var lines: [String]
  /// For people, without what could mislead a reader.
  var words: String { String(lines.joined(separator: " ").filter { !$0.isNewline }.prefix(120)) }
}
