# SPDX-License-Identifier: Apache-2.0
"""What people send of a failure finds it: an id of a user or a request, a number, a span, a line's words; and errors are found by when they happened."""
import json
import subprocess
import time

import cairn_process
import pytest

KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}
TRACES = [f"{n:032x}" for n in (0xa1, 0xa2)]


@pytest.fixture(scope="module")
def sent(cairn):
    now = int(time.time())
    events = [{"time": now - 7200 + n, "data": {"name": "GET /cart", "trace.trace_id": TRACES[n % 2], "trace.span_id": f"{n + 1:016x}", "user.id": "user-39", "order_id": 4711,
                                                "app.request_id": f"req-{n}", "duration_ms": n}} for n in range(6)]
    reply = cairn.request("POST", "/1/batch/shop", json.dumps(events), KEY)
    assert reply.status == 200, reply
    for age, message in ((7000, "the drawer is stuck"), (60, "the drawer is gone")):
        body = {"access_token": "any", "data": {"environment": "production", "timestamp": now - age, "level": "error", "title": message,
                                                "body": {"trace": {"frames": [{"filename": f"till_{age}.py", "lineno": 7, "method": f"open_{age}"}],
                                                                   "exception": {"class": "DrawerError", "message": message}}}}}
        assert cairn.request("POST", "/api/1/item/", json.dumps(body), KEY).status == 200
    assert cairn_process.until(lambda: cairn.get("errors")["total"] == 2)
    return now


def found(cairn, text, **more):
    return {c["name"]: c for c in cairn.get("find", text=text, **more)["columns"]}


def test_a_value_is_found_in_its_column_with_its_traces(cairn, sent):
    assert cairn.get("find", text="user-39")["complete"] is True
    user = found(cairn, "user-39")
    assert list(user) == ["user.id"] and user["user.id"]["events"] == 6 and user["user.id"]["traces"] == 2
    assert user["user.id"]["first_us"] == (sent - 7200) * 1_000_000 and user["user.id"]["last_us"] == (sent - 7195) * 1_000_000
    request = found(cairn, "req-3")["app.request_id"]
    assert (request["events"], request["traces"], request["trace"]) == (1, 1, TRACES[1])
    assert found(cairn, "4711")["order_id"]["events"] == 6
    assert found(cairn, f"{3:016x}")["trace.span_id"]["trace"] == TRACES[0]
    assert found(cairn, "user-3") == {} and found(cairn, "nobody") == {}
    assert found(cairn, "user-39", range=600) == {}, "the time that was asked for holds"


def test_words_of_lines_are_counted(cairn, sent):
    line = {"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "till"}}]}, "scopeLogs": [{"logRecords": [
        {"timeUnixNano": str(sent * 10**9), "body": {"stringValue": f"drawer {n} does not open"}} for n in range(3)]}]}]}
    assert cairn.request("POST", "/v1/logs", json.dumps(line), {"content-type": "application/json"}).status == 200
    lines = cairn.get("find", text="does not open")["lines"]
    assert lines["events"] == 3 and lines["first_us"] == lines["last_us"] == sent * 1_000_000


@pytest.mark.parametrize("text", ["", "a", "x" * 501])
def test_what_is_no_text_to_look_for_is_refused(cairn, text):
    reply = cairn.request("GET", f"/api/cairn/find?text={text}")
    assert reply.status in (400, 422) and reply.json()["field"] == "text"


def test_errors_are_listed_by_when_they_happened(cairn, sent):
    def titles(**asked):
        return sorted(item["title"] for item in cairn.get("errors", **asked)["items"])

    assert titles() == ["the drawer is gone", "the drawer is stuck"]
    assert titles(start=sent - 300, end=sent) == ["the drawer is gone"]
    assert titles(start=sent - 7100, end=sent - 6900) == ["the drawer is stuck"]
    assert titles(start=sent - 6900, end=sent - 300) == []
    assert len(titles(start=sent - 7100, end=sent)) == 2
    # New: never before the time. A second time is no first.
    again = {"access_token": "any", "data": {"environment": "production", "timestamp": sent - 30, "level": "error", "title": "the drawer is stuck",
                                             "body": {"trace": {"frames": [{"filename": "till_7000.py", "lineno": 7, "method": "open_7000"}],
                                                                "exception": {"class": "DrawerError", "message": "the drawer is stuck"}}}}}
    assert cairn.request("POST", "/api/1/item/", json.dumps(again), KEY).status == 200
    assert cairn_process.until(lambda: len(titles(start=sent - 300, end=sent)) == 2)
    assert titles(start=sent - 300, end=sent, new="true") == ["the drawer is gone"]
    old = cairn.get("errors", start=sent - 7100, end=sent - 6900)
    assert old["hour_us"] == (sent - 6901) // 3600 * 3_600_000_000, "the chart ends with the time"
    assert cairn.request("GET", f"/api/cairn/errors?start={sent}&end={sent - 1}").status in (400, 422)


