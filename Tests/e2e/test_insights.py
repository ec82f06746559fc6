# SPDX-License-Identifier: Apache-2.0
"""Logs Insights and Live Tail, asked with boto3, its validation on."""
import json
import threading
import time

import boto3
import botocore.config
import botocore.exceptions
import pytest

import otlp
from cairn_process import until


def logs_client(cairn):
    # Live Tail's host is stream-<endpoint> unless that is switched off; no such name resolves for a server of one's own.
    config = botocore.config.Config(retries={"max_attempts": 0}, inject_host_prefix=False, parameter_validation=True, read_timeout=30)
    return boto3.client("logs", endpoint_url=f"http://{cairn.addresses['http']}", region_name="eu-west-1", aws_access_key_id="AKIDEXAMPLE",
                        aws_secret_access_key="secret", config=config)


@pytest.fixture(scope="module")
def logs(cairn):
    return logs_client(cairn)


@pytest.fixture(scope="module")
def now():
    return int(time.time())


LINES = [
    {"level": "info", "status": 200, "latency": 12.5, "path": "/a", "user": {"id": 7}},
    {"level": "error", "status": 500, "latency": 250.5, "path": "/b", "user": {"id": 8}},
    {"level": "info", "status": 200, "latency": 20, "path": "/a", "user": {"id": 7}},
    {"level": "warn", "status": 404, "latency": 5, "path": "/c", "user": {"id": 9}},
]


@pytest.fixture(scope="module")
def group(logs, now):
    logs.create_log_group(logGroupName="/app/web")
    logs.create_log_stream(logGroupName="/app/web", logStreamName="s1")
    events = [{"timestamp": (now - 600 + 60 * i) * 1000, "message": json.dumps(line)} for i, line in enumerate(LINES)]
    events += [{"timestamp": (now - 100 + i) * 1000, "message": f"[INFO] Request time: {i} ms for {name}"} for i, name in enumerate(["ann", "bob", "cy"])]
    answer = logs.put_log_events(logGroupName="/app/web", logStreamName="s1", logEvents=events)
    assert "rejectedLogEventsInfo" not in answer
    return "/app/web"


def finished(logs, query_id, timeout=60):
    end = time.monotonic() + timeout
    while True:
        answer = logs.get_query_results(queryId=query_id)
        if answer["status"] not in ("Scheduled", "Running"):
            return answer
        assert time.monotonic() < end, answer
        time.sleep(0.02)


def rows(logs, now, query, group=None, **more):
    place = {"logGroupName": group} if group else {}
    query_id = logs.start_query(startTime=now - 3600, endTime=now + 60, queryString=query, **place, **more)["queryId"]
    answer = finished(logs, query_id)
    assert answer["status"] == "Complete", answer
    return [{field["field"]: field["value"] for field in row} for row in answer["results"]]


def test_rows_have_their_fields_and_a_pointer(logs, group, now):
    found = rows(logs, now, "fields @timestamp, @message, @logStream, @log, user.id | filter status = 500", group)
    assert len(found) == 1 and found[0]["@logStream"] == "s1" and found[0]["@log"] == "123456789012:/app/web" and found[0]["user.id"] == "8"
    assert json.loads(found[0]["@message"])["path"] == "/b" and found[0]["@timestamp"].endswith(".000") and found[0]["@ptr"]


def test_statistics_filters_and_orders(logs, group, now):
    assert rows(logs, now, "filter ispresent(status) | stats count(*) as n, avg(latency) as a by level | sort n desc, level asc", group) == [
        {"level": "info", "n": "2", "a": "16.25"}, {"level": "error", "n": "1", "a": "250.5"}, {"level": "warn", "n": "1", "a": "5"}]
    assert rows(logs, now, "filter @message like /Request time/ | parse @message 'time: * ms for *' as ms, who | stats sum(ms) as s", group) == [{"s": "3"}]
    pattern = rows(logs, now, "filter @message like 'Request time' | pattern @message", group)
    assert [(p["@pattern"], p["@sampleCount"], p["@ratio"], p["@severityLabel"]) for p in pattern] == [("[INFO] Request time: <*> ms for <*>", "3", "1", "Info")]


def test_results_come_with_figures_and_in_pages(logs, group, now):
    query_id = logs.start_query(logGroupNames=[group], startTime=now - 3600, endTime=now + 60, queryString="fields @message", limit=5)["queryId"]
    answer = finished(logs, query_id)
    assert len(answer["results"]) == 5 and answer["queryLanguage"] == "CWLI"
    assert answer["statistics"]["recordsMatched"] >= 5 and answer["statistics"]["logGroupsScanned"] == 1 and answer["statistics"]["bytesScanned"] > 0
    first = logs.get_query_results(queryId=query_id, maxItems=3)
    second = logs.get_query_results(queryId=query_id, maxItems=3, nextToken=first["nextToken"])
    assert first["results"] + second["results"] == answer["results"] and "nextToken" not in second


