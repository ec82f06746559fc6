# SPDX-License-Identifier: Apache-2.0
"""The benchmark's questions twice: as bodies for Cairn's own API and as SQL for DuckDB, and whether the two answers agree.

The SQL reads two relations: `spans` (one row a span) and `everything` (the rows that Cairn keeps: spans and their exception events, which
carry the resource's fields and `exception.*`). What is timed reads what a user of either would ask; what is compared reads `everything`.
"""
import math

MINUTE = 60_000_000_000
RESOURCE = ["k8s.pod.name", "k8s.namespace.name", "cloud.region", "cloud.availability_zone", "deployment.environment.name", "host.name"]
EXCEPTION = ["exception.type", "exception.message", "exception.stacktrace"]
PERCENTILES = {"P50": 0.5, "P95": 0.95, "P99": 0.99}
STATEMENT = "notifications n WHERE"
PERCENTILE_ERROR_MAX = 0.01
DISTINCT_ERROR_MAX = 0.02
# Every answer has a series. Where DuckDB's has none, one bucket is asked for (seconds).
WHOLE = 86_400


def quoted(name):
    return '"%s"' % name


def prepare(connection):
    """Makes `everything` beside the table `spans`."""
    shared = ", ".join(quoted(c) for c in RESOURCE + EXCEPTION)
    connection.execute(f"""CREATE OR REPLACE TEMP VIEW everything AS SELECT * FROM spans UNION ALL BY NAME
        SELECT service, start_ns + duration_ns AS start_ns, status_code, {shared} FROM spans WHERE "exception.type" IS NOT NULL""")


def attribute_columns(connection):
    own = {"trace_id", "span_id", "parent_span_id", "name", "kind", "start_ns", "duration_ns", "service", "status_code", "status_message", *EXCEPTION}
    return [row[0] for row in connection.execute("DESCRIBE spans").fetchall() if row[0] not in own]


class Question:
    """`path` and `body` for Cairn, `sql` that DuckDB is timed with, `compare(answer, connection)` > what differs, in words."""

    def __init__(self, title, path, body, sql, compare):
        self.title, self.path, self.body, self.sql, self.compare = title, path, body, sql, compare

    @property
    def body_with_series(self):
        """The same question with its answer minute by minute as well, as a page asks it; None where it has a series anyway or never."""
        if not self.body or self.body["query"].get("granularity") != WHOLE:
            return None
        return {**self.body, "query": {**self.body["query"], "granularity": 60}}


def count_of(*filters):
    return [{"column": c, "op": op, **({} if v is None else {"value": v})} for c, op, v in filters]


