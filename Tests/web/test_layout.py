# SPDX-License-Identifier: Apache-2.0
"""What no page may look like: text over text."""
import cairn_process
import pytest
from pages import WIDTHS, ready

MOCKED = ["/ui/services", "/ui/explore", "/ui/traces", "/ui/map", "/ui/send", "/ui/server"]
# The mock does not answer these.
REAL = ["/ui/errors", "/ui/logs", "/ui/rules", "/ui/sampling", "/ui/triggers", "/ui/boards", "/ui/slos", "/ui/slos/new"]


@pytest.fixture(scope="module")
def empty_server(tmp_path_factory):
    server = cairn_process.Cairn(tmp_path_factory.mktemp("empty")).start()
    yield server.url
    server.stop()


# Boxes of the text that is painted, outside of pictures: the letters of one lie on another's by more than half of the smaller.
OVERLAPS = r"""() => {
  const boxes = [];
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest('svg, canvas, [popover], textarea, .sr, [aria-hidden=true]')) continue;
    if (!parent.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
      let clipped = { left, right, top: box.top, bottom: box.bottom };
      for (let up = parent; up; up = up.parentElement) {
        if (getComputedStyle(up).overflow === 'visible') continue;
        const edge = up.getBoundingClientRect();
        clipped = { left: Math.max(clipped.left, edge.left), right: Math.min(clipped.right, edge.right), top: Math.max(clipped.top, edge.top),
                    bottom: Math.min(clipped.bottom, edge.bottom) };
      }
      if (clipped.right - clipped.left > 2 && clipped.bottom - clipped.top > 2) boxes.push({ ...clipped, text: node.data.trim().slice(0, 40), parent });
    }
  }
  const found = [];
  for (let i = 0; i < boxes.length && found.length < 5; i++) {
    for (let j = i + 1; j < boxes.length; j++) {
      const a = boxes[i], b = boxes[j];
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left), height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (width <= 2 || height <= 2 || a.parent === b.parent) continue;
      const smaller = Math.min((a.right - a.left) * (a.bottom - a.top), (b.right - b.left) * (b.bottom - b.top));
      if (width * height > smaller / 2) { found.push(`'${a.text}' and '${b.text}'`); break; }
    }
  }
  return found;
}"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", MOCKED + REAL)
def test_no_text_lies_on_another(open_page, request, path, width):
    page = open_page(request.getfixturevalue("real" if path in REAL else "base") + path, width=width)
    ready(page)
    assert page.locator("main").inner_text().strip()
    assert page.evaluate(OVERLAPS) == []


def test_text_on_text_is_noticed(open_page, base):
    page = open_page(base + "/ui/send")
    page.wait_for_selector(".door")
    page.evaluate("document.querySelectorAll('.door').forEach((door) => { door.style.marginTop = '-44px'; })")
    assert page.evaluate(OVERLAPS)


@pytest.mark.parametrize("path", ["/ui/services", "/ui/explore", "/ui/traces", "/ui/map", "/ui/errors", "/ui/logs", "/ui/rules", "/ui/boards", "/ui/slos", "/ui/slos/new", "/ui/triggers", "/ui/sampling", "/ui/send"])
def test_a_server_without_an_event_complains_of_nothing(open_page, empty_server, path):
    page = open_page(empty_server + path)
    ready(page)
    page.wait_for_selector("main :is(.empty, .teach, .door, .rule, table)")
    assert page.locator(".note.err").count() == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_that_fits_does_not_scroll(open_page, empty_server, width):
    page = open_page(empty_server + "/ui/boards", width)
    ready(page)
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") == 0


def test_the_way_to_other_pages_keeps_its_places(open_page, base):
    places = []
    for path in ("/ui/services", "/ui/send"):
        page = open_page(base + path)
        ready(page)
        places.append(page.evaluate("[...document.querySelectorAll('.rail a')].map((a) => { const box = a.getBoundingClientRect(); return [a.textContent, box.top, box.height, a.scrollWidth <= a.clientWidth]; })"))
    assert places[0] == places[1] and all(fits for *_, fits in places[1])


# What moves after it was painted, without anybody's doing: the sum of Chromium's scores, and what moved.
SHIFTS = """
window.__shifts = [];
new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) {
  window.__shifts.push([e.value, ...e.sources.map((s) => `${s.node?.nodeName} ${(s.node?.textContent ?? '').slice(0, 30)} ${s.previousRect.y} to ${s.currentRect.y}`)]);
} }).observe({ type: 'layout-shift', buffered: true });
"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path, last", [("/ui/map", ".map-traces tbody tr"), ("/ui/send", ".arrivals > *"), ("/ui/server", ".tile .big")])
def test_nothing_moves_when_answers_come_late_one_after_the_other(open_page, mocked, path, last, width):
    page = open_page("about:blank", width)
    page.add_init_script(SHIFTS)
    answers = []

    def late(route):
        answers.append(route)
        page.wait_for_timeout(60 * len(answers))
        route.continue_()

    page.route("**/api/cairn/**", late)
    page.goto(mocked + path)
    page.wait_for_selector(last)
    ready(page)
    shifts = page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(window.__shifts))))")
    assert sum(score for score, *_ in shifts) < 0.01, shifts


