"""The map: its picture, what is picked, the brush that filters, and the traces below."""
import json
import urllib.request

import pytest
from pages import WIDTHS, box_of, ready, until


def test_the_map_shows_services_and_calls(open_page, mocked):
    page = open_page(mocked + "/ui/map?t=24h")
    ready(page)
    page.wait_for_selector("[data-node=payments]")
    assert page.locator("[data-node]").count() == 13
    assert page.locator("[data-edge='checkout-api > payments']").count() == 1
    assert page.locator("[data-edge='client > edge']").count() == 1
    assert "inferred" in page.locator("[data-node='orders-db (Database::SQL)']").get_attribute("aria-label")
    page.wait_for_selector(".map-traces tbody tr")
    assert page.locator(".map-traces tbody tr").count() == 50


def test_a_node_is_picked_and_its_durations_filter_the_traces(open_page, mocked):
    page = open_page(mocked + "/ui/map?t=24h")
    ready(page)
    page.locator("[data-node=payments]").click()
    page.wait_for_selector(".map-side .latency")
    assert "pick=payments" in page.url
    assert "payments" in page.locator(".map-side .svc").first.text_content()
    assert page.locator(".map-side dt").all_text_contents() == ["Calls", "P50", "P95"]
    box = box_of(page.locator(".latency"))
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + 20, steps=5)
    page.mouse.up()
    until(page, "location.search.includes('ms=')")
    until(page, "!document.querySelector('[aria-busy=true]')")
    with urllib.request.urlopen(mocked + "/mock/requests") as answer:
        asked = [r[2] for r in json.load(answer) if r[1] == "map/traces"]
    assert asked[-1]["filter"].startswith('service("payments") { responsetime >= ')
    page.get_by_role("button", name="All durations").click()
    until(page, "!location.search.includes('ms=')")


def test_an_edge_is_picked_by_keyboard(open_page, mocked):
    page = open_page(mocked + "/ui/map?t=24h")
    ready(page)
    page.wait_for_selector("[data-edge='checkout-api > payments'] .hit", state="attached")
    page.locator("[data-edge='checkout-api > payments'] .hit").evaluate("(e) => e.focus()")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.map-side h2')?.textContent.includes('as the caller saw')")
    until(page, "document.activeElement.getAttribute('aria-pressed') === 'true'")
    page.keyboard.press("Enter")
    until(page, "!location.search.includes('pick=')")


def test_a_filter_narrows_the_map_and_a_wrong_one_names_its_column(open_page, mocked):
    page = open_page(mocked + "/ui/map?t=24h", allow=("422", "400"))
    ready(page)
    field = page.get_by_label("Filter expression")
    field.fill('service("search")')
    field.press("Enter")
    until(page, "document.querySelectorAll('[data-node]').length > 0 && document.querySelectorAll('[data-node]').length < 13")
    field.fill("sad")
    field.press("Enter")
    page.wait_for_selector(".note.err")
    assert "column 1" in page.locator(".note.err").text_content()


def test_nodes_stay_where_they_were(open_page, mocked):
    page = open_page(mocked + "/ui/map?t=24h")
    ready(page)
    page.wait_for_selector("[data-node=payments] .foc")
    spot = lambda: page.locator("[data-node=payments] .foc").evaluate("(e) => e.getAttribute('cx') + ' ' + e.getAttribute('cy')")
    before = spot()
    field = page.get_by_label("Filter expression")
    field.fill('service("payments")')
    field.press("Enter")
    until(page, "document.querySelectorAll('[data-node]').length < 13 && document.querySelector('[data-node=payments]') !== null")
    assert spot() == before
    page.get_by_role("button", name="P95").click()
    until(page, "location.search.includes('by=p95')")


def test_a_trace_of_the_list_opens(open_page, mocked):
    page = open_page(mocked + "/ui/map?t=24h", 390)
    ready(page)
    page.wait_for_selector(".map-traces tbody tr")
    page.locator(".map-traces tbody tr a").first.click()
    until(page, "location.pathname.startsWith('/ui/trace/')")


def asked_maps(mocked):
    with urllib.request.urlopen(mocked + "/mock/requests") as answer:
        return [r[2] for r in json.load(answer) if r[1] == "map"]


