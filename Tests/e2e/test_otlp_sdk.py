# SPDX-License-Identifier: Apache-2.0
"""The OpenTelemetry SDK for Python as it is, over HTTP and gRPC: what it was told is stored, is there at the next request."""
import time

import pytest
import requests
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
import grpc

import otlp
from cairn_process import JSON, PROTOBUF, column, rows, until

TRANSPORTS = ["http", "http-gzip", "http-4318", "grpc", "grpc-gzip", "grpc-main-port"]


class Witness(SpanExporter):
    """Passes spans on and keeps the verdicts: the SDK itself only logs a failure."""

    def __init__(self, inner):
        self.inner, self.results = inner, []

    def export(self, spans):
        self.results.append(self.inner.export(spans))
        return self.results[-1]

    def shutdown(self):
        self.inner.shutdown()


def exporter(cairn, transport, http_class, grpc_class, path):
    gzip = transport.endswith("-gzip")
    if transport.startswith("grpc"):
        address = cairn.http if transport == "grpc-main-port" else cairn.grpc
        return grpc_class(endpoint=f"http://{address}", insecure=True, compression=grpc.Compression.Gzip if gzip else None)
    address = cairn.otlp_http if transport == "http-4318" else cairn.http
    return http_class(endpoint=f"http://{address}{path}", compression=Compression.Gzip if gzip else Compression.NoCompression)


def make_a_trace(cairn, transport, service, mark):
    """A root, a child of each kind and an error with an exception; returns the trace id in hex."""
    witness = Witness(exporter(cairn, transport, HttpSpans, GrpcSpans, "/v1/traces"))
    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.version": "1.4.2"}))
    provider.add_span_processor(BatchSpanProcessor(witness, schedule_delay_millis=60_000))
    tracer = provider.get_tracer("e2e.sdk", "9.9")
    with tracer.start_as_current_span("GET /cart", kind=SpanKind.SERVER) as root:
        root.set_attributes({"test.mark": mark, "user.id": "user-1", "app.items": 3, "app.total": 12.5, "app.paid": True,
                             "app.tags": ["a", "b"]})
        root.add_event("cache.miss", {"cache.key": "cart:1"})
        with tracer.start_as_current_span("SELECT carts", kind=SpanKind.CLIENT, links=[Link(root.get_span_context(), {"why": "test"})]) as child:
            child.set_attributes({"test.mark": mark, "db.statement": "SELECT * FROM carts"})
        try:
            with tracer.start_as_current_span("charge") as charge:
                charge.set_attribute("test.mark", mark)
                raise ValueError("the card was refused")
        except ValueError:
            root.set_status(Status(StatusCode.ERROR, "no payment"))
    provider.force_flush()
    provider.shutdown()
    assert witness.results == [SpanExportResult.SUCCESS]
    return format(root.get_span_context().trace_id, "032x")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_trace_is_found_by_the_next_request(cairn, transport, mark):
    trace_id = make_a_trace(cairn, transport, f"sdk-{transport}", mark)
    found = cairn.trace(trace_id)
    assert found is not None
    spans = {s["name"]: s for s in found["spans"]}
    root, child, charge = spans["GET /cart"], spans["SELECT carts"], spans["charge"]
    assert len(found["spans"]) == 3 and found["spans"][0] is root
    assert (root["kind"], child["kind"], charge["kind"]) == ("server", "client", "internal")
    assert root["parent"] is None and child["parent"] == root["id"] and charge["parent"] == root["id"]
    assert root["service"] == root["dataset"] == f"sdk-{transport}"
    assert (root["error"], child["error"], charge["error"]) == (True, False, True)
    assert root["status_message"] == "no payment"
    fields = root["fields"]
    assert (fields["user.id"], fields["app.items"], fields["app.total"], fields["app.paid"]) == ("user-1", 3, 12.5, True)
    assert fields["service.version"] == "1.4.2" and fields["library.name"] == "e2e.sdk"
    events = {e["name"]: e for e in found["events"]}
    assert events["cache.miss"]["span"] == root["id"] and events["cache.miss"]["fields"]["cache.key"] == "cart:1"
    assert events["exception"]["span"] == charge["id"]
    assert charge["fields"]["exception.message"] == "the card was refused"
    assert [(link["span"], link["span_id"]) for link in found["links"]] == [(child["id"], root["id"])]


