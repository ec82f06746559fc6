# SPDX-License-Identifier: Apache-2.0
"""X-Ray's doors with X-Ray's own clients: boto3 with its validation on, the SDK under Flask, the CLI, and datagrams by hand."""
import base64
import json
import os
import socket
import subprocess
import sys
import time

import boto3
import botocore.exceptions
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

import aws
from cairn_process import busyness, rows, until as wait

HEADER = b'{"format": "json", "version": 1}\n'
REGION = "eu-central-1"


def client(cairn, listener="http", key="dev", secret="dev"):
    return boto3.client("xray", endpoint_url=f"http://{cairn.addresses[listener]}", region_name=REGION, aws_access_key_id=key,
                        aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}))


def new_trace():
    return f"1-{int(time.time()):08x}-{os.urandom(12).hex()}"


def new_id():
    return os.urandom(8).hex()


def segment(trace=None, name="shop", **more):
    now = time.time()
    document = {"trace_id": trace or new_trace(), "id": new_id(), "name": name, "start_time": now - 0.25, "end_time": now, **more}
    return {key: value for key, value in document.items() if value is not None}


def send(cairn, *payloads):
    host, port = cairn.addresses["xray"].rsplit(":", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for payload in payloads:
            sock.sendto(payload, (host, int(port)))


def until(check, what="it never became true"):
    return wait(check, pause=0.02) or pytest.fail(what)


def documents(cairn, trace, count=1):
    """The documents of a trace, once there are so many."""
    def look():
        traces = client(cairn).batch_get_traces(TraceIds=[trace])["Traces"]
        found = [json.loads(part["Document"]) for part in traces[0]["Segments"]] if traces else []
        return found if len(found) >= count else None
    return until(look, what=f"{trace} has not {count} documents")


def door(cairn, name="xray-daemon"):
    return next(entry for entry in cairn.get("doors")["doors"] if entry["id"] == name)


# documents

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


# the daemon

def test_datagrams_become_events_or_a_reason(cairn):
    good, spaced = segment(), segment()
    before = door(cairn)["datagrams"]
    send(cairn, HEADER + json.dumps(good).encode(), b'{"format":"JSON","version":1}\n' + json.dumps(spaced).encode() + b"\n",
         b"no header", b"{}\n{}", b"garbage\n{}", b'{"format":"json","version":2}\n{}', HEADER, HEADER + b"{", HEADER + b"T1S???",
         HEADER + json.dumps(segment(id="zz")).encode())
    assert documents(cairn, good["trace_id"]) == [good]
    assert documents(cairn, spaced["trace_id"]) == [spaced]
    until(lambda: door(cairn)["datagrams"]["malformed"] - before["malformed"] == 8)
    after = door(cairn)["datagrams"]
    assert after["received"] - before["received"] == 10 and after["kernel_drops"] == 0
    reasons = {entry["reason"] for entry in cairn.get("doors")["rejections"] if entry["door"] == "xray-daemon"}
    for part in ("no header line", "not a JSON object", "format json, version 1", "no document behind", "not base64", "InvalidId"):
        assert any(part in reason for reason in reasons), (part, reasons)


@pytest.mark.parametrize("mark", [b"T1S", b"T1U"])
def test_spans_come_in_datagrams(cairn, mark):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    requests, traces = [], []
    for _ in range(3):
        request = ExportTraceServiceRequest()
        scope = request.resource_spans.add()
        scope.resource.attributes.add(key="service.name").value.string_value = "lambda"
        traces.append(os.urandom(16).hex())
        now = time.time_ns()
        scope.scope_spans.add().spans.add(trace_id=bytes.fromhex(traces[-1]), span_id=os.urandom(8), name="handler", kind=2, start_time_unix_nano=now, end_time_unix_nano=now + 1000)
        requests.append(HEADER + mark + base64.b64encode(request.SerializeToString()))
    send(cairn, *requests)
    for trace in traces:
        found, = documents(cairn, f"1-{trace[:8]}-{trace[8:]}")
        assert found["name"] == "lambda" and found["trace_id"] == f"1-{trace[:8]}-{trace[8:]}"


def test_datagrams_survive_a_stop(make_cairn):
    cairn = make_cairn()
    cairn.start()
    sent = [segment() for _ in range(500)]
    send(cairn, *[HEADER + json.dumps(document).encode() for document in sent])
    until(lambda: door(cairn)["datagrams"]["accepted"] == 500)
    cairn.stop()
    cairn.start()
    assert documents(cairn, sent[-1]["trace_id"]) == [sent[-1]]


# the SDK

FLASK = """
import sys, time
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from flask import Flask
xray_recorder.configure(service=sys.argv[1])
# Until the rules have come the SDK decides by its own.
xray_recorder.sampler.start()
waited = time.monotonic() + 60
while xray_recorder.sampler._cache.last_updated is None and time.monotonic() < waited:
    time.sleep(0.01)
app = Flask("shop")
XRayMiddleware(app, xray_recorder)

@app.route("/work")
def work():
    with xray_recorder.in_subsegment("step") as part:
        if part:
            part.put_annotation("size", 3)
            part.put_metadata("note", {"deep": [1]})
    return "ok"

@app.route("/many")
def many():
    for index in range(60):
        with xray_recorder.in_subsegment(f"step {index}"):
            pass
    return "ok"

@app.route("/broken")
def broken():
    raise ValueError("no luck")

end = time.monotonic() + float(sys.argv[2])
browser, count = app.test_client(), 0
paths = sys.argv[3].split(",")
while time.monotonic() < end or count < len(paths):
    browser.get(paths[count % len(paths)])
    count += 1
    time.sleep(float(sys.argv[4]))
xray_recorder.emitter._socket.close()
print(count)
"""


def flask_client(cairn, name, seconds, paths, pause):
    environment = {**os.environ, "AWS_XRAY_DAEMON_ADDRESS": cairn.addresses["xray"]}
    return subprocess.Popen([sys.executable, "-c", FLASK, name, str(seconds), paths, str(pause)], env=environment, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def test_the_sdk_with_its_defaults(cairn):
    name = f"flask-{new_id()}"
    client(cairn).update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "FixedRate": 1.0, "ReservoirSize": 50})
    try:
        process = flask_client(cairn, name, 0, "/work,/broken,/many", 0.01)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert int(output) == 3
        spans = until(lambda: (lambda found: found if len(found) >= 3 else None)(
            [trace for trace in cairn.get("traces", limit=100)["traces"] if trace["root_service"] == name]))
        found = {}
        for trace in spans:
            for document in documents(cairn, trace["xray_id"]):
                if "http" in document:
                    found[document["http"]["request"]["url"].rsplit("/", 1)[1]] = document
        assert set(found) == {"work", "broken", "many"}
        assert found["work"]["subsegments"][0]["annotations"] == {"size": 3}
        assert found["broken"]["fault"] is True and found["broken"]["cause"]["exceptions"][0]["type"] == "ValueError"
        assert len(found["many"]["subsegments"]) == 60
    finally:
        client(cairn).update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "FixedRate": 0.05, "ReservoirSize": 1})


