# SPDX-License-Identifier: Apache-2.0
"""OTLP requests, made with the protocol's own classes."""
import base64
import gzip
import json
import random
import time
import zlib

import zstandard
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest, ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

REQUESTS = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest, "metrics": ExportMetricsServiceRequest}
RESPONSES = {"traces": ExportTraceServiceResponse, "logs": ExportLogsServiceResponse, "metrics": ExportMetricsServiceResponse}
METHODS = {name: f"/opentelemetry.proto.collector.{package}.v1.{service}/Export" for name, package, service in (
    ("traces", "trace", "TraceService"), ("logs", "logs", "LogsService"), ("metrics", "metrics", "MetricsService"))}


class Ids:
    """Trace and span ids out of a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def trace(self):
        return self.random.getrandbits(128).to_bytes(16, "big")

    def span(self):
        return (self.random.getrandbits(64) | 1).to_bytes(8, "big")


def value(v):
    if isinstance(v, AnyValue):
        return v
    if isinstance(v, bool):
        return AnyValue(bool_value=v)
    if isinstance(v, int):
        return AnyValue(int_value=v)
    if isinstance(v, float):
        return AnyValue(double_value=v)
    if isinstance(v, bytes):
        return AnyValue(bytes_value=v)
    return AnyValue(string_value=v)


def attributes(fields):
    return [KeyValue(key=key, value=value(v)) for key, v in fields.items()]


def span(ids, name="GET /", trace=None, parent=None, fields=None, start=None, milliseconds=1.0, kind=2, error=None, span_id=None):
    """One span as a message of its own; `error` is a status message."""
    start = start if start is not None else time.time_ns() - 1_000_000_000
    message = ExportTraceServiceRequest().resource_spans.add().scope_spans.add().spans.add(
        trace_id=trace or ids.trace(), span_id=span_id or ids.span(), parent_span_id=parent or b"", name=name, kind=kind,
        start_time_unix_nano=start, end_time_unix_nano=start + int(milliseconds * 1e6), attributes=attributes(fields or {}))
    if error is not None:
        message.status.code, message.status.message = 2, error
    return message


def traces(spans, service="shop", resource=None):
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.extend(attributes({"service.name": service, **(resource or {})}))
    scope = group.scope_spans.add()
    scope.scope.name, scope.scope.version = "shop.web", "1.2.3"
    scope.spans.extend(spans)
    return request


def logs(bodies, service="shop", fields=None, severity=9, trace=None, span_id=None, at=None):
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.extend(attributes({"service.name": service}))
    records = group.scope_logs.add().log_records
    for body in bodies:
        record = records.add(time_unix_nano=at or time.time_ns(), severity_number=severity, attributes=attributes(fields or {}))
        record.body.string_value = body
        if trace:
            record.trace_id = trace
        if span_id:
            record.span_id = span_id
    return request


def gauge(name, v, service="shop", fields=None, at=None):
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.extend(attributes({"service.name": service}))
    metric = group.scope_metrics.add().metrics.add(name=name, unit="1")
    metric.gauge.data_points.add(time_unix_nano=at or time.time_ns(), as_double=v, attributes=attributes(fields or {}))
    return request


def one_of(signal, ids, mark):
    """A small request of the signal whose one item carries `mark` as the field `test.mark`."""
    if signal == "traces":
        return traces([span(ids, fields={"test.mark": mark})])
    if signal == "logs":
        return logs(["a line"], fields={"test.mark": mark})
    return gauge("shop.queue_length", 4.5, fields={"test.mark": mark})


def to_json(request):
    """OTLP's JSON: ids in hex, enums as numbers, as the specification says and unlike protobuf's own mapping."""
    tree = json_format.MessageToDict(request, use_integers_for_enums=True)
    return json.dumps(hex_ids(tree))


def hex_ids(node):
    if isinstance(node, list):
        return [hex_ids(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: base64.b64decode(item).hex() if key in ("traceId", "spanId", "parentSpanId") else hex_ids(item) for key, item in node.items()}


ENCODERS = {
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": lambda body: zstandard.ZstdCompressor(level=1).compress(body),
}
