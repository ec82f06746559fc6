// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnFormats

/// The bounds of CloudWatch Logs' service model. A member has the same bounds in nearly every operation, so the table goes by members'
/// names, and names the operations that differ.
///
/// Whether a member must be there is its operation's matter. Source: botocore, logs/2014-03-28. `Tests/e2e/test_cloudwatch_strict.py` tries
/// each bound of that model; what is wider here than at AWS is named there and in docs/doors/cloudwatch.md.
enum LogsBounds {
  typealias Shape = ModelBounds.Shape
  typealias Member = ModelBounds.Member

  static let bounds = ModelBounds.ByName(
    table: table, exceptions: exceptions,
    required: [
      "TagLogGroup": ["tags"], "TagResource": ["tags"], "UntagLogGroup": ["tags"], "UntagResource": ["tagKeys"],
      "UpdateLogAnomalyDetector": ["enabled"],
    ])

  private static let table: [String: Shape] = [
    "accessPolicy": anyText, "accountIdentifiers": .list(0...20, of: .pattern(12...12, ModelPattern(#"\d{12}"#))),
    "anomalyDetectorArn": identifier, "anomalyId": .text(36...36), "anomalyVisibilityTime": .count(7...90),
    "clientToken": .pattern(36...128, ModelPattern(#"\S{36,128}"#)),
    "dataSources": .list(0...5, of: .object([Member(name: "name", shape: .text(0...Int.max), isRequired: true)])),
    "deliveryDestinationConfiguration": .object([Member(name: "destinationResourceArn", shape: .text(0...Int.max), isRequired: true)]),
    "deliveryDestinationName": shortName, "deliveryDestinationPolicy": .text(1...51_200),
    "deliveryDestinationType": .oneOf(["S3", "CWL", "FH", "XRAY"]),
    "deliverySourceConfiguration": .map(0...Int.max, key: .text(1...255), value: .text(1...255)), "deliverySourceName": shortName,
    "deliverySourceNames": .list(1...20, of: shortName), "description": .text(0...1_024), "destination": .text(1...512),
    "destinationArn": anyText, "destinationName": streamName, "detectorName": anyText,
    "DestinationNamePrefix": streamName, "distribution": .oneOf(["Random", "ByLogStream"]),
    "evaluationFrequency": .oneOf(["ONE_MIN", "FIVE_MIN", "TEN_MIN", "FIFTEEN_MIN", "THIRTY_MIN", "ONE_HOUR"]),
    "expectedRevisionId": anyText, "fieldDelimiter": .text(0...5), "fieldIndexNames": .list(0...20, of: groupName),
    "fieldSelectionCriteria": .text(0...2_000), "filterLogGroupArn": identifier, "filterName": streamName, "filterNamePrefix": streamName,
    "filterPattern": .text(0...1_024), "id": .pattern(1...64, ModelPattern("[0-9A-Za-z]+")),
    "indexCategories": .list(0...4, of: .oneOf(["DEFAULT", "CUSTOM", "AUTO", "INACTIVE"])), "kmsKeyId": .text(0...256),
    "logEventFilterPattern": .text(0...1_024), "logEventMessages": .list(1...50, of: anyText), "logGroupArnList": .list(0...Int.max, of: identifier),
    "logGroupClass": .oneOf(LogGroup.classes), "logGroupIdentifier": identifier, "logGroupIdentifiers": .list(0...Int.max, of: identifier),
    "logGroupName": groupName, "logGroupNamePrefix": groupName, "logGroupNames": .list(0...Int.max, of: groupName),
    "logGroupTags": .list(
      0...5,
      of: .object([
        Member(name: "key", shape: tagKey, isRequired: true),
        Member(name: "values", shape: .list(0...5, of: .pattern(0...259, ModelPattern(#"!?\*?([\p{L}\p{Z}\p{N}_.:/=+\-@]*)\*?"#)))),
      ])),
    "logObjectPointer": .text(1...512), "logRecordPointer": .text(1...4_096), "logStreamName": streamName,
    "logStreamNamePrefix": streamName, "logStreamNamePrefixes": .list(0...100, of: streamName), "logStreamNames": .list(0...100, of: streamName), "logType": .pattern(1...255, ModelPattern(#"[\w]*"#)),
    "lookupTableArn": .text(1...2_048), "lookupTableName": tableName, "lookupTableNamePrefix": tableName,
    "metricName": metricName, "metricNamespace": metricName,
    "metricTransformations": .list(1...1, of: .object(transformation)), "name": shortName, "names": .list(1...20, of: shortName),
    "nextToken": .text(1...4_096), "orderBy": .oneOf(["LogStreamName", "LastEventTime"]),
    "outputFormat": .oneOf(["json", "plain", "w3c", "raw", "parquet"]), "parameters": .list(0...20, of: .object(parameter)),
    "patternId": .text(32...32), "policyScope": .oneOf(["ACCOUNT", "RESOURCE"]), "policyType": .oneOf(LogsDesk.accountPolicyTypes),
    "queryDefinitionId": .text(1...256), "queryDefinitionNamePrefix": .text(1...255), "queryId": .text(1...256),
    "queryLanguage": .oneOf(["CWLI", "SQL", "PPL"]), "queryString": .text(0...10_000), "recordFields": .list(0...128, of: .text(1...64)),
    "resourceArns": .list(1...20, of: .text(0...Int.max)), "resourceIdentifier": .pattern(1...2_048, ModelPattern(#"[\w+=/:,.@\-\*]*"#)),
    "roleArn": anyText, "s3DeliveryConfiguration": .object([Member(name: "suffixPath", shape: .text(1...256))]), "scope": .oneOf(["ALL"]),
    "selectionCriteria": .text(0...25_600), "status": .oneOf(InsightsShelf.Status.allCases.map(\.rawValue)),
    "statusCode": .oneOf(["CANCELLED", "COMPLETED", "FAILED", "PENDING", "PENDING_CANCEL", "RUNNING"]),
    "suppressionPeriod": .object([Member(name: "suppressionUnit", shape: .oneOf(["SECONDS", "MINUTES", "HOURS"]))]),
    "suppressionState": .oneOf(["SUPPRESSED", "UNSUPPRESSED"]), "suppressionType": .oneOf(["LIMITED", "INFINITE"]),
    "tableBody": .text(1...10_485_760), "tagKeys": .list(0...50, of: tagKey), "tags": .map(0...50, key: tagKey, value: .pattern(0...256, tagCharacters)),
    "targetArn": anyText, "taskId": .text(1...512), "taskName": .text(1...512),
  ]

  private static let exceptions: [String: Shape] = [
    "CreateLogAnomalyDetector.kmsKeyId": .pattern(0...256, ModelPattern(#"arn:aws[a-z\-]*:kms:[-a-z0-9]*:[0-9]*:key/[-a-z0-9]*"#)),
    "DescribeLogGroups.logGroupNamePattern": .pattern(0...512, ModelPattern(#"[\.\-_/#A-Za-z0-9]*"#)),
    "DescribeFieldIndexes.logGroupIdentifiers": .list(1...100, of: identifier),
    "DescribeIndexPolicies.logGroupIdentifiers": .list(1...100, of: identifier),
    "DescribeLogGroups.logGroupIdentifiers": .list(0...50, of: identifier),
    "DescribeSubscriptionFilters.limit": .count(1...50), "GetQueryResults.nextToken": .text(0...1_024),
    "ListLogGroups.logGroupNamePattern": .pattern(
      3...129, ModelPattern(#"(\^?[\.\-_\/#A-Za-z0-9]{3,24})(\|\^?[\.\-_\/#A-Za-z0-9]{3,24}){0,4}"#)),
    "ListLogGroupsForQuery.maxResults": .count(50...500), "PutQueryDefinition.name": .text(1...255),
    "StartLiveTail.logGroupIdentifiers": .list(0...10, of: identifier),
    "ListTagsForResource.resourceArn": tagged, "TagResource.resourceArn": tagged, "UntagResource.resourceArn": tagged,
    "PutIndexPolicy.policyDocument": .text(1...5_120), "PutQueryDefinition.queryString": .text(1...10_000),
    "PutResourcePolicy.policyDocument": .text(1...51_200), "StartQuery.logGroupIdentifiers": .list(0...50, of: identifier),
    "StartQuery.logGroupNames": .list(0...50, of: groupName), "UntagLogGroup.tags": .list(1...Int.max, of: tagKey),
  ]

  private static let anyText = Shape.text(1...Int.max)
  private static let tagged = Shape.pattern(1...1_011, ModelPattern(#"[\w+=/:,.@-]*"#))
  private static let groupName = Shape.pattern(1...512, ModelPattern(#"[\.\-_/#A-Za-z0-9]+"#))
  private static let streamName = Shape.pattern(1...512, ModelPattern("[^:*]*"))
  private static let identifier = Shape.pattern(1...2_048, ModelPattern(#"[\w#+=/:,.@-]*"#))
  private static let shortName = Shape.pattern(1...60, ModelPattern(#"[\w-]*"#))
  private static let tableName = Shape.pattern(1...256, ModelPattern("[a-zA-Z0-9_]+"))
  private static let metricName = Shape.pattern(0...255, ModelPattern("[^:*$]*"))
  private static let tagCharacters = ModelPattern(#"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"#)
  private static let tagKey = Shape.pattern(1...128, tagCharacters)
  private static let transformation = [
    Member(name: "metricName", shape: metricName, isRequired: true), Member(name: "metricNamespace", shape: metricName, isRequired: true),
    Member(name: "metricValue", shape: .text(0...100), isRequired: true), Member(name: "defaultValue", shape: .number),
    Member(name: "dimensions", shape: .map(0...Int.max, key: .text(0...255), value: .text(0...255))),
    Member(name: "unit", shape: .oneOf(MetricsBounds.units)),
  ]
  private static let parameter = [
    Member(name: "name", shape: .pattern(1...128, ModelPattern("[a-zA-Z_][a-zA-Z0-9_]*")), isRequired: true),
    Member(name: "defaultValue", shape: .text(0...1_024)), Member(name: "description", shape: .text(0...512)),
  ]
}
