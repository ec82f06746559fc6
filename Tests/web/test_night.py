# SPDX-License-Identifier: Apache-2.0
"""What a page does when things are not as they should be: a trace that is not there yet, a server that is away, a query that is wrong, too many groups."""
import json
import pathlib
import re
import sys
import time

import pytest
from playwright.sync_api import expect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import cairn_process  # noqa: E402

KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    server = cairn_process.Cairn(tmp_path_factory.mktemp("night"), environment={"CAIRN_WEB_DIR": str(cairn_process.ROOT / "web")}).start()
    now = time.time()
    events = [{"time": now - n % 600, "data": {"name": "work", "user.id": f"u-{n}", "duration_ms": n % 90}} for n in range(1500)]
    assert server.request("POST", "/1/batch/wide", json.dumps(events), KEY).status == 200
    yield server
    server.stop()


def send_span(server, trace_id, span_id, parent, name, start=None):
    start = start or time.time_ns()
    span = {"traceId": trace_id, "spanId": span_id, "parentSpanId": parent, "name": name, "kind": 2, "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + 50_000_000)}
    body = {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "late"}}]}, "scopeSpans": [{"spans": [span]}]}]}
    assert server.request("POST", "/v1/traces", json.dumps(body), {"content-type": "application/json"}).status == 200


def test_a_trace_that_is_not_there_yet_opens_when_it_comes_and_tells_what_follows(night, open_page):
    trace_id = f"{time.time_ns():032x}"
    page = open_page(f"{night.url}/ui/trace/{trace_id}", allow=("404",))
    expect(page.get_by_text("Looking again every 2 seconds")).to_be_visible()
    send_span(night, trace_id, "00000000000000aa", "00000000000000bb", "child first")
    expect(page.get_by_role("heading", name="child first").first).to_be_visible()
    expect(page.get_by_text("root never came")).to_be_visible()
    send_span(night, trace_id, "00000000000000bb", "", "the parent at last")
    expect(page.get_by_text("1 more span of this trace came since.")).to_be_visible()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("heading", name="the parent at last").first).to_be_visible()
    expect(page.get_by_text("root never came")).to_have_count(0)


def test_a_clock_that_differs_is_named(night, open_page):
    trace_id, now = f"{time.time_ns():032x}", time.time_ns()
    send_span(night, trace_id, "00000000000000a1", "", "GET /skewed", now)
    send_span(night, trace_id, "00000000000000a2", "00000000000000a1", "on another host", now - 5_000_000_000)
    page = open_page(f"{night.url}/ui/trace/{trace_id}")
    expect(page.get_by_text("5.00 s").first).to_be_visible()
    expect(page.get_by_text("the clocks of their hosts differ")).to_be_visible()


def test_the_rest_of_many_groups_is_the_rest_of_everything(night, open_page):
    """More groups than are told: the grey line stands for all of them, so that the sums of the chart are the events' number."""
    page = open_page(f"{night.url}/ui/explore?t=15m&ds=wide&c=COUNT&by=user.id")
    expect(page.get_by_text("cut at the limit")).to_be_visible()
    page.wait_for_selector(".line-chart svg")
    expect(page.locator(".legend").get_by_text("the rest")).to_be_visible()
    highest = page.locator(".line-chart svg text.ax[text-anchor=end]").all_text_contents()
    assert max(float(text.replace(",", "")) for text in highest) > 10, highest  # of the 100 groups shown alone no step has as many


def test_a_wrong_query_is_marked_at_its_place_and_what_was_meant_is_offered(night, open_page):
    page = open_page(f"{night.url}/ui/logs?t=15m&q=filter%20severity%20%3D%20%22error%22%20%7C%20stat%20count(*)%20by%20bin(5m)", allow=("400", "422"))
    expect(page.locator(".x-wrong")).to_have_text("stat")
    expect(page.get_by_text("Unknown command 'stat', at character 29.")).to_be_visible()
    page.get_by_role("button", name="Use stats").click()
    expect(page).to_have_url(re.compile("stats\\+count"))
    expect(page.locator(".x-wrong")).to_have_count(0)
    page.goto(f"{night.url}/ui/map?x=service(%22api%22)%20%7B%20fault")
    expect(page.locator(".map-problem")).to_contain_text("expected }")
    expect(page.get_by_label("Filter expression")).to_have_attribute("aria-invalid", "true")


