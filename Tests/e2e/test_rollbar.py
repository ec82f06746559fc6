# SPDX-License-Identifier: Apache-2.0
"""Rollbar's door and API, by pyrollbar under Flask, by recorded payloads of its other notifiers, and by plain requests."""
import concurrent.futures
import gzip
import http.client
import json
import pathlib
import subprocess
import sys
import time
import urllib.parse

import pytest

import otlp
from cairn_process import until

HERE = pathlib.Path(__file__).parent
CASES = json.loads((HERE.parent / "Fixtures/issues/grouping.json").read_text())
TOKEN = {"x-rollbar-access-token": "0123456789abcdef0123456789abcdef", "content-type": "application/json"}


def data(**changes):
    return {"environment": "test", "body": {"message": {"body": "a message"}}, **changes}


def send(cairn, payload, headers=TOKEN, path="/api/1/item/"):
    body = payload if isinstance(payload, (bytes, str)) else json.dumps({"data": payload})
    return cairn.request("POST", path, body if isinstance(body, bytes) else body.encode(), headers)


def get(cairn, path, headers=TOKEN):
    return cairn.request("GET", "/api/1" + path, headers=headers)


def result(cairn, path):
    reply = get(cairn, path)
    assert reply.status == 200, reply
    assert reply.json()["err"] == 0
    return reply.json()["result"]


def items(cairn, query=""):
    return result(cairn, "/items?limit=5000" + query)["items"]


def counted(cairn, total, query=""):
    """The items, once their occurrences add up."""
    return until(lambda: (found := items(cairn, query)) and sum(item["total_occurrences"] for item in found) >= total and found)


@pytest.mark.parametrize("handler", ["blocking", "thread", "thread_pool", "async", "httpx"])
def test_pyrollbar_under_flask_makes_three_items(make_cairn, handler):
    if handler in ("async", "httpx"):
        pytest.importorskip("httpx")
    cairn = make_cairn().start()
    rounds = 4
    subprocess.run([sys.executable, str(HERE / "rollbar_app.py"), f"http://{cairn.addresses['http']}/api/1/", "dev", handler, str(rounds)],
                   check=True, timeout=60)
    found = {item["title"]: item for item in counted(cairn, 3 * rounds)}
    assert sorted(found) == ["Hello World!", "KeyError: 'missing'", "RuntimeError: could not render the timeline"]
    assert all(item["total_occurrences"] == rounds for item in found.values()), found
    assert found["Hello World!"]["level"] == "warning"
    assert found["KeyError: 'missing'"]["framework"] == "flask"
    page = result(cairn, f"/item/{found['RuntimeError: could not render the timeline']['id']}/instances/")
    assert len(page["instances"]) == rounds
    payload = page["instances"][0]["data"]
    assert [trace["exception"]["class"] for trace in payload["body"]["trace_chain"]] == ["RuntimeError", "ValueError"]
    assert payload["notifier"]["name"] == "pyrollbar"
    trace = cairn.request("GET", "/api/cairn/traces/0af7651916cd43dd8448eb211c80319c")
    assert trace.status == 200, trace


def test_recorded_payloads_of_every_notifier_are_taken_and_grouped(make_cairn):
    cairn = make_cairn().start()
    keys = {}
    for case in CASES:
        payload = {"environment": "test", **case["data"]}
        payload.pop("uuid", None)
        reply = send(cairn, payload)
        assert reply.status == 200, (case["name"], reply)
        assert reply.json()["err"] == 0 and len(reply.json()["result"]["uuid"]) == 36
        keys.setdefault((payload["environment"], case["key"]), []).append(case["name"])
    found = counted(cairn, len(CASES))
    assert {(item["environment"], item["hash"]): item["total_occurrences"] for item in found} == {key: len(names) for key, names in keys.items()}


def test_the_token_may_stand_in_header_query_or_body(cairn):
    payload = json.dumps({"access_token": "t", "data": data()})
    plain = {"content-type": "application/json"}
    assert send(cairn, payload, {**plain, "x-rollbar-access-token": "t"}).status == 200
    assert send(cairn, payload, plain).status == 200
    assert send(cairn, json.dumps({"data": data()}), plain, "/api/1/item/?access_token=t").status == 200
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert send(cairn, "payload=" + urllib.parse.quote(payload), form).status == 200
    for path in ("/api/1/item", "/api/item/", "/item/", "/api/1/item_batch/"):
        assert send(cairn, "[" + payload + "]" if "batch" in path else payload, TOKEN, path).status == 200
    packed = gzip.compress(payload.encode())
    assert send(cairn, packed, {**TOKEN, "content-encoding": "gzip"}).status == 200


