# SPDX-License-Identifier: Apache-2.0
"""One request of the example on the pages: its spans through both protocols, its log line and its error, each a click from the others."""
import pathlib
import re
import sys

import pytest
from playwright.sync_api import expect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import cairn_process  # noqa: E402
import cruddur  # noqa: E402


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A server's address and the trace of a request that failed, when all of it has arrived."""
    server = cairn_process.Cairn(tmp_path_factory.mktemp("story"), environment={"CAIRN_WEB_DIR": str(cairn_process.ROOT / "web")}).start()
    example = cruddur.Cruddur(server)
    trace_id, status = example.trace_of("/api/activities/broken/x", "user-8")
    assert status == 500
    example.stop()

    def is_whole():
        trace = server.trace(trace_id)
        errors = server.get("errors", trace=trace_id, status="any")["items"]
        return trace and len(errors) == 1 and len(trace["spans"]) == 3 and all(span.get("doors") == ["otlp", "xray"] for span in trace["spans"]) and len(trace["logs"]) == 2

    assert cairn_process.until(is_whole)
    yield server.url, trace_id
    server.stop()


@pytest.mark.parametrize("width, scheme", [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_a_request_of_the_example_is_one_story(story, open_page, width, scheme):
    url, trace_id = story
    page = open_page(f"{url}/ui/trace/{trace_id}", width, scheme)
    # Spans: three, each marked as sent through both doors.
    for name in ("GET /api/activities/broken/{which}", "render-timeline", "SELECT activity"):
        expect(page.get_by_text(name).first).to_be_visible()
    expect(page.locator("[title='Sent through OTLP and X-Ray: two accounts, shown as one']").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # The line that the program wrote, by what it says.
    lines = page.get_by_role("region", name="Log lines", exact=True)
    expect(lines.get_by_text("the timeline is rendered by number")).to_have_count(1)
    expect(lines.get_by_text("GET /api/activities/broken/x 500")).to_have_count(1)
    # The error, its item, and back.
    errors = page.get_by_role("region", name="Errors in this trace", exact=True)
    expect(errors.get_by_role("link")).to_have_count(1)
    errors.get_by_role("link").filter(has_text="TimelineError").click()
    expect(page.get_by_role("heading", name=re.compile("TimelineError")).first).to_be_visible()
    page.get_by_role("link", name="Open trace").first.click()
    expect(page).to_have_url(re.compile(trace_id))
    # From the trace to its lines in Logs, and from a line back to the trace.
    page.get_by_role("link", name="Open in Logs").click()
    # The trace's own list of lines is there until the other page is.
    page.locator(".page-logs .ln", has_text="the timeline is rendered by number").first.click()
    page.get_by_role("link", name=f"Trace {trace_id[:8]}").first.click()
    expect(page.get_by_role("region", name="Log lines", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_what_a_customer_sends_is_found(story, open_page, width):
    """A user's id, the words of the error and a traceparent, pasted into the search, each lead to the same failure."""
    url, trace_id = story
    page = open_page(f"{url}/ui/services", width)
    search, list_ = page.locator("#q"), page.locator("#q-list")
    search.fill("user-8")
    expect(list_.get_by_role("option").filter(has_text="= user-8").first).to_contain_text("in one trace")
    search.press("Enter")
    expect(page).to_have_url(re.compile(f"/ui/trace/{trace_id}"))
    search.fill("could not render the timeline")
    search.press("Enter")  # before the answer: it is waited for
    expect(page).to_have_url(re.compile("/ui/errors/[0-9]+"))
    expect(page.get_by_role("heading", name=re.compile("TimelineError")).first).to_be_visible()
    search.fill(f"00-{trace_id}-00f067aa0ba902b7-01")
    search.press("Enter")
    expect(page).to_have_url(re.compile(f"/ui/trace/{trace_id}"))
    search.fill("rendered by number")
    expect(list_.get_by_role("option").filter(has_text="log line")).to_have_count(1)


def test_errors_keep_the_time_that_was_chosen(story, open_page):
    url, _ = story
    page = open_page(f"{url}/ui/services?t=15m")
    page.get_by_role("link", name="Errors", exact=True).first.click()
    expect(page.locator("#time-name")).to_have_text("Last 15 min")
    expect(page.get_by_text("TimelineError").first).to_be_visible()
    page.get_by_role("button", name="New in this time").click()
    expect(page.get_by_text("TimelineError").first).to_be_visible()
    page.goto(f"{url}/ui/errors?t=1000000..1000600")
    page.get_by_role("button", name="Look at any time").click()
    expect(page.locator("#time-name")).to_have_text("Any time")
    expect(page.get_by_text("TimelineError").first).to_be_visible()
