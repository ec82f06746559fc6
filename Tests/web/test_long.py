# SPDX-License-Identifier: Apache-2.0
"""Names, messages and lists as long as they get: nothing pushes a page wider than its window, and what tells one thing from another is seen."""
import json
import pathlib
import re
import sys
import time

import pytest
from pages import ready
from playwright.sync_api import expect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import cairn_process  # noqa: E402

KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}
LONG = "checkout-orchestrator-with-a-very-long-name-that-somebody-thought-was-a-good-idea-eu-central-1-production-"
STATUS = "it failed because of " + "many things " * 20
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def call(server, method, path, body):
    reply = server.request(method, path, json.dumps(body), KEY)
    assert reply.status in (200, 201), reply
    return reply.json()


def spans(service, trace, error):
    now = time.time_ns()
    body = {"traceId": trace, "spanId": "00000000000000aa", "name": "SELECT * FROM orders WHERE " + "id = ? OR " * 30, "kind": 2, "startTimeUnixNano": str(now - 2 * 10**9), "endTimeUnixNano": str(now - 10**9),
            **({"status": {"code": 2, "message": STATUS}, "events": [{"name": "exception", "timeUnixNano": str(now - 10**9), "attributes": [
                {"key": "exception.type", "value": {"stringValue": "com.example.very.deep.package.name.orders.rendering.templates.OrderLost"}}, {"key": "exception.message", "value": {"stringValue": STATUS}}]}]} if error else {})}
    return {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}, "scopeSpans": [{"spans": [body]}]}]}


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    server = cairn_process.Cairn(tmp_path_factory.mktemp("long"), environment={"CAIRN_WEB_DIR": str(cairn_process.ROOT / "web")}).start()
    for n, end in enumerate(("blue", "green", "red")):
        for turn in range(30):
            call(server, "POST", "/v1/traces", spans(LONG + end, TRACE if n == turn == 0 else f"{n * 100 + turn + 1:032x}", turn % 3 == 0))
    assert cairn_process.until(lambda: server.get("errors")["items"]), "the failures make no item"
    lines = [{"time": time.time(), "data": {"body": f"a line without a trace {n}", "meta.signal_type": "log"}} for n in range(3)]
    call(server, "POST", "/1/batch/plain", lines)
    query = {"calculations": [{"op": "COUNT"}, {"op": "MAX", "column": "duration_ms"}], "breakdowns": ["service.name", "name"], "time_range": 3600}
    ident = call(server, "POST", "/1/queries/__all__", query)["id"]
    heat = call(server, "POST", "/1/queries/__all__", {"calculations": [{"op": "HEATMAP", "column": "duration_ms"}], "time_range": 3600})["id"]
    panels = [{"type": "query", "query_panel": {"query_id": q, "query_style": style}} for q in (ident, heat) for style in ("graph", "table", "combo")]
    board = call(server, "POST", "/1/boards", {"name": "A board with a long name " * 6, "type": "flexible", "panels": panels})["id"]
    yield server, board
    server.stop()


@pytest.mark.parametrize("width", [1440, 900, 390])
@pytest.mark.parametrize("path", ["/ui/services", "/ui/explore", "/ui/traces", f"/ui/trace/{TRACE}", "/ui/errors", "/ui/errors/ITEM", "/ui/boards", "/ui/boards/BOARD", "/ui/map", "/ui/logs"])
def test_no_page_is_wider_than_its_window(long, open_page, path, width):
    server, board = long
    item = server.get("errors")["items"][0]["id"]
    page = open_page(server.url + path.replace("BOARD", board).replace("ITEM", str(item)), width)
    ready(page)
    page.wait_for_timeout(200)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("""() => { const main = document.querySelector('main'); return [...main.children].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 120)); }""") == []


@pytest.mark.parametrize("width", [1440, 390])
def test_long_services_are_told_apart_and_have_their_figures(long, open_page, width):
    server, _ = long
    page = open_page(server.url + "/ui/services", width)
    ready(page)
    rows = page.locator(".page-services .tbl tbody tr")
    seen = """(row) => { const end = [...row.querySelectorAll('.parted > span')].at(-1).getBoundingClientRect(), p95 = [...row.querySelectorAll('td')][3].getBoundingClientRect();
      return end.width > 20 && end.right <= innerWidth && p95.right <= innerWidth && end.right <= [...row.querySelectorAll('td')][2].getBoundingClientRect().right; }"""
    found = rows.filter(has_text=LONG[:20])
    expect(found).to_have_count(3)
    assert all(found.nth(n).evaluate(seen) for n in range(3))


