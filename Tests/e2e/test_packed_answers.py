# SPDX-License-Identifier: Apache-2.0
"""Answers of Cairn's own API in gzip: for those who take it, where it saves something, and never where parts have to arrive at once."""
import gzip
import http.client
import json
import time

GZIP = {"accept-encoding": "gzip, deflate, br"}
KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}


def test_answers_come_in_gzip_to_those_who_take_it(cairn, mark):
    events = [{"time": time.time() - n % 60, "data": {"name": "work", "user.id": f"{mark}-{n}"}} for n in range(500)]
    assert cairn.request("POST", "/1/batch/packed", json.dumps(events), KEY).status == 200
    body = json.dumps({"dataset": "packed", "query": {"calculations": [{"op": "COUNT"}], "breakdowns": ["user.id"], "limit": 500, "time_range": 600}, "disable_series": True})
    plain, packed = (cairn.request("POST", "/api/cairn/query", body, {"content-type": "application/json", **headers}) for headers in ({}, GZIP))
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert int(packed.headers["content-length"]) == len(packed.body) < len(plain.body) / 2
    assert json.loads(gzip.decompress(packed.body))["data"] == plain.json()["data"]
    # What is small, what went wrong and what is a vendor's stay as they are.
    for method, path in (("GET", "/api/cairn/datasets"), ("GET", "/api/cairn/traces/none"), ("GET", "/1/columns/packed"), ("GET", "/metrics")):
        assert "content-encoding" not in cairn.request(method, path, headers={**KEY, **GZIP}).headers, path
    head = cairn.request("HEAD", "/ui/static/app.js", headers=GZIP)
    assert head.headers["content-encoding"] == "gzip" and head.body == b""


def test_what_is_streamed_arrives_when_it_is_written(cairn, mark):
    connection = http.client.HTTPConnection(cairn.http, timeout=60)
    connection.request("GET", "/api/cairn/tail?dataset=followed&last=0", headers={"accept": "text/event-stream", **GZIP})
    reply = connection.getresponse()
    assert reply.status == 200 and reply.getheader("content-encoding") is None
    assert cairn.request("POST", "/1/events/followed", json.dumps({"word": mark}), KEY).status == 200
    while mark not in reply.fp.readline().decode():
        pass
    connection.close()
