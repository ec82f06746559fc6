# SPDX-License-Identifier: Apache-2.0
"""One failure that several doors tell of is one item and counts once: with the vendors' SDKs, in any order, over restarts and kills."""
import json
import pathlib
import random
import secrets
import subprocess
import sys
import time

import pytest
from cairn_process import until

APP = pathlib.Path(__file__).with_name("shared_trace_app.py")
TOKEN = {"x-rollbar-access-token": "token"}
KIND = {"content-type": "application/json"}


def new_trace():
    return f"{int(time.time()):08x}{secrets.token_hex(12)}"


def errors(cairn, query="status=any"):
    return cairn.request("GET", f"/api/cairn/errors?{query}").json()["items"]


def one(cairn, item):
    return cairn.request("GET", f"/api/cairn/errors/{item}").json()


def settled(cairn, doors, total):
    """The items, once one of them has so many doors and failures; a moment later they are the same."""
    def told(item):
        # An item of the list may have been joined to another one before it is asked for: then it is no more.
        return one(cairn, item["id"]).get("doors", [])

    def look():
        items = errors(cairn)
        return items if any(item["total"] == total and len(told(item)) == doors for item in items) else None

    assert until(look, pause=0.1), [(item["title"], item["total"], told(item)) for item in errors(cairn)]
    time.sleep(0.6)  # That nothing follows takes a while to show: two more counts.
    return look()


def rollbar_result(cairn, path):
    return cairn.request("GET", f"/api/1{path}", headers=TOKEN).json()["result"]


def test_three_sdks_that_share_a_trace_make_one_item(make_cairn):
    cairn = make_cairn().start()
    traces = [new_trace() for _ in range(4)]

    def run(traces):
        made = subprocess.run([sys.executable, APP, cairn.url, cairn.addresses["xray"], "payments", *traces], capture_output=True, text=True, timeout=60)
        assert made.returncode == 0, made.stderr

    run(traces)
    [item] = settled(cairn, 3, 4)
    assert (item["project"], item["environment"], item["title"]) == ("payments", "production", "KeyError: 'missing'")
    whole = one(cairn, item["id"])
    assert whole["own_door"] == "Rollbar" and whole["doors"] == ["Rollbar", "OpenTelemetry", "X-Ray"]
    assert sum(whole["hours"]) == 4
    [lately] = errors(cairn, "status=any&range=600")
    assert (lately["times"], sum(lately["bars"])) == (4, 4), "a time counts failures too, not reports"
    assert {entry["kind"] for entry in whole["history"]} == {"new", "joined"}
    assert all(entry["detail"].startswith("also seen through ") for entry in whole["history"] if entry["kind"] == "joined")
    # One event for each failure, and the others beside it.
    listed = cairn.request("GET", f"/api/cairn/errors/{item['id']}/occurrences").json()["occurrences"]
    assert len(listed) == 4 and {entry["door"] for entry in listed} == {"Rollbar"}
    assert all([other["door"] for other in entry["also"]] == ["OpenTelemetry", "X-Ray"] for entry in listed)
    assert {entry["fields"]["trace.trace_id"] for entry in listed} == set(traces)
    assert all(other["trace"] == entry["fields"]["trace.trace_id"] and other["sure"] for entry in listed for other in entry["also"])
    other = cairn.request("GET", f"/api/cairn/occurrences/{listed[0]['also'][1]['id']}").json()
    assert other["item"]["id"] == item["id"] and other["occurrence"]["door"] == "X-Ray"
    assert {entry["door"] for entry in other["occurrence"]["also"]} == {"Rollbar", "OpenTelemetry"}
    # All that counts, counts the same.
    assert len(rollbar_result(cairn, f"/item/{item['id']}/instances")["instances"]) == 4
    assert len(rollbar_result(cairn, "/instances")["instances"]) == 4
    assert rollbar_result(cairn, f"/item/{item['id']}")["total_occurrences"] == 4
    for query in ("", f"&item_id={item['id']}"):
        counts = rollbar_result(cairn, f"/reports/occurrence_counts?bucket_size=3600&buckets=4{query}")
        assert sum(count for _, count in counts) == 4
    [busy] = rollbar_result(cairn, "/reports/top_active_items?hours=2")
    assert busy["item"]["occurrences"] == 4
    job = cairn.request("POST", "/api/1/rql/jobs", json.dumps({"query_string": "select item.counter, count(*) from item_occurrence group by 1"}).encode(), {**TOKEN, **KIND}).json()["result"]["id"]
    done = until(lambda: (got := rollbar_result(cairn, f"/rql/job/{job}?expand=result"))["status"] == "success" and got, pause=0.05)
    assert [row[-1] for row in done["result"]["rows"]] == [4]
    # Pages that are short hold each failure once.
    seen, after = [], ""
    while after is not None:
        page = cairn.request("GET", f"/api/cairn/errors/{item['id']}/occurrences?limit=1{after and '&after=' + after}").json()
        seen += [entry["id"] for entry in page["occurrences"]]
        after = page["after"]
    assert sorted(seen) == sorted(entry["id"] for entry in listed)

    # A person knows better: what is parted stays so.
    reply = cairn.request("POST", f"/api/cairn/errors/{item['id']}/unmerge", b'{"door": "X-Ray"}', KIND)
    assert reply.status == 200, reply
    assert {(entry["total"], tuple(one(cairn, entry["id"])["doors"])) for entry in errors(cairn)} == {
        (4, ("Rollbar", "OpenTelemetry")), (4, ("X-Ray",))}
    run([new_trace()])
    assert until(lambda: sorted(entry["total"] for entry in errors(cairn)) == [5, 5], pause=0.1), errors(cairn)
    cairn.restart()
    run([new_trace()])
    assert until(lambda: sorted(entry["total"] for entry in errors(cairn)) == [6, 6], pause=0.1), errors(cairn)
    assert any(entry["kind"] == "parted" for entry in one(cairn, item["id"])["history"])
    nothing = cairn.request("POST", f"/api/cairn/errors/{item['id']}/unmerge", b'{"door": "X-Ray"}', KIND)
    assert nothing.status in (400, 422) and "could be parted" in nothing.json()["error"], nothing


