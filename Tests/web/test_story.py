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

    assert cairn_process.until(is_whole, 20)
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
    page.get_by_text("the timeline is rendered by number").first.click()
    page.get_by_role("link", name=f"Trace {trace_id[:8]}").first.click()
    expect(page.get_by_role("region", name="Log lines", exact=True)).to_be_visible()
