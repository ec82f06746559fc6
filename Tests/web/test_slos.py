# SPDX-License-Identifier: Apache-2.0
"""From a formula to an objective, its charts, its bad events and its burn alerts."""
import json
import pathlib
import re
import sys
import time

import pytest
from pages import WIDTHS, ready
from playwright.sync_api import expect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import cairn_process  # noqa: E402

KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = cairn_process.Cairn(tmp_path_factory.mktemp("slos"), environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}).start()
    now = time.time()
    events = [{"time": f"{now - n * 8:.3f}", "data": {"name": "cart" if n % 5 else "home", "duration_ms": 900 if n % 10 == 1 else 20 + n % 30,
                                                      "host": "old" if n % 10 == 1 else "new", "service.name": "shop"}} for n in range(400)]
    assert server.request("POST", "/1/batch/shop", json.dumps(events), KEY).status == 200
    yield server
    server.stop()


@pytest.fixture(scope="module")
def made(server):
    """An objective: 320 carts count, 40 of them are bad."""
    ask = lambda path, body: server.request("POST", path, json.dumps(body), KEY).json()  # noqa: E731
    ask("/1/derived_columns/shop", {"alias": "cart_ok", "expression": 'IF(EQUALS($name, "cart"), LT($duration_ms, 500))'})
    return ask("/1/slos/shop", {"name": "carts <i>open</i> fast", "description": "told", "sli": {"alias": "cart_ok"}, "time_period_days": 7, "target_per_million": 800_000})["id"]


