# SPDX-License-Identifier: Apache-2.0
"""How long somebody waits who looks for a text, or for why an error happens.

    python3 Benchmarks/find.py [--millions 4] [--lines 500000] [--repetitions 9] [--binary PATH] [--work DIR] [--tools DIR] [--keep]

The million spans of bench.py, sent so often that there are so many of them, each time an hour earlier and with other ids (shifted.py), and lines of
loglines.py by PutLogEvents. The server is started again on what it kept. First is the first call of its kind after that start; the very first of
all looks for what is nowhere, so it reads the values of every column. Then each kind of text by turns, other texts each time; what was found is
counted against how often the text is there. `--keep` leaves the folder and uses it the next time.
"""
import argparse
import http.client
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time
import types
import urllib.parse

import bench
import cairn_process
import loglines
import shifted

BATCH = 8_000
HOUR_MS = 3_600_000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--millions", type=int, default=4)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--binary")
    parser.add_argument("--work", default=os.environ.get("CAIRN_BENCH") or "/tmp/cairn-bench")
    parser.add_argument("--tools", default=str(bench.HERE.parent.parent / "shared" / "bench"))
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


def fill(cairn, data, options):
    generator, source = data.load_generator(), data.main / "traces.otlp"
    target, first = data.work / "shifted.otlp", data.meta["base_ns"]
    for index in range(options.millions):
        shifted.copy(source, target, 500, -1 - index, first, first + 2 * shifted.HOUR_NANOSECONDS)
        sent = json.loads(subprocess.check_output([generator, "-url", f"http://{cairn.otlp_http}", "-file", target, "-c", "4", "-spans", "500"]))
        assert sent["errors"] == 0, sent
    target.unlink()
    connection = http.client.HTTPConnection(cairn.http)
    call(connection, "CreateLogGroup", {"logGroupName": "find"})
    call(connection, "CreateLogStream", {"logGroupName": "find", "logStreamName": "one"})
    start = int(time.time() * 1000) - loglines.DAY_MS - HOUR_MS
    batch = []
    for number, (at, _, _, text, _, _) in enumerate(loglines.lines(options.lines, start_ms=start)):
        batch.append({"timestamp": at, "message": text})
        if len(batch) == BATCH or number == options.lines - 1:
            call(connection, "PutLogEvents", {"logGroupName": "find", "logStreamName": "one", "logEvents": batch})
            batch = []
    bench.settle(cairn)


def call(connection, target, body):
    connection.request("POST", "/", json.dumps(body), {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"Logs_20140328.{target}"})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 200, text


class Asker:
    """Calls over one connection, with the time of each and what the server used for it."""

    def __init__(self, cairn):
        self.cairn, self.connection = cairn, http.client.HTTPConnection(cairn.http, timeout=120)

    def get(self, path, **parameters):
        """(milliseconds, milliseconds of processor, answer)"""
        cpu, began = self.cairn.cpu_seconds, time.perf_counter()
        self.connection.request("GET", f"/api/cairn/{path}?{urllib.parse.urlencode(parameters)}")
        answer = self.connection.getresponse()
        text = answer.read()
        spent = (time.perf_counter() - began) * 1e3
        assert answer.status == 200, text
        return spent, (self.cairn.cpu_seconds - cpu) * 1e3, json.loads(text)


def rare(cairn, column, count, span):
    """Values of a column with how often each is there: those that are there least."""
    answer = cairn.ask(calculations=[{"op": "COUNT"}], breakdowns=[column], filters=[{"column": column, "op": "exists"}],
                       orders=[{"op": "COUNT", "order": "ascending"}], limit=count, **span)
    names = [one["name"] for one in answer["columns"]]
    return list(zip(answer["data"][names.index(column)], answer["data"][names.index("COUNT")]))


