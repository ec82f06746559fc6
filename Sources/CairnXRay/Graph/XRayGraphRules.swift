// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
public import CairnPlan

// What makes a service graph of X-Ray documents and OpenTelemetry spans alike:
//
//   node, by itself   service.name, type from xray.origin or cloud.platform; counted over segments: xray.type = segment, kind server or
//                     consumer, the first span of a trace, the first span of a service below another service's
//   node, inferred    by its callers, where a call (kind client or producer, namespace aws or remote) has no such span below it:
//     AWS::DynamoDB::Table   aws.table_name, aws.dynamodb.table_names; for db.system = dynamodb also the collection or namespace
//     AWS::SQS::Queue        the queue's URL, or messaging.destination.name of aws_sqs
//     AWS::SNS::Topic        the topic's ARN
//     AWS::<service>         the service of an AWS call without a resource
//     Database::SQL          the name of a subsegment with SQL; for spans the database, its host or system
//     <db.system>            databases that do not speak SQL, named alike
//     <messaging.system>     queues and topics by their destination
//     remote                 peer.service, the host of the call, the host of its URL, rpc.service
//
// Source: X-Ray developer guide, "Service map" and "Inferred segments"; OpenTelemetry's semantic conventions.

extension ServiceGraphRules {
  /// The rules under which X-Ray's operations and the map read events.
  public static let xray = ServiceGraphRules(
    isSpan: .all([
      .exists(column: FieldName.spanID), .not(.exists(column: FieldName.annotationType)),
      .not(.compare(column: FieldName.signalType, .equal, .string("log"))),
    ]),
    isPartial: isTrue(SegmentField.inProgress), isPreferred: has(SegmentField.type), isLink: equals(FieldName.annotationType, "link"),
    isEntry: .any([equals(SegmentField.type, "segment"), isOneOf(FieldName.spanKind, ["server", "consumer"])]),
    isInner: equals(SegmentField.type, "subsegment"),
    isCall: .any([isOneOf(FieldName.spanKind, ["client", "producer"]), isOneOf(SegmentField.namespace, ["aws", "remote"])]),
    isQueued: .any([
      isOneOf(FieldName.spanKind, ["producer", "consumer"]), has("aws.queue_url"), has("aws.topic_arn"),
      .all([equals(SegmentField.namespace, "aws"), isOneOf(FieldName.name, ["SQS", "SNS", "EventBridge", "Events", "Kinesis"])]),
    ]),
    isFault: .any([
      isTrue(SegmentField.fault),
      .all([
        isPlainSpan,
        .any([
          status(.greaterOrEqual, 500),
          .all([
            .any([isTrue(FieldName.error), .compare(column: FieldName.statusCode, .equal, .integer(2))]),
            .not(status(.greaterOrEqual, 400)),
          ]),
        ]),
      ]),
    ]),
    isThrottle: .any([isTrue(SegmentField.throttle), .all([isPlainSpan, status(.equal, 429)])]),
    isError: .any([
      isTrue(SegmentField.clientError),
      .all([isPlainSpan, status(.greaterOrEqual, 400), .not(status(.greaterOrEqual, 500))]),
    ]),
    services: serviceNamings, callees: calleeNamings)

  private static let platforms = [
    ("aws_ec2", "AWS::EC2::Instance"), ("aws_ecs", "AWS::ECS::Container"), ("aws_eks", "AWS::EKS::Container"),
    ("aws_elastic_beanstalk", "AWS::ElasticBeanstalk::Environment"), ("aws_lambda", "AWS::Lambda::Function"),
    ("aws_app_runner", "AWS::AppRunner::Service"),
  ]

  private static let serviceNamings =
    platforms.map { Naming(filter: equals("cloud.platform", $0.0), names: [FieldName.serviceName], type: $0.1) }
    + [Naming(names: [FieldName.serviceName], types: [SegmentField.origin])]

