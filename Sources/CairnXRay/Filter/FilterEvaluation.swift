// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnFormats
internal import CairnPlan

extension FilterExpression {
  /// Whether a trace passes. Outside braces, outcome, response time and `http.*` are the root's: what the trace's caller saw.
  public func passes(_ story: TraceStory) -> Bool {
    guard !story.documents.isEmpty else { return false }
    return FilterEvaluation(story: story).trace(self)
  }
}

/// One trace under evaluation.
struct FilterEvaluation {
  let story: TraceStory

  func trace(_ expression: FilterExpression) -> Bool {
    switch expression {
    case .all(let parts): return parts.allSatisfy { trace($0) }
    case .any(let parts): return parts.contains { trace($0) }
    case .not(let part): return !trace(part)
    case .flag(let flag): return self.flag(flag)
    case .number(let number, let comparison, let value): return self.number(number).map { comparison.holds($0, value) } ?? false
    case .text(let text, let test): return Self.any(texts(text), test)
    case .field(let field, let key, let test): return Self.any(values(field, key), test)
    case .service(let selector, let inner):
      return story.services.contains { (service) in
        guard selector.matches(name: service.name, type: service.type, accountID: service.accountID) else { return false }
        guard let inner else { return true }
        return service.documents.contains { document(inner, $0, service) }
      }
    case .edge(let source, let target, let inner): return story.edges.contains { edge($0, source, target, inner) }
    case .group: return false
    case .rootCause(let kind, let part, let inner): return story.rootCauses(kind).contains { rootCause($0, part, inner) }
    case .rootCauseJSON(let wanted): return rootCauseJSON(wanted)
    }
  }

  // MARK: The trace as a whole

  private func flag(_ flag: FilterFlag) -> Bool {
    let root = story.root.map { story.documents[$0] }
    switch flag {
    case .ok: return root?.isOK ?? false
    case .error: return root?.isError ?? false
    case .fault: return root?.isFault ?? false
    case .throttle: return story.documents.contains(where: \.isThrottle)
    case .partial: return story.documents.contains(where: \.isInProgress)
    case .inferred: return story.services.contains { $0.isInferred && !$0.documents.isEmpty }
    case .root: return story.services.contains(where: \.isRoot)
    case .remote: return story.documents.contains { Self.isRemote($0) }
    case .first, .last: return true
    }
  }

  private func number(_ number: FilterNumber) -> Double? {
    guard let root = story.root.map({ story.documents[$0] }) else { return nil }
    switch number {
    case .responseTime: return Double(root.durationNanoseconds) / 1e9
    case .duration: return Double(story.endUnixNanoseconds - story.startUnixNanoseconds) / 1e9
    case .httpStatus: return root.http.status.map { Double($0) }
    // The parser lets neither stand here.
    case .index, .coverage: return nil
    }
  }

  private func texts(_ text: FilterText) -> [String] {
    let root = story.root.map { story.documents[$0] }
    switch text {
    case .url, .method, .userAgent, .clientAddress: return root.map { Self.http($0, text) } ?? []
    case .name: return story.services.map(\.name)
    case .type: return story.services.compactMap(\.type)
    case .user, .message, .availabilityZone, .instanceID, .resourceARN: return story.documents.flatMap { Self.texts($0, text) }
    }
  }

  private func values(_ field: FilterField, _ key: String) -> [FieldValue] {
    switch field {
    case .annotation: return story.documents.compactMap { $0.annotations[key] }
    case .metadata:
      return story.documents.flatMap { (document) in
        document.allMetadata.compactMap { (entry) -> FieldValue? in
          entry.key == key || Self.isKey(key, ofPath: entry.key) ? entry.value : nil
        }
      }
    }
  }

  /// A key may be written without the namespace that comes first in the path.
  static func isKey(_ key: String, ofPath path: String) -> Bool {
    guard path.utf8.count > key.utf8.count, path.hasSuffix(key) else { return false }
    let namespace = path.utf8.dropLast(key.utf8.count)
    return namespace.last == 0x2e && !namespace.dropLast().contains(0x2e)
  }

