# SPDX-License-Identifier: Apache-2.0
"""OTLP's rules as a table: status x transport x encoding. Source: opentelemetry-proto docs/specification.md."""
import concurrent.futures
import gzip
import json
import zlib

import grpc
import pytest
import zstandard
from google.protobuf import json_format
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

import h2c
import otlp
from cairn_process import JSON, PROTOBUF, Cairn

SIGNALS = ["traces", "logs", "metrics"]
KINDS = [PROTOBUF, JSON]
LIMIT = 64 << 20
MIB = 1 << 20


def encoded(request, kind):
    return otlp.to_json(request).encode() if kind == JSON else request.SerializeToString()


def parsed(reply, message):
    """The reply's body as a message, in the encoding that it claims."""
    if reply.kind == JSON:
        return json_format.Parse(reply.body or b"{}", message)
    message.ParseFromString(reply.body)
    return message


def assert_full_success(reply, signal, kind):
    assert reply.status == 200, reply
    assert reply.kind == kind, "the answer comes in the request's content type"
    assert not parsed(reply, otlp.RESPONSES[signal]()).HasField("partial_success"), "unset where everything was taken"


def assert_refused(reply, status, kind):
    assert reply.status == status, reply
    assert reply.kind == kind, reply
    assert parsed(reply, Status()).message, "says why"


# What is taken

@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encoding", otlp.ENCODERS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_accepts(cairn, ids, mark, signal, kind, encoding, slash):
    body = otlp.ENCODERS[encoding](encoded(otlp.one_of(signal, ids, mark), kind))
    headers = {} if encoding == "identity" and slash else {"content-encoding": encoding}
    assert_full_success(cairn.send(body, signal, kind, headers, path=f"/v1/{signal}{slash}"), signal, kind)
    assert cairn.count(("test.mark", "=", mark)) == 1


@pytest.mark.parametrize("signal", SIGNALS)
def test_an_empty_request_succeeds(cairn, signal):
    assert_full_success(cairn.send(b"", signal), signal, PROTOBUF)
    assert_full_success(cairn.send(b"{}", signal, JSON), signal, JSON)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_accepts_over_http2_by_prior_knowledge(cairn, ids, mark, signal, encoding):
    body = otlp.ENCODERS[encoding](otlp.one_of(signal, ids, mark).SerializeToString())
    for address in (cairn.http, cairn.otlp_http):
        answer = h2c.request(address, "POST", f"/v1/{signal}", body, [("content-type", PROTOBUF), ("content-encoding", encoding)])
        assert answer.status == 200 and answer.headers["content-type"] == PROTOBUF, answer
    assert cairn.count(("test.mark", "=", mark)) == (1 if signal == "traces" else 2)


def test_accepts_a_chunked_body(cairn, ids, mark):
    body = otlp.one_of("traces", ids, mark).SerializeToString()
    reply = cairn.request("POST", "/v1/traces", iter([body[:10], body[10:11], body[11:]]), {"content-type": PROTOBUF, "transfer-encoding": "chunked"})
    assert reply.status == 200 and cairn.count(("test.mark", "=", mark)) == 1


def test_several_members_in_one_gzip_body(cairn, ids, mark):
    body = otlp.one_of("traces", ids, mark).SerializeToString()
    reply = cairn.send(gzip.compress(body[:20]) + gzip.compress(body[20:]), headers={"content-encoding": "gzip"})
    assert reply.status == 200 and cairn.count(("test.mark", "=", mark)) == 1


# What is not

