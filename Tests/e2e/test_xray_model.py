# SPDX-License-Identifier: Apache-2.0
"""Every operation of X-Ray's service model, as botocore has it: each works, its answer holds against the model; bad members get AWS's errors; and
docs/doors/xray.md names each with its state. Insights: a fault rate that rises is opened, followed and closed."""
import json
import pathlib
import re
import time

import botocore.exceptions
import botocore.session
import pytest

import otlp
from cairn_process import busyness
from xray import door, new_id, segment, send, HEADER, until
from test_xray_queries import checked, client_of, refused

MODEL = botocore.session.get_session().get_service_model("xray")
DOOR = pathlib.Path(__file__).resolve().parents[2] / "docs/doors/xray.md"
STATES = {"yes", "kept and given back", "no"}


@pytest.fixture(scope="module")
def calls(cairn):
    """By operation: its arguments. What an operation needs (a trace, a group, a rule, a policy, a retrieval) is made first."""
    xray, now = client_of(cairn), time.time()
    document, mark = segment(), new_id()[:6]
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    span = {"StartTime": now - 600, "EndTime": now + 60}
    group = {name: xray.create_group(GroupName=f"{name}-{mark}", FilterExpression="fault")["Group"]["GroupARN"] for name in ("kept", "gone")}
    rule = {"RuleName": f"r-{mark}", "ResourceARN": "*", "Priority": 10, "FixedRate": 0.1, "ReservoirSize": 1, "ServiceName": "*", "ServiceType": "*", "Host": "*",
            "HTTPMethod": "*", "URLPath": "*", "Version": 1}
    made = xray.create_sampling_rule(SamplingRule=rule)["SamplingRuleRecord"]["SamplingRule"]["RuleARN"]
    xray.put_resource_policy(PolicyName=f"gone-{mark}", PolicyDocument='{"Statement": []}')
    token = xray.start_trace_retrieval(TraceIds=[document["trace_id"]], **span)["RetrievalToken"]
    ended = xray.start_trace_retrieval(TraceIds=[document["trace_id"]], **span)["RetrievalToken"]
    return {
        "BatchGetTraces": {"TraceIds": [document["trace_id"]]}, "CancelTraceRetrieval": {"RetrievalToken": ended}, "CreateGroup": {"GroupName": f"new-{mark}"},
        "CreateSamplingRule": {"SamplingRule": {**rule, "RuleName": f"n-{mark}"}, "Tags": [{"Key": "a", "Value": "b"}]}, "DeleteGroup": {"GroupARN": group["gone"]},
        "DeleteResourcePolicy": {"PolicyName": f"gone-{mark}"}, "DeleteSamplingRule": {"RuleName": f"n-{mark}"}, "GetEncryptionConfig": {}, "GetGroup": {"GroupARN": group["kept"]},
        "GetGroups": {}, "GetIndexingRules": {}, "GetInsight": None, "GetInsightEvents": None, "GetInsightImpactGraph": None, "GetInsightSummaries": span,
        "GetRetrievedTracesGraph": {"RetrievalToken": token}, "GetSamplingRules": {}, "GetSamplingStatisticSummaries": {},
        "GetSamplingTargets": {"SamplingStatisticsDocuments": [{"RuleName": f"r-{mark}", "ClientID": "c" * 24, "Timestamp": now, "RequestCount": 10, "SampledCount": 1, "BorrowCount": 0}]},
        "GetServiceGraph": span, "GetTimeSeriesServiceStatistics": {**span, "EntitySelectorExpression": 'service("shop")', "ForecastStatistics": True},
        "GetTraceGraph": {"TraceIds": [document["trace_id"]]}, "GetTraceSegmentDestination": {}, "GetTraceSummaries": {**span, "FilterExpression": 'service("shop")'},
        "ListResourcePolicies": {}, "ListRetrievedTraces": {"RetrievalToken": token}, "ListTagsForResource": {"ResourceARN": made}, "PutEncryptionConfig": {"Type": "NONE"},
        "PutResourcePolicy": {"PolicyName": f"p-{mark}", "PolicyDocument": '{"Statement": []}'},
        "PutTelemetryRecords": {"TelemetryRecords": [{"Timestamp": now, "SegmentsReceivedCount": 1}], "Hostname": "h"},
        "PutTraceSegments": {"TraceSegmentDocuments": [json.dumps(segment()), "nonsense"]},
        "StartTraceRetrieval": {"TraceIds": [document["trace_id"]], **span}, "TagResource": {"ResourceARN": made, "Tags": [{"Key": "k", "Value": "v"}]},
        "UntagResource": {"ResourceARN": made, "TagKeys": ["k"]}, "UpdateGroup": {"GroupARN": group["kept"], "FilterExpression": "error"},
        "UpdateIndexingRule": {"Name": "Default", "Rule": {"Probabilistic": {"DesiredSamplingPercentage": 3}}},
        "UpdateSamplingRule": {"SamplingRuleUpdate": {"RuleARN": made, "FixedRate": 0.2}}, "UpdateTraceSegmentDestination": {"Destination": "CloudWatchLogs"},
    }


