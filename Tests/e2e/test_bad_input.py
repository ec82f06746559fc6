# SPDX-License-Identifier: Apache-2.0
"""Nonsense, on purpose: every answer is one of the protocol's own errors, the door tells what it refused, and nothing else is lost."""
import http.client
import json
import os
import random
import time

import pytest

import otlp
from cairn_process import JSON, PROTOBUF, column, until
from test_otlp_conformance import encoded

ALLOWED = {200, 400, 413, 415, 429, 503}
SEED = int(os.environ.get("CAIRN_SEED") or random.SystemRandom().getrandbits(32))
MUTANTS = int(os.environ.get("CAIRN_MUTANTS") or 600)
SIGNALS = ["traces", "logs", "metrics"]


def rich(signal, ids):
    """A request with something of everything, to be broken."""
    if signal == "logs":
        return otlp.logs(["one", "two"], fields={"a": 1, "b": 2.5, "c": True, "d": "text"}, trace=ids.trace(), span_id=ids.span())
    if signal == "metrics":
        request = otlp.gauge("m.gauge", 1.5, fields={"a": "b"})
        metrics = request.resource_metrics[0].scope_metrics[0].metrics
        point = metrics.add(name="m.histogram").histogram.data_points.add(time_unix_nano=1, count=6, sum=9.5)
        point.bucket_counts.extend([1, 2, 3])
        point.explicit_bounds.extend([0.5, 1.5])
        metrics.add(name="m.sum").sum.data_points.add(as_int=-4)
        return request
    child = otlp.span(ids, fields={"a": 1, "b": 2.5, "c": True, "d": "text", "e": b"\x00\xff"}, error="bad", parent=ids.span())
    child.events.add(name="exception", attributes=otlp.attributes({"exception.type": "E", "exception.message": "m"}))
    child.links.add(trace_id=ids.trace(), span_id=ids.span())
    return otlp.traces([otlp.span(ids), child])


