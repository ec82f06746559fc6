// SPDX-License-Identifier: Apache-2.0

/// Where items belong: a Rollbar project, or the dataset that another door's exceptions came in.
public struct Project: Sendable, Hashable, Codable {
  public var id: Int64
  /// The tenant.
  public var tenant: String
  public var name: String
  public var status = "enabled"
  public var createdUnixSeconds: Int64
  public var modifiedUnixSeconds: Int64
  /// The counter of its next item.
  public var nextCounter: Int64 = 1
  /// Days without an occurrence after which an item resolves itself; 0 is never.
  public var autoResolveDays = 0
  public var resolvesOnDeploy = false
  /// Its own rules of grouping, a JSON array in Rollbar's rule language; empty for none.
  public var groupingRules = ""
  /// Datasets of other doors that are the same program: their exceptions join the project's items.
  public var datasets: [String]?

  public init(id: Int64, tenant: String, name: String, nowUnixSeconds: Int64) {
    self.id = id
    self.tenant = tenant
    self.name = name
    createdUnixSeconds = nowUnixSeconds
    modifiedUnixSeconds = nowUnixSeconds
  }
}

/// What a Rollbar access token may do.
public enum TokenScope: String, Sendable, Hashable, Codable, CaseIterable {
  case read
  case write
  case postServerItem = "post_server_item"
  case postClientItem = "post_client_item"
}

/// A credential of one project.
public struct ProjectToken: Sendable, Hashable, Codable {
  public var id: Int64
  /// 32 hex digits.
  public var text: String
  public var projectID: Int64
  public var name: String
  public var scopes: [TokenScope]
  public var status = "enabled"
  /// 0 is no limit.
  public var windowSeconds = 0
  public var windowCount = 0
  public var createdUnixSeconds: Int64
  public var modifiedUnixSeconds: Int64

  public init(id: Int64, text: String, projectID: Int64, name: String, scopes: [TokenScope], nowUnixSeconds: Int64) {
    self.id = id
    self.text = text
    self.projectID = projectID
    self.name = name
    self.scopes = scopes
    createdUnixSeconds = nowUnixSeconds
    modifiedUnixSeconds = nowUnixSeconds
  }
}

/// A new version of a program on its way to an environment.
public struct Deploy: Sendable, Hashable, Codable {
  public var id: Int64
  public var projectID: Int64
  public var environment: String
  public var revision: String
  public var localUsername: String
  public var rollbarUsername: String
  public var comment: String
  /// started, succeeded, failed or timed_out.
  public var status: String
  public var startUnixSeconds: Int64
  public var finishUnixSeconds: Int64?

  public init(id: Int64, projectID: Int64, environment: String, revision: String, status: String, startUnixSeconds: Int64) {
    self.id = id
    self.projectID = projectID
    self.environment = environment
    self.revision = revision
    self.status = status
    self.startUnixSeconds = startUnixSeconds
    localUsername = ""
    rollbarUsername = ""
    comment = ""
  }
}