# operations

def rule(name, **more):
    return {"RuleName": name, "ResourceARN": "*", "Priority": 10, "FixedRate": 0.1, "ReservoirSize": 10, "ServiceName": "*", "ServiceType": "*",
            "Host": "*", "HTTPMethod": "*", "URLPath": "/x/*", "Version": 1, **more}


def test_sampling_rules_live(cairn):
    xray, name = client(cairn), f"rule-{new_id()}"
    made = xray.create_sampling_rule(SamplingRule=rule(name, Attributes={"a": "b"}, SamplingRateBoost={"MaxRate": 0.9, "CooldownWindowMinutes": 5}),
                                     Tags=[{"Key": "team", "Value": "shop"}])["SamplingRuleRecord"]
    arn = made["SamplingRule"]["RuleARN"]
    assert arn == f"arn:aws:xray:{REGION}:123456789012:sampling-rule/{name}"
    assert made["SamplingRule"]["SamplingRateBoost"] == {"MaxRate": 0.9, "CooldownWindowMinutes": 5}
    assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "shop"}]
    with pytest.raises(xray.exceptions.InvalidRequestException):
        xray.create_sampling_rule(SamplingRule=rule(name))
    changed = xray.update_sampling_rule(SamplingRuleUpdate={"RuleARN": arn, "FixedRate": 0.5})["SamplingRuleRecord"]["SamplingRule"]
    assert changed["FixedRate"] == 0.5 and changed["URLPath"] == "/x/*"
    listed = [record["SamplingRule"]["RuleName"] for page in xray.get_paginator("get_sampling_rules").paginate() for record in page["SamplingRuleRecords"]]
    assert name in listed and listed[-1] == "Default"
    xray.tag_resource(ResourceARN=arn, Tags=[{"Key": "stage", "Value": ""}])
    xray.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stage", "Value": ""}]
    assert xray.delete_sampling_rule(RuleName=name)["SamplingRuleRecord"]["SamplingRule"]["RuleName"] == name
    with pytest.raises(xray.exceptions.ResourceNotFoundException):
        xray.list_tags_for_resource(ResourceARN=arn)
    for call in (lambda: xray.delete_sampling_rule(RuleName="Default"), lambda: xray.delete_sampling_rule(RuleName=name),
                 lambda: xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "Priority": 5}),
                 lambda: xray.create_sampling_rule(SamplingRule=rule("r", Priority=9999, FixedRate=1.0, ServiceName="x" * 65))):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            call()
        assert error.value.response["Error"]["Code"] == "InvalidRequestException" and error.value.response["Error"]["Message"]


