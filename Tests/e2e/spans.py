# SPDX-License-Identifier: Apache-2.0
"""A small deterministic data set with the shape of the benchmark's: twelve services' spans with the same fields, a hidden slow cohort, and
awkward values (empty and long text, other scripts, numbers that look like text, fields on few rows)."""
import random

import otlp

SERVICES = ["backend-flask", "gateway", "auth", "feed", "notify", "worker"]
ROUTES = ["/api/activities/home", "/api/activities/@<handle>", "/api/messages", "/api/users/<handle>", "/café/☕"]
STATEMENTS = ["SELECT count(*) FROM public.notifications n WHERE n.user_uuid = $1", "SELECT 1", "GET timeline:{user}", "",
              "INSERT INTO public.activities (user_uuid, message) VALUES ($1, $2)"]
REGIONS = ["us-east-1", "us-east-1", "eu-west-1", "ca-central-1"]
VERSIONS = ["1.4.0", "1.4.1", "1.4.1", "1.4.1", "1.4.2"]
TYPES = {
    "trace_id": "UUID", "span_id": "UBIGINT", "name": "VARCHAR", "start_ns": "BIGINT", "duration_ns": "BIGINT", "service": "VARCHAR", "status_code": "TINYINT",
    "k8s.pod.name": "VARCHAR", "k8s.namespace.name": "VARCHAR", "cloud.region": "VARCHAR", "cloud.availability_zone": "VARCHAR",
    "deployment.environment.name": "VARCHAR", "host.name": "VARCHAR", "user.id": "VARCHAR", "app.version": "VARCHAR", "app.cache_hit": "BOOLEAN",
    "app.payload_bytes": "BIGINT", "app.score": "DOUBLE", "app.shard": "BIGINT", "http.route": "VARCHAR", "http.request.method": "VARCHAR",
    "http.response.status_code": "BIGINT", "db.statement": "VARCHAR", "db.system": "VARCHAR", "app.rare": "VARCHAR",
    "exception.type": "VARCHAR", "exception.message": "VARCHAR", "exception.stacktrace": "VARCHAR",
}
ON_THE_RESOURCE = ["k8s.pod.name", "k8s.namespace.name", "cloud.region", "cloud.availability_zone", "deployment.environment.name", "host.name"]
ON_THE_SPAN = [c for c in TYPES if "." in c and c not in ON_THE_RESOURCE and not c.startswith("exception.")]


def generate(count, start_ns, seed=42, window_ns=3600 * 10**9):
    """`count` spans as mappings column > value, traces of 1 to 30 spans, one after the other over the window."""
    rng, made = random.Random(seed), []
    while len(made) < count:
        trace, at = rng.getrandbits(128), start_ns + window_ns * len(made) // count
        region, version, user = rng.choice(REGIONS), rng.choice(VERSIONS), f"user-{int(3000 * rng.random() ** 2.2):05}"
        slow = 40.0 if (region, version) == ("ca-central-1", "1.4.2") else 1.0
        for _ in range(min(rng.randint(1, 30), count - len(made))):
            made.append(make_span(rng, trace, at + rng.randrange(10**9), region, version, user, slow))
    return made


def make_span(rng, trace, at, region, version, user, slow):
    service = rng.choice(SERVICES)
    pod = rng.randrange(3)
    row = dict.fromkeys(TYPES)
    row.update({
        "trace_id": trace, "span_id": rng.getrandbits(64) | 1, "start_ns": at, "duration_ns": 1000 + int(rng.lognormvariate(3, 1) * slow * 1e6), "service": service,
        "status_code": 0, "k8s.pod.name": f"{service}-{pod}", "k8s.namespace.name": "cruddur", "cloud.region": region, "cloud.availability_zone": region + "abc"[pod],
        "deployment.environment.name": "production", "host.name": f"node-{rng.randrange(9)}", "user.id": user if rng.random() < 0.95 else None,
        "app.version": version, "app.cache_hit": rng.random() < 0.7, "app.payload_bytes": int(rng.lognormvariate(6.5, 1.1)), "app.score": round(rng.random(), 6),
        "app.shard": rng.choice([-1, 0, 7, 2**40])})
    kind = rng.random()
    if kind < 0.4:
        row.update({"name": "GET", "http.route": rng.choice(ROUTES), "http.request.method": "GET", "http.response.status_code": rng.choice([200, 200, 200, 404])})
    elif kind < 0.8:
        row.update({"name": "query", "db.statement": rng.choice(STATEMENTS), "db.system": "postgresql"})
    else:
        row.update({"name": "x" * rng.randrange(1, 400), "app.rare": rng.choice(["a", "42", "4.5", "true"]) if rng.random() < 0.05 else None})
    if rng.random() < 0.01:
        row.update({"status_code": 2, "exception.type": "KeyError", "exception.message": f"'key' ({row['k8s.pod.name']})", "exception.stacktrace": "Traceback\n  at x\n" * 9})
    return row


def bodies(made, size=200):
    """The spans as OTLP requests, grouped by resource as a collector sends them."""
    for first in range(0, len(made), size):
        request, groups = otlp.REQUESTS["traces"](), {}
        for row in made[first:first + size]:
            resource = tuple(row[c] for c in ["service", *ON_THE_RESOURCE])
            if resource not in groups:
                group = request.resource_spans.add()
                group.resource.attributes.extend(otlp.attributes(dict(zip(["service.name", *ON_THE_RESOURCE], resource))))
                groups[resource] = group.scope_spans.add().spans
            add(groups[resource], row)
        yield request.SerializeToString()


def add(group, row):
    span = group.add(trace_id=row["trace_id"].to_bytes(16, "big"), span_id=row["span_id"].to_bytes(8, "big"), name=row["name"], kind=2,
                     start_time_unix_nano=row["start_ns"], end_time_unix_nano=row["start_ns"] + row["duration_ns"],
                     attributes=otlp.attributes({c: row[c] for c in ON_THE_SPAN if row[c] is not None}))
    if row["status_code"]:
        span.status.code = row["status_code"]
        exception = {c: row[c] for c in ("exception.type", "exception.message", "exception.stacktrace")}
        span.events.add(name="exception", time_unix_nano=row["start_ns"] + row["duration_ns"], attributes=otlp.attributes(exception))


def load(connection, made):
    """The spans as DuckDB's table `spans`."""
    import pyarrow

    def column(name):
        values = [row[name] for row in made]
        return [f"{v:032x}" for v in values] if name == "trace_id" else values

    kinds = {"VARCHAR": pyarrow.string(), "BIGINT": pyarrow.int64(), "UBIGINT": pyarrow.uint64(), "DOUBLE": pyarrow.float64(), "BOOLEAN": pyarrow.bool_(),
             "TINYINT": pyarrow.int8(), "UUID": pyarrow.string()}
    table = pyarrow.table({name: pyarrow.array(column(name), kinds[TYPES[name]]) for name in TYPES})
    connection.register("made", table)
    columns = ", ".join(f'"{name}"::{kind} AS "{name}"' for name, kind in TYPES.items())
    connection.execute(f"CREATE TABLE spans AS SELECT {columns} FROM made")
