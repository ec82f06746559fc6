# SPDX-License-Identifier: Apache-2.0
"""The Logs page in Chromium, against the real server."""
import json
import os
import re
import time

import pytest
from playwright.sync_api import expect, sync_playwright

import cairn_process
import otlp
from test_insights import logs_client

CHROMIUM = os.environ.get("CAIRN_CHROMIUM", "/usr/bin/chromium")


SETTINGS = {"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        found = {"executable_path": CHROMIUM} if os.path.exists(CHROMIUM) else {}
        chromium = playwright.chromium.launch(args=["--no-sandbox"], **found)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def trace_id(cairn):
    """Lines of two groups, one with a trace."""
    client, now = logs_client(cairn), int(time.time() * 1000)
    trace = "5759e988bd862e3fe1be46a994272793"
    for group in ("/app/web", "/app/worker"):
        client.create_log_group(logGroupName=group)
        client.create_log_stream(logGroupName=group, logStreamName="main")
    web = [{"timestamp": now - 300_000 + i * 2000, "message": json.dumps({"level": "error" if i % 10 == 0 else "info", "status": 500 if i % 10 == 0 else 200, "path": f"/p{i % 3}", "trace_id": trace})}
           for i in range(100)]
    worker = [{"timestamp": now - 290_000 + i * 1000, "message": f"[WARN] pool main has {i} of 20 connections in use"} for i in range(60)]
    client.put_log_events(logGroupName="/app/web", logStreamName="main", logEvents=web)
    client.put_log_events(logGroupName="/app/worker", logStreamName="main", logEvents=worker)
    ids = otlp.Ids(7)
    cairn.send(otlp.traces([otlp.span(ids, "GET /p1", trace=bytes.fromhex(trace), start=(now - 300_000) * 10**6, milliseconds=5)], service="web").SerializeToString())
    return trace


@pytest.fixture
def page(browser, cairn, trace_id):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # A query that is refused is no complaint: its answer is a 422.
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" and "422" not in message.text else None)
    page.root = f"http://{cairn.addresses['http']}"
    yield page
    context.close()
    assert not complaints, complaints


def test_lines_open_and_lead_to_their_trace(page, trace_id):
    page.goto(f"{page.root}/ui/logs?g=%2Fapp%2Fweb&q=" + "filter status = 500 | fields @timestamp, @message | limit 20")
    expect(page.locator(".ln")).to_have_count(10)
    page.locator(".ln").first.click()
    expect(page.locator(".js").first).to_contain_text('"/p')
    page.locator(".js a", has_text="Trace").first.click()
    page.wait_for_url(f"**/ui/trace/{trace_id}*")
    expect(page.locator("#trace-lines-title")).to_be_visible()
    assert page.locator(".trace-lines .ln").count() == 100


def test_a_stack_trace_leads_to_its_error_item(page, cairn):
    client = logs_client(cairn)
    client.create_log_group(logGroupName="/app/stacks")
    client.create_log_stream(logGroupName="/app/stacks", logStreamName="main")
    stack = 'Traceback (most recent call last):\n  File "/app/cart.py", line 41, in total\n    return 1 / 0\nZeroDivisionError: division by zero'
    client.put_log_events(logGroupName="/app/stacks", logStreamName="main", logEvents=[{"timestamp": int(time.time() * 1000), "message": stack}])
    cairn_process.until(lambda: cairn.get("errors", project="/app/stacks")["items"])
    page.goto(f"{page.root}/ui/logs?g=%2Fapp%2Fstacks&q=fields @timestamp, @message | limit 5")
    expect(page.locator(".ln.E")).to_have_count(1)
    page.locator(".ln").click()
    page.locator(".js button", has_text="Error item").click()
    page.wait_for_url("**/ui/errors/*")
    expect(page.locator("h1, h2", has_text="ZeroDivisionError").first).to_be_visible()


def test_deliveries_of_subscriptions_are_listed(page, cairn, webhook):
    client, url = logs_client(cairn), webhook.url
    client.create_log_group(logGroupName="/app/told")
    client.create_log_stream(logGroupName="/app/told", logStreamName="main")
    client.put_subscription_filter(logGroupName="/app/told", filterName="bad", filterPattern="bad", destinationArn=url)
    client.put_log_events(logGroupName="/app/told", logStreamName="main", logEvents=[{"timestamp": int(time.time() * 1000), "message": "bad news"}])
    assert cairn_process.until(lambda: cairn.get("deliveries", kind="subscription")["entries"])
    page.goto(f"{page.root}/ui/logs?live=1")
    page.get_by_role("button", name="Deliveries").click()
    row = page.locator(".delivery", has_text=url)
    expect(row.locator("summary")).to_contain_text("1 delivered")
    row.locator("summary").click()
    expect(row.locator("tbody tr")).to_contain_text(["/app/told/bad"])
    expect(row.locator("tbody tr")).to_contain_text(["status 204"])
    page.get_by_role("button", name="Alarms").click()
    expect(page.locator(".deliveries")).to_contain_text("Nothing was sent")


def test_statistics_over_time_are_a_chart(page):
    page.goto(f"{page.root}/ui/logs?g=%2Fapp%2Fweb&q=" + "stats count(*) as lines by bin(1m), level")
    expect(page.locator(".result-chart svg").first).to_be_visible()
    expect(page.locator(".tbl th").first).to_have_text("bin(1m)")
    expect(page.locator(".hist svg")).to_be_visible()


def test_the_editor_completes_and_runs(page):
    page.goto(f"{page.root}/ui/logs?q=" + "fields @message | limit 3")
    area = page.locator(".ed-area")
    expect(page.locator(".x-k").first).to_have_text("fields")
    area.fill("")
    area.type("stats cou")
    expect(page.locator(".ed-list .opt").first).to_contain_text("count(")
    area.press("Tab")
    area.type("*) by pa")
    expect(page.locator(".ed-list .opt").first).to_contain_text("path")
    area.press("Tab")
    area.press("Control+Enter")
    expect(page.locator(".results .tbl tbody tr")).to_have_count(4)
    area.fill("fields @message | nonsense")
    area.press("Control+Enter")
    expect(page.locator(".results .note.err, .logs-main .note.err")).to_contain_text("Unknown command 'nonsense'")


def test_patterns_filter_and_compare(page):
    page.goto(f"{page.root}/ui/logs?g=%2Fapp%2Fworker&q=" + "fields @timestamp, @message | limit 5")
    first = page.locator(".pt").first
    expect(first).to_contain_text("pool main has")
    expect(first).to_contain_text("60")
    page.locator("text=Compare").click()
    expect(page.locator(".pt .badge").first).to_have_text("New pattern")
    page.locator(".pt").first.click()
    page.wait_for_url("**like*")
    expect(page.locator(".ln").first).to_contain_text("pool main has")


def test_groups_and_streams_are_browsed(page):
    page.goto(f"{page.root}/ui/logs?q=" + "fields @timestamp, @message | limit 5")
    page.locator(".chip.groups").click()
    row = page.locator(".group-row", has_text="/app/worker")
    expect(row).to_contain_text("60 lines")
    row.locator("summary").click()
    row.locator(".streams a", has_text="main").click()
    expect(page.locator(".chip.groups")).to_contain_text("/app/worker")
    expect(page.locator(".ln").first).to_contain_text("pool main")


def test_the_tail_shows_lines_as_they_come_and_pauses(page, cairn):
    page.goto(f"{page.root}/ui/logs?g=%2Fapp%2Fworker&live=1")
    expect(page.locator(".logs-main.is-open")).to_be_visible()
    expect(page.locator(".tail .ln")).to_have_count(60)
    expect(page.locator(".tail .ln").last).to_contain_text("pool main")
    client = logs_client(cairn)
    client.put_log_events(logGroupName="/app/worker", logStreamName="main", logEvents=[{"timestamp": int(time.time() * 1000), "message": "a fresh line"}])
    expect(page.locator(".tail .ln")).to_have_count(61)
    expect(page.locator(".tail .ln").last).to_contain_text("a fresh line")
    page.keyboard.press("Space")
    client.put_log_events(logGroupName="/app/worker", logStreamName="main", logEvents=[{"timestamp": int(time.time() * 1000), "message": "a later line"}])
    expect(page.locator(".foot .btn.pri")).to_have_text("1 new line")
    page.keyboard.press("Space")
    expect(page.locator(".tail .ln")).to_have_count(62)
    # Only lines that contain a text: of those there are, and of those that come.
    page.get_by_label("Only lines that contain").fill("later")
    expect(page.locator(".tail .ln")).to_have_count(1)
    expect(page.locator(".tail .ln mark")).to_have_text("later")
    expect(page).to_have_url(re.compile("has=later"))
    client.put_log_events(logGroupName="/app/worker", logStreamName="main", logEvents=[
        {"timestamp": int(time.time() * 1000), "message": message} for message in ("no such word", "once more later")])
    expect(page.locator(".tail .ln")).to_have_count(2)
    expect(page.locator(".tail .ln").last).to_contain_text("once more later")


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    for address in ("/ui/logs?live=1", "/ui/logs?q=stats count(*) by bin(1m), level", "/ui/logs?q=fields @timestamp, @message | limit 50"):
        page.goto(page.root + address)
        page.wait_for_timeout(0)
        expect(page.locator(".page-logs .hist svg")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
