# SPDX-License-Identifier: Apache-2.0
"""`cairn demo` fills a server, and BubbleUp finds what it has planted."""
import re
import socket
import subprocess
import time

import pytest

from cairn_process import as_filter, binary, column, rows, until

SLOW_REQUEST, SLOW_SERVICE, SLOW_SPAN = "GET /api/activities/home", "timeline", "GET /timeline/<user>"
SERVICES = {"gateway", "backend-flask", "auth", "feed", "timeline", "notify", "media", "search", "profile", "messages", "billing", "worker"}


def demo(*arguments, timeout=400):
    return subprocess.run([str(binary()), "demo", *map(str, arguments)], capture_output=True, text=True, timeout=timeout)


@pytest.fixture(scope="module")
def filled(cairn):
    done = demo("--url", cairn.url, "--once", "--history", 20, "--seed", 7)
    assert done.returncode == 0, done
    return cairn, done.stdout


def bubble_up(cairn, selection, *filters):
    reply = cairn.post("bubbleup", {"dataset": "__all__", "query": {"time_range": 7200, "filters": [as_filter(*f) for f in filters]},
                                    "selection": selection, "limit": 20})
    assert reply.status == 200, reply
    return reply.json()


def names_the_cause(answer):
    top = [(c["name"], c["values"][0]["value"]) for c in answer["columns"][:2]]
    assert sorted(top) == [("app.version", "1.4.2"), ("cloud.region", "ca-central-1")], [(c["name"], c["score"]) for c in answer["columns"][:8]]


def test_it_says_what_it_sent_and_where_to_look(filled):
    cairn, said = filled
    spans, records, points = map(int, re.search(r"Sent (\d+) spans, (\d+) log records, (\d+) metric points", said).groups())
    assert spans > 100_000 and records > 1_000 and points > 1_000
    assert f"Open {cairn.url}/ui/explore?" in said and "app.version = 1.4.2" in said and "seed 7" in said
    assert "left out" not in said, said
    page = re.search(r"Open (\S+)", said).group(1)
    assert cairn.request("GET", page.removeprefix(cairn.url)).status == 200


def test_all_that_was_sent_is_there(filled):
    cairn, said = filled
    spans, records = map(int, re.search(r"Sent (\d+) spans, (\d+) log", said).groups())
    assert cairn.count(("trace.span_id", "exists")) == spans
    assert cairn.count(("severity", "exists")) == records
    found = cairn.ask(calculations=[{"op": "COUNT"}], breakdowns=["service.name"], filters=[as_filter("trace.span_id", "exists")])
    assert set(column(found, "service.name")) == SERVICES


def test_the_deploy_is_marked_and_nobody_runs_the_release_before(filled):
    cairn, said = filled
    (marker,) = cairn.request("GET", "/1/markers/__all__").json()
    assert (marker["type"], marker["message"]) == ("deploy", "timeline 1.4.2") and "not marked" not in said
    first = cairn.ask(calculations=[{"op": "COUNT"}], filters=[as_filter("app.version", "=", "1.4.2")], end_time=marker["start_time"], start_time=marker["start_time"] - 3600)
    after = cairn.ask(calculations=[{"op": "COUNT"}], filters=[as_filter("app.version", "=", "1.4.2")], start_time=marker["start_time"], end_time=int(time.time()) + 60)
    assert rows(first)[0][0] == 0 and rows(after)[0][0] > 1000


def test_its_team_has_a_board_an_objective_and_a_trigger_once(filled):
    cairn, said = filled
    assert "not made" not in said
    again = demo("--url", cairn.url, "--once", "--history", 0.1, "--rate", 1)
    assert again.returncode == 0 and "not made" not in again.stdout, again
    (board,) = cairn.request("GET", "/1/boards").json()
    assert [panel["type"] for panel in board["panels"]] == ["text", "slo", "query", "query", "query", "query"]
    (trigger,) = cairn.request("GET", "/1/triggers/gateway").json()
    assert until(lambda: cairn.request("GET", f"/1/triggers/gateway/{trigger['id']}").json()["triggered"], 30)
    (slo,) = cairn.request("GET", "/1/slos/gateway").json()
    assert until(lambda: cairn.request("GET", f"/1/slos/gateway/{slo['id']}?detailed").json()["budget_remaining"] < 0, 30)


