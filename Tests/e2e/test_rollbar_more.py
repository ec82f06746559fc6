# SPDX-License-Identifier: Apache-2.0
"""Source maps, search by what occurrences know, merging, one item of several doors, users and teams, rules of the pages, the command line."""
import json
import subprocess
import time

import cairn_process
from cairn_process import until
from test_rollbar import TOKEN, counted, data, get, items, result, send
from test_rollbar_rules import Receiver, rule

# shop.min.js: line 1, columns from 0; made by hand: column 0 is checkout.js:10:4 "render", column 20 is pay.js:3:2 "charge", column 40 pay.js:7:8 "fail".
MAP = {"version": 3, "sources": ["webpack:///./src/checkout.js", "webpack:///./src/pay.js"], "names": ["render", "charge", "fail"],
       "sourcesContent": [None, "\n".join(f"// pay line {n}" for n in range(1, 12))], "mappings": "AASIA,oBCPFC,oBAIME"}


def vlq(numbers):
    digits, out = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", ""
    for number in numbers:
        value = (abs(number) << 1) | (number < 0)
        while True:
            digit, value = value & 31, value >> 5
            out += digits[digit | (32 if value else 0)]
            if not value:
                break
    return out


MAP["mappings"] = ",".join([vlq([0, 0, 9, 4, 0]), vlq([20, 1, -7, -2, 1]), vlq([20, 0, 4, 6, 1])])


def browser_error(columns, version="1.4.0", url="https://cdn.example.com/js/shop.min.js?v=7", names=("r", "c", "f")):
    frames = [{"filename": url, "lineno": 1, "colno": column + 1, "method": name} for column, name in zip(columns, names)]
    return data(platform="browser", language="javascript", client={"javascript": {"code_version": version, "browser": "Firefox"}},
                body={"trace": {"frames": frames, "exception": {"class": "TypeError", "message": "x is undefined"}}})


