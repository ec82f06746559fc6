# SPDX-License-Identifier: Apache-2.0
"""A server that wants a key: the pages ask for it, keep it in the browser, show it with every question, and forget it."""
import json
import pathlib
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import cairn_process  # noqa: E402


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    """A server, a key that may ask, and one that may only send."""
    server = cairn_process.Cairn(tmp_path_factory.mktemp("locked"), environment={"CAIRN_WEB_DIR": str(cairn_process.ROOT / "web")})
    keys = {}
    for scope in ("query", "ingest"):
        made = subprocess.run([str(cairn_process.binary()), "key", "create", "--data", str(server.data), "--scopes", scope], capture_output=True, text=True, timeout=60)
        assert made.returncode == 0, made
        keys[scope] = re.search(r"ck_\w+", made.stdout).group()
    server.start()
    yield server, keys
    server.stop()


def write(server, key, text):
    record = {"timeUnixNano": "0", "severityText": "INFO", "body": {"stringValue": text}}
    body = {"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "locked"}}]}, "scopeLogs": [{"logRecords": [record]}]}]}
    assert server.request("POST", "/v1/logs", json.dumps(body), {"content-type": "application/json", "x-honeycomb-team": key}).status == 200


def give(page, key):
    page.get_by_role("button", name=re.compile("Give a(nother)? key")).first.click()
    page.locator("input[name=key]").fill(key)
    page.get_by_role("button", name="Use it").click()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_key_is_asked_for_kept_and_forgotten(locked, open_page, width):
    server, keys = locked
    write(server, keys["ingest"], f"the line before {width}")
    page = open_page(f"{server.url}/ui/services", width, allow=("401", "403"))
    expect(page.get_by_text("This server wants a key.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    give(page, "ck_wrong_key")
    expect(page.get_by_text("This server does not take the key.")).to_be_visible()
    give(page, keys["ingest"])
    expect(page.get_by_text("This key lacks the scope 'query'.")).to_be_visible()
    give(page, keys["query"])
    expect(page.get_by_role("heading", name="Requests")).to_be_visible()
    page.goto(f"{server.url}/ui/logs")
    expect(page.locator(".tail").get_by_text(f"the line before {width}")).to_be_visible()
    write(server, keys["ingest"], f"the line that comes {width}")
    expect(page.locator(".tail").get_by_text(f"the line that comes {width}")).to_be_visible()
    page.goto(f"{server.url}/ui/server")
    page.get_by_role("button", name="Forget the key").click()
    expect(page.get_by_text("This server wants a key.")).to_be_visible()
