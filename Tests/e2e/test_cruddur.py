# SPDX-License-Identifier: Apache-2.0
"""One request of the example, through all four vendors' exporters, is one story: spans, a line, an error, each found by its vendor's API."""
import json
import time

import pytest
import requests

import aws
from cairn_process import until
from cruddur import Cruddur

REGION = "us-east-1"


@pytest.fixture(scope="module")
def example(cairn):
    made = Cruddur(cairn)
    yield made
    made.stop()


def whole(cairn, trace_id, count):
    """The trace, once it has so many spans and each came by both protocols."""
    def look():
        trace = cairn.trace(trace_id)
        return trace if trace and len(trace["spans"]) == count and all(span.get("doors") == ["otlp", "xray"] for span in trace["spans"]) else None

    found = until(look)
    assert found, cairn.trace(trace_id)
    return found


def test_a_request_that_works_is_one_trace_with_its_line(cairn, example):
    trace_id, status = example.trace_of("/api/activities/home", "user-7")
    assert status == 200
    trace = whole(cairn, trace_id, 3)
    names = [span["name"] for span in trace["spans"]]
    assert names == ["GET /api/activities/home", "home-activities", "SELECT activity"]
    assert {span["fields"]["user.id"] for span in trace["spans"]} == {"user-7"}
    custom = trace["spans"][1]["fields"]
    assert custom["app.result_length"] == 3 and custom["app.now"].startswith("20")
    lines = until(lambda: (found := cairn.trace(trace_id)["logs"]) and len(found) == 2 and found)
    assert [json.loads(line["body"])["message"] for line in lines] == ["HomeActivities", "GET /api/activities/home 200"]
    assert [line["span"] for line in lines] == [trace["spans"][1]["id"], trace["spans"][0]["id"]]


def test_a_request_that_fails_is_found_by_every_vendors_api(cairn, example):
    trace_id, status = example.trace_of("/api/activities/broken/x", "user-8")
    assert status == 500
    trace = whole(cairn, trace_id, 3)
    assert [(span["name"], span["error"]) for span in trace["spans"]] == [
        ("GET /api/activities/broken/{which}", True), ("render-timeline", True), ("SELECT activity", False)]

    # X-Ray, by an annotation and by the fault.
    xray = aws.client(cairn, "xray", region=REGION)
    now = time.time()
    found = until(lambda: xray.get_trace_summaries(StartTime=now - 300, EndTime=now + 60, FilterExpression='annotation.which = "x" AND fault')["TraceSummaries"])
    assert f"1-{trace_id[:8]}-{trace_id[8:]}" in [summary["Id"] for summary in found]

    # CloudWatch Logs: the custom line and the access line, with the trace.
    logs = aws.client(cairn, "logs", region=REGION)
    lines = until(lambda: (got := logs.filter_log_events(logGroupName="cruddur", filterPattern=f'{{ $.trace_id = "{trace_id}" }}')["events"]) and len(got) == 2 and got)
    assert [json.loads(line["message"])["message"] for line in lines] == ["the timeline is rendered by number", "GET /api/activities/broken/x 500"]

    # Rollbar: one item, with person, request, the cause, and the lines before it.
    token = {"x-rollbar-access-token": "dev"}
    def told():
        found = requests.get(f"{cairn.url}/api/1/items", headers=token).json()["result"]["items"]
        mine = [item for item in found if "TimelineError" in item["title"]]
        instances = [instance["data"] for item in mine for instance in requests.get(f"{cairn.url}/api/1/item/{item['id']}/instances", headers=token).json()["result"]["instances"]]
        return (mine, [data for data in instances if data.get("custom", {}).get("trace_id") == trace_id and data.get("notifier", {}).get("name") == "cairn-kit"])

    items, mine = until(lambda: (found := told()) and found[1] and found) or told()
    # Its cause is part of it, and no item of its own.
    assert not [item for item in requests.get(f"{cairn.url}/api/1/items", headers=token).json()["result"]["items"] if item["title"].startswith("CruddurAPI.NotANumber")]
    assert len(mine) == 1 and len(items) == 1, items
    # Three exporters told of it, two of them on two spans: it is one failure.
    assert [item["total"] for item in cairn.get("errors", trace=trace_id, status="any")["items"]] == [1]
    data = mine[0]
    assert data["person"]["id"] == "user-8" and data["body"]["trace_chain"][1]["exception"]["class"] == "CruddurAPI.NotANumber"
    assert data["body"]["telemetry"][-1]["body"]["message"] == "the timeline is rendered by number"
    assert any("CruddurAPI" in frame.get("method", "") for frame in data["body"]["trace_chain"][0]["frames"])

    # Honeycomb's view of it, and each metric with its unit.
    assert until(lambda: cairn.count(("trace.trace_id", "=", trace_id), ("exception.type", "=", "CruddurAPI.TimelineError")) >= 1)


def test_the_places_of_the_description_answer(example):
    described = json.load(example.get("/openapi.json"))
    assert len(described["paths"]) >= 10
    for path, operations in described["paths"].items():
        if "get" in operations:
            answer = example.get(path.replace("{handle}", "worf").replace("{which}", "2") + ("?term=prune" if "search" in path else ""))
            assert answer.status in (200, 404), (path, answer.status)
    assert "cruddur" in example.get("/").read().decode()


def test_a_message_for_rollbar_is_an_item(cairn, example):
    assert example.get("/rollbar/test").status == 200
    token = {"x-rollbar-access-token": "dev"}
    assert until(lambda: any(item["title"] == "Hello World!" and item["level"] == "warning"
                             for item in requests.get(f"{cairn.url}/api/1/items", headers=token).json()["result"]["items"]), 20)


def test_a_stop_sends_what_is_held_and_is_prompt(cairn):
    example = Cruddur(cairn, OTEL_BSP_SCHEDULE_DELAY="3600000", OTEL_BLRP_SCHEDULE_DELAY="3600000")
    trace_id, _ = example.trace_of("/api/activities/home", "user-9")
    assert example.stop() < 4
    assert len(whole(cairn, trace_id, 3)["logs"]) == 2
