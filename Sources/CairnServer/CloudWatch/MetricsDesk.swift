// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnColumns
import CairnFormats
import CairnPlan

/// CloudWatch's metrics: taken in, listed, and asked by statistics over periods.
struct MetricsDesk: Sendable {
  let state: ServerState
  let logs: LogsDesk
  var registry: LogRegistry { state.logs }

  init(state: ServerState) {
    self.state = state
    logs = LogsDesk(state: state)
  }

  /// Every operation of CloudWatch metrics and alarms that is served.
  var operations: [LogsOperation] { metricOperations + alarmOperations + compositeOperations + dashboardOperations }

  private var metricOperations: [LogsOperation] {
    [
      LogsOperation("PutMetricData", .ingest) { (call) async throws(LogsError) in try await putData(call) },
      LogsOperation("ListMetrics", .query) { (call) async throws(LogsError) in try await listMetrics(call) },
      LogsOperation("GetMetricStatistics", .query) { (call) async throws(LogsError) in try await getStatistics(call) },
      LogsOperation("GetMetricData", .query) { (call) async throws(LogsError) in try await getData(call) },
    ]
  }

  static let bucketCountMax = 100_000
  static let periodSecondsMax: Int64 = 366 * 86_400

  // MARK: In

  private func putData(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    guard let namespace = call.input["Namespace"]?.string, !namespace.isEmpty else {
      throw LogsError(.missingParameter, "The parameter Namespace is required.")
    }
    if namespace.hasPrefix("AWS/") {
      throw LogsError(.invalidParameterValue, "The value AWS/ for parameter Namespace is invalid.")
    }
    var data = call.input["MetricData"]?.array ?? []
    for entity in call.input["EntityMetricData"]?.array ?? [] { data += entity["MetricData"]?.array ?? [] }
    guard !data.isEmpty else { throw LogsError(.missingParameter, "The parameter MetricData is required.") }
    guard data.count <= 1000 else {
      throw LogsError(.invalidParameterValue, "The collection MetricData must not have a size greater than 1000.")
    }
    var points: [MetricPoint] = []
    for datum in data { points += try Self.points(datum.with("Namespace", .string(namespace)), call) }
    let outcome = try await logs.keep(points, call)
    logs.note(outcome, .metrics, call)
    guard outcome.rejectedCount == 0 else {
      throw LogsError(.invalidParameterValue, "\(outcome.rejectedCount) values were not kept, by their Timestamp: \(outcome.rejectionReason)")
    }
    return .nothing
  }

  private static func points(_ datum: JSONValue, _ call: LogsCall) throws(LogsError) -> [MetricPoint] {
    let metric = try MetricName(datum)
    var base = MetricPoint(
      namespace: metric.namespace, name: metric.name,
      timeUnixMilliseconds: (datum["Timestamp"]?.looseTime ?? call.nowUnixNanoseconds) / 1_000_000, value: 0)
    base.unit = datum["Unit"]?.string ?? "None"
    base.dimensions = metric.dimensions
    func point(_ value: Double, _ count: Double = 1) throws(LogsError) -> MetricPoint {
      guard value.isFinite, count >= 0, count < 2e9 else {
        throw LogsError(.invalidParameterValue, "The value \(value) for parameter MetricData.member.1.Value is invalid.")
      }
      var point = base
      point.value = value
      point.count = max(1, Int(count.rounded()))
      return point
    }
    let given = ["Value", "Values", "StatisticValues"].filter { datum[$0] != nil }
    guard given.count <= 1 else {
      throw LogsError(.invalidParameterCombination, "The parameters MetricData.member.1.\(given[0]) and MetricData.member.1.\(given[1]) are mutually exclusive and you have specified both.")
    }
    if let value = datum["Value"]?.looseNumber { return [try point(value)] }
    if let values = datum["Values"]?.array {
      let counts = datum["Counts"]?.array?.map { $0.looseNumber ?? 1 } ?? values.map { _ in 1 }
      guard counts.count == values.count, values.count <= 150 else {
        throw LogsError(
          .invalidParameterValue, "The parameters MetricData.member.1.Values and Counts must have the same size, at most 150.")
      }
      var points: [MetricPoint] = []
      for (value, count) in zip(values, counts) where count > 0 { points.append(try point(value.looseNumber ?? .nan, count)) }
      return points
    }
    guard let set = datum["StatisticValues"], let count = set["SampleCount"]?.looseNumber, let sum = set["Sum"]?.looseNumber,
      let least = set["Minimum"]?.looseNumber, let most = set["Maximum"]?.looseNumber, count >= 1
    else {
      throw LogsError(.missingParameter, "At least one of the parameters must be specified: Value, Values, StatisticValues.")
    }
    // The set is kept as values that have the same count, sum, minimum and maximum.
    if count < 2 { return [try point(sum / count, count)] }
    let middle = count - 2
    let ends = [try point(least), try point(most)]
    return middle < 1 ? ends : ends + [try point((sum - least - most) / middle, middle)]
  }

