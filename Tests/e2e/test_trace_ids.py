# SPDX-License-Identifier: Apache-2.0
"""Trace ids that are none: what one program says must not keep anybody from the traces of others."""
import json
import time

import aws
from cairn_process import until


def test_numbers_as_trace_ids_stay_outside_of_traces(make_cairn, ids, mark):
    cairn = make_cairn().start()
    trace = "5759e988bd862e3fe1be46a994272793"
    span = {"trace.trace_id": trace, "trace.span_id": "53995c3f42cd8ad8", "service.name": "shop", "name": "GET /", "duration_ms": 5, "span.kind": "server"}
    others = [{"trace.trace_id": value, "trace.span_id": "a", "service.name": "odd", "name": "x", "duration_ms": 1, "span.kind": "server"}
              for value in (1, 100_000, 1.5, -(2**63), True)]
    for event in [span, *others]:
        assert cairn.request("POST", "/1/events/shop", json.dumps(event), {"content-type": "application/json", "x-honeycomb-team": "k"}).status == 200
    now = time.time()

    def found():
        xray = aws.client(cairn, "xray")
        assert [each["trace_id"] for each in cairn.get("traces", range=600)["traces"]] == [trace]
        assert "shop" in json.dumps(cairn.get("map", range=600))
        summaries = xray.get_trace_summaries(StartTime=now - 600, EndTime=now + 60)["TraceSummaries"]
        assert [each["Id"] for each in summaries] == [f"1-{trace[:8]}-{trace[8:]}"]
        assert xray.get_service_graph(StartTime=now - 600, EndTime=now + 60)["Services"]
        return True
    found()
    cairn.restart()
    assert until(found)


def test_a_log_record_joins_the_trace_that_its_text_or_an_attribute_names(cairn, ids, mark):
    """Loggers that know nothing of OpenTelemetry, and lines that a collector reads from files."""
    trace = ids.trace().hex()
    text = lambda key, value: {"key": key, "value": {"stringValue": value}}  # noqa: E731
    span = {"traceId": trace, "spanId": "00f067aa0ba902b7", "name": "pay", "kind": 2, "startTimeUnixNano": str(time.time_ns()), "endTimeUnixNano": str(time.time_ns() + 1000)}
    resource = {"attributes": [text("service.name", mark)]}
    records = [{"body": {"stringValue": "by attribute"}, "attributes": [text("dd.trace_id", trace)]}, {"body": {"stringValue": json.dumps({"m": "by text", "trace_id": trace})}},
               {"body": {"kvlistValue": {"values": [text("m", "by member"), text("traceId", trace)]}}}, {"body": {"stringValue": "no trace"}}]
    for path, body in (("/v1/traces", {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}), ("/v1/logs", {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]})):
        assert cairn.request("POST", path, json.dumps(body), {"content-type": "application/json"}).status == 200
    assert cairn.count(("trace.trace_id", "=", trace), dataset=mark) == 4
    assert cairn.count(("meta.signal_type", "=", "log"), dataset=mark) == 4
