# SPDX-License-Identifier: Apache-2.0
"""Logs Insights beside DuckDB on the same lines: seconds of each, and their ratio.

    python3 insights.py [--lines N] [--binary PATH] [--repetitions N]

Starts a server on a temporary folder, puts the lines of loglines.py into it by PutLogEvents, waits until they are sealed, and asks both:
`stats count(*), pct(latency, 95) by bin(5m), level` and `pattern @message`. DuckDB has the columns ready in a table of its own and two threads; its
patterns are words with a digit replaced. Needs: pip install duckdb boto3.
"""
import argparse
import contextlib
import datetime
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

BATCH = 10_000


class Closing:
    def __init__(self, folder):
        self.cairn = cairn_process.Cairn(folder).start()

    def close(self):
        self.cairn.stop(timeout=60)


def today_ms():
    now = datetime.datetime.now(datetime.timezone.utc)
    return int((now.replace(hour=0, minute=0, second=0, microsecond=0) - datetime.timedelta(days=1)).timestamp() * 1000)


def put(client, rows):
    made = set()
    batches = {}

    def send(key):
        group, stream = key
        if group not in made:
            client.create_log_group(logGroupName=group)
            made.add(group)
        if key not in made:
            client.create_log_stream(logGroupName=group, logStreamName=stream)
            made.add(key)
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batches.pop(key))

    for at, group, stream, message, _, _ in rows:
        batch = batches.setdefault((group, stream), [])
        batch.append({"timestamp": at, "message": message})
        if len(batch) == BATCH or sum(len(e["message"]) + 26 for e in batch[-1:]) * len(batch) > 900_000:
            send((group, stream))
    for key in list(batches):
        send(key)


def ask(client, query, groups, start, end):
    begin = time.perf_counter()
    query_id = client.start_query(logGroupNames=groups, startTime=start, endTime=end, queryString=query, limit=100_000)["queryId"]
    while True:
        answer = client.get_query_results(queryId=query_id)
        if answer["status"] == "Complete":
            return time.perf_counter() - begin, answer
        assert answer["status"] in ("Running", "Scheduled"), answer
        time.sleep(0.005)


def table(rows):
    import duckdb
    import pyarrow
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    columns = list(zip(*rows))
    made = pyarrow.table({"t": pyarrow.array(columns[0], pyarrow.timestamp("ms")), "m": columns[3], "level": [v if g == "api" else None for v, g in zip(columns[4], columns[1])],
                          "latency": pyarrow.array(columns[5], pyarrow.float64())})
    connection.execute("CREATE TABLE lines AS SELECT * FROM made")
    return connection


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--binary")
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    if options.binary:
        os.environ["CAIRN_BINARY"] = options.binary
    rows = list(loglines.lines(options.lines, start_ms=today_ms()))
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Closing(folder)) as closing:
        cairn = closing.cairn
        import boto3
        import botocore.config
        client = boto3.client("logs", endpoint_url=f"http://{cairn.addresses['http']}", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
                              config=botocore.config.Config(retries={"max_attempts": 0}))
        begin = time.perf_counter()
        put(client, rows)
        print(f"put {len(rows)} lines in {time.perf_counter() - begin:.1f} s", file=sys.stderr)
        start, end = rows[0][0] // 1000, rows[-1][0] // 1000 + 1
        duck = table(rows)
        questions = {
            "stats count(*), pct(latency, 95) by bin(5m), level": (
                "stats count(*), pct(latency, 95) by bin(5m), level",
                "SELECT time_bucket(INTERVAL 5 minutes, t) AS b, level, count(*), approx_quantile(latency, 0.95) FROM lines GROUP BY b, level"),
            "pattern @message": (
                "pattern @message",
                "SELECT regexp_replace(m, '[A-Za-z0-9_]*[0-9][A-Za-z0-9_]*', '<*>', 'g') AS p, count(*) AS n FROM lines GROUP BY p ORDER BY n DESC LIMIT 10000"),
        }
        report = {"lines": len(rows)}
        for name, (insights, sql) in questions.items():
            own, other = [], []
            for _ in range(options.repetitions):
                seconds, answer = ask(client, insights, ["api", "worker"], start, end)
                own.append(seconds)
                begin = time.perf_counter()
                duck.execute(sql).fetchall()
                other.append(time.perf_counter() - begin)
            ratio = statistics.median(a / b for a, b in zip(own, other))
            report[name] = {"cairn_s": round(min(own), 4), "duckdb_s": round(min(other), 4), "ratio": round(ratio, 3), "rows": len(answer["results"])}
        print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
