// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
public import CairnPlan

extension FilterExpression {
  /// Conditions that every passing trace meets: for each filter at least one of its events passes. They only prune; `passes` decides.
  ///
  /// `metadataColumns` are the names of the columns under `metadata.`: a key may come from any namespace.
  public func candidates(metadataColumns: [String] = []) -> [Filter] { FilterCandidates(metadataColumns: metadataColumns).trace(self) }

  /// True if a key of metadata is asked for, so that the names of its columns are needed.
  public var asksForMetadata: Bool {
    switch self {
    case .all(let parts), .any(let parts): parts.contains(where: \.asksForMetadata)
    case .not(let part): part.asksForMetadata
    case .field(.metadata, _, _): true
    default: false
    }
  }

  /// The expression with what groups stand for in their places; nil from `resolve` is a group that is not there.
  public func resolvingGroups<Failure: Error>(
    _ resolve: (GroupReference) throws(Failure) -> FilterExpression
  ) throws(Failure) -> FilterExpression {
    switch self {
    case .all(let parts):
      var resolved: [FilterExpression] = []
      for part in parts { resolved.append(try part.resolvingGroups(resolve)) }
      return .all(resolved)
    case .any(let parts):
      var resolved: [FilterExpression] = []
      for part in parts { resolved.append(try part.resolvingGroups(resolve)) }
      return .any(resolved)
    case .not(let part): return .not(try part.resolvingGroups(resolve))
    case .group(let reference): return try resolve(reference)
    default: return self
    }
  }
}

/// Turns an expression into filters of single events. An empty list prunes nothing.
private struct FilterCandidates {
  let metadataColumns: [String]
  private let rules = ServiceGraphRules.xray

  func trace(_ expression: FilterExpression) -> [Filter] {
    switch expression {
    case .all(let parts): return parts.flatMap { trace($0) }
    case .any(let parts):
      var firsts: [Filter] = []
      for part in parts {
        guard let first = trace(part).first else { return [] }
        firsts.append(first)
      }
      return firsts.isEmpty ? [] : [.any(firsts)]
    case .not(.flag(.ok)): return [.any([rules.isFault, rules.isError, rules.isThrottle])]
    case .not: return []
    case .flag(let flag): return self.flag(flag)
    case .number(let number, let comparison, let value): return self.number(number, comparison, value)
    case .text(let text, let test): return self.text(text, test)
    case .field(let field, let key, let test): return self.field(field, key, test)
    case .service(let selector, let inner): return service(selector) + (inner.map { trace($0) } ?? [])
    case .edge(let source, let target, let inner):
      let outside = source.type == "client" || source.name == "client"
      return (outside ? [] : service(source)) + service(target) + (inner.map { trace($0) } ?? [])
    case .group: return []
    case .rootCause(let kind, _, _): return kind == .fault ? [rules.isFault] : kind == .error ? [rules.isError] : []
    case .rootCauseJSON: return []
    }
  }

  private func flag(_ flag: FilterFlag) -> [Filter] {
    switch flag {
    case .fault: [rules.isFault]
    case .error: [rules.isError]
    case .throttle: [rules.isThrottle]
    case .partial: [rules.isPartial]
    case .ok, .inferred, .first, .last, .remote, .root: []
    }
  }

  private func number(_ number: FilterNumber, _ comparison: Comparison, _ value: Double) -> [Filter] {
    switch number {
    case .responseTime:
      guard comparison == .greater || comparison == .greaterOrEqual || comparison == .equal, value > 0 else { return [] }
      // Documents have whole nanoseconds: a little less than asked for loses none.
      return [.compare(column: FieldName.durationMilliseconds, .greaterOrEqual, .float(value * 1000 * (1 - 1e-9) - 1e-5))]
    case .httpStatus:
      return [
        any([SegmentField.status, "http.status_code"]) { (column) in
          comparison == .notEqual ? .exists(column: column) : .compare(column: column, comparison, .float(value))
        }
      ]
    case .duration, .index, .coverage: return []
    }
  }

