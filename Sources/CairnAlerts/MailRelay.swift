// SPDX-License-Identifier: Apache-2.0

/// The server that takes mails, as the configuration names it.
public struct MailRelay: Sendable, Hashable {
  public enum Security: String, Sendable, Hashable, CaseIterable {
    /// STARTTLS where the relay offers it; a login needs it.
    case automatic
    /// STARTTLS or nothing is sent.
    case startTLS = "starttls"
    /// TLS from the first byte.
    case tls
    /// In the clear, the login too.
    case none
  }
  public var target: WebTarget
  public var security: Security
  /// Empty: no login.
  public var user: String
  public var password: String

  /// `address` is HOST:PORT; without a port 587, or 465 with TLS from the first byte.
  public init(address: String, security: Security = .automatic, user: String = "", password: String = "") throws(DeliveryError) {
    target = try WebTarget(hostAndPort: address, usualPort: security == .tls ? 465 : 587)
    self.security = security
    self.user = user
    self.password = password
  }
}
