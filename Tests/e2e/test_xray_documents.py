# SPDX-License-Identifier: Apache-2.0
"""Documents of X-Ray: kept as they were sent, refused one by one, put together to traces, and asked for by fields."""
import json
import time

import pytest

from cairn_process import busyness, rows
from xray import REGION, client, documents, new_id, segment, until


def test_a_document_comes_back_byte_for_byte(cairn):
    document = json.dumps(segment(annotations={"a.b": 1, "s": "ü", "t": True}, metadata={"default": {"deep": {"er": [1, {"x": None}]}}},
                                  unknown={"kept": 1}, subsegments=[{"id": new_id(), "name": "part", "start_time": time.time(), "end_time": time.time()}]),
                          indent=1)
    answer = client(cairn).put_trace_segments(TraceSegmentDocuments=[document])
    assert answer["UnprocessedTraceSegments"] == []
    wanted = json.loads(document)
    traces = client(cairn).batch_get_traces(TraceIds=[wanted["trace_id"]])
    assert traces["UnprocessedTraceIds"] == []
    trace, = traces["Traces"]
    assert trace["Id"] == wanted["trace_id"] and trace["LimitExceeded"] is False
    assert trace["Duration"] == pytest.approx(0.25, abs=0.01)
    assert trace["Segments"] == [{"Id": wanted["id"], "Document": document}]


def test_each_bad_document_fails_alone(cairn):
    good = segment()
    bad = [("nonsense", "ParseError", None), (segment(trace="x"), "InvalidTraceId", True), (segment(id=None), "MissingId", None),
           (segment(id="12"), "InvalidId", True), (segment(start_time=None), "MissingStartTime", True), (segment(start_time=1), "InvalidStartTime", True),
           (segment(start_time=4e9, end_time=4e9), "InvalidStartTime", True), (segment(end_time=None), "MissingEndTime", True),
           (segment(name=None), "MissingName", True), (segment(type="subsegment"), "MissingParentId", True)]
    texts = [document if isinstance(document, str) else json.dumps(document) for document, _, _ in bad]
    answer = client(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(good), *texts])
    found = answer["UnprocessedTraceSegments"]
    assert [entry["ErrorCode"] for entry in found] == [code for _, code, _ in bad]
    assert all(entry["Message"] == f"Invalid segment. ErrorCode: {entry['ErrorCode']}" for entry in found)
    assert [entry.get("Id") for entry in found] == [document["id"] if has_id else None for document, _, has_id in bad]
    assert documents(cairn, good["trace_id"]) == [good]


def test_large_and_many_subsegments_take_bounded_time(cairn):
    now = time.time()
    many = segment(subsegments=[{"id": f"{index + 16:016x}", "name": "p", "start_time": now, "end_time": now} for index in range(100_000)])
    large = segment(metadata={"default": {"text": "x" * (1 << 20)}})
    deep = {"id": new_id(), "name": "p", "start_time": now, "end_time": now}
    for _ in range(200):
        deep = {"id": new_id(), "name": "p", "start_time": now, "end_time": now, "subsegments": [deep]}
    circle = [segment(trace=many["trace_id"], id=f"{one:016x}", parent_id=f"{other:016x}", type="subsegment") for one, other in ((1, 2), (2, 1))]
    start = time.monotonic()
    answer = client(cairn).put_trace_segments(
        TraceSegmentDocuments=[json.dumps(document) for document in (many, large, segment(subsegments=[deep]), *circle)])
    assert answer["UnprocessedTraceSegments"] == []
    assert documents(cairn, large["trace_id"]) == [large]
    assert {part["id"] for part in documents(cairn, many["trace_id"], 3)} == {many["id"], "0000000000000001", "0000000000000002"}
    assert time.monotonic() - start < 60 * busyness()


def test_a_complete_document_replaces_the_one_in_progress(cairn):
    complete = segment()
    open_ = {**complete, "in_progress": True, "user": "early"}
    del open_["end_time"]
    client(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(open_)])
    assert documents(cairn, complete["trace_id"]) == [open_]
    assert [span.get("in_progress") for span in cairn.trace(complete["trace_id"])["spans"]] == [True]
    client(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(complete)])
    until(lambda: documents(cairn, complete["trace_id"]) == [complete])
    assert [span.get("in_progress") for span in cairn.trace(complete["trace_id"])["spans"]] == [None]
    # Late repetition of the early state changes nothing.
    client(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(open_)])
    assert documents(cairn, complete["trace_id"]) == [complete]


