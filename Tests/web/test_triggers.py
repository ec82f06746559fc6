# SPDX-License-Identifier: Apache-2.0
"""From a question in Explore to a trigger that tells a webhook."""
import json
import pathlib
import sys
import time

import pytest
from pages import WIDTHS, ready
from playwright.sync_api import expect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import cairn_process  # noqa: E402


@pytest.fixture(scope="module")
def server(tmp_path_factory, hook):
    server = cairn_process.Cairn(tmp_path_factory.mktemp("triggers"), environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1", "CAIRN_PAGERDUTY_URL": hook.url}).start()
    events = [{"time": f"{time.time():.3f}", "data": {"name": "work", "duration_ms": 900 + n, "service.name": "shop"}} for n in range(20)]
    assert server.request("POST", "/1/batch/shop", json.dumps(events), {"x-honeycomb-team": "any", "content-type": "application/json"}).status == 200
    yield server
    server.stop()


def test_a_question_becomes_a_trigger_that_tells(server, open_page, hook):
    page = open_page(server.url + "/ui/explore?c=COUNT&c=P95(duration_ms)&by=service.name&t=60m", allow=("422",))
    page.get_by_role("button", name="Alert").click()
    form = page.get_by_role("form", name="New trigger")
    expect(form).to_contain_text("in any group of service.name")
    form.locator("[name=name]").fill("slow <b>shop</b>")
    form.locator("[name=value]").fill("500")
    form.locator("[name=calculation]").select_option(label="P95(duration_ms)")
    form.locator("[name=to]").fill("http://10.1.2.3/hook")
    form.get_by_role("button", name="Keep").click()
    expect(form).to_contain_text("webhook_hosts")
    form.locator("[name=to]").fill(hook.url)
    form.get_by_role("button", name="Keep").click()
    page.wait_for_url("**/ui/triggers*")
    assert cairn_process.until(lambda: hook.got)
    body = json.loads(hook.got[0][1])
    assert body["status"] == "TRIGGERED" and body["result_groups_triggered"][0]["Group"] == {"service.name": "shop"}
    page.reload()
    row = page.locator("[data-trigger]")
    expect(row).to_contain_text("triggered")
    expect(row).to_contain_text("slow <b>shop</b>")
    expect(row).to_contain_text("P95(duration_ms) > 500 by service.name")
    row.get_by_role("button", name="Test").click()
    expect(row.get_by_role("status")).to_contain_text("The test arrived")
    row.get_by_role("button", name="History").click()
    expect(row.locator("tbody tr")).to_have_count(2)
    page.goto(body["result_url"])
    ready(page)
    expect(page.locator(".qb")).to_contain_text("P95")
    expect(page.locator("main")).to_contain_text("shop")
    page.goto(server.url + "/ui/triggers")
    page.get_by_role("button", name="Switch off").click()
    expect(page.locator("[data-trigger] .badge")).to_have_text("off")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_of_triggers_loads_clean(server, open_page, width, scheme):
    page = open_page(server.url + "/ui/triggers", width, scheme)
    expect(page.locator("[data-trigger]")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Delete").focus()


def test_a_key_of_pagerduty_becomes_who_is_paged(server, open_page, hook):
    page = open_page(server.url + "/ui/explore?c=COUNT&t=60m")
    page.get_by_role("button", name="Alert").click()
    form = page.get_by_role("form", name="New trigger")
    form.locator("[name=name]").fill("page somebody")
    form.locator("[name=value]").fill("1")
    form.locator("[name=to]").fill("cd6e8de3c857aefc950e0d5ebcb79ac2")
    form.get_by_role("button", name="Keep").click()
    page.wait_for_url("**/ui/triggers*")
    row = page.locator("[data-trigger]").filter(has_text="page somebody")
    expect(row).to_contain_text("pagerduty PagerDuty …9ac2")
    assert cairn_process.until(lambda: [body for _, body in hook.got if json.loads(body).get("routing_key") == "cd6e8de3c857aefc950e0d5ebcb79ac2"])
