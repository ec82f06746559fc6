# SPDX-License-Identifier: Apache-2.0
"""kill -9 under load, again and again: what was acknowledged is there afterwards, unaltered and once.

The ledger notes for every span what was sent and whether it was acknowledged. After each restart the server is asked for every span of the
last cycle, and at the end for all of them. CAIRN_KILL_CYCLES (50) and CAIRN_SEED choose the run; both are printed.
"""
import hashlib
import http.client
import os
import random
import threading
import time

import grpc

import otlp
from cairn_process import PROTOBUF, column

CYCLES = int(os.environ.get("CAIRN_KILL_CYCLES") or 50)
SEED = int(os.environ.get("CAIRN_SEED") or random.SystemRandom().getrandbits(32))
WRITERS = ["http", "http", "http-gzip", "http-gzip", "grpc", "grpc"]
ROUNDS_IN_A_QUERY = 9_000


class Ledger:
    """Span number > whether it was acknowledged; what a span says is a function of its number."""

    def __init__(self, seed):
        self.seed, self.lock, self.acknowledged, self.next = seed, threading.Lock(), {}, 0
        self.started_ns = time.time_ns()

    def take(self, count):
        with self.lock:
            numbers = range(self.next, self.next + count)
            self.next += count
            self.acknowledged.update(dict.fromkeys(numbers, False))
        return numbers

    def acknowledge(self, numbers):
        with self.lock:
            self.acknowledged.update(dict.fromkeys(numbers, True))

    def content(self, number):
        """(text, count, ratio) of a span: different for each, and enough to notice any change."""
        digest = hashlib.blake2b(f"{self.seed}/{number}".encode(), digest_size=20).hexdigest()
        return digest, int(digest[:12], 16), int(digest[12:20], 16) / 256

    def body(self, numbers):
        spans = []
        for number in numbers:
            text, count, ratio = self.content(number)
            spans.append(otlp.span(None, "ledger", trace=(number + 1).to_bytes(16, "big"), span_id=(number + 1).to_bytes(8, "big"), start=self.started_ns + number,
                                   fields={"ledger.number": number, "ledger.text": text, "ledger.count": count, "ledger.ratio": ratio, "test.pad": "p" * (number % 700)}))
        return otlp.traces(spans, service="ledger").SerializeToString()


class Writer(threading.Thread):
    """Sends small and large batches until the server is gone; a batch without an answer may be in or not."""

    def __init__(self, cairn, ledger, transport, rng):
        super().__init__(daemon=True)
        self.cairn, self.ledger, self.transport, self.rng, self.refused = cairn, ledger, transport, rng, 0

    def run(self):
        try:
            self.over_grpc() if self.transport == "grpc" else self.over_http()
        except (OSError, http.client.HTTPException, grpc.RpcError):
            pass

    def batch(self):
        numbers = self.ledger.take(self.rng.choice([1, 3, 10, 40]))
        return numbers, self.ledger.body(numbers)

    def over_http(self):
        connection = http.client.HTTPConnection(self.cairn.http, timeout=20)
        gzip = self.transport == "http-gzip"
        headers = {"content-type": PROTOBUF, **({"content-encoding": "gzip"} if gzip else {})}
        while True:
            numbers, body = self.batch()
            connection.request("POST", "/v1/traces", otlp.ENCODERS["gzip"](body) if gzip else body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                self.ledger.acknowledge(numbers)
            else:
                self.refused += 1

    def over_grpc(self):
        with grpc.insecure_channel(self.cairn.grpc) as channel:
            export = channel.unary_unary(otlp.METHODS["traces"], request_serializer=lambda b: b, response_deserializer=lambda b: b)
            while True:
                numbers, body = self.batch()
                export(body, timeout=20)
                self.ledger.acknowledge(numbers)


def stored(cairn, low, high):
    """Every row of the ledger's dataset with a number in low ..< high: (number, text, count, ratio) > how often."""
    found = {}
    for start in range(low, high, ROUNDS_IN_A_QUERY):
        end = min(start + ROUNDS_IN_A_QUERY, high)
        answer = cairn.ask("ledger", calculations=[{"op": "COUNT"}], breakdowns=["ledger.number", "ledger.text", "ledger.count", "ledger.ratio"], limit=10_000,
                           filters=[{"column": "ledger.number", "op": ">=", "value": start}, {"column": "ledger.number", "op": "<", "value": end}])
        assert not answer["info"]["truncated"]
        for *key, count in zip(*answer["data"]):
            found[tuple(key)] = found.get(tuple(key), 0) + count
    return found


def audit(cairn, ledger, low, high, cycle):
    """What is wrong with the spans low ..< high, in words."""
    found = stored(cairn, low, high)
    numbers = [key[0] for key in found]
    wrong = [f"cycle {cycle}: {n} acknowledged and lost" for n in sorted(set(n for n in range(low, high) if ledger.acknowledged[n]) - set(numbers))]
    wrong += [f"cycle {cycle}: {key} stored {count} times" for key, count in found.items() if count != 1]
    wrong += [f"cycle {cycle}: {key} altered" for key in found if key[1:] != ledger.content(key[0])]
    wrong += [f"cycle {cycle}: {n} in two forms" for n in set(numbers) if numbers.count(n) > 1] if len(set(numbers)) != len(numbers) else []
    return wrong


def test_kill_minus_nine(make_cairn):
    print(f"CAIRN_SEED={SEED} CAIRN_KILL_CYCLES={CYCLES}")
    rng, ledger = random.Random(SEED), Ledger(SEED)
    cairn = make_cairn()
    began, wrong, slowest_start, refused, low = time.monotonic(), [], 0.0, 0, 0
    for cycle in range(CYCLES):
        cairn.start()
        slowest_start = max(slowest_start, cairn.ready_seconds)
        wrong += audit(cairn, ledger, low, ledger.next, cycle) if ledger.next else []
        low = ledger.next
        writers = [Writer(cairn, ledger, transport, random.Random(rng.random())) for transport in WRITERS]
        for writer in writers:
            writer.start()
        time.sleep(rng.uniform(0.005, 0.5))
        cairn.kill()
        for writer in writers:
            writer.join(30)
            assert not writer.is_alive()
            refused += writer.refused
        assert len(wrong) < 20, wrong
    cairn.start()
    wrong += audit(cairn, ledger, 0, ledger.next, "end")
    total = column(cairn.ask("ledger", calculations=[{"op": "COUNT"}]), "COUNT")[0]
    acknowledged = sum(ledger.acknowledged.values())
    print(f"{CYCLES} cycles in {time.monotonic() - began:.0f} s: {ledger.next} spans sent, {acknowledged} acknowledged, {total} stored, {refused} batches refused, "
          f"slowest start {slowest_start:.2f} s, {len(wrong)} violations")
    assert not wrong, wrong[:20]
    assert acknowledged > CYCLES, "the load was too small to mean anything"
    assert acknowledged <= total <= ledger.next