def test_deploys_of_all_projects_are_told_by_time(cairn, sent):
    deploy = {"access_token": "any", "environment": "production", "revision": "2.14.0", "local_username": "ana"}
    assert cairn.request("POST", "/api/1/deploy/", json.dumps(deploy), KEY).status == 200
    told = cairn.get("deploys", start=sent - 600, end=int(time.time()) + 60)["deploys"]
    assert [(d["revision"], d["local_username"]) for d in told] == [("2.14.0", "ana")] and told[0]["project"]
    assert cairn.get("deploys", start=sent - 7200, end=sent - 600)["deploys"] == []


def test_a_time_counts_what_happened_in_it(cairn, sent):
    """Three of one error long ago, one of it lately; twice lately of another: order, counts and bars are those of the time."""
    def tell(message, ages):
        for age in ages:
            body = {"access_token": "any", "data": {"environment": "production", "timestamp": sent - age, "level": "error", "fingerprint": message, "person": {"id": f"p{age}"},
                                                    "body": {"message": {"body": message}}}}
            assert cairn.request("POST", "/api/1/item/", json.dumps(body), KEY).status == 200

    tell("the bell is cracked", (90_000, 80_000, 70_000, 500))
    tell("the bell is silent", (400, 300))
    listed = lambda **asked: {item["title"]: item for item in cairn.get("errors", sort="total", query="bell", **asked)["items"]}  # noqa: E731
    assert cairn_process.until(lambda: [item["total"] for item in listed().values()] == [4, 2])
    ever = cairn.get("errors", query="bell")
    assert ever["times"] == 6 and "bars" not in ever and "bars" not in ever["items"][0] and "times" not in ever["items"][0]
    lately = listed(start=sent - 600, end=sent)
    assert [(item["times"], item["total"], item["people"], sum(item["bars"])) for item in lately.values()] == [(2, 2, 2, 2), (1, 4, 1, 1)]
    whole = cairn.get("errors", query="bell", start=sent - 600, end=sent)
    assert whole["times"] == 3
    bars, silent = whole["bars"], lately["the bell is silent"]["bars"]
    assert bars["step_us"] == 25_000_000 and 24 <= len(silent) <= 25
    for age in (400, 300):
        assert silent[((sent - age) * 1_000_000 - bars["start_us"]) // bars["step_us"]] == 1
    early = listed(start=sent - 86_400, end=sent - 60_000)
    assert [(title, item["times"]) for title, item in early.items()] == [("the bell is cracked", 2)]
    assert listed(start=sent - 100, end=sent) == {}
    items = [item["id"] for item in listed().values()]
    merged = cairn.request("POST", f"/api/cairn/errors/{items[0]}/merge", json.dumps({"items": items[1:]}), {"content-type": "application/json"})
    assert merged.status == 200
    [group] = listed(start=sent - 600, end=sent).values()
    assert group["is_group"] and (group["times"], group["total"]) == (3, 6)


def test_people_are_counted_whichever_door_tells_of_them(cairn, sent):
    text = lambda key, value: {"key": key, "value": {"stringValue": value}}  # noqa: E731
    for person in ({"user.id": "ana"}, {"user.id": "bo"}, {"enduser.id": "cy"}, {"user.id": "dee", "enduser.id": "x"}, {"user.id": "ana"}, {}):
        fields = {"exception.type": "OutOfStock", "exception.message": "the shelf is bare", "exception.stacktrace": "OutOfStock: bare\n  at take (/srv/shelf.js:7:1)", **person}
        record = {"timeUnixNano": str(time.time_ns()), "severityNumber": 17, "body": {"stringValue": "the shelf is bare"}, "attributes": [text(k, v) for k, v in fields.items()]}
        body = {"resourceLogs": [{"resource": {"attributes": [text("service.name", "shelf")]}, "scopeLogs": [{"logRecords": [record]}]}]}
        assert cairn.request("POST", "/v1/logs", json.dumps(body), {"content-type": "application/json"}).status == 200
    listed = lambda: cairn.get("errors", query="bare")["items"]  # noqa: E731
    assert cairn_process.until(lambda: [item["total"] for item in listed()] == [6])
    [item] = listed()
    whole = cairn.get(f"errors/{item['id']}")
    assert whole["people"] == item["people"] == 3
    facets = {facet["name"]: {entry["value"] for entry in facet["values"]} for facet in whole["facets"]}
    assert facets["user.id"] == {"ana", "bo", "dee"} and facets["enduser.id"] == {"cy", "x"} and "person.id" not in facets


def test_the_command_line_names_what_no_event_has(cairn, sent):
    def ask(*words):
        return subprocess.run([cairn_process.binary(), "query", "--server", cairn.addresses["http"], *words], capture_output=True, text=True, timeout=60, check=True).stdout
    assert "No event has the column order_ids. Did you mean order_id?" in ask("--by", "order_ids")
    assert "No event of shop has the column usr.id. Did you mean user.id?" in ask("--dataset", "shop", "--where", "usr.id != x", "--last", "7d")
    assert "No event" not in ask("--by", "order_id", "--last", "7d")
