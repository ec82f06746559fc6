# SPDX-License-Identifier: Apache-2.0
"""Measures log lines: PutLogEvents, FilterLogEvents beside `grep -F`, and the bytes at rest beside `zstd -3`.

    python3 lines.py [--lines 1000000] [--connections 4] [--binary PATH] [--work DIR]

Lines are about 100 bytes: a request log, as text, with ids that hardly repeat. Batches of 8,000 events over HTTP/1.1, each acknowledged
before the next one of its connection. Needs grep and zstd.
"""
import argparse
import concurrent.futures
import http.client
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests" / "e2e"))
import cairn_process  # noqa: E402

ROUTES = ["/api/cart", "/api/cart/items", "/api/checkout", "/api/products", "/api/products/search", "/health", "/login", "/api/orders"]
LEVELS = ["INFO"] * 90 + ["WARN"] * 7 + ["ERROR"] * 3
MESSAGES = {"INFO": ["request done", "cache hit", "cache miss", "job queued"], "WARN": ["slow query", "retrying upstream"],
            "ERROR": ["connection reset by peer", "deadline exceeded", "constraint violated"]}
BATCH = 8_000  # of about 100 bytes and 26 more each: what fits into the 1 MiB of a call
RARE = "needle-in-the-hay"


def line(random_, number):
    level = random_.choice(LEVELS)
    text = random_.choice(MESSAGES[level])
    if number % 250_000 == 123_456:
        text = RARE
    return (f"{level} [worker-{random_.randrange(16)}] {text} route={random_.choice(ROUTES)} status={random_.choice([200] * 9 + [404, 500])} "
            f"latency={random_.lognormvariate(3, 1):.1f}ms user={random_.randrange(1_000_000)} req={random_.getrandbits(48):012x}")


def batches(count, start):
    random_ = random.Random(7)
    for first in range(0, count, BATCH):
        yield [(start + number * 5 // 100, line(random_, number)) for number in range(first, min(count, first + BATCH))]


def post(connection, target, body):
    connection.request("POST", "/", body, {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"Logs_20140328.{target}"})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 200, text
    return json.loads(text) if text else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--binary")
    parser.add_argument("--work", type=pathlib.Path)
    options = parser.parse_args()
    if options.binary:
        import os
        os.environ["CAIRN_BINARY"] = options.binary
    work = options.work or pathlib.Path(tempfile.mkdtemp())
    cairn = cairn_process.Cairn(work / "cairn").start()
    try:
        measure(cairn, options, work)
    finally:
        cairn.stop(60)


def measure(cairn, options, work):
    start = int(time.time() * 1000) - 3_600_000
    bodies, plain = [], work / "lines.txt"
    with open(plain, "w", encoding="utf-8") as text:
        for index, batch in enumerate(batches(options.lines, start)):
            text.writelines(each + "\n" for _, each in batch)
            bodies.append(json.dumps({"logGroupName": "bench", "logStreamName": f"s{index % options.connections}", "logEvents": [
                {"timestamp": at, "message": each} for at, each in batch]}).encode())
    setup = http.client.HTTPConnection(cairn.http)
    post(setup, "CreateLogGroup", json.dumps({"logGroupName": "bench"}))
    for index in range(options.connections):
        post(setup, "CreateLogStream", json.dumps({"logGroupName": "bench", "logStreamName": f"s{index}"}))

    def send(number):
        connection = http.client.HTTPConnection(cairn.http, timeout=300)
        for body in bodies[number::options.connections]:
            post(connection, "PutLogEvents", body)

    cpu = cairn_cpu(cairn)
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(options.connections) as pool:
        list(pool.map(send, range(options.connections)))
    took = time.monotonic() - began
    print(f"PutLogEvents   {options.lines / took:12,.0f} lines/s acknowledged   {(cairn_cpu(cairn) - cpu) / options.lines * 1e6:.2f} CPU us a line")
    settle(cairn)
    plain_bytes = plain.stat().st_size
    packed = int(subprocess.run(f"zstd -3 -c {plain} | wc -c", shell=True, check=True, capture_output=True).stdout)
    at_rest = sum(path.stat().st_size for path in (cairn.data / "segments").rglob("*") if path.is_file())
    print(f"at rest        {at_rest / options.lines:12.1f} bytes a line   text {plain_bytes / options.lines:.1f}   zstd -3 {packed / options.lines:.1f}   ratio {at_rest / packed:.2f}")
    for term in [RARE, "ERROR", "deadline exceeded"]:
        asked = [timed(lambda: pages(setup, term)) for _ in range(5)]
        grepped = [timed(lambda: subprocess.run(["grep", "-cF", term, str(plain)], capture_output=True)) for _ in range(5)]
        found, wanted = asked[0][1], int(grepped[0][1].stdout)
        # A page ends with 10,000 events or 1 MiB.
        assert found == wanted or 5_000 < found < wanted, (term, found, wanted)
        ours, theirs = statistics.median(each[0] for each in asked), statistics.median(each[0] for each in grepped)
        print(f"filter {term!r:20} {ours * 1e3:8.1f} ms (a page of {found})   grep -cF {theirs * 1e3:8.1f} ms   {theirs / ours:6.1f} x")


def pages(connection, term):
    return len(post(connection, "FilterLogEvents", json.dumps({"logGroupName": "bench", "filterPattern": f'"{term}"'}))["events"])


def timed(work):
    began = time.monotonic()
    value = work()
    return time.monotonic() - began, value


def cairn_cpu(cairn):
    fields = pathlib.Path(f"/proc/{cairn.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def settle(cairn, quiet=6.0, most=180.0):
    """Waits until the segments have not changed for a while."""
    last, since, end = None, time.monotonic(), time.monotonic() + most
    while time.monotonic() < end and time.monotonic() - since < quiet:
        now = sorted((path.name, path.stat().st_size) for path in (cairn.data / "segments").rglob("*") if path.is_file())
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.5)


if __name__ == "__main__":
    main()
