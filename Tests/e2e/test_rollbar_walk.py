# SPDX-License-Identifier: Apache-2.0
"""Every documented path of Rollbar's API, asked once: what it answers, and what it says to a token without the scope that it needs."""
import json

import pytest
from test_rollbar import TOKEN, counted, data, send

READS = [
    ("/items/", 200, "items"), ("/item_by_counter/{counter}", 301, "itemId"), ("/item/{item}", 200, "total_occurrences"), ("/item/{item}/instances/", 200, "instances"),
    ("/item/{item}/occurrences", 200, "instances"), ("/instances/", 200, "instances"), ("/occurrences/", 200, "instances"), ("/search/?title=x", 200, "items"),
    ("/deploys/", 200, "deploys"), ("/deploy/999999", 404, None), ("/versions/none?environment=production", 404, None), ("/reports/top_active_items", 200, None),
    ("/reports/occurrence_counts", 200, None), ("/reports/activated_counts", 200, None), ("/rql/jobs", 200, "jobs"), ("/rql/job/999999", 404, None),
    ("/people", 200, "people"), ("/item/999999", 404, None), ("/item_by_counter/999999", 404, None), ("/instance/999999", 404, None),
]
ABSENT = [
    ("POST", "/session/", "session replays"), ("GET", "/environment/production/session/s/replay/r", "session replays"),
    ("POST", "/metrics/occurrences", "/reports/occurrence_counts"), ("POST", "/sourcemap/download", "upload them"),
]


@pytest.fixture(scope="module")
def shop(cairn):
    """An item, and a token of its project that may send and nothing else."""
    send(cairn, data(fingerprint="walk"))
    item = next(found for found in counted(cairn, 1) if found["hash"] == "walk")
    body = json.dumps({"name": "sender", "scopes": ["post_server_item"]}).encode()
    made = cairn.request("POST", f"/api/1/project/{item['project_id']}/access_tokens", body, {**TOKEN, "content-type": "application/json"})
    assert made.status == 200, made
    return {"item": item["id"], "counter": item["counter"], "sender": made.json()["result"]["access_token"]}


@pytest.mark.parametrize("path, status, member", READS)
def test_a_path_answers(cairn, shop, path, status, member):
    path = "/api/1" + path.format(**shop)
    reply = cairn.request("GET", path, headers=TOKEN)
    assert reply.status == status, reply
    answer = reply.json()
    assert answer["err"] == (1 if status == 404 else 0) and ("message" in answer if status == 404 else member is None or member in answer["result"])
    refused = cairn.request("GET", path, headers={"x-rollbar-access-token": shop["sender"]})
    assert refused.status == 403 and refused.json()["err"] == 1
    assert refused.json()["message"] == "insufficient privileges: read scope is required but the access token only has post_server_item"
    assert cairn.request("GET", path).status == 401


@pytest.mark.parametrize("method, path, body", [
    ("PATCH", "/item/{item}", {"status": "resolved"}), ("DELETE", "/instance/999999", None), ("PATCH", "/item/{item}", {"level": "no such"}),
])
def test_changes_need_the_scope_to_write(cairn, shop, method, path, body):
    refused = cairn.request(method, "/api/1" + path.format(**shop), json.dumps(body).encode(), {"x-rollbar-access-token": shop["sender"]})
    assert refused.status == 403 and refused.json()["message"].startswith("insufficient privileges: write scope is required"), refused


@pytest.mark.parametrize("method, path, word", ABSENT)
def test_what_is_not_there_says_what_to_do(cairn, method, path, word):
    reply = cairn.request(method, "/api/1" + path, b"{}" if method == "POST" else None, TOKEN)
    assert reply.status == 404 and reply.json()["err"] == 1 and word in reply.json()["message"], reply


def test_the_pulse_is_plain_text(cairn):
    assert cairn.request("GET", "/api/1/status/ping").body == b"pong"
