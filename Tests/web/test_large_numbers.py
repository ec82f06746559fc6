# SPDX-License-Identifier: Apache-2.0
"""Whole numbers beyond 2^53, which a browser's numbers round: shown by their digits, and a click on one finds its event and no neighbour's."""
import json
import pathlib
import re
import sys
import time

import pytest
from playwright.sync_api import expect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import cairn_process  # noqa: E402

ORDERS = [9007199254740992, 9007199254740993, 9007199254740994, -9223372036854775808]
LARGE = "9007199254740993"


def attributes(values):
    return [{"key": key, "value": value} for key, value in values.items()]


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    """A server, and the trace of the order with the large number; each order is a span and a line."""
    server = cairn_process.Cairn(tmp_path_factory.mktemp("orders"), environment={"CAIRN_WEB_DIR": str(cairn_process.ROOT / "web")}).start()
    now, resource = time.time_ns() - 60 * 10**9, {"attributes": attributes({"service.name": {"stringValue": "shop"}})}
    spans = [{"traceId": f"{n + 1:032x}", "spanId": f"{n + 1:016x}", "name": f"order {n}", "kind": 2, "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 10**6),
              "attributes": attributes({"order.id": {"intValue": str(order)}})} for n, order in enumerate(ORDERS)]
    lines = [{"timeUnixNano": str(now), "severityText": "INFO", "body": {"stringValue": f"line {n}"}, "attributes": attributes({"order.id": {"intValue": str(order)}})} for n, order in enumerate(ORDERS)]
    for path, body in (("traces", {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}), ("logs", {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": lines}]}]})):
        assert server.request("POST", f"/v1/{path}", json.dumps(body), {"content-type": "application/json"}).status == 200
    yield server.url, f"{2:032x}"
    server.stop()


def test_a_click_on_a_spans_attribute_finds_that_span(orders, open_page):
    url, trace = orders
    page = open_page(f"{url}/ui/trace/{trace}?span={2:016x}")
    page.get_by_role("link", name=LARGE).click()
    expect(page).to_have_url(re.compile(f"order.id.*{LARGE}"))
    expect(page.get_by_text("2 events of")).to_be_visible()  # the span and its line
    expect(page.get_by_role("button", name=f"order.id = {LARGE}").first).to_be_visible()
    page.reload()
    expect(page.get_by_text("2 events of")).to_be_visible()


def test_groups_are_told_apart_and_lead_to_their_own_traces(orders, open_page):
    url, trace = orders
    page = open_page(f"{url}/ui/explore?t=1h&c=COUNT&by=order.id")
    rows = page.locator(".results tbody tr")
    expect(rows).to_have_count(4)
    for order in ORDERS:
        expect(page.get_by_role("button", name=f"order.id {order}: add as a filter")).to_have_count(1)
    page.get_by_role("link", name=f"Traces of {LARGE}").click()
    expect(page.get_by_role("link", name="order 1")).to_have_count(1)
    expect(page.get_by_role("link", name="order 0")).to_have_count(0)
    page.go_back()
    page.get_by_role("button", name=f"order.id {LARGE}: add as a filter").click()
    expect(rows).to_have_count(1)
    expect(page.get_by_text("2 events of")).to_be_visible()


def test_a_typed_number_is_taken_by_its_digits(orders, open_page):
    page = open_page(f"{orders[0]}/ui/explore?t=1h&c=COUNT&by=order.id&f=" + json.dumps(["order.id", "=", 1], separators=(",", ":")))
    page.get_by_role("button", name="order.id = 1").first.click()
    value = page.get_by_role("combobox", name="Value")
    value.fill(LARGE)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("button", name=f"order.id {LARGE}: add as a filter")).to_have_count(1)
    expect(page.locator(".results tbody tr")).to_have_count(1)


def test_a_line_shows_its_number_and_a_click_finds_it(orders, open_page):
    page = open_page(f"{orders[0]}/ui/logs?t=1h")
    page.get_by_role("tab", name="Results").click()
    page.get_by_role("button", name="line 1").first.click()
    expect(page.locator(".x-n", has_text=LARGE)).to_have_count(1)
    page.get_by_role("button", name="order.id", exact=True).click()
    expect(page.get_by_text("1 row ·")).to_be_visible()
