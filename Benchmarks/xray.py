# SPDX-License-Identifier: Apache-2.0
"""X-Ray's questions beside DuckDB: GetServiceGraph of an hour and GetTraceSummaries with an annotation filter, over the same spans, in pairs;
and how long BatchGetTraces of five ids takes.

Prints a line of JSON a question: the least and the median time of both over the repetitions, taken in turns, and their ratio: until the whole
answer is here, as bytes of JSON or as a table of Arrow. `objects` are the medians until it has become Python's objects too, which is Python's work
(json.loads, fetchall) more than either program's. Python's collector of garbage rests meanwhile, as it does under timeit.
Answers are compared first: edges and their calls, traces and their starts.
"""
import argparse
import concurrent.futures
import gc
import http.client
import json
import shutil
import statistics
import sys
import threading
import time

import bench

# Entries: server spans under a call, or the first of a trace or of a service. Edges go from the parent's service.
GRAPH = """
WITH joined AS (
  SELECT c.service AS target, p.service AS source, p.duration_ns AS seen_ns, p.status_code AS seen
  FROM spans c JOIN spans p ON c.trace_id = p.trace_id AND c.parent_span_id = p.span_id
  WHERE p.service <> c.service OR (c.kind = 2 AND p.kind = 3)),
edges AS (SELECT source, target, count(*) AS calls, count(*) FILTER (WHERE seen = 2) AS faults, sum(seen_ns) AS ns FROM joined GROUP BY source, target),
nodes AS (SELECT service, count(*) AS calls, count(*) FILTER (WHERE status_code = 2) AS faults, sum(duration_ns) AS ns FROM spans WHERE kind = 2 GROUP BY service)
SELECT source, target, calls, faults, ns FROM edges UNION ALL SELECT NULL, service, calls, faults, ns FROM nodes"""

# The page's traces first, then everything that a summary is made of: all fields of all their spans.
SUMMARIES = """
WITH page AS (
  SELECT trace_id, min(start_ns) AS began FROM spans
  WHERE trace_id IN (SELECT trace_id FROM spans WHERE "app.tenant" = 'tenant-000') GROUP BY trace_id ORDER BY began DESC, trace_id DESC LIMIT {page})
SELECT * FROM spans JOIN page USING (trace_id) ORDER BY began DESC"""


def send(data, cairn):
    """The bodies of the data set, over two connections."""
    file, _ = data.body_file("raw")

    def bodies():
        with open(file, "rb") as stream:
            while head := stream.read(4):
                yield stream.read(int.from_bytes(head, "little"))

    source, lock = bodies(), threading.Lock()

    def work(_):
        connection = http.client.HTTPConnection(cairn.otlp_http, timeout=120)
        while True:
            with lock:
                body = next(source, None)
            if body is None:
                return
            connection.request("POST", "/v1/traces", body=body, headers={"content-type": "application/x-protobuf"})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    bench.settle(cairn)


def answer(cairn, path, body):
    reply = cairn.request("POST", path, json.dumps(body), {"content-type": "application/json"})
    assert reply.status == 200, reply
    return reply


def post(cairn, path, body):
    return answer(cairn, path, body).json()


def check_graph(answer, connection):
    nodes = {s["ReferenceId"]: s for s in answer["Services"]}
    found = {(s["Name"], nodes[e["ReferenceId"]]["Name"]): e["SummaryStatistics"]["TotalCount"] for s in answer["Services"] for e in s["Edges"]
             if s.get("Type") != "client" and nodes[e["ReferenceId"]]["State"] == "active"}
    wanted = {(row[0], row[1]): row[2] for row in connection.execute(GRAPH).fetchall() if row[0] is not None}
    return [f"{key}: {found.get(key)}, should be {wanted.get(key)}" for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)]


def check_summaries(answer, rows, names):
    wanted = {str(row[names.index("trace_id")]).replace("-", "") for row in rows}
    found = {s["Id"][2:].replace("-", "") for s in answer["TraceSummaries"]}
    return [] if found == wanted else [f"{len(found - wanted)} traces too much, {len(wanted - found)} missing"]


def timed(times, work):
    gc.collect()
    gc.disable()
    began = time.perf_counter()
    found = work()
    times.append((time.perf_counter() - began) * 1000)
    gc.enable()
    return found


def paired(name, ask, sql, connection, repetitions):
    ours, theirs, our_objects, their_objects = [], [], [], []
    for _ in range(repetitions):
        timed(ours, ask)
        timed(theirs, lambda: connection.sql(sql).to_arrow_table())
        timed(our_objects, lambda: ask().json())
        timed(their_objects, lambda: connection.execute(sql).fetchall())
    middle = statistics.median
    line = {"question": name, "cairn_ms": round(min(ours), 1), "duckdb_ms": round(min(theirs), 1), "ratio": round(min(ours) / min(theirs), 2),
            "cairn_median_ms": round(middle(ours), 1), "duckdb_median_ms": round(middle(theirs), 1), "median_ratio": round(middle(ours) / middle(theirs), 2),
            "objects": {"cairn_median_ms": round(middle(our_objects), 1), "duckdb_median_ms": round(middle(their_objects), 1)}}
    print(json.dumps(line), flush=True)
    return line


def batches(data, cairn, repetitions):
    """BatchGetTraces of five traces, other ones each time as far as the data set names them."""
    ids = [f"1-{t[:8]}-{t[8:]}" for t in data.meta["trace_ids"]]
    times = []
    answer(cairn, "/Traces", {"TraceIds": ids[:5]})
    for n in range(repetitions):
        asked = [ids[(n * 5 + i) % len(ids)] for i in range(5)]
        found = timed(times, lambda: answer(cairn, "/Traces", {"TraceIds": asked})).json()
        assert len(found["Traces"]) == len(set(asked)), found["UnprocessedTraceIds"]
    line = {"question": "BatchGetTraces of 5", "cairn_ms": round(min(times), 1), "cairn_median_ms": round(statistics.median(times), 1)}
    print(json.dumps(line), flush=True)
    return line


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--name", default="xray", help="of the folder that is filled")
    options, rest = parser.parse_known_args()
    sys.argv[1:] = rest
    data = bench.DataSet(bench.arguments())
    folder = data.work / "run" / options.name
    shutil.rmtree(folder, ignore_errors=True)
    cairn = bench.cairn_process.Cairn(folder).start()
    try:
        send(data, cairn)
        # Before DuckDB's threads are there: they go on turning for a while after a question.
        batch = batches(data, cairn, options.repetitions)
        connection = data.duckdb()
        hour = {"StartTime": data.start, "EndTime": data.end}
        ask_graph = lambda: answer(cairn, "/ServiceGraph", hour)
        ask_summaries = lambda: answer(cairn, "/TraceSummaries", {**hour, "FilterExpression": 'annotation.app.tenant = "tenant-000"'})
        first = ask_summaries().json()
        sql = SUMMARIES.format(page=len(first["TraceSummaries"]))
        names = [column[0] for column in connection.execute(sql).description]
        rows = connection.execute(sql).fetchall()
        told = check_summaries(first, rows, names) + check_graph(ask_graph().json(), connection)
        print(json.dumps({"differences": told[:10]}), flush=True)
        lines = [paired("GetServiceGraph of an hour", ask_graph, GRAPH, connection, options.repetitions),
                 paired("GetTraceSummaries by an annotation", ask_summaries, sql, connection, options.repetitions)]
    finally:
        cairn.stop(20)
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if told or any(line["median_ratio"] > 1.0 for line in lines) or batch["cairn_median_ms"] > 5 else 0


if __name__ == "__main__":
    sys.exit(main())
