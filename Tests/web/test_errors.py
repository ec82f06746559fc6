# SPDX-License-Identifier: Apache-2.0
"""The pages of errors against the real server, with errors that this test sends."""
import json
import pathlib
import re
import sys
import time
import urllib.request

import pytest
from playwright.sync_api import expect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import cairn_process  # noqa: E402

TRACE = "0af7651916cd43dd8448eb211c80319c"
EVIL = '<img src=x onerror="window.__xss=1">'


def post(url, path, body):
    request = urllib.request.Request(url + path, json.dumps(body).encode(),
                                     {"content-type": "application/json", "x-rollbar-access-token": "t"})
    return json.load(urllib.request.urlopen(request, timeout=30))


def item(n, **changes):
    frames = [{"filename": "/usr/lib/python3.11/site-packages/flask/app.py", "method": "dispatch", "lineno": 1},
              {"filename": "/srv/app/shop.py", "method": "pay", "lineno": 12, "code": "raise Lost(EVIL)", "locals": {"order": EVIL},
               "context": {"pre": ["def pay(order):"], "post": ["    return order"]}}]
    return {"environment": "production", "level": "error", "timestamp": time.time() - n, "server": {"root": "/srv/app"}, "code_version": "1.4.2",
            "person": {"id": f"u{n}", "username": EVIL}, "request": {"url": "http://shop.example/pay", "method": "POST", "headers": {
                "traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "Cookie": "cookie-jar-7"}},
            "body": {"trace": {"frames": frames, "exception": {"class": "Lost", "message": f"order {n} {EVIL}"}}}, **changes}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if not cairn_process.binary().exists():
        pytest.skip("there is no server to show pages of")
    server = cairn_process.Cairn(tmp_path_factory.mktemp("errors"), environment={
        "CAIRN_WEB_DIR": str(pathlib.Path(__file__).resolve().parents[2] / "web"), "CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}).start()
    url = f"http://{server.addresses['http']}"
    start = time.time_ns()
    span = {"traceId": TRACE, "spanId": "b7ad6b7169203331", "name": "POST /pay", "kind": 2, "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + 10**7)}
    post(url, "/v1/traces", {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}, "scopeSpans": [{"spans": [span]}]}]})
    line = {"timeUnixNano": str(start), "traceId": TRACE, "spanId": "b7ad6b7169203331", "severityNumber": 9, "body": {"stringValue": "about to pay"}}
    post(url, "/v1/logs", {"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}, "scopeLogs": [{"logRecords": [line]}]}]})
    for n in range(5):
        post(url, "/api/1/item/", {"data": item(n)})
    post(url, "/api/1/item/", {"data": item(9, title=EVIL, fingerprint="evil", level="warning")})
    deadline = time.monotonic() + 20
    while json.load(urllib.request.urlopen(url + "/api/cairn/errors"))["total"] < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield url
    server.stop()


@pytest.mark.parametrize("width, scheme", [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_an_error_leads_to_its_trace_and_back(server, open_page, width, scheme):
    page = open_page(server + "/ui/errors", width, scheme)
    expect(page.locator(".items tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Lost", exact=True).click()
    expect(page.get_by_role("heading", name="Lost: order")).to_be_visible()
    expect(page.locator(".src .hit")).to_contain_text("raise Lost")
    expect(page.get_by_role("region", name="Why grouped", exact=True)).to_contain_text("shop.py:pay")
    expect(page.get_by_role("region", name="Request", exact=True)).to_contain_text("curl 'http://shop.example/pay' -X 'POST'")
    expect(page.get_by_role("region", name="Request", exact=True)).not_to_contain_text("cookie-jar-7")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Open trace").click()
    section = page.get_by_role("region", name="Errors in this trace", exact=True)
    expect(section).to_contain_text("Lost")
    section.get_by_role("link").filter(has_text="Lost").first.click()
    expect(page.get_by_role("heading", name="Lost: order")).to_be_visible()


def test_an_occurrence_says_its_own_message_where_its_items_title_has_another(server, open_page):
    page = open_page(server + "/ui/errors")
    page.get_by_role("link", name="Lost", exact=True).click()
    stack = page.get_by_role("region", name="Stack", exact=True)
    expect(stack).to_contain_text("raise Lost")
    title = page.get_by_role("heading", level=1).inner_text()
    found = page.evaluate("fetch(`/api/1/item/${location.pathname.split('/').at(-1)}/instances?access_token=t`).then((r) => r.json())")["result"]["instances"]
    for one in found:
        page.goto(f"{server}/ui/occurrence/{one['id']}")
        message = one["data"]["body"]["trace"]["exception"]["message"].split(" <")[0]
        expect(stack).to_contain_text("raise Lost")
        assert (f"Lost: {message}" in stack.inner_text()) == (message not in title), (message, title)
    assert len({one["data"]["body"]["trace"]["exception"]["message"] for one in found}) == 5


@pytest.mark.parametrize("path, name", [("/ui/errors/999999?t=6h", "All errors"), ("/ui/occurrence/1?t=6h", "All errors"), ("/ui/boards/gone?t=6h", "All boards"), ("/ui/slos/gone?t=6h", "All SLOs")])
def test_a_link_to_what_is_gone_leads_to_the_others(server, open_page, path, name):
    page = open_page(server + path, allow=("404",))
    page.get_by_role("link", name=name).click()
    expect(page).to_have_url(re.compile(f"/ui/{name.split()[1].lower()}[?]t=6h$"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_items_are_resolved_and_found_again(server, open_page):
    page = open_page(server + "/ui/errors")
    page.get_by_label("Select #2").or_(page.get_by_label("Select #1")).first.check()
    page.get_by_role("button", name="Resolve 1").click()
    expect(page.locator(".items tbody tr")).to_have_count(1)
    page.get_by_role("tab", name="Resolved").click()
    expect(page.locator(".items tbody tr")).to_have_count(1)
    page.locator(".items tbody a").first.click()
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("button", name="Resolve", exact=False).last).to_be_visible()
    page.get_by_label("Comment").first.fill("looked at it")
    page.get_by_role("button", name="Comment").click()
    expect(page.get_by_role("region", name="History", exact=True)).to_contain_text("looked at it")


def test_items_are_assigned_muted_and_lead_elsewhere(server, open_page):
    post(server, "/api/1/item/", {"data": item(1, fingerprint="owned", title="Owned")})
    assert post(server, "/api/1/service_links", {"name": "Build", "template": "https://ci.example/{{code_version}}?who={{person.username}}"})["err"] == 0
    post(server, "/api/1/deploy/", {"environment": "production", "revision": "1.4.2", "local_username": "ana"})
    page = open_page(server + "/ui/errors?q=Owned&status=any")
    page.get_by_role("link", name="Owned", exact=True).click()
    page.get_by_role("button", name="Assign").click()
    page.get_by_role("combobox", name="Assign to").fill("mira@example.com")
    page.get_by_role("combobox", name="Assign to").press("Enter")
    expect(page.get_by_role("button", name="Assigned to mira")).to_be_visible()
    expect(page.get_by_role("region", name="History", exact=True)).to_contain_text("assigned mira@example.com")
    link = page.get_by_role("region", name="Links", exact=True).get_by_role("link", name="Build")
    assert link.get_attribute("href") == "https://ci.example/1.4.2?who=%3Cimg%20src%3Dx%20onerror%3D%22window.__xss%3D1%22%3E"
    page.get_by_role("button", name="Mute").click()
    page.get_by_role("button", name="Mute for a week").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    # In the list: its owner, a facet that chooses by it, and the day's deploy on the chart.
    page.goto(server + "/ui/errors?status=muted")
    expect(page.locator(".items tbody")).to_contain_text("mira")
    page.get_by_role("checkbox", name="mira 1").check()
    expect(page.locator(".items tbody tr")).to_have_count(1)
    expect(page.get_by_role("img", name="Occurrences by hour")).to_contain_text("1.4.2")
    page.get_by_label("Select all").check()
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_text("No item matches.")).to_be_visible()


def evil(value):
    """The payload with markup in every text, names of members of free trees included."""
    if isinstance(value, dict):
        return {key: evil(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [evil(inner) for inner in value]
    return f"{value}{EVIL}" if isinstance(value, str) else value


@pytest.mark.parametrize("width", [1440, 390])
def test_markup_in_any_text_stays_text(server, open_page, width):
    payload = evil(item(3, context="/pay", framework="flask", language="python", host="h", custom={"note": "n", EVIL: {EVIL: EVIL}}))
    payload["body"]["telemetry"] = [{"level": "error", "type": "log", "source": "client", "timestamp_ms": 1, "body": {"message": EVIL}},
                                    {"level": EVIL, "type": EVIL, "source": EVIL, "timestamp_ms": EVIL, "body": {EVIL: EVIL, "url": "javascript:window.__xss=1"}}]
    payload["request"]["url"], payload["notifier"], payload["title"] = "javascript:window.__xss=1", {"name": EVIL, "version": EVIL}, f"evil {width} {EVIL}"
    payload.update(level="error", fingerprint=f"evil-{width}", uuid=f"00000000-0000-4000-8000-{width:012}")
    post(server, "/api/1/item/", {"data": payload})
    found = None
    while not found:
        found = [one for one in json.load(urllib.request.urlopen(server + "/api/cairn/errors?status=any"))["items"] if one["hash"] == f"evil-{width}"]
    changed = {"title": f"changed {EVIL}", "comment": EVIL, "assignee": EVIL}
    urllib.request.urlopen(urllib.request.Request(f"{server}/api/cairn/errors/{found[0]['id']}", json.dumps(changed).encode(), method="PATCH"))
    post(server, "/api/1/deploy/", {"environment": payload["environment"], "revision": EVIL, "local_username": EVIL})
    page = open_page(server + "/ui/errors?status=any", width)
    expect(page.locator(".items tbody")).to_contain_text(f"changed {EVIL}")
    page.goto(f"{server}/ui/errors/{found[0]['id']}")
    expect(page.get_by_role("region", name="History", exact=True)).to_contain_text(EVIL)
    for frame in page.locator(".fr > button:not([disabled])").all():
        if frame.get_attribute("aria-expanded") == "false":
            frame.click()
    page.goto(f"{server}/ui/occurrence/{payload['uuid']}")
    expect(page.get_by_role("region", name="Fields", exact=True)).to_contain_text(EVIL)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("a[href^='javascript:'], img").count() == 0


def test_the_list_filters_and_tells_when_nothing_matches(server, open_page):
    page = open_page(server + "/ui/errors?q=nothinglikeit")
    expect(page.get_by_text("No item matches.")).to_be_visible()
    page = open_page(server + "/ui/errors?status=any&level=warning")
    expect(page.locator(".items tbody tr")).to_have_count(1)
    page = open_page(server + "/ui/errors/999999", allow=("404",))
    expect(page.get_by_role("alert")).to_contain_text("No error item has the id")


@pytest.mark.parametrize("width, scheme", [(1440, "light"), (390, "dark")])
def test_log_lines_of_an_occurrence_are_a_click_away(server, open_page, width, scheme):
    page = open_page(server + "/ui/errors", width, scheme)
    page.get_by_role("link", name="Lost", exact=True).click()
    page.get_by_role("link", name="Log lines").click()
    expect(page).to_have_url(re.compile(f"/ui/logs.*{TRACE}"))
    page.go_back()
    expect(page.get_by_role("heading", name="Lost: order")).to_be_visible()
    page.go_forward()
    page.get_by_role("region", name="Lines", exact=True).get_by_text("about to pay").first.click()  # its pattern says the same, and filters
    page.get_by_role("link", name=f"Trace {TRACE[:8]}").first.click()
    page.get_by_role("region", name="Errors in this trace", exact=True).get_by_role("link").filter(has_text="Lost").first.click()
    expect(page.get_by_role("heading", name="Lost: order")).to_be_visible()


def test_a_rule_is_made_tried_and_removed(server, open_page):
    page = open_page(server + "/ui/errors", 1440, "light")
    page.get_by_role("link", name="Notifications").click()
    page.get_by_role("button", name="Make the first rule").click()
    page.locator("select[name=project]").select_option("default")
    page.locator("input[name=target]").fill("http://127.0.0.1:9/hook")
    page.locator("select[name=type0]").select_option("level")
    page.locator("input[name=value0]").fill("error")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".notify")).to_contain_text("level at least error")
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_text("The test did not arrive")).to_be_visible()
    page.get_by_role("button", name="History").click()
    expect(page.locator(".rule-below tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Delete the rule").click()
    expect(page.get_by_role("button", name="Make the first rule")).to_be_visible()


def test_an_occurrence_without_a_trace_leads_to_the_failed_requests_of_its_route(server, open_page):
    data = item(1, environment="alone", context="/refund/<id>", fingerprint="alone")
    del data["request"]["headers"]
    start = time.time_ns() - 1_200_000_000
    spans = [{"traceId": f"{n:032x}", "spanId": f"{n:016x}", "name": "POST /refund", "kind": 2, "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + 10**7),
              "status": {"code": code}, "attributes": [{"key": "http.route", "value": {"stringValue": route}}]}
             for n, code, route in ((1, 2, "/refund/<id>"), (2, 1, "/refund/<id>"), (3, 2, "/pay"))]
    post(server, "/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    post(server, "/api/1/item/", {"data": data})
    page = open_page(server + "/ui/errors?environment=alone")
    page.get_by_role("link", name="Lost", exact=True).first.click()
    expect(page.get_by_role("region", name="Trace of this occurrence")).to_contain_text("no trace id came with it")
    page.get_by_role("link", name="Failed requests of this route then").click()
    expect(page.locator("main")).to_contain_text("1 trace")
    page.locator("tbody tr a").first.click()
    page.wait_for_url(f"**/ui/trace/{1:032x}*")


def test_what_other_doors_told_stands_beside_and_can_be_parted(server, open_page):
    trace, now = "1af7651916cd43dd8448eb211c80319c", time.time_ns()
    post(server, "/api/1/item/", {"data": item(0, request={"url": "http://shop.example/x", "headers": {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}},
                                             fingerprint="two doors", body={"trace": {"frames": [{"filename": "/srv/app/x.py", "method": "x", "lineno": 1}], "exception": {"class": "Twice", "message": "told"}}})})
    values = (("exception.type", "shop.Twice"), ("exception.message", "told"), ("exception.stacktrace", ""))
    span = {"traceId": trace, "spanId": "b7ad6b7169203331", "name": "GET /x", "kind": 2, "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 10**6),
            "events": [{"timeUnixNano": str(now), "name": "exception", "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in values]}]}
    post(server, "/v1/traces", {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}, "scopeSpans": [{"spans": [span]}]}]})

    def found():
        items = json.load(urllib.request.urlopen(server + "/api/cairn/errors?query=class:Twice"))["items"]
        return items[0]["id"] if len(items) == 1 and len(json.load(urllib.request.urlopen(f"{server}/api/cairn/errors/{items[0]['id']}"))["doors"]) == 2 else None

    deadline = time.monotonic() + 20
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    number = found()
    page = open_page(f"{server}/ui/errors/{number}")
    through = page.get_by_label("Trace of this occurrence")
    expect(through).to_contain_text(re.compile(r"Seen through\s*Rollbar"))
    through.get_by_role("link", name="OpenTelemetry").click()
    expect(page.get_by_label("Trace of this occurrence")).to_contain_text(re.compile(r"Seen through\s*OpenTelemetry"))
    page.get_by_label("Trace of this occurrence").get_by_role("link", name="Rollbar").wait_for()
    page.goto(f"{server}/ui/errors/{number}")
    panel = page.get_by_label("Seen through")
    expect(panel).to_contain_text("each failure counts once")
    panel.get_by_role("button", name="Part").click()
    expect(page.get_by_label("History")).to_contain_text("parted")
    expect(panel).to_have_count(0)
    parted = json.load(urllib.request.urlopen(server + "/api/cairn/errors?query=told"))["items"]
    assert sorted((item["class"], item["total"]) for item in parted) == [("Twice", 1), ("shop.Twice", 1)]


@pytest.mark.parametrize("width, scheme", [(1440, "light"), (390, "dark")])
def test_a_time_counts_its_own(server, open_page, width, scheme):
    for age in (90_000, 80_000, 60):
        post(server, "/api/1/item/", {"data": item(age, title="bell cracked", fingerprint=f"bell {width}")})
    page = open_page(f"{server}/ui/errors?q=bell&sort=total", width, scheme)
    row = page.locator("table.items tbody tr").first
    expect(row.locator("[data-l=times]")).to_have_text("3")
    page.goto(f"{server}/ui/errors?q=bell&sort=total&t=60m")
    expect(row.locator("[data-l=times]")).to_have_text(re.compile(r"^1\s*of 3$"))
    expect(page.locator("main .sub").first).to_contain_text(re.compile(r"seen in this time, \d occurrences? in it"))
    if width == 1440:
        expect(page.get_by_role("columnheader", name="In this time")).to_be_visible()


def test_a_line_of_a_trace_leads_to_its_item(server, open_page):
    now, text = time.time_ns(), lambda key, value: {"key": key, "value": {"stringValue": value}}  # noqa: E731
    trace = f"{now:032x}"
    span = {"traceId": trace, "spanId": "c7ad6b7169203332", "name": "GET /shelf", "kind": 2, "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 10**7), "status": {"code": 2}}
    fields = [text("exception.type", "OutOfStock"), text("exception.message", "A-7"), text("exception.stacktrace", "OutOfStock: A-7\n  at take (/srv/shelf.js:7:1)"), text("user.id", "ana")]
    lines = [{"timeUnixNano": str(now + n), "traceId": trace, "severityNumber": number, "body": {"stringValue": words}, **more}
             for n, (number, words, more) in enumerate(((9, "about to take", {"spanId": span["spanId"]}), (17, "nothing left", {"spanId": span["spanId"], "attributes": fields}), (17, "and no span", {"attributes": fields})))]
    service = {"attributes": [text("service.name", "shelf")]}
    post(server, "/v1/traces", {"resourceSpans": [{"resource": service, "scopeSpans": [{"spans": [span]}]}]})
    post(server, "/v1/logs", {"resourceLogs": [{"resource": service, "scopeLogs": [{"logRecords": lines}]}]})
    cairn_process.until(lambda: json.load(urllib.request.urlopen(f"{server}/api/cairn/errors?project=shelf"))["total"])
    page = open_page(f"{server}/ui/trace/{trace}")
    for words, has in (("about to take", 0), ("nothing left", 1), ("and no span", 1)):
        box = page.locator(".trace-lines .ln-box").filter(has_text=words)
        box.get_by_role("button").first.click()
        expect(box.get_by_role("button", name="Copy line")).to_be_visible()
        expect(box.get_by_role("button", name="Error item")).to_have_count(has)
    box = page.locator(".trace-lines .ln-box").filter(has_text="nothing left")
    expect(box).to_contain_text("exception.message")
    box.get_by_role("link", name="Its span").click()
    page.get_by_role("tab", name="Logs").click()
    expect(page.locator(".span-tab").get_by_role("button", name="Error item")).to_have_count(1)
    page.locator(".span-tab").get_by_role("button", name="Error item").click()
    page.wait_for_url("**/ui/errors/*")
    expect(page.get_by_role("heading", name="OutOfStock: A-7")).to_be_visible()
    expect(page.get_by_role("region", name="Figures")).to_contain_text(re.compile("People\\s*1"))
