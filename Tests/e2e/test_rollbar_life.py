# SPDX-License-Identifier: Apache-2.0
"""What happens to an item: another version of grouping, time, deploys, groups that rules name, filters of notification rules; and payloads with
any value in any place."""
import copy
import http.client
import json
import pathlib
import random
import time

from cairn_process import until
from test_rollbar import CASES, TOKEN, counted, data, get, items, result, send
from test_rollbar_rules import Receiver, rule

HOOK = {"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}


def patch(cairn, path, **changes):
    reply = cairn.request("PATCH", "/api/1" + path, json.dumps(changes).encode(), TOKEN)
    assert reply.status == 200, reply
    return reply.json().get("result")


def swift_error(offset):
    return data(language="swift", body={"trace": {"frames": [{"filename": f"cruddur+0x{offset:x}"}], "exception": {"class": "StoreError", "message": "no row 17"}}})


def test_items_of_a_former_version_of_grouping_go_on(make_cairn):
    """A program that groups by cg1.0, in which addresses are names, then one that groups by the newest version, on the same folder."""
    receiver = Receiver()
    cairn = make_cairn(environment={**HOOK, "CAIRN_GROUPING_VERSION": "cg1.0"}).start()
    send(cairn, swift_error(0x1a2b))
    send(cairn, swift_error(0x99))
    before = {item["id"]: item["hash"] for item in counted(cairn, 2)}
    assert len(before) == 2, "in cg1.0 another address is another item"
    assert result(cairn, "/projects")[0]["settings_data"]["grouping"] == {"auto_upgrade": False, "recent_versions": ["cg1.0"]}
    cairn.stop()
    del cairn.environment["CAIRN_GROUPING_VERSION"]
    cairn.start()
    assert result(cairn, "/projects")[0]["settings_data"]["grouping"] == {"auto_upgrade": True, "recent_versions": ["cg1.3", "cg1.0"]}
    # What the journal held was grouped anew by the replay, and is still its item's.
    for item in before:
        assert len(result(cairn, f"/item/{item}/instances")["instances"]) >= 1, item
    assert rule(cairn, "webhook", "new_item", {"url": receiver.url}).status == 200
    assert rule(cairn, "webhook", "occurrence", {"url": receiver.url}).status == 200
    send(cairn, swift_error(0x1a2b))
    send(cairn, swift_error(0x1a2b))
    found = {item["id"]: item for item in counted(cairn, 4)}
    assert set(found) == set(before), "no item is new"
    assert until(lambda: receiver.named("occurrence")) and not receiver.named("new_item")
    detail = next(cairn.request("GET", f"/api/cairn/errors/{item}").json() for item in before if found[item]["total_occurrences"] > 1)
    assert detail["grouping"]["version"] == "cg1.3" and detail["first_grouping"]["version"] == "cg1.0"
    assert [alias["hash"] for alias in detail["aliases"]] == [detail["grouping"]["key"]] and detail["history"][0]["kind"] == "joined"
    # After a crash the counts are the same, and what was never seen before is new.
    cairn.kill()
    cairn.start()
    assert {item["id"] for item in counted(cairn, 4)} == set(before)
    send(cairn, data(body={"trace": {"frames": [{"filename": "/srv/a.py", "method": "f"}], "exception": {"class": "Lost"}}}))
    assert len(counted(cairn, 5)) == 3 and until(lambda: receiver.named("new_item"))


def test_time_wakes_muted_items_and_ends_snoozes(make_cairn):
    receiver = Receiver()
    cairn = make_cairn(environment=HOOK).start()
    assert rule(cairn, "webhook", "reactivated_item", {"url": receiver.url}).status == 200
    for name in ("date", "count", "snooze"):
        send(cairn, data(fingerprint=name))
    ids = {item["hash"]: item["id"] for item in counted(cairn, 3)}
    patch(cairn, f"/item/{ids['date']}", status="muted", mute_until=int(time.time()) + 1)
    patch(cairn, f"/item/{ids['count']}", status="muted", mute_until_count=2)
    assert patch(cairn, f"/item/{ids['snooze']}", snoozed=True, snooze_expiration_in_seconds=1)["snoozed"] is True
    # No occurrence comes: the date alone wakes it, and the rule hears of it.
    assert until(lambda: result(cairn, f"/item/{ids['date']}")["status"] == "active")
    assert until(lambda: [told["data"]["item"]["id"] for told in receiver.named("reactivated_item")] == [ids["date"]])
    assert until(lambda: result(cairn, f"/item/{ids['snooze']}")["snoozed"] is False)
    send(cairn, data(fingerprint="count"))
    counted(cairn, 4)
    assert result(cairn, f"/item/{ids['count']}")["status"] == "muted"
    send(cairn, data(fingerprint="count"))
    assert until(lambda: result(cairn, f"/item/{ids['count']}")["status"] == "active")
    kinds = [entry["kind"] for entry in cairn.request("GET", f"/api/cairn/errors/{ids['count']}").json()["history"]]
    assert kinds == ["unmuted", "muted", "new"]


def test_idleness_and_deploys_resolve_and_rules_hear_of_it(make_cairn):
    receiver = Receiver()
    cairn = make_cairn(environment=HOOK).start()
    send(cairn, data(fingerprint="old", timestamp=time.time() - 3 * 86_400))
    send(cairn, data(fingerprint="fresh"))
    ids = {item["hash"]: item["id"] for item in counted(cairn, 2)}
    assert rule(cairn, "webhook", "resolved_item", {"url": receiver.url}).status == 200
    project = result(cairn, "/projects")[0]["id"]
    patch(cairn, f"/project/{project}", auto_resolve_days=2, resolve_on_deploy=True)
    assert until(lambda: result(cairn, f"/item/{ids['old']}")["status"] == "resolved")
    assert result(cairn, f"/item/{ids['fresh']}")["status"] == "active"
    assert cairn.request("POST", "/api/1/deploy/", b'{"environment":"test","revision":"1.0.0"}', TOKEN).status == 200
    assert result(cairn, f"/item/{ids['fresh']}")["status"] == "resolved"
    assert until(lambda: {told["data"]["item"]["id"] for told in receiver.named("resolved_item")} == set(ids.values()))
    # It comes back: the deploy is suspect.
    send(cairn, data(fingerprint="fresh", code_version="1.0.0"))
    assert until(lambda: result(cairn, f"/item/{ids['fresh']}")["status"] == "active")
    assert cairn.request("GET", f"/api/cairn/errors/{ids['fresh']}").json()["suspect_deploy"]["revision"] == "1.0.0"


def test_versions_decide_by_number_by_semantics_and_by_the_order_of_deploys(make_cairn):
    cairn = make_cairn().start()
    for revision in ("aaaaaaa1", "bbbbbbb2", "ccccccc3"):
        assert cairn.request("POST", "/api/1/deploy/", json.dumps({"environment": "test", "revision": revision}).encode(), TOKEN).status == 200
    for name, resolved, earlier, later in (("integer", "20", "9", "21"), ("semver", "1.10.0", "1.9.9", "1.10.1"), ("short", "1.10", "v1.9.9", "2"), ("deploys", "bbbbbbb2", "aaaaaaa1", "ccccccc3")):
        send(cairn, data(fingerprint=name, code_version=earlier))
        item = until(lambda: next((item for item in items(cairn) if item["hash"] == name), None))["id"]
        patch(cairn, f"/item/{item}", status="resolved", resolved_in_version=resolved)
        send(cairn, data(fingerprint=name, code_version=earlier))
        assert until(lambda: len(result(cairn, f"/item/{item}/instances")["instances"]) == 2)
        assert until(lambda: cairn.request("GET", f"/api/cairn/errors/{item}").json()["total"] == 2)
        assert result(cairn, f"/item/{item}")["status"] == "resolved", name
        send(cairn, data(fingerprint=name, code_version=later))
        assert until(lambda: result(cairn, f"/item/{item}")["status"] == "active"), name


def test_a_rule_of_grouping_names_a_group(make_cairn):
    cairn = make_cairn().start()
    for fingerprint in ("a", "b"):
        send(cairn, data(fingerprint=fingerprint))
    ids = {item["hash"]: item["id"] for item in counted(cairn, 2)}
    group = cairn.request("POST", f"/api/cairn/errors/{ids['a']}/merge", json.dumps({"items": [ids["b"]]}).encode()).json()
    project = result(cairn, "/projects")[0]["id"]
    patch(cairn, f"/project/{project}", grouping_rules=[{"condition": {"path": "context", "eq": "joins"}, "fingerprint": f"group-item-{group['id']}"}])
    for _ in range(3):
        send(cairn, data(context="joins"))
    assert until(lambda: [(item["id"], item["total_occurrences"]) for item in items(cairn)] == [(group["id"], 5)]), items(cairn)
    assert len(result(cairn, f"/item/{group['id']}/instances")["instances"]) == 5
    cairn.kill()
    cairn.start()
    send(cairn, data(context="joins"))
    assert until(lambda: [(item["id"], item["total_occurrences"]) for item in items(cairn)] == [(group["id"], 6)]), items(cairn)
    assert cairn.request("POST", f"/api/cairn/errors/{group['id']}/unmerge", b"{}").status == 200
    assert sorted(item["total_occurrences"] for item in items(cairn)) == [1, 1, 4]


def test_filters_of_rules_look_at_items_and_payloads(make_cairn):
    receivers = {}
    cairn = make_cairn(environment=HOOK).start()
    wanted = [
        ("environment", {"type": "environment", "operation": "eq", "value": "test"}), ("level", {"type": "level", "operation": "gte", "value": "error"}),
        ("title", {"type": "title", "operation": "regex", "value": "^Lost(:|$)"}), ("context", {"type": "context", "operation": "startswith", "value": "shop#"}),
        ("framework", {"type": "framework", "operation": "eq", "value": "flask"}), ("filename", {"type": "filename", "operation": "within", "value": "pay.py"}),
        ("method", {"type": "method", "operation": "eq", "value": "charge"}), ("path", {"type": "path", "path": "custom.cart.total", "operation": "gt", "value": 100}),
        ("exists", {"type": "path", "path": "person.id", "operation": "exists", "value": ""}), ("source", {"type": "source", "operation": "eq", "value": "linux"}),
    ]
    for name, given in wanted:
        receivers[name] = Receiver()
        made = rule(cairn, "webhook", "new_item", {"url": receivers[name].url}, [given])
        assert made.status == 200, (name, made)
        assert made.json()["result"][0]["filters"][0]["type"] == given["type"]
    assert rule(cairn, "webhook", "new_item", {"url": receivers["path"].url}, [{"type": "title", "operation": "regex", "value": "("}]).status == 422
    assert rule(cairn, "webhook", "new_item", {"url": receivers["path"].url}, [{"type": "path", "operation": "eq", "value": "x"}]).status == 422

    def error(fits):
        frames = [{"filename": "/srv/app.py", "method": "main"}, {"filename": "/srv/pay.py" if fits else "/srv/else.py", "method": "charge" if fits else "other"}]
        return {"environment": "test" if fits else "other", "level": "error" if fits else "info", "context": "shop#pay" if fits else "blog#pay", "framework": "flask" if fits else "rails",
                "platform": "linux" if fits else "client", "custom": {"cart": {"total": 200 if fits else 20}}, "fingerprint": str(fits), "person": {"id": "1"} if fits else None,
                "title": "Lost: pay" if fits else "Found", "body": {"trace": {"frames": frames, "exception": {"class": "Lost" if fits else "Found"}}}}

    send(cairn, error(False))
    counted(cairn, 1)
    send(cairn, error(True))
    for name, receiver in receivers.items():
        assert until(lambda: receiver.named("new_item")), name
        assert [told["data"]["item"]["environment"] for told in receiver.named("new_item")] == ["test"], name


def test_an_account_means_a_project_and_limits_hold_everywhere(make_cairn):
    cairn = make_cairn().start()
    shop = cairn.request("POST", "/api/1/projects", b'{"name":"shop"}', TOKEN).json()["result"]["id"]
    path = f"/api/1/project/{shop}/access_tokens"
    made = [cairn.request("POST", path, json.dumps({"name": "t", **values}).encode(), TOKEN).json()["result"]["access_token"] for values in (
        {"scopes": ["post_server_item"]}, {"scopes": ["read"], "rate_limit_window_size": 3600, "rate_limit_window_count": 2})]
    sender, reader = [{**TOKEN, "x-rollbar-access-token": token} for token in made]
    send(cairn, data(fingerprint="s"), sender)
    assert until(lambda: get(cairn, f"/items?project_id={shop}").json()["result"]["total_count"] == 1)
    assert get(cairn, "/reports/occurrence_counts?min_level=loud").status == 422
    default = next(project["id"] for project in result(cairn, "/projects") if project["name"] == "default")
    assert result(cairn, "/items")["total_count"] == 1 and result(cairn, f"/items?project_id={default}")["total_count"] == 0
    assert get(cairn, "/items?project_id=424242").status == 404
    replies = [get(cairn, "/items", reader) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert [reply.headers["x-rate-limit-remaining"] for reply in replies] == ["1", "0", "0"]
    assert replies[2].json()["err"] == 1 and int(replies[2].headers["x-rate-limit-remaining-seconds"]) > 0
    # Tokens inside the bodies of changes, users by name, and a form with its token beside the payload.
    deploy = cairn.request("POST", "/api/1/deploy/", f"access_token={made[0]}&environment=test&revision=1".encode(), {"content-type": "application/x-www-form-urlencoded"})
    assert cairn.request("PATCH", f"/api/1/deploy/{deploy.json()['data']['deploy_id']}", f"access_token={made[0]}&status=failed".encode()).json()["result"]["status"] == "failed"
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert cairn.request("POST", "/api/1/item/", f"access_token={made[0]}&payload={json.dumps({'data': data(fingerprint='form')})}".encode(), form).status == 200
    team = cairn.request("POST", "/api/1/teams", b'{"name":"T"}', TOKEN).json()["result"]["id"]
    cairn.request("POST", f"/api/1/team/{team}/invites", b'{"email":"ana@example.com"}', TOKEN)
    user = result(cairn, "/users")["users"][0]["id"]
    item = until(lambda: get(cairn, f"/items?project_id={shop}").json()["result"]["items"])[0]["id"]
    # Whom no user's id names is refused, and the item stays as it was.
    refused = cairn.request("PATCH", f"/api/1/item/{item}", json.dumps({"assigned_user_id": user + 1000, "title": "not this"}).encode(), TOKEN)
    assert refused.status == 422 and refused.json() == {"err": 1, "message": f"assigned_user_id: no user has the id {user + 1000}"}
    untouched = get(cairn, f"/item/{item}").json()["result"]
    assert untouched["assigned_user_id"] is None and untouched["title"] != "not this"
    patch(cairn, f"/item/{item}", assigned_user_id=user)
    for name, count in (("ana", 1), ("ana@example.com", 1), ("assigned", 1), ("bob", 0)):
        assert get(cairn, f"/items?project_id={shop}&assigned_user={name}").json()["result"]["total_count"] == count, name
    job = cairn.request("POST", "/api/1/rql/jobs", b'{"query_string":"show tables"}', TOKEN).json()["result"]
    assert until(lambda: result(cairn, f"/rql/job/{job['id']}?expand=result")["result"]["rows"]) == [["item_occurrence"], ["deploy"]]


# What no field is meant to hold. A lone surrogate and a number beyond a double are no JSON that Python would write by itself.
ODD = [None, True, 0, -1, 3.5e300, 12345678901234567890, "", "\ud800", "<script>alert(1)</script>", [], [[]], {"a": {"b": [1, None]}}, [None], "9" * 400]


def places(value, path=()):
    yield path
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(min(len(value), 3)):
            yield from places(value[key], path + (key,))


def test_any_value_in_any_place_is_taken_or_refused_in_words(make_cairn):
    cairn = make_cairn().start()
    chance = random.Random(20_261_126)
    connection = http.client.HTTPConnection(cairn.http, timeout=30)
    statuses = {200: 0, 422: 0}
    for case in CASES:
        payload = {"data": {"environment": "test", **{key: value for key, value in case["data"].items() if key != "uuid"}}}
        for place in chance.sample(found := list(places(payload)), min(25, len(found))):
            odd = copy.deepcopy(payload)
            inner, value = odd, chance.choice(ODD)
            if place:
                for key in place[:-1]:
                    inner = inner[key]
                inner[place[-1]] = value
            connection.request("POST", "/api/1/item/", json.dumps(odd if place else value).encode(), TOKEN)
            reply = connection.getresponse()
            answer = json.loads(reply.read())
            assert reply.status in statuses, (place, value, reply.status, answer)
            assert answer["err"] == (reply.status != 200) and (len(answer["result"]["uuid"]) if reply.status == 200 else answer["message"]), (place, value, answer)
            statuses[reply.status] += 1
    assert min(statuses.values()) > 0, statuses
    found = until(lambda: (listed := cairn.request("GET", "/api/cairn/errors?limit=2000&status=any").json()) and sum(item["total"] for item in listed["items"]) > 0.7 * statuses[200] and listed["items"])
    for item in chance.sample(found, min(60, len(found))):
        assert cairn.request("GET", f"/api/cairn/errors/{item['id']}").json()["occurrence"]["data"] is not None
        for instance in result(cairn, f"/item/{item['id']}/instances")["instances"][:2]:
            assert cairn.request("GET", f"/api/cairn/occurrences/{instance['id']}").status == 200
