// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
internal import CairnColumns

// One X-Ray segment or subsegment, as it was sent or as it follows from an OpenTelemetry span. The way in writes fields (Intake), the way
// out reads them again (`init(_ event:)`): this table is both.
//
//   X-Ray document                     field                                         OpenTelemetry span
//   name                               name                                          segment: service.name; else peer, table, queue, name
//   (the segment's name)               service.name; also names the dataset          service.name
//   trace_id, id, parent_id            trace.trace_id, trace.span_id, trace.parent_id  the same
//   start_time                         the event's time                              the same
//   end_time - start_time              duration_ms                                   the same
//   in_progress                        xray.in_progress = true and no duration_ms    -
//   type, or no parent document        xray.type                                     segment: kind server or consumer, or no parent
//   (from type and namespace)          span.kind: server, client, internal           span.kind
//   namespace                          xray.namespace                                aws: rpc.system = aws-api; remote: kind client, producer
//   origin                             xray.origin                                   from cloud.platform
//   resource_arn                       cloud.resource_id                             also faas.arn, aws.ecs.*.arn
//   user                               user.id                                       user.id, enduser.id
//   error, fault, throttle             xray.error, xray.fault, xray.throttle; error is true for each of them
//   (absent, but http.response.status) 429 throttle and error, 4xx error, 5xx fault  the same; status ERROR otherwise: fault
//   http.request.method, url           http.request.method, url.full                 also http.method, http.url; url from its parts
//   http.request.user_agent, client_ip user_agent.original, client.address           also http.user_agent, http.client_ip
//   http.request.x_forwarded_for, traced  xray.x_forwarded_for, xray.traced          -
//   http.response.status, content_length  http.response.status_code, .body.size      also http.status_code
//   sql.database_type, sanitized_query db.system, db.statement                       also db.system.name, db.query.text
//   sql.url or connection_string       db.connection_string                          also server.address and db.namespace
//   sql.user, *_version, preparation   db.user, db.version, db.driver_version, db.preparation
//   aws.**                             aws.** (leaves; lists as JSON text)           cloud.*, rpc.*, aws.dynamodb.table_names, messaging.*
//   service.**                         service.**                                    service.version
//   annotations.KEY                    annotation.KEY, of the value's own type       every other scalar attribute, by its own name
//   metadata.NAMESPACE.**              metadata.NAMESPACE.** (leaves to depth 5)     -
//   precursor_ids                      xray.precursor_ids (JSON text)                -
//   cause as an id                     xray.cause_id                                 -
//   cause.working_directory, paths     xray.working_directory, xray.paths (JSON text)  -
//   links (trace_id, id)               a row each: meta.annotation_type = link, trace.link.trace_id, trace.link.span_id, as for spans
//   cause.exceptions                   a row each: meta.annotation_type = span_event, name = exception, exception.id, .type, .message,
//                                      .stacktrace, .remote, .cause_id, .is_cause (of another one: no occurrence of its own); the first
//                                      one's also on the document's own row, as for spans
//   the document itself                meta.original, on the segment's own row (and on that of a subsegment sent alone)
//
// Two rows of one (trace id, span id): the complete one wins over one in progress, the later over the earlier (`SegmentTrace`).
//
// Source: AWS X-Ray developer guide, "X-Ray segment documents"; OpenTelemetry's semantic conventions.

/// A segment or subsegment with all that X-Ray's answers need, from whichever door its event came.
public struct SegmentDocument: Sendable, Hashable {
  /// The call that the document is about.
  public struct HTTP: Sendable, Hashable {
    public var method: String?
    public var url: String?
    public var userAgent: String?
    public var clientAddress: String?
    public var status: Int64?
    public var contentLength: Int64?
    public var isForwardedFor = false
    /// The callee promised a segment of its own.
    public var isTraced = false

    public init() {}

    /// True if nothing is known.
    public var isEmpty: Bool { self == HTTP() }
  }

  /// The statement that the document is about.
  public struct SQL: Sendable, Hashable {
    public var databaseType: String?
    public var query: String?
    public var url: String?
    public var user: String?
    public var databaseVersion: String?
    public var driverVersion: String?
    public var preparation: String?

    public init() {}

    public var isEmpty: Bool { self == SQL() }
  }

