# SPDX-License-Identifier: Apache-2.0
"""Measures log lines: PutLogEvents, FilterLogEvents beside `grep -F`, and the bytes at rest beside `zstd -3`.

    python3 lines.py [--lines 1000000] [--text unique|requests|mixed] [--connections 4] [--binary PATH] [--work DIR] [--step prepare|measure|ask]

Lines are about 100 bytes. `unique` is a request log, as text, whose every line has an id of its own; in `requests` a request writes two to
six lines with its id, among those of others, and few users make most of the requests; `mixed` are the lines of loglines.py. Batches of 8,000
events (what fits into the 1 MiB of a call) over HTTP/1.1, each acknowledged before the next one of its connection.

`--step prepare` writes the text and the bodies into the work folder and ends; `measure` takes them from there, `ask` asks a store that is
there already. Without it, all is done in turn. Needs grep and zstd.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import re
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


def request_lines(count):
    """Lines of requests that run beside each other: (level, text, ...) as above, but an id is that of a request, and its user too."""
    random_ = random.Random(11)
    running = []
    for number in range(count):
        if len(running) < 32 or random_.random() < 0.1:
            running.append([f"{random_.getrandbits(48):012x}", min(999_999, int(random_.paretovariate(0.6))), random_.choice(ROUTES), random_.randrange(1, 6), random_.randrange(16)])
        place = random_.randrange(len(running))
        identity, user, route, left, worker = running[place]
        level = random_.choice(LEVELS)
        text = RARE if number % 250_000 == 123_456 else random_.choice(MESSAGES[level])
        if left == 0:
            del running[place]
            yield (f"{level} [worker-{worker}] request done route={route} status={random_.choice([200] * 9 + [404, 500])} "
                   f"latency={random_.lognormvariate(3, 1):.1f}ms user={user} req={identity}")
        else:
            running[place][3] -= 1
            yield f"{level} [worker-{worker}] {text} route={route} step={left} took={random_.lognormvariate(1, 1):.1f}ms user={user} req={identity}"


def text_batches(options, start):
    """Batches of (time, text): five hundredths of a millisecond apart."""
    if options.text == "unique":
        yield from batches(options.lines, start)
        return
    if options.text == "mixed":
        import loglines
        texts = (row[3] for row in loglines.lines(options.lines))
    else:
        texts = request_lines(options.lines)
    batch = []
    for number, each in enumerate(texts):
        batch.append((start + number * 5 // 100, each))
        if len(batch) == BATCH or number == options.lines - 1:
            yield batch
            batch = []


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
    parser.add_argument("--text", choices=["unique", "requests", "mixed"], default="unique")
    parser.add_argument("--binary")
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--step", choices=["prepare", "measure", "ask"])
    options = parser.parse_args()
    if options.binary:
        os.environ["CAIRN_BINARY"] = options.binary
    work = options.work or pathlib.Path(tempfile.mkdtemp())
    work.mkdir(parents=True, exist_ok=True)
    if options.step in (None, "prepare"):
        prepare(options, work)
    if options.step == "prepare":
        return
    cairn = cairn_process.Cairn(work / "cairn").start()
    try:
        if options.step != "ask":
            put(cairn, options, work)
        ask(cairn, options, work)
    finally:
        cairn.stop(60)


def prepare(options, work):
    """The text as a file of lines, and the bodies one after another, each with its length in front."""
    start = int(time.time() * 1000) - 3_600_000
    with open(work / "lines.txt", "w", encoding="utf-8") as text, open(work / "bodies", "wb") as bodies:
        for index, batch in enumerate(text_batches(options, start)):
            text.writelines(each + "\n" for _, each in batch)
            body = json.dumps({"logGroupName": "bench", "logStreamName": f"s{index % options.connections}", "logEvents": [
                {"timestamp": at, "message": each} for at, each in batch]}).encode()
            bodies.write(len(body).to_bytes(4, "little") + body)
    (work / "packed").write_bytes(subprocess.run(f"zstd -3 -c {work / 'lines.txt'} | wc -c", shell=True, check=True, capture_output=True).stdout)


def read_bodies(work):
    bodies = []
    with open(work / "bodies", "rb") as file:
        while head := file.read(4):
            bodies.append(file.read(int.from_bytes(head, "little")))
    return bodies


def put(cairn, options, work):
    bodies = read_bodies(work)
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
    print(f"PutLogEvents   {options.lines / took:12,.0f} lines/s acknowledged   {(cairn_cpu(cairn) - cpu) / options.lines * 1e6:.2f} CPU us a line", flush=True)
    settle(cairn)
    print(f"settled        {(cairn_cpu(cairn) - cpu) / options.lines * 1e6:12.2f} CPU us a line   peak {peak_mib(cairn)} MiB", flush=True)


def ask(cairn, options, work):
    plain = work / "lines.txt"
    setup = http.client.HTTPConnection(cairn.http, timeout=300)
    plain_bytes = plain.stat().st_size
    packed = int((work / "packed").read_text())
    at_rest = sum(path.stat().st_size for path in (cairn.data / "segments").rglob("*") if path.is_file())
    print(f"at rest        {at_rest / options.lines:12.2f} bytes a line   text {plain_bytes / options.lines:.1f}   zstd -3 {packed / options.lines:.2f}   ratio {at_rest / packed:.3f}", flush=True)
    with open(plain, encoding="utf-8") as text:
        own = [line for _, line in zip(range(70_000), text)][-1]
    identity = re.findall("[0-9a-f]{12,}", own)
    for term in [RARE, *identity[:1], "ERROR", "deadline exceeded", "status=500"]:
        cold, asked = timed(lambda: pages(setup, term)), [timed(lambda: pages(setup, term)) for _ in range(5)]
        grepped = [timed(lambda: subprocess.run(["grep", "-cF", term, str(plain)], capture_output=True)) for _ in range(4)][1:]
        found, wanted = asked[0][1], int(grepped[0][1].stdout)
        # A page ends with 10,000 events or 1 MiB.
        assert found == wanted or 5_000 < found < wanted, (term, found, wanted)
        ours, theirs = statistics.median(each[0] for each in asked), statistics.median(each[0] for each in grepped)
        print(f"filter {term!r:20} {ours * 1e3:8.1f} ms, first {cold[0] * 1e3:.1f} (a page of {found} of {wanted})   grep -cF {theirs * 1e3:8.1f} ms   {theirs / ours:6.1f} x", flush=True)
    for term in ["deadline exceeded", "ERROR", "status=500"]:
        through_all(setup, term, plain, work)
    print(f"peak           {peak_mib(cairn)} MiB")


def through_all(connection, term, plain, work):
    """Every hit of a term by nextToken, read as bytes: what a client makes of them is its own. The fewest of two rounds."""
    def read():
        count, page_count, token = 0, 0, None
        while True:
            connection.request("POST", "/", json.dumps({"logGroupName": "bench", "filterPattern": f'"{term}"', **({"nextToken": token} if token else {})}), {
                "content-type": "application/x-amz-json-1.1", "x-amz-target": "Logs_20140328.FilterLogEvents"})
            body = connection.getresponse().read()
            count, page_count = count + body.count(b'"eventId":'), page_count + 1
            found = re.search(rb'"nextToken":"([^"]+)"', body[-200:])
            if not found:
                return count, page_count
            token = found.group(1).decode()

    own = [timed(read) for _ in range(2)]
    counted = min(timed(lambda: subprocess.run(f"grep -F '{term}' {plain} | wc -l", shell=True, capture_output=True))[0] for _ in range(2))
    written = min(timed(lambda: subprocess.run(f"grep -F '{term}' {plain} > {work / 'hits'}", shell=True))[0] for _ in range(2))
    wanted = sum(1 for _ in open(work / "hits", "rb"))
    count, page_count = own[0][1]
    assert count == wanted, (term, count, wanted)
    took = min(each[0] for each in own)
    print(f"all of {term!r:20} {took * 1e3:8.1f} ms for {count} events in {page_count} pages ({count / took:,.0f} a second), first round {own[0][0] * 1e3:.1f}   "
          f"grep -F | wc -l {counted * 1e3:.1f} ms, > file {written * 1e3:.1f} ms   {counted / took:.2f} x and {written / took:.2f} x", flush=True)


def peak_mib(cairn):
    status = pathlib.Path(f"/proc/{cairn.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) // 1024


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