def test_what_was_meant_is_offered_however_late_the_language_is_known(night, open_page):
    page = open_page(f"{night.url}/ui/send", allow=("400", "422"))
    held = []
    page.route("**/api/cairn/logs/language", lambda route: held.append(route))
    page.goto(f"{night.url}/ui/logs?t=15m&q=stat%20count(*)%20by%20bin(5m)")
    expect(page.locator(".x-wrong")).to_have_text("stat")
    held[0].continue_()
    page.get_by_role("button", name="Use stats").click()
    expect(page.locator(".x-wrong")).to_have_count(0)


@pytest.mark.parametrize("columns", [["@timestamp", "@message"], ["@timestamp", "@message", "level"]])
def test_what_is_open_stays_open_while_an_answer_grows(night, open_page, columns):
    page = open_page(f"{night.url}/ui/send")
    state = {"count": 30, "status": "Running"}

    def answer(route):
        rows = [[f"2026-11-27 09:00:{59 - n:02}.000", f"line {n}", "info"][:len(columns)] for n in range(state["count"])]
        route.fulfill(json={"status": state["status"], "reason": None, "columns": columns, "rows": rows, "pointers": [f"p{n}" for n in range(len(rows))],
                            "groups": ["api"] * len(rows), "statistics": {"matched": len(rows), "scanned": 90, "bytes": 900}, "duration_ms": 3})
    page.route("**/api/cairn/logs/queries", lambda route: route.fulfill(json={"id": "q"}))
    page.route("**/api/cairn/logs/queries/q", answer)
    page.route("**/api/cairn/logs/record?*", lambda route: route.fulfill(json={"us": 1, "dataset": "api", "fields": {"colour": "teal"}}))
    page.goto(f"{night.url}/ui/logs?t=15m&q=fields%20{'%2C'.join(columns).replace('@', '%40')}")
    page.get_by_role("button", name="line 20" if len(columns) == 2 else "open").nth(0 if len(columns) == 2 else 20).click()
    detail = page.get_by_text("\"teal\"")
    expect(detail).to_be_visible()
    at = page.locator(".results .tail, .results .scroll-x").first.evaluate("e => e.scrollTop")
    state["count"] = 45
    expect(page.get_by_text("line 44")).to_have_count(1)
    expect(detail).to_be_visible()
    state.update(count=50, status="Complete")
    expect(page.get_by_text("50 rows ·")).to_be_visible()
    expect(detail).to_be_visible()
    assert page.locator(".results .tail, .results .scroll-x").first.evaluate("e => e.scrollTop") == at


def test_a_click_arrives_though_the_answer_grows_meanwhile(night, open_page):
    page = open_page(f"{night.url}/ui/send")
    state = {"first": 20, "status": "Running"}

    def answer(route):
        numbers = range(state["first"], 40)
        route.fulfill(json={"status": state["status"], "reason": None, "columns": ["@timestamp", "@message"], "rows": [[f"2026-11-27 09:00:{n}.000", f"line {n}"] for n in numbers],
                            "pointers": [f"p{n}" for n in numbers], "groups": ["api"] * len(numbers), "statistics": {"matched": 9, "scanned": 90, "bytes": 900}, "duration_ms": 3})
    page.route("**/api/cairn/logs/queries", lambda route: route.fulfill(json={"id": "q"}))
    page.route("**/api/cairn/logs/queries/q", answer)
    page.route("**/api/cairn/logs/record?*", lambda route: route.fulfill(json={"us": 1, "dataset": "api", "fields": {"colour": "teal"}}))
    page.goto(f"{night.url}/ui/logs?t=15m&q=fields%20%40timestamp%2C%40message", wait_until="commit")
    page.get_by_role("button", name="line 20").hover()
    page.mouse.down()
    # Rows come behind it, then the whole answer.
    state.update(first=15, status="Complete")
    expect(page.locator(".results .ln")).to_have_count(25)
    page.get_by_role("button", name="line 20").hover()
    page.mouse.up()
    expect(page.get_by_text("teal")).to_be_visible()


