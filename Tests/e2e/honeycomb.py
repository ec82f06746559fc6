# SPDX-License-Identifier: Apache-2.0
"""Honeycomb's API as its own clients call it."""
import json
import time

import cairn_process

KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}


def call(cairn, method, path, body=None, status=200):
    """The answer's JSON, or None where it has no body; the status has to be this."""
    reply = cairn.request(method, path, None if body is None else json.dumps(body), KEY)
    assert reply.status == status, (reply.status, reply.body)
    return reply.json() if reply.body else None


def wait(condition, timeout=60):
    assert cairn_process.until(condition, timeout)


def send(cairn, dataset, count, ago=0, samplerate=1, **fields):
    """So many events of a dataset, each with these fields."""
    at = time.time() - ago
    answer = call(cairn, "POST", f"/1/batch/{dataset}", [{"time": f"{at:.3f}", "samplerate": samplerate, "data": fields} for _ in range(count)])
    assert all(one["status"] == 202 for one in answer)


def blamed(answer):
    """The fields that an answer blames."""
    assert answer["type"].endswith("/problems/validation-failed"), answer
    return [detail["field"] for detail in answer["type_detail"]]


def told(hook, name):
    """What a webhook heard of one trigger, objective or alert: header fields and bodies."""
    return [(headers, json.loads(body)) for headers, body in hook.got if json.loads(body).get("name") == name]
