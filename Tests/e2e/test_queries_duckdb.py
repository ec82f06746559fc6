# SPDX-License-Identifier: Apache-2.0
"""The benchmark's questions and filters of every kind, answered alike by DuckDB: from the head, from segments, and after a restart."""
import sys
import time

import duckdb
import pytest

import spans
from cairn_process import ROOT, Cairn, as_filter, column

sys.path.insert(0, str(ROOT / "Benchmarks"))
import questions  # noqa: E402

COUNT = 20_000
NAMES = ["Q1", "Q2", "Q3", "Q4", "Q5", "Q6all", "Q7", "Q8", "Q9"]


class World:
    def __init__(self, folder):
        self.start = (int(time.time()) // 3600 - 2) * 3600
        self.end = self.start + 3660
        made = spans.generate(COUNT, self.start * 10**9)
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        spans.load(self.connection, made)
        questions.prepare(self.connection)
        self.cairn = Cairn(folder).start()
        for body in spans.bodies(made):
            assert self.cairn.send(body).status == 200
        self.questions = questions.questions(self.start, self.end, f"{made[777]['trace_id']:032x}", questions.attribute_columns(self.connection))

    def check(self, name):
        question = self.questions[name]
        reply = self.cairn.post(question.path, question.body) if question.body else self.cairn.request("GET", f"/api/cairn/{question.path}")
        assert reply.status == 200, reply
        told = question.compare(reply.json(), self.connection)
        assert not told, told[:10]

    def count(self, *filters, combination="AND"):
        answer = self.cairn.ask(calculations=[{"op": "COUNT"}], filters=[as_filter(*f) for f in filters], filter_combination=combination,
                                start_time=self.start, end_time=self.end)
        return (column(answer, "COUNT") or [0])[0]

    def sql(self, condition, table="everything"):
        return self.connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()[0]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("duckdb"))
    yield world
    world.cairn.stop()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_answer_as_duckdb(world, name):
    world.check(name)


