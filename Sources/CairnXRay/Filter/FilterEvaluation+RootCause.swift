// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnFormats
internal import CairnPlan

// Root causes: services, entities and exceptions on the ways of `TraceStory.rootCauses`, and causes as JSON.

extension FilterEvaluation {
  /// Something that can be counted along a way: what keywords in braces look at.
  private struct Element {
    var name: String
    var type: String?
    var message: String?
    var coverage: Double?
    var isRemote = false
    var isInferred = false
    var isRoot = false
    var index: Int
    var count: Int
  }

  func rootCause(_ cause: RootCause, _ part: RootCausePart, _ inner: FilterExpression?) -> Bool {
    let elements = elements(cause, part)
    guard let inner else { return !elements.isEmpty }
    return elements.contains { passes(inner, $0) }
  }

  func rootCauseJSON(_ wanted: JSONValue) -> Bool {
    let found = RootCauseKind.allCases.flatMap { story.rootCauses($0) }.map(\.json)
    let list = wanted.array ?? [wanted]
    return list.allSatisfy { (one) in found.contains { RootCause.matches(one, $0) } }
  }

  private func elements(_ cause: RootCause, _ part: RootCausePart) -> [Element] {
    let services = cause.services
    switch part {
    case .service:
      return services.enumerated().map { (index, service) in
        Element(
          name: service.name, type: service.type, isInferred: service.isInferred, isRoot: index == 0 && cause.isClientImpacting,
          index: index, count: services.count)
      }
    case .entity:
      let entities = services.flatMap { (service) in service.entities.map { (service, $0) } }
      return entities.enumerated().map { (index, pair) in
        Element(
          name: pair.1.name, type: pair.0.type, message: pair.1.exceptions.first?.message, coverage: pair.1.coverage,
          isRemote: pair.1.isRemote, isInferred: pair.0.isInferred, isRoot: index == 0 && cause.isClientImpacting, index: index,
          count: entities.count)
      }
    case .exception:
      let exceptions = services.flatMap(\.entities).flatMap(\.exceptions)
      return exceptions.enumerated().map { (index, exception) in
        Element(
          name: exception.type ?? "", type: exception.type, message: exception.message, isRemote: exception.isRemote, index: index,
          count: exceptions.count)
      }
    }
  }

  private func passes(_ expression: FilterExpression, _ element: Element) -> Bool {
    switch expression {
    case .all(let parts): return parts.allSatisfy { passes($0, element) }
    case .any(let parts): return parts.contains { passes($0, element) }
    case .not(let part): return !passes(part, element)
    case .flag(.first): return element.index == 0
    case .flag(.last): return element.index == element.count - 1
    case .flag(.remote): return element.isRemote
    case .flag(.inferred): return element.isInferred
    case .flag(.root): return element.isRoot
    case .number(.index, let comparison, let value): return comparison.holds(Double(element.index), value)
    case .number(.coverage, let comparison, let value): return element.coverage.map { comparison.holds($0, value) } ?? false
    case .text(.name, let test): return Self.any([element.name], test)
    case .text(.type, let test): return Self.any(element.type.map { [$0] } ?? [], test)
    case .text(.message, let test): return Self.any(element.message.map { [$0] } ?? [], test)
    default: return trace(expression)
    }
  }
}
