# SPDX-License-Identifier: Apache-2.0
"""Measures Cairn beside DuckDB, in one sitting, and checks its answers.

    python3 bench.py [--runs raw:4,gzip:4,raw:1,raw:8,small:8,grpc:4] [--only ingest|query|large] [--spans 10000000] [--binary PATH] [--work DIR]
                     [--tools DIR]

Needs: pip install duckdb pyarrow grpcio opentelemetry-proto zstandard, Go for the load generator, and the data set's generator in --tools
(default: ../../shared/bench beside this checkout). Files go to --work (default: $CAIRN_BENCH, else cairn-bench in the temporary folder).
The data set is one million spans of one hour of today; it is made once a day. `--only large` sends it so often that there are `--spans` of
them, each time an hour later and with other ids (shifted.py), and starts the server again on what it kept. Results: results/DATE.json, and a
block for docs/benchmarks.md.
"""
import argparse
import concurrent.futures
import datetime
import http.client
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests" / "e2e"))
import cairn_process  # noqa: E402
import questions  # noqa: E402

SETTLE_QUIET_SECONDS, SETTLE_SECONDS_MAX = 8.0, 180.0
REPETITIONS = 9
MEBI = 1 << 20


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", default="raw:4,gzip:4,raw:1,raw:8,small:8,grpc:4", help="KIND:CONNECTIONS, in this order")
    parser.add_argument("--only", choices=["ingest", "query", "large"])
    parser.add_argument("--spans", type=int, default=1_000_000, help="of the data set; with --only large, how many millions are sent in all")
    parser.add_argument("--binary", help="default: $CAIRN_BINARY, else the release build")
    parser.add_argument("--work", default=os.environ.get("CAIRN_BENCH") or os.path.join(tempfile.gettempdir(), "cairn-bench"))
    parser.add_argument("--tools", default=str(HERE.parent.parent / "shared" / "bench"))
    return parser.parse_args()


# The data set

class DataSet:
    def __init__(self, options):
        self.tools, self.work = pathlib.Path(options.tools), pathlib.Path(options.work)
        self.today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT00:00:00Z")
        self.main = self.generate("data", min(options.spans, 1_000_000) if options.only == "large" else options.spans, 500)
        self.meta = json.loads((self.main / "meta.json").read_text())
        self.start = self.meta["base_ns"] // 10**9
        self.end = self.start + int(self.meta["window_s"]) + 60
        self.trace_id = self.meta["trace_ids"][min(10, len(self.meta["trace_ids"]) - 1)]

    def generate(self, name, spans, batch, *more):
        folder = self.work / name
        meta = json.loads((folder / "meta.json").read_text()) if (folder / "meta.json").exists() else {}
        is_today = datetime.datetime.fromtimestamp(meta.get("base_ns", 0) / 1e9, datetime.timezone.utc).strftime("%Y-%m-%dT00:00:00Z") == self.today
        if not is_today or meta.get("spans") != spans:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(self.work / "duckdb", ignore_errors=True)
            say(f"generating {spans} spans")
            subprocess.run([sys.executable, self.tools / "gen.py", "--out", folder, "--spans", str(spans), "--batch", str(batch), "--base", self.today, *more],
                           check=True, stdout=subprocess.DEVNULL, env={**os.environ, "CAIRN_BENCH": str(self.work), "PYTHONDONTWRITEBYTECODE": "1"})
        return folder

    def body_file(self, kind):
        if kind == "small":
            return self.generate("data-small", 200_000, 20, "--no-parquet") / "traces.otlp", 20
        return self.main / ("traces.otlp.gz" if kind == "gzip" else "traces.otlp"), 500

    def load_generator(self):
        """The Go program, built on first use."""
        program = self.work / "bin" / "loadgen"
        if not program.exists():
            program.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as copy:
                shutil.copytree(self.tools / "loadgen", copy, dirs_exist_ok=True)
                subprocess.run(["go", "build", "-o", program, "."], cwd=copy, check=True)
        return program

    def duckdb(self):
        """A native table sorted by service and time, made once for the data set."""
        import duckdb
        file = self.work / "duckdb" / "spans.duckdb"
        is_new = not file.exists()
        file.parent.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(str(file))
        connection.execute("SET threads = 2; SET TimeZone = 'UTC'")
        if is_new:
            connection.execute(f"CREATE TABLE spans AS SELECT trace_id::UUID AS trace_id, * EXCLUDE (trace_id) FROM read_parquet('{self.main}/parquet/*.parquet') "
                               "ORDER BY service, start_ns")
            connection.execute("CHECKPOINT")
        questions.prepare(connection)
        return connection


