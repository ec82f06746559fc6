# SPDX-License-Identifier: Apache-2.0
"""Explore: a calculation with a name and filters of its own, a formula over calculations, an earlier time beside the answer."""
import json
import time
import urllib.parse
import urllib.request

import pytest
from pages import ready, until

KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}


def call(url, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, KEY, method=method)) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def ratios(real):
    """web fails twice in eight, api never; an hour before web failed four times in eight."""
    now = time.time()
    events = [{"time": f"{now - ago - i * 4:.3f}", "data": {"app": app, **({"error": "broken"} if i < bad else {})}}
              for app, ago, count, bad in (("web", 30, 8, 2), ("api", 30, 4, 0), ("web", 3630, 8, 4)) for i in range(count)]
    assert all(one["status"] == 202 for one in call(real + "/1/batch/ratios", "POST", events))
    return real


def parameters(page, name):
    return urllib.parse.parse_qs(urllib.parse.urlparse(page.url).query).get(name, [])


def test_a_ratio_is_built_compared_and_kept(open_page, ratios):
    page = open_page(ratios + "/ui/explore?ds=ratios&c=COUNT&by=app&t=30m")
    ready(page)
    page.get_by_role("button", name="Add calculation").click()
    page.get_by_label("Calculation", exact=True).select_option("COUNT")
    page.get_by_role("button", name="A name, and only some events").click()
    page.get_by_role("button", name="Apply").click()
    assert "Write a name" in page.get_by_role("alert").inner_text()
    page.get_by_label("Name", exact=True).fill("failed")
    page.get_by_role("button", name="filter", exact=True).click()
    page.keyboard.type("error")
    page.locator("[role=option]", has_text="error").first.click()
    page.get_by_label("Operator", exact=True).select_option("exists")
    page.get_by_role("button", name="Apply").click()
    page.locator("dialog, [role=dialog]").get_by_text("error exists").wait_for()
    page.get_by_role("button", name="Apply").click()
    until(page, "location.search.includes('failed')")
    assert parameters(page, "c") == ["COUNT", '["failed","COUNT",[["error","exists"]]]']
    page.get_by_role("button", name="Add formula").click()
    page.get_by_label("Name", exact=True).fill("rate")
    page.get_by_role("button", name="Insert failed").click()
    page.keyboard.type(" / ")
    page.get_by_role("button", name="Insert COUNT").click()
    page.get_by_role("button", name="Apply").click()
    page.wait_for_selector("th:has-text('rate')")
    assert parameters(page, "fm") == ['["rate","$failed / $COUNT"]']
    page.get_by_role("button", name="Add comparison").click()
    page.get_by_label("Compare with", exact=True).select_option("3600")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_selector("td:has-text('0.5 before')")
    ready(page)
    rows = [" ".join(text.split()) for text in page.locator(".results tbody tr").all_inner_texts()]
    assert "8 8 before, the same 2 4 before, −50 % 0.25 0.5 before, −50 %" in rows[0] and rows[0].startswith("web"), rows
    assert "4 – before 0 – before 0 – before" in rows[1], rows
    assert page.locator(".line-chart path[stroke-dasharray]").count() >= 3
    assert page.locator(".panel h2", has_text="rate").count() == 1
    address = page.url
    page.reload()
    page.wait_for_selector("td:has-text('0.5 before')")
    assert page.url == address
    page.get_by_role("button", name="Remove Compare").click()
    until(page, "!location.search.includes('cmp')")


QUESTION = {"ds": "ratios", "c": ["COUNT", '["failed","COUNT",[["error","exists"]]]'], "fm": '["rate","$failed / $COUNT"]', "by": "app", "t": "30m", "cmp": "3600"}


def test_boards_and_triggers_keep_it(open_page, ratios):
    page = open_page(ratios + "/ui/explore?" + urllib.parse.urlencode(QUESTION, doseq=True))
    ready(page)
    page.get_by_role("button", name="Add to board").click()
    page.get_by_role("form", name="Add to board").locator("[name=where]").select_option("(new)")
    page.get_by_label("Its name").fill("Ratios")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**/ui/boards/*")
    page.wait_for_selector(".board-panel .chart path[stroke-dasharray]", state="attached")
    board = next(one for one in call(ratios + "/1/boards") if one["name"] == "Ratios")
    board["panels"][0]["query_panel"]["visualization_settings"] = {"hide_compare": True}
    call(f"{ratios}/1/boards/{board['id']}", "PUT", board)
    page.reload()
    page.wait_for_selector(".board-panel .chart path", state="attached")
    assert page.locator(".board-panel path[stroke-dasharray]").count() == 0
    page.locator(".board-panel a").first.click()
    page.wait_for_url("**/ui/explore?*")
    ready(page)
    assert {name: parameters(page, name) for name in ("c", "fm", "cmp")} == {"c": QUESTION["c"], "fm": [QUESTION["fm"]], "cmp": ["3600"]}
    page.get_by_role("button", name="Alert").click()
    page.get_by_label("Name", exact=True).fill("too many fail")
    page.get_by_label("than").fill("0.2")
    page.get_by_label("To", exact=True).fill("http://127.0.0.1:9/nobody")
    assert page.locator("[name=calculation] option").all_text_contents() == ["rate", "COUNT", "failed"]
    trigger = {"name": "too many fail", "threshold": {"op": ">", "value": 0.2}, "frequency": 300, "query": {
        "calculations": [{"op": "COUNT", "name": "total"}, {"op": "COUNT", "name": "failed", "filters": [{"column": "error", "op": "exists"}]}],
        "formulas": [{"name": "rate", "expression": "$failed / $total"}], "breakdowns": ["app"], "time_range": 300}}
    call(ratios + "/1/triggers/ratios", "POST", trigger)
    shown = open_page(ratios + "/ui/triggers")
    shown.get_by_text("rate > 0.2 by app").wait_for()
