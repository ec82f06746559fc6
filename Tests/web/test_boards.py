# SPDX-License-Identifier: Apache-2.0
"""Boards: a question from Explore, a text, an objective; their time, their filters, their places."""
import json
import pathlib
import re
import sys
import time

import pytest
from pages import WIDTHS, box_of, ready
from playwright.sync_api import expect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import cairn_process  # noqa: E402

KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = cairn_process.Cairn(tmp_path_factory.mktemp("boards")).start()
    now = time.time()
    events = [{"time": f"{now - n * 8:.3f}", "data": {"name": "work", "duration_ms": 5 + n % 40, "region": "eu" if n % 4 else "us", "service.name": "shop"}} for n in range(400)]
    assert server.request("POST", "/1/batch/shop", json.dumps(events), KEY).status == 200
    yield server
    server.stop()


def ask(server, method, path, body=None):
    return server.request(method, path, None if body is None else json.dumps(body), KEY).json()


@pytest.fixture(scope="module")
def board(server):
    """Made by the API, with panels that lie on each other."""
    query = lambda body: {"type": "query", "query_panel": {"query_id": ask(server, "POST", "/1/queries/shop", body)["id"], "query_style": "graph"}}  # noqa: E731
    at = lambda x, y, w, h: {"x_coordinate": x, "y_coordinate": y, "width": w, "height": h}  # noqa: E731
    ask(server, "POST", "/1/derived_columns/shop", {"alias": "ok", "expression": "LT($duration_ms, 44)"})
    slo = ask(server, "POST", "/1/slos/shop", {"name": "fast", "sli": {"alias": "ok"}, "time_period_days": 7, "target_per_million": 900_000})["id"]
    stat = query({"calculations": [{"op": "COUNT"}], "time_range": 600})
    stat["query_panel"]["visualization_settings"] = {"charts": [{"chart_index": 0, "chart_type": "stat"}]}
    table = query({"calculations": [{"op": "COUNT"}], "breakdowns": ["region"]})
    table["query_panel"]["query_style"] = "table"
    text = "# Runbook\n\n**bold** <img src=x onerror=alert(1)> [bad](javascript:alert(1)) [map](/ui/map)\n\n- one\n- two"
    made = ask(server, "POST", "/1/boards", {"name": "Shop & <b>more</b>", "type": "flexible", "preset_filters": [{"column": "region", "alias": "Region"}], "panels": [
        {**stat, "position": at(0, 0, 4, 3)}, {"type": "slo", "slo_panel": {"slo_id": slo}, "position": at(4, 0, 4, 3)},
        {"type": "text", "text_panel": {"content": text}, "position": at(8, 0, 4, 4)}, {**table, "position": at(0, 2, 8, 4)},
        {**query({"calculations": [{"op": "HEATMAP", "column": "duration_ms"}, {"op": "P95", "column": "duration_ms"}], "breakdowns": ["region"]}), "position": at(0, 6, 12, 5)}]})
    ask(server, "POST", f"/1/boards/{made['id']}/views", {"name": "USA", "filters": [{"column": "region", "operation": "=", "value": "us"}]})
    return made["id"]


def test_a_question_goes_onto_a_board(server, open_page):
    page = open_page(server.url + "/ui/explore?ds=shop&c=COUNT&by=region&t=60m")
    ready(page)
    page.get_by_role("button", name="Add to board").click()
    form = page.get_by_role("form", name="Add to board")
    form.locator("[name=where]").select_option("(new)")
    form.locator("[name=board]").fill("Mine")
    expect(form.locator("[name=title]")).to_have_value("COUNT by region")
    form.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**/ui/boards/*")
    ready(page)
    panel = page.locator("[data-panel=query]")
    expect(panel).to_contain_text("COUNT by region")
    expect(panel.get_by_role("img", name="COUNT over time")).to_be_visible()
    page.get_by_role("button", name="Add panel").click()
    page.locator("[name=content]").fill("a *text*")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("[data-panel=text] i")).to_have_text("text")
    page.get_by_role("button", name="Edit").click()
    text = page.locator("[data-panel=text]")
    before = box_of(text)
    text.get_by_role("button", name="Narrower").click()
    assert cairn_process.until(lambda: box_of(text)["width"] < before["width"] - 20)
    text.get_by_role("button", name="Remove").click()
    expect(page.locator("[data-panel]")).to_have_count(1)
    page.get_by_role("button", name="Done").click()
    page.reload()
    expect(page.locator("[data-panel]")).to_have_count(1)
    panel.get_by_role("link", name="Explore").click()
    page.wait_for_url("**/ui/explore?*")
    assert "by=region" in page.url and "ds=shop" in page.url and "t=60m" in page.url


