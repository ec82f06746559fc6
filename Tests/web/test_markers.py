"""Honeycomb's markers over the charts of Explore, against a real server."""
import json
import re
import time
import urllib.request

from playwright.sync_api import expect

from pages import ready, until


def post(base, path, body):
    request = urllib.request.Request(base + path, json.dumps(body).encode(), {"x-honeycomb-team": "any", "content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def own(chart):
    """How many markers of this test a chart has: the demo's deploy may stand beside them."""
    return f"[...document.querySelectorAll('{chart} .marker')].filter((m) => /<img|outage|long ago/.test(m.getAttribute('aria-label'))).length"


def test_a_deploy_is_drawn_over_every_chart_and_its_text_is_only_text(real, open_page):
    now = int(time.time())
    post(real, "/1/batch/markers-test", [{"data": {"name": "work", "duration_ms": n % 50}, "time": now - 60 * (n % 50)} for n in range(500)])
    post(real, "/1/markers/markers-test", {"message": "<img src=x onerror=window.__xss=1> deploy", "type": "deploy", "start_time": now - 1800, "url": "https://ci.example/4"})
    post(real, "/1/markers/markers-test", {"message": "outage", "start_time": now - 1200, "end_time": now - 900})
    post(real, "/1/markers/markers-test", {"message": "long ago", "start_time": now - 86400})
    page = open_page(real + "/ui/explore?t=1h&ds=markers-test&c=HEATMAP(duration_ms)&c=P95(duration_ms)")
    ready(page)
    until(page, f"{own('.hm')} === 2 && {own('.line-chart')} === 2")
    flag = page.locator(".hm .marker button", has_text="<img src=x")
    assert flag.inner_text().startswith("<img src=x")
    flag.click()
    menu = page.get_by_role("dialog", name="deploy: <img src=x onerror=window.__xss=1> deploy")
    expect(menu.get_by_role("link", name="https://ci.example/4")).to_have_attribute("href", "https://ci.example/4")
    menu.get_by_role("link", name="What differs from before").click()
    expect(page).to_have_url(re.compile(f"box=duration_ms%7C.*%7C{now - 1800}%7C"))
    until(page, "document.querySelector('.hm-box, .bubbleup, [aria-label=BubbleUp]') !== null || document.body.textContent.includes('BubbleUp')")
    page.go_back()
    ready(page)
    until(page, f"""(() => {{  // in one look: the answer that comes after going back draws the chart anew
        const [box, chart] = ['.hm .marker.range', '.hm'].map((name) => document.querySelector(name)?.getBoundingClientRect());
        return {own('.hm')} === 2 && box && chart
          && box.width > 10 && box.width < chart.width / 4 && box.left > chart.left && box.left < chart.right; }})()""")