def send_rollbar(cairn, trace, number):
    data = {"environment": "production", "level": "error", "custom": {"trace_id": trace}, "timestamp": int(time.time()),
            "body": {"trace": {"frames": [{"filename": "/app/shop.py", "method": "pay", "lineno": 12}],
                               "exception": {"class": "Lost", "message": "gone"}}}}
    assert cairn.request("POST", "/api/1/item/", json.dumps({"data": data}).encode(), {**TOKEN, **KIND}).status == 200


def send_span(cairn, trace, number):
    now = time.time_ns()
    stack = 'Traceback (most recent call last):\n  File "/srv/app/shop.py", line 12, in pay\n    raise Lost()\nshop.Lost: gone'
    values = (("exception.type", "shop.Lost"), ("exception.message", "gone"), ("exception.stacktrace", stack))
    span = {"traceId": trace, "spanId": f"{number + 1:016x}", "name": "pay", "kind": 2, "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 1000),
            "events": [{"timeUnixNano": str(now), "name": "exception", "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in values]}]}
    body = {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]}, "scopeSpans": [{"spans": [span]}]}]}
    assert cairn.request("POST", "/v1/traces", json.dumps(body).encode(), KIND).status == 200


def send_document(cairn, trace, number):
    now = time.time()
    document = {"name": "checkout", "id": f"{number + 101:016x}", "trace_id": f"1-{trace[:8]}-{trace[8:]}", "start_time": now - 0.01, "end_time": now, "fault": True,
                "cause": {"working_directory": "/", "exceptions": [{"id": f"{number + 1:016x}", "type": "Lost", "message": "gone", "stack": [{"path": "wsgi.py", "line": 9, "label": "handle"}]}]}}
    reply = cairn.request("POST", "/TraceSegments", json.dumps({"TraceSegmentDocuments": [json.dumps(document)]}).encode(), KIND)
    assert reply.status == 200 and not reply.json()["UnprocessedTraceSegments"], reply


@pytest.mark.parametrize("seed", range(3))
def test_no_order_no_restart_and_no_kill_changes_a_count(make_cairn, seed):
    chance = random.Random(seed)
    cairn = make_cairn().start()
    reports = [(send, new_trace(), number) for number in range(5) for send in (send_rollbar, send_span, send_document)]
    reports = [(send, reports[index - index % 3][1], number) for index, (send, _, number) in enumerate(reports)]
    chance.shuffle(reports)
    for place, report in enumerate(reports):
        report[0](cairn, *report[1:])
        if place in (4, 9, 13):
            if chance.random() < 0.5:
                cairn.kill()
                cairn.start()
            else:
                cairn.restart()
        elif chance.random() < 0.5:
            time.sleep(chance.random() * 0.4)  # So that counts fall between the reports.
    [item] = settled(cairn, 3, 5)
    assert item["project"] == "checkout" and sum(one(cairn, item["id"])["hours"]) == 5
    cairn.kill()
    cairn.start()
    [item] = settled(cairn, 3, 5)
    assert len(cairn.request("GET", f"/api/cairn/errors/{item['id']}/occurrences").json()["occurrences"]) == 5


