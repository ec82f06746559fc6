"""The pages in a real browser: against the server that CAIRN_URL names, or else against the mock."""
import json
import urllib.request

import mock_data
import pytest
from pages import box_of, ready, until

PAGES = ["/", "/ui/services", "/ui/explore", "/ui/traces", "/ui/map", "/ui/send", "/ui/server"]
BIG, ODD = f"/ui/trace/{mock_data.BIG_TRACE}", f"/ui/trace/{mock_data.ODD_TRACE}"

NAMELESS = """() => {
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const name = (e) => (e.getAttribute('aria-label') || (e.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join('')
    || [...(e.labels ?? [])].map((l) => l.textContent).join('') || e.textContent || e.title || '').trim();
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"], [role="treeitem"], [role="tab"], [role="option"]')]
    .filter((e) => seen(e) && !name(e)).map((e) => e.outerHTML.slice(0, 160));
}"""


def call(url, method="GET"):
    with urllib.request.urlopen(urllib.request.Request(url, method=method)) as answer:
        return json.load(answer)


# every page

@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_page_loads_clean(open_page, base, path, scheme, width):
    page = open_page(base + path, width, scheme)
    ready(page)
    page.wait_for_timeout(150)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "scrolls sideways"
    assert page.evaluate(NAMELESS) == []
    assert page.title().endswith("Cairn")
    assert page.locator("h1").count() == 1
    assert page.locator(".rail a.nav").all_text_contents() == ["Services", "Explore", "Boards", "SLOs", "Traces", "Map", "Errors", "Logs", "Triggers", "Sampling", "Send data"]
    assert page.locator(".note.err").count() == 0


@pytest.mark.parametrize("path", [BIG, ODD])
@pytest.mark.parametrize("width", [1440, 900, 390])
def test_trace_loads_clean(open_page, mocked, path, width):
    page = open_page(mocked + path, width)
    page.wait_for_selector(".wf-row")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(NAMELESS) == []


def test_policy_is_strict(base):
    with urllib.request.urlopen(base + "/ui/explore") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy


def test_model_tests_pass(open_page, base):
    page = open_page(base + "/ui/static/tests.html")
    page.wait_for_selector("#summary[data-failed]")
    failures = [line for line in page.locator("#results li").all_text_contents() if not line.startswith("ok")]
    assert failures == [] and int(page.locator("#summary").get_attribute("data-count")) >= 70


def test_nowhere_says_so(open_page, base):
    page = open_page(base + "/ui/nowhere")
    page.wait_for_selector(".empty")
    assert "no such page" in page.locator("main").inner_text().lower()


# shell: keys, search, time, theme

def test_keys_go_to_pages_and_not_while_typing(open_page, base):
    page = open_page(base + "/ui/services")
    ready(page)
    for key, path in {"e": "/ui/explore", "t": "/ui/traces", "s": "/ui/send", "v": "/ui/services"}.items():
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url("**" + path + "*")
        ready(page)
    page.keyboard.press("/")
    page.keyboard.type("ge?[")
    assert page.input_value("#q") == "ge?[" and page.url.endswith("/ui/services")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()


def test_search_takes_trace_ids_in_both_forms(open_page, mocked):
    page = open_page(mocked + "/")
    ready(page)
    ident = mock_data.ODD_TRACE
    for text in (ident, f"1-{ident[:8]}-{ident[8:]}"):
        page.keyboard.press("/")
        page.keyboard.type(text)
        page.wait_for_selector("#q-list a")
        assert "opens the trace" in page.locator("#q-list").inner_text()
        page.keyboard.press("Enter")
        page.wait_for_url("**/ui/trace/*")
        page.wait_for_selector(".wf-row")
        page.go_back()
        ready(page)


def test_time_is_in_the_url_and_relative_stays_relative(open_page, base):
    page = open_page(base + "/ui/services")
    ready(page)
    page.click("#time-pick")
    page.get_by_role("button", name="15 min").click()
    assert "t=15m" in page.url
    page.keyboard.press("[")
    until(page, "/t=\\d+(\\.\\d+)?\\.\\./.test(location.search)")
    page.go_back()
    assert "t=15m" in page.url
    page.keyboard.press("p")
    page.keyboard.press("6")
    until(page, "location.search.includes('t=7d')")
    page.click("#time-pick")
    page.get_by_label("From", exact=True).fill("2026-02-31 10:00")
    page.get_by_role("button", name="Apply").click()
    assert "Write times as" in page.locator("[popover]").inner_text()
    page.get_by_label("From", exact=True).fill("2026-11-01 10:00")
    page.get_by_label("To", exact=True).fill("2026-11-01 11:00:30")
    page.get_by_role("button", name="Apply").click()
    assert "t=1793527200..1793530830" in page.url
    page.locator(".rail a", has_text="Explore").click()
    assert "t=1793527200..1793530830" in page.url, "navigation keeps the time"