@pytest.mark.parametrize("body, status, word", [
    ("{", 400, "JSON"), ("", 400, "JSON"), ("\xff", 400, "JSON"), ("[]", 422, "object"), ("{}", 422, "data"), ('{"data":[]}', 422, "data"),
    ('{"data":{"environment":"e"}}', 422, "body"), ('{"data":{"body":{"message":{"body":"x"}}}}', 422, "environment"),
    ('{"data":{"environment":"e","body":{"message":{"body":"x"},"trace":{"frames":[]}}}}', 422, "exactly one"),
])
def test_bad_items_are_refused_in_rollbars_words(cairn, body, status, word):
    before = cairn.request("GET", "/api/cairn/datasets").json()
    reply = send(cairn, body)
    assert reply.status == status, reply
    assert reply.kind == "application/json"
    assert reply.json()["err"] == 1 and word in reply.json()["message"]
    assert "at byte 0" not in reply.json()["message"]
    assert cairn.request("GET", "/api/cairn/datasets").json() == before


def test_a_batch_says_which_of_its_items_were_not_taken_and_why(cairn):
    def batch(*items):
        return send(cairn, json.dumps(list(items)), path="/api/1/item_batch/")

    reply = batch({"data": {"environment": "e"}}, 7)
    assert reply.status == 422 and reply.json() == {
        "err": 1, "message": "no item of the batch was taken (2): 'data.body' must have one of trace, trace_chain, message and crash_report"}
    reply = batch({"data": data()}, {})
    assert reply.status == 200 and reply.json()["result"] == {"id": None, "accepted": 1, "rejected": 1, "reason": "'data' is required and must be an object"}
    assert batch({"data": data()}).json()["result"] == {"id": None, "accepted": 1, "rejected": 0}
    assert batch().json()["result"] == {"id": None, "accepted": 0, "rejected": 0}


def test_an_open_server_shows_what_came_by_every_door(make_cairn):
    """Nobody has said which project is meant, so all are: exceptions of spans are in their service's, items of a notifier in `default`."""
    cairn = make_cairn().start()
    send(cairn, data(person={"id": "7", "username": "ana"}))
    span = otlp.span(otlp.Ids(7), error="no money")
    span.events.add(name="exception", attributes=otlp.attributes({"exception.type": "CardDeclined", "exception.message": "no money"}), time_unix_nano=span.start_time_unix_nano)
    declined = otlp.traces([span], "checkout").SerializeToString()
    assert cairn.send(declined).status == 200
    found = {item["title"]: item for item in counted(cairn, 2)}
    assert sorted(found) == ["CardDeclined: no money", "a message"]
    projects = {project["name"]: project["id"] for project in result(cairn, "/projects")}
    assert {title: item["project_id"] for title, item in found.items()} == {"a message": projects["default"], "CardDeclined: no money": projects["checkout"]}
    assert [item["title"] for item in items(cairn, f"&project_id={projects['checkout']}")] == ["CardDeclined: no money"]
    assert [item["title"] for item in items(cairn, f"&project_id={projects['default']}")] == ["a message"]
    assert len(result(cairn, "/instances")["instances"]) == 2 and len(result(cairn, f"/instances?project_id={projects['default']}")["instances"]) == 1
    assert sum(count for _, count in result(cairn, "/reports/occurrence_counts?min_level=debug")) == 2
    assert len(result(cairn, "/reports/top_active_items")) == 2 and sum(count for _, count in result(cairn, "/reports/activated_counts")) == 2
    # A token of a project is of that project, whether the server is open or not.
    token = cairn.request("POST", f"/api/1/project/{projects['checkout']}/access_tokens", json.dumps({"name": "r", "scopes": ["read"]}).encode(), TOKEN).json()["result"]["access_token"]
    own = get(cairn, "/items", {"x-rollbar-access-token": token}).json()["result"]["items"]
    assert [item["title"] for item in own] == ["CardDeclined: no money"]


def test_without_a_token_nothing_is_taken(cairn):
    reply = send(cairn, json.dumps({"data": data()}), {"content-type": "application/json"})
    assert (reply.status, reply.json()) == (401, {"err": 1, "message": "access token required"})