def test_bubbleup_names_the_cause_of_slow_requests(filled):
    """As the hint says: the requests for the home timeline, and a box over the slow band."""
    cairn, _ = filled
    now = time.time()
    box = {"column": "duration_ms", "min": 1000, "max": 60_000, "start": now - 7200, "end": now}
    answer = bubble_up(cairn, {"box": box}, ("name", "=", SLOW_REQUEST))
    assert answer["selection"]["events"] > 50
    names_the_cause(answer)


def test_bubbleup_names_the_cause_among_all_events(filled):
    cairn, _ = filled
    names_the_cause(bubble_up(cairn, {"filters": [as_filter("duration_ms", ">", 1000)]}))


def test_the_cohort_is_eight_times_slower(filled):
    cairn, _ = filled
    cohort = [as_filter("app.version", "=", "1.4.2"), as_filter("cloud.region", "=", "ca-central-1")]

    def median(filters):
        answer = cairn.ask(SLOW_SERVICE, calculations=[{"op": "P50", "column": "duration_ms"}], filters=[as_filter("name", "=", SLOW_SPAN), *filters])
        return rows(answer)[0][0]

    ratio = median(cohort) / median([as_filter("app.version", "!=", "1.4.2")])
    assert 6.5 < ratio < 9.5, ratio


def test_a_slow_trace_is_whole_and_ends_in_the_slow_service(filled):
    cairn, _ = filled
    slow = cairn.get("traces", service="gateway", name=SLOW_REQUEST, order="slowest", limit=1)["traces"][0]
    assert slow["has_root"] and slow["duration_ms"] > 1000
    trace = cairn.trace(slow["trace_id"])
    ids = {s["id"] for s in trace["spans"]}
    assert all(s["parent"] in ids for s in trace["spans"] if s["parent"])
    slowest = max((s for s in trace["spans"] if s["service"] == SLOW_SERVICE), key=lambda s: s["duration_ns"])
    assert slowest["name"] == SLOW_SPAN and slowest["duration_ns"] > trace["duration_ns"] * 0.7


def test_live_traffic_comes_as_time_passes(make_cairn):
    cairn = make_cairn().start()
    done = demo("--url", cairn.url, "--history", 0, "--rate", 10, "--duration", 6, "--seed", 3)
    assert done.returncode == 0, done
    assert cairn.count(("trace.span_id", "exists")) > 100
    newest = max(cairn.get("datasets")["datasets"], key=lambda d: d["last_us"])["last_us"]
    assert newest / 1e6 < time.time() + 1


def test_nobody_listens():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        done = demo("--url", f"http://127.0.0.1:{s.getsockname()[1]}", "--once", "--history", 1, timeout=60)
    assert done.returncode != 0 and "no server answers" in done.stderr and "cairn serve" in done.stderr, done


def test_a_key_is_asked_for(make_cairn):
    cairn = make_cairn()
    made = subprocess.run([str(binary()), "key", "create", "--data", str(cairn.data), "--scopes", "ingest"], capture_output=True, text=True, timeout=30)
    assert made.returncode == 0, made
    cairn.start()
    refused = demo("--url", cairn.url, "--once", "--history", 1, "--rate", 1, timeout=60)
    assert refused.returncode != 0 and "--key" in refused.stderr, refused
    taken = demo("--url", cairn.url, "--once", "--history", 1, "--rate", 1, "--key", made.stdout.split()[-1], timeout=60)
    assert taken.returncode == 0 and "are not made" in taken.stdout, taken
