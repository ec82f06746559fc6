// SPDX-License-Identifier: Apache-2.0
public import CairnAlerts
import CairnIssues

/// How a server is to run. A flag beats the environment, which beats the file, which beats the default.
public struct Settings: Sendable, Hashable {
  public var dataDirectory = "./cairn-data"
  public var http = Endpoint(host: "127.0.0.1", port: 8080)
  public var otlpHTTP = Endpoint(host: "127.0.0.1", port: 4318)
  public var otlpGRPC = Endpoint(host: "127.0.0.1", port: 4317)
  /// UDP and TCP of the X-Ray daemon.
  public var xray = Endpoint(host: "127.0.0.1", port: 2000)
  /// Serve beyond loopback without any key.
  public var insecure = false
  public var readyFile: String?
  /// Origins whose pages may send events, or `*`.
  public var ingestOrigins: [String] = []
  /// Host names, besides the loopback ones, that the open server answers to.
  public var hosts: [String] = []
  /// Days that events are kept; 0 keeps everything.
  public var retentionDays = 60
  /// Days for single datasets, by name.
  public var retentionDaysByDataset: [String: Int] = [:]
  /// Free disk, in MiB, below which ingest is refused.
  public var diskReserveMiB = 256
  /// Decoded columns kept in memory, in MiB.
  public var cacheMiB = 1024
  /// Hosts inside this network, by name or address, that notifications may be sent to.
  public var webhookHosts: [String] = []
  /// HOST:PORT of the relay that takes mails; empty sends none.
  public var smtp = ""
  /// Login at the relay; empty: none.
  public var smtpUser = ""
  public var smtpPassword = ""
  /// `automatic`, `starttls`, `tls` or `none`.
  public var smtpSecurity = MailRelay.Security.automatic
  /// PEM file of certificate authorities that deliveries trust beside the system's.
  public var deliveryAuthorities: String?
  public var mailFrom = "cairn@localhost"
  /// Environments whose lines are kept with the secrets that are in them, or `*`.
  public var unscrubbedEnvironments: [String] = []
  /// The version of grouping to stay with; nil goes on to the newest.
  public var groupingVersion: String?
  /// The pages from this folder instead of from the program, for those who work on them.
  public var webDirectory: String?
  /// `POST /moto-api/reset` wipes everything. From the environment alone.
  public var allowsTestReset = false

  public init() {}

  /// A setting that can be given in three places. Raw value: its key in the file; upper case behind `CAIRN_` its name in the
  /// environment; with dashes its flag.
  public enum Key: String, Sendable, CaseIterable {
    case data
    case http
    case otlpHTTP = "otlp_http"
    case otlpGRPC = "otlp_grpc"
    case xray
    case readyFile = "ready_file"
    case insecure
    case ingestOrigins = "ingest_origins"
    case hosts
    case retentionDays = "retention_days"
    case retentionDaysByDataset = "retention_days_by_dataset"
    case diskReserveMiB = "disk_reserve_mib"
    case cacheMiB = "cache_mib"
    case webhookHosts = "webhook_hosts"
    case smtp
    case smtpUser = "smtp_user"
    case smtpPassword = "smtp_password"
    case smtpSecurity = "smtp_security"
    case deliveryAuthorities = "delivery_ca"
    case mailFrom = "mail_from"
    case unscrubbedEnvironments = "unscrubbed_environments"
    case groupingVersion = "grouping_version"
    case webDirectory = "web_dir"

    public var environmentName: String { "CAIRN_" + rawValue.uppercased() }
  }

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

  /// Of a flag or a variable: parts between commas where the setting is a list, else the text, commas and all; of a password every blank.
  private static func values(of key: Key, _ text: String) -> [String] {
    switch key {
    case .ingestOrigins, .hosts, .retentionDaysByDataset, .webhookHosts, .unscrubbedEnvironments:
      text.split(separator: ",").map { trimmed(String($0)) }
    case .smtpPassword: [text]
    default: [trimmed(text)]
    }
  }

  private mutating func set(_ key: Key, _ values: [String], source: String) throws(ServerError) {
    let text = values.joined(separator: ",")
    switch key {
    case .data: dataDirectory = text
    case .http: http = try endpoint(text, source)
    case .otlpHTTP: otlpHTTP = try endpoint(text, source)
    case .otlpGRPC: otlpGRPC = try endpoint(text, source)
    case .xray: xray = try endpoint(text, source)
    case .readyFile: readyFile = text
    case .insecure: insecure = try boolean(text, source)
    case .ingestOrigins: ingestOrigins = values
    case .hosts: hosts = values
    case .retentionDays: retentionDays = try number(text, source)
    case .retentionDaysByDataset: retentionDaysByDataset = try numbers(values, source)
    case .diskReserveMiB: diskReserveMiB = try number(text, source)
    case .cacheMiB: cacheMiB = try number(text, source)
    case .webhookHosts: webhookHosts = values
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
    case .deliveryAuthorities: deliveryAuthorities = text
    case .mailFrom: mailFrom = text
    case .unscrubbedEnvironments: unscrubbedEnvironments = values
    case .groupingVersion:
      guard GroupingVersion.all.contains(where: { $0.name == text }) else {
        throw .badSetting("\(source): '\(text)' is not \(GroupingVersion.all.map(\.name).joined(separator: " or "))")
      }
      groupingVersion = text
    case .webDirectory: webDirectory = text
    }
  }

  /// True where secrets stay in an environment's lines.
  func scrubsNothing(_ environment: String) -> Bool {
    unscrubbedEnvironments.contains(environment) || unscrubbedEnvironments.contains("*")
  }

  private func number(_ text: String, _ source: String) throws(ServerError) -> Int {
    guard let number = Int(text), number >= 0, number < 1 << 30 else {
      throw .badSetting("\(source): '\(text)' is not a whole number from 0 on")
    }
    return number
  }

  /// `name=days` entries.
  private func numbers(_ values: [String], _ source: String) throws(ServerError) -> [String: Int] {
    var found: [String: Int] = [:]
    for value in values where !value.isEmpty {
      guard let split = value.lastIndex(of: "=") else { throw .badSetting("\(source): '\(value)' is not DATASET=DAYS") }
      found[String(value[..<split])] = try number(String(value[value.index(after: split)...]), source)
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
}
