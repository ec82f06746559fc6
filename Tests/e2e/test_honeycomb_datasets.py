# SPDX-License-Identifier: Apache-2.0
"""Honeycomb's datasets and columns, made and changed by the API before and after events come."""
import concurrent.futures
import json
import time
import urllib.parse

from honeycomb import KEY, blamed, call, send


def shown(cairn, dataset="__all__"):
    """What Explore's pickers offer: datasets with their events, columns of one of them."""
    datasets = {one["name"]: one["events"] for one in call(cairn, "GET", "/api/cairn/datasets")["datasets"]}
    return datasets, {one["name"]: one for one in call(cairn, "GET", f"/api/cairn/columns?dataset={dataset}")["columns"]}


def release(cairn, slug):
    return call(cairn, "PUT", f"/1/datasets/{slug}", {"settings": {"delete_protected": False}})


def test_a_dataset_is_there_before_its_first_event_and_through_a_restart(cairn):
    made = call(cairn, "POST", "/1/datasets", {"name": "My Shop", "description": "carts", "expand_json_depth": 3, "settings": {}}, 201)
    assert made["slug"] == "my-shop" and made["last_written_at"] is None and made["created_at"]
    assert (made["description"], made["expand_json_depth"], made["settings"]) == ("carts", 3, {"delete_protected": True})
    # The same name again is no error, and changes nothing.
    assert call(cairn, "POST", "/1/datasets", {"name": "my shop", "description": "other"}) == made
    assert made in call(cairn, "GET", "/1/datasets") and call(cairn, "GET", "/1/datasets/my-shop") == made == call(cairn, "GET", "/1/datasets/My%20Shop")
    assert shown(cairn)[0]["My Shop"] == 0
    cairn.stop()
    cairn.start()
    assert call(cairn, "GET", "/1/datasets/my-shop") == made and shown(cairn)[0]["My Shop"] == 0
    # A question about it has no rows, and is not refused.
    query = call(cairn, "POST", "/1/queries/my-shop", {})
    call(cairn, "POST", "/1/query_results/my-shop", {"query_id": query["id"]}, 201)
    # Events for its slug are its own.
    send(cairn, "my-shop", 2, items=3)
    written = call(cairn, "GET", "/1/datasets/my-shop")
    assert written["name"] == "My Shop" and written["last_written_at"] and written["created_at"] == made["created_at"]
    assert shown(cairn)[0]["My Shop"] == 2 and "my-shop" not in shown(cairn)[0]


def test_what_is_not_named_in_a_change_is_as_at_first(cairn):
    call(cairn, "POST", "/1/datasets", {"name": "changed", "description": "before", "expand_json_depth": 2}, 201)
    changed = call(cairn, "PUT", "/1/datasets/changed", {"name": "", "slug": "changed", "description": "after", "created_at": "0001-01-01T00:00:00Z"})
    assert (changed["name"], changed["description"], changed["expand_json_depth"]) == ("changed", "after", 0)
    # A dataset that its events made can be described as well.
    send(cairn, "arrived", 1, name="x")
    assert call(cairn, "PUT", "/1/datasets/arrived", {"description": "came by itself"})["description"] == "came by itself"
    assert call(cairn, "GET", "/1/datasets/arrived")["last_written_at"]