def test_a_broken_query_is_refused_with_its_place(logs, group, now):
    with pytest.raises(logs.exceptions.MalformedQueryException) as refusal:
        logs.start_query(logGroupName=group, startTime=now - 60, endTime=now, queryString="fields @message | bogus x")
    assert refusal.value.response["queryCompileError"] == {"location": {"startCharOffset": 18, "endCharOffset": 23}, "message": "unknown command 'bogus'"}
    for query in ("", "filter a = ", "stats a", "fields nosuch(1)", "filter a like /(/", "limit 0"):
        if query:
            with pytest.raises(logs.exceptions.MalformedQueryException):
                logs.start_query(logGroupName=group, startTime=now - 60, endTime=now, queryString=query)


def test_what_is_not_there_is_said(logs, group, now):
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="Log group 'nosuch' does not exist for account ID '123456789012'"):
        logs.start_query(logGroupName="nosuch", startTime=now - 60, endTime=now, queryString="fields @message")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_query_results(queryId="11111111-1111-1111-1111-111111111111")
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.start_query(startTime=now - 60, endTime=now, queryString="fields @message")
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.start_query(logGroupName=group, logGroupNames=[group], startTime=now - 60, endTime=now, queryString="fields @message")
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.start_query(logGroupName=group, startTime=now, endTime=now - 60, queryString="fields @message")
    with pytest.raises(logs.exceptions.InvalidParameterException, match="PPL"):
        logs.start_query(logGroupName=group, startTime=now - 60, endTime=now, queryString="fields @message", queryLanguage="PPL")


def test_queries_are_listed_and_a_finished_one_does_not_stop(logs, group, now):
    query_id = logs.start_query(logGroupName=group, startTime=now - 60, endTime=now, queryString="fields @message | limit 1")["queryId"]
    finished(logs, query_id)
    listed = logs.describe_queries(logGroupName=group, status="Complete")["queries"]
    own = next(q for q in listed if q["queryId"] == query_id)
    assert own["queryString"] == f'SOURCE "{group}" START={now - 60}000 END={now}999 | fields @message | limit 1' and own["logGroupName"] == group
    page = logs.describe_queries(maxResults=1)
    assert len(page["queries"]) == 1 and logs.describe_queries(maxResults=1, nextToken=page["nextToken"])["queries"][0]["queryId"] != page["queries"][0]["queryId"]
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.stop_query(queryId=query_id)
    assert rows(logs, now, own["queryString"]) is not None


def test_lookup_tables_enrich_rows(logs, group, now):
    made = logs.create_lookup_table(lookupTableName="codes", tableBody="code,meaning\n404,gone\n500,broken\n", description="what codes mean")
    assert rows(logs, now, "filter status >= 404 | lookup codes code as status OUTPUT meaning | display status, meaning", group)[0].items() >= {"meaning": "gone"}.items()
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_lookup_table(lookupTableName="codes", tableBody="a\n1\n")
    described = logs.describe_lookup_tables(lookupTableNamePrefix="co")["lookupTables"]
    assert described[0]["tableFields"] == ["code", "meaning"] and described[0]["recordsCount"] == 2
    logs.update_lookup_table(lookupTableArn=made["lookupTableArn"], tableBody="code,meaning\n404,lost\n")
    assert logs.get_lookup_table(lookupTableArn=made["lookupTableArn"])["tableBody"] == "code,meaning\n404,lost\n"
    logs.delete_lookup_table(lookupTableArn=made["lookupTableArn"])
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.start_query(logGroupName=group, startTime=now - 60, endTime=now, queryString="lookup codes code as status OUTPUT meaning")


def test_spans_are_asked_in_the_same_language(cairn, logs, now, ids):
    cairn.send(otlp.traces([otlp.span(ids, "GET /checkout", start=now * 10**9, milliseconds=250)], service="shop").SerializeToString())
    found = rows(logs, now, "SOURCE 'shop' | filter duration_ms > 100 | stats count(*) as n by name")
    assert found == [{"name": "GET /checkout", "n": "1"}]


def test_a_tail_shows_lines_as_they_come(cairn, logs, group, now):
    session = logs.start_live_tail(logGroupIdentifiers=[f"arn:aws:logs:eu-west-1:123456789012:log-group:{group}"], logEventFilterPattern="live")["responseStream"]
    events = iter(session)
    start = next(events)["sessionStart"]
    assert start["logEventFilterPattern"] == "live" and len(start["sessionId"]) == 36 and start["logGroupIdentifiers"][0].endswith(f":log-group:{group}")

    def put():
        logs_client(cairn).put_log_events(logGroupName=group, logStreamName="s1", logEvents=[
            {"timestamp": int(time.time() * 1000), "message": f"{word} line {i}"} for i in range(600) for word in ("live", "other")])

    writer = threading.Thread(target=put)
    writer.start()
    seen, sampled = [], False
    end = time.monotonic() + 20
    for event in events:
        seen += event["sessionUpdate"]["sessionResults"]
        sampled = sampled or event["sessionUpdate"]["sessionMetadata"]["sampled"]
        assert len(event["sessionUpdate"]["sessionResults"]) <= 500
        if seen or time.monotonic() > end:
            break
    session.close()
    writer.join()
    assert len(seen) == 500 and sampled and all(line["message"].startswith("live line") for line in seen)
    assert seen[0]["logStreamName"] == "s1" and seen[0]["logGroupIdentifier"] == f"123456789012:{group}" and seen[0]["ingestionTime"] >= now * 1000


