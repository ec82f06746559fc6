# SPDX-License-Identifier: Apache-2.0
"""One piece of work through two doors: a program that exports its spans by OTLP and sends the same ones to the X-Ray daemon is seen once."""
import json
import time

import boto3
from botocore.config import Config
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from cairn_process import until
from xray import HEADER, send


def client_of(cairn):
    return boto3.client("xray", endpoint_url=cairn.url, region_name="eu-central-1", aws_access_key_id="dev", aws_secret_access_key="dev",
                        config=Config(retries={"max_attempts": 0}))


def x_ray(span, **more):
    """The document of a finished span, as an X-Ray exporter beside OTLP would send it."""
    trace, parent = f"{span.context.trace_id:032x}", span.parent
    document = {"trace_id": f"1-{trace[:8]}-{trace[8:]}", "id": f"{span.context.span_id:016x}", "start_time": span.start_time / 1e9, "end_time": span.end_time / 1e9, **more}
    return {**document, "parent_id": f"{parent.span_id:016x}"} if parent else document


def work(cairn, service):
    """A request with a call that fails, by OTLP; its spans."""
    provider = TracerProvider(resource=Resource({"service.name": service}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{cairn.url}/v1/traces")))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("GET /cart", kind=SpanKind.SERVER, attributes={"cart.size": 3}) as root:
        with tracer.start_as_current_span("POST", kind=SpanKind.CLIENT, attributes={"server.address": "pay.test"}) as call:
            call.record_exception(ValueError("declined"))
            call.set_status(StatusCode.ERROR)
            time.sleep(0.01)  # so that the call lasts
    provider.shutdown()
    return root, call


def test_one_piece_of_work_through_two_doors_is_one(make_cairn):
    cairn = make_cairn("twins").start()
    root, call = work(cairn, "shop")
    segment = x_ray(root, name="shop", user="ada", annotations={"tenant": "acme"}, metadata={"debug": {"queue": [1, 2]}})
    cause = {"working_directory": "/srv", "exceptions": [{"id": "00000000000000aa", "type": "ValueError", "message": "declined"}]}
    part = x_ray(call, name="pay.test", namespace="remote", type="subsegment", fault=True, cause=cause)
    for document in (part, segment):
        send(cairn, HEADER + json.dumps(document).encode())
    trace = segment["trace_id"]
    assert until(lambda: cairn.count(("xray.type", "exists", None)) == 2)

    found = cairn.trace(trace)
    assert [(s["name"], s["kind"], s["error"], s["doors"]) for s in found["spans"]] == [
        ("GET /cart", "server", False, ["otlp", "xray"]), ("POST", "client", True, ["otlp", "xray"])]
    fields = found["spans"][0]["fields"]
    assert (fields["cart.size"], fields["annotation.tenant"], fields["user.id"], fields["xray.type"]) == (3, "acme", "ada", "segment")
    assert "metadata.debug.queue" in fields
    (raised,) = found["events"]
    assert raised["fields"]["exception.id"] == "00000000000000aa" and "declined" in raised["fields"]["exception.stacktrace"]
    (listed,) = cairn.request("GET", "/api/cairn/traces?limit=5").json()["traces"]
    assert (listed["root_service"], listed["root_name"], listed["spans"], listed["errors"]) == ("shop", "GET /cart", 2, 1)
    # The raw events are as they were: four rows and the two accounts of the exception.
    assert cairn.count(("duration_ms", "exists", None)) == 4

    xray = client_of(cairn)
    (whole,) = xray.batch_get_traces(TraceIds=[trace])["Traces"]
    (only,) = whole["Segments"]
    document = json.loads(only["Document"])
    (inside,) = document.pop("subsegments")
    assert document == segment and inside == part
    given = cairn.request("GET", f"/api/cairn/traces/{trace}/spans/{segment['id']}/document").json()
    assert given["id"] == segment["id"] and json.loads(given["document"])["metadata"] == segment["metadata"]

    over = {"StartTime": time.time() - 600, "EndTime": time.time() + 60}
    for expression in ('annotation.tenant = "acme"', "annotation.cart.size = 3", 'user = "ada"', 'service("shop")', 'edge("shop", "pay.test")'):
        (summary,) = xray.get_trace_summaries(**over, FilterExpression=expression)["TraceSummaries"]
        assert summary["Id"] == trace and summary["Revision"] == 2, expression
    graph = {s["Name"]: s for s in xray.get_service_graph(**over)["Services"] if s.get("Type") != "client"}
    assert {name: s["SummaryStatistics"]["TotalCount"] for name, s in graph.items()} == {"shop": 1, "pay.test": 1}
    assert graph["pay.test"]["SummaryStatistics"]["FaultStatistics"]["TotalCount"] == 1


def test_a_document_in_progress_gives_way_to_the_complete_span(make_cairn):
    cairn = make_cairn("running").start()
    root, _ = work(cairn, "shop")
    running = {key: value for key, value in x_ray(root, name="shop", in_progress=True).items() if key != "end_time"}
    xray = client_of(cairn)
    assert xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(running)])["UnprocessedTraceSegments"] == []
    assert [(s["name"], s.get("in_progress"), s.get("doors")) for s in cairn.trace(running["trace_id"])["spans"]] == [
        ("GET /cart", None, None), ("POST", None, None)]
    (summary,) = xray.get_trace_summaries(StartTime=time.time() - 600, EndTime=time.time() + 60)["TraceSummaries"]
    assert summary["IsPartial"] is False and summary["Duration"] > 0.009


def test_a_span_id_is_one_of_its_trace(make_cairn):
    """The same id runs in one trace and is complete in another: neither replaces the other."""
    cairn = make_cairn("shared").start()
    xray = client_of(cairn)
    now = time.time()
    first = {"trace_id": f"1-{int(now):08x}-{'a' * 24}", "id": "00000000000000ab", "name": "runner", "start_time": now - 2, "in_progress": True}
    second = {**first, "trace_id": f"1-{int(now):08x}-{'b' * 24}"}
    done = {key: value for key, value in second.items() if key != "in_progress"} | {"end_time": now}
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document) for document in (first, second)])
    assert cairn.count(dataset="runner") == 2
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(done)])
    assert cairn.count(dataset="runner") == 2
    assert cairn.count(("xray.in_progress", "=", True), dataset="runner") == 1
    traces = {t["Id"]: json.loads(t["Segments"][0]["Document"]) for t in xray.batch_get_traces(TraceIds=[first["trace_id"], second["trace_id"]])["Traces"]}
    assert traces == {first["trace_id"]: first, second["trace_id"]: done}