def test_a_dataset_is_deleted_when_it_may_be(cairn):
    call(cairn, "POST", "/1/datasets", {"name": "gone"}, 201)
    call(cairn, "POST", "/1/columns/gone", {"key_name": "ok", "type": "boolean"}, 201)
    call(cairn, "POST", "/1/derived_columns/gone", {"alias": "fine", "expression": "BOOL($ok)"}, 201)
    slo = call(cairn, "POST", "/1/slos/gone", {"name": "n", "sli": {"alias": "fine"}, "time_period_days": 1, "target_per_million": 1}, 201)
    call(cairn, "POST", "/1/markers/gone", {"message": "deploy"}, 201)
    assert "delete protection" in call(cairn, "DELETE", "/1/datasets/gone", status=409)["error"]
    assert release(cairn, "gone")["settings"] == {"delete_protected": False}
    refused = call(cairn, "DELETE", "/1/datasets/gone", status=409)
    assert refused["type"].endswith("/problems/conflict") and "SLO 'n'" in refused["error"]
    call(cairn, "DELETE", f"/1/slos/gone/{slo['id']}", status=204)
    call(cairn, "DELETE", "/1/datasets/gone", status=202)
    assert call(cairn, "GET", "/1/datasets/gone", status=404)["type"].endswith("/problems/not-found")
    assert "gone" not in shown(cairn)[0] and "gone" not in [one["slug"] for one in call(cairn, "GET", "/1/datasets")]
    # Nothing of it comes back with a new one of the name.
    call(cairn, "POST", "/1/datasets", {"name": "gone"}, 201)
    for kind in ("columns", "derived_columns", "markers"):
        assert call(cairn, "GET", f"/1/{kind}/gone") == []
    # Events are not deleted by the API, and it says so.
    send(cairn, "full", 3, name="x")
    release(cairn, "full")
    assert "3 events" in call(cairn, "DELETE", "/1/datasets/full", status=409)["error"]
    assert shown(cairn)[0]["full"] == 3


def test_a_column_is_there_before_its_first_event_and_through_a_restart(cairn):
    send(cairn, "columns", 1, name="x", amount=1)
    made = call(cairn, "POST", "/1/columns/columns", {"key_name": "cart.items", "type": "integer", "description": "how many", "hidden": False}, 201)
    assert (made["key_name"], made["type"], made["description"], made["hidden"], made["last_written"]) == ("cart.items", "integer", "how many", False, None)
    assert call(cairn, "GET", f"/1/columns/columns/{made['id']}") == made == call(cairn, "GET", "/1/columns/columns?key_name=cart.items")
    assert made in call(cairn, "GET", "/1/columns/columns")
    assert shown(cairn, "columns")[1]["cart.items"] == {"name": "cart.items", "type": "integer", "events": 0, "description": "how many", "hidden": False}
    assert call(cairn, "POST", "/1/columns/columns", {"key_name": "cart.items"}, 409)["type"].endswith("/problems/conflict")
    assert call(cairn, "POST", "/1/columns/columns", {"key_name": "amount"}, 409)
    changed = call(cairn, "PUT", f"/1/columns/columns/{made['id']}", {**made, "type": "float", "description": "", "hidden": True})
    assert (changed["type"], changed["description"], changed["hidden"], changed["created_at"]) == ("float", "", True, made["created_at"])
    cairn.stop()
    cairn.start()
    assert call(cairn, "GET", "/1/columns/columns?key_name=cart.items") == changed
    # The id is the same when events come; what was said of it stays.
    send(cairn, "columns", 2, **{"cart.items": 2})
    written = call(cairn, "GET", f"/1/columns/columns/{made['id']}")
    assert written["last_written"] and written["type"] == "float" and written["hidden"]
    assert shown(cairn, "columns")[1]["cart.items"]["events"] == 2
    assert "2 events" in call(cairn, "DELETE", f"/1/columns/columns/{made['id']}", status=409)["error"]
    # A column that came by itself can be described.
    count = call(cairn, "GET", "/1/columns/columns?key_name=amount")
    assert call(cairn, "PUT", f"/1/columns/columns/{count['id']}", {"description": "said later"})["type"] == "integer"
    assert call(cairn, "GET", f"/1/columns/columns/{count['id']}")["description"] == "said later"
    other = call(cairn, "POST", "/1/columns/columns", {"key_name": "never"}, 201)
    assert other["type"] == "string"
    call(cairn, "DELETE", f"/1/columns/columns/{other['id']}", status=204)
    call(cairn, "GET", f"/1/columns/columns/{other['id']}", status=404)
    call(cairn, "GET", "/1/columns/columns?key_name=never", status=404)
    assert "never" not in shown(cairn, "columns")[1]