def test_every_operation_has_its_call(calls):
    assert set(calls) == set(MODEL.operation_names)


@pytest.mark.parametrize("name", MODEL.operation_names)
def test_each_operation_answers_as_the_model_says(cairn, calls, name):
    xray = client_of(cairn)
    call = getattr(xray, botocore.xform_name(name))
    if calls[name] is None:
        # No insight is there: test_an_insight_is_opened_followed_and_closed asks for a real one.
        arguments = {"InsightId": "00000000-0000-4000-a000-000000000000", **({"StartTime": time.time() - 60, "EndTime": time.time()} if "Impact" in name else {})}
        assert refused(call, **arguments) == ("InvalidRequestException", "Insight not found")
        return
    answer = call(**calls[name])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200 and answer["ResponseMetadata"]["RequestId"]
    checked(xray, name, answer)
    told = {key for key in answer if key != "ResponseMetadata"}
    assert told or name in ("PutTelemetryRecords", "TagResource", "UntagResource", "DeleteGroup", "DeleteResourcePolicy", "CancelTraceRetrieval"), answer


@pytest.mark.parametrize("name", [n for n in MODEL.operation_names if MODEL.operation_model(n).input_shape and MODEL.operation_model(n).input_shape.members])
def test_bad_members_get_errors_in_the_shape_of_aws(cairn, name):
    """Every member of a wrong type, and a body that is no JSON."""
    model = MODEL.operation_model(name)
    wrong = {"string": 7, "list": "x", "structure": "x", "timestamp": "x", "boolean": "x", "integer": "x", "double": "x", "map": "x"}
    members = {key: wrong.get(shape.type_name, []) for key, shape in model.input_shape.members.items()}
    required = model.input_shape.required_members
    for body in ([json.dumps(members), "{", "[1]", "\xff"] if required or name in ("GetTraceSummaries",) else ["{", "[1]"]):
        reply = cairn.request("POST", model.http["requestUri"], body.encode("latin-1"), {"content-type": "application/json"})
        assert 400 <= reply.status < 500, (name, body, reply)
        assert reply.headers["x-amzn-errortype"].endswith("Exception") and reply.json()["Message"], (name, body, reply)


def test_every_operation_is_named_with_its_state():
    table = DOOR.read_text().split("\n## Operations\n", 1)[1].split("\n## ", 1)[0]
    found = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"\b[A-Z][A-Za-z]+\b", cells[0])
        if len(cells) == 2 and names and names[0] in MODEL.operation_names:
            for name in names:
                assert name not in found, name
                found[name] = cells[1].split(":")[0].split(";")[0].split(",")[0].strip()
    assert set(found) == set(MODEL.operation_names)
    assert set(found.values()) <= STATES, found


# insights

MINUTE = 60


def spans_of_minutes(first, outcomes):
    """`front` calls `stock`: for each minute as many calls, of which so many fail in both."""
    ids, request = otlp.Ids(11), otlp.ExportTraceServiceRequest()
    groups = {}
    for name in ("front", "stock"):
        group = request.resource_spans.add()
        group.resource.attributes.extend(otlp.attributes({"service.name": name}))
        groups[name] = group.scope_spans.add().spans
    for minute, (count, failed) in enumerate(outcomes):
        for n in range(count):
            at = int((first + minute * MINUTE + 1 + n * 50 / count) * 1e9)
            status = {"http.response.status_code": 503 if n < failed else 200}
            top = otlp.span(ids, "GET /", start=at, milliseconds=40.0, kind=2, fields=status)
            call = otlp.span(ids, "GET stock", trace=top.trace_id, parent=top.span_id, start=at, milliseconds=30.0, kind=3, fields=status)
            below = otlp.span(ids, "GET /stock", trace=top.trace_id, parent=call.span_id, start=at, milliseconds=20.0, kind=2, fields=status)
            groups["front"].extend([top, call])
            groups["stock"].append(below)
    return request.SerializeToString()


