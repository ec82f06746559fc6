# SPDX-License-Identifier: Apache-2.0
"""Secrets are taken out at every door, before the journal; what is no secret stays; an environment can be left alone."""
import gzip
import json
import pathlib
import time

import aws
import pytest
from cairn_process import rows, until
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from google.protobuf.json_format import MessageToJson

SECRETS = ["hunter2-a1", "tok-secret-9x", "4111 1111 1111 1111", "AKIAIOSFODNN7EXAMPLE", "bearer-zz-12345678", "pk-inner-77", "MIIBVeryPrivate"]
TEXT = (f"login password={SECRETS[0]} with card {SECRETS[2]} and {SECRETS[3]} "
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRETS[6]}\n-----END RSA PRIVATE KEY-----")


def stored(cairn):
    """Every byte of the data folder, with what is packed unpacked by a restart's seal: the journal's frames are zstd."""
    import zstandard
    found = []
    for path in pathlib.Path(cairn.data).rglob("*"):
        # The catalog knows the tokens of its projects.
        if not path.is_file() or "catalog" in path.name:
            continue
        raw = path.read_bytes()
        found.append(raw)
        # Each zstd frame inside the file, wherever it begins.
        at = raw.find(b"\x28\xb5\x2f\xfd")
        while at >= 0:
            try:
                found.append(zstandard.ZstdDecompressor().decompressobj().decompress(raw[at:]))
            except zstandard.ZstdError:
                pass
            at = raw.find(b"\x28\xb5\x2f\xfd", at + 4)
    return b"\n".join(found)


def attribute(target, key, value):
    pair = target.add()
    pair.key = key
    pair.value.string_value = value


def traces():
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    attribute(resource.resource.attributes, "service.name", "auth")
    attribute(resource.resource.attributes, "db.password", SECRETS[0])
    span = resource.scope_spans.add().spans.add()
    span.name, span.trace_id, span.span_id = f"GET /x?token={SECRETS[1]}&page=2", bytes(range(1, 17)), bytes(range(1, 9))
    span.start_time_unix_nano = time.time_ns()
    span.end_time_unix_nano = span.start_time_unix_nano + 1000
    header = span.attributes.add()
    header.key = "http.request.header.authorization"
    header.value.array_value.values.add().string_value = f"Bearer {SECRETS[4]}"
    attribute(span.attributes, "author", "bob")
    nested = span.attributes.add()
    nested.key = "request"
    inner = nested.value.kvlist_value.values.add()
    inner.key, inner.value.string_value = "api_key", SECRETS[5]
    event = span.events.add()
    event.name, event.time_unix_nano = "exception", span.start_time_unix_nano
    attribute(event.attributes, "exception.message", TEXT)
    return request


def logs():
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.time_unix_nano = time.time_ns()
    record.body.string_value = TEXT
    attribute(record.attributes, "user.credentials", SECRETS[5])
    attribute(record.attributes, "author", "bob")
    return request


def metrics():
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add()
    metric.name = "m"
    point = metric.gauge.data_points.add()
    point.time_unix_nano, point.as_int = time.time_ns(), 4
    attribute(point.attributes, "client_secret", SECRETS[0])
    attribute(point.attributes, "author", "bob")
    return request


def otlp(make, signal, form):
    body = make()
    kind = "application/x-protobuf"
    data = body.SerializeToString()
    if form == "json":
        kind, text = "application/json", MessageToJson(body)
        raw = json.loads(text)
        data = json.dumps(hexed(raw)).encode()
    headers = {"content-type": kind}
    if form == "gzip":
        data, headers["content-encoding"] = gzip.compress(data), "gzip"

    def send(cairn):
        reply = cairn.request("POST", f"/v1/{signal}", data, headers)
        assert reply.status == 200, reply
    return send


def hexed(value):
    """OTLP's JSON writes ids as hex where protobuf's own mapping has base64."""
    import base64
    if isinstance(value, dict):
        return {key: base64.b64decode(part).hex() if key in ("traceId", "spanId") else hexed(part) for key, part in value.items()}
    return [hexed(part) for part in value] if isinstance(value, list) else value


def xray(cairn):
    now = time.time()
    document = {"trace_id": f"1-{int(now):08x}-{'ab' * 12}", "id": "0102030405060708", "name": "shop", "start_time": now - 1, "end_time": now,
                "annotations": {"author": "bob", "session_token": SECRETS[1]},
                "metadata": {"default": {"credentials": {"user": SECRETS[5]}, "headers": {"Authorization": [f"Basic {SECRETS[4]}"]}}},
                "http": {"request": {"url": f"https://x.org/?api_key={SECRETS[0]}", "method": "GET"}},
                "cause": {"exceptions": [{"id": "1112131415161718", "type": "E", "message": TEXT}]}, "fault": True}
    answer = aws.client(cairn, "xray").put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    assert not answer["UnprocessedTraceSegments"]


