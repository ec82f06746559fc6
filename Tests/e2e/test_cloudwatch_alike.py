# SPDX-License-Identifier: Apache-2.0
"""Lines of OpenTelemetry's, which no intake numbered, that share a nanosecond: no page may lose one, no pointer may take another."""
import json
import time

import pytest

import aws
import otlp
from cairn_process import until


def send(cairn, service, at, texts):
    made = otlp.ExportLogsServiceRequest()
    resource = made.resource_logs.add()
    resource.resource.attributes.extend(otlp.attributes({"service.name": service}))
    scoped = resource.scope_logs.add()
    for text in texts:
        record = scoped.log_records.add(time_unix_nano=at)
        record.body.string_value = text
    assert cairn.send(made.SerializeToString(), "logs").status == 200


def walk(logs, direction, **arguments):
    """GetLogEvents until a page is empty, as agents do."""
    found = []
    while True:
        page = logs.get_log_events(**arguments)
        if not page["events"]:
            return found, page
        texts = [each["message"] for each in page["events"]]
        found = found + texts if direction == "nextForwardToken" else texts + found
        arguments["nextToken"] = page[direction]


@pytest.mark.parametrize("count, size", [(200, 9000), (7, 20)])
def test_pages_that_end_early_lose_no_line(cairn, logs, mark, count, size):
    texts = [f"{mark} {index:03} ".ljust(size, "x") for index in range(count)]
    send(cairn, mark, time.time_ns(), texts)
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=mark)
    assert sorted(each["message"] for page in pages for each in page["events"]) == texts
    stream = {"logGroupName": mark, "logStreamName": "default"}
    for limit in [{}, {"limit": 3}]:
        assert sorted(walk(logs, "nextForwardToken", startFromHead=True, **stream, **limit)[0]) == texts
        assert sorted(walk(logs, "nextBackwardToken", **stream, **limit)[0]) == texts


def test_both_tokens_of_a_page_go_on_behind_its_ends(cairn, logs, mark):
    texts = [f"{mark} {index}" for index in range(9)]
    send(cairn, mark, time.time_ns(), texts)
    stream = {"logGroupName": mark, "logStreamName": "default", "limit": 3}
    ordered, _ = walk(logs, "nextForwardToken", startFromHead=True, **stream)
    newest = logs.get_log_events(**stream)
    middle = logs.get_log_events(nextToken=newest["nextBackwardToken"], **stream)
    said = [[each["message"] for each in page["events"]] for page in (middle, newest)]
    assert said == [ordered[3:6], ordered[6:]]
    forward = logs.get_log_events(nextToken=middle["nextForwardToken"], **stream)
    assert [each["message"] for each in forward["events"]] == ordered[6:]
    assert logs.get_log_events(nextToken=newest["nextForwardToken"], **stream)["events"] == []


def test_a_pattern_and_lines_that_are_wholly_alike(cairn, logs, mark):
    at = time.time_ns()
    texts = [json.dumps({"a": 1, "n": n}) for n in range(5)] + ['{"a": 1}'] * 4 + ['{"a": 2}'] * 3
    send(cairn, mark, at, texts)
    for order in [{}, {"startFromHead": False}]:
        for pattern, wanted in [("{ $.a = 1 }", texts[:9]), ("", texts)]:
            arguments = {"logGroupName": mark, "filterPattern": pattern, "limit": 1, **order}
            found = []
            while len(found) <= len(texts):
                page = logs.filter_log_events(**arguments)
                found += [each["message"] for each in page["events"]]
                if "nextToken" not in page:
                    break
                arguments["nextToken"] = page["nextToken"]
            assert sorted(found) == sorted(wanted)


