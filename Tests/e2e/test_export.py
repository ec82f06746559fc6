# SPDX-License-Identifier: Apache-2.0
"""Everything that came in goes out again as lines of JSON, and in again elsewhere."""
import http.client
import itertools
import json
import subprocess
import time

import pytest

import otlp
from cairn_process import binary, column, until

KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}


def export(cairn, *arguments):
    return subprocess.run([str(binary()), "export", "--server", cairn.http, *map(str, arguments)], capture_output=True, text=True, timeout=120)


def test_what_goes_out_comes_in_again_elsewhere(make_cairn, ids, mark):
    first, second = make_cairn("first").start(), make_cairn("second").start()
    trace = ids.trace()
    root = otlp.span(ids, "GET /cart", trace=trace, milliseconds=40, fields={"user": "ana", "n": 7, "ok": True, "word": "a\x00b ☃"})
    child = otlp.span(ids, "select", trace=trace, parent=root.span_id, milliseconds=12)
    assert first.send(otlp.traces([root, child], service="shop").SerializeToString()).status == 200
    now = time.time()
    batch = [{"time": f"{now - number % 3:.6f}", "samplerate": 1 + number % 2, "data": {"number": number, mark: "x"}} for number in range(11_000)]
    assert first.request("POST", "/1/batch/many", json.dumps(batch), KEY).status == 200

    done = export(first)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 11_002 and [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    assert sorted(line["data"]["number"] for line in lines if line["dataset"] == "many") == list(range(11_000))
    assert sum(line.get("samplerate", 1) for line in lines if line["dataset"] == "many") == 16_500
    # Whoever has read enough ends it.
    reader = subprocess.Popen([str(binary()), "export", "--server", first.http], stdout=subprocess.PIPE)
    assert json.loads(reader.stdout.readline()) == lines[0]
    reader.stdout.close()
    assert reader.wait(60) == 141
    for dataset, part in itertools.groupby(sorted(lines, key=lambda line: line["dataset"]), key=lambda line: line["dataset"]):
        reply = second.request("POST", f"/1/batch/{dataset}", json.dumps(list(part)), KEY)
        assert reply.status == 200 and all(verdict["status"] == 202 for verdict in reply.json())

    for server in (first, second):
        assert server.count(dataset="many") == 16_500
        found = server.trace(trace.hex())
        assert [(s["name"], s["service"], int(s["duration_ns"])) for s in found["spans"]] == [("GET /cart", "shop", 40_000_000), ("select", "shop", 12_000_000)]
        answer = server.ask("shop", calculations=[{"op": "COUNT"}], breakdowns=["user", "n", "ok", "word"], filters=[{"column": "user", "op": "exists"}])
        assert [column(answer, name) for name in ("user", "n", "ok", "word")] == [["ana"], [7], [True], ["a\x00b ☃"]]
    again = [json.loads(line) for line in export(second).stdout.splitlines()]
    assert [(line["time"], line["dataset"]) for line in again] == [(line["time"], line["dataset"]) for line in lines]


def test_an_export_that_breaks_off_does_not_look_whole(make_cairn):
    cairn = make_cairn().start()

    def keys(*words):
        return subprocess.run([binary(), "key", words[0], "--data", cairn.data, *words[1:]], capture_output=True, text=True, check=True).stdout

    key, other = keys("create", "--scopes", "query").strip(), keys("create", "--scopes", "ingest").strip()
    assert until(lambda: cairn.request("GET", "/api/cairn/columns").status == 401), "the server knows the keys by now"
    for _ in range(8):
        batch = [{"data": {"number": number, "text": "x" * 1_000}} for number in range(4_000)]
        assert cairn.request("POST", "/1/batch/many", json.dumps(batch), {**KEY, "x-honeycomb-team": other}).status == 200
    connection = http.client.HTTPConnection(cairn.http, timeout=60)
    connection.request("GET", "/api/cairn/export", headers={"x-honeycomb-team": key})
    answer = connection.getresponse()
    assert answer.status == 200 and json.loads(answer.readline())["dataset"] == "many"
    # More is left than fits between the two: the server waits for this reader, and finds its key revoked.
    keys("revoke", key.split("_")[1])
    assert until(lambda: cairn.request("GET", "/api/cairn/columns", headers={"x-honeycomb-team": key}).status == 401)
    with pytest.raises(http.client.IncompleteRead):
        answer.read()


def test_an_export_is_of_what_is_asked_for(cairn, mark):
    old = time.time() - 7200
    batch = [{"time": f"{old:.3f}", "data": {"age": "old"}}, {"data": {"age": "new"}}]
    assert cairn.request("POST", f"/1/batch/{mark}", json.dumps(batch), KEY).status == 200

    def ages(*arguments):
        return [json.loads(line)["data"]["age"] for line in export(cairn, "--dataset", mark, *arguments).stdout.splitlines()]
    assert ages() == ["old", "new"] and ages("--last", "1h") == ["new"]
    filters = json.dumps([{"column": "age", "op": "=", "value": "old"}])
    reply = cairn.request("GET", f"/api/cairn/export?dataset={mark}&filters={filters.replace(' ', '%20')}")
    assert reply.kind == "application/x-ndjson" and [json.loads(line)["data"]["age"] for line in reply.body.splitlines()] == ["old"]
    assert export(cairn, "--dataset", "nowhere").stdout == ""
    wrong = cairn.request("GET", "/api/cairn/export?filters=x")
    assert wrong.status == 400 and wrong.json()["field"] == "filters"
    refused = export(cairn, "--format", "parquet")
    assert refused.returncode != 0 and "DuckDB" in refused.stderr


def test_a_field_with_the_name_of_a_hash_makes_no_item(cairn, ids, mark):
    """Only what Cairn itself found to be an error is an occurrence."""
    forged = otlp.span(ids, mark, fields={"item.hash": "forged", "item.title": mark})
    assert cairn.send(otlp.traces([forged], service=mark).SerializeToString()).status == 200
    item = {"access_token": "any", "data": {"environment": mark, "body": {"message": {"body": f"real {mark}"}}}}
    assert cairn.request("POST", "/api/1/item/", json.dumps(item), KEY).status == 200

    def titles():
        items = cairn.request("GET", "/api/1/items", headers={"x-rollbar-access-token": "any"}).json()["result"]["items"]
        return [one["title"] for one in items if mark in one["title"]]
    assert until(titles) == [f"real {mark}"]
    assert cairn.count(("item.hash", "=", "forged")) == 1
    listed = cairn.get("errors", status="any")["items"]
    assert all(one["title"] for one in listed), listed