def test_giants_are_taken_and_cut(make_cairn):
    cairn = make_cairn().start()
    frames = [{"filename": f"/srv/app/f{n % 7}.py", "method": f"m{n % 5}", "lineno": n, "locals": {"x": "y" * 200}} for n in range(10_000)]
    giant = data(body={"trace": {"frames": frames, "exception": {"class": "RecursionError", "message": "m" * (1 << 20)}}})
    reply = send(cairn, giant)
    assert reply.status == 200, reply
    assert send(cairn, data(custom={"x": "y" * (7 << 20)})).status == 200
    assert send(cairn, data(custom={"x": "y" * (9 << 20)})).status == 413
    found = counted(cairn, 2)
    assert len(found) == 2
    item = next(item for item in found if item["title"].startswith("RecursionError"))
    payload = result(cairn, f"/item/{item['id']}/instances")["instances"][0]["data"]
    assert payload["body"]["trace"]["exception"]["class"] == "RecursionError"


def test_a_uuid_counts_once_and_is_found(make_cairn):
    cairn = make_cairn().start()
    uuid = "5c6d55fa-4bf3-42ef-9dfb-9958d3e2531a"
    for _ in range(3):
        assert send(cairn, data(uuid=uuid)).json()["result"]["uuid"] == uuid
    assert [item["total_occurrences"] for item in counted(cairn, 1)] == [1]
    assert result(cairn, f"/instance/{uuid}")["data"]["uuid"] == uuid
    occurrence = result(cairn, "/instances")["instances"][0]["id"]
    assert cairn.request("DELETE", f"/api/1/instance/{occurrence}", headers=TOKEN).json()["err"] == 0
    assert get(cairn, f"/instance/{occurrence}").status == 404
    assert result(cairn, "/instances")["instances"] == []


def test_an_item_is_resolved_comes_back_and_stays_muted(make_cairn):
    cairn = make_cairn().start()
    send(cairn, data(code_version="1.2.0"))
    item = counted(cairn, 1)[0]
    path = f"/api/1/item/{item['id']}"

    def patch(**changes):
        reply = cairn.request("PATCH", path, json.dumps(changes).encode(), TOKEN)
        assert reply.status == 200, reply
        return result(cairn, f"/item/{item['id']}")

    def occurs(version, total):
        send(cairn, data(code_version=version))
        assert until(lambda: result(cairn, "/reports/top_active_items")[0]["item"]["occurrences"] == total)
        return result(cairn, f"/item/{item['id']}")["status"]

    resolved = patch(status="resolved", resolved_in_version="1.3.0")
    assert (resolved["status"], resolved["resolved_in_version"]) == ("resolved", "1.3.0")
    assert occurs("1.2.9", 2) == "resolved"
    assert occurs("1.3.0", 3) == "active"
    patch(status="resolved")
    assert occurs("", 4) == "active"
    patch(status="muted")
    assert occurs("9.9.9", 5) == "muted"
    assert cairn.request("PATCH", path, b'{"status":"gone"}', TOKEN).status == 422
    assert cairn.request("PATCH", path, b'{"status":"active","title":""}', TOKEN).status == 422
    assert result(cairn, f"/item/{item['id']}")["status"] == "muted"


def test_tokens_have_scopes_and_limits(make_cairn):
    cairn = make_cairn().start()
    project = json.loads(cairn.request("POST", "/api/1/projects", b'{"name":"shop"}', TOKEN).body)["result"]

    def token(**values):
        reply = cairn.request("POST", f"/api/1/project/{project['id']}/access_tokens", json.dumps({"name": "t", **values}).encode(), TOKEN)
        return {**TOKEN, "x-rollbar-access-token": reply.json()["result"]["access_token"]}

    reader = token(scopes=["read"])
    reply = send(cairn, data(), reader)
    assert reply.status == 403 and "post_server_item" in reply.json()["message"]
    client = token(scopes=["post_client_item"])
    assert send(cairn, data(), client).status == 403
    assert send(cairn, data(platform="browser"), client).status == 200
    assert get(cairn, "/items", client).status == 403
    limited = token(scopes=["post_server_item"], rate_limit_window_size=3600, rate_limit_window_count=2)
    replies = [send(cairn, data(), limited) for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 429, 429]
    assert replies[0].headers["x-rate-limit-remaining"] == "1"
    assert replies[3].headers["x-rate-limit-remaining"] == "0" and replies[3].json()["err"] == 1
    found = until(lambda: [i for i in get(cairn, "/items", reader).json()["result"]["items"] if i["framework"] == "rollbar-system"])
    assert len(found) == 1
    assert cairn.request("DELETE", f"/api/1/project/{project['id']}/access_token/{limited['x-rollbar-access-token']}", headers=TOKEN).status == 200