def test_local_time_is_a_choice_that_stays(open_page, base):
    page = open_page(base + "/ui/services")
    ready(page)
    page.click("#time-pick")
    page.get_by_role("button", name="Local").click()
    page.keyboard.press("Escape")
    assert "local" in page.locator("#time-pick").get_attribute("aria-label")
    page.reload()
    ready(page)
    assert "local" in page.locator("#time-pick").get_attribute("aria-label") and "tz" not in page.url


def test_theme_switches_and_stays(open_page, base):
    page = open_page(base + "/ui/send")
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_focus_is_seen(open_page, base):
    page = open_page(base + "/ui/traces")
    ready(page)
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("""() => { const e = document.activeElement, ring = (x) => { const s = getComputedStyle(x); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; };
          return ring(e) || ring(e.closest('.input') ?? e) || e.tagName; }""") is True


def test_service_colour_is_the_same_on_every_page(open_page, mocked):
    page = open_page(mocked + "/ui/services")
    ready(page)
    colour = "(root) => getComputedStyle([...document.querySelectorAll('main .svc')].find((e) => e.textContent === 'payments'), '::before').backgroundColor"
    first = page.evaluate(colour)
    page.goto(mocked + "/ui/explore")
    ready(page)
    page.wait_for_selector(".results .svc")
    assert page.evaluate(colour) == first


# Services

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


# Explore

EXPLORE = "/ui/explore?c=HEATMAP(duration_ms)&c=COUNT&by=app.version&f=" + urllib.request.quote('["service.name","=","checkout-api"]')


def drag_box(page):
    page.wait_for_selector(".hm svg line", state="attached")
    box = box_of(page.locator(".hm"))
    page.mouse.move(box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.05)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.2, steps=5)
    page.mouse.move(box["x"] + box["width"] * 0.98, box["y"] + box["height"] * 0.30, steps=5)
    page.mouse.up()


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


# Traces and trace

def test_traces_are_found_by_service_duration_and_error(open_page, mocked):
    page = open_page(mocked + "/ui/traces")
    ready(page)
    page.keyboard.press("e")
    until(page, "location.search.includes('error=1')")
    ready(page)
    until(page, "[...document.querySelectorAll('.traces tbody tr td:nth-child(4)')].every((td) => td.textContent !== '0')")
    page.get_by_label("Least duration in milliseconds").fill("900")
    until(page, "location.search.includes('min=900')")
    ready(page)
    page.get_by_role("button", name="Service: any").click()
    page.wait_for_selector("[role=option]:has-text('payments')")
    page.locator("[role=option]", has_text="payments").click()
    until(page, "location.search.includes('service=payments')")
    ready(page)
    assert page.locator(".traces tbody tr").count() >= 1
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/trace/*")


def test_ten_thousand_spans_are_virtual_and_fast(open_page, mocked):
    page = open_page(mocked + BIG)
    page.wait_for_selector(".wf-row")
    assert "10,000" in page.locator(".facts-line").inner_text()
    assert page.locator(".wf-row").count() < 80
    drawn = scroll(page)
    assert len(drawn) == 120 and max(drawn) < 80 and sum(drawn) > 120, "each step draws rows, and no more than those that are seen"
    assert page.locator(".wf-row").count() < 80


def scroll(page):
    """Scrolls the waterfall frame by frame: how many elements each step put into the page."""
    return page.evaluate("""async () => {
      const el = document.querySelector('.wf-scroll'), steps = [];
      let added = 0;
      const watch = new MutationObserver((list) => { for (const change of list) added += change.addedNodes.length; });
      watch.observe(document.body, { childList: true, subtree: true });
      const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      for (let n = 1; n <= 120; n++) { added = 0; el.scrollTop = (n * 97) % (el.scrollHeight - el.clientHeight); await frame(); await frame(); steps.push(added); }
      watch.disconnect();
      return steps;
    }""")


def test_waterfall_works_by_keyboard(open_page, mocked):
    page = open_page(mocked + BIG)
    page.wait_for_selector(".wf-row")
    page.locator(".wf-scroll").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    until(page, "location.search.includes('span=')")
    assert page.locator(".wf-scroll").get_attribute("aria-activedescendant") == page.locator(".wf-row[aria-selected=true]").get_attribute("id")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    until(page, "document.querySelectorAll('.wf-row').length === 1")
    assert page.locator(".wf-row").get_attribute("aria-expanded") == "false"
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelectorAll('.wf-row').length > 5")
    page.keyboard.press("End")
    until(page, "[...document.querySelectorAll('.wf-row')].some((r) => r.getAttribute('aria-posinset') === '10000')")
    page.keyboard.press("c")
    until(page, "location.search.includes('c=1')")
    page.keyboard.press("e")
    until(page, "document.querySelector('.wf .faint.small').textContent.includes('of 10,000')")


def test_span_panel_shows_and_searches(open_page, mocked):
    page = open_page(mocked + ODD + "?span=" + "b" * 16)
    page.wait_for_selector(".kv dd")
    panel = page.locator(".span-panel")
    assert "<script>" in panel.inner_text() and "değer ✓" in panel.inner_text()
    panel.get_by_role("button", name="Show all").first.click()
    assert len(panel.inner_text()) > 12000
    panel.get_by_label("Filter attributes").fill("payl")
    assert panel.locator(".kv dt").all_text_contents() == ["payload"]
    for tab, text in (("Events", "exception"), ("Links", mock_data.BIG_TRACE), ("Logs", "took its time")):
        panel.get_by_role("tab", name=tab).click()
        assert text in panel.inner_text()
    panel.get_by_role("tab", name="Attributes").click()
    panel.locator(".attr").first.click()
    page.wait_for_url("**/ui/explore?*payload*")