def test_an_insight_is_opened_followed_and_closed(make_cairn):
    """Twelve calm minutes, four in which `stock` fails more and more, four calm ones: all real requests, only the end of a minute is told."""
    cairn = make_cairn("insight", environment={"CAIRN_TEST_RESET": "1"}).start()
    xray = client_of(cairn)
    outcomes = [(20, 0)] * 6 + [(20, 1)] + [(20, 0)] * 5 + [(20, 8), (20, 12), (20, 16), (20, 16)] + [(20, 0)] * 4
    first = int(time.time()) // MINUTE * MINUTE - len(outcomes) * MINUTE - 600
    assert cairn.send(spans_of_minutes(first, outcomes)).status == 200
    over = {"StartTime": first - 60, "EndTime": first + len(outcomes) * MINUTE + 60}

    def minute_ends(number):
        assert cairn.request("POST", f"/moto-api/insights?at={first + (number + 1) * MINUTE + 20}").status == 200

    def summaries(**more):
        return checked(xray, "GetInsightSummaries", xray.get_insight_summaries(**over, GroupName="Default", **more))["InsightSummaries"]
    for number in range(12):
        minute_ends(number)
    assert summaries() == []
    minute_ends(12)
    opened, = summaries(States=["ACTIVE"])
    assert opened["State"] == "ACTIVE" and opened["Categories"] == ["FAULT"] and "EndTime" not in opened and opened["GroupName"] == "Default"
    assert opened["RootCauseServiceId"]["Name"] == "stock" and opened["StartTime"].timestamp() == first + 12 * MINUTE
    assert {entry["ServiceId"]["Name"] for entry in opened["TopAnomalousServices"]} == {"front", "stock"}
    for number in range(13, 16):
        minute_ends(number)
    insight = checked(xray, "GetInsight", xray.get_insight(InsightId=opened["InsightId"]))["Insight"]
    assert insight["State"] == "ACTIVE" and insight["RootCauseServiceRequestImpactStatistics"] == {"FaultCount": 52, "OkCount": 28, "TotalCount": 80}
    assert insight["ClientRequestImpactStatistics"]["FaultCount"] == 52
    graph = checked(xray, "GetInsightImpactGraph", xray.get_insight_impact_graph(InsightId=opened["InsightId"], **over))
    services = {entry["Name"]: entry for entry in graph["Services"]}
    assert set(services) == {"front", "stock"}
    assert [edge["ReferenceId"] for edge in services["front"]["Edges"]] == [services["stock"]["ReferenceId"]]
    for number in range(16, 20):
        minute_ends(number)
    assert summaries(States=["ACTIVE"]) == []
    closed, = summaries(States=["CLOSED"])
    assert closed["InsightId"] == opened["InsightId"] and closed["State"] == "CLOSED"
    assert closed["EndTime"].timestamp() == first + 19 * MINUTE
    told, = cairn.request("GET", f"/api/cairn/map/insights?start={over['StartTime']}&end={over['EndTime']}").json()["insights"]
    assert (told["cause"]["name"], told["faults"], told["client_faults"], told["end_us"]) == ("stock", 52, 52, (first + 19 * MINUTE) * 10**6)
    events = checked(xray, "GetInsightEvents", xray.get_insight_events(InsightId=opened["InsightId"]))["InsightEvents"]
    told = json.dumps(events, default=str)
    assert len(events) == 7 and all(part in told for part in ("8 faults in 20", "16 faults in 20", "back within"))
    pages, token = [], {}
    while token is not None:
        page = xray.get_insight_events(InsightId=opened["InsightId"], MaxResults=3, **token)
        pages.append(len(page["InsightEvents"]))
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert pages == [3, 3, 1]


# what goes over traces