  // MARK: One document

  private func document(_ expression: FilterExpression, _ index: Int, _ service: TraceStory.Service) -> Bool {
    let document = story.documents[index]
    switch expression {
    case .all(let parts): return parts.allSatisfy { self.document($0, index, service) }
    case .any(let parts): return parts.contains { self.document($0, index, service) }
    case .not(let part): return !self.document(part, index, service)
    case .flag(let flag):
      switch flag {
      case .ok: return document.isOK
      case .error: return document.isError
      case .fault: return document.isFault
      case .throttle: return document.isThrottle
      case .partial: return document.isInProgress
      case .inferred: return service.isInferred
      case .root: return service.isRoot
      case .remote: return Self.isRemote(document)
      case .first: return service.documents.first == index
      case .last: return service.documents.last == index
      }
    case .number(let number, let comparison, let value):
      switch number {
      case .responseTime, .duration: return comparison.holds(Double(document.durationNanoseconds) / 1e9, value)
      case .httpStatus: return document.http.status.map { comparison.holds(Double($0), value) } ?? false
      case .index: return service.documents.firstIndex(of: index).map { comparison.holds(Double($0), value) } ?? false
      case .coverage: return false
      }
    case .text(.name, let test): return Self.any([service.name], test)
    case .text(.type, let test): return Self.any(service.type.map { [$0] } ?? [], test)
    case .text(let text, let test): return Self.any(Self.texts(document, text), test)
    case .field, .service, .edge, .group, .rootCause, .rootCauseJSON: return trace(expression)
    }
  }

  private func edge(_ edge: TraceStory.Edge, _ source: ServiceSelector, _ target: ServiceSelector, _ inner: FilterExpression?) -> Bool {
    let callee = story.services[edge.target]
    guard target.matches(name: callee.name, type: callee.type, accountID: callee.accountID) else { return false }
    if let place = edge.source {
      let caller = story.services[place]
      guard source.matches(name: caller.name, type: caller.type, accountID: caller.accountID) else { return false }
    } else {
      // The client has the name of the service that it calls; "client" names it too.
      guard source.name == nil || source.name == "client" || source.name == callee.name else { return false }
      guard source.type == nil || source.type == "client", source.accountID == nil else { return false }
      // A name alone means a service, and a service does not call itself from outside.
      if source.name == callee.name, source.type == nil { return false }
    }
    guard let inner else { return true }
    return document(inner, edge.document, callee)
  }

  static func isRemote(_ document: SegmentDocument) -> Bool { document.namespace == "remote" || document.namespace == "aws" }

  private static func http(_ document: SegmentDocument, _ text: FilterText) -> [String] {
    let value =
      switch text {
      case .url: document.http.url
      case .method: document.http.method
      case .userAgent: document.http.userAgent
      default: document.http.clientAddress
      }
    return value.map { [$0] } ?? []
  }

  private static func texts(_ document: SegmentDocument, _ text: FilterText) -> [String] {
    switch text {
    case .url, .method, .userAgent, .clientAddress: return http(document, text)
    case .user: return document.user.map { [$0] } ?? []
    case .name: return [document.name]
    case .type: return document.origin.map { [$0] } ?? []
    case .message: return document.exceptions.compactMap(\.message)
    case .availabilityZone: return document.aws.availabilityZone.map { [$0] } ?? []
    case .instanceID: return document.aws.instanceID.map { [$0] } ?? []
    case .resourceARN: return document.aws.resourceARNs
    }
  }

  static func any(_ texts: [String], _ test: FilterTest) -> Bool { any(texts.map { FieldValue.string($0) }, test) }

  static func any(_ values: [FieldValue], _ test: FilterTest) -> Bool {
    switch test {
    case .isSet: return !values.isEmpty
    case .compare(let comparison, let wanted): return values.contains { compares($0, comparison, wanted) }
    case .match(let match, let text): return values.contains { matchesText($0.text, match, text) }
    }
  }
}