def test_what_is_no_dataset_or_column_is_refused(cairn):
    send(cairn, "refused", 1, name="x")
    for body, fields in [({}, ["name"]), ({"name": ""}, ["name"]), ({"name": 1}, ["name"]), ({"name": "__all__"}, ["name"]), ({"name": "x" * 256}, ["name"]),
                         ({"name": "n", "expand_json_depth": 11}, ["expand_json_depth"]), ({"name": "n", "settings": {"delete_protected": "no"}}, ["settings.delete_protected"]),
                         ({"name": "n", "settings": {"delete_protected": False}}, ["settings.delete_protected"]), ({"name": "n", "colour": 1}, ["colour"]), ([], [""])]:
        assert blamed(call(cairn, "POST", "/1/datasets", body, 422)) == fields, body
    for body, fields in [({}, ["key_name"]), ({"key_name": "c", "type": "date"}, ["type"]), ({"key_name": "c", "hidden": 1}, ["hidden"]), ({"key_name": "a\nb"}, ["key_name"]),
                         ({"key_name": "x" * 256}, ["key_name"])]:
        assert blamed(call(cairn, "POST", "/1/columns/refused", body, 422)) == fields, body
    for method, path in [("POST", "/1/datasets"), ("PUT", "/1/datasets/refused"), ("POST", "/1/columns/refused")]:
        reply = cairn.request(method, path, "{", {"x-honeycomb-team": "any"})
        assert reply.status == 400 and reply.json()["type"].endswith("/problems/unparseable")
    for method, path in [("PUT", "/1/datasets/none"), ("DELETE", "/1/datasets/none"), ("POST", "/1/columns/none"), ("POST", "/1/columns/__all__"),
                         ("GET", "/1/columns/refused/none"), ("PUT", "/1/columns/refused/none"), ("DELETE", "/1/columns/refused/none")]:
        assert call(cairn, method, path, {}, 404)["type"].endswith("/problems/not-found"), path
    column = call(cairn, "GET", "/1/columns/refused?key_name=name")
    assert blamed(call(cairn, "PUT", f"/1/columns/refused/{column['id']}", {"key_name": "other"}, 422)) == ["key_name"]
    assert "n" not in [one["name"] for one in call(cairn, "GET", "/1/datasets")]


