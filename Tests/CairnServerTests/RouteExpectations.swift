// SPDX-License-Identifier: Apache-2.0

/// Who may use each route of the server, held against the route table by `AccessTests`.
///
/// One line a route: its method, its pattern, and who may: `anyone` without a key, `anyKey`, a key with the scope `ingest`, `query` or
/// `manage`, or `own` where the route reads a vendor's credential itself, inside its handler (its room's tests then try the good ones; here
/// whoever has none must be refused). A route without a line fails the test, and so does a line without a route.
enum RouteExpectations {
  static let otlp = """
    POST /v1/traces ingest
    POST /v1/logs ingest
    POST /v1/metrics ingest
    POST /opentelemetry.proto.collector.trace.v1.TraceService/Export ingest
    POST /opentelemetry.proto.collector.logs.v1.LogsService/Export ingest
    POST /opentelemetry.proto.collector.metrics.v1.MetricsService/Export ingest
    """

  static let operations = """
    GET /healthz anyone
    GET /metrics query
    POST /moto-api/insights manage
    POST /moto-api/reset manage
    """

  static let data = """
    GET /api/cairn/status query
    GET /api/cairn/datasets query
    GET /api/cairn/columns query
    POST /api/cairn/query query
    POST /api/cairn/bubbleup query
    GET /api/cairn/services query
    GET /api/cairn/find query
    GET /api/cairn/traces query
    GET /api/cairn/traces/:id query
    GET /api/cairn/traces/:id/spans/:span query
    GET /api/cairn/doors query
    GET /api/cairn/traces/:id/spans/:span/document query
    GET /api/cairn/server query
    GET /api/cairn/tail query
    GET /api/cairn/export query
    GET /api/cairn/logs/groups query
    GET /api/cairn/logs/streams query
    GET /api/cairn/logs/language query
    GET /api/cairn/logs/record query
    POST /api/cairn/logs/queries query
    GET /api/cairn/logs/queries/:id query
    POST /api/cairn/logs/queries/:id/stop query
    GET /api/cairn/map query
    GET /api/cairn/map/traces query
    GET /api/cairn/map/groups query
    GET /api/cairn/map/insights query
    """

  static let honeycomb = """
    GET /1/auth anyKey
    GET /1/datasets query
    POST /1/datasets manage
    GET /1/datasets/:dataset query
    PUT /1/datasets/:dataset manage
    DELETE /1/datasets/:dataset manage
    GET /1/dataset_definitions/:dataset query
    PATCH /1/dataset_definitions/:dataset manage
    GET /1/columns/:dataset query
    POST /1/columns/:dataset manage
    GET /1/columns/:dataset/:id query
    PUT /1/columns/:dataset/:id manage
    DELETE /1/columns/:dataset/:id manage
    POST /1/queries/:dataset query
    GET /1/queries/:dataset/:id query
    POST /1/query_results/:dataset query
    GET /1/query_results/:dataset/:id query
    POST /1/markers/:dataset ingest
    GET /1/markers/:dataset query
    GET /1/markers/:dataset/:id query
    PUT /1/markers/:dataset/:id manage
    DELETE /1/markers/:dataset/:id manage
    POST /1/derived_columns/:dataset manage
    GET /1/derived_columns/:dataset query
    GET /1/derived_columns/:dataset/:id query
    PUT /1/derived_columns/:dataset/:id manage
    DELETE /1/derived_columns/:dataset/:id manage
    POST /1/slos/:dataset manage
    GET /1/slos/:dataset query
    GET /1/slos/:dataset/:id query
    PUT /1/slos/:dataset/:id manage
    DELETE /1/slos/:dataset/:id manage
    POST /1/burn_alerts/:dataset manage
    GET /1/burn_alerts/:dataset query
    GET /1/burn_alerts/:dataset/:id query
    PUT /1/burn_alerts/:dataset/:id manage
    DELETE /1/burn_alerts/:dataset/:id manage
    POST /1/boards manage
    GET /1/boards query
    GET /1/boards/:id query
    PUT /1/boards/:id manage
    DELETE /1/boards/:id manage
    POST /1/boards/:board/views manage
    GET /1/boards/:board/views query
    GET /1/boards/:board/views/:id query
    PUT /1/boards/:board/views/:id manage
    DELETE /1/boards/:board/views/:id manage
    POST /1/query_annotations/:dataset manage
    GET /1/query_annotations/:dataset query
    GET /1/query_annotations/:dataset/:id query
    PUT /1/query_annotations/:dataset/:id manage
    DELETE /1/query_annotations/:dataset/:id manage
    POST /1/triggers/:dataset manage
    GET /1/triggers/:dataset query
    GET /1/triggers/:dataset/:id query
    PUT /1/triggers/:dataset/:id manage
    DELETE /1/triggers/:dataset/:id manage
    POST /1/recipients manage
    GET /1/recipients manage
    GET /1/recipients/:id manage
    PUT /1/recipients/:id manage
    DELETE /1/recipients/:id manage
    GET /1/recipients/:id/triggers manage
    POST /1/marker_settings/:dataset manage
    GET /1/marker_settings/:dataset query
    PUT /1/marker_settings/:dataset/:id manage
    DELETE /1/marker_settings/:dataset/:id manage
    POST /1/events/:dataset ingest
    POST /1/batch/:dataset ingest
    POST /1/kinesis_events/:dataset ingest
    """

