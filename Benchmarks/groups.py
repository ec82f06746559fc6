# SPDX-License-Identifier: Apache-2.0
"""Groups by a column that has a million values, beside DuckDB on the same events, answers compared.

    python3 Benchmarks/groups.py [--events 2000000] [--values 1000000] [--repetitions 9] [--binary PATH]

Events of /1/batch: `order`, of which each value is there twice, so that all groups tie; `buyer`, as many values of which few come often; and an
amount. DuckDB has them in a native table in memory and two threads. Cairn answers over HTTP, from scratch each time.
"""
import argparse
import http.client
import json
import os
import pathlib
import random
import statistics
import tempfile
import time

import duckdb
import pyarrow

import bench
import cairn_process

BATCH = 5_000
KEY = {"x-honeycomb-team": "any", "content-type": "application/json"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--values", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--binary")
    return parser.parse_args()


def rows(options):
    """(order, buyer, amount) of each event."""
    chance = random.Random(7)
    orders = list(range(options.values)) * (options.events // options.values)
    chance.shuffle(orders)
    return [(f"order-{order * 2_654_435_761 % 2**32:08x}", f"buyer-{min(options.values, int(chance.paretovariate(0.5))):07d}", chance.randrange(1, 10_000))
            for order in orders]


def send(cairn, events, start):
    connection = http.client.HTTPConnection(cairn.http)
    for first in range(0, len(events), BATCH):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(start + first // 1_000))
        body = ",".join('{"time":"%s.%06dZ","data":{"order":"%s","buyer":"%s","amount":%d}}' % (stamp, index, *event)
                        for index, event in enumerate(events[first:first + BATCH]))
        connection.request("POST", "/1/batch/groups", f"[{body}]", KEY)
        answer = connection.getresponse()
        assert answer.status == 200 and b'"status":2' in answer.read(200)
        answer.read()


QUESTIONS = {
    "the first 100 of a million that tie, COUNT": ("order", "COUNT", None, "count(*)", 100),
    "the first 1,000 of a million that tie, COUNT": ("order", "COUNT", None, "count(*)", 1000),
    "the 100 with the greatest SUM of a million": ("order", "SUM", "amount", "sum(amount)", 100),
    "the 100 most frequent of many": ("buyer", "COUNT", None, "count(*)", 100),
    "the 100 with the greatest MAX of many": ("buyer", "MAX", "amount", "max(amount)", 100),
}


def compare(cairn, table, question, repetitions):
    column, operation, of, sql, limit = question
    group = f'"{column}"'
    calculation = {"op": operation, **({"column": of} if of else {})}
    body = json.dumps({"dataset": "groups", "query": {
        "calculations": [calculation], "breakdowns": [column], "orders": [{**calculation, "order": "descending"}], "limit": limit, "time_range": 7 * 86_400,
        "granularity": 7 * 86_400}})
    connection = http.client.HTTPConnection(cairn.http, timeout=120)

    def ask():
        connection.request("POST", "/api/cairn/query", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return text

    text = f"SELECT {group} AS g, {sql} AS v FROM events GROUP BY g ORDER BY v DESC, g LIMIT {limit}"
    walls, ducks, costs = [], [], []
    for _ in range(repetitions + 1):
        cpu, began = cairn.cpu_seconds, time.perf_counter()
        answer = ask()
        walls.append((time.perf_counter() - began) * 1e3)
        costs.append((cairn.cpu_seconds - cpu) * 1e3)
        began = time.perf_counter()
        rows_ = table.execute(text).fetchall()
        ducks.append((time.perf_counter() - began) * 1e3)
    found = list(zip(*json.loads(answer)["data"][:2]))
    is_same = [(group, float(value)) for group, value in found] == [(group, float(value)) for group, value in rows_]
    return walls[0], statistics.median(walls[1:]), statistics.median(costs[1:]), statistics.median(ducks[1:]), is_same


def main():
    options = arguments()
    if options.binary:
        os.environ["CAIRN_BINARY"] = options.binary
    events = rows(options)
    table = duckdb.connect()
    table.execute("SET threads = 2")
    orders, buyers, amounts = zip(*events)
    source = pyarrow.table({"order": orders, "buyer": buyers, "amount": amounts})  # noqa: F841
    table.execute('CREATE TABLE events AS SELECT * FROM source')
    with tempfile.TemporaryDirectory() as folder:
        cairn = cairn_process.Cairn(pathlib.Path(folder)).start()
        try:
            send(cairn, events, time.time() - 7_200)
            bench.settle(cairn)
            print(f"{len(events):,} events, {len(set(orders)):,} orders, {len(set(buyers)):,} buyers, {cairn.get('status')['store']['segments']} segments\n")
            print("| question | first, ms | Cairn ms | CPU ms | DuckDB ms | DuckDB / Cairn | same answer |\n|---|---|---|---|---|---|---|")
            for title, question in QUESTIONS.items():
                first, wall, cost, duck, is_same = compare(cairn, table, question, options.repetitions)
                print(f"| {title} | {first:.0f} | {wall:.1f} | {cost:.0f} | {duck:.1f} | {duck / wall:.2f} | {'yes' if is_same else 'NO'} |", flush=True)
            print(f"\npeak {cairn.status_value('VmHWM'):.0f} MiB")
        finally:
            cairn.stop(60)


if __name__ == "__main__":
    main()
