# SPDX-License-Identifier: Apache-2.0
"""Honeycomb's datasets and columns, made and changed by the API before and after events come."""
import concurrent.futures
import json
import time

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