@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["gzip, gzip", "br", "gzip, zstd", "lz4", "nonsense"])
def test_refuses_unknown_and_nested_encodings(cairn, ids, mark, kind, value):
    body = gzip.compress(gzip.compress(encoded(otlp.one_of("traces", ids, mark), kind)))
    assert_refused(cairn.send(body, kind=kind, headers={"content-encoding": value}), 415, kind)
    assert cairn.count(("test.mark", "=", mark)) == 0


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/octet-stream", "application/jsonp", ""])
def test_refuses_other_content_types(cairn, kind):
    assert cairn.send(b"{}", kind=kind).status == 415


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("kind", KINDS)
def test_refuses_a_truncated_body(cairn, ids, mark, signal, kind):
    body = encoded(otlp.one_of(signal, ids, mark), kind)
    assert_refused(cairn.send(body[:-3], signal, kind), 400, kind)
    for encoding in ("gzip", "deflate", "zstd"):
        assert_refused(cairn.send(otlp.ENCODERS[encoding](body)[:-3], signal, kind, {"content-encoding": encoding}), 400, kind)
        assert_refused(cairn.send(body, signal, kind, {"content-encoding": encoding}), 400, kind)
    assert cairn.count(("test.mark", "=", mark)) == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("signal", SIGNALS)
def test_refuses_other_methods(cairn, method, signal):
    reply = cairn.request(method, f"/v1/{signal}")
    assert reply.status == 405 and "POST" in reply.headers.get("allow", ""), reply


def test_says_what_a_wrong_path_should_be(cairn):
    reply = cairn.send(b"", path="/v1/trace")
    assert reply.status == 404 and b"/v1/traces" in reply.body, reply


def bad_span(ids, mark):
    return otlp.span(ids, trace=b"\x01" * 15, fields={"test.mark": mark})


@pytest.mark.parametrize("kind", KINDS)
def test_partial_success_only_where_something_was_rejected(cairn, ids, mark, kind):
    request = otlp.traces([otlp.span(ids, fields={"test.mark": mark}), bad_span(ids, mark), otlp.span(ids, fields={"test.mark": mark})])
    reply = cairn.send(encoded(request, kind), kind=kind)
    assert reply.status == 200 and reply.kind == kind
    verdict = parsed(reply, otlp.RESPONSES["traces"]()).partial_success
    assert verdict.rejected_spans == 1 and "trace_id" in verdict.error_message
    assert cairn.count(("test.mark", "=", mark)) == 2


# Size

def padded(size, mark):
    """A valid request of exactly `size` bytes: one long attribute, and an unknown field for the rest."""
    span = otlp.span(otlp.Ids(mark), fields={"test.mark": mark, "filler": "x" * (size - 400)})
    body = otlp.traces([span], service="large").SerializeToString()
    rest = size - len(body) - 2
    assert 0 <= rest < 256
    first = rest if rest < 128 else 100
    body += b"\x7a" + bytes([first]) + b"y" * first
    if len(body) < size:
        body += b"\x7a" + bytes([size - len(body) - 2]) + b"y" * (size - len(body) - 2)
    assert len(body) == size
    return body


def test_the_limit_before_inflation(cairn, mark):
    reply = cairn.send(padded(LIMIT + 1, mark))
    assert_refused(reply, 413, PROTOBUF)
    assert cairn.count(("test.mark", "=", mark)) == 0
    reply = cairn.send(padded(LIMIT, mark))
    assert reply.status in (200, 413), "exactly at the limit: taken, or refused for what one attribute may hold; never half taken"
    assert cairn.count(("test.mark", "=", mark)) == (1 if reply.status == 200 and not reply.body else 0)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_the_limit_after_inflation(cairn, mark, encoding):
    body = otlp.ENCODERS[encoding](padded(LIMIT + 1, mark))
    assert len(body) < MIB
    assert_refused(cairn.send(body, headers={"content-encoding": encoding}), 413, PROTOBUF)
    assert cairn.count(("test.mark", "=", mark)) == 0


