// SPDX-License-Identifier: Apache-2.0
public import CairnAlerts

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
  /// Where PagerDuty's events are posted.
  public var pagerDutyURL = PagerDutyEvent.url
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
    case pagerDutyURL = "pagerduty_url"
    case unscrubbedEnvironments = "unscrubbed_environments"
    case groupingVersion = "grouping_version"
    case webDirectory = "web_dir"

    public var environmentName: String { "CAIRN_" + rawValue.uppercased() }

    /// True where several values may stand: a list in the file, commas between them elsewhere.
    var takesList: Bool {
      switch self {
      case .ingestOrigins, .hosts, .retentionDaysByDataset, .webhookHosts, .unscrubbedEnvironments: true
      default: false
      }
    }
  }

  /// True where secrets stay in an environment's lines.
  func scrubsNothing(_ environment: String) -> Bool {
    unscrubbedEnvironments.contains(environment) || unscrubbedEnvironments.contains("*")
  }
}