def test_parts_sent_alone_are_put_where_they_belong(cairn):
    top = segment(name="api", subsegments=[])
    inner = segment(trace=top["trace_id"], name="work", type="subsegment", parent_id=top["id"])
    inmost = segment(trace=top["trace_id"], name="step", type="subsegment", parent_id=inner["id"])
    orphan = segment(trace=top["trace_id"], name="lost", type="subsegment", parent_id=new_id())
    for document in (inmost, orphan, inner, top):
        client(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    found = {part["name"]: part for part in documents(cairn, top["trace_id"], 2)}
    assert set(found) == {"api", "lost"}
    work, = found["api"]["subsegments"]
    assert work["id"] == inner["id"] and work["subsegments"][0]["id"] == inmost["id"]
    assert found["lost"]["parent_id"] == orphan["parent_id"]


def test_segments_and_spans_are_one_trace(cairn):
    top = segment(name="gateway", http={"request": {"method": "GET", "url": "http://gw/x"}, "response": {"status": 200}})
    trace = top["trace_id"][2:].replace("-", "")
    call = new_id()
    top["subsegments"] = [{"id": call, "name": "shop", "namespace": "remote", "start_time": top["start_time"], "end_time": top["end_time"],
                           "http": {"request": {"url": "http://shop/x", "method": "GET", "traced": True}}}]
    client(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(top)])
    nano = int(time.time() * 1e9)
    server, query = new_id(), new_id()
    spans = [{"traceId": trace, "spanId": server, "parentSpanId": call, "name": "GET /x", "kind": 2, "startTimeUnixNano": str(nano), "endTimeUnixNano": str(nano + 10**7),
              "attributes": [{"key": "http.response.status_code", "value": {"intValue": "500"}}, {"key": "http.request.method", "value": {"stringValue": "GET"}},
                             {"key": "cart.size", "value": {"intValue": "3"}}],
              "status": {"code": 2}, "events": [{"name": "exception", "timeUnixNano": str(nano), "attributes": [
                  {"key": "exception.type", "value": {"stringValue": "Boom"}}, {"key": "exception.message", "value": {"stringValue": "bang"}}]}]},
             {"traceId": trace, "spanId": query, "parentSpanId": server, "name": "SELECT", "kind": 3, "startTimeUnixNano": str(nano), "endTimeUnixNano": str(nano + 10**6),
              "attributes": [{"key": "db.system", "value": {"stringValue": "postgresql"}}, {"key": "db.statement", "value": {"stringValue": "SELECT 1"}},
                             {"key": "db.name", "value": {"stringValue": "carts"}}]}]
    body = {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}, "scopeSpans": [{"spans": spans}]}]}
    assert cairn.send(json.dumps(body), kind="application/json").status == 200
    found = {part["name"]: part for part in documents(cairn, top["trace_id"], 2)}
    assert found["gateway"] == top
    shop = found["shop"]
    assert shop["id"] == server and shop["parent_id"] == call and shop["trace_id"] == top["trace_id"]
    assert shop["fault"] is True and shop["http"]["response"]["status"] == 500 and shop["annotations"]["cart.size"] == 3
    assert shop["cause"]["exceptions"][0]["type"] == "Boom"
    part, = shop["subsegments"]
    assert part["namespace"] == "remote" and part["sql"]["sanitized_query"] == "SELECT 1" and part["name"] == "carts"
    tree = cairn.trace(top["trace_id"])
    assert {span["service"] for span in tree["spans"]} == {"gateway", "shop"}


def test_fields_of_documents_answer_queries(cairn):
    name = f"svc-{new_id()}"
    batch = [segment(name=name, annotations={"tier": tier}, metadata={"debug": {"weight": index}}, http={"response": {"status": status}})
             for index, (tier, status) in enumerate([("gold", 200), ("gold", 500), ("iron", 404)])]
    client(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(document) for document in batch])
    answer = cairn.ask(name, calculations=[{"op": "COUNT"}, {"op": "SUM", "column": "metadata.debug.weight"}], breakdowns=["annotation.tier", "error"],
                       orders=[{"op": "SUM", "column": "metadata.debug.weight", "order": "ascending"}])
    assert sorted(map(str, rows(answer))) == sorted(map(str, [("gold", None, 1, 0), ("gold", True, 1, 1), ("iron", True, 1, 2)])), rows(answer)
    columns = cairn.get("columns", dataset=name)
    names = {column["name"] for column in columns["columns"]}
    assert {"annotation.tier", "metadata.debug.weight", "http.response.status_code", "duration_ms", "xray.fault"} <= names
    assert "meta.original" not in names


def test_an_id_that_reads_as_a_card_number_stays(cairn):
    document = segment(subsegments=[{"id": "4111111111111111", "name": "call", "start_time": time.time() - 0.2, "end_time": time.time()}],
                       metadata={"note": {"id": "4111111111111111"}})
    client(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    (kept,) = documents(cairn, document["trace_id"])
    assert kept["subsegments"] == document["subsegments"] and kept["metadata"] == {"note": {"id": "[redacted]"}}
    assert [s["id"] for s in cairn.trace(document["trace_id"])["spans"]] == [document["id"], "4111111111111111"]


def test_a_functions_arn_is_found_and_listed(cairn):
    """Lambda's own segments name the function at the top of the document, not under `aws`."""
    arn = f"arn:aws:lambda:{REGION}:123456789012:function:{new_id()}"
    document = segment(name="resize", origin="AWS::Lambda::Function", resource_arn=arn)
    client(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    now = time.time()
    found = client(cairn).get_trace_summaries(StartTime=now - 60, EndTime=now + 1, FilterExpression=f'resource.arn = "{arn}"')["TraceSummaries"]
    assert [summary["Id"] for summary in found] == [document["trace_id"]]
    assert found[0]["ResourceARNs"] == [{"ARN": arn}]