  static let xray = """
    POST /TraceSummaries query
    POST /ServiceGraph query
    POST /TraceGraph query
    POST /TimeSeriesServiceStatistics query
    POST /CreateGroup manage
    POST /GetGroup query
    POST /Groups query
    POST /UpdateGroup manage
    POST /DeleteGroup manage
    POST /Insight query
    POST /InsightEvents query
    POST /InsightSummaries query
    POST /InsightImpactGraph query
    POST /TraceSegments ingest
    POST /TelemetryRecords ingest
    POST /Traces query
    POST /StartTraceRetrieval query
    POST /ListRetrievedTraces query
    POST /GetRetrievedTracesGraph query
    POST /CancelTraceRetrieval query
    POST /GetSamplingRules anyKey
    POST /CreateSamplingRule manage
    POST /UpdateSamplingRule manage
    POST /DeleteSamplingRule manage
    POST /SamplingTargets ingest
    POST /SamplingStatisticSummaries query
    POST /TagResource manage
    POST /UntagResource manage
    POST /ListTagsForResource query
    POST /EncryptionConfig query
    POST /PutEncryptionConfig manage
    POST /GetTraceSegmentDestination query
    POST /UpdateTraceSegmentDestination manage
    POST /GetIndexingRules query
    POST /UpdateIndexingRule manage
    POST /PutResourcePolicy manage
    POST /ListResourcePolicies query
    POST /DeleteResourcePolicy manage
    """

  static let cloudWatch = """
    POST / anyKey
    POST /service/GraniteServiceVersion20100801/operation/:operation anyKey
    """

