#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many occurrences a second of an 8 kB pyrollbar payload are acknowledged, and how long the list of 10,000 items takes.

usage: errors.py CAIRN_BINARY [SECONDS]
Two client processes send recorded payloads: alone, each in a request of its own over kept connections with several requests on the way,
and in batches. Prints figures with the server's CPU time, since the clients share the machine with it.
"""
import json
import multiprocessing
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
CASES = json.loads((ROOT / "Tests/Fixtures/issues/grouping.json").read_text())


def payload(n):
    """A recorded Flask report, with locals up to 8 kB as pyrollbar sends them."""
    data = json.loads(json.dumps(next(c["data"] for c in CASES if c["name"].startswith("01-flask"))))
    data["uuid"] = f"{n:08x}-{os.getpid() & 0xffff:04x}-4000-8000-{time.time_ns() & 0xffffffffffff:012x}"
    data["timestamp"] = time.time()
    frame = data["body"]["trace_chain"][0]["frames"][-1]
    frame["locals"] = {f"name_{k}": "x" * 90 for k in range(max(0, (8192 - len(json.dumps(data))) // 108))}
    return data


def request(path, body):
    return (f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-rollbar-access-token: t\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n").encode() + body


def client(address, path, per_request, connections, seconds, ready, results):
    host, port = address.split(":")
    number = 0
    open_sockets = [socket.create_connection((host, int(port))) for _ in range(connections)]
    done = 0
    prepared = []
    for _ in range(4 if per_request > 1 else 64):
        items = [{"data": payload(number := number + 1)} for _ in range(per_request)]
        prepared.append(json.dumps(items if per_request > 1 else items[0]))
    ready.wait()
    until = time.time() + seconds
    while time.time() < until:
        for place, connection in enumerate(open_sockets):
            text = prepared[(done + place) % len(prepared)]
            # A new uuid for each, or it would count once.
            stamp = f"{time.time_ns() & 0xffffffffffff:012x}"
            connection.sendall(request(path, text.replace("-8000-", f"-{place & 0xfff:04x}-{stamp}").encode()))
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


def load(server, address, path, per_request, connections, seconds):
    results = multiprocessing.Queue()
    ready = multiprocessing.Barrier(3)
    clients = [multiprocessing.Process(target=client, args=(address, path, per_request, connections, seconds, ready, results)) for _ in range(2)]
    for one in clients:
        one.start()
    ready.wait()
    cpu, start = cpu_seconds(server.pid), time.time()
    total = sum(results.get() for _ in clients)
    for one in clients:
        one.join()
    elapsed, used = time.time() - start, cpu_seconds(server.pid) - cpu
    print(f"{path} x{per_request}: {total / elapsed:,.0f} occurrences/s, {used / total * 1e6:.1f} us of server CPU each ({total} in {elapsed:.1f} s, "
          f"{used / elapsed:.2f} cores)")


def main():
    binary, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 5
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
    load(server, address, "/api/1/item_batch/", 200, 2, seconds)
    load(server, address, "/api/1/item/", 1, 32, seconds)
    base = f"http://{address}"
    for start in range(0, 10_000, 500):
        items = [{"data": {"environment": "list", "fingerprint": f"f{n}", "level": "error", "title": f"Lost {n}", "body": {"message": {"body": "x"}}}} for n in range(start, start + 500)]
        urllib.request.urlopen(urllib.request.Request(base + "/api/1/item_batch/", json.dumps(items).encode(), {"x-rollbar-access-token": "t"})).read()
    while json.load(urllib.request.urlopen(base + "/api/cairn/errors?limit=1"))["total"] < 10_000:
        time.sleep(0.2)
    times = []
    for _ in range(10):
        begin = time.perf_counter()
        count = len(json.load(urllib.request.urlopen(base + "/api/cairn/errors?limit=10000"))["items"])
        times.append((time.perf_counter() - begin) * 1000)
    print(f"list of {count} items with sparklines, parsed by the client: {statistics.median(times):.0f} ms (best {min(times):.0f})")
    server.terminate()
    server.wait()


if __name__ == "__main__":
    main()