def test_the_x_ray_form_of_an_id_finds_the_same_trace(cairn, mark):
    trace_id = make_a_trace(cairn, "http", "sdk-xray-id", mark)
    x_ray = f"1-{trace_id[:8]}-{trace_id[8:]}"
    assert cairn.trace(x_ray)["trace_id"] == trace_id
    assert cairn.trace(trace_id)["xray_id"] == x_ray


def test_queries_see_it_too(cairn, mark):
    make_a_trace(cairn, "http", "sdk-query", mark)
    answer = cairn.ask("sdk-query", calculations=[{"op": "COUNT"}, {"op": "MAX", "column": "app.total"}], breakdowns=["name"],
                       filters=[{"column": "test.mark", "op": "=", "value": mark}], orders=[{"column": "name", "order": "ascending"}])
    assert rows(answer) == [("GET /cart", 1, 12.5), ("SELECT carts", 1, None), ("charge", 1, None)]
    assert answer["info"]["rows_matched"] == 3


def honeycomb(cairn, dataset, spec):
    """Make a query, run it, poll it: as Honeycomb's API is used."""
    key = {"X-Honeycomb-Team": "any"}
    made = requests.post(f"{cairn.url}/1/queries/{dataset}", json=spec, headers=key, timeout=30)
    assert made.status_code == 200, made.text
    asked = requests.post(f"{cairn.url}/1/query_results/{dataset}", json={"query_id": made.json()["id"], "disable_series": True}, headers=key, timeout=30)
    assert asked.status_code == 201, asked.text

    def result():
        got = requests.get(f"{cairn.url}/1/query_results/{dataset}/{asked.json()['id']}", headers=key, timeout=30)
        assert got.status_code == 200, got.text
        return got.json()["complete"] and got.json()

    return until(result) or pytest.fail("the result was never complete")


def test_honeycombs_query_api_sees_it_too(cairn, mark):
    make_a_trace(cairn, "grpc", "sdk-honeycomb", mark)
    result = honeycomb(cairn, "sdk-honeycomb", {
        "time_range": 7200, "calculations": [{"op": "COUNT"}, {"op": "P99", "column": "duration_ms"}], "breakdowns": ["name"],
        "filters": [{"column": "test.mark", "op": "=", "value": mark}], "orders": [{"op": "COUNT", "order": "descending"}]})
    found = {r["data"]["name"]: r["data"] for r in result["data"]["results"]}
    assert set(found) == {"GET /cart", "SELECT carts", "charge"}
    assert all(r["COUNT"] == 1 and r["P99(duration_ms)"] > 0 for r in found.values())


@pytest.mark.parametrize("transport", ["http", "http-gzip", "grpc"])
def test_logs(cairn, transport, mark):
    provider = LoggerProvider(resource=Resource.create({"service.name": f"sdk-logs-{transport}"}))
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter(cairn, transport, HttpLogs, GrpcLogs, "/v1/logs")))
    trace_id = otlp.Ids(mark).trace()
    provider.get_logger("e2e.sdk").emit(LogRecord(
        timestamp=time.time_ns(), severity_number=SeverityNumber.WARN, severity_text="WARNING", body="the basket is empty",
        trace_id=int.from_bytes(trace_id, "big"), span_id=0x1234, attributes={"test.mark": mark, "app.items": 0}))
    provider.shutdown()
    answer = cairn.ask(f"sdk-logs-{transport}", calculations=[{"op": "COUNT"}], breakdowns=["severity", "body", "app.items"],
                       filters=[{"column": "test.mark", "op": "=", "value": mark}])
    assert rows(answer) == [("warn", "the basket is empty", 0, 1)]
    found = cairn.trace(trace_id.hex())
    assert [(log["body"], log["severity"], log["span"]) for log in found["logs"]] == [("the basket is empty", "warn", "0000000000001234")]


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_metrics(cairn, transport, mark):
    service = f"sdk-metrics-{transport}"
    reader = PeriodicExportingMetricReader(exporter(cairn, transport, HttpMetrics, GrpcMetrics, "/v1/metrics"), export_interval_millis=60_000)
    provider = MeterProvider(resource=Resource.create({"service.name": service}), metric_readers=[reader])
    meter = provider.get_meter("e2e.sdk")
    meter.create_counter("app.orders").add(7, {"test.mark": mark})
    meter.create_gauge("app.queue_length").set(4.5, {"test.mark": mark})
    histogram = meter.create_histogram("app.wait_ms")
    for milliseconds in (1, 2, 3, 400):
        histogram.record(milliseconds, {"test.mark": mark})
    assert provider.force_flush()
    provider.shutdown()
    wanted = ["app.orders", "app.queue_length", "app.wait_ms.count", "app.wait_ms.sum"]
    answer = cairn.ask(service, calculations=[{"op": "MAX", "column": name} for name in wanted],
                       filters=[{"column": "test.mark", "op": "=", "value": mark}])
    assert [column(answer, f"MAX({name})")[0] for name in wanted] == [7, 4.5, 4, 406]


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
@pytest.mark.parametrize("kind", [PROTOBUF, JSON, "application/protobuf", "application/json; charset=utf-8"])
def test_by_hand(cairn, ids, mark, signal, kind):
    request = otlp.one_of(signal, ids, mark)
    body = otlp.to_json(request) if "json" in kind else request.SerializeToString()
    reply = cairn.send(body, signal, kind)
    assert reply.status == 200, reply
    assert cairn.count(("test.mark", "=", mark)) == 1


