// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnFormats

/// A MetricDataQuery: a metric with a statistic, or an expression over the others.
struct MetricQuery: Sendable {
  struct Source: Sendable {
    var metric: MetricName
    var statistic: MetricStatistic
    var statisticName: String
    var periodSeconds: Int64
    var unit: String?
  }
  enum Kind: Sendable {
    case metric(Source)
    case expression(MetricMath, text: String)
  }
  var id: String
  var label: String?
  var isReturned: Bool
  var periodSeconds: Int64?
  var kind: Kind

  static let countMax = 500

  /// All of a call's queries, each id once.
  static func all(_ values: [JSONValue]) throws(LogsError) -> [MetricQuery] {
    guard values.count <= countMax else {
      throw LogsError(.validationError, "The collection MetricDataQueries must not have a size greater than 500.")
    }
    var queries: [MetricQuery] = []
    var ids: Set<String> = []
    for value in values {
      let query = try MetricQuery(value)
      guard ids.insert(query.id).inserted else { throw LogsError(.validationError, "The id '\(query.id)' is used more than once.") }
      queries.append(query)
    }
    return queries
  }

  private init(_ value: JSONValue) throws(LogsError) {
    guard let id = value["Id"]?.string else { throw LogsError(.missingParameter, "The parameter Id is required.") }
    guard let first = id.utf8.first, (0x61...0x7a).contains(first), id.utf8.count <= 255,
      id.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x5f })
    else {
      throw LogsError(.validationError, "The value '\(id.prefix(255))' for parameter Id must start with a lowercase letter and have letters, digits and _ alone.")
    }
    self.id = id
    label = value["Label"]?.string
    isReturned = value["ReturnData"]?.looseBoolean ?? true
    periodSeconds = value["Period"]?.looseInteger
    switch (value["MetricStat"], value["Expression"]?.string) {
    case (let stat?, nil):
      guard let metric = stat["Metric"], let name = stat["Stat"]?.string, let statistic = MetricStatistic(name),
        let period = stat["Period"]?.looseInteger, period >= 1
      else { throw LogsError(.validationError, "The query '\(id)' has no Metric, no Period, or a Stat that is not known.") }
      let source = Source(
        metric: try MetricName(metric), statistic: statistic, statisticName: name, periodSeconds: period, unit: stat["Unit"]?.string)
      kind = .metric(source)
    case (nil, let text?):
      do throws(MetricMathError) {
        kind = .expression(try MetricMath(text), text: text)
      } catch {
        throw LogsError(.validationError, "Error in expression '\(id)': \(error.message)")
      }
    default: throw LogsError(.validationError, "The query '\(id)' has to have either a MetricStat or an Expression.")
    }
  }

  /// The query as answers show it, numbers as numbers.
  var document: JSONValue {
    var members = [JSONMember("Id", .string(id))]
    switch kind {
    case .metric(let source):
      var stat = [
        JSONMember(
          "Metric",
          .object([
            JSONMember("Namespace", .string(source.metric.namespace)), JSONMember("MetricName", .string(source.metric.name)),
            JSONMember("Dimensions", MetricName.dimensionList(source.metric.dimensions)),
          ])), JSONMember("Period", .integer(source.periodSeconds)), JSONMember("Stat", .string(source.statisticName)),
      ]
      if let unit = source.unit { stat.append(JSONMember("Unit", .string(unit))) }
      members.append(JSONMember("MetricStat", .object(stat)))
    case .expression(_, let text): members.append(JSONMember("Expression", .string(text)))
    }
    if let label { members.append(JSONMember("Label", .string(label))) }
    if let periodSeconds { members.append(JSONMember("Period", .integer(periodSeconds))) }
    return .object(members + [JSONMember("ReturnData", .boolean(isReturned))])
  }
}