def test_targets_share_the_reservoir(cairn):
    xray, name = client(cairn, "xray"), f"rule-{new_id()}"
    xray.create_sampling_rule(SamplingRule=rule(name, ReservoirSize=10))

    def report(client_id, requests=100, boosts=()):
        return xray.get_sampling_targets(SamplingStatisticsDocuments=[
            {"RuleName": name, "ClientID": client_id, "Timestamp": time.time(), "RequestCount": requests, "SampledCount": 1, "BorrowCount": 1}],
            SamplingBoostStatisticsDocuments=list(boosts))
    one, two = "1" * 24, "2" * 24
    first = report(one)["SamplingTargetDocuments"][0]
    assert first["ReservoirQuota"] == 10 and first["Interval"] == 10 and first["FixedRate"] == 0.1
    assert first["ReservoirQuotaTTL"].timestamp() > time.time()
    # The second gets what the first leaves, until the first has reported again.
    assert report(two)["SamplingTargetDocuments"][0]["ReservoirQuota"] == 0
    assert report(one)["SamplingTargetDocuments"][0]["ReservoirQuota"] == 5
    assert report(two)["SamplingTargetDocuments"][0]["ReservoirQuota"] == 5
    unknown = xray.get_sampling_targets(SamplingStatisticsDocuments=[
        {"RuleName": "nobody", "ClientID": one, "Timestamp": time.time(), "RequestCount": 1, "SampledCount": 1}])
    assert unknown["UnprocessedStatistics"][0]["RuleName"] == "nobody"
    statistics = [entry for page in client(cairn).get_paginator("get_sampling_statistic_summaries").paginate()
                  for entry in page["SamplingStatisticSummaries"] if entry["RuleName"] == name]
    assert sum(entry["RequestCount"] for entry in statistics) == 400 and sum(entry["BorrowCount"] for entry in statistics) == 4
    xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": name, "SamplingRateBoost": {"MaxRate": 0.8, "CooldownWindowMinutes": 1}})
    boosted = report(one, boosts=[{"RuleName": name, "ServiceName": "shop", "Timestamp": time.time(), "AnomalyCount": 9, "TotalCount": 20, "SampledAnomalyCount": 1}])
    assert boosted["SamplingTargetDocuments"][0]["SamplingBoost"]["BoostRate"] == 0.8
    xray.delete_sampling_rule(RuleName=name)


def test_groups_have_tags(cairn):
    xray, name = client(cairn), f"g{new_id()}"
    group = xray.create_group(GroupName=name, FilterExpression="fault", Tags=[{"Key": "team", "Value": "shop"}])["Group"]
    assert xray.list_tags_for_resource(ResourceARN=group["GroupARN"])["Tags"] == [{"Key": "team", "Value": "shop"}]
    xray.delete_group(GroupName=name)


def test_the_page_gets_the_document_of_a_span(cairn):
    top = segment()
    top["subsegments"] = [{"id": new_id(), "name": "part", "start_time": top["start_time"], "end_time": top["end_time"]}]
    client(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(top)])
    for span in (top["id"], top["subsegments"][0]["id"]):
        found = cairn.get(f"traces/{top['trace_id']}/spans/{span}/document")
        assert found["as_sent"] and found["id"] == top["id"] and json.loads(found["document"]) == top


