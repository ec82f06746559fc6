# SPDX-License-Identifier: Apache-2.0
"""What CairnKit costs the program that has it.

  python Benchmarks/kit.py --probe .build/release/kit-probe [--only cost,throughput,example,latency]

cost        one span and one line, from the call to the queue, beside swift-distributed-tracing's own tracers: time and allocations
throughput  a Hummingbird server with everything on beside the same server without the kit, by turns. The servers have one processor for
            themselves, the client and the collector share the other: processor time a request is what is compared, which is what bounds
            the requests of a second. Their threads do not interrupt each other (SCHED_BATCH): on one processor the system would let each
            answer's way out interrupt the next request, the more so the more a request costs, and that would be measured. /plain
            answers "hello", /items twenty rows of JSON, /feed twenty posts by one query of SQLite, with three spans and two lines where
            the kit is; with --peer, /feed of the program in Benchmarks/swift-otel too
example     the same of `Examples/cruddur` (--example), forty posts in its home feed: OTEL_SDK_DISABLED, its four vendors as its
            local.env has them, and all lines by OTLP besides
latency     requests of /feed at a pace, by turns to a server whose collector answers and to one whose collector does harm; every two
            seconds the two change places, so that neither what the servers differ by themselves nor what the machine does counts
"""
import argparse
import contextlib
import json
import math
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests/e2e"))
import kit  # noqa: E402
from cairn_process import until  # noqa: E402

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
# Of `throughput` and `example`, a round.
TURNS, TURN_SECONDS = 4, 0.5
# Of `latency`: a round is so many changes of place there and back, each with pairs of requests for the exporters to meet the new
# collector and pairs that count.
CHANGES, WARM_COUNT, PAIR_COUNT, PAIRS_A_SECOND = 6, 1_000, 1_000, 500
# name: nanoseconds and allocations at most
GOALS = {"span_5_attributes": (1000, 4), "span_5_attributes_generic": (1000, 4), "unsampled_root": (60, None), "unsampled_child": (60, None),
         "unsampled_root_generic": (60, None), "line": (1000, None), "line_with_metadata": (1000, None)}


def cost(options):
    probe = options.probe
    with tempfile.TemporaryDirectory() as folder:
        source, library = pathlib.Path(folder, "count.c"), pathlib.Path(folder, "count.so")
        source.write_text(COUNTER)
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
        # A program that runs does not give its memory back after each batch; a loop that frees all it has would.
        timed = run_bench(probe, {"MALLOC_TRIM_THRESHOLD_": str(1 << 28), "MALLOC_TOP_PAD_": str(1 << 26)})
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


class Drain(kit.Collector):
    """Takes what comes as fast as it comes, looks at none of it and keeps none of it."""

    def __init__(self):
        super().__init__(sink)

    def serve(self, connection):
        space = bytearray(1 << 20)
        with contextlib.suppress(OSError), connection:
            while head := connection.recv(65536):
                while b"\r\n\r\n" not in head:
                    head += connection.recv(65536)
                head, _, body = head.partition(b"\r\n\r\n")
                left = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")) - len(body)
                while left > 0:
                    left -= connection.recv_into(space, min(left, len(space)))
                kit.reply(connection)


def build_driver(folder):
    program = pathlib.Path(folder, "drive")
    subprocess.run(["cc", "-O2", "-o", program, pathlib.Path(__file__).parent / "drive.c"], check=True)
    return program


def drive(driver, port, path, seconds, connection_count=16):
    """Requests on a few connections as fast as they are answered: how many in a second."""
    words = [driver, port, path, seconds, connection_count]
    return float(subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout)


def processor_seconds(pid):
    """Of all threads, those that have ended too: the kernel's clock of another process, which its number stands for."""
    return time.clock_gettime(~pid << 3 | 2)


def pin():
    """The server's processor, or None where there is one for all; everything else goes to the others."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        return None
    os.sched_setaffinity(0, processors[1:])
    return processors[0]


def throughput(options):
    """All servers at once, driven for a moment each by turns, so that each has its share of what the machine does meanwhile. What a server
    still sends in the next one's turn is in its own processor time; that is what is compared. They are started anew each round: where the
    system puts a process's code and memory is worth several percent for as long as it lives."""
    with contextlib.ExitStack() as stack:
        place = Benches(stack)
        full = {**everything(place.url), "AWS_XRAY_DAEMON_ADDRESS": place.daemon}
        forms = {
            "bare": {"PROBE_BARE": "1"},
            "the kit, switched off": {"OTEL_SDK_DISABLED": "true"},
            "the kit, nothing sent": {f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "LOGS", "METRICS")},
            "OTLP": {"OTEL_EXPORTER_OTLP_ENDPOINT": place.url},
            "four vendors": {**full, "OTEL_LOGS_EXPORTER": "cloudwatch"},  # as the example has them: traces to two, lines to one
            "and lines by OTLP": full,
            "one trace in twenty": {**full, "OTEL_LOGS_EXPORTER": "cloudwatch", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.05"},
        }
        forms = {name: (options.probe, variables) for name, variables in forms.items()}
        if options.peer:
            forms |= {"peer, bare": (options.peer, {"PROBE_BARE": "1"}), "peer, OTLP": (options.peer, {"OTEL_EXPORTER_OTLP_ENDPOINT": place.url})}
        lost = dict.fromkeys(forms, 0)

        @contextlib.contextmanager
        def start():
            with contextlib.ExitStack() as running:
                servers = {name: running.enter_context(kit.Server(program, cpu=place.cpu, is_batch=True, **variables))
                           for name, (program, variables) in forms.items()}
                yield {name: (server.process.pid, server.port) for name, server in servers.items()}
                for name, server in servers.items():
                    lost[name] += sum(server.stop()[1]["lost"].values())
        place.compare(start, options.paths or (("/feed",) if options.peer else ("/plain", "/items", "/feed")), options.rounds)
        print("lost", lost)