def test_deploys_versions_and_the_counter_by_curl(make_cairn):
    cairn = make_cairn().start()
    base = f"http://{cairn.addresses['http']}/api/1"
    header = ["-sS", "-H", f"X-Rollbar-Access-Token: {TOKEN['x-rollbar-access-token']}"]

    def curl(*words):
        done = subprocess.run(["curl", *header, *words], check=True, capture_output=True, text=True, timeout=30)
        return json.loads(done.stdout)

    made = curl(f"{base}/deploy/", "-d", "environment=test", "-d", "revision=1.0.0", "-d", "local_username=ana", "-d", "comment=first one",
                "-d", "status=started")
    assert made["data"]["deploy_id"] == made["result"]["deploy_id"]
    done = curl("-X", "PATCH", f"{base}/deploy/{made['data']['deploy_id']}", "-d", "status=succeeded")
    assert done["result"]["status"] == "succeeded"
    send(cairn, data(code_version="1.0.0"))
    item = counted(cairn, 1)[0]
    version = curl(f"{base}/versions/1.0.0?environment=test")["result"]
    assert version["item_stats"]["new"] == 1 and version["deployed_by"] == "ana"
    assert curl("-L", f"{base}/item_by_counter/1")["result"]["id"] == item["id"]
    assert get(cairn, "/item_by_counter/1").status == 301
    assert len(curl(f"{base}/deploys")["result"]["deploys"]) == 1
    assert get(cairn, "/status/ping").body == b"pong"


def test_a_crash_neither_loses_nor_doubles_an_occurrence(make_cairn):
    cairn = make_cairn().start()
    acknowledged = 0
    for round_number in range(3):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(lambda n: send(cairn, data(fingerprint=f"f{n % 3}")).status, range(40)))
        acknowledged += replies.count(200)
        cairn.kill()
        cairn.start()
        assert sum(item["total_occurrences"] for item in counted(cairn, acknowledged)) == acknowledged
    cairn.stop()
    cairn.start()
    assert sum(item["total_occurrences"] for item in counted(cairn, acknowledged)) == acknowledged


def send_exception(cairn, number, name):
    """One span with one exception event."""
    stack = f'Traceback (most recent call last):\n  File "/srv/app/shop.py", line 12, in pay\n    raise {name}()\n{name}: gone'
    span = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": f"eee19b7ec3c1b{number:03}", "name": "pay", "kind": 2,
            "startTimeUnixNano": str(time.time_ns()), "endTimeUnixNano": str(time.time_ns() + 1000),
            "events": [{"timeUnixNano": str(time.time_ns()), "name": "exception", "attributes": [
                {"key": key, "value": {"stringValue": value}}
                for key, value in (("exception.type", name), ("exception.message", "gone"), ("exception.stacktrace", stack))]}]}
    body = {"resourceSpans": [{"resource": {"attributes": [
        {"key": "service.name", "value": {"stringValue": "shop"}},
        {"key": "deployment.environment.name", "value": {"stringValue": "production"}}]}, "scopeSpans": [{"spans": [span]}]}]}
    assert cairn.request("POST", "/v1/traces", json.dumps(body).encode(), {"content-type": "application/json"}).status == 200


def test_exceptions_of_other_doors_become_items(make_cairn):
    cairn = make_cairn().start()
    send_exception(cairn, 1, "Lost")
    found = until(lambda: cairn.request("GET", "/api/cairn/errors").json()["items"])
    assert [(item["title"], item["project"], item["environment"], item["total"]) for item in found] == [("Lost: gone", "shop", "production", 1)]


def test_an_occurrence_counts_once_though_a_tail_is_open(make_cairn):
    cairn = make_cairn().start()
    tail = http.client.HTTPConnection(cairn.http, timeout=20)
    tail.request("GET", "/api/cairn/tail")
    stream = tail.getresponse()
    assert stream.readline() == b": connected\n"
    for number in range(3):
        send_exception(cairn, number, "Lost")
    send_exception(cairn, 9, "Last")

    def totals():
        return {item["class"]: item["total"] for item in cairn.request("GET", "/api/cairn/errors").json()["items"]}

    assert until(lambda: (found := totals()).get("Last") and found) == {"Lost": 3, "Last": 1}
    tail.close()