def test_odd_traces_say_what_is_odd(open_page, mocked):
    page = open_page(mocked + ODD)
    page.wait_for_selector(".wf-row")
    text = page.locator("main").inner_text()
    assert "names a parent that never came" in text and "parent missing" in text and "outside the parent" in text and "belongs to no span" in text


def test_unknown_trace_says_so(open_page, mocked):
    page = open_page(mocked + "/ui/trace/" + "f" * 32, allow=("404",))
    page.wait_for_selector(".empty")
    assert "No such trace here." in page.locator(".empty").inner_text()


# Send data and emptiness

def test_send_page_ticks_when_the_first_event_comes(open_page, empty_mock):
    page = open_page(empty_mock + "/ui/send")
    page.wait_for_selector(".door")
    assert page.locator(".door.done").count() == 0 and "0 of 6" in page.locator(".head").inner_text()
    for signal, count in (("traces", "1 of 6"), ("logs", "2 of 6")):
        call(f"{empty_mock}/mock/arrive?signal={signal}", "POST")
        page.wait_for_selector(f".door.done .signal.done[data-signal={signal}]")
        assert count in page.locator(".head").inner_text()
    assert "edge" in page.locator(".arrivals").inner_text()
    call(f"{empty_mock}/mock/reject", "POST")
    page.wait_for_selector(".rejection")
    assert "This path is /v1/traces." in page.locator(".rejection").first.inner_text()


def test_snippets_have_the_real_address_and_copy(open_page, mocked):
    page = open_page(mocked + "/ui/send")
    page.wait_for_selector(".door")
    for name in ("Python", "Node", "Go", "Java", "Swift"):
        page.locator(".door").first.get_by_role("button", name=name, exact=True).click()
        assert "127.0.0.1:4318" in page.locator(".door .snip").first.inner_text()
    page.locator(".door .snip .btn").first.click()
    page.wait_for_selector(".snip .btn:has-text('Copied')")
    assert "127.0.0.1:4318" in page.evaluate("navigator.clipboard.readText()")


def test_one_trace_sent_from_the_page_opens(open_page, empty_mock):
    page = open_page(empty_mock + "/ui/send")
    page.get_by_role("button", name="Send one trace").click()
    page.get_by_role("link", name="Open the trace").click()
    page.wait_for_selector(".wf-row")
    assert page.locator(".wf-row").count() == 2


@pytest.mark.parametrize("path", ["/", "/ui/explore", "/ui/traces"])
@pytest.mark.parametrize("width", [1440, 390])
def test_empty_pages_teach_and_fill_by_themselves(open_page, empty_mock, path, width):
    page = open_page(empty_mock + path, width)
    page.wait_for_selector(".teach")
    assert "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318" in page.locator(".teach pre").inner_text()
    assert page.locator(".teach a[href='/ui/send']").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("""() => { const hex = (n) => [...crypto.getRandomValues(new Uint8Array(n))].map((b) => b.toString(16).padStart(2, '0')).join(''), ms = Date.now();
      return fetch('/v1/traces', { method: 'POST', body: JSON.stringify({ resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'first' } }] },
        scopeSpans: [{ spans: [{ traceId: hex(16), spanId: hex(8), name: 'hello', startTimeUnixNano: `${ms - 50}000000`, endTimeUnixNano: `${ms}000000` }] }] }] }) }); }""")
    page.wait_for_selector(".teach", state="detached")
    assert "first" in page.locator("main").inner_text()


# this server

def test_the_server_tells_of_itself(open_page, base):
    page = open_page(base + "/ui/server")
    page.wait_for_selector(".tile")
    assert page.locator(".tile").count() == 8
    until(page, "[...document.querySelectorAll('.tile .big')].every((t) => !t.textContent.startsWith('–'))")
    assert page.locator("main .badge").first.inner_text() == "taking events"
    for title in ("How long things take", "What waits", "What is kept", "Refused", "Damaged"):
        assert page.get_by_role("heading", name=title, exact=True).count() == 1
    assert page.locator("#took-title >> xpath=../.. >> css=tbody tr").count() == 5


def test_the_server_is_reached_from_send_data(open_page, base):
    page = open_page(base + "/ui/send")
    ready(page)
    page.get_by_role("link", name="This server").click()
    page.wait_for_selector(".tile")
