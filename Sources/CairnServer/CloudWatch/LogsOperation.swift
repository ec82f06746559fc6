// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats

/// One operation of an AWS JSON API: its name behind the target's point, what a key must be good for, and what it does.
struct LogsOperation: Sendable {
  var name: String
  var scope: KeyScope
  var run: @Sendable (LogsCall) async throws(LogsError) -> LogsAnswer

  init(_ name: String, _ scope: KeyScope, _ run: @escaping @Sendable (LogsCall) async throws(LogsError) -> LogsAnswer) {
    self.name = name
    self.scope = scope
    self.run = run
  }

  /// The operation behind a check of its call by its service's model.
  func within(_ bounds: ModelBounds.ByName, _ refusal: LogsError.Kind) -> LogsOperation {
    LogsOperation(name, scope) { (call) async throws(LogsError) in
      do throws(ModelBounds.Breach) {
        try bounds.check(call.input, name, isForm: call.isForm)
      } catch {
        throw LogsError(error, refusal)
      }
      return try await run(call)
    }
  }
}

extension LogsError {
  /// A bound of the model that a call breaks.
  fileprivate init(_ breach: ModelBounds.Breach, _ kind: Kind) {
    switch breach {
    case .constraint(let value, let member, let words):
      self.init(kind, value: value, at: member, breaks: words)
    case .type(let member): self.init(.serialization, "'\(member)' has the wrong type.")
    }
  }
}

/// What all operations work on.
struct LogsDesk: Sendable {
  let state: ServerState
  var registry: LogRegistry { state.logs }

  /// Every operation of CloudWatch Logs that is served.
  var operations: [LogsOperation] {
    groupOperations + streamOperations + tagOperations + eventOperations + readOperations + policyOperations + accountPolicyOperations
      + filterOperations + deliveryOperations + recordOperations + exportOperations
      + insightsOperations + lookupTableOperations + liveTailOperations + anomalyOperations
  }

  /// The group, or AWS's error for one that is not there. OpenTelemetry's services with log records are groups, too.
  func group(_ call: LogsCall, _ name: String) async throws(LogsError) -> LogRegistry.Group {
    if let group = registry.group(call.environment, name) { return group }
    guard let implied = try await impliedGroups(call).first(where: { $0.name == name }) else { throw .noGroup }
    return LogRegistry.Group(group: implied)
  }

  /// The group, made one of the registry's own if it is only implied.
  func ownGroup(_ call: LogsCall, _ name: String) async throws(LogsError) -> LogRegistry.Group {
    if let group = registry.group(call.environment, name) { return group }
    let group = try await group(call, name)
    do throws(LogsError) {
      try registry.create(group.group, in: call.environment)
    } catch {
      // Another call may have made it meanwhile.
      guard let there = registry.group(call.environment, name) else { throw error }
      return there
    }
    return group
  }
}