def zeros(size, make):
    block = bytes(MIB)
    return b"".join([*(make.compress(block) for _ in range(size // MIB)), make.flush()])


BOMBS = {
    "gzip": ("gzip", lambda: zeros(256 * MIB, zlib.compressobj(9, zlib.DEFLATED, 31))),
    "deflate": ("deflate", lambda: zeros(256 * MIB, zlib.compressobj(9))),
    "zstd": ("zstd", lambda: zeros(1024 * MIB, zstandard.ZstdCompressor(level=19).compressobj())),
    "zstd-long-window": ("zstd", lambda: zeros(256 * MIB, zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=False)).compressobj())),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_little(make_cairn, name):
    cairn = make_cairn().start()
    encoding, make = BOMBS[name]
    bomb = make()
    assert cairn.send(b"").status == 200
    before, cpu = cairn.resident_mib, cairn.cpu_seconds
    reply = cairn.send(bomb, headers={"content-encoding": encoding})
    assert reply.status == (415 if name == "zstd-long-window" else 413), reply
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = {r.status for r in pool.map(lambda _: cairn.send(bomb, headers={"content-encoding": encoding}), range(48))}
    assert statuses <= {413, 415, 503}, statuses
    growth, spent = cairn.status_value("VmHWM") - before, cairn.cpu_seconds - cpu
    print(f"{name}: {len(bomb)} bytes, peak memory +{growth:.0f} MiB, {spent / 49 * 1000:.0f} CPU ms each")
    assert growth <= 400, "48 bombs, 16 at once"
    assert cairn.send(b"").status == 200


# gRPC

def call(cairn, signal, body, metadata=None, compression=None, address=None, limit=None):
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(address or cairn.grpc, options=options) as channel:
        method = channel.unary_unary(otlp.METHODS[signal], request_serializer=lambda b: b, response_deserializer=lambda b: b)
        return method(body, timeout=60, metadata=metadata, compression=compression)


def refusal(cairn, signal, body, **options):
    with pytest.raises(grpc.RpcError) as caught:
        call(cairn, signal, body, **options)
    return caught.value


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip, grpc.Compression.Deflate])
@pytest.mark.parametrize("port", ["otlp_grpc", "http"])
def test_grpc_accepts(cairn, ids, mark, signal, compression, port):
    answer = call(cairn, signal, otlp.one_of(signal, ids, mark).SerializeToString(), compression=compression, address=cairn.addresses[port])
    assert not otlp.RESPONSES[signal].FromString(answer).HasField("partial_success")
    assert cairn.count(("test.mark", "=", mark)) == 1


@pytest.mark.parametrize("signal", SIGNALS)
def test_grpc_accepts_an_empty_request(cairn, signal):
    assert call(cairn, signal, b"") == b""


def test_grpc_partial_success(cairn, ids, mark):
    request = otlp.traces([otlp.span(ids, fields={"test.mark": mark}), bad_span(ids, mark)])
    verdict = otlp.RESPONSES["traces"].FromString(call(cairn, "traces", request.SerializeToString())).partial_success
    assert verdict.rejected_spans == 1 and verdict.error_message
    assert cairn.count(("test.mark", "=", mark)) == 1


def test_grpc_refuses_a_truncated_message(cairn, ids, mark):
    body = otlp.one_of("traces", ids, mark).SerializeToString()
    assert refusal(cairn, "traces", body[:-3]).code() == grpc.StatusCode.INVALID_ARGUMENT
    assert refusal(cairn, "traces", b"\xff" * 40).code() == grpc.StatusCode.INVALID_ARGUMENT
    assert cairn.count(("test.mark", "=", mark)) == 0


def is_retryable(error):
    """RESOURCE_EXHAUSTED may be tried again only where it carries RetryInfo."""
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    return bool(details) and any(d.Is(RetryInfo.DESCRIPTOR) for d in Status.FromString(details).details)


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip])
def test_grpc_limit(cairn, mark, compression):
    error = refusal(cairn, "traces", padded(LIMIT + 1, mark), compression=compression)
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED and not is_retryable(error), error
    assert cairn.count(("test.mark", "=", mark)) == 0


