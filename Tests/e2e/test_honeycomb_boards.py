# SPDX-License-Identifier: Apache-2.0
"""Honeycomb's boards, their views and the names of queries, asked for as its Terraform provider does."""
import json
import time

import pytest

KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}


def call(cairn, method, path, body=None, status=200):
    reply = cairn.request(method, path, None if body is None else json.dumps(body), KEY)
    assert reply.status == status, (reply.status, reply.body)
    return reply.json() if reply.body else None


def fields(answer):
    assert answer["type"].endswith("/problems/validation-failed")
    return [detail["field"] for detail in answer["type_detail"]]


@pytest.fixture(scope="module")
def shop(cairn):
    call(cairn, "POST", "/1/batch/shop", [{"time": f"{time.time():.3f}", "data": {"name": "cart", "duration_ms": 5}}])
    query = call(cairn, "POST", "/1/queries/shop", {"calculations": [{"op": "COUNT"}], "time_range": 3600})["id"]
    name = call(cairn, "POST", "/1/query_annotations/shop", {"name": "Traffic", "description": "all of it", "query_id": query}, 201)
    call(cairn, "POST", "/1/derived_columns/shop", {"alias": "ok", "expression": "LT($duration_ms, 100)"}, 201)
    slo = call(cairn, "POST", "/1/slos/shop", {"name": "fast", "sli": {"alias": "ok"}, "time_period_days": 7, "target_per_million": 990_000}, 201)
    return {"query": query, "annotation": name["id"], "slo": slo["id"]}


def panels(shop):
    return [
        {"type": "query", "position": {"x_coordinate": 0, "y_coordinate": 0, "height": 3, "width": 4},
         "query_panel": {"query_id": shop["query"], "query_annotation_id": shop["annotation"], "query_style": "graph", "visualization_settings": {
             "utc_xaxis": True, "charts": [{"chart_type": "line", "chart_index": 0, "omit_missing_values": True, "log_scale": True}]}}},
        {"type": "slo", "position": {"x_coordinate": 6, "y_coordinate": 0, "height": 3, "width": 4}, "slo_panel": {"slo_id": shop["slo"]}},
        {"type": "text", "position": {"x_coordinate": 0, "y_coordinate": 3, "height": 3, "width": 4}, "text_panel": {"content": "# told"}}]


def test_a_board_lives_and_outlives_a_restart(cairn, shop):
    sent = {"name": "Shop", "type": "flexible", "description": "first look", "panels": panels(shop), "tags": [{"key": "color", "value": "blue"}],
            "preset_filters": [{"column": "region", "alias": "Region"}, {"column": "host", "alias": ""}]}
    made = call(cairn, "POST", "/1/boards", sent, 201)
    assert made["links"]["board_url"] == f"{cairn.url}/ui/boards/{made['id']}"
    assert {key: made[key] for key in ("name", "type", "description", "tags", "preset_filters")} == {key: sent[key] for key in ("name", "type", "description", "tags", "preset_filters")}
    assert made["panels"][1:] == sent["panels"][1:] and made["panels"][0]["position"] == sent["panels"][0]["position"]
    query = made["panels"][0]["query_panel"]
    assert query["dataset"] == "shop" and query["visualization_settings"]["utc_xaxis"] is True and query["visualization_settings"]["charts"] == sent["panels"][0]["query_panel"]["visualization_settings"]["charts"]
    view = call(cairn, "POST", f"/1/boards/{made['id']}/views", {"name": "Europe", "filters": [{"column": "region", "operation": "starts-with", "value": "eu"}]}, 201)
    assert view["filters"] == [{"column": "region", "operation": "starts-with", "value": "eu"}]
    cairn.stop()
    cairn.start()
    again = call(cairn, "GET", f"/1/boards/{made['id']}")
    assert {**again, "links": 0} == {**made, "links": 0} and made["id"] in [board["id"] for board in call(cairn, "GET", "/1/boards")]
    assert call(cairn, "GET", f"/1/boards/{made['id']}/views") == [view] and call(cairn, "GET", f"/1/boards/{made['id']}/views/{view['id']}") == view
    changed = call(cairn, "PUT", f"/1/boards/{made['id']}/views/{view['id']}", {"name": "USA", "filters": [{"column": "region", "operation": "in", "value": ["us"]}]})
    assert changed["name"] == "USA"
    page = call(cairn, "GET", f"/api/cairn/boards/{made['id']}")
    assert page["queries"] == [{"id": shop["query"], "dataset": "shop", "name": "Traffic", "description": "all of it", "query": page["queries"][0]["query"]}] and page["queries"][0]["query"]["time_range"] == 3600
    put = call(cairn, "PUT", f"/1/boards/{made['id']}", {"name": "Shop 2", "type": "flexible", "panels": [], "tags": [], "preset_filters": []})
    assert put["name"] == "Shop 2" and put["panels"] == [] and "tags" not in put and "preset_filters" not in put and put["created_at"] == made["created_at"]
    call(cairn, "DELETE", f"/1/boards/{made['id']}", status=204)
    call(cairn, "GET", f"/1/boards/{made['id']}", status=404)
    call(cairn, "GET", f"/1/boards/{made['id']}/views", status=404)