  // MARK: Out

  func scope(_ call: LogsCall, _ namespace: String?, _ time: TimeRange) -> Scope {
    Scope(environment: call.environment, datasets: namespace.map { .named([$0]) } ?? .all, time: time)
  }

  static let isPoint = Filter.exists(column: MetricField.dimensions)

  private func listMetrics(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let hours: Int64 = try call.optionalText("RecentlyActive") != nil ? 3 : 14 * 24
    let time = TimeRange(startUnixNanoseconds: call.nowUnixNanoseconds - hours * 3_600_000_000_000, endUnixNanoseconds: .max)
    var parts: [Filter] = []
    if let name = call.input["MetricName"]?.string { parts.append(.compare(column: MetricField.name, .equal, .string(name))) }
    for dimension in call.input["Dimensions"]?.array ?? [] {
      guard let name = dimension["Name"]?.string else { throw LogsError(.invalidParameterValue, "A dimension has a Name.") }
      let column = MetricField.dimensionPrefix + name
      parts.append(dimension["Value"]?.string.map { .compare(column: column, .equal, .string($0)) } ?? .exists(column: column))
    }
    let found = try await known(call, namespace: call.input["Namespace"]?.string, time, parts)
    let key: (MetricName) -> String = { "\($0.namespace)\u{1}\($0.name)\u{1}\(MetricPoint.key($0.dimensions))" }
    let (page, next) = try call.page(found.sorted { precedes(key($0), key($1)) }, limit: 500, token: "NextToken", refusal: .invalidParameterValue, key: key)
    return .object { writer in
      writer.objects("Metrics", page) {
        $0.member("Namespace", $1.namespace)
        $0.member("MetricName", $1.name)
        $0.member("Dimensions", MetricName.dimensionList($1.dimensions))
      }
      writer.member("NextToken", ifPresent: next)
    }
  }

  /// The metrics that have values in a time.
  func known(_ call: LogsCall, namespace: String?, _ time: TimeRange, _ parts: [Filter] = []) async throws(LogsError) -> [MetricName] {
    let plan = Plan(
      scope: scope(call, namespace, time), filter: .all([Self.isPoint] + parts),
      breakdowns: [FieldName.dataset, MetricField.name, MetricField.dimensions], calculations: [.count], limit: 10_000)
    let answer = try await logs.ask { store throws(QueryError) in try await store.run(plan) }
    var found: [MetricName] = []
    for row in 0..<answer.rowCount where answer.columns.count == 4 {
      guard let namespace = answer.columns[0].values[row]?.text, let name = answer.columns[1].values[row]?.text else { continue }
      found.append(MetricName(namespace: namespace, name: name, dimensions: MetricPoint.dimensions(ofKey: answer.columns[2].values[row]?.text ?? "")))
    }
    return found
  }

