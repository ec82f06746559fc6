# SPDX-License-Identifier: Apache-2.0
"""The pages by keys alone: where the focus is, where it goes when a page is drawn anew, charts and lines by arrows, menus that close."""
import json
import pathlib
import re
import sys
import time

import pytest
from pages import ready, until
from playwright.sync_api import expect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import cairn_process  # noqa: E402

KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}
FOCUSED = "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A server with sixty log lines and a span that failed."""
    server = cairn_process.Cairn(tmp_path_factory.mktemp("keys"), environment={"CAIRN_WEB_DIR": str(cairn_process.ROOT / "web")}).start()
    now = time.time_ns()
    records = [{"timeUnixNano": str(now - n * 10**9), "severityText": "INFO", "body": {"stringValue": f"line number {n}"}} for n in range(60)]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "teller"}}]}
    span = {"traceId": f"{now:032x}", "spanId": "00000000000000aa", "name": "GET /told", "kind": 2, "startTimeUnixNano": str(now - 10**9), "endTimeUnixNano": str(now - 9 * 10**8)}
    for path, body in (("/v1/logs", {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}), ("/v1/traces", {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]})):
        assert server.request("POST", path, json.dumps(body), {"content-type": "application/json"}).status == 200
    yield server.url
    server.stop()


def test_a_page_that_is_read_again_keeps_the_focus(mocked, open_page):
    page = open_page(mocked + "/ui/services")
    ready(page)
    head = page.get_by_role("columnheader", name="Errors").get_by_role("button")
    head.focus()
    page.keyboard.press("Enter")
    expect(head).to_be_focused()
    asked = len(page.request.get(mocked + "/mock/requests").json())
    page.keyboard.press("Shift+R")
    until(page, "!document.querySelector('[aria-busy=true]')")
    assert len(page.request.get(mocked + "/mock/requests").json()) >= min(200, asked)
    expect(head).to_be_focused()


def test_a_page_that_is_left_gives_the_focus_to_the_next_ones_content(mocked, open_page):
    page = open_page(mocked + "/ui/services")
    ready(page)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/explore*")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_clause_that_is_removed_leaves_the_focus_beside_it(mocked, open_page):
    page = open_page(mocked + "/ui/explore?c=COUNT&by=name&by=service.name")
    ready(page)
    page.get_by_role("button", name="Stop grouping by service.name").focus()
    page.keyboard.press("Enter")
    until(page, "!location.search.includes('service.name')")
    until(page, "document.activeElement !== document.body && document.activeElement.closest('.qb') !== null")
    page.get_by_role("button", name="Add column").focus()
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="Column").wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Add column")).to_be_focused()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_menu_closes_by_what_opened_it_and_lies_behind_it_for_the_tab_key(mocked, open_page, width):
    page = open_page(mocked + "/ui/services", width)
    ready(page)
    opener, menu = page.locator("#time-pick"), page.get_by_role("dialog", name="Time range")
    opener.click()
    expect(menu).to_be_visible()
    opener.click()
    expect(menu).to_have_count(0)
    expect(opener).to_have_attribute("aria-expanded", "false")
    opener.focus()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if not page.evaluate("document.querySelector('[popover]').contains(document.activeElement)"):
            break
    assert page.evaluate("document.querySelector('.bar').contains(document.activeElement)"), "behind the menu comes what stands behind its button"
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)


def test_a_chart_tells_its_values_by_arrows_and_zooms_by_enter(mocked, open_page):
    page = open_page(mocked + "/ui/services?t=2h")
    ready(page)
    chart = page.locator(".svc-chart").first
    chart.focus()
    page.keyboard.press("ArrowLeft")
    tip = chart.locator(".tip")
    expect(tip).to_be_visible()
    first = tip.inner_text()
    expect(page.locator("#say")).to_contain_text("Requests")
    page.keyboard.press("ArrowLeft")
    assert tip.inner_text() != first
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    for key in ("ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    expect(chart.locator(".zoom-band")).to_be_visible()
    page.keyboard.press("Enter")
    until(page, r"/t=\d+\.\.\d+/.test(location.search)")
    page.keyboard.press("z")
    until(page, "location.search.includes('t=2h')")


def test_the_tail_is_one_stop_and_its_lines_go_by_arrows(told, open_page):
    page = open_page(told + "/ui/logs?t=15m")
    tail = page.get_by_role("log")
    expect(tail.locator(".ln")).to_have_count(60)
    tail.focus()
    page.keyboard.press("ArrowUp")
    expect(tail.locator(".ln").last).to_be_focused()
    for _ in range(30):
        page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()  # who looks at an older line is not torn away from it
    page.keyboard.press("Enter")
    expect(tail.locator(".ln[aria-expanded=true]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.querySelector('.tail').contains(document.activeElement)")
    page.keyboard.press("Space")  # of a control it is the control's own key
    results = page.get_by_role("tab", name="Results")
    results.focus()
    page.keyboard.press("Space")
    expect(results).to_have_attribute("aria-selected", "true")
    expect(page.locator(".results-lines .ln").first).to_be_visible()
    assert page.locator(".results-lines .ln:not([tabindex='-1'])").count() == 0


def test_times_tell_their_zone_and_are_copied_as_others_read_them(told, open_page, browser):
    context = browser.new_context(timezone_id="Asia/Kolkata", permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(told + "/ui/traces?t=15m")
    ready(page)
    expect(page.locator("#zone")).to_have_text("UTC")
    moment = page.locator(".traces time").first
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z, .* ago", moment.get_attribute("title"))
    there = moment.get_attribute("datetime")
    page.locator("#zone").click()
    expect(page.locator("#zone")).to_have_text("UTC+5:30")
    expect(page.locator("#time-pick")).to_have_attribute("aria-label", re.compile(r"UTC\+5:30$"))
    expect(moment).to_have_attribute("title", re.compile(r"\+05:30, "))
    assert moment.get_attribute("datetime") == there
    page.get_by_role("link", name="teller GET /told").click()
    page.get_by_role("button", name="Copy the time").click()
    until(page, "document.querySelector('#say').textContent === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("+05:30") and page.evaluate(f"Date.parse({json.dumps(copied)})") == page.evaluate(f"Date.parse({json.dumps(there)})")
    page.goto(told + "/ui/traces?t=15m")
    page.locator("#time-pick").click()
    page.get_by_label("From", exact=True).fill("2026-11-01T10:00:00Z")
    page.get_by_label("To", exact=True).fill("1793527260")
    page.get_by_role("button", name="Apply").click()
    until(page, "location.search.includes('t=1793527200..1793527260')")
    context.close()
