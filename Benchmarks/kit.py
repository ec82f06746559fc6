# SPDX-License-Identifier: Apache-2.0
"""What CairnKit costs the program that has it.

  python Benchmarks/kit.py --probe .build/release/kit-probe [--only cost,throughput,latency]

cost        one span and one line, from the call to the queue, beside swift-distributed-tracing's own tracers: time and allocations
throughput  a Hummingbird server with everything on beside the same server without the kit, in turn: requests and processor time
latency     the same program before a collector that answers and before ones that do not, in turn
"""
import argparse
import json
import os
import pathlib
import select
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests/e2e"))
import kit  # noqa: E402

COUNTER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <errno.h>
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
static volatile long count;
long cairn_allocation_count(void) { return __atomic_load_n(&count, __ATOMIC_RELAXED); }
#define COUNT __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED)
void *malloc(size_t n) { COUNT; return __libc_malloc(n); }
void *calloc(size_t m, size_t n) { COUNT; return __libc_calloc(m, n); }
void *realloc(void *p, size_t n) { COUNT; return __libc_realloc(p, n); }
void *aligned_alloc(size_t a, size_t n) { COUNT; return __libc_memalign(a, n); }
void *memalign(size_t a, size_t n) { COUNT; return __libc_memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) { COUNT; *p = __libc_memalign(a, n); return *p ? 0 : ENOMEM; }
"""
# name: nanoseconds and allocations at most
GOALS = {"span_5_attributes": (1000, 4), "unsampled_root": (60, None), "unsampled_child": (60, None), "line": (1000, None), "line_with_metadata": (1000, None)}


def cost(probe, _):
    with tempfile.TemporaryDirectory() as folder:
        source, library = pathlib.Path(folder, "count.c"), pathlib.Path(folder, "count.so")
        source.write_text(COUNTER)
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
        timed = run_bench(probe, {})
        counted = run_bench(probe, {"LD_PRELOAD": str(library)})
    print(f"{'':32} {'ns':>8} {'allocations':>12}   goal")
    for name, measured in timed.items():
        nanoseconds, allocations = measured["ns"], counted[name].get("allocations")
        goal = GOALS.get(name)
        verdict = ""
        if goal:
            met = nanoseconds <= goal[0] and (goal[1] is None or allocations <= goal[1])
            verdict = f"{goal[0]} ns" + (f", {goal[1]}" if goal[1] else "") + (": met" if met else ": not met")
        print(f"{name:32} {nanoseconds:8.0f} {allocations:12.2f}   {verdict}")


def run_bench(probe, variables):
    done = subprocess.run([probe, "bench"], env=kit.environment(**variables), capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout.splitlines()[-1])


def everything(url):
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_TRACES_EXPORTER": "otlp,xray", "OTEL_LOGS_EXPORTER": "otlp,cloudwatch", "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "ROLLBAR_ACCESS_TOKEN": "t", "ROLLBAR_ENDPOINT": url + "/api/1/"}


def sink(connection, request):
    kit.reply(connection)


def drive(port, path, seconds, connection_count=16):
    """Requests on a few connections as fast as they are answered: how many in a second."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: drive\r\n\r\n".encode()
    poll = select.epoll()
    connections = {}
    for _ in range(connection_count):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connections[connection.fileno()] = connection
        poll.register(connection, select.EPOLLIN)
        connection.sendall(request)
    first = next(iter(connections.values()))
    answer = first.recv(1 << 20, socket.MSG_PEEK)
    head, _, _ = answer.partition(b"\r\n\r\n")
    length = len(head) + 4 + int(next(line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")))
    received = dict.fromkeys(connections, 0)
    count = 0
    end = time.monotonic() + seconds
    began = time.monotonic()
    while time.monotonic() < end:
        for number, _ in poll.poll(0.1):
            received[number] += len(connections[number].recv(1 << 20))
            # Heads differ by a digit or two in nothing: the date has one form, the length is the answer's.
            if received[number] >= length:
                received[number] = 0
                count += 1
                connections[number].send(request)
    took = time.monotonic() - began
    for connection in connections.values():
        connection.close()
    return count / took


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def throughput(probe, rounds):
    daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    daemon.bind(("127.0.0.1", 0))
    with kit.Collector(sink) as collector:
        full = {**everything(collector.url), "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}"}
        forms = {"bare": {"PROBE_BARE": "1"}, "spans and lines by OTLP": {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}, "everything on": full}
        for path in ("/plain", "/items"):
            rates = {name: [] for name in forms}
            costs = {name: [] for name in forms}
            lost = {}
            for _ in range(rounds):
                for name, variables in forms.items():
                    with kit.Server(**variables) as server:
                        drive(server.port, path, 0.3)
                        before = processor_seconds(server.process.pid)
                        rate = drive(server.port, path, 2)
                        costs[name].append((processor_seconds(server.process.pid) - before) / (rate * 2) * 1e6)
                        rates[name].append(rate)
                        lost[name] = server.stop()[1]["lost"]
            for name in forms:
                rate, bare = statistics.median(rates[name]), statistics.median(rates["bare"])
                print(f"{path:8} {name:26} {rate:9.0f} requests/s  {rate / bare * 100:6.1f} %   {statistics.median(costs[name]):6.1f} us of processor   lost {lost[name]}")


def latency(probe, rounds):
    """Means of what a request spends in the kit, before each collector and before one that answers, in turn."""
    behaviours = {"answers": sink, "silent": kit.silent, "trickle": kit.trickle, "huge": kit.huge, "endless trailer": kit.endless_trailer, "garbage": kit.garbage,
                  "reset": kit.reset, "statuses": kit.Statuses(), "retry after": kit.RetryAfters(), "dead": None}
    found = {name: [] for name in behaviours}
    for _ in range(rounds):
        for name, behaviour in behaviours.items():
            collector = kit.Collector(behaviour) if behaviour else None
            url = collector.url if collector else f"http://127.0.0.1:{kit.dead_port()}"
            said, _, _ = kit.run("load", 2000, 2, **everything(url), CAIRN_SHUTDOWN_TIMEOUT="500", OTEL_BSP_SCHEDULE_DELAY="500")
            found[name].append(said["p50_ns"])
            if collector:
                collector.__exit__()
    base = statistics.median(found["answers"])
    # What a request of a program takes by itself: a thousandth of a second is a fast one.
    for name, values in found.items():
        value = statistics.median(values)
        print(f"{name:16} {value:7.0f} ns a request   {(value - base) / 1e6 * 100:+6.2f} % of a request of 1 ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probe", default=".build/release/kit-probe")
    parser.add_argument("--only", default="cost,throughput,latency")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ["CAIRN_PROBE"] = str(pathlib.Path(options.probe).resolve())
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for name in options.only.split(","):
        print(f"== {name}")
        {"cost": cost, "throughput": throughput, "latency": latency}[name](options.probe, options.rounds)


if __name__ == "__main__":
    main()