  /// The AWS call or resource that the document is about; `others` has the remaining leaves under `aws.`, by their path.
  public struct AWS: Sendable, Hashable {
    public var accountID: String?
    public var region: String?
    public var operation: String?
    public var requestID: String?
    public var queueURL: String?
    public var tableName: String?
    public var resourceNames: [String] = []
    public var instanceID: String?
    public var availabilityZone: String?
    /// ARNs of the resources the segment ran on (container, function, log group), as GetTraceSummaries lists them.
    public var resourceARNs: [String] = []
    public var others = DocumentFields()

    public init() {}

    public var isEmpty: Bool { self == AWS() }
  }

  /// One exception of a cause.
  public struct Exception: Sendable, Hashable {
    public var id: String
    public var type: String?
    public var message: String?
    public var stacktrace: String?
    public var isRemote = false
    /// The id of the exception that led to this one.
    public var causeID: String?
    public var truncated: Int64?
    public var skipped: Int64?

    public init(id: String) { self.id = id }
  }

  /// A document of another trace.
  public struct Link: Sendable, Hashable {
    public var traceID: TraceID
    public var id: UInt64

    public init(traceID: TraceID, id: UInt64) {
      self.traceID = traceID
      self.id = id
    }
  }

  public var traceID: TraceID
  /// The span id; its 16 hex digits are the document's `id`.
  public var id: UInt64
  public var parentID: UInt64?
  /// A segment: a service's own view of a request. Otherwise a subsegment.
  public var isSegment: Bool
  /// It came as an X-Ray document, not as a span.
  public var isXRay = false
  public var name: String
  /// The service whose work this is; empty where an orphan does not tell.
  public var serviceName: String
  public var startUnixNanoseconds: Int64
  /// 0 while in progress.
  public var durationNanoseconds: Int64 = 0
  public var isInProgress = false
  /// The word of `span.kind`: server, client, internal, producer, consumer; empty where unknown.
  public var kind = ""
  public var namespace: String?
  public var origin: String?
  public var user: String?
  public var isFault = false
  public var isError = false
  public var isThrottle = false
  public var isInferred = false
  public var http = HTTP()
  public var sql = SQL()
  public var aws = AWS()
  /// Leaves under `service.` beside the name: version, runtime, …
  public var service = DocumentFields()
  /// In the order of their names.
  public var annotations = DocumentFields()
  /// Flattened: `NAMESPACE.KEY…` and the value; of an X-Ray document.
  public var metadata = DocumentFields()
  /// A span's own name, which the document does not have.
  public var spanName: String?
  /// What a span's resource says beside its service, by the attributes' names.
  public var resource = DocumentFields()
  /// In the order in which they were listed: the outermost first.
  public var exceptions: [Exception] = []
  public var causeID: String?
  /// Where the failed work ran and looked for its code, as the cause says.
  public var workingDirectory: String?
  public var paths: [String] = []
  /// Documents of other traces that this one goes on from.
  public var links: [Link] = []
  public var precursorIDs: [String] = []
  /// How many documents this one stands for; 1 where nothing was sampled out.
  public var sampleRate: Int64 = 1
  /// The document as it was sent; nil on embedded subsegments and for spans.
  public var original: String?

  public init(
    traceID: TraceID, id: UInt64, parentID: UInt64? = nil, isSegment: Bool, name: String, serviceName: String,
    startUnixNanoseconds: Int64
  ) {
    self.traceID = traceID
    self.id = id
    self.parentID = parentID
    self.isSegment = isSegment
    self.name = name
    self.serviceName = serviceName
    self.startUnixNanoseconds = startUnixNanoseconds
  }

  /// The end, or the start while in progress.
  public var endUnixNanoseconds: Int64 {
    let end = startUnixNanoseconds.addingReportingOverflow(durationNanoseconds)
    return end.overflow ? .max : end.partialValue
  }

  /// The metadata, a span's name and resource among it: flattened, `NAMESPACE.KEY…` and the value.
  public var allMetadata: DocumentFields {
    guard spanName != nil || !resource.isEmpty else { return metadata }
    var all = metadata
    for entry in resource { all.set("default.otel.resource." + entry.key, entry.value) }
    if let spanName { all.set("default.otel.span.name", .string(spanName)) }
    return all
  }

  /// Neither fault nor error nor throttle.
  public var isOK: Bool { !isFault && !isError && !isThrottle }

  /// Takes the flags from an HTTP status where the document itself has none.
  public mutating func derive(fromStatus status: Int64) {
    switch status {
    case 429:
      isThrottle = true
      isError = true
    case 400..<500: isError = true
    case 500...: isFault = true
    default: break
    }
  }
}