def report(title, walls, costs, found, wrong):
    print(f"| {title} | {walls[0]:.0f} | {costs[0]:.0f} | {statistics.median(walls[1:]):.0f} | {max(walls[1:]):.0f} | {statistics.median(costs[1:]):.0f} | {found} | "
          f"{'yes' if not wrong else 'NO: ' + wrong[0]} |", flush=True)


def find(asker, kinds, repetitions):
    print("| text | first, ms | CPU ms | then, ms: median | worst | CPU ms | found in | as often as it is there |\n|---|---|---|---|---|---|---|---|")
    for title, texts in kinds.items():
        walls, costs, found, wrong = [], [], "", []
        for turn in range(repetitions + 1):
            text, column, count = texts[turn % len(texts)]
            wall, cost, answer = asker.get("find", text=text)
            walls.append(wall)
            costs.append(cost)
            columns = {one["name"]: one["events"] for one in answer["columns"]}
            found = ", ".join(columns) or ("lines" if answer["lines"]["events"] else "nothing")
            if not answer["complete"]:
                wrong.append("it took too long")
            elif column and columns.get(column) != count:
                wrong.append(f"{columns.get(column)} of {count} for {text}")
        report(title, walls, costs, found, wrong)


def why(asker, repetitions):
    """The errors that came most: what sets their requests apart."""
    items = asker.get("errors", sort="total")[2]["items"][:4]
    print("| error | first, ms | CPU ms | then, ms: median | worst | CPU ms | compared | names a column |\n|---|---|---|---|---|---|---|---|")
    for item in items:
        walls, costs = [], []
        for _ in range(repetitions + 1):
            wall, cost, answer = asker.get(f"errors/{item['id']}/why")
            walls.append(wall)
            costs.append(cost)
        wrong = [] if answer["columns"] else ["none"]
        report(item["title"][:40].replace("|", " "), walls, costs, f"{answer['selection_count']:,.0f} with {answer['baseline_count']:,.0f} {answer['basis']}", wrong)


def kinds_of_text(cairn, count):
    span = {"time_range": 3 * 86_400}
    columns = {one["name"] for one in cairn.get("columns", dataset="__all__")["columns"]}
    kinds = {"nowhere": [(f"no such thing {number}", None, 0) for number in range(count)]}
    for title, column in (("request id", "request.id"), ("user id", "user.id"), ("pod", "k8s.pod.name"), ("address", "client.address")):
        if column in columns:
            kinds[title] = [(text, column, often) for text, often in rare(cairn, column, count, span)]
    kinds["message of an error"] = [(text, "exception.message", often) for text, often in rare(cairn, "exception.message", count, span)]
    kinds["words of lines"] = [(text, None, 0) for text in ("attempt 41", "size=4711", "offset=99", "user_17", "in 31.07 ms")]
    return kinds


def main():
    options = arguments()
    if options.binary:
        os.environ["CAIRN_BINARY"] = options.binary
    folder = pathlib.Path(options.work) / "run" / "find"
    filled = folder / "filled"
    is_kept = options.keep and filled.exists()
    if not is_kept:
        shutil.rmtree(folder, ignore_errors=True)
        data = bench.DataSet(types.SimpleNamespace(tools=options.tools, work=options.work, only="query", spans=1_000_000))
    cairn = cairn_process.Cairn(folder).start()
    try:
        if not is_kept:
            fill(cairn, data, options)
            filled.touch()
        kinds = kinds_of_text(cairn, options.repetitions + 1)
        cairn.restart()
        bench.settle(cairn)
        status = cairn.get("status")["store"]
        print(f"{status['events']:,} events, {len(cairn.get('columns', dataset='__all__')['columns'])} columns, {status['segments']} segments\n", flush=True)
        asker = Asker(cairn)
        find(asker, kinds, options.repetitions)
        print(flush=True)
        why(asker, options.repetitions)
        print(f"\npeak {cairn.status_value('VmHWM'):.0f} MiB")
    finally:
        cairn.stop(60)
    if not options.keep:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
