# SPDX-License-Identifier: Apache-2.0
"""kill -9 while all four doors take what comes: each acknowledged event is there once, and items count what is stored.

CAIRN_KILL_CYCLES (a sixteenth of it, 3 where it is not set) and CAIRN_SEED choose the run; both are printed.
"""
import http.client
import json
import os
import random
import socket
import threading
import time

import otlp
from cairn_process import JSON, PROTOBUF, column, until

CYCLES = max(1, int(os.environ.get("CAIRN_KILL_CYCLES") or 50) // 16)
SEED = int(os.environ.get("CAIRN_SEED") or random.SystemRandom().getrandbits(32))
ROLLBAR = {"content-type": JSON, "x-rollbar-access-token": "token"}
LOGS = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "Logs_20140328.PutLogEvents"}
# The column that holds an event's number, by door.
NUMBER = {"spans": "mixed.number", "items": "custom.number", "documents": "mixed_number", "datagrams": "datagram_number", "lines": "line_number"}


class Door(threading.Thread):
    """Sends numbered events through one door until the server is gone; notes what was acknowledged."""

    def __init__(self, name, cairn, books, rng):
        super().__init__(daemon=True)
        self.name, self.cairn, self.book, self.rng = name, cairn, books[name], rng
        self.refusal = None

    def take(self, most):
        first = len(self.book)
        self.book += [False] * self.rng.randint(1, most)
        return range(first, len(self.book))

    def run(self):
        connection = http.client.HTTPConnection(self.cairn.http, timeout=20)
        try:
            while True:
                numbers = self.take(20)
                path, body, headers = getattr(self, f"make_{self.name}")(numbers)
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                text = answer.read()
                if b"ejectedLogEventsInfo" in text or (answer.status == 200 and self.name == "items" and b'"rejected":0' not in text):
                    self.refusal = text
                if answer.status == 200:
                    for number in numbers:
                        self.book[number] = True
        except (OSError, http.client.HTTPException):
            pass

    def make_spans(self, numbers):
        spans = []
        for number in numbers:
            span = otlp.span(otlp.Ids(self.rng.getrandbits(64)), "work", fields={"mixed.number": number}, error="lost")
            span.events.add(time_unix_nano=time.time_ns(), name="exception", attributes=otlp.attributes({
                "exception.type": f"SpanError{number % 3}", "exception.message": "lost", "exception.stacktrace": f'File "/srv/span.py", line 3, in work{number % 3}'}))
            spans.append(span)
        return "/v1/traces", otlp.traces(spans, service="spans").SerializeToString(), {"content-type": PROTOBUF}

    def make_items(self, numbers):
        items = [{"data": {"environment": "production", "uuid": f"{SEED:08x}-{number:08d}", "custom": {"number": number}, "fingerprint": f"item-{number % 4}",
                           "body": {"message": {"body": f"item {number % 4}"}}}} for number in numbers]
        return "/api/1/item_batch/", json.dumps(items).encode(), ROLLBAR

    def document(self, number, column):
        now = time.time()
        return {"name": "documents", "id": f"{self.rng.getrandbits(64):016x}", "trace_id": f"1-{int(now):08x}-{self.rng.getrandbits(96):024x}", "start_time": now - 0.1,
                "end_time": now, "annotations": {column: number}}

    def make_documents(self, numbers):
        documents = [json.dumps(self.document(number, "mixed_number")) for number in numbers]
        return "/TraceSegments", json.dumps({"TraceSegmentDocuments": documents}).encode(), {"content-type": JSON}

    def make_lines(self, numbers):
        now = int(time.time() * 1000)
        events = [{"timestamp": now + place, "message": json.dumps({"line_number": number, "level": "info"})} for place, number in enumerate(numbers)]
        return "/", json.dumps({"logGroupName": "lines", "logStreamName": "s", "logEvents": events}).encode(), LOGS