def test_span_links_make_edges_across_traces(make_cairn):
    """A message is sent in one trace and taken in another, which links to it: spans, and X-Ray documents alike."""
    cairn = make_cairn("links").start()
    xray, ids, now = client_of(cairn), otlp.Ids(5), time.time_ns() - 60 * 10**9
    request = otlp.ExportTraceServiceRequest()
    queue = {"messaging.system": "kafka", "messaging.destination.name": "orders"}
    top = otlp.span(ids, "POST /order", start=now, milliseconds=50.0, kind=2)
    sent = otlp.span(ids, "orders send", trace=top.trace_id, parent=top.span_id, start=now, milliseconds=10.0, kind=4, fields=queue)
    taken = otlp.span(ids, "orders process", start=now + 2_010_000_000, milliseconds=100.0, kind=5, fields={"messaging.system": "kafka"})
    taken.links.add(trace_id=sent.trace_id, span_id=sent.span_id)
    # Not through a queue: one service's batch goes on with another's request.
    batch = otlp.span(ids, "nightly", start=now + 5_000_000_000, milliseconds=100.0, kind=1)
    batch.links.add(trace_id=top.trace_id, span_id=top.span_id)
    for name, spans in (("shop", [top, sent]), ("worker", [taken]), ("report", [batch])):
        group = request.resource_spans.add()
        group.resource.attributes.extend(otlp.attributes({"service.name": name}))
        group.scope_spans.add().spans.extend(spans)
    assert cairn.send(request.SerializeToString()).status == 200
    trace = top.trace_id.hex()
    linked = segment(name="mailer", links=[{"trace_id": f"1-{trace[:8]}-{trace[8:]}", "id": sent.span_id.hex(), "attributes": {"x": 1}}, {"id": "bad"}, 7])
    assert xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(linked)])["UnprocessedTraceSegments"] == []
    span = {"StartTime": now / 1e9 - 60, "EndTime": time.time() + 60}
    answer = checked(xray, "GetServiceGraph", xray.get_service_graph(**span))
    nodes = {s["ReferenceId"]: s for s in answer["Services"]}
    edges = {(s["Name"] if s.get("Type") != "client" else "client", nodes[e["ReferenceId"]]["Name"]): e for s in answer["Services"] for e in s["Edges"]}
    assert set(edges) == {("client", "shop"), ("shop", "orders"), ("orders", "worker"), ("orders", "mailer"), ("shop", "report")}
    assert edges[("orders", "worker")]["EdgeType"] == "link" and edges[("shop", "report")]["EdgeType"] == "link"
    (age,) = edges[("orders", "worker")]["ReceivedEventAgeHistogram"]
    assert age["Count"] == 1 and abs(age["Value"] - 2.0) < 0.001
    # A graph of these two traces alone has the edge too.
    both = xray.get_trace_graph(TraceIds=[f"1-{t.hex()[:8]}-{t.hex()[8:]}" for t in (top.trace_id, taken.trace_id)])
    assert {"orders", "worker", "shop"} <= {s["Name"] for s in both["Services"]}
    found = cairn.trace(linked["trace_id"])
    assert [(note["trace_id"] if "trace_id" in note else note["fields"]["trace.link.trace_id"]) for note in found["links"]] == [trace]


def test_a_document_in_progress_counts_once(make_cairn):
    cairn = make_cairn("progress").start()
    xray = client_of(cairn)
    complete = [segment(name="runner") for _ in range(5)]
    started = [{key: value for key, value in {**document, "in_progress": True}.items() if key != "end_time"} for document in complete]
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document) for document in started])
    assert cairn.count(dataset="runner") == 5
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document) for document in complete[:3]])
    assert cairn.count(dataset="runner") == 5
    assert cairn.count(("xray.in_progress", "=", True), dataset="runner") == 2
    assert cairn.count(("duration_ms", "exists", None), dataset="runner") == 3


def test_a_subsegment_sent_alone_has_the_service_it_works_for(cairn):
    top = segment(name="api")
    part = segment(trace=top["trace_id"], name="work", type="subsegment", parent_id=top["id"], cause={"working_directory": "/srv", "paths": ["/srv/lib", "/usr/lib"], "exceptions": []})
    step = segment(trace=top["trace_id"], name="step", type="subsegment", parent_id=part["id"])
    for document in (step, part):
        send(cairn, HEADER + json.dumps(document).encode())
    xray = client_of(cairn)
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(top)])
    spans = until(lambda: (lambda found: found if len(found) == 3 else None)(cairn.trace(top["trace_id"])["spans"]))
    assert {span["name"]: span["service"] for span in spans} == {"api": "api", "work": "api", "step": "api"}
    fields = next(span for span in spans if span["name"] == "work")["fields"]
    assert json.loads(fields["xray.paths"]) == ["/srv/lib", "/usr/lib"] and fields["xray.working_directory"] == "/srv"


# bad input

