"""Where the pages are: CAIRN_URL, or else the mock; and a browser that reports what went wrong inside it."""
import os
import pathlib
import sys

import pytest
from playwright.sync_api import expect, sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import cairn_process  # noqa: E402
import mock  # noqa: E402
from pages import PATIENCE  # noqa: E402
from webhook import hook  # noqa: E402, F401

expect.set_options(timeout=PATIENCE * 1000)

CHROMIUM = os.environ.get("CAIRN_CHROMIUM", "/usr/bin/chromium")
WATCH = """
window.__violations = [];
addEventListener('securitypolicyviolation', (e) => window.__violations.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


@pytest.fixture(scope="session")
def given_url():
    """The address of a real server, or None."""
    return os.environ.get("CAIRN_URL", "").rstrip("/") or None


@pytest.fixture(scope="session")
def base(given_url):
    return given_url or mock.serve()[0]


@pytest.fixture(scope="session")
def mocked(given_url):
    """A mock of one's own, for tests that make things happen in it."""
    return mock.serve()[0]


@pytest.fixture(scope="module")
def real(given_url, tmp_path_factory):
    """The address of a real server: the one given, else one of the module's own."""
    if given_url:
        yield given_url
        return
    server = cairn_process.Cairn(tmp_path_factory.mktemp("cairn")).start()
    yield server.url
    server.stop()


@pytest.fixture()
def empty_mock():
    url, server = mock.serve(empty=True)
    yield url
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        found = {"executable_path": CHROMIUM} if os.path.exists(CHROMIUM) else {}
        chromium = playwright.chromium.launch(args=["--no-sandbox"], **found)
        yield chromium
        chromium.close()


@pytest.fixture()
def open_page(browser):
    """open_page(url, width, scheme) gives a page; at the end of the test it must not have complained."""
    pages = []

    def opened(url, width=1440, scheme="light", allow=()):
        context = browser.new_context(viewport={"width": width, "height": 900 if width > 500 else 844}, color_scheme=scheme,
                                      permissions=["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        complaints = []
        page.add_init_script(WATCH)
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        pages.append((page, complaints, allow, context))
        page.goto(url)
        return page

    yield opened
    for page, complaints, allow, context in pages:
        violations = page.evaluate("window.__violations ?? []")
        ran = page.evaluate("window.__xss ?? null")
        context.close()
        assert violations == [], violations
        assert ran is None, "markup from data ran"
        assert [c for c in complaints if not any(a in c for a in allow)] == []