@pytest.mark.parametrize("columns", [["@timestamp", "@message"], ["@timestamp", "@message", *"abcdefghij"]])
def test_the_focus_and_both_ways_of_scrolling_stay_while_an_answer_grows(night, open_page, columns):
    """All rows look alike to whoever has the focus: the row is found again by what it is."""
    page = open_page(f"{night.url}/ui/send", 390)
    state = {"count": 60, "status": "Running"}

    def answer(route):
        rows = [["2026-11-27 09:00:00.000", "the same line " * 30, *("a_long_value_of_the_column" for _ in columns[2:])] for n in range(state["count"])]
        route.fulfill(json={"status": state["status"], "reason": None, "columns": columns, "rows": rows, "pointers": [f"p\\{n}" for n in range(len(rows))],
                            "groups": ["api"] * len(rows), "statistics": {"matched": len(rows), "scanned": 90, "bytes": 900}, "duration_ms": 3})
    page.route("**/api/cairn/logs/queries", lambda route: route.fulfill(json={"id": "q"}))
    page.route("**/api/cairn/logs/queries/q", answer)
    page.goto(f"{night.url}/ui/logs?t=15m&q=fields%20{'%2C'.join(columns).replace('@', '%40')}", wait_until="commit")
    rows = page.locator(".results .ln" if len(columns) == 2 else ".results tbody button")
    expect(rows).to_have_count(60)
    rows.nth(40).focus()
    # Found and read in one step: each answer may put another in its place.
    scrolled = """left => { const e = document.querySelector('.results .tail, .results .scroll-x'); if (left) e.scrollLeft = left;
      return [e.scrollLeft, e.scrollTop, e.scrollWidth > e.clientWidth]; }"""
    at = page.evaluate(scrolled, 30)
    assert at[0] > 0 or len(columns) == 2
    state.update(count=70, status="Complete")
    expect(rows).to_have_count(70)
    assert page.evaluate("e => e === document.activeElement", rows.nth(40).element_handle())
    assert page.evaluate(scrolled, 0) == at