def test_a_board_draws_what_the_api_put_on_it(server, open_page, board):
    page = open_page(f"{server.url}/ui/boards/{board}?t=2h")
    ready(page)
    expect(page.get_by_role("heading", name="Shop & <b>more</b>")).to_be_visible()
    expect(page.locator(".board-stat")).to_contain_text("400")
    expect(page.locator("[data-panel=slo]")).to_contain_text("fast")
    text = page.locator("[data-panel=text]")
    expect(text.locator("b")).to_have_text("bold")
    expect(text).to_contain_text("<img src=x onerror=alert(1)>")
    assert text.locator("img").count() == 0 and text.locator("a").all_inner_texts() == ["map"]
    expect(page.locator(".board-table")).to_contain_text("us")
    expect(page.get_by_role("img", name="HEATMAP(duration_ms) over time")).to_be_visible()
    boxes = [box_of(cell) for cell in page.locator("[data-panel]").all()]
    for i, a in enumerate(boxes):
        for b in boxes[i + 1:]:
            assert a["x"] + a["width"] <= b["x"] + 1 or b["x"] + b["width"] <= a["x"] + 1 or a["y"] + a["height"] <= b["y"] + 1 or b["y"] + b["height"] <= a["y"] + 1
    page.get_by_role("textbox", name="Region").fill("us")
    page.get_by_role("textbox", name="Region").press("Enter")
    expect(page.locator(".board-stat")).to_contain_text("100")
    page.get_by_role("textbox", name="Region").fill("")
    page.get_by_role("textbox", name="Region").press("Enter")
    expect(page.locator(".board-stat")).to_contain_text("400")
    page.get_by_role("combobox", name="view").select_option("USA")
    expect(page.locator(".board-stat")).to_contain_text("100")
    page.goto(f"{server.url}/ui/boards/{board}?t=10m")
    expect(page.locator(".board-stat")).to_contain_text(re.compile("7[3-6]"))


def test_charts_show_the_markers_of_their_dataset_and_of_all(server, open_page):
    at = int(time.time()) - 1200
    for dataset, name in (("__all__", "all 1.1"), ("shop", "shop 1.2"), ("other", "other 1.3")):
        ask(server, "POST", f"/1/markers/{dataset}", {"type": "deploy", "message": name, "start_time": at})
    panels = []
    for n, (op, hides) in enumerate((({"op": "COUNT"}, False), ({"op": "HEATMAP", "column": "duration_ms"}, False), ({"op": "COUNT"}, True))):
        made = ask(server, "POST", "/1/queries/shop", {"calculations": [op]})
        panels.append({"type": "query", "query_panel": {"query_id": made["id"], "query_style": "graph", "visualization_settings": {"hide_markers": hides}},
                       "position": {"x_coordinate": 4 * n, "y_coordinate": 0, "width": 4, "height": 5}})
    board = ask(server, "POST", "/1/boards", {"name": "Flags", "type": "flexible", "panels": panels})
    page = open_page(f"{server.url}/ui/boards/{board['id']}?t=60m")
    cells = page.locator("[data-panel=query]")
    for n in (0, 1):
        expect(cells.nth(n).get_by_role("note")).to_have_count(2)
        expect(cells.nth(n).get_by_role("note", name="deploy: shop 1.2")).to_have_count(1)
        expect(cells.nth(n).get_by_role("note", name="deploy: all 1.1")).to_have_count(1)
    expect(cells.nth(2).get_by_role("img", name="COUNT over time")).to_be_visible()
    expect(cells.nth(2).get_by_role("note")).to_have_count(0)