def test_hostile_documents_get_a_verdict_each_in_bounded_time(cairn):
    """All at once; what is good among them is kept."""
    xray, now = client_of(cairn), time.time()
    good = segment()
    ring = [segment(trace=good["trace_id"], id=f"{n + 1:016x}", parent_id=f"{(n + 1) % 400 + 1:016x}", type="subsegment", name="ring") for n in range(400)]
    itself = segment(trace=good["trace_id"], id="f" * 16, parent_id="f" * 16, type="subsegment")
    twice = segment()
    nested = {"id": new_id(), "name": "p", "start_time": now, "end_time": now}
    for _ in range(60):
        nested = {"id": new_id(), "name": "p", "start_time": now, "end_time": now, "subsegments": [nested, nested]} if _ < 6 else {**nested, "subsegments": [nested]}
    wide = segment(annotations={f"k{n}": n for n in range(2_000)}, metadata={"d": {f"m{n}": [n] for n in range(7_000)}})
    clash = segment(subsegments=[{"id": "a" * 16, "name": "p", "start_time": now, "end_time": now}] * 1_000)
    text = json.dumps(segment(metadata={"default": {"text": "x" * (1 << 20)}}))
    odd = [(json.dumps(segment(start_time=-1)), "InvalidStartTime"), (json.dumps(segment(start_time=1e300, end_time=1e301)), "InvalidStartTime"),
           (json.dumps(segment(end_time=9e18)), None), (json.dumps(segment(id="g" * 16)), "InvalidId"), (json.dumps(segment(id="0" * 16)), "InvalidId"),
           (json.dumps(segment(trace="1-zzzzzzzz-" + "0" * 24)), "InvalidTraceId"), (json.dumps(good)[:-1], "ParseError"), ("", "ParseError"), ("null", "ParseError"),
           ("[" * 100_000, "ParseError"), ("{\"a\":" * 50_000, "ParseError"), ("\ud83d\ude00", "ParseError")]
    began = time.monotonic()
    answer = xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(d) for d in (good, *ring, itself, twice, twice, wide, clash)] + [text] + [d for d, _ in odd])
    codes = [entry["ErrorCode"] for entry in answer["UnprocessedTraceSegments"]]
    wanted = [code for _, code in odd if code]
    assert codes == wanted or sorted(set(wanted) - set(codes)) == [], (codes, wanted)
    for trace, least in ((good["trace_id"], 1), (twice["trace_id"], 1), (wide["trace_id"], 1), (clash["trace_id"], 1)):
        (found,) = xray.batch_get_traces(TraceIds=[trace])["Traces"]
        assert len(found["Segments"]) >= least
    for path in ("/TraceGraph", "/Traces"):
        reply = cairn.request("POST", path, json.dumps({"TraceIds": [good["trace_id"], wide["trace_id"]]}), {"content-type": "application/json"})
        assert reply.status == 200, reply
    page = xray.get_trace_summaries(StartTime=now - 600, EndTime=now + 600, FilterExpression='name = "ring" OR service("shop")')
    assert good["trace_id"] in {s["Id"] for s in page["TraceSummaries"]} or page.get("NextToken")
    assert cairn.trace(good["trace_id"])["spans"]
    assert time.monotonic() - began < 90 * busyness()
    (found,) = xray.batch_get_traces(TraceIds=[twice["trace_id"]])["Traces"]
    assert [part["Id"] for part in found["Segments"]] == [twice["id"]]


def test_spans_and_documents_have_the_same_field_names(cairn):
    """A call told by a document and the same call told by a span: every query finds both by one name."""
    name, now = f"twin-{new_id()[:6]}", time.time()
    document = segment(name=name, fault=True, user="ada", http={"request": {"method": "GET", "url": "http://a/x", "user_agent": "u/1", "client_ip": "10.1.1.1"},
                                                               "response": {"status": 503, "content_length": 9}}, sql={"sanitized_query": "SELECT 1", "database_type": "postgresql"})
    client_of(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    ids, request = otlp.Ids(3), otlp.ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.extend(otlp.attributes({"service.name": name}))
    span = otlp.span(ids, "GET /x", start=int(now * 1e9), milliseconds=250.0, kind=2, fields={
        "http.request.method": "GET", "url.full": "http://a/x", "user_agent.original": "u/1", "client.address": "10.1.1.1", "http.response.status_code": 503,
        "http.response.body.size": 9, "user.id": "ada", "db.system": "postgresql", "db.statement": "SELECT 1"})
    span.status.code = 2
    group.scope_spans.add().spans.append(span)
    assert cairn.send(request.SerializeToString()).status == 200
    for column, value in (("http.request.method", "GET"), ("url.full", "http://a/x"), ("user_agent.original", "u/1"), ("client.address", "10.1.1.1"),
                          ("http.response.status_code", 503), ("http.response.body.size", 9), ("user.id", "ada"), ("db.system", "postgresql"), ("db.statement", "SELECT 1"),
                          ("error", True), ("service.name", name), ("span.kind", "server")):
        assert cairn.count((column, "=", value), dataset=name) == 2, column
    assert cairn.count(("duration_ms", ">", 200), dataset=name) == 2
