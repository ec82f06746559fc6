# SPDX-License-Identifier: Apache-2.0
"""CairnKit in a real program: each exporter against a server, found again by its vendor's own API, and stories across services."""
import json
import pathlib
import subprocess
import sys
import time

import boto3
import pytest
import requests
from botocore.config import Config

import kit
from cairn_process import rows, until

REGION = "eu-central-1"
HERE = pathlib.Path(__file__).parent


def aws(cairn, service):
    return boto3.client(service, endpoint_url=cairn.url, region_name=REGION, aws_access_key_id="dev", aws_secret_access_key="dev",
                        config=Config(retries={"max_attempts": 0}))


def everything(cairn, mark, **more):
    """The variables of a program with all four vendors on, as the guide has them."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": cairn.url, "OTEL_TRACES_EXPORTER": "otlp,xray", "OTEL_LOGS_EXPORTER": "otlp,cloudwatch",
        "AWS_XRAY_DAEMON_ADDRESS": cairn.addresses["xray"], "AWS_ENDPOINT_URL": cairn.url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "dev",
        "AWS_SECRET_ACCESS_KEY": "dev", "CLOUDWATCH_LOG_GROUP": f"group-{mark}", "CLOUDWATCH_LOG_RETENTION_DAYS": "7", "ROLLBAR_ACCESS_TOKEN": "dev",
        "ROLLBAR_ENDPOINT": f"{cairn.url}/api/1/", "OTEL_SERVICE_NAME": f"probe-{mark}", **more}


def spans(cairn, trace_id, count):
    """The events of a trace, once there are so many with a name."""
    fields = ["name", "service.name", "trace.span_id", "trace.parent_id", "user.id", "exception.type"]

    def look():
        answer = cairn.ask(breakdowns=fields, calculations=[{"op": "COUNT"}], filters=[{"column": "trace.trace_id", "op": "=", "value": trace_id}])
        return [dict(zip(fields, row)) for row in rows(answer)]

    found = until(lambda: (events := look()) and sum(event["name"] is not None for event in events) >= count and events)
    assert found, look()
    return found


def test_one_request_is_one_story_through_every_door(cairn, mark):
    said, err, _ = kit.run("send", mark, PROBE_DEPLOY="1", **everything(cairn, mark))
    assert said["lost"] == {} and said["deployed"], (said, err)
    assert said["stop_ms"] < 3000

    # X-Ray: found by its annotation, with the error's cause.
    xray = aws(cairn, "xray")
    now = time.time()
    found = until(lambda: xray.get_trace_summaries(StartTime=now - 300, EndTime=now + 60, FilterExpression=f'annotation.mark = "{mark}"')["TraceSummaries"])
    assert [summary["Id"] for summary in found] == [said["xray_trace_id"]]
    assert found[0]["HasFault"] and [user["UserName"] for user in found[0]["Users"]] == [f"user-{mark}"]
    trace = xray.batch_get_traces(TraceIds=[said["xray_trace_id"]])["Traces"][0]
    documents = [json.loads(segment["Document"]) for segment in trace["Segments"]]
    root = next(document for document in documents if document["name"] == f"probe-{mark}")
    # The span's own event may stand between: it came by the other door.
    types = [exception["type"].split(".")[-1] for exception in root["cause"]["exceptions"]]
    assert types[0] == "ProbeError" and types[-1] == "OutOfStock", types

    work = next(part for part in root["subsegments"] if part["name"] == "stock")
    assert work["metadata"]["results"] == {"size": 3} and "results.size" not in work["metadata"]["default"], work

    # The same spans came by OTLP: each is one row of the trace page and one document.
    told = until(lambda: (lambda found: found if found and all(span.get("doors") == ["otlp", "xray"] for span in found) else None)(
        (cairn.trace(said["trace_id"]) or {}).get("spans")), 20)
    assert len({span["id"] for span in told}) == len(told)

    # CloudWatch Logs: one line, with the trace in it; the group has its retention.
    logs = aws(cairn, "logs")
    lines = until(lambda: logs.filter_log_events(logGroupName=f"group-{mark}", filterPattern=f'"probe line {mark}"')["events"])
    assert len(lines) == 1
    line = json.loads(lines[0]["message"])
    assert line["trace_id"] == said["trace_id"] and line["count"] == 3 and line["level"] == "INFO"
    assert logs.describe_log_groups(logGroupNamePrefix=f"group-{mark}")["logGroups"][0]["retentionInDays"] == 7

    # Rollbar: the error with its person and telemetry, the message under its fingerprint, the deploy.
    token = {"x-rollbar-access-token": "dev"}
    items = until(lambda: (found := [item for item in requests.get(f"{cairn.url}/api/1/items", headers=token).json()["result"]["items"]
                                     if mark in json.dumps(item)]) and len(found) == 2 and found, 20)
    assert items, requests.get(f"{cairn.url}/api/1/items", headers=token).text[:2000]
    error = next(item for item in items if "ProbeError" in item["title"])
    occurrence = requests.get(f"{cairn.url}/api/1/item/{error['id']}/instances", headers=token).json()["result"]["instances"][0]["data"]
    assert occurrence["person"]["id"] == f"user-{mark}" and occurrence["custom"]["trace_id"] == said["trace_id"]
    assert [part["exception"]["class"].split(".")[-1] for part in occurrence["body"]["trace_chain"]] == ["ProbeError", "OutOfStock"]
    assert any(mark in entry["body"]["message"] for entry in occurrence["body"]["telemetry"])
    deploys = requests.get(f"{cairn.url}/api/1/deploys", headers=token).json()["result"]["deploys"]
    assert any(deploy["revision"] == f"r-{mark}" for deploy in deploys)

    # OTLP: the same trace, with spans and the line; metrics with their unit and an example of their bucket.
    events = spans(cairn, said["trace_id"], 2)
    assert {"GET /probe", "probe-work"} <= {event["name"] for event in events}
    mine = ("mark", "=", mark)
    assert until(lambda: cairn.count(("probe.requests", "exists"), mine) == 1)
    row = cairn.ask(calculations=[{"op": "MAX", "column": "probe.requests"}, {"op": "MAX", "column": "probe.duration.count"}],
                    breakdowns=["meta.metrics", "trace.link.trace_id"], filters=[{"column": "mark", "op": "=", "value": mark}])
    told = json.dumps(row)
    assert "{request}" in told and said["trace_id"] in told, told


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
def test_an_error_has_its_request_whether_or_not_it_is_sampled(cairn, mark, sampler):
    user = f"{mark}-{sampler}"
    with kit.Server(OTEL_TRACES_SAMPLER=sampler, **everything(cairn, mark)) as server:
        answer = requests.get(f"{server.url}/broken/{user}?token=hush&n=1", headers={"user-agent": "probe/1"})
        assert answer.status_code == 500
        server.stop()
    token = {"x-rollbar-access-token": "dev"}

    def look():
        for item in requests.get(f"{cairn.url}/api/1/items", headers=token).json()["result"]["items"]:
            for instance in requests.get(f"{cairn.url}/api/1/item/{item['id']}/instances", headers=token).json()["result"]["instances"]:
                if instance["data"].get("person", {}).get("id") == user:
                    return instance["data"]

    told = until(look, 20)
    assert told, requests.get(f"{cairn.url}/api/1/items", headers=token).text[:2000]
    assert told["context"] == "GET /broken/{user}" and told["request"]["method"] == "GET"
    assert told["request"]["url"].endswith(f"/broken/{user}") and told["request"]["headers"]["User-Agent"] == "probe/1"
    assert told["custom"]["trace_id"] == answer.headers["x-amzn-trace-id"].removeprefix("Root=1-").replace("-", "")
    assert "hush" not in json.dumps(told)


@pytest.mark.parametrize("protocol", ["http/protobuf", "http/json", "grpc"])
def test_every_encoding_of_otlp_arrives_whole(cairn, mark, protocol):
    endpoint = f"http://{cairn.grpc}" if protocol == "grpc" else cairn.url
    said, err, code = kit.run("send", mark, check=False, OTEL_EXPORTER_OTLP_PROTOCOL=protocol, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint,
                              OTEL_SERVICE_NAME=f"probe-{mark}")
    if protocol == "grpc" and code and "trait GRPC" in err:
        pytest.skip("this probe was built without the trait GRPC")
    assert code == 0 and said["lost"] == {}, (said, err)
    events = spans(cairn, said["trace_id"], 2)
    assert {event["user.id"] for event in events if event["name"] in ("GET /probe", "probe-work")} == {f"user-{mark}"}
    assert any("ProbeError" in (event["exception.type"] or "") for event in events), events
    assert until(lambda: cairn.count(("body", "=", f"probe line {mark}")) == 1)
    assert until(lambda: cairn.count(("process.memory.usage", "exists"), ("service.name", "=", f"probe-{mark}")) >= 1)


def test_segments_may_go_to_the_service_itself(cairn, mark):
    said, err, _ = kit.run("send", mark, **everything(cairn, mark, CAIRN_XRAY_TRANSPORT="api", OTEL_TRACES_EXPORTER="xray",
                                                      AWS_XRAY_DAEMON_ADDRESS=f"127.0.0.1:{kit.dead_port()}"))
    assert said["lost"] == {}, (said, err)
    xray = aws(cairn, "xray")
    trace = until(lambda: xray.batch_get_traces(TraceIds=[said["xray_trace_id"]])["Traces"])
    assert len(trace[0]["Segments"]) >= 1


def test_honeycomb_needs_its_key_alone(cairn, mark):
    said, err, _ = kit.run("send", mark, HONEYCOMB_API_KEY="dev", HONEYCOMB_API_ENDPOINT=cairn.url, OTEL_SERVICE_NAME=f"probe-{mark}", PROBE_DEPLOY="1")
    assert said["lost"] == {} and said["deployed"], (said, err)
    key = {"x-honeycomb-team": "dev"}
    markers = [marker for marker in requests.get(f"{cairn.url}/1/markers/__all__", headers=key).json() if marker["message"].startswith(f"r-{mark}")]
    assert [marker["type"] for marker in markers] == ["deploy"] and abs(markers[0]["start_time"] - time.time()) < 60
    place = f"{cairn.url}/1/markers/__all__/{markers[0]['id']}"
    assert requests.put(place, json={"type": "rollback"}, headers=key).json()["type"] == "rollback"
    assert requests.delete(place, headers=key).status_code == 204 and requests.delete(place, headers=key).status_code == 404
    dataset = f"probe-{mark}"
    until(lambda: requests.get(f"{cairn.url}/1/datasets/{dataset}", headers=key).status_code == 200)
    query = {"calculations": [{"op": "COUNT"}], "breakdowns": ["name"], "filters": [{"column": "probe.mark", "op": "=", "value": mark}]}
    made = requests.post(f"{cairn.url}/1/queries/{dataset}", json=query, headers=key).json()["id"]
    asked = requests.post(f"{cairn.url}/1/query_results/{dataset}", json={"query_id": made, "disable_series": True}, headers=key).json()["id"]
    got = until(lambda: (answer := requests.get(f"{cairn.url}/1/query_results/{dataset}/{asked}", headers=key).json())["complete"] and answer)
    assert [row["data"] for row in got["data"]["results"]] == [{"name": "GET /probe", "COUNT": 1}]


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_central_rules_decide(cairn, mark, rate):
    rule = {"RuleName": f"r{mark[:20]}", "Priority": 1, "FixedRate": rate, "ReservoirSize": 0, "ServiceName": f"probe-{mark}", "ServiceType": "*", "Host": "*",
            "HTTPMethod": "*", "URLPath": "*", "ResourceARN": "*", "Version": 1}
    aws(cairn, "xray").create_sampling_rule(SamplingRule=rule)
    kit.run("load", 500, 2, OTEL_EXPORTER_OTLP_ENDPOINT=cairn.url, OTEL_SERVICE_NAME=f"probe-{mark}", OTEL_TRACES_SAMPLER="xray",
            AWS_XRAY_DAEMON_ADDRESS=cairn.addresses["xray"], OTEL_LOGS_EXPORTER="none", OTEL_METRICS_EXPORTER="none")
    kept = cairn.count(("service.name", "=", f"probe-{mark}"))
    # Before the rules have come, one a second and 5 %.
    assert kept <= 60 if rate == 0 else kept >= 800, kept


def test_a_story_goes_through_two_swift_services_and_flask(cairn, mark):
    otlp = {"OTEL_EXPORTER_OTLP_ENDPOINT": cairn.url, "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BLRP_SCHEDULE_DELAY": "100"}
    with kit.Server(**otlp, OTEL_SERVICE_NAME="last") as last:
        flask = subprocess.Popen([sys.executable, HERE / "kit_flask.py", f"{last.url}/end"], stdout=subprocess.PIPE, text=True,
                                 env=kit.environment(**otlp, OTEL_SERVICE_NAME="middle"))
        try:
            port = json.loads(flask.stdout.readline())["port"]
            with kit.Server(**otlp, OTEL_SERVICE_NAME="first", PROBE_NEXT=f"http://127.0.0.1:{port}/middle") as first:
                answer = requests.get(f"{first.url}/hop/{mark}", timeout=20)
                assert answer.text == mark, answer.text
                trace_id = answer.headers["x-amzn-trace-id"].removeprefix("Root=1-").replace("-", "")
                first.stop()
            last.stop()
        finally:
            flask.kill()
            flask.communicate()
    events = spans(cairn, trace_id, 7)
    named = {(event["service.name"], event["name"]): event for event in events if event["name"]}
    chain = [("first", "GET /hop/{user}"), ("first", "GET"), ("middle", "GET /middle"), ("middle", "middle-work"), ("middle", "GET"), ("last", "GET /end"),
             ("last", "end-work")]
    assert set(chain) <= set(named), sorted(named)
    for parent, child in zip(chain, chain[1:]):
        assert named[child]["trace.parent_id"] == named[parent]["trace.span_id"], (parent, child)
    assert {named[place].get("user.id") for place in [("first", "GET"), ("middle", "middle-work"), ("last", "GET /end"), ("last", "end-work")]} == {mark}


def test_lines_wait_on_disk_for_the_service(cairn, mark, tmp_path):
    variables = everything(cairn, mark, OTEL_TRACES_EXPORTER="none", OTEL_METRICS_EXPORTER="none", OTEL_LOGS_EXPORTER="cloudwatch",
                           CLOUDWATCH_SPILL_FOLDER=str(tmp_path / "spill"))
    said, _, _ = kit.run("send", f"{mark}-a", **{**variables, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{kit.dead_port()}"})
    assert said["lost"].get("cloudwatch logs") is None, said
    assert len(list((tmp_path / "spill").glob("lines-*.json"))) == 1
    kit.run("send", f"{mark}-b", **variables)
    logs = aws(cairn, "logs")
    for name in ("a", "b"):
        assert until(lambda: logs.filter_log_events(logGroupName=f"group-{mark}", filterPattern=f'"probe line {mark}-{name}"')["events"]), name
    assert not list((tmp_path / "spill").iterdir())


@pytest.mark.parametrize("name, value", [
    ("OTEL_TRACES_SAMPLER", "sometimes"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"), ("OTEL_BSP_MAX_QUEUE_SIZE", "lots"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:99999"), ("OTEL_EXPORTER_OTLP_HEADERS", "a hush=1"),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere"), ("CLOUDWATCH_LOG_RETENTION_DAYS", "8")])
def test_a_setting_that_makes_no_sense_stops_the_start(name, value):
    more = {"OTEL_LOGS_EXPORTER": "cloudwatch", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"} if "CLOUDWATCH" in name else {}
    _, err, code = kit.run("send", "x", check=False, **{name: value}, **more)
    # A header is mostly somebody's key: its number is told.
    assert code != 0 and name in err and ("part 1" if "HEADERS" in name else value) in err, err


def test_a_stop_is_prompt(cairn):
    with kit.Server(OTEL_EXPORTER_OTLP_ENDPOINT=cairn.url) as server:
        # Connections that stay open must not hold it up.
        with requests.Session() as session:
            for _ in range(50):
                assert session.get(f"{server.url}/items").status_code == 200
            took, said = server.stop()
    assert took < 2 and said["lost"] == {}, (took, said)
