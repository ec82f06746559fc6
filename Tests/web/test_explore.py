# SPDX-License-Identifier: Apache-2.0
"""Explore: the heatmap, its box and BubbleUp, the clauses of a question, what is wrong with one."""
import json
import re
import time
import urllib.request

import pytest

from pages import box_of, ready, until


def call(url, method="GET"):
    with urllib.request.urlopen(urllib.request.Request(url, method=method)) as answer:
        return json.load(answer)


EXPLORE = "/ui/explore?c=HEATMAP(duration_ms)&c=COUNT&by=app.version&f=" + urllib.request.quote('["service.name","=","checkout-api"]')


def drag_box(page):
    page.wait_for_selector(".hm svg line", state="attached")
    box = box_of(page.locator(".hm"))
    page.mouse.move(box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.05)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.2, steps=5)
    page.mouse.move(box["x"] + box["width"] * 0.98, box["y"] + box["height"] * 0.30, steps=5)
    page.mouse.up()


def alike(steps=None):
    """A handler that gives every step of an answer the same count: how many fell into a short one is chance."""
    def handle(route):
        answer = route.fetch().json()
        if answer.get("series"):
            answer["series"]["count"] = steps or answer["series"]["count"]
            for one in answer["series"]["values"]:
                one["COUNT"] = [7] * answer["series"]["count"]
        route.fulfill(json=answer)
    return handle


def test_bars_of_a_table_are_as_tall_as_their_steps(open_page, mocked):
    """61 steps on room for 60 bars: the one that has two of them is not twice as tall."""
    page = open_page("about:blank")
    page.route("**/api/cairn/query*", alike(steps=61))
    page.goto(f"{mocked}/ui/explore?t=1h&c=COUNT&by=service.name")
    ready(page)
    bars = page.locator(".results tbody tr").first.locator("svg path").last.get_attribute("d")
    assert len(set(re.findall(r"v-([\d.]+)h", bars))) == 1, bars


@pytest.mark.parametrize("view, mark", [("c=COUNT", "rect[data-part]"), ("c=COUNT&by=service.name", "path[data-part]")])
def test_steps_that_are_not_whole_do_not_look_like_a_fall(open_page, mocked, view, mark):
    # Begun inside a step: the last 55 minutes may begin with a whole one.
    now = int(time.time())
    page = open_page("about:blank")
    page.route("**/api/cairn/query*", alike())
    page.goto(f"{mocked}/ui/explore?t={(now - 3300) // 60 * 60 + 17}..{now}&{view}")
    ready(page)
    assert page.locator(".line-chart").first.locator(mark).count() > 0
    assert "step not whole" in page.locator(".legend").first.inner_text()
    chart = page.locator(".line-chart").first
    box = box_of(chart)
    page.mouse.move(box["x"] + 50, box["y"] + 60)
    until(page, "/to .*, only \\d+ s of it/.test(document.querySelector('.tip').textContent)")
    # A time of whole steps that is over has none.
    start = now // 3600 * 3600 - 7200
    page.goto(f"{mocked}/ui/explore?t={start}..{start + 3600}&{view}")
    ready(page)
    assert page.locator(".line-chart").first.locator("[data-part]").count() == 0 and "not whole" not in page.locator(".legend").first.inner_text()


def test_box_on_the_heatmap_asks_bubbleup_and_shows_the_cause(open_page, mocked):
    page = open_page(mocked + EXPLORE)
    ready(page)
    page.wait_for_timeout(200)
    with page.expect_request(lambda r: r.url.endswith("/api/cairn/bubbleup") and '"box"' in (r.post_data or "")) as asked:
        drag_box(page)
    box = json.loads(asked.value.post_data)["selection"]["box"]
    assert box["column"] == "duration_ms" and box["max"] > box["min"] > 0 and box["end"] > box["start"]
    page.wait_for_selector(".bubble .dim1")
    assert "fraud.mode" in page.locator(".bubble .dim1").first.inner_text()
    assert "box=" in page.url
    page.locator(".bub", has_text="sync").first.click()
    until(page, "decodeURIComponent(location.search).includes('fraud.mode')")
    page.go_back()
    page.go_back()
    until(page, "!location.search.includes('box=')")


def test_without_a_box_errors_are_compared(open_page, mocked):
    with_requests = open_page(mocked + "/ui/explore")
    ready(with_requests)
    with_requests.wait_for_selector(".bubble .dim1, .bubble .empty")
    assert "errors" in with_requests.locator(".bubble header").inner_text()


