// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnFormats

/// The bounds of CloudWatch's service model, for metrics and alarms; by members' names as with `LogsBounds`.
///
/// Source: botocore, cloudwatch/2010-08-01. `Tests/e2e/test_cloudwatch_strict.py` tries each bound of that model.
enum MetricsBounds {
  typealias Shape = ModelBounds.Shape
  typealias Member = ModelBounds.Member

  static let bounds = ModelBounds.ByName(
    table: table, exceptions: exceptions,
    required: ["DescribeAlarmContributors": ["AlarmName"], "TagResource": ["Tags"], "UntagResource": ["TagKeys"]])

  /// Some operations' model has an error of its own for a value that may not be.
  static func refusal(of operation: String) -> LogsError.Kind {
    ["PutMetricData", "GetMetricStatistics", "ListMetrics", "ListDashboards"].contains(operation) ? .invalidParameterValue : .validationError
  }

  static let units =
    ["Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits"]
    + ["Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second"]
    + ["Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None"]

  private static let table: [String: Shape] = [
    "ActionPrefix": .text(1...1_024), "ActionsSuppressor": .text(1...1_600), "AlarmActions": actions, "AlarmContributorId": .text(1...16),
    "AlarmDescription": .text(0...1_024), "AlarmName": alarmName, "AlarmNamePrefix": alarmName, "AlarmNames": .list(0...100, of: alarmName),
    "AlarmRule": .text(1...10_240), "AlarmTypes": .list(0...Int.max, of: .oneOf(["CompositeAlarm", "MetricAlarm", "LogAlarm"])),
    "ChildrenOfAlarmName": alarmName,
    "ComparisonOperator": .oneOf(
      MetricsDesk.comparisons.keys.sorted() + ["LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"]),
    "DatapointsToAlarm": positive, "Dimensions": dimensions, "EvaluateLowSampleCountPercentile": .text(1...255), "EvaluationPeriods": positive,
    "ExtendedStatistics": .list(0...10, of: .text(0...Int.max)),
    "EntityMetricData": .list(0...Int.max, of: .object([Member(name: "Entity", shape: entity), Member(name: "MetricData", shape: data)])),
    "HistoryItemType": .oneOf(["ConfigurationUpdate", "StateUpdate", "Action", "AlarmContributorStateUpdate", "AlarmContributorAction"]),
    "InsufficientDataActions": actions, "MaxRecords": .count(1...100), "MetricData": data,
    "MetricDataQueries": queries, "MetricName": name, "Metrics": queries, "Namespace": namespace, "OKActions": actions,
    "OwningAccount": .text(1...255), "ParentsOfAlarmName": alarmName, "Period": positive, "RecentlyActive": .oneOf(["PT3H"]),
    "ResourceARN": .text(1...1_024), "ScanBy": .oneOf(["TimestampDescending", "TimestampAscending"]), "StateReason": .text(0...1_023),
    "StateReasonData": .text(0...4_000), "StateValue": .oneOf(MetricsDesk.states), "Statistic": statistic,
    "Statistics": .list(0...5, of: statistic), "TagKeys": .list(0...Int.max, of: tagKey), "Tags": .list(0...Int.max, of: .object(tag)),
    "ThresholdMetricId": .text(1...255), "TreatMissingData": .text(1...255), "Unit": unit,
  ]

  private static let exceptions: [String: Shape] = [
    "ListMetrics.Dimensions": .list(
      0...10, of: .object([Member(name: "Name", shape: name, isRequired: true), Member(name: "Value", shape: .text(1...1_024))]))
  ]

  private static let name = Shape.text(1...255)
  private static let alarmName = Shape.text(1...255)
  private static let namespace = Shape.pattern(1...255, ModelPattern("(?s)[^:].*"))
  private static let positive = Shape.count(1...Int64(Int32.max))
  private static let unit = Shape.oneOf(units)
  private static let statistic = Shape.oneOf(["SampleCount", "Average", "Sum", "Minimum", "Maximum"])
  private static let actions = Shape.list(0...5, of: .text(1...1_024))
  private static let tagKey = Shape.text(1...128)
  private static let tag = [Member(name: "Key", shape: tagKey, isRequired: true), Member(name: "Value", shape: .text(0...256), isRequired: true)]
  private static let dimensions = Shape.list(
    0...30,
    of: .object([Member(name: "Name", shape: name, isRequired: true), Member(name: "Value", shape: .text(1...1_024), isRequired: true)]))
  private static let data = Shape.list(
    0...Int.max,
    of: .object([
      Member(name: "MetricName", shape: name, isRequired: true), Member(name: "Dimensions", shape: dimensions), Member(name: "Unit", shape: unit),
      Member(name: "StatisticValues", shape: .object(["SampleCount", "Sum", "Minimum", "Maximum"].map { Member(name: $0, shape: .number, isRequired: true) })),
      Member(name: "StorageResolution", shape: positive),
    ]))
  private static let entity = Shape.object([
    Member(name: "KeyAttributes", shape: .map(2...4, key: .text(1...32), value: .text(1...2_048))),
    Member(name: "Attributes", shape: .map(0...10, key: .text(1...256), value: .text(1...2_048))),
  ])
  private static let queries = Shape.list(
    0...Int.max,
    of: .object([
      Member(name: "Id", shape: name, isRequired: true),
      Member(
        name: "MetricStat",
        shape: .object([
          Member(
            name: "Metric",
            shape: .object([
              Member(name: "Namespace", shape: namespace), Member(name: "MetricName", shape: name), Member(name: "Dimensions", shape: dimensions),
            ]), isRequired: true),
          Member(name: "Period", shape: positive, isRequired: true), Member(name: "Stat", shape: .text(0...Int.max), isRequired: true),
          Member(name: "Unit", shape: unit),
        ])),
      Member(name: "Expression", shape: .text(1...2_048)), Member(name: "Period", shape: positive), Member(name: "AccountId", shape: name),
    ]))
}
