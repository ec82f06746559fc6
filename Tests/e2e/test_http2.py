# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 from clients that mean well, and from those that do not: the first are never cut, the second cost little and harm nobody."""
import enum
import socket

import hpack
import pytest

import otlp

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
Kind = enum.IntEnum("Kind", "DATA HEADERS PRIORITY RST_STREAM SETTINGS PUSH_PROMISE PING GOAWAY WINDOW_UPDATE CONTINUATION", start=0)
END_STREAM, END_HEADERS = 1, 4
GET = [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/healthz")]
POST = [(":method", "POST"), (":scheme", "http"), (":authority", "localhost"), (":path", "/v1/traces"), ("content-type", "application/x-protobuf")]


def frame(kind, flags=0, stream=0, body=b""):
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


BEGIN = PREFACE + frame(Kind.SETTINGS)


def heads(fields, stream=1, flags=END_STREAM | END_HEADERS):
    return frame(Kind.HEADERS, flags, stream, hpack.Encoder().encode(fields))


class Line:
    """A connection whose frames are written by hand."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket, self.rest, self.is_closed = socket.create_connection((host, int(port)), timeout=30), b"", False
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            self.is_closed = True
        return self

    def frame(self):
        """The next frame as (kind, flags, stream, body); None once the server has closed."""
        while len(self.rest) < 9 or len(self.rest) < 9 + int.from_bytes(self.rest[:3], "big"):
            try:
                more = self.socket.recv(1 << 16)
            except ConnectionError:
                more = b""
            if not more:
                self.is_closed = True
                return None
            self.rest += more
        size = int.from_bytes(self.rest[:3], "big")
        found = (self.rest[3], self.rest[4], int.from_bytes(self.rest[5:9], "big"), self.rest[9:9 + size])
        self.rest = self.rest[9 + size:]
        return found

    def until(self, *wanted):
        """The first frame of these kinds and streams, or None."""
        while (found := self.frame()) is not None:
            if (found[0], found[2]) in wanted:
                return found
        return None

    def until_closed(self):
        while self.frame() is not None:
            pass
        return self

    def close(self):
        self.socket.close()


@pytest.fixture
def line(cairn):
    opened = []

    def make(address=None):
        opened.append(Line(address or cairn.grpc))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


# Those that mean well

def test_a_client_may_measure_its_line_with_every_answer(cairn, line, ids, mark):
    """gRPC for Go sends a PING with the data of an answer to learn how much may be under way, so an exporter's PINGs are as many as its exports."""
    message = otlp.one_of("logs", ids, mark).SerializeToString()
    fields = [*POST[:3], (":path", otlp.METHODS["logs"]), ("content-type", "application/grpc"), ("te", "trailers")]
    one, count = line().send(BEGIN), 400
    for number in range(count):
        stream = 2 * number + 1
        one.send(heads(fields, stream, END_HEADERS) + frame(Kind.DATA, END_STREAM, stream, b"\x00" + len(message).to_bytes(4, "big") + message))
        assert one.until((Kind.DATA, stream), (Kind.GOAWAY, 0))[0] == Kind.DATA, number
        one.send(frame(Kind.PING, 0, 0, stream.to_bytes(8, "big")))
        assert one.until((Kind.HEADERS, stream), (Kind.GOAWAY, 0))[:2] == (Kind.HEADERS, END_STREAM | END_HEADERS), number
    assert cairn.count(("test.mark", "=", mark)) == count


BAD_HEADS = {
    "no path": GET[:3],
    "upper case": [*GET, ("X-Upper", "a")],
    "a field of the connection": [*GET, ("connection", "close")],
    "two methods": [GET[0], *GET],
    "a pseudo field behind": [*GET[:3], ("a", "b"), GET[3]],
    "a length that is none": [*POST, ("content-length", "x")],
}


@pytest.mark.parametrize("name", BAD_HEADS)
def test_a_bad_request_ends_its_stream_and_no_other(line, name):
    one = line().send(BEGIN + heads(POST, 1, END_HEADERS) + heads(BAD_HEADS[name], 3) + heads(GET, 5))
    assert one.until((Kind.RST_STREAM, 3))
    assert one.until((Kind.HEADERS, 5))
    one.send(frame(Kind.DATA, END_STREAM, 1))
    assert one.until((Kind.HEADERS, 1)), "the request that was under way is answered"


def test_a_body_of_another_length_than_announced_ends_its_stream_only(line):
    one = line().send(BEGIN + heads([*POST, ("content-length", "5")], 1, END_HEADERS) + frame(Kind.DATA, END_STREAM, 1, b"ab") + heads(GET, 3))
    assert one.until((Kind.RST_STREAM, 1)) and one.until((Kind.HEADERS, 3))


def test_late_frames_of_a_stream_that_is_over_harm_nothing(line):
    one = line().send(BEGIN)
    for number in range(300):
        stream = 2 * number + 1
        one.send(heads(GET, stream))
        while True:
            found = one.frame()
            assert found, number
            if found[2] == stream and found[1] & END_STREAM and found[0] in (Kind.HEADERS, Kind.DATA):
                break
        one.send(frame(Kind.WINDOW_UPDATE, 0, stream, (100).to_bytes(4, "big")))
    assert one.send(heads(GET, 601)).until((Kind.HEADERS, 601))


# Those that do not

def flood(first, each, count):
    return lambda: (BEGIN + first, each, count)


ATTACKS = {
    "CONTINUATION without end": flood(heads(GET, 1, 0), frame(Kind.CONTINUATION, 0, 1, b"\x00\x01a\x01b" * 10), 5_000),
    "empty CONTINUATION": flood(heads(GET, 1, 0), frame(Kind.CONTINUATION, 0, 1), 50_000),
    "PING": flood(b"", frame(Kind.PING, 0, 0, b"12345678") * 100, 3_000),
    "PRIORITY": flood(b"", frame(Kind.PRIORITY, 0, 3, b"\x00\x00\x00\x01\x05") * 100, 3_000),
    "PRIORITY of itself": flood(b"", frame(Kind.PRIORITY, 0, 3, b"\x00\x00\x00\x03\x05"), 1),
    "empty DATA": flood(heads(POST, 1, END_HEADERS), frame(Kind.DATA, 0, 1), 50_000),
    "padding alone": flood(heads(POST, 1, END_HEADERS), frame(Kind.DATA, 8, 1, b"\xff" + bytes(255)), 5_000),
    "a window beyond 31 bits": flood(b"", frame(Kind.WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"), 3),
    "a window of none": flood(b"", frame(Kind.WINDOW_UPDATE, 0, 0, bytes(4)), 1),
    "DATA of no stream": flood(b"", frame(Kind.DATA, 0, 0, b"x"), 1),
    "a stream of the server's": flood(b"", heads(GET, 2), 1),
    "PUSH_PROMISE": flood(b"", frame(Kind.PUSH_PROMISE, END_HEADERS, 1, bytes([0, 0, 0, 2]) + hpack.Encoder().encode(GET)), 1),
    "a frame of 16 MiB": flood(b"", b"\xff\xff\xff" + bytes([Kind.DATA, 0, 0, 0, 0, 1]) + bytes(1000), 100),
    "HPACK that is none": flood(b"", frame(Kind.HEADERS, END_STREAM | END_HEADERS, 1, b"\xff" * 6), 1),
    "fields that unfold": lambda: (BEGIN + heads([*GET, ("x", "v" * 3900)]), frame(Kind.HEADERS, END_STREAM | END_HEADERS, 3, b"\x82\x86\x84" + b"\xbe" * 16_000), 1),
    "too many fields": lambda: (BEGIN, heads(GET + [("a", "b")] * 15_000), 1),
    "SETTINGS that answer nothing": flood(b"", frame(Kind.SETTINGS, 1), 3),
    "another preface": lambda: (b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", b"garbage" * 100, 1),
    "no SETTINGS": lambda: (PREFACE, heads(GET), 1),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_cut_and_costs_little(cairn, line, name):
    first, each, count = ATTACKS[name]()
    before, cpu = cairn.resident_mib, cairn.cpu_seconds
    one = line().send(first)
    for _ in range(count):
        if one.is_closed:
            break
        one.send(each)
    one.until_closed()
    assert cairn.resident_mib - before < 32 and cairn.cpu_seconds - cpu < 3
    assert cairn.request("GET", "/healthz").status == 200


def test_streams_that_are_opened_and_reset_without_end_are_cut(cairn, line):
    one, encoder = line().send(BEGIN), hpack.Encoder()
    for stream in range(1, 40_001, 2):
        if one.is_closed:
            break
        one.send(frame(Kind.HEADERS, END_STREAM | END_HEADERS, stream, encoder.encode(GET)) + frame(Kind.RST_STREAM, 0, stream, b"\x00\x00\x00\x08"))
    assert one.until_closed().is_closed and cairn.request("GET", "/healthz").status == 200


def test_unknown_frames_are_passed_over(line):
    assert line().send(BEGIN + frame(0xFE, 0xFF, 7, b"z" * 2000) + heads(GET)).until((Kind.HEADERS, 1))
