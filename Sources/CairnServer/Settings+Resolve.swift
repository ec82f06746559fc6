// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnIssues

/// From texts to settings. What makes no sense stops the start, naming the place, what stands there and what may.
extension Settings {
  /// Settings from flags and environment (`values[key]` as text), over those of a file.
  public static func resolve(
    flags: [Key: String], environment: [String: String], file: [Key: [String]]
  ) throws(ServerError) -> Settings {
    var settings = Settings()
    for key in Key.allCases {
      if let text = flags[key] {
        try settings.set(key, values(of: key, text), source: "--" + key.rawValue.replacing("_", with: "-"))
      } else if let text = environment[key.environmentName] {
        try settings.set(key, values(of: key, text), source: key.environmentName)
      } else if let values = file[key] {
        try settings.set(key, values, source: "'\(key.rawValue)' in the configuration file")
      }
    }
    settings.allowsTestReset = environment["CAIRN_TEST_RESET"] == "1"
    return settings
  }

  /// Variables that look like a setting's and are none, each with what it may have meant. Others may begin with `CAIRN_` too: Kubernetes
  /// tells each container of a service named `cairn` by them, so a name that is like none of ours is somebody else's.
  public static func misspelt(_ environment: [String: String]) -> [(name: String, near: [String])] {
    let known = Set(Key.allCases.map(\.environmentName)).union(otherVariables), names = NearNames(Key.allCases.map(\.rawValue))
    return environment.keys.filter { $0.hasPrefix("CAIRN_") && !known.contains($0) }.sorted().compactMap { (name) in
      let wanted = String(name.dropFirst(6)).lowercased(), near = names.misspelt(wanted)
      return near.isEmpty ? nil : (name, near.map { "CAIRN_" + $0.uppercased() })
    }
  }

  /// Variables that are no settings of the server.
  private static let otherVariables: Set = ["CAIRN_CONFIG", "CAIRN_KEY", "CAIRN_SERVER", "CAIRN_TEST_RESET"]

  /// Of a flag or a variable: parts between commas where the setting is a list, else the text, commas and all; of a password every blank.
  private static func values(of key: Key, _ text: String) -> [String] {
    if key.takesList { return text.split(separator: ",").map { trimmed(String($0)) } }
    return [key == .smtpPassword ? text : trimmed(text)]
  }

  private mutating func set(_ key: Key, _ values: [String], source: String) throws(ServerError) {
    let text = values.first ?? "", list = values.filter { !$0.isEmpty }
    switch key {
    case .data:
      guard !text.isEmpty else { throw .badSetting("\(source): must name a folder, not ''") }
      dataDirectory = text
    case .http: http = try endpoint(text, source)
    case .otlpHTTP: otlpHTTP = try endpoint(text, source)
    case .otlpGRPC: otlpGRPC = try endpoint(text, source)
    case .xray: xray = try endpoint(text, source)
    case .readyFile: readyFile = text.isEmpty ? nil : text
    case .insecure: insecure = try boolean(text, source)
    case .ingestOrigins: ingestOrigins = try origins(list, source)
    case .hosts: hosts = try names(list, source)
    case .retentionDays: retentionDays = try number(text, source)
    case .retentionDaysByDataset: retentionDaysByDataset = try numbers(list, source)
    case .diskReserveMiB: diskReserveMiB = try number(text, source)
    case .cacheMiB: cacheMiB = try number(text, source)
    case .webhookHosts: webhookHosts = try names(list, source)
    case .smtp:
      guard text.isEmpty || (try? MailRelay(address: text)) != nil else { throw .badSetting("\(source): '\(text)' is not HOST:PORT") }
      smtp = text
    case .smtpUser: smtpUser = text
    case .smtpPassword: smtpPassword = text
    case .smtpSecurity:
      guard let security = MailRelay.Security(rawValue: text) else {
        throw .badSetting("\(source): '\(text)' is not automatic, starttls, tls or none")
      }
      smtpSecurity = security
    case .deliveryAuthorities: deliveryAuthorities = text.isEmpty ? nil : text
    case .mailFrom: mailFrom = try mailAddress(text, source)
    case .pagerDutyURL:
      guard (try? WebTarget(text)) != nil else { throw .badSetting("\(source): '\(text)' is not a URL such as \(PagerDutyEvent.url)") }
      pagerDutyURL = text
    case .unscrubbedEnvironments: unscrubbedEnvironments = list
    case .groupingVersion: groupingVersion = try grouping(text, source)
    case .webDirectory: webDirectory = text.isEmpty ? nil : text
    }
  }

  private func number(_ text: String, _ source: String) throws(ServerError) -> Int {
    guard let number = Int(text), number >= 0, number < 1 << 30 else {
      throw .badSetting("\(source): '\(text)' is not a whole number from 0 to \((1 << 30) - 1)")
    }
    return number
  }

  /// `name=days` entries.
  private func numbers(_ values: [String], _ source: String) throws(ServerError) -> [String: Int] {
    var found: [String: Int] = [:]
    for value in values {
      guard let split = value.lastIndex(of: "="), split > value.startIndex else {
        throw .badSetting("\(source): '\(value)' is not DATASET=DAYS")
      }
      found[String(value[..<split])] = try number(String(value[value.index(after: split)...]), "\(source), '\(value)'")
    }
    return found
  }

  private func endpoint(_ text: String, _ source: String) throws(ServerError) -> Endpoint {
    guard let endpoint = Endpoint(text) else { throw .badSetting("\(source): '\(text)' is not HOST:PORT") }
    return endpoint
  }

  private func boolean(_ text: String, _ source: String) throws(ServerError) -> Bool {
    switch text.lowercased() {
    case "1", "true", "yes", "on": return true
    case "0", "false", "no", "off", "": return false
    default: throw .badSetting("\(source): '\(text)' is neither true nor false")
    }
  }

  /// Names or addresses alone: what is compared with them has neither scheme nor port.
  private func names(_ values: [String], _ source: String) throws(ServerError) -> [String] {
    for value in values {
      let isName = !value.contains { $0.isWhitespace || "/[]*".contains($0) } && value.count(where: { $0 == ":" }) != 1
      guard isName else { throw .badSetting("\(source): '\(value)' is not a host name or address (without scheme and port)") }
    }
    return values
  }

  /// As browsers write them in `Origin`: lower case, no path.
  private func origins(_ values: [String], _ source: String) throws(ServerError) -> [String] {
    for value in values where value != "*" && value != "null" {
      let parts = value.split(separator: "://", omittingEmptySubsequences: false)
      guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && !$0.contains { $0 == "/" || $0.isWhitespace } }) else {
        throw .badSetting("\(source): '\(value)' is not an origin such as https://shop.example, or *")
      }
    }
    return values.map { $0.lowercased() }
  }

  private func mailAddress(_ text: String, _ source: String) throws(ServerError) -> String {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts.contains("") else {
      throw .badSetting("\(source): '\(text)' is not a mail address such as cairn@example.com")
    }
    return text
  }

  private func grouping(_ text: String, _ source: String) throws(ServerError) -> String {
    let known = GroupingVersion.all.map(\.name)
    guard known.contains(text) else { throw .badSetting("\(source): '\(text)' is not \(known.joined(separator: " or "))") }
    return text
  }
}