def test_settings_of_the_account(cairn):
    xray = client(cairn)
    assert xray.get_encryption_config()["EncryptionConfig"] == {"Status": "ACTIVE", "Type": "NONE"}
    assert xray.put_encryption_config(Type="KMS", KeyId="alias/x")["EncryptionConfig"] == {"KeyId": "alias/x", "Status": "ACTIVE", "Type": "KMS"}
    assert xray.put_encryption_config(Type="NONE")["EncryptionConfig"]["Type"] == "NONE"
    assert xray.get_trace_segment_destination()["Destination"] == "CloudWatchLogs"
    assert xray.update_trace_segment_destination(Destination="XRay")["Destination"] == "XRay"
    assert xray.get_trace_segment_destination()["Status"] == "ACTIVE"
    assert xray.get_indexing_rules()["IndexingRules"][0]["Rule"]["Probabilistic"]["ActualSamplingPercentage"] == 100
    assert xray.update_indexing_rule(Name="Default", Rule={"Probabilistic": {"DesiredSamplingPercentage": 7}})["IndexingRule"]["Name"] == "Default"
    with pytest.raises(xray.exceptions.ResourceNotFoundException):
        xray.update_indexing_rule(Name="other", Rule={"Probabilistic": {"DesiredSamplingPercentage": 7}})
    policy = xray.put_resource_policy(PolicyName="p1", PolicyDocument='{"Statement": []}')["ResourcePolicy"]
    assert policy["PolicyRevisionId"] == "1"
    with pytest.raises(xray.exceptions.InvalidPolicyRevisionIdException):
        xray.put_resource_policy(PolicyName="p1", PolicyDocument='{"Statement": []}', PolicyRevisionId="9")
    with pytest.raises(xray.exceptions.MalformedPolicyDocumentException):
        xray.put_resource_policy(PolicyName="p2", PolicyDocument="nonsense")
    assert [entry["PolicyName"] for page in xray.get_paginator("list_resource_policies").paginate() for entry in page["ResourcePolicies"]] == ["p1"]
    xray.delete_resource_policy(PolicyName="p1")
    assert xray.list_resource_policies()["ResourcePolicies"] == []
    assert xray.put_telemetry_records(TelemetryRecords=[{"Timestamp": time.time(), "SegmentsReceivedCount": 1}])["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_traces_are_retrieved(cairn):
    xray = client(cairn)
    parts = [segment() for _ in range(7)]
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document) for document in parts])
    graph_token = xray.start_trace_retrieval(TraceIds=[parts[0]["trace_id"]], StartTime=time.time() - 60, EndTime=time.time())["RetrievalToken"]
    graph = xray.get_retrieved_traces_graph(RetrievalToken=graph_token)
    assert graph["RetrievalStatus"] == "COMPLETE" and "shop" in {entry["Service"]["Name"] for entry in graph["Services"]}
    token = xray.start_trace_retrieval(TraceIds=[part["trace_id"] for part in parts], StartTime=time.time() - 60, EndTime=time.time())["RetrievalToken"]
    for form in ("XRAY", "OTEL"):
        found, more = {}, {}
        while True:
            page = xray.list_retrieved_traces(RetrievalToken=token, TraceFormat=form, **more)
            assert page["RetrievalStatus"] == "COMPLETE" and page["TraceFormat"] == form and len(page["Traces"]) <= 5
            found.update({trace["Id"]: json.loads(trace["Spans"][0]["Document"]) for trace in page["Traces"]})
            if "NextToken" not in page:
                break
            more = {"NextToken": page["NextToken"]}
        assert set(found) == {part["trace_id"] for part in parts}
        if form == "XRAY":
            assert all(found[part["trace_id"]] == part for part in parts)
    xray.cancel_trace_retrieval(RetrievalToken=token)
    assert xray.list_retrieved_traces(RetrievalToken=token)["RetrievalStatus"] == "CANCELLED"
    with pytest.raises(xray.exceptions.ResourceNotFoundException):
        xray.list_retrieved_traces(RetrievalToken="nobody")


def test_unknown_traces_and_operations(cairn):
    xray, missing = client(cairn), new_trace()
    answer = xray.batch_get_traces(TraceIds=[missing])
    assert answer["Traces"] == [] and answer["UnprocessedTraceIds"] == [missing]
    with pytest.raises(xray.exceptions.InvalidRequestException):
        xray.batch_get_traces(TraceIds=["1-zz"])
    reply = cairn.request("POST", "/NoSuchOperation", "{}", {"content-type": "application/json"}, address=cairn.addresses["xray"])
    assert reply.status == 404 and reply.headers["x-amzn-errortype"] == "UnknownOperationException" and reply.json()["Message"]


