# SPDX-License-Identifier: Apache-2.0
"""Logs Insights beside DuckDB on the same lines: seconds of each, and their ratio.

    python3 insights.py [--lines N] [--binary PATH] [--repetitions N] [--work DIR] [--step prepare|put|ask]

Puts the lines of loglines.py into a server on a temporary folder by PutLogEvents, waits until they are sealed, and asks both:
`stats count(*), pct(latency, 95) by bin(5m), level` and `pattern @message`. DuckDB has the columns ready in a table in memory and two threads; its
patterns are words with a digit replaced. With `--step` one step is done in a folder that stays: `prepare` writes the bodies and DuckDB's rows,
`put` fills a store, `ask` asks it. Needs: pip install duckdb pyarrow.
"""
import argparse
import datetime
import http.client
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests" / "e2e"))
import cairn_process  # noqa: E402
import loglines  # noqa: E402

BATCH = 6_500  # of the longest lines, what fits into the 1 MiB of a call


def today_ms():
    now = datetime.datetime.now(datetime.timezone.utc)
    return int((now.replace(hour=0, minute=0, second=0, microsecond=0) - datetime.timedelta(days=1)).timestamp() * 1000)


def prepare(options, work):
    """Bodies one after another, each with its length in front, and DuckDB's rows as files of a million."""
    import pyarrow
    import pyarrow.parquet
    batches, part = {}, []
    with open(work / "bodies", "wb") as bodies:
        def write(key):
            events = batches.pop(key)
            body = json.dumps({"logGroupName": key[0], "logStreamName": key[1], "logEvents": events}).encode()
            bodies.write(len(body).to_bytes(4, "little") + body)

        def write_rows(number):
            times, groups, _, messages, levels, latencies = zip(*part)
            made = pyarrow.table({"t": pyarrow.array(times, pyarrow.timestamp("ms")), "m": messages, "level": [v if g == "api" else None for v, g in zip(levels, groups)],
                                  "latency": pyarrow.array(latencies, pyarrow.float64())})
            pyarrow.parquet.write_table(made, work / f"rows-{number:03}.parquet")
            part.clear()

        start = today_ms()
        for number, row in enumerate(loglines.lines(options.lines, start_ms=start), 1):
            at, group, stream, message, _, _ = row
            batch = batches.setdefault((group, stream), [])
            batch.append({"timestamp": at, "message": message})
            part.append(row)
            if len(batch) == BATCH:
                write((group, stream))
            if len(part) == 1_000_000 or number == options.lines:
                write_rows(number // 1_000_000)
        for key in list(batches):
            write(key)
    (work / "span.json").write_text(json.dumps([start // 1000, (start + loglines.DAY_MS) // 1000]))


def poster(cairn):
    client = http.client.HTTPConnection(cairn.http, timeout=300)

    def post(target, body):
        body = body if isinstance(body, bytes) else json.dumps(body)
        client.request("POST", "/", body, {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"Logs_20140328.{target}"})
        answer = client.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return json.loads(text) if text else None
    return post


def put(cairn, work):
    post = poster(cairn)
    for group in ["api", "worker"]:
        post("CreateLogGroup", {"logGroupName": group})
        for stream in range(4):
            post("CreateLogStream", {"logGroupName": group, "logStreamName": f"i-{stream}"})
    with open(work / "bodies", "rb") as file:
        while head := file.read(4):
            post("PutLogEvents", file.read(int.from_bytes(head, "little")))
    import lines
    lines.settle(cairn)


def ask(post, query, groups, start, end):
    begin = time.perf_counter()
    asked = post("StartQuery", {"logGroupNames": groups, "startTime": start, "endTime": end, "queryString": query, "limit": 10_000})
    while True:
        answer = post("GetQueryResults", {"queryId": asked["queryId"]})
        if answer["status"] == "Complete":
            return time.perf_counter() - begin, answer
        assert answer["status"] in ("Running", "Scheduled"), answer
        time.sleep(0.005)


def table(work):
    import duckdb
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute(f"CREATE TABLE lines AS SELECT * FROM '{work}/rows-*.parquet'")
    return connection


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--binary")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--step", choices=["prepare", "put", "ask"])
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
        if options.step in (None, "put"):
            put(cairn, work)
        if options.step in (None, "ask"):
            compare(cairn, options, work)
    finally:
        cairn.stop(60)


def compare(cairn, options, work):
    post = poster(cairn)
    start, end = json.loads((work / "span.json").read_text())
    duck = table(work)
    questions = {
        "stats count(*), pct(latency, 95) by bin(5m), level": (
            "stats count(*), pct(latency, 95) by bin(5m), level",
            "SELECT time_bucket(INTERVAL 5 minutes, t) AS b, level, count(*), approx_quantile(latency, 0.95) FROM lines GROUP BY b, level"),
        "pattern @message": (
            "pattern @message",
            "SELECT regexp_replace(m, '[A-Za-z0-9_]*[0-9][A-Za-z0-9_]*', '<*>', 'g') AS p, count(*) AS n FROM lines GROUP BY p ORDER BY n DESC LIMIT 10000"),
    }
    report = {"lines": options.lines}
    for name, (insights, sql) in questions.items():
        own, other = [], []
        for _ in range(options.repetitions):
            seconds, answer = ask(post, insights, ["api", "worker"], start, end)
            own.append(seconds)
            begin = time.perf_counter()
            duck.execute(sql).fetchall()
            other.append(time.perf_counter() - begin)
        ratio = statistics.median(a / b for a, b in zip(own, other))
        report[name] = {"cairn_s": round(min(own), 4), "first_s": round(own[0], 4), "duckdb_s": round(min(other), 4), "ratio": round(ratio, 3), "rows": len(answer["results"])}
    import lines
    report["peak_mib"] = lines.peak_mib(cairn)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