FILTERS = {
    "equal": (("user.id", "=", "user-00000"), "\"user.id\" = 'user-00000'"),
    "not equal counts the absent": (("user.id", "!=", "user-00000"), "\"user.id\" IS DISTINCT FROM 'user-00000'"),
    "greater": (("app.payload_bytes", ">", 2000), '"app.payload_bytes" > 2000'),
    "not greater": (("app.payload_bytes", "<=", 2000), '"app.payload_bytes" <= 2000'),
    "negative": (("app.shard", "<", 0), '"app.shard" < 0'),
    "beyond 32 bits": (("app.shard", ">=", 2**40), '"app.shard" >= 1099511627776'),
    "double": (("app.score", "<", 0.25), '"app.score" < 0.25'),
    "boolean": (("app.cache_hit", "=", True), '"app.cache_hit"'),
    "boolean, negated": (("app.cache_hit", "!=", True), '"app.cache_hit" IS NOT TRUE'),
    "a number for a boolean's text": (("http.response.status_code", "=", "404"), '"http.response.status_code" = 404'),
    "a number in text": (("app.rare", ">", 5), "\"app.rare\" = '42'"),
    "exists": (("app.rare", "exists"), '"app.rare" IS NOT NULL'),
    "does not exist": (("app.rare", "does-not-exist"), '"app.rare" IS NULL'),
    "empty text is there": (("db.statement", "=", ""), "\"db.statement\" = ''"),
    "starts": (("db.statement", "starts-with", "SELECT"), "starts_with(\"db.statement\", 'SELECT')"),
    "does not start": (("db.statement", "does-not-start-with", "SELECT"), "starts_with(\"db.statement\", 'SELECT') IS NOT TRUE"),
    "ends": (("db.statement", "ends-with", "$1"), "suffix(\"db.statement\", '$1')"),
    "does not end": (("db.statement", "does-not-end-with", "$1"), "suffix(\"db.statement\", '$1') IS NOT TRUE"),
    "contains": (("http.route", "contains", "☕"), "contains(\"http.route\", '☕')"),
    "contains within a word": (("exception.message", "contains", "ey' (feed-"), "contains(\"exception.message\", 'ey'' (feed-')"),
    "does not contain": (("http.route", "does-not-contain", "api"), "contains(\"http.route\", 'api') IS NOT TRUE"),
    "in": (("cloud.region", "in", ["eu-west-1", "ca-central-1", "nowhere"]), "\"cloud.region\" IN ('eu-west-1', 'ca-central-1')"),
    "not in": (("http.response.status_code", "not-in", [200]), '"http.response.status_code" IS DISTINCT FROM 200'),
    "no such column": (("no.such.column", "does-not-exist"), "true"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filters(world, name):
    ours, sql = FILTERS[name]
    assert world.count(ours) == world.sql(sql)


def test_filters_together(world):
    two = [("app.cache_hit", "=", True), ("cloud.region", "=", "eu-west-1")]
    sql = ["coalesce(\"app.cache_hit\", false)", "\"cloud.region\" = 'eu-west-1'"]
    assert world.count(*two) == world.sql(" AND ".join(sql))
    assert world.count(*two, combination="OR") == world.sql(" OR ".join(sql))


CALCULATIONS = {"SUM": "sum", "AVG": "avg", "MIN": "min", "MAX": "max", "COUNT": "count", "COUNT_DISTINCT": "count(DISTINCT"}


@pytest.mark.parametrize("name", ["app.payload_bytes", "app.score", "app.shard"])
def test_calculations(world, name):
    answer = world.cairn.ask(calculations=[{"op": op, "column": name} for op in CALCULATIONS], breakdowns=["cloud.region", "app.version"],
                             start_time=world.start, end_time=world.end)
    terms = ", ".join(f'{sql}{" " if "(" in sql else "("}"{name}")' for sql in CALCULATIONS.values())
    wanted = {row[:2]: row[2:] for row in world.connection.execute(f'SELECT "cloud.region", "app.version", {terms} FROM everything GROUP BY ALL').fetchall()}
    keys = list(zip(column(answer, "cloud.region"), column(answer, "app.version")))
    assert set(keys) == set(wanted)
    for place, op in enumerate(CALCULATIONS):
        for key, found in zip(keys, column(answer, f"{op}({name})")):
            expected = wanted[key][place]
            if expected is None or op in ("MIN", "MAX", "COUNT"):
                assert found == expected or (found in (0, None) and not expected), (op, key, found, expected)
            else:
                assert found == pytest.approx(expected, rel=0.02 if op == "COUNT_DISTINCT" else 1e-9), (op, key)


def test_orders_limits_and_havings(world):
    base = {"calculations": [{"op": "COUNT"}, {"op": "AVG", "column": "duration_ms"}], "breakdowns": ["host.name"], "start_time": world.start, "end_time": world.end}
    counts = dict(world.connection.execute('SELECT "host.name", count(*) FROM everything GROUP BY ALL').fetchall())
    answer = world.cairn.ask(**base, orders=[{"op": "COUNT", "order": "ascending"}], limit=4)
    assert column(answer, "COUNT") == sorted(counts.values())[:4]
    assert answer["total"]["COUNT"] == sum(counts.values()), "the total ignores the limit"
    answer = world.cairn.ask(**base, orders=[{"column": "host.name", "order": "descending"}])
    assert column(answer, "host.name") == sorted(counts, reverse=True)
    bound = sorted(counts.values())[4]
    answer = world.cairn.ask(**base, havings=[{"calculate_op": "COUNT", "op": ">", "value": bound}])
    assert set(column(answer, "host.name")) == {host for host, n in counts.items() if n > bound}


def test_time_ranges_are_half_open(world):
    middle = world.start + 1800
    first, second = (world.cairn.ask(calculations=[{"op": "COUNT"}], start_time=a, end_time=b) for a, b in ((world.start, middle), (middle, world.end)))
    assert column(first, "COUNT")[0] == world.sql(f"start_ns < {middle * 10**9}")
    assert column(second, "COUNT")[0] == world.sql(f"start_ns >= {middle * 10**9}")


def test_one_dataset(world):
    answer = world.cairn.ask("auth", calculations=[{"op": "COUNT"}], start_time=world.start, end_time=world.end)
    assert column(answer, "COUNT") == [world.sql("service = 'auth'")]
    told = {d["name"]: d["events"] for d in world.cairn.get("datasets")["datasets"]}
    assert told == dict(world.connection.execute("SELECT service, count(*) FROM everything GROUP BY ALL").fetchall())


def test_columns(world):
    told = {c["name"]: c["type"] for c in world.cairn.get("columns", dataset="__all__")["columns"]}
    words = {"VARCHAR": "string", "BIGINT": "integer", "DOUBLE": "float", "BOOLEAN": "boolean"}
    for name, kind in spans.TYPES.items():
        if "." in name:
            assert told[name] == words[kind], name
    assert told["duration_ms"] == "float"


def test_the_slowest_traces(world):
    found = world.cairn.get("traces", order="slowest", limit=10, start=world.start, end=world.end)["traces"]
    wanted = world.connection.execute("SELECT replace(trace_id::VARCHAR, '-', ''), (max(start_ns + duration_ns) - min(start_ns)) / 1e6 AS d FROM spans GROUP BY ALL ORDER BY d DESC LIMIT 10").fetchall()
    assert [t["trace_id"] for t in found] == [t for t, _ in wanted]
    assert [t["duration_ms"] for t in found] == pytest.approx([d for _, d in wanted])


def test_services(world):
    answer = world.cairn.get("services", start=world.start, end=world.end)
    told = {s["name"]: (s["events"], s["errors"]) for s in answer["services"]}
    spans_with_errors = dict(world.connection.execute("SELECT service, count(*) FILTER (WHERE status_code = 2) FROM spans GROUP BY ALL").fetchall())
    assert {name: errors for name, (_, errors) in told.items()} == spans_with_errors
    for line in answer["series"]["services"]:
        steps = list(zip(line["p95_ms"], line["p99_ms"], strict=True))
        assert len(steps) == answer["series"]["count"] and all((p95 is None) == (p99 is None) and (p95 is None or p99 >= p95) for p95, p99 in steps)
        assert any(p95 is not None and p99 > p95 for p95, p99 in steps), line["name"]


def test_the_same_answers_after_a_restart(world):
    """Runs last in this file: from here on the events come from the journal or from segments."""
    world.cairn.restart()
    for name in NAMES:
        world.check(name)
    for ours, sql in FILTERS.values():
        assert world.count(ours) == world.sql(sql)