def test_the_command_line_of_aws(cairn):
    program = os.path.join(os.path.dirname(sys.executable), "aws")
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "dev", "AWS_SECRET_ACCESS_KEY": "dev", "AWS_DEFAULT_REGION": REGION,
                   "AWS_ENDPOINT_URL_XRAY": f"http://{cairn.addresses['http']}"}

    def aws(*words):
        done = subprocess.run([sys.executable, program, "xray", *words], env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    document = segment()
    assert aws("put-trace-segments", "--trace-segment-documents", json.dumps(document)) == {"UnprocessedTraceSegments": []}
    found = aws("batch-get-traces", "--trace-ids", document["trace_id"])
    assert json.loads(found["Traces"][0]["Segments"][0]["Document"]) == document
    assert aws("get-sampling-rules")["SamplingRuleRecords"][-1]["SamplingRule"]["RuleName"] == "Default"


# keys

def test_keys_sign(make_cairn):
    cairn = make_cairn()
    everything, ingest, other = (aws.key(cairn, *of) for of in (("ingest,query,manage",), ("ingest",), ("ingest,query,manage", "other")))
    cairn.start()
    document = segment()
    client(cairn, "http", *everything).put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    assert client(cairn, "http", *everything).batch_get_traces(TraceIds=[document["trace_id"]])["Traces"]
    assert not client(cairn, "http", *other).batch_get_traces(TraceIds=[document["trace_id"]])["Traces"]

    def code(call):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            call()
        return error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert code(lambda: client(cairn, "http", everything[0], "wrong").get_sampling_rules()) == ("InvalidSignatureException", 403)
    assert code(lambda: client(cairn).get_sampling_rules()) == ("UnrecognizedClientException", 403)
    assert code(lambda: client(cairn, "http", *ingest).batch_get_traces(TraceIds=[document["trace_id"]])) == ("AccessDeniedException", 403)
    # What an SDK sends the daemon's port unsigned is taken; what reads traces is not.
    import http.client as plain
    host, port = cairn.addresses["xray"].rsplit(":", 1)
    for path, status in (("/GetSamplingRules", 200), ("/TraceSegments", 200), ("/Traces", 403), ("/CreateSamplingRule", 403), ("/v1/traces", 404)):
        connection = plain.HTTPConnection(host, int(port), timeout=30)
        connection.request("POST", path, json.dumps({"TraceSegmentDocuments": [], "TraceIds": []}), {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status, path
    # A presigned request.
    signed = AWSRequest(method="POST", url=f"http://{cairn.addresses['http']}/GetSamplingRules", data=b"")
    SigV4QueryAuth(Credentials(*everything), "xray", REGION, expires=60).add_auth(signed)
    path = signed.url.split(cairn.addresses["http"], 1)[1]
    for target, status in ((path, 200), (path.replace("X-Amz-Expires=60", "X-Amz-Expires=61"), 403)):
        connection = plain.HTTPConnection(*cairn.addresses["http"].rsplit(":", 1), timeout=30)
        connection.request("POST", target)
        assert connection.getresponse().status == status
    cairn.stop()


def test_two_clients_stay_within_reservoir_and_rate(cairn):
    """Central sampling by the real SDK: both clients fetch the rule, report after ten seconds and get their share."""
    xray, name, seconds = client(cairn), f"central-{new_id()}", 14
    xray.create_sampling_rule(SamplingRule=rule(name, Priority=1, ReservoirSize=5, FixedRate=0.1, ServiceName=name, URLPath="*"))
    before = door(cairn)["datagrams"]["accepted"]
    processes = [flask_client(cairn, name, seconds, "/work", 0.01) for _ in range(2)]
    outputs = [process.communicate(timeout=90) for process in processes]
    assert all(process.returncode == 0 for process in processes), outputs
    requests = sum(int(output) for output, _ in outputs)

    def reported():
        found = [entry for entry in xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"] if entry["RuleName"] == name]
        return found if sum(entry["RequestCount"] for entry in found) > requests / 4 else None
    statistics = until(reported)
    kept = door(cairn)["datagrams"]["accepted"] - before
    # Until the first report each client borrows one a second; afterwards the grants together never exceed the reservoir.
    most = 2 * (seconds + 2) + 5 * (seconds + 2) + 0.1 * requests * 1.5 + 20
    assert 0.1 * requests * 0.5 < kept <= most, (requests, kept, most)
    assert sum(entry["SampledCount"] + entry["BorrowCount"] for entry in statistics) <= kept + 5
    # Documents that came after the report stand for those that were sampled out.
    assert cairn.count(("xray.type", "=", "segment"), dataset=name) > kept
    xray.delete_sampling_rule(RuleName=name)


def test_an_id_that_reads_as_a_card_number_stays(cairn):
    document = segment(subsegments=[{"id": "4111111111111111", "name": "call", "start_time": time.time() - 0.2, "end_time": time.time()}],
                       metadata={"note": {"id": "4111111111111111"}})
    client(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    (kept,) = documents(cairn, document["trace_id"])
    assert kept["subsegments"] == document["subsegments"] and kept["metadata"] == {"note": {"id": "[redacted]"}}
    assert [s["id"] for s in cairn.trace(document["trace_id"])["spans"]] == [document["id"], "4111111111111111"]
