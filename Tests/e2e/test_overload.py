# SPDX-License-Identifier: Apache-2.0
"""Ten times what the server can take: memory stays bounded, every refusal says when to come again, and nothing that was accepted is lost.

The load is small on the wire and large once inflated, so that the clients need next to nothing of the machine.
"""
import http.client
import os
import threading
import time

import otlp
from cairn_process import PROTOBUF, busyness

SECONDS = 60 if os.environ.get("CAIRN_FULL") else 6
CLIENTS = 160
LINES = 8_000
PEAK_MIB = 600


def body(mark):
    """Log lines, which count again each time they are sent: 8,000 of them in some ten thousand bytes."""
    request = otlp.logs([f"line {n % 50} of a program that has much to say and says it again and again" for n in range(LINES)],
                        fields={"test.mark": mark, "app.detail": "the same detail on every line, so that it packs well " * 4})
    plain = request.SerializeToString()
    return otlp.ENCODERS["gzip"](plain), len(plain)


class Client(threading.Thread):
    def __init__(self, cairn, packed, stop):
        super().__init__(daemon=True)
        self.cairn, self.packed, self.stop = cairn, packed, stop
        self.accepted, self.refused, self.broken, self.odd = 0, 0, 0, []

    def run(self):
        connection = http.client.HTTPConnection(self.cairn.http, timeout=120)
        headers = {"content-type": PROTOBUF, "content-encoding": "gzip"}
        while not self.stop.is_set():
            try:
                connection.request("POST", "/v1/logs", self.packed, headers)
                reply = connection.getresponse()
                reply.read()
            except (OSError, http.client.HTTPException):
                self.broken += 1
                connection.close()
                continue
            if reply.status == 200:
                self.accepted += 1
            elif reply.status in (429, 503) and int(reply.headers["retry-after"]) >= 1:
                self.refused += 1  # and comes again at once, as a client should not
            else:
                self.odd.append(reply.status)


def run(cairn, packed, clients, seconds):
    stop = threading.Event()
    running = [Client(cairn, packed, stop) for _ in range(clients)]
    began, cpu = time.monotonic(), cairn.cpu_seconds
    for client in running:
        client.start()
    time.sleep(seconds)  # so long there is load
    stop.set()
    for client in running:
        client.join(120)
        assert not client.is_alive()
    taken = time.monotonic() - began
    accepted = sum(c.accepted for c in running)
    return {"accepted": accepted, "rate": accepted * LINES / taken, "refused": sum(c.refused for c in running), "broken": sum(c.broken for c in running),
            "odd": [s for c in running for s in c.odd], "cpu": cairn.cpu_seconds - cpu}


def test_ten_times_too_much(make_cairn, mark):
    cairn = make_cairn().start()
    packed, plain = body(mark)
    alone = run(cairn, packed, 2, 2)
    crowd = run(cairn, packed, CLIENTS, SECONDS)
    peak = cairn.status_value("VmHWM")
    print(f"{len(packed)} bytes that inflate to {plain}: {alone['rate']:,.0f} lines/s by 2 clients; {crowd['rate']:,.0f} lines/s by {CLIENTS}, "
          f"{crowd['accepted']} accepted, {crowd['refused']} refused, {crowd['broken']} without an answer; peak memory {peak:.0f} MiB")
    assert not crowd["odd"] and not crowd["broken"], crowd
    assert peak <= PEAK_MIB
    assert crowd["rate"] >= alone["rate"] * 0.4, "the more want in, the less is done"
    accepted = alone["accepted"] + crowd["accepted"]
    stored = cairn.count(("test.mark", "=", mark), dataset="shop")
    assert stored == accepted * LINES
    began = time.monotonic()
    assert cairn.request("GET", "/healthz").status == 200 and time.monotonic() - began < 2 * busyness(), "as before, once the crowd is gone"
    cairn.kill()
    cairn.start(60)
    assert cairn.count(("test.mark", "=", mark), dataset="shop") == accepted * LINES
