// SPDX-License-Identifier: Apache-2.0

/// Region and account: they shape ARNs, not what is found. The environment comes from the key alone.
public struct LogAccount: Sendable, Hashable {
  public var region: String
  public var account: String

  public init(region: String = "us-east-1", account: String = "123456789012") {
    self.region = region
    self.account = account
  }

  public func arn(_ rest: String) -> String { "arn:aws:logs:\(region):\(account):\(rest)" }

  /// Without the `:*` at its end.
  public func groupARN(_ name: String) -> String { arn("log-group:\(name)") }

  public func streamARN(_ group: String, _ stream: String) -> String { arn("log-group:\(group):log-stream:\(stream)") }
}

/// The rules for names of groups and streams.
public enum LogNames {
  /// Letters, digits and `. - _ / #`, 1 to 512 of them.
  public static func checkGroup(_ name: String, at member: String = "logGroupName") throws(LogsError) {
    try checkLength(name, at: member, max: 512)
    guard name.utf8.allSatisfy(isGroupByte) else {
      throw .constraint(name, at: member, "satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+")
    }
  }

  /// Anything but `:` and `*`, 1 to 512 characters.
  public static func checkStream(_ name: String, at member: String = "logStreamName") throws(LogsError) {
    try checkLength(name, at: member, max: 512)
    guard !name.utf8.contains(where: { $0 == 0x3a || $0 == 0x2a }) else {
      throw .constraint(name, at: member, "satisfy regular expression pattern: [^:*]*")
    }
  }

  public static func checkLength(_ text: String, at member: String, min: Int = 1, max: Int) throws(LogsError) {
    guard text.unicodeScalars.count >= min else {
      throw .constraint(text, at: member, "have length greater than or equal to \(min)")
    }
    guard text.unicodeScalars.count <= max else {
      throw .constraint(text, at: member, "have length less than or equal to \(max)")
    }
  }

  private static func isGroupByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2e, 0x2d, 0x5f, 0x2f, 0x23: true
    default: false
    }
  }

  /// The name of a group in an identifier: the name itself, or an ARN with or without `:*`.
  public static func group(ofIdentifier text: String) -> String {
    guard text.hasPrefix("arn:"), let range = text.firstRange(of: ":log-group:") else { return text }
    let rest = text[range.upperBound...]
    return String(rest.prefix { $0 != ":" })
  }
}