def multipart(fields):
    body = b"".join(f'--edge\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode() + value + b"\r\n" for name, extra, value in fields) + b"--edge--\r\n"
    return body, {"content-type": "multipart/form-data; boundary=edge", "x-rollbar-access-token": TOKEN["x-rollbar-access-token"]}


def upload(cairn, source_map, version="1.4.0", url="https://cdn.example.com/js/shop.min.js", sources=()):
    body, headers = multipart([("version", "", version.encode()), ("minified_url", "", url.encode()),
                               ("source_map", '; filename="shop.min.js.map"', json.dumps(source_map).encode()), *sources])
    return cairn.request("POST", "/api/1/sourcemap", body, headers)


def test_source_maps_are_applied_before_grouping(make_cairn):
    cairn = make_cairn().start()
    # Before the map is there: an item of its own.
    send(cairn, browser_error([0, 20, 40]))
    first = counted(cairn, 1)[0]
    reply = upload(cairn, MAP, sources=[("webpack:///./src/checkout.js", '; filename="checkout.js"', b"\n".join(b"// checkout %d" % n for n in range(1, 20)))])
    assert reply.status == 200, reply
    assert [(entry["version"], entry["minified_url"]) for entry in result(cairn, "/sourcemaps")] == [("1.4.0", "cdn.example.com/js/shop.min.js")]
    send(cairn, browser_error([0, 20, 40]))
    # The item that the raw stack began takes the mapped one in, and no other is made.
    [item] = counted(cairn, 2)
    assert item["id"] == first["id"]
    detail = cairn.request("GET", f"/api/cairn/errors/{item['id']}").json()
    assert len(detail["aliases"]) == 1 and detail["first_grouping"]["key"] == first["hash"]
    frames = detail["occurrence"]["data"]["body"]["trace"]["frames"]
    assert [(frame["filename"], frame["lineno"], frame["method"]) for frame in frames] == [
        ("webpack:///./src/checkout.js", 10, "<anonymous>"), ("webpack:///./src/pay.js", 3, "render"), ("webpack:///./src/pay.js", 7, "charge")]
    assert frames[2]["code"] == "// pay line 7" and frames[0]["code"] == "// checkout 10" and frames[2]["context"]["pre"][-1] == "// pay line 6"
    assert frames[2]["minified"] == {"filename": "https://cdn.example.com/js/shop.min.js?v=7", "lineno": 1, "colno": 41, "method": "f"}
    # Another build of the same sources: other columns, other short names, the same item.
    other = {**MAP, "mappings": ",".join([vlq([3, 0, 9, 4, 0]), vlq([50, 1, -7, -2, 1]), vlq([31, 0, 4, 6, 1])])}
    assert upload(cairn, other, version="1.5.0").status == 200
    send(cairn, browser_error([3, 53, 84], version="1.5.0", names=("q", "w", "e")))
    assert [found["id"] for found in counted(cairn, 3)] == [item["id"]]
    # A replay groups the same without asking for maps, and a restart knows them.
    cairn.kill()
    cairn.start()
    assert [(found["id"], found["total_occurrences"]) for found in counted(cairn, 3)] == [(item["id"], 3)]
    send(cairn, browser_error([3, 53, 84], version="1.5.0"))
    assert [found["id"] for found in counted(cairn, 4)] == [item["id"]]


def test_bad_source_maps_are_refused_in_words(cairn):
    for bad, word in (({"version": 2}, "version 3"), ({**MAP, "mappings": "A!"}, "base 64"), ({**MAP, "mappings": vlq([0, 9, 0, 0])}, "outside the sources"),
                      ({**MAP, "mappings": ""}, "no mappings"), ({**MAP, "mappings": "AAgggggggggggggggggggA"}, "VLQ")):
        reply = upload(cairn, bad)
        assert reply.status == 422 and word in reply.json()["message"], reply
    assert cairn.request("POST", "/api/1/sourcemap", b"{}", TOKEN).status == 400
    body, headers = multipart([("version", "", b"1")])
    assert cairn.request("POST", "/api/1/sourcemap", body, headers).json()["message"] == "minified_url is required"


def test_items_are_found_by_what_their_occurrences_know(make_cairn):
    cairn = make_cairn().start()
    for n in range(3):
        send(cairn, data(fingerprint=f"f{n}", title=f"Lost {n}", server={"host": f"web-{n}"}, person={"id": f"u{n}", "username": f"ana{n}", "email": f"ana{n}@example.com"},
                         request={"user_ip": f"10.1.1.{n}", "url": "http://x/"}, body={"trace": {"frames": [{"filename": f"/srv/shop/file{n}.py", "method": "f"}], "exception": {"class": "Lost"}}}))
    counted(cairn, 3)

    def found(query):
        listed = sorted(item["hash"] for item in items(cairn, f"&query={query}"))
        page = sorted(item["hash"] for item in cairn.request("GET", f"/api/cairn/errors?query={query}").json()["items"])
        assert listed == page
        return listed

    assert found("host:web-1") == ["f1"] and found("host:web") == ["f0", "f1", "f2"]
    assert found("ip:10.1.1.2") == ["f2"] and found("user_id:u0") == ["f0"] and found("username:ana1") == ["f1"]
    assert found("email:%22ana2@example.com%22") == ["f2"] and found("email:%22ana2%22") == []
    assert found("file:file1.py") == ["f1"] and found("file:shop/file") == ["f0", "f1", "f2"] and found("file:file1.py%20host:web-2") == []
    people = result(cairn, "/people")
    assert people["total_count"] == 3 and {person["username"] for person in people["people"]} == {"ana0", "ana1", "ana2"}
    assert [item["title"] for item in result(cairn, "/person/u1")["items"]] == ["Lost 1"]
    assert get(cairn, "/person/nobody").status == 404


def test_a_person_has_the_last_name_that_was_told(make_cairn):
    cairn = make_cairn().start()
    now = int(time.time())
    for age, name in ((90, "ana"), (80, "ana"), (70, "ana b"), (60, None)):
        person = {"id": "u1", "email": "old@example.com" if age > 75 else "new@example.com"} | ({"username": name} if name else {})
        send(cairn, data(person=person, timestamp=now - age))
    counted(cairn, 4)
    assert result(cairn, "/people")["people"] == [{"id": "u1", "username": "ana b", "email": "new@example.com", "occurrences": 4}]


def test_merging_is_learnt_and_taken_back(make_cairn):
    cairn = make_cairn().start()
    for fingerprint in ("a", "b", "c"):
        send(cairn, data(fingerprint=fingerprint, title=fingerprint))
    ids = {item["hash"]: item["id"] for item in counted(cairn, 3)}
    group = cairn.request("POST", f"/api/cairn/errors/{ids['a']}/merge", json.dumps({"items": [ids["b"]]}).encode()).json()
    for fingerprint in ("a", "b"):
        send(cairn, data(fingerprint=fingerprint))

    def listed(query=""):
        return {item["id"]: item["total_occurrences"] for item in items(cairn, query)}

    assert until(lambda: listed() == {group["id"]: 4, ids["c"]: 1}), listed()
    assert listed("&query=is:member") == {ids["a"]: 2, ids["b"]: 2}
    cairn.kill()
    cairn.start()
    assert until(lambda: listed() == {group["id"]: 4, ids["c"]: 1}), listed()
    other = cairn.request("POST", f"/api/cairn/errors/{ids['c']}/merge", b'{"items":[999999]}')
    assert other.status == 422
    # One member goes, then the rest.
    assert cairn.request("POST", f"/api/cairn/errors/{ids['b']}/unmerge", b"{}").status == 200
    assert listed() == {group["id"]: 2, ids["b"]: 2, ids["c"]: 1}
    assert cairn.request("POST", f"/api/cairn/errors/{group['id']}/unmerge", b"{}").status == 200
    assert listed() == {ids["a"]: 2, ids["b"]: 2, ids["c"]: 1}
    history = cairn.request("GET", f"/api/cairn/errors/{ids['b']}").json()["history"]
    assert [entry["kind"] for entry in history] == ["unmerged", "merged", "new"]


def otlp_exception(trace, service="checkout", kind="shop.Lost"):
    event = {"timeUnixNano": "1", "name": "exception", "attributes": [
        {"key": "exception.type", "value": {"stringValue": kind}}, {"key": "exception.message", "value": {"stringValue": "gone"}},
        {"key": "exception.stacktrace", "value": {"stringValue": 'Traceback (most recent call last):\n  File "/app/views.py", line 3, in pay\n    charge()\nshop.Lost: gone'}}]}
    import time
    now = time.time_ns()
    event["timeUnixNano"] = str(now)
    span = {"traceId": trace, "spanId": "00f067aa0ba902b7", "name": "POST /pay", "kind": 2, "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 1000), "events": [event]}
    return json.dumps({"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}, "scopeSpans": [{"spans": [span]}]}]}).encode()


def test_one_failure_seen_through_two_doors_is_one_item(make_cairn):
    cairn = make_cairn().start()
    send(cairn, data(fingerprint="first"))
    counted(cairn, 1)
    project = result(cairn, "/projects")[0]["id"]
    assert cairn.request("PATCH", f"/api/1/project/{project}", b'{"datasets":["checkout"]}', TOKEN).json()["result"]["datasets"] == ["checkout"]
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    # The notifier knows the deploy's root, the span's text does not: other hashes, the same trace.
    error = data(custom={"trace_id": trace}, server={"root": "/app"}, body={"trace": {"frames": [{"filename": "/app/views.py", "method": "pay"}, {"filename": "/app/bank.py", "method": "charge"}],
                                                                                     "exception": {"class": "Lost", "message": "gone"}}})
    send(cairn, error)
    counted(cairn, 2)
    assert cairn.request("POST", "/v1/traces", otlp_exception(trace), {"content-type": "application/json"}).status == 200
    lost = [item for item in items(cairn) if item["title"] == "Lost: gone"]
    assert until(lambda: cairn.request("GET", f"/api/cairn/errors/{lost[0]['id']}").json()["doors"] == ["Rollbar", "OpenTelemetry"])
    joined = [item for item in items(cairn) if item["title"] == "Lost: gone"]
    assert len(joined) == 1 and joined[0]["total_occurrences"] == 1
    listed = cairn.request("GET", "/api/cairn/errors").json()
    assert listed["total"] == 2 and listed["projects"] == ["checkout", "default"]
    [occurrence] = cairn.request("GET", f"/api/cairn/errors/{joined[0]['id']}/occurrences").json()["occurrences"]
    assert occurrence["dataset"] == "default/test" and [other["door"] for other in occurrence["also"]] == ["OpenTelemetry"]
    # From then on the item knows the other door's hash, without a trace.
    cairn.request("POST", "/v1/traces", otlp_exception("5bf92f3577b34da6a3ce929d0e0e4736"), {"content-type": "application/json"})
    assert until(lambda: [item for item in items(cairn) if item["total_occurrences"] == 2])
    # A dataset that no project names keeps its own items.
    cairn.request("POST", "/v1/traces", otlp_exception("6bf92f3577b34da6a3ce929d0e0e4736", service="other"), {"content-type": "application/json"})
    assert until(lambda: cairn.request("GET", "/api/cairn/errors").json()["projects"] == ["checkout", "default", "other"])
    cairn.kill()
    cairn.start()
    assert until(lambda: cairn.request("GET", "/api/cairn/errors").json()["total"] == 3)
    assert [item["total_occurrences"] for item in items(cairn) if item["id"] == joined[0]["id"]] == [2]


def test_a_rule_may_wait_for_so_many_addresses(make_cairn):
    receiver = Receiver()
    cairn = make_cairn(environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}).start()
    refused = rule(cairn, "webhook", "occurrence", {"url": receiver.url}, [{"type": "unique_occurrences", "operation": "gte", "value": "many"}])
    assert refused.status == 422
    assert rule(cairn, "webhook", "occurrence", {"url": receiver.url}, [{"type": "unique_occurrences", "operation": "gte", "value": "3"}]).status == 200
    for n in range(3):
        assert receiver.bodies == []
        send(cairn, data(fingerprint="f", request={"user_ip": f"10.0.0.{n}"}))
        counted(cairn, n + 1)
    assert until(lambda: receiver.named("occurrence"))
    assert len(receiver.bodies) == 1


def test_users_teams_and_invites(make_cairn):
    cairn = make_cairn().start()

    def call(method, path, body=None):
        return cairn.request(method, "/api/1" + path, json.dumps(body).encode() if body is not None else None, TOKEN)

    team = call("POST", "/teams", {"name": "Payments", "access_level": "standard"}).json()["result"]
    invite = call("POST", f"/team/{team['id']}/invites", {"email": "ana@example.com"}).json()["result"]
    assert (invite["to_email"], invite["team_id"], invite["status"]) == ("ana@example.com", team["id"], "accepted")
    [user] = result(cairn, "/users")["users"]
    assert (user["username"], user["email"]) == ("ana", "ana@example.com")
    assert result(cairn, f"/team/{team['id']}/users")["users"] == [user] and result(cairn, f"/user/{user['id']}/teams")["teams"][0]["name"] == "Payments"
    assert call("DELETE", f"/team/{team['id']}/user/{user['id']}").status == 200 and call("GET", f"/team/{team['id']}/user/{user['id']}").status == 404
    assert call("PUT", f"/team/{team['id']}/user/{user['id']}", {}).status == 200
    project = result(cairn, "/projects")[0]["id"]
    assert call("PUT", f"/team/{team['id']}/project/{project}", {}).status == 200
    assert result(cairn, f"/team/{team['id']}/projects") == [{"team_id": team["id"], "project_id": project}]
    assert call("PUT", f"/team/{team['id']}/project/424242", {}).status == 404 and call("POST", "/teams", {"name": "Payments"}).status == 422
    cairn.stop()
    cairn.start()
    assert [found["name"] for found in result(cairn, "/teams")] == ["Payments"]
    # A project's own token knows none of it.
    token = call("POST", f"/project/{project}/access_tokens", {"name": "t", "scopes": ["read", "write"]}).json()["result"]["access_token"]
    refused = cairn.request("GET", "/api/1/users", headers={"x-rollbar-access-token": token})
    assert refused.status == 403 and "account" in refused.json()["message"]
    assert call("DELETE", f"/team/{team['id']}").status == 200 and call("GET", f"/team/{team['id']}").json() == {"err": 1, "message": f"no team has the id {team['id']}"}


def test_what_cairn_does_not_have_says_so_in_rollbars_form(cairn):
    for method, path, word in (("POST", "/session/", "replays"), ("GET", "/environment/test/session/s/replay/r", "replays"), ("POST", "/sourcemap/download", "upload"),
                               ("POST", "/signed_url/sourcemap_bundle", "upload"), ("POST", "/metrics/items", "reports"), ("GET", "/no/such/thing", "served")):
        reply = cairn.request(method, "/api/1" + path, b"{}" if method == "POST" else None, TOKEN)
        assert reply.status == 404 and reply.json()["err"] == 1 and word in reply.json()["message"], reply


def test_the_pages_rules_are_rollbars(make_cairn):
    receiver = Receiver()
    cairn = make_cairn(environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}).start()
    send(cairn, data())
    counted(cairn, 1)
    body = {"project": "default", "channel": "webhook", "trigger": "new_item", "config": {"url": receiver.url}, "filters": [{"type": "level", "operation": "gte", "value": "info"}]}
    made = cairn.request("POST", "/api/cairn/rules", json.dumps(body).encode()).json()
    assert [entry["id"] for entry in result(cairn, "/notifications/webhook/rules")] == [made["id"]]
    assert cairn.request("POST", f"/api/cairn/rules/{made['id']}/test", b"{}").json()["delivered"] and len(receiver.bodies) == 1
    history = cairn.request("GET", f"/api/cairn/rules/{made['id']}/history").json()["entries"]
    assert [(entry["subject"], entry["delivered"], entry["destination"]) for entry in history] == [("test", True, receiver.url)]
    listed = cairn.request("GET", "/api/cairn/rules").json()
    assert listed["rules"][0]["delivered"] == 1 and listed["rules"][0]["project"] == "default" and listed["projects"] == ["default"]
    changed = cairn.request("PUT", f"/api/cairn/rules/{made['id']}", json.dumps({**body, "status": "disabled"}).encode()).json()
    assert changed["status"] == "disabled" and changed["id"] == made["id"]
    bad = cairn.request("POST", "/api/cairn/rules", json.dumps({**body, "config": {"url": "http://169.254.169.254/"}}).encode())
    assert bad.status == 422 and "inside this network" in bad.json()["error"]
    assert cairn.request("DELETE", f"/api/cairn/rules/{made['id']}").status == 200 and result(cairn, "/notifications/webhook/rules") == []


def test_the_command_line_shows_items(make_cairn):
    cairn = make_cairn().start()
    for n in range(3):
        send(cairn, data(fingerprint="a", title="Lost in checkout", level="error"))
    send(cairn, data(fingerprint="b", title="Slow", level="warning"))
    counted(cairn, 4)
    words = [cairn_process.binary(), "errors", "--server", f"http://{cairn.addresses['http']}/"]
    table = subprocess.run(words, capture_output=True, text=True, timeout=30)
    assert table.returncode == 0, table
    assert "Lost in checkout" in table.stdout and "Slow" in table.stdout
    plain = subprocess.run(words + ["--json"], capture_output=True, text=True, timeout=30)
    assert {item["title"]: item["total"] for item in json.loads(plain.stdout)["items"]} == {"Lost in checkout": 3, "Slow": 1}


def test_another_build_without_symbols_is_the_same_item(make_cairn):
    """Swift's frames without names are addresses, which are others in every build: class and message decide, and the item says so."""
    cairn = make_cairn().start()

    def swift_error(offsets, message):
        frames = [{"filename": "libc.so.6", "method": "start_thread"}] + [{"filename": f"cruddur+0x{offset:x}"} for offset in offsets]
        return data(language="swift", body={"trace": {"frames": frames, "exception": {"class": "StoreError", "message": message}}})

    send(cairn, swift_error([0x1a2b, 0x99], "no row 17"))
    send(cairn, swift_error([0x5c10, 0x7f, 0x2000], "no row 4"))
    [item] = counted(cairn, 2)
    assert item["total_occurrences"] == 2
    components = cairn.request("GET", f"/api/cairn/errors/{item['id']}").json()["grouping"]["components"]
    assert {part["reason"] for part in components if part["name"].endswith("frames")} == {"no frame of the program has a symbol: class and message decide"}
    send(cairn, swift_error([0x1a2b, 0x99], "the pool is closed"))
    assert len(counted(cairn, 3)) == 2
