# SPDX-License-Identifier: Apache-2.0
"""Sending the first data: the snippets, the doors, the pages of an empty server; and the server that tells of itself."""
import json
import urllib.request

import pytest
from pages import ready, until


def call(url, method="GET"):
    with urllib.request.urlopen(urllib.request.Request(url, method=method)) as answer:
        return json.load(answer)


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
    page.get_by_role("link", name="This server").first.click()
    page.wait_for_selector(".tile")
    rail = page.get_by_role("navigation", name="Main").locator("[aria-current=page]")
    assert rail.inner_text() == "Server" and rail.bounding_box()["width"] >= rail.evaluate("(a) => a.scrollWidth")
    page.set_viewport_size({"width": 1280, "height": 560})
    rail.scroll_into_view_if_needed()
    assert rail.bounding_box()["y"] + rail.bounding_box()["height"] <= 561  # of fractions