  /// StartTime and EndTime of a call.
  func span(_ call: LogsCall) throws(LogsError) -> TimeRange {
    guard let start = call.input["StartTime"]?.looseTime else { throw LogsError(.missingParameter, "The parameter StartTime is required.") }
    guard let end = call.input["EndTime"]?.looseTime else { throw LogsError(.missingParameter, "The parameter EndTime is required.") }
    guard start < end else {
      throw LogsError(.invalidParameterCombination, "The parameter StartTime must be less than the parameter EndTime.")
    }
    return TimeRange(startUnixNanoseconds: start, endUnixNanoseconds: end)
  }

  /// The span from the start of a period on.
  func aligned(_ span: TimeRange, _ periodSeconds: Int64) throws(LogsError) -> TimeRange {
    let (start, end) = (span.startUnixNanoseconds, span.endUnixNanoseconds)
    guard start >= 0, periodSeconds >= 1, periodSeconds <= Self.periodSecondsMax,
      (end - start) / (periodSeconds * 1_000_000_000) <= Int64(Self.bucketCountMax)
    else {
      throw LogsError(.invalidParameterCombination, "The period and the time range ask for more datapoints than there may be.")
    }
    let step = periodSeconds * 1_000_000_000
    return TimeRange(startUnixNanoseconds: start / step * step, endUnixNanoseconds: end)
  }

  private func getStatistics(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let metric = try MetricName(call.input)
    guard let period = call.input["Period"]?.looseInteger, period >= 1, [1, 5, 10, 20, 30].contains(period) || period % 60 == 0 else {
      throw LogsError(.invalidParameterValue, "The parameter Period must be 1, 5, 10, 30 or a multiple of 60.")
    }
    let names = (call.input["Statistics"]?.array ?? []).compactMap(\.string)
    let extended = (call.input["ExtendedStatistics"]?.array ?? []).compactMap(\.string)
    guard !(names + extended).isEmpty else {
      throw LogsError(.missingParameter, "At least one of the parameters must be specified: Statistics, ExtendedStatistics.")
    }
    var statistics: [MetricStatistic] = []
    for name in names + extended {
      guard let statistic = MetricStatistic(name) else {
        throw LogsError(.invalidParameterValue, "The statistic '\(name)' is not known.")
      }
      statistics.append(statistic)
    }
    let time = try aligned(try span(call), period)
    // Values of several units have nothing to do with each other: each unit has datapoints of its own.
    let units = if let unit = call.input["Unit"]?.string { [unit] } else { try await units(call, metric, time) }
    var found: [(unit: String, entry: Period)] = []
    for unit in units {
      let entries = try await values(call, metric, statistics, unit: unit, periodSeconds: period, time)
      found += entries.map { (unit, $0) }
    }
    let datapoints = found
    return .object { writer in
      writer.member("Label", metric.name)
      writer.objects("Datapoints", datapoints) { writer, datapoint in
        let entry = datapoint.entry
        writer.member("Timestamp", Double(entry.startUnixNanoseconds) / 1e9)
        for (index, name) in names.enumerated() { writer.member(name, ifPresent: entry.values[index]) }
        writer.member("Unit", datapoint.unit)
        guard !extended.isEmpty else { return }
        writer.key("ExtendedStatistics")
        writer.beginObject()
        for (index, name) in extended.enumerated() { writer.member(name, ifPresent: entry.values[names.count + index]) }
        writer.endObject()
      }
    }
  }

  /// The units that a metric's values of a time have.
  private func units(_ call: LogsCall, _ metric: MetricName, _ time: TimeRange) async throws(LogsError) -> [String] {
    let plan = Plan(
      scope: scope(call, metric.namespace, time), filter: .all([Self.isPoint, metric.filter]), breakdowns: [MetricField.unit],
      calculations: [.count], limit: MetricsBounds.units.count)
    let answer = try await logs.ask { store throws(QueryError) in try await store.run(plan) }
    return Set(answer.columns.first?.values.map { $0?.text ?? "None" } ?? []).sorted(by: precedes)
  }
}