def test_box_by_keyboard(open_page, mocked):
    page = open_page(mocked + EXPLORE)
    ready(page)
    page.wait_for_selector(".hm svg line", state="attached")
    page.locator(".hm").focus()
    page.keyboard.press("b")
    until(page, "location.search.includes('box=')")
    first = page.url
    page.keyboard.press("ArrowRight")
    until(page, f"location.href !== {json.dumps(first)}")
    second = page.url
    page.keyboard.press("Shift+ArrowDown")
    until(page, f"location.href !== {json.dumps(second)}")
    page.keyboard.press("Escape")
    until(page, "!location.search.includes('box=')")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/traces?*and=*duration_ms*")


def test_click_on_a_cell_opens_its_traces(open_page, mocked):
    page = open_page(mocked + EXPLORE)
    ready(page)
    page.wait_for_selector(".hm svg line", state="attached")
    at = page.evaluate("""() => { const c = document.querySelector('.hm canvas'), g = c.getContext('2d'), r = devicePixelRatio, b = c.getBoundingClientRect();
      for (let y = 20; y < b.height - 30; y += 3) for (let x = 60; x < b.width - 20; x += 3) if (g.getImageData(x * r, y * r, 1, 1).data[3]) return [b.left + x, b.top + y]; }""")
    page.mouse.click(*at)
    page.wait_for_url("**/ui/traces?*")
    ready(page)
    assert page.locator(".traces tbody tr").count() >= 1


def test_clauses_are_edited_and_live_in_the_url(open_page, mocked):
    page = open_page(mocked + "/ui/explore")
    ready(page)
    page.get_by_role("button", name="Add filter").click()
    page.keyboard.type("fraud")
    page.wait_for_selector("[role=option]:has-text('fraud.mode')")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=option]:has-text('sync')")
    page.keyboard.type("sync")
    page.keyboard.press("Enter")
    until(page, "decodeURIComponent(location.search.replaceAll('+', ' ')).includes('[\"fraud.mode\",\"=\",\"sync\"]')")
    page.get_by_role("button", name="Add column").click()
    page.keyboard.type("app.ver")
    page.wait_for_selector("[role=option]:has-text('app.version')")
    page.keyboard.press("Enter")
    until(page, "location.search.includes('by=app.version')")
    page.get_by_role("button", name="Add calculation").click()
    page.get_by_label("Calculation", exact=True).select_option("MAX")
    page.wait_for_selector("[role=option]:has-text('duration_ms')")
    page.locator("[role=option]", has_text="duration_ms").click()
    until(page, "decodeURIComponent(location.search).includes('MAX(duration_ms)')")
    ready(page)
    page.wait_for_selector("th:has-text('MAX(duration_ms)')")
    page.get_by_role("button", name="Add having").click()
    page.get_by_label("Number", exact=True).fill("5")
    page.get_by_role("button", name="Apply").click()
    until(page, "new URLSearchParams(location.search).get('h') === '[\"COUNT\",\">\",5]'")
    page.get_by_role("button", name="Remove Filter fraud.mode").click()
    until(page, "!location.search.includes('fraud')")
    before = page.url
    page.reload()
    ready(page)
    assert page.url == before and page.locator(".chip", has_text="MAX").count() == 1


def test_any_of_turns_and_head_orders(open_page, mocked):
    filters = "&".join("f=" + urllib.request.quote(f) for f in ('["service.name","=","payments"]', '["service.name","=","auth"]'))
    page = open_page(mocked + "/ui/explore?c=COUNT&by=service.name&any=1&" + filters)
    ready(page)
    assert page.locator(".results tbody tr").count() == 2
    page.locator("th button", has_text="COUNT").click()
    until(page, "location.search.includes('o=COUNT')")
    page.get_by_role("button", name="Where any").click()
    until(page, "!location.search.includes('any=1')")


def test_error_says_what_to_do_and_the_rest_stays(open_page, mocked):
    page = open_page(mocked + EXPLORE, allow=("500",))
    ready(page)
    call(mocked + "/mock/fail?path=query&status=500", "POST")
    page.locator("button", has_text="Run").click()
    page.wait_for_selector(".note.err")
    assert "disk is full" in page.locator(".note.err").inner_text()
    assert page.locator(".qb").is_visible()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".hm")


def test_wrong_filter_is_marked(open_page, mocked):
    page = open_page(mocked + "/ui/explore?c=COUNT&f=" + urllib.request.quote('["name",">",5]'), allow=("400",))
    page.wait_for_selector(".note.err")
    assert "cannot be compared" in page.locator(".note.err").inner_text()
    assert page.locator(".chip.bad").count() == 1