def test_a_loop_counts_each_time_and_strangers_stay_apart(make_cairn):
    cairn = make_cairn().start()
    trace = new_trace()
    for _ in range(5):
        send_rollbar(cairn, trace, 0)
    send_span(cairn, trace, 0)
    [item] = settled(cairn, 2, 5)
    # The same words in another program's trace and place are another item.
    data = {"environment": "production", "body": {"trace": {"frames": [{"filename": "/app/bank.py", "method": "charge", "lineno": 3}], "exception": {"class": "Lost", "message": "gone"}}}}
    cairn.request("POST", "/api/1/item/", json.dumps({"data": data}).encode(), {**TOKEN, **KIND})
    assert until(lambda: len(errors(cairn)) == 2, pause=0.1)
    assert {entry["total"] for entry in errors(cairn)} == {5, 1}


def test_an_exception_that_rises_through_nested_spans_counts_once(make_cairn):
    """OpenTelemetry's SDK records it in each span that it leaves; two attempts are two."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    cairn = make_cairn().start()
    provider = TracerProvider(resource=Resource.create({"service.name": "nested"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{cairn.url}/v1/traces")))
    tracer = provider.get_tracer("nested")

    def fail():
        with tracer.start_as_current_span("middle"), tracer.start_as_current_span("inner"):
            raise KeyError("gone")

    with tracer.start_as_current_span("request"):
        for _ in range(2):
            try:
                with tracer.start_as_current_span("attempt"):
                    fail()
            except KeyError:
                pass
    try:
        with tracer.start_as_current_span("another"):
            fail()
    except KeyError:
        pass
    provider.shutdown()
    items = until(lambda: errors(cairn), pause=0.1)
    assert [(item["title"], item["total"]) for item in items] == [("KeyError: 'gone'", 3)]
    assert len(cairn.request("GET", f"/api/cairn/errors/{items[0]['id']}/occurrences").json()["occurrences"]) == 3


def test_an_exception_has_the_person_of_its_request(make_cairn):
    """The outer span knows the user, the inner one the exception; the log line of the same failure says it too."""
    cairn = make_cairn().start()
    user = lambda value: [{"key": "user.id", "value": value}]  # noqa: E731
    spans = []
    for number, name in enumerate(({"stringValue": "ana"}, {"stringValue": "bo"}, {"intValue": "77"}, None)):
        ids = {"traceId": f"{number + 1:032x}", "startTimeUnixNano": str(time.time_ns()), "endTimeUnixNano": str(time.time_ns() + 1000)}
        exception = {"timeUnixNano": str(time.time_ns()), "name": "exception", "attributes": [
            {"key": key, "value": {"stringValue": value}} for key, value in (("exception.type", "Lost"), ("exception.message", "gone"))]}
        # The ids of spans are the same in each trace.
        spans += [{**ids, "spanId": f"{3:016x}", "parentSpanId": f"{2:016x}", "name": "pay", "events": [exception]}, {**ids, "spanId": f"{2:016x}", "parentSpanId": f"{1:016x}", "name": "step"},
                  {**ids, "spanId": f"{1:016x}", "name": "request", "attributes": user(name) if name else []}]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}
    assert cairn.request("POST", "/v1/traces", json.dumps(body).encode(), KIND).status == 200
    [item] = until(lambda: [item for item in errors(cairn) if item["total"] == 4], pause=0.1)
    assert item["people"] == 3
    path = f"/api/cairn/errors/{item['id']}"
    told = cairn.request("GET", f"{path}/occurrences").json()["occurrences"]
    assert sorted(str(one["fields"].get("person.id")) for one in told) == ["77", "None", "ana", "bo"]
    [facet] = [facet for facet in cairn.request("GET", path).json()["facets"] if facet["name"] == "person.id"]
    assert facet["total"] == 3 and sorted((each["value"], each["count"]) for each in facet["values"]) == [("77", 1), ("ana", 1), ("bo", 1)]