  private static let tables = ["aws.table_name", "aws.table.name", "aws.dynamodb.table_names"]
  private static let queues = ["aws.queue_url", "aws.queue.url", "aws.sqs.queue.url"]
  private static let databases = ["peer.service", "db.namespace", "db.name", "server.address", "net.peer.name", "db.system.name", "db.system"]
  private static let systems = ["db.system.name", "db.system"]
  /// What keeps no database by name: the namespace of these is a number, or nothing.
  private static let caches = ["redis", "memcached", "aws.elasticache", "valkey"]
  private static let cachePlaces = ["peer.service", "server.address", "net.peer.name", "db.system.name", "db.system"]
  private static let otherSystems = [
    "mongodb", "cassandra", "elasticsearch", "opensearch", "neo4j", "couchdb", "couchbase", "hbase", "influxdb",
  ]
  private static let isDynamo = Filter.any(systems.map { isOneOf($0, ["dynamodb", "aws.dynamodb"]) })
  private static let isDatabase = Filter.any((systems + ["db.statement", "db.query.text"]).map(has))
  private static let isPlainSpan = Filter.not(has(SegmentField.type))

  private static let calleeNamings: [Naming] = [
    Naming(filter: .any(tables.map(has)), names: tables, type: "AWS::DynamoDB::Table"),
    Naming(filter: .any(queues.map(has)), names: queues, type: "AWS::SQS::Queue"),
    Naming(filter: has("aws.topic_arn"), names: ["aws.topic_arn"], type: "AWS::SNS::Topic"),
    Naming(
      filter: isDynamo, names: ["db.collection.name", "aws.dynamodb.table_names", "db.namespace", "db.name"], type: "AWS::DynamoDB::Table"),
    Naming(filter: equals(SegmentField.namespace, "aws"), names: [FieldName.name], typePrefix: "AWS::"),
    Naming(filter: equals("rpc.system", "aws-api"), names: ["rpc.service", "aws.service"], typePrefix: "AWS::"),
    Naming(
      filter: equals("messaging.system", "aws_sqs"), names: ["messaging.destination.name", "messaging.destination"], type: "AWS::SQS::Queue"),
    Naming(
      filter: has("messaging.system"), names: ["messaging.destination.name", "messaging.destination", "messaging.system"],
      types: ["messaging.system"]),
    Naming(filter: .all([has(SegmentField.type), isDatabase]), names: [FieldName.name], type: "Database::SQL"),
    Naming(filter: .any(systems.map { isOneOf($0, caches) }), names: cachePlaces, types: systems),
    Naming(filter: .any(systems.map { isOneOf($0, otherSystems) }), names: databases, types: systems),
    Naming(filter: isDatabase, names: databases, type: "Database::SQL"),
    Naming(filter: has(SegmentField.type), names: [FieldName.name], type: "remote"),
    Naming(names: ["peer.service", "messaging.destination.name", "server.address", "net.peer.name", "http.host"], type: "remote"),
    Naming(names: [SegmentField.url, "http.url"], form: .host, type: "remote"),
    Naming(names: ["rpc.service"], type: "remote"),
  ]

  /// Every column whose text may name a service, called or calling.
  static let namingColumns: [(column: String, form: Naming.Form)] = {
    var columns: [(column: String, form: Naming.Form)] = []
    for naming in serviceNamings + calleeNamings {
      for name in naming.names where !columns.contains(where: { $0.column == name }) { columns.append((name, naming.form)) }
    }
    return columns
  }()

  // MARK: Filters in short

  private static func has(_ column: String) -> Filter { .exists(column: column) }
  private static func equals(_ column: String, _ text: String) -> Filter { .compare(column: column, .equal, .string(text)) }
  private static func isTrue(_ column: String) -> Filter { .compare(column: column, .equal, .boolean(true)) }
  private static func isOneOf(_ column: String, _ texts: [String]) -> Filter { .oneOf(column: column, texts.map { .string($0) }) }

  private static func status(_ comparison: Comparison, _ value: Int64) -> Filter {
    .any([SegmentField.status, "http.status_code"].map { .compare(column: $0, comparison, .integer(value)) })
  }
}
