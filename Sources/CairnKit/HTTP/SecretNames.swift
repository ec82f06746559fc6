// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// What is never written down, by the names that things have.
package enum SecretNames {
  /// A name that has one of these in it, in any case, promises a secret.
  package static let parts = [
    "password", "passwd", "secret", "token", "api_key", "apikey", "api-key", "access_key", "accesskey", "private_key", "signature", "authorization", "credit_card", "card_number",
  ]

  package static func promises(_ name: some StringProtocol) -> Bool { promises(name, parts) }

  static func promises(_ name: some StringProtocol, _ parts: [String]) -> Bool {
    let lowered = name.lowercased()
    return parts.contains { lowered.contains($0) }
  }

  /// A query, `name=value&…`, with another text for what is secret. A name may hide letters as `%XX`, which whoever reads it decodes; what
  /// cannot be decoded is taken for a secret.
  package static func redacted(query: some StringProtocol, as replacement: String, _ isSecret: (String) -> Bool) -> String {
    query.split(separator: "&").map { part in
      let name = part.prefix { $0 != "=" }
      return percentDecoded(name).map(isSecret) ?? true ? "\(name)=\(replacement)" : String(part)
    }.joined(separator: "&")
  }
}