def test_a_formula_becomes_an_objective_that_tells(server, open_page, hook):
    page = open_page(server.url + "/ui/slos/new", allow=("422",))
    form = page.get_by_role("form", name="New SLO")
    form.locator("[name=expression]").fill('IF($name = "cart", ')
    expect(form.get_by_role("status")).to_contain_text("cannot be read")
    form.locator("[name=expression]").fill('IF($name = "cart", $duration_ms < 500)')
    expect(form.get_by_role("status")).to_contain_text("87.5 %")
    expect(form.get_by_role("status")).to_contain_text("40 bad; 80 do not count")
    form.locator("[name=expression]").fill("$tip > 1")
    expect(form.get_by_role("status")).to_contain_text("400 of the bad ones lack tip")
    form.get_by_role("button", name="Do not count them").click()
    expect(form.get_by_role("status")).to_contain_text("No event of the last day counts")
    expect(form.locator("[name=expression]")).to_have_value("IF(EXISTS($tip), $tip > 1)")
    form.locator("[name=expression]").fill('IF($name = "cart", $duration_ms < 500)')
    expect(form.get_by_role("status")).to_contain_text("87.5 %")
    form.locator("[name=alias]").fill("fast_enough")
    form.locator("[name=name]").fill("Made here")
    form.locator("[name=target]").fill("100")
    form.get_by_role("button", name="Keep").click()
    expect(form).to_contain_text("less than 100 %")
    form.locator("[name=target]").fill("75 %")
    form.get_by_role("button", name="Keep").click()
    page.wait_for_url(re.compile("/ui/slos/[0-9a-f]{8}"))
    ready(page)
    standing = page.get_by_role("region", name="Standing")
    expect(standing).to_contain_text("50 %")  # 40 of 80 that may fail
    expect(standing).to_contain_text("of 75 % promised")
    expect(page.get_by_role("img", name="Compliance in percent")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    change = page.get_by_role("form", name="Change the SLO")
    expect(change.locator("[name=target]")).to_have_value("75 %")
    change.locator("[name=target]").fill("80 %")
    change.get_by_role("button", name="Keep").click()
    expect(standing).to_contain_text("37.5 %")  # 40 of 64
    expect(standing).to_contain_text("of 80 % promised")
    page.get_by_role("button", name="New burn alert").click()
    alert = page.get_by_role("form", name="New burn alert")
    alert.locator("[name=type]").select_option("budget_rate")
    alert.locator("[name=percent]").fill("20 %")
    alert.locator("[name=description]").fill("wake <b>up</b>")
    alert.locator("[name=to]").fill(hook.url)
    alert.get_by_role("button", name="Keep").click()
    row = page.locator("[data-burn-alert]")
    expect(row).to_contain_text("When 20 % of the budget is spent within 1 hour")
    assert cairn_process.until(lambda: hook.got)
    body = json.loads(hook.got[0][1])
    assert body["status"] == "TRIGGERED" and body["alert_type"] == "budget_rate" and body["trigger_description"] == "wake <b>up</b>"
    page.goto(body["result_url"])
    ready(page)
    expect(page.locator("[data-burn-alert] .badge")).to_have_text("burning")
    expect(page.locator("[data-burn-alert]")).to_contain_text("wake <b>up</b>")
    page.get_by_role("button", name="Test").click()
    expect(page.locator("[data-burn-alert]").get_by_role("status")).to_contain_text("The test arrived")


def test_the_form_waits_for_the_first_event(open_page, tmp_path):
    empty = cairn_process.Cairn(tmp_path).start()
    try:
        page = open_page(empty.url + "/ui/slos/new", 390)
        expect(page.locator(".teach")).to_contain_text("No event has come yet.")
        assert empty.request("POST", "/1/batch/shop", json.dumps([{"data": {"name": "cart"}}]), KEY).status == 200
        expect(page.get_by_role("form", name="New SLO").locator("[name=dataset]")).to_have_value("shop")
    finally:
        empty.stop()


def test_bad_events_are_compared_with_good_ones(server, open_page, made):
    page = open_page(f"{server.url}/ui/slos/{made}?t=60m")
    ready(page)
    expect(page.get_by_role("heading", name="carts <i>open</i> fast")).to_be_visible()
    bubble = page.locator(".bubble")
    expect(bubble).to_contain_text("40 of 320 events are bad")
    expect(bubble.get_by_role("group").first).to_have_attribute("aria-label", re.compile("^host"))
    expect(page.get_by_role("img", name="duration_ms of 320 events over time, 40 of them bad")).to_be_visible()
    page.get_by_role("link", name="Bad against good in Explore").click()
    page.wait_for_url("**/ui/explore?*")
    ready(page)
    expect(page.locator(".qb")).to_contain_text("cart_ok")
    expect(page.locator(".bubble")).to_contain_text("what cart_ok = false has in common")
    expect(page.locator(".bubble")).to_contain_text("40 of 320 events")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_objectives_load_clean(server, open_page, made, width, scheme):
    for path in ("/ui/slos", "/ui/slos/new", f"/ui/slos/{made}?t=60m"):
        page = open_page(server.url + path, width, scheme)
        ready(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(server.url + "/ui/slos")
    row = page.locator(f"[data-slo='{made}']")
    expect(row).to_contain_text("carts <i>open</i> fast")
    expect(row).to_contain_text("37.5 %")  # 40 of 64 that may fail


def test_an_objective_is_deleted_after_a_second_look(server, open_page, made):
    page = open_page(f"{server.url}/ui/slos/{made}")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete for good?").click()
    page.wait_for_url("**/ui/slos")
    expect(page.locator("[data-slo]")).to_have_count(1)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_days_of_a_period_are_told_below_its_charts(server, open_page, width):
    column = {"alias": f"days_{width}", "expression": "LT($duration_ms, 500)"}
    assert server.request("POST", "/1/derived_columns/shop", json.dumps(column), KEY).status == 201
    slo = {"name": f"days {width}", "sli": {"alias": column["alias"]}, "time_period_days": 7, "target_per_million": 800_000}
    page = open_page(f"{server.url}/ui/slos/{server.request('POST', '/1/slos/shop', json.dumps(slo), KEY).json()['id']}", width)
    charts = page.locator(".slo-chart svg")
    expect(charts).to_have_count(2)
    for chart in charts.all():
        days = [text for text in chart.locator("text").all_text_contents() if re.fullmatch(r"\d\d-\d\d", text)]
        assert len(days) >= 3, days
