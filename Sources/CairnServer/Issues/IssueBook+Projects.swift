// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnIssues
import Synchronization

extension IssueBook.State {
  /// The project of this name, made if it is not there.
  mutating func project(tenant: String, name: String, nowUnixSeconds: Int64) -> Project {
    let key = IssueBook.ProjectName(tenant: tenant, name: name)
    if let id = projectOfName[key], let known = projects[id] { return known }
    let project = Project(id: makeID(), tenant: tenant, name: name, nowUnixSeconds: nowUnixSeconds)
    projects[project.id] = project
    projectOfName[key] = project.id
    touch("project", project.id)
    return project
  }

  /// The deploys of an environment, oldest first.
  func deploys(projectID: Int64, environment: String) -> [Deploy] {
    deploys.values.filter { $0.projectID == projectID && $0.environment == environment }
      .sorted { ($0.startUnixSeconds, $0.id) < ($1.startUnixSeconds, $1.id) }
  }
}

extension IssueBook {
  func project(tenant: String, name: String, nowUnixSeconds: Int64) throws(CatalogError) -> Project {
    let known = state.withLock { (state) in
      state.projectOfName[ProjectName(tenant: tenant, name: name)].flatMap { state.projects[$0] }
    }
    if let known { return known }
    return try change { $0.project(tenant: tenant, name: name, nowUnixSeconds: nowUnixSeconds) }
  }

  func project(id: Int64, tenant: String) -> Project? {
    state.withLock { $0.projects[id] }.flatMap { $0.tenant == tenant ? $0 : nil }
  }

  func projects(tenant: String) -> [Project] {
    state.withLock { Array($0.projects.values) }.filter { $0.tenant == tenant }.sorted { $0.id < $1.id }
  }

  func token(_ text: String) -> ProjectToken? { state.withLock { $0.tokens[text] } }

  func tokens(projectID: Int64) -> [ProjectToken] {
    state.withLock { Array($0.tokens.values) }.filter { $0.projectID == projectID }.sorted { $0.id < $1.id }
  }

  func createToken(
    projectID: Int64, name: String, scopes: [TokenScope], windowSeconds: Int, windowCount: Int, nowUnixSeconds: Int64
  ) throws(CatalogError) -> ProjectToken {
    var generator = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef".utf8)
    let text = String(decoding: (0..<32).map { _ in digits[Int(generator.next() & 15)] }, as: UTF8.self)
    return try change { (state) in
      var token = ProjectToken(
        id: state.makeID(), text: text, projectID: projectID, name: name, scopes: scopes, nowUnixSeconds: nowUnixSeconds)
      token.windowSeconds = windowSeconds
      token.windowCount = windowCount
      state.tokens[text] = token
      state.touch("token", token.id)
      return token
    }
  }

  /// Changes a token in place; nil where there is none.
  func changeToken(_ text: String, _ body: @Sendable (inout ProjectToken) -> Void) throws(CatalogError) -> ProjectToken? {
    try change { (state) in
      guard var token = state.tokens[text] else { return nil }
      body(&token)
      state.tokens[text] = token
      state.touch("token", token.id)
      return token
    }
  }

  func removeToken(_ text: String) throws(CatalogError) -> Bool {
    try change { (state) in
      guard let token = state.tokens.removeValue(forKey: text) else { return false }
      state.touch("token", token.id)
      return true
    }
  }
}
