# SPDX-License-Identifier: Apache-2.0
"""What an objective's evaluation costs: the first one, which counts everything, and those that follow each minute.

    python3 Benchmarks/slos.py BINARY [events] [objectives]

Events of one dataset, a fifteenth of them in the last hour and the rest over the thirty days before it, sent to /1/batch. CPU is the server's
own, from /proc; what it uses when nobody asks is measured first and taken off.
"""
import http.client
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests" / "e2e"))
import cairn_process  # noqa: E402

KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}
FORMULAS = {"a number": "LT($duration_ms, 500)", "a text and a number": 'IF(EQUALS($name, "GET /cart"), LT($duration_ms, 500))', "a text": "NOT(EXISTS($error))"}
FRESH = 5.2  # seconds after which a ledger is counted on


def events(count, first, last, seed):
    """One body: events spread over some seconds."""
    chance = random.Random(seed)
    step = (last - first) / count
    rows = []
    for n in range(count):
        length = chance.expovariate(1 / 120)
        error = ',"error":"timeout"' if length > 700 else ""
        rows.append('{"time":"%.3f","data":{"name":"%s","duration_ms":%.2f,"user":"u%d","http.route":"/r/%d"%s}}' % (
            first + n * step, ("GET /cart", "GET /home", "POST /buy")[n % 3], length, chance.randrange(1_000_000), n % 40, error))
    return "[" + ",".join(rows) + "]"


def load(cairn, count, now):
    host, _, port = cairn.http.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port))
    began, sent = time.time(), 0
    hours = 30 * 24
    old = count - count // 15
    parts = [(now - (hours + 1 - h) * 3600, now - (hours - h) * 3600, old // hours) for h in range(hours)]
    parts += [(now - 3600 + m * 60, now - 3540 + m * 60, count // 15 // 60) for m in range(60)]
    for seed, (first, last, amount) in enumerate(parts):
        connection.request("POST", "/1/batch/shop", events(amount, first, last, seed), KEY)
        reply = connection.getresponse()
        assert reply.status == 200 and b"400" not in reply.read()[:200]
        sent += amount
    print(f"{sent} events sent in {time.time() - began:.0f} s", flush=True)


def call(cairn, method, path, body=None):
    reply = cairn.request(method, path, None if body is None else json.dumps(body), KEY)
    assert reply.status < 300, reply
    return reply.json()


def look(cairn, ids):
    """Milliseconds of each objective's answer, and the server's CPU milliseconds for each."""
    before, walls = cairn.cpu_seconds, []
    for one in ids:
        began = time.perf_counter()
        call(cairn, "GET", f"/1/slos/shop/{one}?detailed=true")
        walls.append((time.perf_counter() - began) * 1000)
    return walls, (cairn.cpu_seconds - before) * 1000 / len(ids)


def quiet(cairn):
    before = cairn.cpu_seconds
    time.sleep(1)
    return cairn.cpu_seconds - before < 0.05


def measure(cairn, count, objectives):
    load(cairn, count, time.time())
    # What is left of sealing and merging is not the objectives'.
    cairn_process.until(lambda: quiet(cairn), 60)
    before = cairn.cpu_seconds
    time.sleep(5)
    idle = (cairn.cpu_seconds - before) / 5
    print(f"at rest: {idle * 1000:.1f} ms CPU a second", flush=True)
    for title, formula in FORMULAS.items():
        alias = title.replace(" ", "_")
        call(cairn, "POST", "/1/derived_columns/shop", {"alias": alias, "expression": formula})
        ids = [call(cairn, "POST", "/1/slos/shop", {"name": f"{title} {n}", "sli": {"alias": alias}, "time_period_days": 30, "target_per_million": 990_000})["id"]
               for n in range(objectives)]
        first = look(cairn, ids[:1])
        rest = look(cairn, ids[1:])
        walls, costs = [], []
        for _ in range(3):
            time.sleep(FRESH)
            more = look(cairn, ids)
            walls += more[0]
            costs.append(more[1])
        print(f"{title:>20}: first {first[0][0]:.0f} ms, {first[1]:.0f} CPU ms; first of others {statistics.median(rest[0]):.0f} ms; "
              f"later {statistics.median(walls):.2f} ms, {statistics.median(costs):.2f} CPU ms", flush=True)
        for one in ids:
            assert cairn.request("DELETE", f"/1/slos/shop/{one}", None, KEY).status == 204


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3_000_000
    objectives = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    os.environ["CAIRN_BINARY"] = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        cairn = cairn_process.Cairn(pathlib.Path(folder)).start(timeout=60)
        try:
            measure(cairn, count, objectives)
        finally:
            cairn.stop()


if __name__ == "__main__":
    main()