# Figures of the machine and of the process

def say(text):
    print(text, file=sys.stderr, flush=True)


def machine_busy_seconds():
    fields = [int(x) for x in open("/proc/stat").readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def folder_bytes(folder):
    total = 0
    for path in pathlib.Path(folder).rglob("*"):
        try:
            total += path.lstat().st_size if path.is_file() else 0
        except FileNotFoundError:
            pass
    return total


def settle(cairn):
    """Waits until neither the folder nor the CPU moves; the seconds until it last did."""
    began = quiet_since = time.monotonic()
    last = (folder_bytes(cairn.data), cairn.cpu_seconds)
    while time.monotonic() - began < SETTLE_SECONDS_MAX and time.monotonic() - quiet_since < SETTLE_QUIET_SECONDS:
        time.sleep(1)
        now = (folder_bytes(cairn.data), cairn.cpu_seconds)
        if now[0] != last[0] or now[1] - last[1] > 0.05:
            quiet_since = time.monotonic()
        last = now
    return quiet_since - began


# Ingest

def ingest(data, kind, connections, keep=False):
    """One run on a fresh folder: (figures, the server where it is kept)."""
    folder = data.work / "run" / f"{kind}-{connections}"
    shutil.rmtree(folder, ignore_errors=True)
    cairn = cairn_process.Cairn(folder).start()
    try:
        figures = measure(data, cairn, kind, connections)
    except BaseException:
        cairn.kill()
        raise
    say(json.dumps(figures))
    if keep:
        return figures, cairn
    figures["stop_s"] = round(cairn.stop(20), 2)
    shutil.rmtree(folder, ignore_errors=True)
    return figures, None


def measure(data, cairn, kind, connections):
    figures = {"run": f"{kind}:{connections}", "start_s": round(cairn.ready_seconds, 3), "idle_rss_mib": round(cairn.resident_mib)}
    file, batch = data.body_file(kind)
    cpu, busy = cairn.cpu_seconds, machine_busy_seconds()
    if kind == "grpc":
        sent = send_over_grpc(cairn, file, batch, connections)
    else:
        words = [data.load_generator(), "-url", f"http://{cairn.otlp_http}", "-file", file, "-c", str(connections), "-spans", str(batch), "-pid", str(cairn.process.pid)]
        sent = json.loads(subprocess.check_output(words + (["-gzip"] if kind == "gzip" else [])))
    spans = sent["spans"]
    at_ack = cairn.cpu_seconds - cpu
    figures |= {"spans": spans, "spans_per_s": sent["spans_per_s"], "p50_ms": sent["p50_ms"], "p99_ms": sent["p99_ms"], "max_ms": sent["max_ms"],
                "errors": sent["errors"], "first_error": sent.get("first_error"), "cpu_s_per_mspan": round(at_ack / spans * 1e6, 2),
                "other_cpu_s": round(machine_busy_seconds() - busy - at_ack - sent["loadgen_cpu_s"], 1), "disk_at_ack_per_span": round(folder_bytes(cairn.data) / spans, 1)}
    figures["settle_s"] = round(settle(cairn), 1)
    return figures | {"cpu_s_per_mspan_settled": round((cairn.cpu_seconds - cpu) / spans * 1e6, 2), "disk_per_span": round(folder_bytes(cairn.data) / spans, 1),
                      "peak_rss_mib": round(cairn.status_value("VmHWM")), "rss_after_mib": round(cairn.resident_mib),
                      "stored": cairn.get("status")["store"]["events"]}


def send_over_grpc(cairn, file, batch, connections):
    """The bodies as unary calls, one channel a worker."""
    import grpc
    bytes_, bodies, at = file.read_bytes(), [], 0
    while at + 4 <= len(bytes_):
        size = int.from_bytes(bytes_[at:at + 4], "little")
        bodies.append(bytes_[at + 4:at + 4 + size])
        at += 4 + size
    latencies, errors, lock, todo = [], [], threading.Lock(), iter(bodies)

    def work(_):
        with grpc.insecure_channel(cairn.grpc, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export", request_serializer=lambda b: b, response_deserializer=lambda b: b)
            while True:
                with lock:
                    body = next(todo, None)
                if body is None:
                    return
                began = time.perf_counter()
                try:
                    export(body, timeout=60)
                    latencies.append(time.perf_counter() - began)
                except grpc.RpcError as error:
                    errors.append(str(error.code()))

    own, began = time.process_time(), time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        list(pool.map(work, range(connections)))
    seconds = time.perf_counter() - began
    latencies.sort()
    at = lambda share: round(latencies[int(share * (len(latencies) - 1))] * 1e3, 2) if latencies else 0  # noqa: E731
    return {"spans": len(bodies) * batch, "spans_per_s": round(len(latencies) * batch / seconds), "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1),
            "errors": len(errors), "first_error": errors[0] if errors else None, "loadgen_cpu_s": time.process_time() - own}


def ingest_large(data, spans):
    """Sends the data set over and over, each time with other hours and ids: (figures by million, of the whole, the server)."""
    import shifted
    folder = data.work / "run" / "large"
    shutil.rmtree(folder, ignore_errors=True)
    cairn = cairn_process.Cairn(folder).start()
    generator, body_file, _ = data.load_generator(), *data.body_file("raw")
    cpu, parts, target = cairn.cpu_seconds, [], data.work / "shifted.otlp"
    try:
        for index in range(spans // data.meta["spans"]):
            shifted.copy(body_file, target, 500, index, data.meta["base_ns"], data.meta["base_ns"] + 2 * shifted.HOUR_NANOSECONDS)
            before = cairn.cpu_seconds
            words = [generator, "-url", f"http://{cairn.otlp_http}", "-file", target, "-c", "4", "-spans", "500", "-pid", str(cairn.process.pid)]
            sent = json.loads(subprocess.check_output(words))
            parts.append({"spans_per_s": sent["spans_per_s"], "seconds": sent["seconds"], "p99_ms": sent["p99_ms"], "errors": sent["errors"],
                          "cpu_s": round(cairn.cpu_seconds - before, 2)})
            say(json.dumps(parts[-1]))
        settle(cairn)
    except BaseException:
        cairn.kill()
        raise
    finally:
        target.unlink(missing_ok=True)
    count = len(parts) * data.meta["spans"]
    seconds = [part["seconds"] for part in parts]
    return {"parts": parts, "spans": count, "seconds": round(sum(seconds), 2), "times_the_first": round(sum(seconds) / seconds[0], 2),
            "errors": sum(part["errors"] for part in parts), "cpu_s_per_mspan_settled": round((cairn.cpu_seconds - cpu) / count * 1e6, 2),
            "cpu_times_the_first": round(sum(part["cpu_s"] for part in parts) / parts[0]["cpu_s"], 2),
            "disk_per_span": round(folder_bytes(cairn.data) / count, 1), "peak_rss_mib": round(cairn.status_value("VmHWM")),
            "stored": cairn.get("status")["store"]["events"], "trace_ms": trace_milliseconds(data, cairn), "columns": column_bytes(cairn, count)}, cairn


def trace_milliseconds(data, cairn):
    """The median time of one trace by its id."""
    return round(timed(REPETITIONS, lambda: cairn.request("GET", f"/api/cairn/traces/{data.trace_id}"))[1], 2)


def column_bytes(cairn, count):
    """Bytes a span of every column, by `cairn fsck`, which reads every block; the folder must be whole."""
    text = subprocess.run([cairn_process.binary(), "fsck", "--data", cairn.data, "--columns"], capture_output=True, text=True, timeout=600).stdout
    lines = [line.split(None, 2) for line in text.splitlines() if line.startswith("column ")]
    return {name: round(int(size) / count, 3) for _, size, name in lines}


# Queries

def timed(repetitions, action):
    """Milliseconds (first, median, least) and the last result; the first run is not in the median."""
    times, result = [], None
    for _ in range(repetitions + 1):
        began = time.perf_counter()
        result = action()
        times.append((time.perf_counter() - began) * 1e3)
    return times[0], statistics.median(times[1:]), min(times[1:]), result


def query(data, cairn):
    connection = data.duckdb()
    asked = questions.questions(data.start, data.end, data.trace_id, questions.attribute_columns(connection))
    http_connection = http.client.HTTPConnection(cairn.http, timeout=120)
    found = []
    for name, question in asked.items():
        def ask(tree=question.body):
            body = json.dumps(tree) if tree else None
            http_connection.request("POST" if body else "GET", f"/api/cairn/{question.path}", body, {"content-type": "application/json"} if body else {})
            answer = http_connection.getresponse()
            return answer.status, answer.read()

        cpu = cairn.cpu_seconds
        first, median, least, (status, text) = timed(REPETITIONS, ask)
        row = {"query": name, "title": question.title, "cairn_ms": round(median, 2), "cairn_min_ms": round(least, 2), "cairn_first_ms": round(first, 1),
               "cpu_ms": round((cairn.cpu_seconds - cpu) / (REPETITIONS + 1) * 1e3, 1), "answer_kb": round(len(text) / 1000, 1), "status": status}
        if question.body_with_series:
            row["with_series_ms"] = round(timed(REPETITIONS, lambda: ask(question.body_with_series))[1], 2)
        _, duck, duck_least, _ = timed(REPETITIONS, lambda: connection.execute(question.sql).fetchall())
        row |= {"duckdb_ms": round(duck, 2), "duckdb_min_ms": round(duck_least, 2), "ratio": round(duck / median, 2)}
        row["differences"] = question.compare(json.loads(text), connection) if status == 200 else [f"status {status}: {text[:200]!r}"]
        say(f"{name:6} Cairn {median:8.2f} ms   DuckDB {duck:8.2f} ms   x{duck / median:.2f}   {'same answer' if not row['differences'] else row['differences'][:2]}")
        found.append(row)
    return found


def restarted(data, cairn):
    """Readiness with the million on disk, and what the server holds then."""
    stop = cairn.stop(20)
    cairn.start()
    ready = cairn.ready_seconds
    time.sleep(3)
    figures = {"stop_s": round(stop, 2), "ready_s": round(ready, 3), "idle_rss_mib": round(cairn.resident_mib)}
    began = time.perf_counter()
    cairn.request("GET", f"/api/cairn/traces/{data.trace_id}")
    return figures | {"first_trace_ms": round((time.perf_counter() - began) * 1e3, 1)}


# Reports

def markdown(report):
    lines = [f"{report['date']}, {report['machine']}, {report['spans']:,} spans of 25 attributes; Cairn {report['version']}, checkout "
             f"{report['commit']}, program built {report['built']}.", ""]
    if report["ingest"]:
        lines += ["| bodies, connections | spans/s | p50 / p99 / max ms | CPU s/Mspan | settled | peak RSS MiB | bytes/span on disk | errors | other CPU s |",
                  "|---|---|---|---|---|---|---|---|---|"]
        lines += [f"| {r['run'].replace(':', ', ')} | {r['spans_per_s']:,.0f} | {r['p50_ms']} / {r['p99_ms']} / {r['max_ms']} | {r['cpu_s_per_mspan']} | "
                  f"{r['cpu_s_per_mspan_settled']} | {r['peak_rss_mib']} | {r['disk_per_span']} | {r['errors']} | {r['other_cpu_s']} |" for r in report["ingest"]] + [""]
    if report["queries"]:
        lines += ["| question | Cairn ms | DuckDB ms | DuckDB / Cairn | CPU ms | with a series | same answer |", "|---|---|---|---|---|---|---|"]
        lines += [f"| {r['query']} {r['title']} | {r['cairn_ms']} | {r['duckdb_ms']} | {r['ratio']} | {r['cpu_ms']} | {r.get('with_series_ms', '')} | "
                  f"{'yes' if not r['differences'] else 'NO'} |"
                  for r in report["queries"]] + [""]
    if report.get("large"):
        r = report["large"]
        lines += ["| spans | seconds | times the first million | CPU s/Mspan, settled | CPU times the first | peak RSS MiB | bytes/span on disk | trace by id ms | errors |",
                  "|---|---|---|---|---|---|---|---|---|",
                  f"| {r['spans']:,} | {r['seconds']} | {r['times_the_first']} | {r['cpu_s_per_mspan_settled']} | {r['cpu_times_the_first']} | {r['peak_rss_mib']} | "
                  f"{r['disk_per_span']} | {r['trace_ms']} | {r['errors']} |", ""]
    if report.get("columns"):
        lines += ["Bytes a span by column: " + ", ".join(f"{name} {size}" for name, size in report["columns"].items() if size >= 0.01) + ".", ""]
    if report["restart"]:
        r = report["restart"]
        lines += [f"Start on this folder: ready after {r['ready_s']} s, {r['idle_rss_mib']} MiB idle; stop in {r['stop_s']} s."]
    return "\n".join(lines) + "\n"


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return f"{os.cpu_count()} CPUs ({model})"


def main():
    options = arguments()
    if options.binary:
        os.environ["CAIRN_BINARY"] = options.binary
    data = DataSet(options)
    report = {"date": datetime.date.today().isoformat(), "machine": machine(), "spans": options.spans, "ingest": [], "queries": [], "restart": {},
              "commit": subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()}
    runs = [("raw", 4)] if options.only == "query" else [(kind, int(n)) for kind, n in (r.split(":") for r in options.runs.split(","))]
    # The first kind with the whole data set goes last: its server answers the questions.
    if options.only not in ("ingest", "large"):
        last = next((run for run in runs if run[0] != "small"), ("raw", 4))
        runs = [run for run in runs if run != last] + [last]
    built = cairn_process.binary().stat().st_mtime
    report["built"] = datetime.datetime.fromtimestamp(built, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    cairn = None
    try:
        if options.only == "large":
            report["large"], cairn = ingest_large(data, options.spans)
            report["columns"] = report["large"].pop("columns")
            report["restart"] = restarted(data, cairn)
            runs = []
        for index, (kind, connections) in enumerate(runs):
            figures, cairn = ingest(data, kind, connections, keep=index == len(runs) - 1)
            report["ingest"].append(figures)
        if runs and runs[-1][0] != "small":
            report["columns"] = column_bytes(cairn, report["ingest"][-1]["spans"])
        report["version"] = cairn.get("status")["version"]
        if options.only not in ("ingest", "large"):
            report["queries"] = query(data, cairn)
            report["restart"] = restarted(data, cairn)
    finally:
        if cairn and cairn.process:
            cairn.stop(20)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    stamp = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    (results / f"{stamp}.json").write_text(json.dumps(report, indent=1) + "\n")
    (results / f"{stamp}.md").write_text(markdown(report))
    print(markdown(report))
    sys.exit(1 if any(r["errors"] for r in report["ingest"]) or any(r["differences"] for r in report["queries"]) else 0)


if __name__ == "__main__":
    main()