def test_a_window_is_dragged_over_time(open_page, mocked):
    page = open_page(mocked + "/ui/map?t=24h")
    ready(page)
    page.wait_for_selector(".scrubber")
    assert page.locator(".map-window").text_content() == "The whole range"
    spots = lambda: page.locator("[data-node] .foc").evaluate_all("(all) => all.map((e) => e.getAttribute('cx') + ' ' + e.getAttribute('cy')).join()")
    before, calls = spots(), page.locator("[data-node=payments]").get_attribute("aria-label")
    box = box_of(page.locator(".scrubber"))
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 12, steps=6)
    page.mouse.up()
    until(page, "location.search.includes('w=') && !document.querySelector('[aria-busy=true]')")
    until(page, f"document.querySelector('[data-node=payments]').getAttribute('aria-label') !== {json.dumps(calls)}")
    asked = asked_maps(mocked)[-1]
    assert float(asked["end"]) - float(asked["start"]) == 4 * 1800 and "series" not in asked
    assert spots() == before
    assert "2 h window" in page.locator(".map-window").text_content()
    # What is asked below is of the window too, and the address keeps it.
    with urllib.request.urlopen(mocked + "/mock/requests") as answer:
        assert [r[2] for r in json.load(answer) if r[1] == "map/traces"][-1]["start"] == asked["start"]
    page.reload()
    ready(page)
    until(page, "document.querySelector('.map-window')?.textContent.includes('window')")
    page.locator(".scrubber").focus()
    page.keyboard.press("ArrowRight")
    until(page, f"document.querySelector('.scrubber').getAttribute('aria-valuenow') !== null && !location.search.includes('w={int(float(asked['start']))}')")
    page.get_by_role("button", name="All", exact=True).click()
    until(page, "!location.search.includes('w=')")
    until(page, f"document.querySelector('[data-node=payments]').getAttribute('aria-label') === {json.dumps(calls)}")


def test_the_window_plays_and_stops(open_page, mocked):
    page = open_page(mocked + "/ui/map?t=24h")
    ready(page)
    page.wait_for_selector(".scrubber")
    page.get_by_role("button", name="Play").click()
    until(page, "Number(document.querySelector('.scrubber').getAttribute('aria-valuenow')) >= 2")
    page.get_by_role("button", name="Pause").click()
    until(page, "location.search.includes('w=')")
    assert page.get_by_role("button", name="Play").is_visible()


def test_a_cut_is_told(open_page, mocked):
    page = open_page(mocked + "/ui/map?t=24h&x=cut")
    ready(page)
    page.wait_for_selector(".map-cut-note:not([hidden])")
    assert "More traces match" in page.locator(".map-cut-note").text_content()


def test_an_insight_names_the_service_that_fails(open_page, mocked):
    page = open_page(mocked + "/ui/map?t=24h")
    ready(page)
    page.wait_for_selector(".map-insights li")
    assert "failing" in page.locator(".map-insights").text_content() and "38 of 60 requests" in page.locator(".map-insights").text_content()
    page.locator(".map-insights button").click()
    until(page, "location.search.includes('pick=payments')")


def crowd(route):
    """One service that calls sixty others with long names."""
    part = lambda n: {"ok": n, "error": 0, "throttle": 0, "fault": 0, "total": n, "p50_ms": 3.0, "p95_ms": 900.0 + n, "histogram": []}  # noqa: E731
    nodes = [{"name": "gateway", "type": None, "inferred": False, "root": True, **part(99_000)}]
    nodes += [{"name": f"warehouse-{n}-allocation-service", "type": None, "inferred": False, "root": False, **part(1_000 + n)} for n in range(60)]
    edges = [{"source": None, "target": 0, "queued": False, **part(99_000)}, *({"source": 0, "target": n + 1, "queued": False, **part(1_000 + n)} for n in range(60))]
    route.fulfill(json={"start_us": 1, "end_us": 3_600_000_001, "traces": 9, "traces_cut": False, "nodes": nodes, "edges": edges, "info": {}})


@pytest.mark.parametrize("width", WIDTHS)
def test_no_word_of_a_crowded_map_lies_on_another(open_page, mocked, width):
    page = open_page("about:blank", width)
    page.route("**/api/cairn/map?*", crowd)
    page.goto(mocked + "/ui/map?t=1h")
    ready(page)
    page.wait_for_selector("[data-node=gateway]")
    assert page.locator("[data-node]").count() == 61
    words = page.evaluate("""() => [...document.querySelectorAll('.map-picture text')].filter((t) => getComputedStyle(t).visibility !== 'hidden' && t.textContent)
      .map((t) => { const { left, right, top, bottom } = t.getBoundingClientRect(); return { left, right, top: top + 2, bottom: bottom - 2, text: t.textContent, of: t.parentNode.getAttribute('data-node') }; })""")
    assert sum(word["text"].startswith("ware") for word in words) > (20 if width > 500 else 4)
    for i, a in enumerate(words):
        for b in words[i + 1:]:
            apart = a["right"] <= b["left"] or b["right"] <= a["left"] or a["bottom"] <= b["top"] or b["bottom"] <= a["top"]
            assert apart or a["of"] == b["of"] is not None, (a, b)
    # A node without words says its name when it is pointed at.
    hidden = page.locator("[data-node]:has(.map-name.at-rest)").first
    if hidden.count():
        hidden.focus()
        assert hidden.locator(".map-name").evaluate("(e) => getComputedStyle(e).visibility") == "visible"