def rollbar(cairn):
    item = {"access_token": "1111222233334444555566667777abcd", "data": {
        "environment": "test", "level": "error", "custom": {"password": SECRETS[0], "author": "bob", "nested": [{"auth": SECRETS[1]}]},
        "request": {"headers": {"Authorization": f"Bearer {SECRETS[4]}"}, "GET": {"token": SECRETS[5]}},
        "body": {"trace": {"exception": {"class": "E", "message": TEXT}, "frames": []}}}}
    reply = cairn.request("POST", "/api/1/item/", json.dumps(item).encode(), {"content-type": "application/json"})
    assert reply.status == 200, reply
    uuid = reply.json()["result"]["uuid"]
    found = until(lambda: rows(cairn.ask(breakdowns=["occurrence.uuid"], calculations=[{"op": "COUNT"}],
                                         filters=[{"column": "occurrence.uuid", "op": "=", "value": uuid}])), 10)
    assert found, "the uuid that the door told is the one that is kept"


def lines(cairn):
    client = aws.client(cairn, "logs")
    client.create_log_group(logGroupName="g")
    client.create_log_stream(logGroupName="g", logStreamName="s")
    now = int(time.time() * 1000)
    client.put_log_events(logGroupName="g", logStreamName="s", logEvents=[
        {"timestamp": now, "message": TEXT}, {"timestamp": now, "message": json.dumps({"author": "bob", "auth_token": SECRETS[1], "deep": {"private_key": SECRETS[5]}})}])


def honeycomb(packed):
    fields = {"author": "bob", "user.password": SECRETS[0], "note": TEXT, "url": f"https://x.org/?token={SECRETS[1]}", "auth": {"deep": SECRETS[5]}}

    def send(cairn):
        headers = {"x-honeycomb-team": "any", "content-type": "application/json"}
        single = cairn.request("POST", "/1/events/edge", json.dumps(fields).encode(), headers)
        assert single.status == 200, single
        body = [{"data": fields, "samplerate": 1}]
        if packed:
            import msgpack
            data, headers = msgpack.packb(body), {**headers, "content-type": "application/msgpack"}
        else:
            data = json.dumps(body).encode()
        reply = cairn.request("POST", "/1/batch/edge", data, headers)
        assert reply.status == 200 and reply.json()[0]["status"] == 202, reply
    return send


DOORS = {
    "honeycomb-json": honeycomb(False), "honeycomb-msgpack": honeycomb(True),
    **{f"otlp-{signal}-{form}": otlp(make, signal, form) for signal, make in [("traces", traces), ("logs", logs), ("metrics", metrics)]
       for form in ("protobuf", "gzip", "json")},
    "xray": xray, "rollbar": rollbar, "cloudwatch": lines,
}


@pytest.mark.parametrize("door", DOORS)
def test_no_secret_reaches_the_disk(make_cairn, door):
    cairn = make_cairn().start()
    DOORS[door](cairn)
    found = stored(cairn)
    assert [secret for secret in SECRETS if secret.encode() in found] == []
    if door == "rollbar":
        assert b"1111222233334444555566667777abcd" not in found
    count = rows(cairn.ask(breakdowns=["author"], calculations=[{"op": "COUNT"}])) + rows(cairn.ask(calculations=[{"op": "COUNT"}]))
    assert count[-1][0] >= 1
    cairn.restart()
    assert rows(cairn.ask(calculations=[{"op": "COUNT"}])) == [count[-1]], "a replay makes the same events"
    cairn.stop()
    found = stored(cairn)
    assert [secret for secret in SECRETS if secret.encode() in found] == []
    assert b"redacted" in found


def test_what_is_left_of_a_span(make_cairn):
    cairn = make_cairn().start()
    DOORS["otlp-traces-protobuf"](cairn)
    DOORS["otlp-traces-json"](cairn)
    answer = cairn.ask(breakdowns=["name", "db.password", "http.request.header.authorization", "request.api_key", "author"],
                       calculations=[{"op": "COUNT"}], filters=[{"column": "author", "op": "exists"}])
    assert rows(answer) == [("GET /x?token=[redacted]&page=2", "[redacted]", '["[redacted]"]', "[redacted]", "bob", 2)]


def test_a_tail_shows_what_is_kept(make_cairn):
    import http.client
    cairn = make_cairn().start()
    connection = http.client.HTTPConnection(cairn.http, timeout=20)
    connection.request("GET", "/api/cairn/tail?dataset=__all__")
    answer = connection.getresponse()
    DOORS["otlp-logs-protobuf"](cairn)
    seen = b""
    while b"login" not in seen:
        seen += answer.readline()
    assert b"password=[redacted]" in seen and SECRETS[0].encode() not in seen
    connection.close()


def test_an_environment_can_keep_its_secrets(make_cairn):
    cairn = make_cairn(environment={"CAIRN_UNSCRUBBED_ENVIRONMENTS": "default"}).start()
    for door in ("otlp-traces-protobuf", "otlp-logs-json", "xray", "rollbar", "cloudwatch"):
        DOORS[door](cairn)
    answer = cairn.ask(breakdowns=["db.password"], calculations=[{"op": "COUNT"}], filters=[{"column": "db.password", "op": "exists"}])
    assert (SECRETS[0], 1) in [(row[0], min(1, row[1])) for row in rows(answer)]
    assert SECRETS[5].encode() in stored(cairn)
