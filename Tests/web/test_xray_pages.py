"""What the pages show of X-Ray: sampling rules, and the parts of a span that came as a segment document. Against a real server."""
import json
import os
import time
import urllib.request

import pytest

from pages import NAMELESS, ready, until


def call(base, operation, body):
    request = urllib.request.Request(f"{base}/{operation}", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def segment(real):
    now = time.time()
    document = {
        "trace_id": f"1-{int(now):08x}-{os.urandom(12).hex()}", "id": os.urandom(8).hex(), "name": "checkout", "start_time": now - 0.4, "end_time": now,
        "fault": True, "annotations": {"tier": "gold"}, "metadata": {"debug": {"note": "<b>bold</b>"}},
        "cause": {"exceptions": [{"id": "a" * 16, "type": "Declined", "message": "no card", "cause": "b" * 16}, {"id": "b" * 16, "type": "Timeout", "remote": True}]}}
    assert call(real, "TraceSegments", {"TraceSegmentDocuments": [json.dumps(document)]})["UnprocessedTraceSegments"] == []
    return document


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_sampling_loads_clean(open_page, real, scheme, width):
    page = open_page(real + "/ui/sampling", width, scheme)
    ready(page)
    page.wait_for_selector('[data-rule="Default"]')
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(NAMELESS) == []


def test_a_rule_is_made_changed_and_removed(open_page, real):
    page = open_page(real + "/ui/sampling", allow=["400"])
    page.get_by_role("button", name="New rule").click()
    page.locator('input[name="RuleName"]').fill("slow path")
    page.locator('input[name="URLPath"]').fill("/slow/*")
    page.get_by_role("button", name="Keep").click()
    page.wait_for_selector('[data-rule="slow path"]')
    page.get_by_role("button", name="Edit slow path").click()
    page.locator('input[name="FixedRate"]').fill("50")
    page.get_by_role("button", name="Keep").click()
    until(page, """(document.querySelector('[data-rule="slow path"]')?.textContent ?? '').includes('50 %')""")
    page.get_by_role("button", name="New rule").click()
    page.locator('input[name="RuleName"]').fill("slow path")
    page.get_by_role("button", name="Keep").click()
    page.wait_for_selector(".rule-form .note.err")
    page.get_by_role("button", name="Cancel").click()
    call(real, "SamplingTargets", {"SamplingStatisticsDocuments": [
        {"RuleName": "slow path", "ClientID": "c" * 24, "Timestamp": time.time(), "RequestCount": 90, "SampledCount": 9, "BorrowCount": 0}]})
    until(page, """(document.querySelector('[data-rule="slow path"]')?.textContent ?? '').includes('9 of 90')""", 20)
    page.get_by_role("button", name="Edit slow path").click()
    page.get_by_role("button", name="Delete the rule").click()
    until(page, """document.querySelector('[data-rule="Default"]') && !document.querySelector('[data-rule="slow path"]')""")


def test_a_segment_shows_its_parts(open_page, real, segment):
    page = open_page(f"{real}/ui/trace/{segment['trace_id']}?span={segment['id']}")
    for tab, text in (("Annotations", "gold"), ("Metadata", "<b>bold</b>"), ("Exceptions", "caused by Timeout"), ("Document", '"trace_id"')):
        page.get_by_role("tab", name=tab).click()
        page.get_by_role("tabpanel").get_by_text(text).first.wait_for()
