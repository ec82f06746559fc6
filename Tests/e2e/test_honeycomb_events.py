# SPDX-License-Identifier: Apache-2.0
"""Honeycomb's way in for events and its markers: by libhoney itself, and by bodies as Refinery and curl send them."""
import base64
import gzip
import json
import secrets
import time

import libhoney
import msgpack
import pytest
import zstandard

from cairn_process import column

KEY = {"x-honeycomb-team": "any"}


def send(cairn, path, body, **headers):
    headers = {key.replace("_", "-"): value for key, value in headers.items()}
    return cairn.request("POST", path, body, {**KEY, "content-type": "application/json", **headers})


def rows_of(cairn, dataset, *names, **query):
    answer = cairn.ask(dataset, calculations=[{"op": "COUNT"}], breakdowns=list(names), **query)
    return sorted(zip(*(column(answer, name) for name in names), strict=True), key=str)


def test_libhoney_sends_batches_and_hears_a_verdict_for_each_event(cairn, mark):
    client = libhoney.Client(writekey="any", dataset=mark, api_host=cairn.url, send_frequency=0.01)
    for number in range(250):
        event = client.new_event(data={"name": "work", "number": number, "nested": {"deep": {"word": "x"}}, "list": [1, "two"], "part": 0.5})
        event.sample_rate = 1
        event.send()
    client.flush()
    client.close()
    heard = []
    while (answer := client.responses().get(timeout=20)) is not None:
        heard.append(answer["status_code"])
    assert heard == [202] * 250
    assert cairn.count(dataset=mark) == 250
    assert rows_of(cairn, mark, "nested.deep.word", "list") == [("x", '[1, "two"]')]
    answer = cairn.ask(mark, calculations=[{"op": "SUM", "column": "number"}, {"op": "AVG", "column": "part"}])
    assert column(answer, "SUM(number)") == [249 * 250 // 2] and column(answer, "AVG(part)") == [0.5]


def test_spans_of_a_beeline_are_a_trace(cairn, mark):
    trace, root, child = secrets.token_hex(16), secrets.token_hex(8), secrets.token_hex(8)
    now = time.time()
    spans = [{"trace.trace_id": trace, "trace.span_id": root, "name": "GET /cart", "service_name": "shop", "duration_ms": 40.5, "meta.type": "http_server"},
             {"trace.trace_id": trace, "trace.span_id": child, "trace.parent_id": root, "name": "select", "service_name": "shop", "duration_ms": 12, "error": "boom"}]
    body = json.dumps([{"data": span, "time": f"{now + place / 1000:.3f}"} for place, span in enumerate(spans)])
    for _ in range(2):  # a batch that is sent again makes no second span
        reply = send(cairn, f"/1/batch/{mark}", body)
        assert reply.status == 200 and reply.json() == [{"status": 202}] * 2
    found = cairn.trace(trace)
    assert [s["name"] for s in found["spans"]] == ["GET /cart", "select"]
    assert {s["service"] for s in found["spans"]} == {"shop"}
    assert [int(s["duration_ns"]) for s in found["spans"]] == [40_500_000, 12_000_000]
    assert [(s["error"], s["status_message"]) for s in found["spans"]] == [(False, None), (True, "boom")]
    assert cairn.count(("trace.parent_id", "=", root)) == 1


def test_refinery_sends_messagepack_in_zstd(cairn, mark):
    now = time.time()
    events = [{"data": {"name": "a", "big": 2**40, "text": "é", "raw": b"\xff\x00", "none": None}, "samplerate": 10,
               "time": msgpack.Timestamp.from_unix(now)},
              {"data": {"name": "b"}, "samplerate": 0}]
    body = zstandard.compress(msgpack.packb(events))
    reply = send(cairn, f"/1/batch/{mark}", body, content_type="application/msgpack", content_encoding="zstd")
    assert reply.status == 200 and reply.json() == [{"status": 202}] * 2, reply
    assert cairn.count(dataset=mark) == 11, "one event stands for ten"
    assert rows_of(cairn, mark, "name", "big", "text", "raw") == [("a", 2**40, "é", "/wA="), ("b", None, None, None)]


def test_one_event_by_curl(cairn, mark):
    reply = send(cairn, f"/1/events/{mark}", b'{"name": "deployed", "ok": true}', x_honeycomb_samplerate="4",
                 x_honeycomb_event_time=str(int(time.time() * 1000)))
    assert reply.status == 200 and reply.body == b""
    assert cairn.count(("ok", "=", True), dataset=mark) == 4
    reply = send(cairn, f"/1/events/{mark}", gzip.compress(b'{"name": "deployed"}'), content_encoding="gzip")
    assert reply.status == 200
    assert cairn.count(dataset=mark) == 5


def test_a_bad_event_is_left_out_by_itself(cairn, mark):
    far = time.time() + 86400 * 30
    batch = [{"data": {"n": 1}}, {"data": {}}, {"time": 5}, 7, [[]], {"data": [1]}, {"data": {"n": 2}, "time": far},
             {"data": {f"c{i}": i for i in range(2001)}}, {"data": {"blob": "x" * 1_000_001}}, {"data": {"n": 3}, "time": "soon", "samplerate": "x"}]
    reply = send(cairn, f"/1/batch/{mark}", json.dumps(batch))
    assert reply.status == 200
    assert [one["status"] for one in reply.json()] == [202, 400, 400, 400, 400, 400, 400, 400, 400, 202]
    assert reply.json()[1]["error"] == "Request body should not be empty." and reply.json()[7]["error"] == "Event has too many columns."
    assert sorted(column(cairn.ask(mark, calculations=[{"op": "COUNT"}], breakdowns=["n"]), "n")) == [1, 3]
    doors = cairn.get("doors")
    assert any("too many columns" in one["reason"] for one in doors["rejections"])


@pytest.mark.parametrize("body, kind, status", [
    (b"", "application/json", 400), (b"[1,", "application/json", 400), (b"{}", "application/json", 400), (b"\xc1", "application/msgpack", 400),
    (b"\xdd\xff\xff\xff\xff", "application/msgpack", 400)])
def test_a_body_that_is_no_batch_is_refused(cairn, mark, body, kind, status):
    reply = send(cairn, f"/1/batch/{mark}", body, content_type=kind)
    assert reply.status == status and reply.json()["type"].endswith("/unparseable"), reply
    assert reply.json()["error"].startswith("Request body is malformed and cannot be read" if body else "Request body should not be empty.")


def test_names_that_differ_in_case_alone_are_one_dataset(cairn, mark):
    """As it was written first, in whatever spelling it is sent to or asked for."""
    for name in (f"Shop-{mark}", f"shop-{mark}", f"SHOP-{mark}"):
        assert send(cairn, f"/1/events/{name}", '{"a": 1, "b": 2}').status == 200
    assert [d["name"] for d in cairn.request("GET", "/1/datasets", headers=KEY).json() if d["slug"] == f"shop-{mark}"] == [f"Shop-{mark}"]
    assert cairn.count(dataset=f"Shop-{mark}") == 3
    for name in (f"shop-{mark}", f"SHOP-{mark}"):
        found = cairn.request("GET", f"/1/datasets/{name}", headers=KEY).json()
        assert (found["name"], found["regular_columns_count"]) == (f"Shop-{mark}", 2)


def test_refusals_have_honeycombs_form(cairn, mark):
    empty = send(cairn, f"/1/batch/{mark}", b"")
    assert (empty.status, empty.json()["error"]) == (400, "Request body should not be empty.")
    wrong = cairn.request("GET", f"/1/events/{mark}", headers=KEY)
    assert wrong.status == 405 and wrong.json()["error"] == "This path takes POST, not GET."
    nowhere = cairn.request("GET", "/2/auth", headers=KEY)
    assert (nowhere.status, nowhere.kind, nowhere.json()["type"]) == (404, "application/problem+json", "https://api.honeycomb.io/problems/not-found")


def test_a_page_of_events_beside_thousands_of_columns(cairn, mark):
    """What is read is what the page's events have, not each name against each."""
    wide = [{"data": {f"{mark}_{part}_{number}": number for number in range(1900)}} for part in range(5)]
    assert send(cairn, f"/1/batch/{mark}", json.dumps(wide)).json() == [{"status": 202}] * 5
    item = {"access_token": "any", "data": {"environment": mark, "body": {"message": {"body": mark}}}}
    assert cairn.request("POST", "/api/1/item/", json.dumps(item), {"content-type": "application/json"}).status == 200
    page = cairn.request("GET", "/api/1/instances", headers={"x-rollbar-access-token": "any"})
    assert page.status == 200, page
    assert page.json()["result"]["instances"][0]["data"]["body"]["message"]["body"] == mark


def test_letters_composed_or_not_move_no_other_name(cairn, mark):
    names = {"Gra": 1, "Gro\u0308\u00dfe": 2, "Grp": 4, "Grq": 8}
    assert send(cairn, f"/1/events/{mark}", json.dumps(names)).status == 200
    answer = cairn.ask(mark, calculations=[{"op": "SUM", "column": name} for name in names])
    assert [column(answer, f"SUM({name})")[0] for name in names] == list(names.values())


def test_a_name_in_two_spellings_is_two_columns(cairn, mark):
    composed, decomposed = "Gr\u00f6\u00dfe", "Gro\u0308\u00dfe"
    assert send(cairn, f"/1/batch/{mark}", json.dumps([{"data": {composed: 1, decomposed: 2, "n": "52e73891"}}, {"data": {composed: 4, "n": "3"}}])).status == 200
    for name, wanted in ((composed, 5), (decomposed, 2), ("n", 3)):
        assert column(cairn.ask(mark, calculations=[{"op": "SUM", "column": name}]), f"SUM({name})") == [wanted]
    exported = [json.loads(line)["data"] for line in cairn.request("GET", f"/api/cairn/export?dataset={mark}", headers=KEY).body.splitlines()]
    assert sorted((event[composed], event.get(decomposed)) for event in exported) == [(1, 2), (4, None)]


def test_a_heatmap_of_numbers_beyond_all_scales(cairn, mark):
    values = [5e-324, 1, 1e-300, 1e15, 1.7e308, -1.7e308]
    for count in range(1, len(values) + 1):
        assert send(cairn, f"/1/events/{mark}", json.dumps({"v": values[count - 1]})).status == 200
        answer = cairn.ask(mark, calculations=[{"op": "HEATMAP", "column": "v"}])
        (heatmap,) = answer["heatmaps"].values()
        assert sum(map(sum, heatmap["counts"])) == count, answer


def test_events_outlive_a_restart(make_cairn, mark):
    cairn = make_cairn().start()
    assert send(cairn, f"/1/batch/{mark}", json.dumps([{"data": {"n": n}} for n in range(5)])).status == 200
    cairn.kill()
    cairn.start()
    assert cairn.count(dataset=mark) == 5


def test_markers_and_their_colours(cairn, mark):
    path = f"/1/markers/{mark}"
    made = send(cairn, path, json.dumps({"message": "deploy 1.4", "type": "deploy", "url": "https://ci.example/4"}))
    assert made.status == 201, made
    marker = made.json()
    assert marker["message"] == "deploy 1.4" and abs(marker["start_time"] - time.time()) < 30 and "end_time" not in marker
    setting = send(cairn, f"/1/marker_settings/{mark}", json.dumps({"type": "deploy", "color": "#7b1fa2"}))
    assert setting.status == 201
    assert send(cairn, f"/1/marker_settings/{mark}", json.dumps({"type": "deploy", "color": "#000000"})).status in (409, 422)
    listed = cairn.request("GET", path, headers=KEY).json()
    assert [(one["id"], one["color"]) for one in listed] == [(marker["id"], "#7b1fa2")]
    changed = cairn.request("PUT", f"{path}/{marker['id']}", json.dumps({"end_time": marker["start_time"] + 60}), KEY)
    assert changed.status == 200 and changed.json()["end_time"] == marker["start_time"] + 60 and changed.json()["message"] == "deploy 1.4"
    assert cairn.request("GET", "/1/markers/__all__", headers=KEY).json() == [], "a dataset's marker is not the environment's"
    for body in ({"start_time": 10, "end_time": 5}, {"message": 5}, {"colour": "red"}, []):
        reply = send(cairn, path, json.dumps(body))
        assert reply.status == 422 and reply.json()["type_detail"], reply
    assert cairn.request("DELETE", f"{path}/{marker['id']}", headers=KEY).status == 204
    assert cairn.request("GET", f"{path}/{marker['id']}", headers=KEY).status == 404
    assert cairn.request("GET", path, headers=KEY).json() == []


def test_markers_outlive_a_restart(make_cairn, mark):
    cairn = make_cairn().start()
    made = send(cairn, "/1/markers/__all__", json.dumps({"message": "x", "start_time": 1_700_000_000})).json()
    cairn.restart()
    assert cairn.request("GET", "/1/markers/__all__", headers=KEY).json() == [made]


def deliver(cairn, dataset, *records, key="any", **more):
    """A request of Amazon Data Firehose's."""
    data = [base64.b64encode(record if isinstance(record, bytes) else json.dumps(record).encode()).decode() for record in records]
    body = json.dumps({"requestId": "33658b45-a8f1", "timestamp": 1_578_090_901_599, "records": [{"data": text} for text in data]}).encode()
    headers = {"content-type": "application/json", "x-amz-firehose-request-id": "33658b45-a8f1", "x-amz-firehose-protocol-version": "1.0", "x-amz-firehose-access-key": key}
    if more.get("gzipped"):
        body, headers["content-encoding"] = gzip.compress(body), "gzip"
    return cairn.request("POST", f"/1/kinesis_events/{dataset}", body, headers)


@pytest.mark.parametrize("gzipped", [False, True])
def test_firehose_delivers_lines_of_cloudwatch_and_events(cairn, mark, gzipped):
    now = time.time()
    lines = {"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "/aws/lambda/cart", "logStream": "2026/[1]abc", "subscriptionFilters": ["all"], "logEvents": [
        {"id": "1", "timestamp": int(now * 1000) - 5000, "message": '{"level": "info", "took": 12, "deep": {"er": [1, "é"]}}'},
        {"id": "2", "timestamp": int(now * 1000) - 4000, "message": "START \"RequestId\"\n"}, {"id": "3", "timestamp": 1, "message": "too old"}]}
    control = {"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "", "logEvents": [{"id": "", "timestamp": int(now * 1000), "message": "CWL CONTROL MESSAGE"}]}
    several = b'{"kind": "one"}{"kind": "two", "timestamp": "' + time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now - 3600)).encode() + b'Z"}\n [{"kind": "three"}, {"kind": "four"}]\n'
    reply = deliver(cairn, mark, gzip.compress(json.dumps(lines).encode()), gzip.compress(json.dumps(control).encode()), several, gzipped=gzipped)
    assert reply.status == 200 and reply.json()["requestId"] == "33658b45-a8f1" and abs(reply.json()["timestamp"] / 1000 - now) < 60
    assert rows_of(cairn, mark, "aws.cloudwatch.group", "aws.cloudwatch.id", "level", "took", "deep.er", "message", filters=[{"column": "aws.cloudwatch.id", "op": "exists"}]) == [
        ("/aws/lambda/cart", "1", "info", 12, '[1, "é"]', None), ("/aws/lambda/cart", "2", None, None, None, 'START "RequestId"\n')]
    assert rows_of(cairn, mark, "kind", filters=[{"column": "kind", "op": "exists"}]) == [("four",), ("one",), ("three",), ("two",)]
    ago = {row[0] for row in rows_of(cairn, mark, "kind", start_time=now - 4000, end_time=now - 3000)}
    assert ago == {"two"} and cairn.count(dataset=mark) == 6


