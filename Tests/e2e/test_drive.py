# SPDX-License-Identifier: Apache-2.0
"""One backend with four vendors' SDKs in it, driven for a few rounds; then each vendor's API and Cairn's own are asked what arrived."""
import collections
import json
import pathlib
import subprocess
import sys
import time

import aws
import pytest
from cairn_process import rows, until

DRIVE = pathlib.Path(__file__).parents[1] / "clients" / "drive.py"
ROUNDS = 3
SERVICE = "microblog"


@pytest.fixture(scope="module")
def driven(cairn):
    started = time.time()
    made = subprocess.run(
        [sys.executable, DRIVE, "--base", cairn.url, "--xray", cairn.addresses["xray"], "--rounds", str(ROUNDS), "--port", "0"],
        capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["rounds"] == ROUNDS
    return started


def lines(cairn, pattern):
    logs = aws.client(cairn, "logs", region="us-east-1")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=SERVICE, filterPattern=pattern)
    return [event["message"] for page in pages for event in page["events"]]


def summaries(cairn, driven, expression):
    xray = aws.client(cairn, "xray", region="us-east-1")
    pages = xray.get_paginator("get_trace_summaries").paginate(
        StartTime=driven - 5, EndTime=time.time() + 5, FilterExpression=expression)
    return [summary for page in pages for summary in page["TraceSummaries"]]


def test_rollbar_has_exactly_three_items(cairn, driven):
    def look():
        reply = cairn.request("GET", "/api/1/items?limit=100", headers={"x-rollbar-access-token": "dev"})
        found = [item for item in reply.json()["result"]["items"] if item["environment"] == "production"]
        return found if sum(item["total_occurrences"] for item in found) >= 3 * ROUNDS else None

    found = until(look, pause=0.1)
    assert found and len(found) == 3, found
    assert all(item["total_occurrences"] == ROUNDS for item in found)
    assert collections.Counter(item["level"] for item in found) == {"error": 2, "warning": 1}
    assert {item["title"].split(":")[0] for item in found} == {"KeyError", "RuntimeError", "Hello World!"}


def test_each_failure_is_one_item_whichever_doors_told_of_it(cairn, driven):
    def look():
        items = cairn.request("GET", "/api/cairn/errors?status=any").json()["items"]
        doors = {item["title"].split(":")[0]: cairn.request("GET", f"/api/cairn/errors/{item['id']}").json().get("doors", []) for item in items}
        return (items, doors) if len(items) == 3 and sum(map(len, doors.values())) == 9 else None

    found = until(look, pause=0.2)
    assert found, cairn.request("GET", "/api/cairn/errors?status=any").json()
    items, doors = found
    assert {(item["title"].split(":")[0], item["total"], item["environment"]) for item in items} == {
        ("KeyError", ROUNDS, "production"), ("RuntimeError", ROUNDS, "production"), ("Hello World!", ROUNDS, "production")}
    every = ["Rollbar", "OpenTelemetry", "X-Ray", "CloudWatch line"]
    assert doors == {"KeyError": every, "RuntimeError": every, "Hello World!": ["Rollbar"]}
    assert {item["project"] for item in items if item["title"] != "Hello World!"} == {SERVICE}


def test_cloudwatch_has_the_lines(cairn, driven):
    assert len(lines(cairn, "HomeActivities")) == 2 * ROUNDS
    assert len(lines(cairn, '"about to fail"')) == 3 * ROUNDS
    assert len(lines(cairn, '{ $.event = "user_activities" && $.latency_ms >= 0 }')) == ROUNDS
    logs = aws.client(cairn, "logs", region="us-east-1")
    query = logs.start_query(
        logGroupName=SERVICE, startTime=int(driven) - 5, endTime=int(time.time()) + 5,
        queryString="filter event = 'user_activities' | stats count(*) as n by handle")["queryId"]
    answer = until(lambda: (got := logs.get_query_results(queryId=query))["status"] == "Complete" and got, pause=0.05)
    assert [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]] == [{"handle": "andrew", "n": str(ROUNDS)}]


def test_xray_has_the_traces(cairn, driven):
    annotated = summaries(cairn, driven, 'annotation.handle = "andrew"')
    assert len(annotated) == ROUNDS
    assert len(summaries(cairn, driven, f'service("{SERVICE}") {{ fault = true }}')) >= 3 * ROUNDS
    xray = aws.client(cairn, "xray", region="us-east-1")
    [trace] = xray.batch_get_traces(TraceIds=[annotated[0]["Id"]])["Traces"]
    document = json.loads(trace["Segments"][0]["Document"])
    assert document["name"] == SERVICE
    [part] = document["subsegments"]
    assert part["name"] == "mock-data" and part["metadata"]["microblog"]["results"] == {"size": 1}
    graph = xray.get_service_graph(StartTime=driven - 5, EndTime=time.time() + 5)["Services"]
    assert SERVICE in {node.get("Name") for node in graph}


def test_opentelemetry_has_the_spans(cairn, driven):
    def counts():
        answer = cairn.ask(dataset=SERVICE, breakdowns=["name"], calculations=[{"op": "COUNT"}], time_range=3600)
        return dict(rows(answer))

    found = until(lambda: (got := counts()).get("home-activities-mock-data", 0) >= 2 * ROUNDS and got, pause=0.1)
    assert found["home-activities-mock-data"] == 2 * ROUNDS and found["db.query"] == ROUNDS


def test_one_story(cairn, driven):
    """The errors of pyrollbar carry the trace that OpenTelemetry made."""
    answer = cairn.ask(dataset="__all__", filters=[{"column": "item.title", "op": "=", "value": "Hello World!"}],
                       breakdowns=["trace.trace_id"], calculations=[{"op": "COUNT"}], time_range=3600)
    found = rows(answer)
    assert len(found) == ROUNDS
    for trace, _ in found:
        assert cairn.trace(trace)