  private func text(_ text: FilterText, _ test: FilterTest) -> [Filter] {
    switch text {
    case .url:
      // A span's URL may be put together from its parts.
      return [.any([any([SegmentField.url, "http.url"]) { leaf($0, test) }, .exists(column: "url.path"), .exists(column: "http.target")])]
    case .method: return [any([SegmentField.method, "http.method"]) { leaf($0, test) }]
    case .userAgent: return [any([SegmentField.userAgent, "http.user_agent"]) { leaf($0, test) }]
    case .clientAddress: return [any([SegmentField.clientAddress, "http.client_ip"]) { leaf($0, test) }]
    case .user: return [any([SegmentField.user, "enduser.id"]) { leaf($0, test) }]
    case .message: return [leaf(SegmentField.exceptionMessage, test)]
    case .instanceID: return [any([SegmentField.awsPrefix + "ec2.instance_id", "host.id"]) { leaf($0, test) }]
    case .availabilityZone: return [any([SegmentField.awsPrefix + "ec2.availability_zone", "cloud.availability_zone"]) { leaf($0, test) }]
    case .name, .type, .resourceARN: return []
    }
  }

  private func field(_ field: FilterField, _ key: String, _ test: FilterTest) -> [Filter] {
    switch field {
    case .annotation: return [any([SegmentField.annotationPrefix + key, key]) { leaf($0, test) }]
    case .metadata:
      let prefix = SegmentField.metadataPrefix
      var columns = metadataColumns.filter { (column) in
        guard column.hasPrefix(prefix) else { return false }
        let path = String(column.dropFirst(prefix.count))
        return path == key || FilterEvaluation.isKey(key, ofPath: path)
      }
      // A span's resource, and its name, are metadata of its document.
      for resource in ["default.otel.resource.", "otel.resource."] where key.hasPrefix(resource) {
        columns.append(String(key.dropFirst(resource.count)))
      }
      if key.hasSuffix("otel.span.name") { columns.append(FieldName.name) }
      return [any(columns) { leaf($0, test) }]
    }
  }

  /// Some event names the service, its own or one that it calls.
  private func service(_ selector: ServiceSelector) -> [Filter] {
    guard let name = selector.name else { return [] }
    let parts = ServiceGraphRules.namingColumns.map { (naming) -> Filter in
      switch naming.form {
      case .host: .text(column: naming.column, .contains, name)
      case .text:
        naming.column == "aws.dynamodb.table_names"
          ? .text(column: naming.column, .contains, name) : .compare(column: naming.column, .equal, .string(name))
      }
    }
    return [.any(parts + [.compare(column: FieldName.dataset, .equal, .string(name))])]
  }

  private func any(_ columns: [String], _ leaf: (String) -> Filter) -> Filter { .any(columns.map(leaf)) }

  private func leaf(_ column: String, _ test: FilterTest) -> Filter {
    switch test {
    case .isSet, .compare(.notEqual, _): .exists(column: column)
    case .compare(let comparison, let value): .compare(column: column, comparison, value)
    case .match(let match, let text): .text(column: column, match, text)
    }
  }
}

extension FilterExpression {
  /// True if `candidates` decides as `passes` does, so that traces need not be read one by one: annotations alone, joined by AND.
  public var isExactByCandidates: Bool {
    switch self {
    case .all(let parts): parts.count <= 8 && parts.allSatisfy(\.isExactByCandidates)
    case .field(.annotation, let key, let test):
      test.isPositive && !Self.mappedPrefixes.contains { key.hasPrefix($0) }
    default: false
    }
  }

  /// Attributes of spans with these names may be parts of a document other than annotations.
  private static let mappedPrefixes = [
    "http.", "url.", "db.", "aws.", "cloud.", "service.", "telemetry.", "process.", "host.", "os.", "container.", "k8s.", "thread.", "meta.",
    "exception.", "library.", "net.", "server.", "client.", "messaging.", "rpc.", "peer.", "enduser.", "user", "span.", "trace.", "faas.",
    "status_", "duration_ms", "error", "name", "type", "dataset", "is_root", "SampleRate", "annotation.", "metadata.", "xray.",
  ]
}

extension FilterTest {
  fileprivate var isPositive: Bool {
    if case .compare(.notEqual, _) = self { return false }
    return true
  }
}