@pytest.mark.parametrize("record, says", [
    (b"\x0a\x05otlp\x01", "records[1].data is not JSON"), (b"\x1f\x8b broken", "cannot be inflated"), (b'{"a": 1', "is not JSON"), (b"[1]", "not an object"),
    (b'{"messageType": "DATA_MESSAGE", "logEvents": [7]}', "a line is not an object"), (b'{"messageType": "DATA_MESSAGE", "logEvents": {}}', "no array")])
def test_firehose_is_refused_as_a_whole_in_honeycombs_form(cairn, mark, record, says):
    """It sends everything again, so nothing of such a request is kept."""
    reply = deliver(cairn, mark, {"kind": "good"}, record)
    assert reply.status == 400 and says in reply.json()["error"] and reply.json()["type"].endswith("/problems/unparseable"), reply
    assert deliver(cairn, mark, {"kind": "good"}).status == 200
    assert rows_of(cairn, mark, "kind") == [("good",)]
    for body in (b"", b"[]", b'{"records": [5]}', b'{"records": [{"data": "%"}]}', b'{"records": [{}]}'):
        assert cairn.request("POST", f"/1/kinesis_events/{mark}", body, KEY).status == 400
    assert deliver(cairn, mark, gzip.compress(b" " * (256 << 20))).status == 413