class Datagrams(Door):
    """What nobody acknowledges: it is there once or not at all."""

    def run(self):
        host, port = self.cairn.addresses["xray"].rsplit(":", 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            while self.cairn.process is not None and self.cairn.process.poll() is None:
                [number] = self.take(1)
                try:
                    sock.sendto(b'{"format": "json", "version": 1}\n' + json.dumps(self.document(number, "datagram_number")).encode(), (host, int(port)))
                except OSError:
                    pass
                time.sleep(0.002)  # nobody answers who would say how fast


def stored(cairn, number_column):
    """Number > how often it is stored."""
    found, low = {}, 0
    while True:
        answer = cairn.ask(calculations=[{"op": "COUNT"}], breakdowns=[number_column], limit=10_000,
                           filters=[{"column": number_column, "op": ">=", "value": low}, {"column": number_column, "op": "<", "value": low + 9_000}])
        numbers = dict(zip(*answer["data"])) if answer["data"] else {}
        if not numbers:
            return found
        found.update(numbers)
        low += 9_000


def audit(cairn, books):
    wrong = []
    for door, book in books.items():
        found = stored(cairn, f"annotation.{NUMBER[door]}" if door in ("documents", "datagrams") else NUMBER[door])
        wrong += [f"{door}: {number} acknowledged and lost" for number, is_acknowledged in enumerate(book) if is_acknowledged and number not in found]
        wrong += [f"{door}: {number} stored {count} times" for number, count in found.items() if count != 1]
        wrong += [f"{door}: {number} was never sent" for number in found if not 0 <= number < len(book)]
    return wrong


def miscounted(cairn):
    """Items whose count is not that of their events: hash > (item's, stored)."""
    answer = cairn.ask(calculations=[{"op": "COUNT"}], breakdowns=["item.hash"], filters=[{"column": "item.hash", "op": "exists"}], limit=1000)
    events = dict(zip(*answer["data"])) if answer["data"] else {}
    reply = cairn.request("GET", "/api/cairn/errors?status=any&limit=100").json()
    items = {item["hash"]: item["total"] for item in reply["items"]}
    return {hash: (items.get(hash), events.get(hash)) for hash in items.keys() | events.keys() if items.get(hash) != events.get(hash)}


def test_all_doors_keep_what_they_acknowledged(make_cairn):
    print(f"CAIRN_SEED={SEED}, {CYCLES} kills")
    rng = random.Random(SEED)
    books = {name: [] for name in NUMBER}
    cairn = make_cairn().start(60)
    for target in ("CreateLogGroup", "CreateLogStream"):
        body = {"logGroupName": "lines", **({"logStreamName": "s"} if target == "CreateLogStream" else {})}
        assert cairn.request("POST", "/", json.dumps(body), {**LOGS, "x-amz-target": f"Logs_20140328.{target}"}).status == 200
    for cycle in range(CYCLES):
        doors = [(Datagrams if name == "datagrams" else Door)(name, cairn, books, random.Random(rng.random())) for name in NUMBER]
        for door in doors:
            door.start()
        before = {name: sum(book) for name, book in books.items()}
        assert until(lambda: all(sum(books[name]) > before[name] + 1 for name in NUMBER if name != "datagrams"), pause=0.005), "a door takes nothing"
        time.sleep(rng.uniform(0.001, 1.5))  # any moment may be the last one
        cairn.kill()
        for door in doors:
            door.join(30)
            assert not door.is_alive() and door.refusal is None, door.refusal
        cairn.start(60)
        wrong = audit(cairn, books)
        assert not wrong, (cycle, wrong[:20])
    acknowledged = {name: sum(book) for name, book in books.items()}
    print(f"acknowledged {acknowledged} of {({name: len(book) for name, book in books.items()})}")
    assert all(acknowledged[name] > CYCLES for name in NUMBER if name != "datagrams"), acknowledged
    assert until(lambda: not miscounted(cairn), pause=0.2), miscounted(cairn)
    cairn.restart()
    assert until(lambda: not miscounted(cairn), pause=0.2), miscounted(cairn)