def test_grpc_unknown_methods(cairn):
    with grpc.insecure_channel(cairn.grpc) as channel:
        for path in ("/opentelemetry.proto.collector.trace.v1.TraceService/Nothing", "/some.other.Service/Export", "/grpc.reflection.v1.ServerReflection/X"):
            with pytest.raises(grpc.RpcError) as caught:
                channel.unary_unary(path, request_serializer=lambda b: b, response_deserializer=lambda b: b)(b"", timeout=10)
            assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED, path


RAW = {
    "unknown encoding": ([(1, b"abc")], [("grpc-encoding", "snappy")], {12}),
    "compressed without encoding": ([(1, b"abc")], [], {3, 12, 13}),
    "not gzip": ([(1, b"abc")], [("grpc-encoding", "gzip")], {3, 13}),
    "flag 7": ([(7, b"")], [], {3, 12, 13}),
    "two messages": ([(0, b""), (0, b"")], [], {3, 12, 13}),
    "no message": ([], [], {3, 12, 13}),
}


@pytest.mark.parametrize("name", RAW)
def test_grpc_odd_frames(cairn, name):
    messages, headers, wanted = RAW[name]
    answer = h2c.grpc_call(cairn.grpc, otlp.METHODS["traces"], messages, headers)
    assert answer.status == 200 and answer.grpc_status in wanted, answer


def test_grpc_length_that_is_not_there(cairn):
    frame = b"\x00" + (1000).to_bytes(4, "big") + b"short"
    answer = h2c.request(cairn.grpc, "POST", otlp.METHODS["traces"], frame, [("content-type", "application/grpc"), ("te", "trailers")])
    assert answer.status == 200 and answer.grpc_status in {3, 13}, answer


def test_grpc_other_content_type(cairn):
    answer = h2c.request(cairn.grpc, "POST", otlp.METHODS["traces"], b"", [("content-type", "text/plain")])
    assert answer.status == 415 or answer.grpc_status not in (None, 0), answer


# Browsers

ORIGIN = "https://shop.example"


@pytest.fixture(scope="module")
def open_to_a_page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cors")
    (folder / "cairn.yaml").write_text(f"ingest_origins: ['{ORIGIN}']\n")
    server = Cairn(folder, ["--config", str(folder / "cairn.yaml")]).start()
    yield server
    server.stop()


def preflight(cairn, path, origin, headers="content-type,x-honeycomb-team"):
    return cairn.request("OPTIONS", path, headers={"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": headers})


@pytest.mark.parametrize("signal", SIGNALS)
def test_cors_for_a_named_origin(open_to_a_page, ids, mark, signal):
    reply = preflight(open_to_a_page, f"/v1/{signal}", ORIGIN)
    assert reply.status == 204 and reply.headers["access-control-allow-origin"] == ORIGIN, reply
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert "content-type" in reply.headers["access-control-allow-headers"].lower()
    body = otlp.to_json(otlp.one_of(signal, ids, mark))
    reply = open_to_a_page.send(body, signal, JSON, {"origin": ORIGIN})
    assert reply.status == 200 and reply.headers["access-control-allow-origin"] == ORIGIN


def test_cors_for_other_origins_and_paths(open_to_a_page, ids, mark):
    cairn = open_to_a_page
    assert preflight(cairn, "/v1/traces", "https://evil.example").status == 403
    assert cairn.send(b"{}", kind=JSON, headers={"origin": "https://evil.example"}).status == 403
    reply = cairn.request("POST", "/api/cairn/query", json.dumps({"dataset": "__all__", "query": {}}), {"content-type": JSON, "origin": ORIGIN})
    assert reply.status == 403 and "access-control-allow-origin" not in reply.headers
    assert "access-control-allow-origin" not in preflight(cairn, "/api/cairn/query", ORIGIN).headers


def test_a_foreign_host_name_is_refused(cairn):
    for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example"):
        assert cairn.request("GET", "/api/cairn/status", headers={"host": host}).status == 403
    for host in ("localhost", "127.0.0.1:1", "[::1]:8080"):
        assert cairn.request("GET", "/api/cairn/status", headers={"host": host}).status == 200