  static let rollbar = """
    POST /api/1/sourcemap own
    GET /api/1/sourcemaps own
    DELETE /api/1/sourcemap/:id own
    POST /api/1/sourcemap/download anyone
    POST /api/1/signed_url/sourcemap_bundle anyone
    POST /api/1/session anyone
    GET /api/1/environment/:environment/session/:session/replay/:replay anyone
    POST /api/1/metrics/occurrences anyone
    POST /api/1/metrics/items anyone
    POST /api/1/metrics/ttr anyone
    GET /api/1/people own
    GET /api/1/person/:id own
    GET /api/1/users own
    GET /api/1/user/:id own
    GET /api/1/user/:id/teams own
    GET /api/1/invite/:id own
    DELETE /api/1/invite/:id own
    GET /api/1/teams own
    POST /api/1/teams own
    GET /api/1/team/:id own
    DELETE /api/1/team/:id own
    GET /api/1/team/:id/invites own
    POST /api/1/team/:id/invites own
    GET /api/1/team/:id/users own
    GET /api/1/team/:id/projects own
    GET /api/1/team/:id/user/:member own
    PUT /api/1/team/:id/user/:member own
    DELETE /api/1/team/:id/user/:member own
    GET /api/1/team/:id/project/:member own
    PUT /api/1/team/:id/project/:member own
    DELETE /api/1/team/:id/project/:member own
    GET /api/1/notifications/:channel/rules own
    POST /api/1/notifications/:channel/rules own
    GET /api/1/notifications/:channel/rule/:id own
    PUT /api/1/notifications/:channel/rule/:id own
    DELETE /api/1/notifications/:channel/rule/:id own
    POST /api/1/notifications/:channel/rule/:id/test own
    GET /api/1/notifications/:channel/rule/:id/history own
    GET /api/1/service_links own
    POST /api/1/service_links own
    GET /api/1/service_links/:id own
    PUT /api/1/service_links/:id own
    DELETE /api/1/service_links/:id own
    POST /api/1/rql/jobs own
    GET /api/1/rql/jobs own
    GET /api/1/rql/job/:id own
    GET /api/1/rql/job/:id/result own
    POST /api/1/rql/job/:id/cancel own
    PATCH /api/1/project/:id own
    GET /api/1/item/:id own
    PATCH /api/1/item/:id own
    GET /api/1/item_by_counter/:counter own
    GET /api/1/items own
    GET /api/1/search own
    POST /api/1/deploy own
    PATCH /api/1/deploy/:id own
    GET /api/1/deploy/:id own
    GET /api/1/deploys own
    GET /api/1/versions/:version own
    GET /api/1/reports/top_active_items own
    GET /api/1/reports/occurrence_counts own
    GET /api/1/reports/activated_counts own
    GET /api/1/projects own
    POST /api/1/projects own
    GET /api/1/project/:id own
    DELETE /api/1/project/:id own
    GET /api/1/project/:id/access_tokens own
    POST /api/1/project/:id/access_tokens own
    PATCH /api/1/project/:id/access_token/:token own
    DELETE /api/1/project/:id/access_token/:token own
    POST /api/1/item own
    POST /api/item own
    POST /item own
    POST /api/1/item_batch own
    POST /api/item_batch own
    POST /item_batch own
    GET /api/1/status/ping anyone
    GET /api/1/item/:id/instances own
    GET /api/1/item/:id/occurrences own
    GET /api/1/instances own
    GET /api/1/occurrences own
    GET /api/1/instance/:id own
    GET /api/1/occurrence/:id own
    DELETE /api/1/instance/:id own
    DELETE /api/1/occurrence/:id own
    """

  static let issuesAndAlerts = """
    GET /api/cairn/deploys query
    GET /api/cairn/errors query
    GET /api/cairn/errors/:id query
    GET /api/cairn/deliveries query
    GET /api/cairn/slos query
    POST /api/cairn/slos/preview query
    GET /api/cairn/slos/:id query
    POST /api/cairn/slos/:id/alerts/:alert/test manage
    GET /api/cairn/slos/:id/alerts/:alert/history query
    GET /api/cairn/boards/:id query
    GET /api/cairn/triggers query
    POST /api/cairn/triggers/:id/test manage
    GET /api/cairn/triggers/:id/history query
    GET /api/cairn/rules query
    POST /api/cairn/rules manage
    PUT /api/cairn/rules/:id manage
    DELETE /api/cairn/rules/:id manage
    POST /api/cairn/rules/:id/test manage
    GET /api/cairn/rules/:id/history query
    POST /api/cairn/deliveries/test manage
    POST /api/cairn/deliveries/:id/retry manage
    DELETE /api/cairn/deliveries/:id manage
    PATCH /api/cairn/errors/:id manage
    GET /api/cairn/errors/:id/occurrences query
    GET /api/cairn/errors/:id/why query
    POST /api/cairn/errors/:id/merge manage
    POST /api/cairn/errors/:id/unmerge manage
    GET /api/cairn/occurrences/:id query
    """

  static let pages = """
    GET / anyone
    GET /ui anyone
    GET /ui/static/* anyone
    GET /ui/* anyone
    """

  static let all = [otlp, operations, data, honeycomb, xray, cloudWatch, rollbar, issuesAndAlerts, pages].joined(separator: "\n")
}
