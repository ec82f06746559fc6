# SPDX-License-Identifier: Apache-2.0
"""The page of services: the finding in words, and its charts."""
import time
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from pages import box_of, ready, until


def test_services_say_the_finding_first(open_page, mocked):
    page = open_page(mocked + "/")
    ready(page)
    assert "times slower at P95" in page.locator(".lead").inner_text()
    assert page.locator(".tbl tbody tr").count() == 13
    page.get_by_role("button", name="P95").click()
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("P95")
    page.keyboard.press("f")
    page.keyboard.type("pay")
    assert page.locator(".tbl tbody tr").count() == 1
    page.locator(".tbl tbody a.inkless").click()
    page.wait_for_url("**/ui/explore?*payments*")


def test_drag_on_a_chart_zooms_and_z_undoes(open_page, mocked):
    page = open_page(mocked + "/ui/services")
    ready(page)
    page.wait_for_selector(".svc-chart svg")
    box = box_of(page.locator(".svc-chart").first)
    page.mouse.move(box["x"] + 200, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 320, box["y"] + 70, steps=5)
    page.mouse.up()
    until(page, "/t=\\d+\\.\\.\\d+/.test(location.search)")
    page.keyboard.press("z")
    until(page, "location.search.includes('t=1h')")


def test_what_only_the_slowest_requests_feel_is_said_at_p99(open_page, mocked):
    """One request in fifty got slower: P95 sees nothing of it, the lead, the chart and the table tell it at P99."""
    def tail(route):
        answer = route.fetch().json()
        count = answer["series"]["count"]
        for line in answer["series"]["services"]:
            late = [90 if line["name"] == "payments" and step > count * 0.6 else 20 for step in range(count)]
            line.update(requests=[100] * count, errors=[0] * count, p95_ms=[10] * count, p99_ms=late)
        route.fulfill(json=answer)

    page = open_page("about:blank")
    page.route("**/api/cairn/services?*", tail)
    page.goto(mocked + "/ui/services")
    ready(page)
    lead = " ".join(page.locator(".lead").inner_text().split())
    assert "payments is 4.5 times slower at P99 than when this range began: 90.0 ms, was 20.0 ms, since" in lead
    assert page.locator("#slow-title").inner_text() == "P99 duration"
    row = page.locator(".tbl tbody tr", has_text="payments")
    assert row.locator("td.t-warn").count() == 1 and "▲" in row.locator("td.t-warn").inner_text()
    assert page.locator(".tbl tbody tr td.t-warn").count() == 1
    # Where the column has no room, the row says it.
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator(".tbl tbody tr .slow-tail:visible").all_inner_texts() == ["▲ P99 " + row.locator("td.t-warn").text_content().removeprefix("▲ ")]
    page.set_viewport_size({"width": 1440, "height": 900})
    assert page.locator(".tbl tbody tr .slow-tail:visible").count() == 0
    # From the headline to what the slow ones have in common: a box from where it began, open to the top, that BubbleUp explains.
    page.get_by_role("link", name="what its slow requests have in common").click()
    page.wait_for_selector(".bubble .dim1")
    assert parse_qs(urlsplit(page.url).query)["box"][0].startswith("duration_ms|42.4264|3600000|")
    assert page.locator(".bubble header").inner_text().startswith("BubbleUp\nwhat the box has in common")
    page.go_back()
    page.get_by_role("link", name="90.0 ms, was 20.0 ms").click()
    page.wait_for_url("**/ui/traces?*service=payments*min=42.4*order=slowest*")


def test_what_began_before_the_range_is_said(open_page, mocked):
    """A quarter of an hour within an incident of an hour: nothing changes in it, and that is no all-clear."""
    began = time.time() - 3000

    def slow(route):
        answer = route.fetch().json()
        series = answer["series"]
        for line in series["services"]:
            at = [series["start_us"] / 1e6 + step * series["step_us"] / 1e6 for step in range(series["count"])]
            # Nothing is known of what was before the first third of two hours.
            line.update(requests=[100 if one > time.time() - 4800 else 0 for one in at], errors=[0] * len(at), p99_ms=[300] * len(at), p95_ms=[None if one < time.time() - 4800 else 90 if line["name"] == "payments" and one >= began else 20 for one in at])
        for one in answer["services"]:
            one.update(errors=0, error_rate=0)
        route.fulfill(json=answer)

    page = open_page("about:blank")
    page.route("**/api/cairn/services?*", slow)
    page.goto(mocked + "/ui/services?t=15m")
    page.wait_for_selector(".lead [data-before] a")
    lead = " ".join(page.locator(".lead").inner_text().split())
    assert lead.startswith("Nothing got slower or fails more since this range began:")
    assert "But payments is 4.5 times slower at P95, 90.0 ms, was 20.0 ms, since " in lead and lead.endswith("before this range began. Look at 2 h.")
    page.get_by_role("link", name="Look at 2 h").click()
    page.wait_for_url("**/ui/services?t=2h")
    expect(page.locator(".lead [data-before]")).to_have_count(0)
    assert "payments is 4.5 times slower at P95 than when this range began" in " ".join(page.locator(".lead").inner_text().split())


def test_few_failures_are_no_headline_over_many(open_page, mocked):
    """1 of 2 is half, but 400 of 1000 is what to look at; 3 of 3 is told, behind it, and the chart of errors draws in the same order."""
    failures = {"edge": (2, 1), "payments": (1000, 400), "auth": (3, 3)}

    def failing(route):
        answer = route.fetch().json()
        count = answer["series"]["count"]
        for one in answer["services"]:
            requests, errors = failures.get(one["name"], (100, 0))
            one.update(requests=requests, errors=errors, error_rate=errors / requests)
        for line in answer["series"]["services"]:
            line.update(requests=[9] * count, errors=[0] * count, p95_ms=[10] * count, p99_ms=[20] * count)
        route.fulfill(json=answer)

    page = open_page("about:blank")
    page.route("**/api/cairn/services?*", failing)
    page.goto(mocked + "/ui/services")
    ready(page)
    assert " ".join(page.locator(".lead").inner_text().split()).startswith("payments fails 40 % of its requests: 400 of 1,000.")
    assert page.locator(".lead").inner_text().endswith("Above 5 % too: auth, edge.")
    assert page.locator(".panel[aria-labelledby=er-title] header .row .small").all_inner_texts() == ["payments", "auth", "edge"]
