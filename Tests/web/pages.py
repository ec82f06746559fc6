"""Waiting for a page."""
import time

# Widths of a desk and of a hand.
WIDTHS = [1440, 390]

# Controls that a reader who does not see cannot tell apart: they have no name.
NAMELESS = """() => {
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const name = (e) => (e.getAttribute('aria-label') || (e.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join('')
    || [...(e.labels ?? [])].map((l) => l.textContent).join('') || e.textContent || e.title || '').trim();
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"], [role="treeitem"], [role="tab"], [role="option"]')]
    .filter((e) => seen(e) && !name(e)).map((e) => e.outerHTML.slice(0, 160));
}"""

# Seconds: what comes, comes at once; a machine that is busy may take its time.
PATIENCE = 30


def until(page, truth, seconds=PATIENCE):
    """Polls from outside: the strict policy forbids evaluating text inside the page."""
    end = time.monotonic() + seconds
    while not page.evaluate(truth):
        assert time.monotonic() < end, f"never true: {truth}"
        page.wait_for_timeout(30)


def box_of(locator):
    """Where it stands; while a page draws it anew it stands nowhere."""
    end = time.monotonic() + PATIENCE
    while not (box := locator.bounding_box()):
        assert time.monotonic() < end, f"never to be seen: {locator}"
    return box


# A chart is drawn in the frame after the one in which it got its size.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))"


def ready(page):
    until(page, "!document.querySelector('[aria-busy=true]') && document.querySelector('main h1') !== null")
    page.evaluate(DRAWN)