def mutate(body, rng):
    body = bytearray(body)
    for _ in range(rng.choice([1, 1, 1, 2, 5, 20])):
        at = rng.randrange(len(body) + 1) if body else 0
        kind = rng.randrange(6)
        if kind == 0 and body:
            body[at % len(body)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            body[at:at] = rng.randbytes(rng.choice([1, 2, 8]))
        elif kind == 2:
            del body[at:at + rng.choice([1, 2, 16, 400])]
        elif kind == 3:
            body[at:at] = body[at:at + rng.choice([4, 64])]
        elif kind == 4 and body:
            body[at % len(body)] = rng.choice([0x00, 0x7F, 0x80, 0xFF, 0x22, 0x5C, 0x7B, 0x5B])
        else:
            body[at:at] = rng.choice([b"\xff" * 10, b"\x80" * 9 + b"\x01", b"[" * 200, b'{"a":' * 200, b"\\ud800", b"1e999", b"-0"])
    return bytes(body)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
@pytest.mark.parametrize("encoding", ["identity", "gzip-inside", "zstd"])
def test_mutants(cairn, signal, kind, encoding, mark):
    """`gzip-inside` breaks what is compressed, `zstd` the compressed bytes. Between the mutants go good spans, and all of them arrive."""
    print(f"CAIRN_SEED={SEED}")
    rng, ids = random.Random(f"{SEED}/{signal}/{kind}/{encoding}"), otlp.Ids(SEED)
    headers = {"content-type": kind, **({} if encoding == "identity" else {"content-encoding": encoding.split("-")[0]})}
    connection, good = http.client.HTTPConnection(cairn.http, timeout=30), 0
    for number in range(MUTANTS // (1 if encoding == "identity" else 3)):
        body = encoded(rich(signal, ids), kind)
        if encoding == "zstd":
            body = mutate(otlp.ENCODERS["zstd"](body), rng)
        else:
            body = mutate(body, rng)
            body = otlp.ENCODERS["gzip"](body) if encoding != "identity" else body
        connection.request("POST", f"/v1/{signal}", body, headers)
        reply = connection.getresponse()
        text = reply.read()
        assert reply.status in ALLOWED, (reply.status, text[:200], number, body)
        if number % 20 == 0:
            assert cairn.send(otlp.one_of("traces", ids, mark).SerializeToString()).status == 200
            good += 1
    connection.close()
    assert cairn.count(("test.mark", "=", mark)) == good


DEEP = 10_000


def deep_json():
    return ('{"resourceSpans":' + "[" * DEEP + "]" * DEEP + "}").encode()


def deep_any_value(depth):
    """kvlist in kvlist, built from the inside: every level is AnyValue.kvlist_value{values{key "k", value ...}}."""
    def field(number, body):
        size, head = len(body), bytes([number << 3 | 2])
        while size > 127:
            head += bytes([size & 127 | 128])
            size >>= 7
        return head + bytes([size]) + body

    inner = field(1, b"core")
    for _ in range(depth):
        inner = field(6, field(1, field(1, b"k") + field(2, inner)))
    return field(1, field(2, field(2, field(1, b"\x01" * 16) + field(2, b"\x02" * 8) + field(9, field(1, b"deep") + field(2, inner)))))


def test_nesting(cairn):
    assert cairn.send(deep_json(), kind=JSON).status == 400
    assert cairn.send(b'{"x":' * DEEP + b"1" + b"}" * DEEP, kind=JSON).status == 400
    for depth in (4, 90, 1000, DEEP):
        assert cairn.send(deep_any_value(depth)).status in (200, 400)
    assert cairn.get("status")["store"]["ingest_state"] == "accepting"


def test_a_thousand_attributes_are_kept_and_too_many_are_refused(cairn, ids, mark):
    thousand = otlp.span(ids, fields={"test.mark": mark, **{f"many.key_{i:04}": i for i in range(1000)}})
    too_many = otlp.span(ids, fields={"test.mark": mark, **{f"many.key_{i:05}": i for i in range(5000)}})
    reply = cairn.send(otlp.traces([thousand, too_many], service="wide").SerializeToString())
    assert reply.status == 200
    assert otlp.RESPONSES["traces"].FromString(reply.body).partial_success.rejected_spans == 1
    assert cairn.count(("test.mark", "=", mark)) == 1
    fields = cairn.trace(thousand.trace_id.hex())["spans"][0]["fields"]
    assert all(fields[f"many.key_{i:04}"] == i for i in range(1000))


@pytest.mark.parametrize("text", [b"\xff\xfe", b"ab\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf"])
def test_invalid_utf8_is_refused_or_mended_never_stored(cairn, ids, mark, text):
    span = otlp.span(ids, fields={"test.mark": mark, "bad.text": "x" * len(text)})
    body = otlp.traces([span]).SerializeToString().replace(b"x" * len(text), text)
    reply = cairn.send(body)
    assert reply.status in (200, 400)
    found = cairn.trace(span.trace_id.hex())
    assert (found is None) == (reply.status == 400)


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_the_edges_of_numbers(cairn, ids, mark, kind):
    edges = {"least": -2**63, "most": 2**63 - 1, "minus_one": -1, "zero": 0, "tiny": 5e-324, "huge": 1.7976931348623157e308, "minus_zero": -0.0}
    span = otlp.span(ids, fields={"test.mark": mark, **edges})
    assert cairn.send(encoded(otlp.traces([span]), kind), kind=kind).status == 200
    fields = cairn.trace(span.trace_id.hex())["spans"][0]["fields"]
    for name, wanted in edges.items():
        assert fields[name] == wanted, name


def test_not_a_number_and_infinity(cairn, ids, mark):
    span = otlp.span(ids, fields={"test.mark": mark, "nan": float("nan"), "up": float("inf"), "down": float("-inf"), "fine": 1.5})
    assert cairn.send(otlp.traces([span]).SerializeToString()).status in (200, 400)
    reply = cairn.request("GET", f"/api/cairn/traces/{span.trace_id.hex()}")
    if reply.status == 200:
        tree = json.loads(reply.body, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
        assert tree["spans"][0]["fields"]["fine"] == 1.5
    answer = cairn.ask(calculations=[{"op": op, "column": "nan"} for op in ("SUM", "AVG", "MAX", "P50")], filters=[{"column": "test.mark", "op": "=", "value": mark}])
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize("trace,span_id", [(b"", None), (b"\x01" * 15, None), (b"\x01" * 17, None), (bytes(16), None), (None, b"\x01" * 7), (None, b"\x01" * 9),
                                           (None, bytes(8))])
def test_ids_of_the_wrong_length(cairn, ids, mark, trace, span_id):
    broken = otlp.span(ids, fields={"test.mark": mark})
    broken.trace_id = broken.trace_id if trace is None else trace
    broken.span_id = broken.span_id if span_id is None else span_id
    reply = cairn.send(otlp.traces([broken, otlp.span(ids, fields={"test.mark": mark})]).SerializeToString())
    assert reply.status == 200
    assert otlp.RESPONSES["traces"].FromString(reply.body).partial_success.rejected_spans == 1
    assert cairn.count(("test.mark", "=", mark)) == 1


def test_odd_times(cairn, ids, mark):
    """A span that ends before it starts keeps its row, without a length; one in year 2262 or at the year 1970 is rejected by itself."""
    backwards = otlp.span(ids, fields={"test.mark": mark})
    backwards.end_time_unix_nano = backwards.start_time_unix_nano - 5_000_000
    far = otlp.span(ids, fields={"test.mark": mark}, start=2**63 - 1, milliseconds=0)
    farther = otlp.span(ids, fields={"test.mark": mark}, start=2**64 - 1, milliseconds=0)
    reply = cairn.send(otlp.traces([backwards, far, farther]).SerializeToString())
    assert reply.status == 200
    assert otlp.RESPONSES["traces"].FromString(reply.body).partial_success.rejected_spans == 2
    [span] = cairn.trace(backwards.trace_id.hex())["spans"]
    assert span["duration_ns"] == 0 and span["no_end"] is True and span["fields"]["meta.invalid_duration"] is True and "duration_ms" not in span["fields"]


def test_a_span_without_an_end_is_a_span_but_no_duration(cairn, ids, mark):
    """It counts as a request and a root; percentiles, heatmaps, the slowest traces and the map are of those that ended."""
    ended = [otlp.span(ids, fields={"test.mark": mark}, milliseconds=100, kind=2) for _ in range(3)]
    endless = [otlp.span(ids, fields={"test.mark": mark}, kind=2) for _ in range(9)]
    for span in endless:
        span.end_time_unix_nano = 0
    assert cairn.send(otlp.traces(ended + endless, service=mark).SerializeToString()).status == 200
    answer = cairn.ask(calculations=[{"op": "COUNT"}, {"op": "P50", "column": "duration_ms"}, {"op": "AVG", "column": "duration_ms"}, {"op": "HEATMAP", "column": "duration_ms"}],
                       filters=[{"column": "service.name", "op": "=", "value": mark}, {"column": "is_root", "op": "=", "value": True}])
    assert [column[0] for column in answer["data"]] == [12, 100, 100]
    assert sum(sum(counts) for counts in answer["heatmaps"]["HEATMAP(duration_ms)"]["counts"]) == 3
    end = time.time()
    [service] = [s for s in cairn.get("services", start=end - 3600, end=end)["services"] if s["name"] == mark]
    assert [service[key] for key in ("requests", "p50_ms", "p99_ms")] == [12, 100, 100]
    traces = cairn.get("traces", service=mark, order="slowest", limit=50)["traces"]
    assert [t.get("no_end", False) for t in traces] == [False] * 3 + [True] * 9 and all(t["has_root"] for t in traces)
    [node] = [n for n in cairn.get("map", start=end - 3600, end=end)["nodes"] if n["name"] == mark]
    assert node["ok"] == 12 and sum(n for _, n in node["histogram"]) == 3 and round(node["p50_ms"]) == 100


def test_a_change_of_type_rejects_nothing(cairn, ids, mark):
    values = [1, "two", 2.5, True, "7"]
    for v in values:
        assert cairn.send(otlp.traces([otlp.span(ids, fields={"test.mark": mark, "shifty": v})], service="shifty").SerializeToString()).status == 200
    assert cairn.count(("test.mark", "=", mark), ("shifty", "exists")) == len(values)
    assert cairn.count(("test.mark", "=", mark), ("shifty", "=", 7)) == 1, "a string that reads as a number"


BAD_QUERIES = {
    "unknown column": {"calculations": [{"op": "SUM", "column": "no.such.column"}]},
    "unknown breakdown": {"breakdowns": ["no.such.column"]},
    "unknown operator": {"filters": [{"column": "name", "op": "sounds-like", "value": "x"}]},
    "unknown calculation": {"calculations": [{"op": "P42", "column": "duration_ms"}]},
    "sum without column": {"calculations": [{"op": "SUM"}]},
    "filter without column": {"filters": [{"op": "=", "value": 1}]},
    "filters of the wrong kind": {"filters": {"column": "name"}},
    "limit of the wrong kind": {"limit": "many"},
    "limit below zero": {"limit": -1},
    "order by what is not asked": {"orders": [{"op": "MAX", "column": "duration_ms"}], "calculations": [{"op": "COUNT"}]},
    "end before start": {"start_time": 2000, "end_time": 1000},
    "endless granularity": {"start_time": 0, "end_time": 10**9, "granularity": 1},
    "time of the wrong kind": {"start_time": "noon", "end_time": 1000},
    "enormous times": {"start_time": -10**30, "end_time": 10**30},
    "a hundred breakdowns": {"breakdowns": [f"b{i}" for i in range(1000)]},
}


@pytest.mark.parametrize("name", BAD_QUERIES)
def test_bad_queries_are_told_what_is_wrong(cairn, name):
    query = {"time_range": 7200, **BAD_QUERIES[name]}
    if "start_time" in query:
        del query["time_range"]
    reply = cairn.post("query", {"dataset": "__all__", "query": query})
    assert reply.status in (200, 400, 422), reply
    if reply.status != 200:
        told = reply.json()
        assert told["error"], told
        assert "\n" not in told["error"] and "Error(" not in told["error"], "words for a reader, not a dump"


@pytest.mark.parametrize("name", ["unknown operator", "unknown calculation", "sum without column", "filter without column", "filters of the wrong kind",
                                  "limit of the wrong kind", "time of the wrong kind"])
def test_these_are_errors_for_sure(cairn, name):
    reply = cairn.post("query", {"dataset": "__all__", "query": {"time_range": 7200, **BAD_QUERIES[name]}})
    assert reply.status in (400, 422) and reply.json().get("field"), reply


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b'{"query": 3}', b'"text"', b"\xff", b'{"dataset": 7, "query": {}}', b"[" * 100_000])
def test_query_bodies_that_are_none(cairn, body):
    for path in ("/api/cairn/query", "/api/cairn/bubbleup"):
        reply = cairn.request("POST", path, body, {"content-type": JSON})
        assert reply.status in (400, 422) and reply.json()["error"], reply


@pytest.mark.parametrize("path", ["traces/xyz", "traces/" + "0" * 31, "traces/1-2-3", "traces/" + "f" * 33, "traces?filters=nonsense", "traces?limit=x",
                                  "traces?order=sideways", "services?start=a", "columns?dataset=" + "n" * 9000, "nothing", "traces/%ff%fe"])
def test_odd_addresses(cairn, path):
    reply = cairn.request("GET", f"/api/cairn/{path}")
    assert reply.status in (200, 400, 404, 414, 422, 431), reply
    if reply.status != 200:
        assert reply.kind == JSON and reply.json()["error"], reply


REFUSED = {
    "wrong path": ("POST", "/v1/trace", b"", PROTOBUF, {}, 404),
    "wrong type": ("POST", "/v1/traces", b"x", "text/plain", {}, 415),
    "wrong encoding": ("POST", "/v1/logs", b"x", PROTOBUF, {"content-encoding": "br"}, 415),
    "broken body": ("POST", "/v1/metrics", b"\xff\xff\xff", PROTOBUF, {}, 400),
    "broken json": ("POST", "/v1/traces", b"{", JSON, {}, 400),
    "wrong method": ("PUT", "/v1/traces", b"", PROTOBUF, {}, 405),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_doors_tell_what_they_refused(cairn, name, mark):
    method, path, body, kind, headers, status = REFUSED[name]
    for _ in range(2):
        reply = cairn.request(method, path, body, {"content-type": kind, "user-agent": f"e2e/{mark}", **headers})
        assert reply.status == status, reply

    def told():
        return [r for r in cairn.get("doors")["rejections"] if r["client"] == f"e2e/{mark}"]

    [entry] = until(told) or pytest.fail(f"not among {cairn.get('doors')['rejections'][:5]}")
    assert (entry["method"], entry["path"], entry["status"]) == (method, path, status) and entry["count"] >= 2
    assert len(entry["reason"]) > 8 and entry["door"] == "otlp-http"


def test_rejected_items_are_counted_and_told(cairn, ids, mark):
    def count():
        lines = cairn.request("GET", "/metrics").body.decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("cairn_ingest_rejected_items_total{"))

    before = count()
    spans = [otlp.span(ids, fields={"test.mark": mark}), otlp.span(ids, trace=b"\x01" * 3), otlp.span(ids, trace=b"\x01" * 4)]
    assert cairn.send(otlp.traces(spans).SerializeToString()).status == 200
    assert until(lambda: count() == before + 2)
    assert [r for r in cairn.get("doors")["rejections"] if r["status"] == 200 and r["path"] == "/v1/traces" and "left out 2" in r["reason"]]


def test_the_doors_count_what_they_took(cairn, ids, mark):
    def signals():
        return {(d["id"], s["id"]): (s["requests"], s["events"]) for d in cairn.get("doors")["doors"] for s in d["signals"]}

    before = signals()
    assert cairn.send(otlp.one_of("traces", ids, mark).SerializeToString()).status == 200
    after = until(lambda: signals() != before and signals())
    assert after[("otlp-http", "traces")] == tuple(n + 1 for n in before[("otlp-http", "traces")])
    assert cairn.get("doors")["recent"][0]["dataset"] == "shop"
    assert column(cairn.ask("shop", calculations=[{"op": "COUNT"}], filters=[{"column": "test.mark", "op": "=", "value": mark}]), "COUNT") == [1]
