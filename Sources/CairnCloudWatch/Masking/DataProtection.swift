// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import CairnPatterns
internal import CairnSecrets

// { "Name", "Version": "2021-06-01",
//   "Configuration": { "CustomDataIdentifier": [ { "Name", "Regex" } ] },
//   "Statement": [ { "DataIdentifier": [ arn or custom name ], "Operation": { "Audit": … } | { "Deidentify": { "MaskConfig": {} } } } ] }
//
// Source: "Understanding data protection policies" of the CloudWatch Logs user guide. Audits find nothing to deliver to; what is to be
// de-identified is masked with asterisks before it is written.

/// A data protection policy, ready to be applied to lines.
public struct DataProtection: Sendable {
  public let mask: LineMask

  /// Reads a policy's document; throws for one that is none, or that names an identifier of data that Cairn does not recognise.
  public init(document: String) throws(LogsError) {
    guard document.utf8.count <= 30_720, let policy = try? JSONValue(parsing: document), policy.members != nil else {
      throw LogsError(.invalidParameter, "The data protection policy document is not a JSON object of at most 30,720 characters.")
    }
    guard let statements = policy["Statement"]?.array, statements.count == 2 else {
      throw LogsError(.invalidParameter, "A data protection policy has two statements: one with Audit, one with Deidentify.")
    }
    var custom: [String: String] = [:]
    for entry in policy["Configuration"]?["CustomDataIdentifier"]?.array ?? [] {
      guard let name = entry["Name"]?.string, let text = entry["Regex"]?.string, text.utf8.count <= 200, custom.count < 10 else {
        throw LogsError(
          .invalidParameter, "At most 10 custom data identifiers, each with a Name and a Regex of at most 200 characters.")
      }
      custom[name] = text
    }
    var rules: [LineMask.Rule] = []
    var hasAudit = false
    for statement in statements {
      guard let operation = statement["Operation"] else {
        throw LogsError(.invalidParameter, "A statement of the policy has no Operation.")
      }
      guard let identifiers = statement["DataIdentifier"]?.array?.compactMap(\.string), !identifiers.isEmpty else {
        throw LogsError(.invalidParameter, "A statement of the policy has no DataIdentifier.")
      }
      hasAudit = hasAudit || operation["Audit"] != nil
      let isMask = operation["Deidentify"]?["MaskConfig"] != nil
      for identifier in identifiers {
        let rule = try Self.rule(identifier, custom)
        if isMask { rules.append(rule) }
      }
    }
    guard hasAudit, !rules.isEmpty else {
      throw LogsError(
        .invalidParameter,
        "A data protection policy needs a statement with Audit and one with Deidentify and an empty MaskConfig.")
    }
    mask = LineMask(rules: rules)
  }

  private static func rule(_ identifier: String, _ custom: [String: String]) throws(LogsError) -> LineMask.Rule {
    let name = String(identifier[(identifier.lastIndex(of: "/").map { identifier.index(after: $0) } ?? identifier.startIndex)...])
    guard let text = custom[identifier] ?? known[name] else {
      throw LogsError(.invalidParameter, "Cairn does not recognise the data identifier '\(identifier)'.")
    }
    do throws(PatternError) {
      var rule = LineMask.Rule(pattern: try Pattern(text))
      if name == "CreditCardNumber" { rule.isReal = CardNumber.isValid }
      if name == "AwsSecretKey" { rule.group = 1 }
      return rule
    } catch {
      throw LogsError(.invalidParameter, "The expression of the data identifier '\(identifier)' cannot be read: \(error.reason)")
    }
  }

  private static let privateKey =
    "-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----)?"
  /// The identifiers that an expression can find; those that need more than one (names, addresses) are refused.
  static let known: [String: String] = [
    "EmailAddress": #"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"#,
    "CreditCardNumber": CardNumber.pattern,
    "IpAddress":
      #"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b|\b(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}\b"#,
    "AwsSecretKey": #"(?i)(?:aws|secret)[\w.-]*["']?\s*[:=]\s*["']?([A-Za-z0-9/+=]{40})\b"#,
    "OpenSshPrivateKey": privateKey, "PgpPrivateKey": privateKey, "PkcsPrivateKey": privateKey,
    "PuttyPrivateKey": "PuTTY-User-Key-File-[23]: [\\s\\S]*",
    "Ssn-US": #"\b\d{3}-\d{2}-\d{4}\b"#,
    "PhoneNumber-US": #"\b(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}\b"#,
    "ZipCode-US": #"\b\d{5}-\d{4}\b"#,
    "LatLong": #"[-+]?\d{1,2}\.\d{4,},\s*[-+]?\d{1,3}\.\d{4,}"#,
    "CreditCardExpiration": #"\b(?:0[1-9]|1[0-2])/(?:20)?\d{2}\b"#,
    "VehicleIdentificationNumber": #"\b[A-HJ-NPR-Z0-9]{17}\b"#,
    "BankAccountNumber-DE": #"\bDE\d{2}[ ]?(?:\d{4}[ ]?){4}\d{2}\b"#,
    "BankAccountNumber-GB": #"\bGB\d{2}[ ]?[A-Z]{4}[ ]?(?:\d{4}[ ]?){3}\d{2}\b"#,
    "BankAccountNumber-FR": #"\bFR\d{2}[ ]?(?:\d{4}[ ]?){2}\d{2}[0-9A-Z]{2}[ ]?[0-9A-Z ]{9,13}\b"#,
  ]
}