def example(options):
    """The example's own program, as `./run cruddur` starts it."""
    settings = pathlib.Path(__file__).resolve().parents[1] / "Examples/cruddur/local.env"
    with contextlib.ExitStack() as stack:
        place = Benches(stack)
        told = dict(line.split("=", 1) for line in settings.read_text().splitlines() if line and not line.startswith("#"))
        vendors = {name: value.replace("$CAIRN_HTTP", place.url.removeprefix("http://")).replace("$CAIRN_XRAY", place.daemon) for name, value in told.items()}
        forms = {"switched off": {"OTEL_SDK_DISABLED": "true"}, "four vendors": vendors, "and lines by OTLP": {**vendors, "OTEL_LOGS_EXPORTER": "otlp,cloudwatch"}}
        command = [*([] if place.cpu is None else ["taskset", "-c", str(place.cpu)]), "chrt", "--batch", "0", options.example]

        @contextlib.contextmanager
        def start():
            with contextlib.ExitStack() as running:
                servers = {}
                for name, variables in forms.items():
                    port = kit.dead_port()
                    variables = kit.environment(CRUDDUR_PORT=str(port), **variables)
                    process = running.enter_context(subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
                    running.callback(process.kill)
                    fill(port)
                    servers[name] = process.pid, port
                yield servers
        place.compare(start, options.paths or ("/api/activities/home", "/api/activities/andrew", "/api/health-check"), options.rounds)


def fill(port):
    """Forty posts, as soon as it takes them."""
    def is_taken(number):
        body = json.dumps({"message": f"Cloud is fun, number {number}, and there is more to say of it", "ttl": "7-days"}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api/activities", body, {"content-type": "application/json"})
        with contextlib.suppress(OSError):
            return bool(urllib.request.urlopen(request, timeout=10).read())
    for number in range(40):
        assert until(lambda: is_taken(number), 30), f"the example does not take posts at {port}"


class Benches:
    """A processor for the servers, a client, and somebody who takes what they send."""

    def __init__(self, stack):
        self.cpu = pin()
        self.sockets = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.sockets.bind(("127.0.0.1", 0))
        self.daemon = f"127.0.0.1:{self.sockets.getsockname()[1]}"
        self.driver = build_driver(stack.enter_context(tempfile.TemporaryDirectory()))
        self.url = stack.enter_context(Drain()).url

    def compare(self, start, paths, rounds):
        """`start` gives servers by name, each a process and a port, anew for each round; the first is what the others are compared with."""
        costs = {path: {} for path in paths}
        for _ in range(rounds):
            with start() as servers:
                for path in paths:
                    for name, found in self.turns(path, servers).items():
                        costs[path].setdefault(name, []).append(statistics.median(found))
        for path in paths:
            bare = next(iter(costs[path].values()))
            for name, found in costs[path].items():
                # What a round says of both has the same hour of the machine in it: the mean of all rounds' ratios, and how sure it is.
                shares = [math.log(mine / other) for mine, other in zip(bare, found)]
                print(f"{path:22} {name:26} {statistics.median(found):7.1f} us of processor ({min(found):.1f} to {max(found):.1f})   "
                      f"{math.exp(statistics.mean(shares)) * 100:5.1f} % +- {error(shares):3.1f}", flush=True)

    def turns(self, path, servers):
        """Microseconds of processor a request, by turns."""
        names, costs = list(servers), {name: [] for name in servers}
        for turn in range(TURNS + 1):
            for name in names[turn % len(names):] + names[:turn % len(names)]:
                pid, port = servers[name]
                before = processor_seconds(pid)
                count = drive(self.driver, port, path, TURN_SECONDS) * TURN_SECONDS
                if turn:  # the first is for warmth
                    costs[name].append((processor_seconds(pid) - before) / count * 1e6)
        return costs


class Asker:
    """One connection on which requests are timed, in microseconds."""

    def __init__(self, port, path):
        self.request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: pace\r\n\r\n".encode()
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.length = 0

    def ask(self):
        begun = time.perf_counter()
        self.connection.sendall(self.request)
        answer = self.connection.recv(1 << 20)
        while not self.length or len(answer) < self.length:
            if not self.length and b"\r\n\r\n" in answer:
                head, _, _ = answer.partition(b"\r\n\r\n")
                self.length = len(head) + 4 + int(next(line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")))
                continue
            answer += self.connection.recv(1 << 20)
        return (time.perf_counter() - begun) * 1e6


class Place:
    """An address whose collector can be changed for one of another kind; None: nobody is there."""

    def __init__(self, behaviour):
        self.port, self.collector = kit.dead_port(), None
        self.url = f"http://127.0.0.1:{self.port}"
        self.turn(behaviour)

    def turn(self, behaviour):
        self.close()
        if behaviour:
            self.collector = kit.Collector(behaviour(), port=self.port)

    def close(self):
        if self.collector:
            self.collector.answer = lambda *_: False
            self.collector.__exit__()
            self.collector = None


def latency(options):
    """Two servers at once, one with a collector that answers, one with another; a request to the one, then one to the other, so that what
    the machine does in that hour is in both. The first row has two healthy collectors: what is inside its spread is nothing."""
    cpu = pin()
    healthy = lambda: sink  # noqa: E731
    behaviours = {"answers": healthy, "dead": None, "silent": lambda: kit.silent, "trickle": lambda: kit.trickle, "huge": lambda: kit.huge,
                  "endless trailer": lambda: kit.endless_trailer, "garbage": lambda: kit.garbage, "reset": lambda: kit.reset, "statuses": kit.Statuses,
                  "retry after": kit.RetryAfters}
    fast = {"OTEL_BSP_SCHEDULE_DELAY": "200", "OTEL_BLRP_SCHEDULE_DELAY": "200", "OTEL_METRIC_EXPORT_INTERVAL": "500", "CAIRN_SHUTDOWN_TIMEOUT": "300",
            **{f"OTEL_{part}": "1000" for part in ("EXPORTER_OTLP_TIMEOUT", "BSP_EXPORT_TIMEOUT", "BLRP_EXPORT_TIMEOUT")}}

    def ask(askers, places, kinds):
        took = [[], []]
        for place, kind in zip(places, kinds):
            place.turn(kind)
        next_ = time.perf_counter()
        for number in range(WARM_COUNT + PAIR_COUNT):
            for which in (0, 1) if number % 2 else (1, 0):
                took[which].append(askers[which].ask())
            next_ += 1 / PAIRS_A_SECOND
            time.sleep(max(0, next_ - time.perf_counter()))
        return [values[WARM_COUNT:] for values in took]

    def measure(make):
        """Each change of place there and back: what healthy requests and others took."""
        with contextlib.ExitStack() as stack:
            places = [stack.enter_context(contextlib.closing(Place(healthy))) for _ in range(2)]
            servers = [stack.enter_context(kit.Server(cpu=cpu, **everything(place.url), **fast)) for place in places]
            askers = [Asker(server.port, "/feed") for server in servers]
            for _ in range(CHANGES):
                yield ask(askers, places, (healthy, make)), ask(askers, places, (make, healthy))[::-1]

    changes = {}
    for name, make in behaviours.items():
        found = {50: [], 99: []}
        level = []
        for _ in range(options.rounds):
            for halves in measure(make):
                level.append(quantile(halves[0][0], 50))
                for percent, logarithms in found.items():
                    logarithms.append(statistics.mean(math.log(quantile(other, percent) / quantile(well, percent)) for well, other in halves))
        print(f"{name:16} p50 {statistics.median(level):5.0f} us   " + "   ".join(f"p{percent} {told(values)}" for percent, values in found.items()), flush=True)
        if make is not healthy:
            for percent, values in found.items():
                changes.setdefault(percent, []).extend(values)
    print(f"{'all that do harm':16}                " + "   ".join(f"p{percent} {told(values)}" for percent, values in changes.items()))


def told(logarithms):
    """The mean of ratios and how sure it is (standard error)."""
    return f"{statistics.mean(logarithms) * 100:+6.2f} % +- {error(logarithms):4.2f}"


def error(logarithms):
    """The standard error of their mean, in percent."""
    return statistics.stdev(logarithms) / len(logarithms) ** 0.5 * 100 if len(logarithms) > 1 else math.inf


def quantile(values, percent):
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probe", default=".build/release/kit-probe")
    parser.add_argument("--peer", help="what `swift build -c release` makes of Benchmarks/swift-otel")
    parser.add_argument("--example", default=".build/release/cruddur")
    parser.add_argument("--only", default="cost,throughput,example,latency")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--paths", type=lambda text: text.split(","), help="of `throughput` and `example`, where not all are wanted")
    options = parser.parse_args()
    os.environ["CAIRN_PROBE"] = str(pathlib.Path(options.probe).resolve())
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for name in options.only.split(","):
        print(f"== {name}")
        {"cost": cost, "throughput": throughput, "example": example, "latency": latency}[name](options)


if __name__ == "__main__":
    main()