@pytest.mark.parametrize("width", [1440, 390])
def test_a_record_without_text_shows_what_it_carries(night, open_page, width):
    record = {"timeUnixNano": str(time.time_ns()), "severityNumber": 9, "eventName": "cart.emptied", "attributes": [{"key": "cart.id", "value": {"stringValue": f"c-{width}"}}]}
    body = {"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": f"wordless-{width}"}}]}, "scopeLogs": [{"logRecords": [record]}]}]}
    assert night.request("POST", "/v1/logs", json.dumps(body), {"content-type": "application/json"}).status == 200
    page = open_page(f"{night.url}/ui/logs?t=15m&g=wordless-{width}", width)
    expect(page.get_by_role("log").locator(".ln")).to_contain_text(f"cart.emptied  cart.id=c-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_time_that_is_over_has_results_and_no_live_tail(night, open_page):
    page = open_page(f"{night.url}/ui/logs?t=1000000..1000600")
    expect(page.get_by_role("tab", name="Results")).to_have_attribute("aria-selected", "true")


def test_live_waits_for_an_answer_that_takes_longer_than_its_pause(night, open_page):
    page = open_page(f"{night.url}/ui/explore?t=15m")
    expect(page.locator("main .busy")).to_have_count(0)
    asked, held = [], []
    page.route("**/api/cairn/query", lambda route: (asked.append(route.request), held.append(route)))
    page.on("requestfailed", lambda request: asked.append(None))
    page.clock.install()
    page.get_by_role("button", name="Live").click()
    page.clock.run_for(5_100)
    expect(page.locator("main .busy")).not_to_have_count(0)
    count = len(asked)
    page.clock.run_for(16_000)
    assert count and len(asked) == count, "nothing is asked again, and nothing is broken off, while an answer is awaited"
    for route in held:
        route.continue_()


def test_what_a_page_shows_stays_while_the_server_is_away(night, open_page):
    send_span(night, f"{time.time_ns():032x}", "00000000000000aa", "", "GET /kept")
    page = open_page(f"{night.url}/ui/services?t=15m", allow=("ERR_CONNECTION", "Failed to load"))
    expect(page.get_by_role("heading", name="Requests")).to_be_visible()
    page.route("**/api/cairn/services?*", lambda route: route.abort("connectionrefused"))
    page.keyboard.press("Shift+R")
    expect(page.get_by_text("Cairn does not answer.")).to_be_visible()
    expect(page.get_by_role("heading", name="Requests")).to_be_visible()
    page.unroute("**/api/cairn/services?*")
    expect(page.get_by_text("Cairn does not answer.")).to_have_count(0)
    expect(page.get_by_role("heading", name="Requests")).to_be_visible()


def test_a_page_of_many_parts_says_once_that_the_server_is_away(night, open_page):
    trace_id = f"{time.time_ns():032x}"
    send_span(night, trace_id, "00000000000000aa", "", "kept in view")
    page = open_page(f"{night.url}/ui/logs?t=15m", allow=("ERR_CONNECTION", "Failed to load"))
    expect(page.get_by_role("heading", name="Patterns")).to_be_visible()
    for path, heading in (("/ui/logs?t=15m", "Patterns"), (f"/ui/trace/{trace_id}", "kept in view")):
        page.goto(night.url + path)
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        page.route("**/api/cairn/**", lambda route: route.abort("connectionrefused"))
        page.keyboard.press("Shift+R")
        expect(page.get_by_text("Cairn does not answer.")).to_have_count(1)
        expect(page.get_by_text("This is what it said at")).to_be_visible()
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()
        page.unroute("**/api/cairn/**")
        expect(page.get_by_text("Cairn does not answer.")).to_have_count(0)


def test_a_part_that_never_came_and_one_of_another_question_are_no_old_answer(night, open_page):
    trace_id = f"{time.time_ns():032x}"
    send_span(night, trace_id, "00000000000000aa", "", "first of two")
    send_span(night, trace_id, "00000000000000ab", "00000000000000aa", "second of two")
    page = open_page(f"{night.url}/ui/trace/{trace_id}?span=00000000000000aa", allow=("ERR_CONNECTION", "Failed to load"))
    panel, away, missing = page.get_by_role("complementary", name="Span"), page.get_by_text("Cairn does not answer."), page.get_by_text("No answer yet.")
    expect(panel.get_by_text("span_id", exact=False).first).to_be_visible()
    page.route("**/api/cairn/**", lambda route: route.abort("connectionrefused"))
    page.keyboard.press("j")
    expect(missing).to_have_count(1)
    expect(away).to_have_count(1)
    expect(page.get_by_text("Is the server running?")).to_be_visible()
    page.keyboard.press("Shift+R")
    expect(page.get_by_text("This is what it said at")).to_be_visible()
    assert away.count() == 1 and missing.count() == 1
    page.unroute("**/api/cairn/**")
    expect(away).to_have_count(0)
    expect(missing).to_have_count(0)
    expect(panel.get_by_text("second of two").first).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_column_that_is_not_there_is_named_and_near_ones_are_offered(night, open_page, width):
    page = open_page(f"{night.url}/ui/explore?t=15m&ds=wide&c=COUNT&c=P95(duratoin_ms)&by=user_id", width)
    said = page.locator("[data-missing]")
    expect(said).to_contain_text("No event of wide has the column duratoin_ms.")
    expect(page.locator(".chip.bad")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Use duration_ms instead of duratoin_ms").click()
    expect(page).to_have_url(re.compile(re.escape("P95%28duration_ms%29")))
    expect(said).to_have_text(re.compile("^No event of wide has the column user_id"))
    page.get_by_role("button", name="Use user.id instead of user_id").click()
    expect(page).to_have_url(re.compile("by=user.id"))
    expect(page.locator(".results tbody tr").first).to_contain_text("u-")
    expect(said).to_have_count(0)


def test_a_trace_leads_to_what_went_out_before_it(night, open_page):
    marker = {"type": "deploy", "message": "late 7.1", "start_time": int(time.time()) - 240}
    assert night.request("POST", "/1/markers/__all__", json.dumps(marker), KEY).status == 201
    trace_id = f"{time.time_ns():032x}"
    send_span(night, trace_id, "00000000000000c1", "", "GET /after")
    page = open_page(f"{night.url}/ui/trace/{trace_id}")
    expect(page.locator(".after-deploy")).to_have_text("4 min after late 7.1")
    page.get_by_role("button", name="late 7.1").click()
    page.get_by_role("dialog", name="deploy: late 7.1").get_by_role("link", name="Just before and after").click()
    expect(page).to_have_url(re.compile("/ui/services"))