def test_a_tail_names_what_it_cannot_do(logs, group):
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.start_live_tail(logGroupIdentifiers=["arn:aws:logs:eu-west-1:123456789012:log-group:nosuch"])
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.start_live_tail(logGroupIdentifiers=[f"arn:aws:logs:eu-west-1:123456789012:log-group:{group}:*"])
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.start_live_tail(logGroupIdentifiers=["a" * 20, "b" * 20], logStreamNames=["x"])


@pytest.mark.parametrize("query", ["fields @message", "fields @message, severity | sort n desc", "fields @message | filter n > 5000 or ispresent(severity)"])
def test_a_record_without_a_body_has_all_its_fields_as_its_message(cairn, logs, now, query):
    """Also where the first page has lines alone, and pages were read before it was known."""
    group, at = f"bare-{abs(hash(query))}", (now - 60) * 10**9
    made = otlp.ExportLogsServiceRequest()
    resource = made.resource_logs.add()
    resource.resource.attributes.extend(otlp.attributes({"service.name": group}))
    scoped = resource.scope_logs.add()
    for n in range(5_000):
        record = scoped.log_records.add(time_unix_nano=at + n, severity_number=9)
        record.body.string_value = f"line {n}"
        record.attributes.extend(otlp.attributes({"n": n + 10_000}))
    for n in range(3):
        scoped.log_records.add(time_unix_nano=at - 10**9 - n, severity_number=9, event_name="user.login").attributes.extend(otlp.attributes({"n": n, "user.id": f"u-{n}"}))
    assert cairn.send(made.SerializeToString(), "logs").status == 200
    found = [row["@message"] for row in rows(logs, now, query + " | limit 10000", group)]
    assert sorted(text for text in found if text.startswith("line")) == sorted(f"line {n}" for n in range(5_000))
    bare = {each["message"] for each in logs.filter_log_events(logGroupName=group, endTime=(now - 60) * 1000 - 1)["events"]}
    assert {text for text in found if not text.startswith("line")} == bare and len(found) == 5_003
    assert sorted(json.loads(text)["user.id"] for text in bare) == ["u-0", "u-1", "u-2"]


def test_an_environment_has_fifteen_tails_at_a_time(cairn, logs, group):
    arn = f"arn:aws:logs:eu-west-1:123456789012:log-group:{group}"
    sessions = [logs.start_live_tail(logGroupIdentifiers=[arn])["responseStream"] for _ in range(15)]
    with pytest.raises(logs.exceptions.LimitExceededException):
        logs.start_live_tail(logGroupIdentifiers=[arn])
    sessions.pop().close()

    def again():
        try:
            return logs.start_live_tail(logGroupIdentifiers=[arn])["responseStream"]
        except logs.exceptions.LimitExceededException:
            return None

    # The server learns that a client is gone when it writes to it.
    sessions.append(until(again))
    assert "sessionStart" in next(iter(sessions[-1]))
    for session in sessions:
        session.close()


def test_a_deleted_group_s_lines_are_not_found_again(logs, now):
    logs.create_log_group(logGroupName="gone")
    logs.create_log_stream(logGroupName="gone", logStreamName="s")
    logs.put_log_events(logGroupName="gone", logStreamName="s", logEvents=[{"timestamp": now * 1000, "message": "old"}])
    assert rows(logs, now, "fields @message", "gone")[0]["@message"] == "old"
    logs.delete_log_group(logGroupName="gone")
    logs.create_log_group(logGroupName="gone")
    assert rows(logs, now, "fields @message", "gone") == []


def test_a_long_query_shows_rows_before_it_ends_and_stops(cairn, logs, now):
    logs.create_log_group(logGroupName="long")
    logs.create_log_stream(logGroupName="long", logStreamName="s")
    for batch in range(3):
        logs.put_log_events(logGroupName="long", logStreamName="s", logEvents=[
            {"timestamp": (now - 60) * 1000 + batch, "message": f"line {batch} {i}"} for i in range(10_000)])
    query_id = logs.start_query(logGroupName="long", startTime=now - 3600, endTime=now, limit=100_000,
                                queryString="fields @message, strlen(replace(concat(@message, @message, @message), 'l', 'll')) as n | sort n desc, @message asc")["queryId"]
    try:
        assert logs.stop_query(queryId=query_id)["success"]
        assert finished(logs, query_id)["status"] == "Cancelled"
    except logs.exceptions.InvalidParameterException:
        assert finished(logs, query_id)["status"] == "Complete"
