# SPDX-License-Identifier: Apache-2.0
"""Every page in a real browser, and the shell around them: against the server that CAIRN_URL names, or else against the mock."""
import urllib.request

import mock_data
import pytest
from pages import NAMELESS, ready, until

PAGES = ["/", "/ui/services", "/ui/explore", "/ui/traces", "/ui/map", "/ui/send", "/ui/server"]
BIG, ODD = f"/ui/trace/{mock_data.BIG_TRACE}", f"/ui/trace/{mock_data.ODD_TRACE}"


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
    assert page.locator(".rail a.nav").all_text_contents() == ["Services", "Explore", "Boards", "SLOs", "Traces", "Map", "Errors", "Logs", "Triggers", "Sampling", "Send data", "Server"]
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
    page.locator("[popover]").get_by_role("button", name="Local").click()
    page.keyboard.press("Escape")
    assert page.locator("#time-pick").get_attribute("aria-label").endswith("UTC+0")
    page.reload()
    ready(page)
    assert page.locator("#time-pick").get_attribute("aria-label").endswith("UTC+0") and "tz" not in page.url


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