def test_records_without_a_body_are_told_by_their_fields(cairn, logs, mark):
    """Of one nanosecond, some of them wholly alike but for what they say, over pages of two."""
    at, made = time.time_ns(), otlp.ExportLogsServiceRequest()
    resource = made.resource_logs.add()
    resource.resource.attributes.extend(otlp.attributes({"service.name": mark}))
    scoped = resource.scope_logs.add()
    for n in range(5):
        record = scoped.log_records.add(time_unix_nano=at, event_name="user.login")
        record.attributes.extend(otlp.attributes({"n": n}))
    scoped.log_records.add(time_unix_nano=at).body.string_value = "a line"
    scoped.log_records.add(time_unix_nano=at + 10**6).attributes.extend(otlp.attributes({"exception.type": "Oops", "exception.message": "no"}))
    assert cairn.send(made.SerializeToString(), "logs").status == 200

    def told(texts):
        return sorted(str(json.loads(text).get("n", json.loads(text).get("exception.type"))) if text != "a line" else text for text in texts)

    wanted = ["0", "1", "2", "3", "4", "Oops", "a line"]
    for limit in (2, 100):
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=mark, PaginationConfig={"PageSize": limit})
        assert told(each["message"] for page in pages for each in page["events"]) == wanted
        stream = {"logGroupName": mark, "logStreamName": "default", "limit": limit}
        assert told(walk(logs, "nextForwardToken", startFromHead=True, **stream)[0]) == wanted
        assert told(walk(logs, "nextBackwardToken", **stream)[0]) == wanted
    [first] = [each for each in logs.filter_log_events(logGroupName=mark)["events"] if '"n":3' in each["message"]]
    assert json.loads(first["message"])["event.name"] == "user.login" and first["ingestionTime"]


def test_pages_go_on_over_a_restart(make_cairn):
    cairn = make_cairn().start()
    at = time.time_ns()
    texts = [f"line {index}" for index in range(9)]
    send(cairn, "again", at, texts[:5])
    send(cairn, "again", at, texts[5:])
    arguments = {"logGroupName": "again", "limit": 2, "filterPattern": "%line%"}
    found = []
    while True:
        page = aws.client(cairn, "logs").filter_log_events(**arguments)
        found += [each["message"] for each in page["events"]]
        if "nextToken" not in page:
            break
        arguments["nextToken"] = page["nextToken"]
        if len(found) == 4:
            cairn.restart()
    assert sorted(found) == texts


def test_ids_and_pointers_name_their_own_record(cairn, logs, mark, ids):
    at = time.time_ns()
    texts = [f"{mark} {index}" for index in range(5)]
    for service in [f"{mark}-a", mark, f"{mark}-b"]:
        spans = [otlp.span(ids, name=f"GET /secret-span/{index}", start=at) for index in range(2)]
        assert cairn.send(otlp.traces(spans, service=service).SerializeToString()).status == 200
        send(cairn, service, at, texts)
    events = logs.filter_log_events(logGroupName=mark)["events"]
    assert len({each["eventId"] for each in events}) == 5
    query = logs.start_query(logGroupName=mark, startTime=0, endTime=int(time.time()) + 5, queryString="fields @message, @ptr")["queryId"]
    answer = until(lambda: (got := logs.get_query_results(queryId=query))["status"] == "Complete" and got)
    rows = [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]
    pointers = [(each["@message"], each["@ptr"]) for each in rows] + [(each["message"], each["eventId"]) for each in events]
    assert sorted(text for text, _ in pointers) == sorted(texts * 2)
    for text, pointer in pointers:
        record = logs.get_log_record(logRecordPointer=pointer)["logRecord"]
        assert record["@message"] == text and record["@log"].endswith(f":{mark}")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_log_record(logRecordPointer=f"{at:019}" + "0" * 37)


@pytest.mark.parametrize("width, start", [("1s", -7 * 86_400), ("1ms", -86_400), ("1m", None)])
def test_few_lines_in_many_buckets(logs, mark, width, start):
    group = aws.group(logs, f"/alike/{mark}")
    aws.put(logs, group, *[f"line {index}" for index in range(12)])
    now = int(time.time())
    begin = 0 if start is None else now + start
    query = logs.start_query(logGroupName=group, startTime=begin, endTime=now + 5, queryString=f"stats count() as n by bin({width})")["queryId"]
    answer = until(lambda: (got := logs.get_query_results(queryId=query))["status"] not in ("Running", "Scheduled") and got)
    assert answer["status"] == "Complete"
    assert sum(int(cell["value"]) for row in answer["results"] for cell in row if cell["field"] == "n") == 12