def test_a_board_shows_a_heatmap_in_any_style_and_the_figures_of_its_tables(long, open_page):
    server, board = long
    page = open_page(f"{server.url}/ui/boards/{board}")
    ready(page)
    expect(page.locator(".board-panel .plain-hm")).to_have_count(3)
    inside = page.evaluate("""() => [...document.querySelectorAll('.board-table')].map((t) => { const body = t.closest('.board-body').getBoundingClientRect(), cell = t.querySelector('tbody td.num').getBoundingClientRect(); return cell.left >= body.left && cell.right <= body.right + 1; })""")
    assert inside == [True] * len(inside) and inside
    phone = open_page(f"{server.url}/ui/boards/{board}", 390)
    ready(phone)
    assert phone.evaluate("[...document.querySelectorAll('.board-cell')].every((e) => e.getBoundingClientRect().height < 700)")


def test_errors_on_a_phone_offer_what_can_be_done_there(long, open_page):
    server, _ = long
    page = open_page(server.url + "/ui/errors", 390)
    ready(page)
    assert page.get_by_role("button", name="Merge").count() == 0
    page.get_by_text("Filters").click()
    page.locator(".fc label", has_text="error").first.click()
    expect(page).to_have_url(re.compile("level=error"))
    wide = open_page(server.url + "/ui/errors")
    ready(wide)
    expect(wide.get_by_role("button", name="Merge")).to_be_visible()
    expect(wide.locator(".fc label", has_text="error").first).to_be_visible()


def test_what_was_written_around_a_failure_is_found_without_a_trace_in_the_lines(long, open_page):
    server, _ = long
    call(server, "POST", "/1/markers/__all__", {"type": "deploy", "message": "checkout 7.1", "start_time": int(time.time()) - 600})
    page = open_page(server.url + "/ui/errors")
    ready(page)
    page.locator(".items tbody a").first.click()
    expect(page.locator(".after-deploy")).to_contain_text("after checkout 7.1")
    page.get_by_role("link", name="Open trace").click()
    expect(page).to_have_url(re.compile("span=00000000000000aa"))
    page.get_by_role("link", name="Lines around", exact=True).click()
    expect(page.get_by_text("a line without a trace").first).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="lines around it").click()
    expect(page.get_by_text("a line without a trace").first).to_be_visible()
    page.go_back()
    page.go_back()
    page.get_by_role("link", name="Log lines").click()
    page.get_by_role("button", name="All lines of this time").click()
    expect(page.get_by_text("a line without a trace").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_on_paper_is_light_and_tells_its_time_and_address(long, open_page, scheme):
    server, _ = long
    page = open_page(f"{server.url}/ui/services?t=2h", 1440, scheme)
    ready(page)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    head = page.locator("#on-paper")
    expect(head).to_be_visible()
    assert re.search(r"Last 2 h, .* UTC, printed \d{4}-\d\d-\d\d .* UTC, http://.*/ui/services", head.inner_text())
    assert not page.locator(".rail").is_visible() and not page.locator(".bar").is_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    charts = page.evaluate("[...document.querySelectorAll('.svc-chart svg')].map((e) => [e.getBoundingClientRect().width, e.parentElement.clientWidth, document.body.clientWidth])")
    assert charts and all(abs(width - room) < 2 and room < body for width, room, body in charts)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(head).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == scheme


def test_forced_colours_keep_what_only_a_colour_tells(long, open_page):
    server, _ = long
    page = open_page(server.url + "/ui/services")
    ready(page)
    swatch = "getComputedStyle(document.querySelector('.tbl .svc'), '::before').backgroundColor"
    before = page.evaluate(swatch)
    page.emulate_media(forced_colors="active")
    assert page.evaluate(swatch) == before
    assert page.evaluate("getComputedStyle(document.querySelector('.nav[aria-current]')).outlineStyle") == "solid"


def test_what_a_finger_meets_is_large_enough(long, open_page):
    server, _ = long
    for path, parts in (("/ui/explore", [".chip .x", ".results td > a.small", ".results .cell-value"]), ("/ui/logs", [".chip.groups"]), ("/ui/services", [".fails"])):
        page = open_page(server.url + path, 390)
        ready(page)
        for part in parts:
            page.locator(part).first.wait_for()
            small = page.evaluate(f"""[...document.querySelectorAll({json.dumps(part)})].map((e) => e.getBoundingClientRect()).filter((r) => r.width && (r.height < 24 || r.width < 24)).length""")
            assert small == 0, part