@pytest.mark.parametrize("query, lines", [("c=COUNT&by=service.name", 1), ("c=COUNT&c=MAX(duration_ms)&by=service.name", 2)])
def test_a_group_with_one_result_is_one_line_of_a_narrow_screen(open_page, mocked, query, lines):
    page = open_page(f"{mocked}/ui/explore?t=2h&{query}", 390)
    ready(page)
    boxes = page.locator(".results tbody tr").first.evaluate("tr => [...tr.cells].filter((td) => td.clientHeight).map((td) => td.getBoundingClientRect()).map((box) => [box.top, box.bottom])")
    assert (boxes[0][1] > boxes[1][0]) == (lines == 1), boxes


def test_a_group_has_the_colour_of_its_line_also_where_a_service_is_part_of_it(open_page, mocked):
    page = open_page(f"{mocked}/ui/explore?t=2h&c=COUNT&by=service.name&by=name")
    ready(page)
    colours = page.evaluate("""() => [[...document.querySelectorAll('.legend .key')].map((key) => key.style.getPropertyValue('--c')),
      [...document.querySelectorAll('.results tbody .dot-c')].map((dot) => dot.style.getPropertyValue('background'))]""")
    assert len(colours[0]) == 8 and colours[0][:7] == colours[1][:7]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_screen_has_few_pages_below_and_the_rest_in_a_sheet(mocked, open_page, scheme):
    page = open_page(mocked + "/ui/services?t=24h", 390, scheme)
    ready(page)
    bar = page.get_by_role("navigation", name="Main")
    assert bar.get_by_role("link").all_inner_texts() == ["Services", "Explore", "Traces", "Errors", "Logs"]
    more = bar.get_by_role("button", name="More")
    more.focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog", name="More pages")
    assert sheet.get_by_role("link").all_inner_texts() == ["Boards", "SLOs", "Map", "Triggers", "Sampling", "Send data", "Server"]
    assert page.evaluate("document.activeElement.textContent") == "Boards" and more.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    sheet.wait_for(state="detached")
    assert page.evaluate("document.activeElement.id") == "more" and more.get_attribute("aria-expanded") == "false"
    more.click()
    sheet.get_by_role("link", name="Map").click()
    page.wait_for_url("**/ui/map?t=24h")
    sheet.wait_for(state="detached")
    assert more.get_attribute("aria-current") == "true"
    more.click()
    assert sheet.get_by_role("link", name="Map").get_attribute("aria-current") == "page"
    more.click()
    sheet.wait_for(state="detached")
    # However fast one click follows the other.
    page.evaluate("() => { const more = document.getElementById('more'); more.click(); more.click(); }")
    sheet.wait_for(state="detached")
    assert more.get_attribute("aria-expanded") == "false"