def test_a_panel_names_the_column_that_no_event_has(server, open_page):
    panels = []
    for n, question in enumerate(({"calculations": [{"op": "P95", "column": "duraton_ms"}]}, {"calculations": [{"op": "COUNT"}], "filters": [{"column": "regoin", "op": "!=", "value": "eu"}]})):
        made = ask(server, "POST", "/1/queries/shop", question)
        panels.append({"type": "query", "query_panel": {"query_id": made["id"], "query_style": "graph"}, "position": {"x_coordinate": 6 * n, "y_coordinate": 0, "width": 6, "height": 5}})
    board = ask(server, "POST", "/1/boards", {"name": "Misspelt", "type": "flexible", "panels": panels})
    page = open_page(f"{server.url}/ui/boards/{board['id']}?t=60m")
    ready(page)
    first, second = page.locator("[data-panel]").all()
    expect(first).to_contain_text("No event has the column duraton_ms. Did you mean duration_ms?")
    expect(first.locator("svg")).to_have_count(0)
    expect(second).to_contain_text("No event has the column regoin. Did you mean region?")
    expect(second.get_by_role("img", name="COUNT over time")).to_be_visible()


def test_a_panel_opens_in_explore_with_all_of_its_question(server, open_page):
    question = {"calculated_fields": [{"name": "is_slow", "expression": "GT($duration_ms, 24)"}], "calculations": [{"op": "COUNT"}, {"op": "P95", "column": "duration_ms"}], "breakdowns": ["is_slow", "region"],
                "filters": [{"column": "is_slow", "op": "=", "value": True}, {"column": "duration_ms", "op": ">", "value": 30}], "filter_combination": "OR", "granularity": 120, "limit": 3, "time_range": 3600,
                "orders": [{"op": "P95", "column": "duration_ms", "order": "descending"}, {"column": "region", "order": "ascending"}], "havings": [{"calculate_op": "COUNT", "op": ">", "value": 10}]}
    made = ask(server, "POST", "/1/queries/shop", question)
    panel = {"type": "query", "query_panel": {"query_id": made["id"], "query_style": "table"}, "position": {"x_coordinate": 0, "y_coordinate": 0, "width": 12, "height": 5}}
    board = ask(server, "POST", "/1/boards", {"name": "Whole", "type": "flexible", "panels": [panel]})
    page = open_page(f"{server.url}/ui/boards/{board['id']}?t=60m")
    ready(page)
    rows = page.locator(".board-table tbody tr")
    expect(rows).to_have_count(2)
    told = rows.all_inner_texts()
    with page.expect_response("**/api/cairn/query") as answer:
        page.get_by_role("link", name="Explore", exact=True).last.click()
    asked = answer.value.request.post_data_json["query"]
    assert {key: asked[key] for key in question if key != "time_range"} == {key: question[key] for key in question if key != "time_range"}
    ready(page)
    expect(page.get_by_role("tabpanel").locator("tbody tr")).to_have_count(2)
    assert [row.split()[:3] for row in page.get_by_role("tabpanel").locator("tbody tr").all_inner_texts()] == [row.split()[:3] for row in told]
    expect(page.get_by_role("button", name="Calculated field is_slow, change it")).to_be_visible()
    # It can be changed there, and its mistakes are told where they are.
    page.get_by_role("button", name="Calculated field is_slow, change it").click()
    page.get_by_role("textbox", name="Formula").fill("GT($duration_ms, 900)")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("tabpanel").locator("tbody tr")).to_have_count(2)
    expect(page.get_by_role("tabpanel").locator("tbody")).to_contain_text("false")
    # Its traces are found by it: no event of this server has a trace.
    page.get_by_role("tab", name="Traces").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("No trace behind these events")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_boards_load_clean(server, open_page, board, width, scheme):
    for path in ("/ui/boards", f"/ui/boards/{board}?t=2h"):
        page = open_page(server.url + path, width, scheme)
        ready(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    expect(page.locator("[data-panel]")).to_have_count(5)


def test_a_board_that_is_not_there_says_so(server, open_page):
    page = open_page(server.url + "/ui/boards/00000000", allow=("404",))
    expect(page.locator("main")).to_contain_text("No board has the id")