def test_places_are_found_where_none_are_named(cairn, shop):
    bare = [{key: value for key, value in panel.items() if key != "position"} for panel in panels(shop)]
    made = call(cairn, "POST", "/1/boards", {"name": "auto", "layout_generation": "auto", "panels": bare}, 201)
    places = [panel["position"] for panel in made["panels"]]
    assert [(p["x_coordinate"], p["y_coordinate"]) for p in places] == [(0, 0), (6, 0), (0, 4)] and all(p["width"] > 0 and p["height"] > 0 for p in places)
    # The Go client writes a place that is not named as zeros.
    zeros = [{**panel, "position": {"x_coordinate": 0, "y_coordinate": 0, "height": 0, "width": 0}} for panel in bare[:1]]
    assert call(cairn, "POST", "/1/boards", {"name": "zeros", "panels": zeros}, 201)["panels"][0]["position"]["width"] == 6


@pytest.mark.parametrize("body, wrong", [
    ({}, ["name"]), ({"name": "n", "type": "classic"}, ["type"]), ({"name": "n", "queries": [], "column_layout": "multi"}, ["queries", "column_layout"]),
    ({"name": "n", "panels": [{"type": "picture"}, {"type": "text"}, {"type": "text", "text_panel": {"content": ""}}]}, ["panels[0].type", "panels[1].text_panel", "panels[2].text_panel.content"]),
    ({"name": "n", "panels": [{"type": "text", "position": {"x_coordinate": 8, "y_coordinate": 0, "width": 6, "height": 2}, "text_panel": {"content": "x"}}]}, ["panels[0].position"]),
    ({"name": "n", "panels": [{"type": "slo", "slo_panel": {"slo_id": "none"}}]}, ["panels[0].slo_panel.slo_id"]),
    ({"name": "n", "panels": [{"type": "query", "query_panel": {"query_id": "none"}}]}, ["panels[0].query_panel.query_id"]),
    ({"name": "n", "panels": [{"type": "query", "query_panel": {"query_id": "x", "query_style": "art", "visualization_settings": {"charts": [{"chart_type": "cake"}]}}}]},
     ["panels[0].query_panel.query_style", "panels[0].query_panel.visualization_settings.charts[0].chart_type"]),
    ({"name": "n", "preset_filters": [{"column": "a", "alias": "x"}] * 6}, ["preset_filters"]),
])
def test_what_is_no_board_is_refused(cairn, shop, body, wrong):
    assert fields(call(cairn, "POST", "/1/boards", body, 422)) == wrong


def test_names_of_queries_live(cairn, shop):
    path = f"/1/query_annotations/shop/{shop['annotation']}"
    found = call(cairn, "GET", path)
    assert found in call(cairn, "GET", "/1/query_annotations/shop") and found["query_id"] == shop["query"]
    assert call(cairn, "PUT", path, {"name": "Requests", "query_id": shop["query"]})["name"] == "Requests"
    assert fields(call(cairn, "PUT", path, {"query_id": "other"}, 422)) == ["query_id"]
    assert fields(call(cairn, "POST", "/1/query_annotations/shop", {"name": "n", "query_id": "none"}, 422)) == ["query_id"]
    other = call(cairn, "POST", "/1/query_annotations/shop", {"name": "n", "query_id": shop["query"]}, 201)
    call(cairn, "DELETE", f"/1/query_annotations/shop/{other['id']}", status=204)
    call(cairn, "GET", f"/1/query_annotations/shop/{other['id']}", status=404)
    call(cairn, "POST", "/1/boards", None, 400)
