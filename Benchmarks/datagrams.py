# SPDX-License-Identifier: Apache-2.0
"""Sends X-Ray segments as datagrams at a steady rate, each its own trace, and counts what is on disk after a kill -9.

    python3 datagrams.py [--rate 40000] [--seconds 10] [--binary PATH]

Sender and server share the machine. Prints one line: sent, accepted, dropped by the kernel and by us, CPU seconds of the server, kept after the kill.
"""
import argparse
import json
import os
import pathlib
import socket
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests" / "e2e"))
import cairn_process  # noqa: E402

HEADER = b'{"format": "json", "version": 1}\n'
BODY = (
    '{"name": "shop", "id": "%s", "trace_id": "1-%s-%s", "start_time": %.7f, "end_time": %.7f, "in_progress": false, "http": {"request": '
    '{"url": "http://shop.test/api/cart", "method": "GET", "user_agent": "python-requests/2.34.2", "client_ip": "127.0.0.1"}, "response": '
    '{"status": 200, "content_length": 861}}, "annotations": {"tier": "gold", "cart": 3}, "aws": {"xray": {"sdk": "X-Ray for Python", '
    '"sdk_version": "2.15.0", "sampling_rule_name": "Default"}}, "service": {"runtime": "CPython", "runtime_version": "3.11.7"}}'
)


def payloads(count):
    """Datagrams of distinct traces, made beforehand: a sender must not be what is slow."""
    now = time.time()
    stamp = f"{int(now):08x}"
    run = os.urandom(8).hex()
    return [HEADER + (BODY % (f"{n + 1:016x}", stamp, f"{run}{n:08x}", now - 0.1, now)).encode() for n in range(count)]


def send(address, datagrams, rate):
    """Sends them in bursts of a millisecond; returns the seconds it took."""
    host, port = address.rsplit(":", 1)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((host, int(port)))
    burst = max(1, rate // 1000)
    start = time.perf_counter()
    for first in range(0, len(datagrams), burst):
        while time.perf_counter() - start < first / rate:
            pass
        for datagram in datagrams[first:first + burst]:
            sock.send(datagram)
    return time.perf_counter() - start


def figures(cairn):
    return next(door for door in cairn.get("doors")["doors"] if door["id"] == "xray-daemon")["datagrams"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=40_000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--binary")
    options = parser.parse_args()
    if options.binary:
        os.environ["CAIRN_BINARY"] = options.binary
    datagrams = payloads(options.rate * options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        cairn = cairn_process.Cairn(folder).start()
        cpu = cairn.cpu_seconds
        took = send(cairn.addresses["xray"], datagrams, options.rate)
        end = time.monotonic() + 60
        seen = -1
        while time.monotonic() < end and figures(cairn)["accepted"] < len(datagrams) and figures(cairn)["accepted"] != seen:
            seen = figures(cairn)["accepted"]
            time.sleep(2)
        found = figures(cairn)
        cpu = cairn.cpu_seconds - cpu
        resident = cairn.resident_mib
        cairn.kill()
        cairn.start()
        kept = cairn.count(("xray.type", "=", "segment"), time_range=86_400)
        cairn.stop()
    print(json.dumps({"sent": len(datagrams), "seconds": round(took, 2), "rate": round(len(datagrams) / took), "bytes_each": len(datagrams[0]),
                      "accepted": found["accepted"], "malformed": found["malformed"], "kernel_drops": found["kernel_drops"], "dropped": found["dropped"],
                      "receive_buffer_bytes": found["receive_buffer_bytes"], "server_cpu_seconds": round(cpu, 2), "resident_mib": round(resident),
                      "kept_after_kill_9": kept}))


if __name__ == "__main__":
    main()
