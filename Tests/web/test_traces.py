# SPDX-License-Identifier: Apache-2.0
"""The list of traces, and one trace: the waterfall and its spans."""
import mock_data
from pages import ready, until

BIG, ODD = f"/ui/trace/{mock_data.BIG_TRACE}", f"/ui/trace/{mock_data.ODD_TRACE}"


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


def test_what_is_typed_in_several_fields_counts_whole_and_here_alone(open_page, mocked):
    page = open_page(mocked + "/ui/traces")
    ready(page)
    page.evaluate("""() => { for (const [label, text] of [['Span name contains', 'GET'], ['Least duration in milliseconds', '5']]) {
        const input = document.querySelector(`[aria-label="${label}"]`); input.value = text; input.dispatchEvent(new Event('input')); } }""")
    until(page, "location.search.includes('min=5') && location.search.includes('name=GET')")
    page.evaluate("""() => { const input = document.querySelector('[aria-label="Span name contains"]'); input.value = 'POST'; input.dispatchEvent(new Event('input'));
        document.querySelector('a[href^="/ui/services"]').click(); }""")
    page.wait_for_url("**/ui/services*")
    page.wait_for_timeout(600)  # longer than the pause in typing
    assert "POST" not in page.url


def test_a_duration_that_is_none_leaves_the_question_and_is_marked_for_as_long_as_it_stands(open_page, mocked):
    page = open_page(mocked + "/ui/traces")
    ready(page)
    least = page.get_by_label("Least duration in milliseconds")
    least.press_sequentially("5x")
    until(page, "location.search.includes('min=5')")
    assert least.get_attribute("aria-invalid") == "true" and least.input_value() == "5x"
    page.get_by_role("button", name="Errors only").click()
    until(page, "location.search.includes('error=1')")
    ready(page)
    assert least.input_value() == "5" and least.get_attribute("aria-invalid") == "false"


def test_what_is_typed_to_find_a_span_stays_with_its_trace(open_page, mocked):
    page = open_page(mocked + ODD)
    page.wait_for_selector(".wf-row")
    page.evaluate("""() => { const input = document.querySelector('[aria-label="Find span"]'); input.value = 'GET'; input.dispatchEvent(new Event('input'));
        document.querySelector('a[href^="/ui/services"]').click(); }""")
    page.wait_for_url("**/ui/services*")
    page.wait_for_timeout(400)  # longer than the pause in typing
    assert "find=" not in page.url


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


def test_a_span_without_an_end_and_clocks_that_differ_are_told(open_page, mocked):
    def odd(route):
        answer = route.fetch().json()
        answer["duration_ns"] = 3_200_000_000
        root, *below = answer["spans"][:4]
        root.update(duration_ns=200_000_000, offset_ns=3_000_000_000)
        below[0].update(parent=root["id"], offset_ns=0, duration_ns=90_000_000)
        below[1].update(parent=root["id"], offset_ns=3_010_000_000, duration_ns=0, no_end=True)
        below[2].update(parent=below[1]["id"], offset_ns=3_020_000_000, duration_ns=50_000_000)
        answer["spans"] = [root, *below]
        route.fulfill(json=answer)

    page = open_page("about:blank")
    page.route("**/api/cairn/traces/*?*", odd)
    page.goto(mocked + ODD)
    page.wait_for_selector(".wf-row")
    notes = page.locator(".note .grow")
    assert notes.all_inner_texts()[0].startswith("1 span has no end, or one before the start.")
    skew = notes.nth(1)
    assert skew.inner_text() == ("1 span runs outside the parent’s time, outlined with dashes: one begins 3.00 s before its parent, so the clocks of their hosts differ; "
                                 "durations hold, places in time do not. By its root’s clock the trace took 200 ms.")
    assert skew.bounding_box()["height"] < 30  # one sentence, not a line for each of its parts
    row = page.locator(".wf-row", has_text="no end")
    assert row.count() == 1 and "its end never came" in row.get_attribute("aria-label")
    row.click()
    page.wait_for_selector(".span-panel .note")
    assert "not known" in page.locator(".span-panel .facts").inner_text() and "It has no end" in page.locator(".span-panel").inner_text()


def test_unknown_trace_says_so(open_page, mocked):
    page = open_page(mocked + "/ui/trace/" + "f" * 32, allow=("404",))
    page.wait_for_selector(".empty")
    assert "No such trace here." in page.locator(".empty").inner_text()