def test_json_is_read_as_the_specification_writes_it(cairn, ids, mark):
    """Ids in upper case hex, numbers as strings or numbers, unknown members ignored."""
    trace_id, start = ids.trace().hex(), time.time_ns() - 10**9
    body = f"""{{"resourceSpans": [{{"novelty": [1, {{"a": null}}], "resource": {{"attributes": [
        {{"key": "service.name", "value": {{"stringValue": "by-hand"}}}}]}}, "scopeSpans": [{{"spans": [{{
        "traceId": "{trace_id.upper()}", "spanId": "00000000000000AB", "name": "caf\\u00e9 \\ud83d\\ude00", "kind": 2,
        "startTimeUnixNano": {start}, "endTimeUnixNano": "{start + 2_500_000}", "attributes": [
        {{"key": "test.mark", "value": {{"stringValue": "{mark}"}}}}, {{"key": "big", "value": {{"intValue": "9007199254740993"}}}},
        {{"key": "small", "value": {{"intValue": -3}}}}, {{"key": "ratio", "value": {{"doubleValue": 0.25}}}}], "status": {{"code": 2}}}}]}}]}}]}}"""
    assert cairn.send(body.encode(), kind=JSON).status == 200
    [span] = cairn.trace(trace_id)["spans"]
    assert (span["id"], span["name"], span["kind"], span["duration_ns"], span["error"]) == ("00000000000000ab", "café 😀", "server", 2_500_000, True)
    assert (span["fields"]["big"], span["fields"]["small"], span["fields"]["ratio"]) == (9007199254740993, -3, 0.25)


def test_a_retry_counts_once(cairn, ids, mark):
    body = otlp.traces([otlp.span(ids, fields={"test.mark": mark}) for _ in range(5)], service="retries").SerializeToString()
    for _ in range(3):
        assert cairn.send(body).status == 200
    assert cairn.send(otlp.ENCODERS["gzip"](body), headers={"content-encoding": "gzip"}).status == 200
    assert cairn.count(("test.mark", "=", mark)) == 5


def test_everything_is_there_after_a_restart(make_cairn, ids, mark):
    cairn = make_cairn().start()
    over_http, over_grpc = (make_a_trace(cairn, transport, "restarted", mark) for transport in ("http", "grpc"))
    for signal in ("logs", "metrics"):
        assert cairn.send(otlp.one_of(signal, ids, mark).SerializeToString(), signal).status == 200
    again = otlp.traces([otlp.span(ids, fields={"test.mark": mark})], service="restarted").SerializeToString()
    assert cairn.send(again).status == 200
    before = [cairn.trace(t) for t in (over_http, over_grpc)]
    count = cairn.count(("test.mark", "=", mark))
    assert count == 9
    cairn.restart()
    for one in before:
        found = cairn.trace(one["trace_id"])
        assert {k: v for k, v in found.items() if k != "info"} == {k: v for k, v in one.items() if k != "info"}
    assert cairn.send(again).status == 200, "a retry that arrives after the restart"
    assert cairn.count(("test.mark", "=", mark)) == count