def at_once(count, call):
    """What came of so many calls at the same time."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(lambda _: call(), range(count)))


def test_of_those_who_create_the_same_at_once_one_does(cairn, mark):
    def post(path, body):
        return cairn.request("POST", path, json.dumps(body), KEY).status
    assert at_once(8, lambda: post("/1/datasets", {"name": f"Race {mark}"})) == [200] * 7 + [201]
    assert len([d for d in call(cairn, "GET", "/1/datasets") if d["slug"] == f"race-{mark}"]) == 1
    assert at_once(8, lambda: post(f"/1/columns/race-{mark}", {"key_name": "one"})) == [201] + [409] * 7
    assert at_once(8, lambda: post(f"/1/derived_columns/race-{mark}", {"alias": "two", "expression": "1"})) == [201] + [409] * 7
    assert set(at_once(6, lambda: post(f"/1/events/case-{mark}" if time.time_ns() % 2 else f"/1/events/CASE-{mark}", {"a": 1}))) == {200}
    assert len([d for d in call(cairn, "GET", "/1/datasets") if d["slug"] == f"case-{mark}"]) == 1


def slugs(cairn, *names):
    """Of these datasets; no two of all have one in common."""
    found = call(cairn, "GET", "/1/datasets")
    assert len({one["slug"] for one in found}) == len(found), found
    return {one["name"]: one["slug"] for one in found if one["name"] in names}


def test_no_two_datasets_share_a_slug_and_each_keeps_its_own(cairn):
    """By the API, by the events door and by OTLP's service.name, before and after a restart."""
    names = ["магазин", "корзины", "カート", "our shop", "our-shop", "Our.Shop"]
    start = time.time_ns() - 60_000_000_000
    for index, name in enumerate(names):
        spans = [{"traceId": f"{index + 1:032x}", "spanId": f"{index + 1:016x}", "name": name, "startTimeUnixNano": str(start + index), "endTimeUnixNano": str(start + index + 1)}]
        body = {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": name}}]}, "scopeSpans": [{"spans": spans}]}]}
        assert cairn.request("POST", "/v1/traces", json.dumps(body), {"content-type": "application/json"}).status == 200
    given = slugs(cairn, *names)
    assert given == {"магазин": "-------", "корзины": "--------2", "カート": "---", "our shop": "our-shop", "our-shop": "our-shop-2", "Our.Shop": "our.shop"}
    # A declared one with as many letters is another one, and the same name in capitals is not.
    made = call(cairn, "POST", "/1/datasets", {"name": "Товары!"}, 201)
    assert made["slug"] == "--------3" and call(cairn, "POST", "/1/datasets", {"name": "КОРЗИНЫ"})["name"] == "корзины"
    # What is made for one is not the other's, by slug and by name.
    call(cairn, "POST", "/1/columns/--------2", {"key_name": "only_there"}, 201)
    call(cairn, "POST", "/1/derived_columns/our-shop-2", {"alias": "two", "expression": "INT(2)"}, 201)
    call(cairn, "POST", "/1/triggers/--------2", {"name": "carts", "query": {"calculations": [{"op": "COUNT"}]}, "threshold": {"op": ">", "value": 1e9}}, 201)
    send(cairn, "--------3", 2, item="x")
    cairn.stop()
    cairn.start()
    assert slugs(cairn, *names, "Товары!") == {**given, "Товары!": "--------3"}
    assert [one["slug"] for one in call(cairn, "GET", "/1/datasets") if one["name"] == "Товары!" and one["last_written_at"]] == ["--------3"]
    for dataset, expected in (("--------2", True), ("корзины", True), ("-------", False), ("магазин", False)):
        path = urllib.parse.quote(dataset)
        assert ("only_there" in [one["key_name"] for one in call(cairn, "GET", f"/1/columns/{path}")]) is expected, dataset
        assert bool(call(cairn, "GET", f"/1/triggers/{path}")) is expected, dataset
        assert call(cairn, "GET", f"/1/datasets/{path}")["name"] == ("корзины" if expected else "магазин")
    # A slug goes before a name: this path has always meant the first.
    assert call(cairn, "GET", "/1/datasets/our-shop")["name"] == "our shop" and call(cairn, "GET", "/1/derived_columns/our-shop") == []
    assert [one["alias"] for one in call(cairn, "GET", "/1/derived_columns/our-shop-2")] == ["two"]
    call(cairn, "GET", f"/1/datasets/{urllib.parse.quote('другие!')}", status=404)
    # One that comes later does not take what was given.
    send(cairn, "our_shop", 1, ago=3600, item="x")
    send(cairn, urllib.parse.quote("МАГАЗИН!"), 1, ago=3600, item="x")
    assert slugs(cairn, *names, "our_shop", "МАГАЗИН!") == {**given, "our_shop": "our_shop", "МАГАЗИН!": "--------"}


def test_a_declared_dataset_keeps_its_slug_for_its_events(cairn):
    """However the first of them spells the name."""
    made = call(cairn, "POST", "/1/datasets", {"name": "Late Shop"}, 201)
    body = {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "late-shop"}}]}, "scopeSpans": [
        {"spans": [{"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "x", "startTimeUnixNano": str(time.time_ns()), "endTimeUnixNano": str(time.time_ns())}]}]}]}
    assert cairn.request("POST", "/v1/traces", json.dumps(body), {"content-type": "application/json"}).status == 200
    written = call(cairn, "GET", "/1/datasets/late-shop")
    assert (written["name"], written["slug"]) == ("Late Shop", "late-shop") and written["last_written_at"] and made["last_written_at"] is None
    assert len([one for one in call(cairn, "GET", "/1/datasets") if one["slug"].startswith("late-shop")]) == 1


def test_definitions_are_the_usual_columns_until_others_are_chosen(cairn):
    send(cairn, "defined", 2, name="x", duration_ms=1.5, error="e", took=3, http={"route": "/a"}, trace={"trace_id": "t"})
    call(cairn, "POST", "/1/derived_columns/defined", {"alias": "slow_ms", "expression": "MUL($took, 1000)"}, 201)
    path = "/1/dataset_definitions/defined"
    first = call(cairn, "GET", path)
    assert set(first) == {"span_id", "trace_id", "parent_id", "name", "service_name", "duration_ms", "span_kind", "annotation_type", "link_span_id", "link_trace_id",
                          "error", "status", "route", "user", "log_severity", "log_message"}
    assert first["duration_ms"] == {"name": "duration_ms", "column_type": "column"} and first["route"]["name"] == "http.route"
    assert first["trace_id"]["name"] == "trace.trace_id" and first["user"] is None and first["log_message"] is None
    changed = call(cairn, "PATCH", path, {"duration_ms": {"name": "slow_ms", "column_type": "column"}, "user": {"name": "took"}, "error": None})
    assert changed == {**first, "duration_ms": {"name": "slow_ms", "column_type": "derived_column"}, "user": {"name": "took", "column_type": "column"}}
    # Each request says what it changes; several come at once.
    wanted = {"status": "took", "log_severity": "error", "log_message": "name", "span_kind": "took", "annotation_type": "name", "parent_id": "took"}
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda pair: call(cairn, "PATCH", path, {pair[0]: {"name": pair[1], "column_type": ""}}), wanted.items()))
    cairn.stop()
    cairn.start()
    kept = call(cairn, "GET", path)
    assert kept == {**changed, **{field: {"name": name, "column_type": "column"} for field, name in wanted.items()}}
    # An empty name goes back to what is usual, and so does a column that went.
    assert call(cairn, "PATCH", path, {"duration_ms": {"name": ""}})["duration_ms"] == first["duration_ms"]
    call(cairn, "PATCH", path, {"error": {"name": "slow_ms"}})
    derived = call(cairn, "GET", "/1/derived_columns/defined?alias=slow_ms")
    call(cairn, "DELETE", f"/1/derived_columns/defined/{derived['id']}", status=204)
    assert call(cairn, "GET", path)["error"] == first["error"]


def test_definitions_of_what_is_not_there_are_refused(cairn):
    send(cairn, "refused", 1, name="x")
    path = "/1/dataset_definitions/refused"
    answer = call(cairn, "PATCH", path, {"duration_ms": {"name": "duration_we_send"}, "name": {"name": "name"}}, 422)
    assert answer["error"] == "The following columns were not found: duration_we_send"
    assert blamed(call(cairn, "PATCH", path, {"colour": {"name": "name"}}, 422)) == ["colour"]
    assert blamed(call(cairn, "PATCH", path, {"name": {"column_type": "column"}}, 422)) == ["name.name"]
    assert blamed(call(cairn, "PATCH", path, {"name": {"name": 5}}, 422)) == ["name.name"]
    assert cairn.request("PATCH", path, "{", KEY).status == 400
    for method in ("GET", "PATCH"):
        assert call(cairn, method, "/1/dataset_definitions/nowhere", {}, 404)["type"].endswith("/problems/not-found")
    assert call(cairn, "GET", path)["user"] is None


def test_a_dataset_that_is_not_there_has_no_lists(cairn):
    lists = ("columns", "derived_columns", "triggers", "slos", "burn_alerts", "query_annotations", "dataset_definitions", "datasets")
    for name in lists:
        refused = call(cairn, "GET", f"/1/{name}/nowhere", status=404)
        assert refused["type"].endswith("/problems/not-found") and refused["error"] == refused["detail"] == "Dataset not found", (name, refused)
    for name in ("columns", "derived_columns", "triggers", "slos", "markers", "marker_settings", "query_annotations"):
        call(cairn, "GET", f"/1/{name}/__all__")
    for name, body in (("queries", {}), ("query_results", {"query_id": "x"}), ("columns", {"key_name": "a"}), ("triggers", {}), ("slos", {}), ("burn_alerts", {}),
                       ("derived_columns", {}), ("query_annotations", {})):
        call(cairn, "POST", f"/1/{name}/nowhere", body, 404)
    # A deploy is told before the first event of its dataset, and is found then.
    assert [call(cairn, "GET", f"/1/{name}/nowhere") for name in ("markers", "marker_settings")] == [[], []]
    marker = call(cairn, "POST", "/1/markers/not-yet", {"message": "deploy"}, 201)
    assert call(cairn, "GET", "/1/markers/not-yet") == [marker]
    send(cairn, "here", 1, name="x")
    for name in ("derived_columns", "triggers", "slos", "markers", "marker_settings", "query_annotations"):
        assert call(cairn, "GET", f"/1/{name}/here") == [], name