def questions(start, end, trace_id, columns):
    """All questions over the seconds start ..< end. `columns` are the attribute columns of `spans`."""
    def ask(*calculations, by=(), where=(), **more):
        return {"dataset": "__all__", "query": {
            "calculations": [{"op": op, **({"column": c} if c else {})} for op, c in calculations], "breakdowns": list(by), "filters": count_of(*where),
            "start_time": start, "end_time": end, "granularity": WHOLE, **more}}

    uuid = "-".join(trace_id[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
    route, user = quoted("http.route"), quoted("user.id")
    exact = "quantile_cont(duration_ns, [0.5, 0.95, 0.99])"
    contrasts = "\nUNION ALL ".join(
        f"(SELECT '{c}' AS k, {quoted(c)}::VARCHAR AS v, a, n - a AS b FROM (SELECT {quoted(c)}, count(*) FILTER (WHERE duration_ns > 1000000000) AS a, "
        f"count(*) AS n FROM spans WHERE {quoted(c)} IS NOT NULL GROUP BY {quoted(c)} ORDER BY a DESC, n DESC LIMIT 50) AS t)" for c in columns)
    return {
        "Q1": Question("count by service, a minute each", "query", ask(("COUNT", None), by=["service.name"], granularity=60),
                       f"SELECT service, start_ns // {MINUTE} AS b, count(*) AS n FROM spans GROUP BY service, b ORDER BY service, b",
                       compare_series(f"SELECT service, start_ns // {MINUTE}, count(*) FROM everything GROUP BY ALL", {"COUNT": 2})),
        "Q2": Question("P50, P95, P99 by route, one service", "query",
                       ask(*((p, "duration_ms") for p in PERCENTILES), by=["http.route"],
                           where=[("service.name", "=", "backend-flask"), ("http.route", "exists", None)]),
                       f"SELECT {route} AS r, count(*) AS n, {exact} AS p FROM spans WHERE service = 'backend-flask' AND {route} IS NOT NULL GROUP BY r ORDER BY n DESC",
                       compare_percentiles),
        "Q3": Question("heatmap of durations", "query", ask(("HEATMAP", "duration_ms"), granularity=60),
                       f"SELECT start_ns // {MINUTE} AS b, floor(log2(duration_ns) * 4)::INT AS d, count(*) AS n FROM spans GROUP BY b, d ORDER BY b, d", compare_heatmap),
        "Q4": Question("the 100 most frequent user.id", "query",
                       ask(("COUNT", None), by=["user.id"], orders=[{"op": "COUNT", "order": "descending"}], limit=100),
                       f"SELECT {user} AS u, count(*) AS n FROM spans GROUP BY u ORDER BY n DESC, u LIMIT 100", compare_top),
        "Q5": Question("substring of db.statement, by service", "query",
                       ask(("COUNT", None), by=["service.name"], where=[("db.statement", "contains", STATEMENT)]),
                       f"SELECT service, count(*) AS n FROM spans WHERE \"db.statement\" LIKE '%{STATEMENT}%' GROUP BY service ORDER BY service",
                       compare_groups(f"SELECT service, count(*) FROM everything WHERE \"db.statement\" LIKE '%{STATEMENT}%' GROUP BY ALL", "COUNT")),
        "Q6all": Question("BubbleUp over all columns", "bubbleup",
                          {"dataset": "__all__", "query": {"start_time": start, "end_time": end, "filters": []}, "limit": 60,
                           "selection": {"filters": count_of(("duration_ms", ">", 1000))}}, contrasts, compare_contrast),
        "Q7": Question("all of one trace", f"traces/{trace_id}", None, f"SELECT * FROM spans WHERE trace_id = '{uuid}'", compare_trace(uuid)),
        "Q8": Question("distinct user.id by service", "query", ask(("COUNT_DISTINCT", "user.id"), by=["service.name"]),
                       f"SELECT service, count(DISTINCT {user}) AS n FROM spans GROUP BY service ORDER BY service",
                       compare_groups(f"SELECT service, count(DISTINCT {user}) FROM everything GROUP BY ALL", "COUNT_DISTINCT(user.id)", DISTINCT_ERROR_MAX)),
        "Q9": Question("errors by route, a minute each", "query",
                       ask(("COUNT", None), ("COUNT", "error"), by=["http.route"], where=[("http.route", "exists", None)], granularity=60),
                       f"SELECT {route} AS r, start_ns // {MINUTE} AS b, count(*) AS n, count(*) FILTER (WHERE status_code = 2) / count(*) AS e FROM spans "
                       f"WHERE {route} IS NOT NULL GROUP BY r, b ORDER BY r, b",
                       compare_series(f"SELECT {route}, start_ns // {MINUTE}, count(*), count(*) FILTER (WHERE status_code = 2) FROM everything "
                                      f"WHERE {route} IS NOT NULL GROUP BY ALL", {"COUNT": 2, "COUNT(error)": 3})),
    }


# Comparisons. Each gives a list of differences: empty where the answers agree.

def values(answer, name):
    names = [c["name"] for c in answer["columns"]]
    return answer["data"][names.index(name)]


def differences(found, wanted, what, error=0.0):
    """Two mappings, the numbers within a relative error."""
    told = [f"{what}: {key} missing" for key in wanted.keys() - found.keys()] + [f"{what}: {key} too much" for key in found.keys() - wanted.keys()]
    told += [f"{what}: {key} is {found[key]}, should be {wanted[key]}" for key in wanted.keys() & found.keys()
             if abs(found[key] - wanted[key]) > error * abs(wanted[key])]
    return told


def compare_groups(sql, name, error=0.0):
    def compare(answer, connection):
        breakdown = next(c["name"] for c in answer["columns"] if c["kind"] == "breakdown")
        return differences(dict(zip(values(answer, breakdown), values(answer, name))), dict(connection.execute(sql).fetchall()), name, error)

    return compare


def compare_series(sql, places):
    """`places`: calculation > its column in the SQL, whose first two are the group and the bucket."""
    def compare(answer, connection):
        breakdown = next(c["name"] for c in answer["columns"] if c["kind"] == "breakdown")
        groups, series, told = values(answer, breakdown), answer["series"], []
        wanted = connection.execute(sql).fetchall()
        for name, place in places.items():
            found = {}
            for line in series["values"]:
                for bucket, n in enumerate(line[name]):
                    if n:
                        found[(groups[line["row"]], (series["start_us"] + bucket * series["step_us"]) * 1000 // MINUTE)] = n
            told += differences(found, {(row[0], row[1]): row[place] for row in wanted if row[place]}, f"{name} a minute")
            sums = {}
            for row in wanted:
                sums[row[0]] = sums.get(row[0], 0) + row[place]
            told += differences(dict(zip(groups, (n or 0 for n in values(answer, name)))), sums, name)
        return told

    return compare


def compare_percentiles(answer, connection):
    """Between the two values around the exact rank, and 1 % beyond: DuckDB interpolates, a sketch does not."""
    route, told = quoted("http.route"), []
    exact = dict(connection.execute(f"SELECT {route}, list_sort(list(duration_ns)) FROM spans WHERE service = 'backend-flask' AND {route} IS NOT NULL GROUP BY ALL").fetchall())
    groups = values(answer, "http.route")
    if set(groups) != set(exact):
        told.append(f"routes {sorted(set(groups) ^ set(exact))}")
    for name, share in PERCENTILES.items():
        for group, found in zip(groups, values(answer, f"{name}(duration_ms)")):
            ranked = exact.get(group, [0])
            low, high = (ranked[min(len(ranked) - 1, r)] / 1e6 for r in (math.floor((len(ranked) - 1) * share), math.ceil((len(ranked) - 1) * share)))
            if not low * (1 - PERCENTILE_ERROR_MAX) <= found <= high * (1 + PERCENTILE_ERROR_MAX):
                told.append(f"{name} of {group} is {found}, should be {low} to {high}")
    return told


def compare_heatmap(answer, connection):
    """Each minute's total, and how many spans lie below every edge (an edge may be off by the rounding of a float)."""
    heatmap, told = answer["heatmaps"]["HEATMAP(duration_ms)"], []
    first = heatmap["start_us"] * 1000 // MINUTE
    found = {first + i: sum(cells) for i, cells in enumerate(heatmap["counts"]) if sum(cells)}
    told += differences(found, dict(connection.execute(f"SELECT start_ns // {MINUTE}, count(*) FROM spans GROUP BY ALL").fetchall()), "spans a minute")
    total, below = sum(found.values()), 0
    for edge, cells in zip(heatmap["edges"][1:-1], zip(*heatmap["counts"])):
        below += sum(cells)
        low, high = connection.execute("SELECT count(*) FILTER (WHERE duration_ns < ?), count(*) FILTER (WHERE duration_ns < ?) FROM spans",
                                       [edge * 1e6 * 0.99, edge * 1e6 * 1.01]).fetchone()
        if not low <= below <= high:
            told.append(f"{below} of {total} spans below {edge} ms, should be {low} to {high}")
    return told


def compare_top(answer, connection):
    found = dict(zip(values(answer, "user.id"), values(answer, "COUNT")))
    all_of_them = dict(connection.execute('SELECT "user.id", count(*) FROM everything GROUP BY ALL').fetchall())
    wanted = sorted(all_of_them.values(), reverse=True)[:100]
    told = [] if list(found.values()) == wanted else [f"counts {list(found.values())[:5]}..., should be {wanted[:5]}..."]
    return told + [f"{user} is {n}, should be {all_of_them.get(user)}" for user, n in found.items() if all_of_them.get(user) != n]


def compare_contrast(answer, connection):
    """Both totals and, of every column of the data set in the answer, each value's two counts."""
    selected, rest = connection.execute("SELECT count(*) FILTER (WHERE duration_ns > 1000000000), count(*) FILTER (WHERE (duration_ns > 1000000000) IS NOT TRUE) FROM everything").fetchone()
    told = differences({"selection": answer["selection"]["events"], "baseline": answer["baseline"]["events"]}, {"selection": selected, "baseline": rest}, "events")
    known, seen = set(attribute_columns(connection)), 0
    for entry in answer["columns"]:
        if entry["name"] not in known or not entry.get("values"):
            continue
        seen += 1
        counts = {plain(v): (a, b) for v, a, b in connection.execute(
            f"SELECT {quoted(entry['name'])}, count(*) FILTER (WHERE duration_ns > 1000000000), count(*) FILTER (WHERE (duration_ns > 1000000000) IS NOT TRUE) "
            "FROM everything GROUP BY ALL").fetchall()}
        for value in entry["values"]:
            wanted = counts.get(plain(value["value"]), (0, 0))
            if (value["selection"], value["baseline"]) != wanted:
                told.append(f"{entry['name']} = {value['value']!r}: {value['selection']} and {value['baseline']}, should be {wanted[0]} and {wanted[1]}")
    names = [c["name"] for c in answer["columns"]]
    told += [f"{name} is not among the first six of {names[:8]}" for name in ("cloud.region", "app.version") if name not in names[:6]]
    return told + ([] if seen >= 10 else [f"only {seen} columns of the data set in the answer"])


def plain(value):
    """One spelling for a value, whether it comes from JSON or SQL."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def compare_trace(uuid):
    def compare(answer, connection):
        wanted = {f"{s:016x}": (n, d) for s, n, d in connection.execute(f"SELECT span_id, name, duration_ns FROM spans WHERE trace_id = '{uuid}'").fetchall()}
        found = {s["id"]: (s["name"], s["duration_ns"]) for s in answer["spans"]}
        return [] if found == wanted else [f"{len(found)} spans, should be {len(wanted)}; {len(found.items() ^ wanted.items())} differ"]

    return compare
