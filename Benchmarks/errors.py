#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many occurrences a second of an 8 kB pyrollbar payload are acknowledged, and how long the list of 10,000 items takes.

usage: errors.py CAIRN_BINARY [SECONDS] [--million]
Two client processes send recorded payloads: alone, each in a request of its own over kept connections with several requests on the way,
and in batches. Prints figures with the server's CPU time, since the clients share the machine with it. Messages differ from one to the next, as those of programs
do; in `distinct stacks` every occurrence has functions that no other has, so that nothing can be remembered: what it costs more than the
others is the most that grouping can take. `--million` sends one small error a million times.
"""
import http.client
import json
import multiprocessing
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
CASES = json.loads((ROOT / "Tests/Fixtures/issues/grouping.json").read_text())


def payload(n, distinct=False):
    """A recorded Flask report, with locals up to 8 kB as pyrollbar sends them."""
    data = json.loads(json.dumps(next(c["data"] for c in CASES if c["name"].startswith("01-flask"))))
    data["uuid"] = f"{n:08x}-{os.getpid() & 0xffff:04x}-4000-8000-{time.time_ns() & 0xffffffffffff:012x}"
    data["timestamp"] = time.time()
    if distinct:
        # Grouped all the same, but one item: the figure is of grouping, not of making items.
        data["fingerprint"] = "distinct"
    for trace in data["body"]["trace_chain"]:
        trace["exception"]["message"] = f"{trace['exception'].get('message', '')} for user {n} of order {n * 7919}"
        if distinct:
            for place, one in enumerate(trace["frames"]):
                one["method"] = f"{one.get('method', 'f')}_{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676 % 26)}_S_STAMP_____"
    frame = data["body"]["trace_chain"][0]["frames"][-1]
    frame["locals"] = {f"name_{k}": "x" * 90 for k in range(max(0, (8192 - len(json.dumps(data))) // 108))}
    return data


class Prepared:
    """A request that is sent again and again with little written anew, so that the client takes little of the machine from the server."""

    def __init__(self, path, text):
        self.body = bytearray(text.encode())
        self.uuids = [found.start() + 24 for found in re.finditer(rb"[0-9a-f]{8}-[0-9a-f]{4}-4000-8000-[0-9a-f]{12}", self.body)]
        self.stamps = [found.start() for found in re.finditer(rb"S_STAMP_____", self.body)]
        self.head = (f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-rollbar-access-token: t\r\ncontent-type: application/json\r\n"
                     f"content-length: {len(self.body)}\r\n\r\n").encode()


def letters(number):
    """A word for a number, without digits, which grouping would take out."""
    word = ""
    while number:
        number, rest = divmod(number, 26)
        word += chr(97 + rest)
    return word


def client(address, path, per_request, connections, seconds, distinct, ready, results):
    host, port = address.split(":")
    number = 0
    open_sockets = [socket.create_connection((host, int(port))) for _ in range(connections)]
    for connection in open_sockets:
        # As every HTTP library does: head and body are two writes, and the second would wait 40 ms for the first one's acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    done = 0
    prepared = []
    for _ in range(4 if per_request > 1 else 64):
        items = [{"data": payload(number := number + 1, distinct)} for _ in range(per_request)]
        prepared.append(Prepared(path, json.dumps(items if per_request > 1 else items[0])))
    ready.wait()
    until = time.time() + seconds
    while time.time() < until:
        for place, connection in enumerate(open_sockets):
            one = prepared[(done // per_request + place) % len(prepared)]
            # A new uuid for each, or it would count once: its last digits are written over.
            stamp = f"{time.time_ns() & 0xfffffffffff0 | place & 15:012x}".encode()
            for start in one.uuids:
                one.body[start:start + 12] = stamp
            if distinct:
                word = letters(time.time_ns() + place).encode()[-12:].rjust(12, b"a")
                for start in one.stamps:
                    one.body[start:start + 12] = word
            connection.sendall(one.head)
            connection.sendall(one.body)
        for connection in open_sockets:
            answer = b""
            while b"\r\n\r\n" not in answer or b'"err":' not in answer:
                piece = connection.recv(65536)
                if not piece:
                    raise SystemExit("the server closed a connection")
                answer += piece
            if b'"err":0' not in answer:
                print(f"refused: {answer[-300:]}")
                results.put(done)
                return
            done += per_request
    results.put(done)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(server, address, path, per_request, connections, seconds, distinct=False):
    results = multiprocessing.Queue()
    ready = multiprocessing.Barrier(3)
    clients = [multiprocessing.Process(target=client, args=(address, path, per_request, connections, seconds, distinct, ready, results)) for _ in range(2)]
    for one in clients:
        one.start()
    ready.wait()
    cpu, start = cpu_seconds(server.pid), time.time()
    total = sum(results.get() for _ in clients)
    for one in clients:
        one.join()
    elapsed, used = time.time() - start, cpu_seconds(server.pid) - cpu
    print(f"{path} x{per_request}{', distinct stacks' if distinct else ''}: {total / elapsed:,.0f} occurrences/s, {used / total * 1e6:.1f} us of server CPU each ({total} in {elapsed:.1f} s, "
          f"{used / elapsed:.2f} cores)")
    return total


def memory_mib(pid):
    return next(int(line.split()[1]) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")) / 1024


def million(server, address):
    """One error a million times: one item, bounded memory."""
    item = json.dumps({"data": {"environment": "loop", "level": "error", "uuid": "00000000-0000-4000-8000-STAMP", "body": {"trace": {
        "frames": [{"filename": "/srv/loop.py", "lineno": 3, "method": "again"}], "exception": {"class": "LoopError", "message": "again"}}}}})
    host, port = address.split(":")
    connection, before, start = http.client.HTTPConnection(host, int(port)), memory_mib(server.pid), time.time()
    for batch in range(1_000):
        body = "[" + ",".join(item.replace("STAMP", f"{batch * 1000 + n:012x}") for n in range(1_000)) + "]"
        connection.request("POST", "/api/1/item_batch/", body.encode(), {"x-rollbar-access-token": "t"})
        answer = json.loads(connection.getresponse().read())
        assert answer["err"] == 0 and answer["result"]["accepted"] == 1_000, answer
    elapsed = time.time() - start
    while True:
        found = json.load(urllib.request.urlopen(f"http://{address}/api/cairn/errors?environment=loop"))
        if sum(item["total"] for item in found["items"]) >= 1_000_000:
            break
        time.sleep(0.2)
    print(f"one error a million times: {found['total']} item with {found['items'][0]['total']:,} occurrences, {1e6 / elapsed:,.0f}/s, "
          f"peak memory {memory_mib(server.pid):.0f} MiB (before {before:.0f})")


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    binary, seconds = words[0], float(words[1]) if len(words) > 1 else 5
    folder = tempfile.mkdtemp()
    ready = pathlib.Path(folder) / "ready"
    words = [binary, "serve", "--data", folder + "/data", "--ready-file", str(ready)]
    for flag in ("--http", "--otlp-http", "--otlp-grpc", "--xray"):
        words += [flag, "127.0.0.1:0"]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    while not ready.exists():
        time.sleep(0.05)
    address = json.loads(ready.read_text())["http"]
    print(f"payload: {len(json.dumps(payload(1)))} bytes")
    sent = load(server, address, "/api/1/item_batch/", 200, 2, seconds)
    sent += load(server, address, "/api/1/item_batch/", 200, 2, seconds, distinct=True)
    sent += load(server, address, "/api/1/item/", 1, 32, seconds)
    # Each is counted: none was taken for one that came before.
    time.sleep(1)
    counted = sum(item["total"] for item in json.load(urllib.request.urlopen(f"http://{address}/api/cairn/errors?status=any"))["items"])
    assert counted == sent, (counted, sent)
    if "--million" in sys.argv:
        million(server, address)
    base = f"http://{address}"
    for start in range(0, 10_000, 500):
        items = [{"data": {"environment": "list", "fingerprint": f"f{n}", "level": "error", "title": f"Lost {n}", "body": {"message": {"body": "x"}}}} for n in range(start, start + 500)]
        urllib.request.urlopen(urllib.request.Request(base + "/api/1/item_batch/", json.dumps(items).encode(), {"x-rollbar-access-token": "t"})).read()
    while json.load(urllib.request.urlopen(base + "/api/cairn/errors?limit=1"))["total"] < 10_000:
        time.sleep(0.2)
    times, parsed = [], []
    for _ in range(10):
        begin = time.perf_counter()
        body = urllib.request.urlopen(base + "/api/cairn/errors?limit=10000").read()
        times.append((time.perf_counter() - begin) * 1000)
        count = len(json.loads(body)["items"])
        parsed.append((time.perf_counter() - begin) * 1000)
    print(f"list of {count} items with sparklines ({len(body) / 1e6:.1f} MB): {statistics.median(times):.0f} ms until read (first {times[0]:.0f}, best {min(times):.0f}); "
          f"{statistics.median(parsed):.0f} ms with Python's parsing")
    print(f"peak memory {memory_mib(server.pid):.0f} MiB")
    server.terminate()
    server.wait()


if __name__ == "__main__":
    main()
