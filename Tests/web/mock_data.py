"""Made-up traffic for the mock: twelve services of a shop, one slow cohort, one trace of 10,000 spans, and the odd cases."""
import random
import time

SERVICES = ["edge", "checkout-api", "payments", "cart-api", "catalog", "inventory", "pricing", "auth", "orders-db",
            "shipping", "search", "notify"]
BIG_TRACE = "b16" + "0" * 26 + "b16"
ODD_TRACE = "0dd" + "0" * 26 + "0dd"
ROUTES = {
    "POST /checkout": ["checkout-api", "payments", "cart-api", "orders-db", "inventory", "notify"],
    "GET /products": ["catalog", "search", "pricing"],
    "GET /cart": ["cart-api", "pricing", "orders-db"],
    "POST /login": ["auth", "orders-db"],
    "GET /shipping": ["shipping", "inventory"],
}
XSS = "<script>window.__xss = 1</script><img src=x onerror=\"window.__xss = 1\">"


def hex_id(rng, digits):
    return f"{rng.getrandbits(digits * 4):0{digits}x}"


def span(trace, ident, parent, service, name, kind, start, length, error=False, message=None, **fields):
    return {"trace": trace, "id": ident, "parent": parent, "service": service, "name": name, "kind": kind,
            "start": start, "ms": length, "error": error, "message": message, "fields": fields}


def make_trace(rng, start, slow_from):
    trace, route = hex_id(rng, 32), rng.choices(list(ROUTES), [5, 6, 4, 2, 1])[0]
    slow = route == "POST /checkout" and start > slow_from and rng.random() < 0.16
    provider = "adyen" if slow and rng.random() < 0.94 else rng.choice(["stripe", "stripe", "adyen", "paypal"])
    version = "2.14.0" if slow or (start > slow_from and rng.random() < 0.4) else "2.13.4"
    mode = "sync" if slow else rng.choices(["async", "sync", None], [80, 3, 17])[0]
    common = {"http.route": route.split(" ")[1], "http.request.method": route.split(" ")[0], "app.version": version,
              "cloud.region": rng.choices(["eu-west-1", "eu-west-2", "us-east-1"], [5, 3, 2])[0],
              "user.tier": rng.choices(["free", "plus", "pro"], [70, 22, 8])[0], "cart.items": rng.randint(1, 24)}
    if route == "POST /checkout":
        common["payment.provider"] = provider
    if mode:
        common["fraud.mode"] = mode
    fails = rng.random() < (0.05 if slow else 0.006)
    total = rng.lognormvariate(5.7, 0.38) if not slow else rng.lognormvariate(7.85, 0.2)
    spans, root = [], hex_id(rng, 16)
    code = 502 if fails else 200
    spans.append(span(trace, root, None, "edge", route, "server", start, total, fails, "upstream failed" if fails else None,
                      **common, **{"http.response.status_code": code}))
    at, parent = start + total * 0.02 / 1000, root
    for depth, service in enumerate(ROUTES[route]):
        part = total * (0.9 if depth == 0 else 0.72 if slow and service == "payments" else rng.uniform(0.04, 0.12))
        ident, kind = hex_id(rng, 16), "client" if service.endswith("db") else "server"
        name = "SELECT orders" if service.endswith("db") else f"{service} {route}"
        wrong = fails and service == ROUTES[route][1 if len(ROUTES[route]) > 1 else 0]
        spans.append(span(trace, ident, parent, service, name, kind, at, part, wrong, "provider timed out" if wrong else None,
                          **common, **{"host.name": f"ip-10-2-{depth}-{rng.randint(1, 9)}"}))
        if depth == 0:
            parent = ident
        else:
            at += part / 1000
    return spans


def big_trace(start):
    rng, spans = random.Random(16), []
    spans.append(span(BIG_TRACE, f"{1:016x}", None, "edge", "POST /nightly-import", "server", start, 60000, True, "3 parts failed"))
    stack = [(1, 0, start, 60000.0)]
    count = 1
    while count < 10000:
        parent, depth, at, length = stack[rng.randrange(max(0, len(stack) - 40), len(stack))]
        count += 1
        offset = rng.uniform(0, 0.8) * length
        part = rng.uniform(0.3, 0.95) * (length - offset)
        service = SERVICES[(depth + rng.randint(0, 3)) % 12]
        spans.append(span(BIG_TRACE, f"{count:016x}", f"{parent:016x}", service, f"{rng.choice(['load', 'store', 'map', 'check'])} part {count}",
                          "internal", at + offset / 1000, part, rng.random() < 0.003, None, part=count))
        if depth < 9:
            stack.append((count, depth + 1, at + offset / 1000, part))
    return spans


def odd_trace(start):
    rows = [span(ODD_TRACE, "a" * 16, None, "edge", "GET /odd", "server", start, 120.0)]
    rows.append(span(ODD_TRACE, "b" * 16, "a" * 16, "naïve-服務 🚀", XSS, "client", start + 0.01, 300.0, True, XSS,
                     **{"payload": XSS, "long.value": "lorem ipsum dolor " * 700, "über.schlüssel": "değer ✓", "empty": "",
                        "flag": True, "none.at.all": False, "ratio": 0.1 + 0.2, "big": 9007199254740991, "<b>bold</b>": "name with tags"}))
    rows.append(span(ODD_TRACE, "c" * 16, "f" * 16, "notify", "consume late message", "consumer", start + 0.05, 20.0))
    rows.append(span(ODD_TRACE, "d" * 16, "a" * 16, "cart-api", "instant", "internal", start + 0.02, 0.0))
    rows.append(span(ODD_TRACE, "e" * 16, "b" * 16, "cart-api", "a name that goes on and on, " * 20, "internal", start - 0.004, 8.0))
    return rows


def generate(seed=7, traces=2600):
    rng, now = random.Random(seed), time.time()
    rows = []
    for _ in range(traces):
        rows.extend(make_trace(rng, now - rng.random() * 3550 - 20, now - 2300))
    rows.extend(big_trace(now - 7200))  # not in the last hour, whose pictures it would fill
    rows.extend(odd_trace(now - 300))
    return rows


def flat(row):
    """A span as the wide event that queries see."""
    out = dict(row["fields"])
    out.update({"service.name": row["service"], "name": row["name"], "duration_ms": row["ms"], "error": row["error"],
                "trace.trace_id": row["trace"], "trace.span_id": row["id"], "span.kind": row["kind"], "is_root": row["parent"] is None})
    if row["parent"]:
        out["trace.parent_id"] = row["parent"]
    return {k: v for k, v in out.items() if v is not None}


def figures(now):
    """The server's own figures at a time: what grows, grows with it."""
    beat = int(now * 10) % 7
    counters = {"cairn_ingest_events_total": {"door": "otlp-http", "signal": "traces"}, "cairn_ingest_received_bytes_total": {"door": "otlp-http"},
                "process_cpu_seconds_total": {}}
    found = [{"name": name, "help": "Counted.", "type": "counter", "samples": [{"labels": labels, "value": (now % 10_000) * size}]}
             for (name, labels), size in zip(counters.items(), (812, 90_000, 0.31))]
    found += [{"name": "cairn_refusals_total", "help": "Refused.", "type": "counter", "samples": [
        {"labels": {"door": "otlp-http", "reason": "too_large"}, "value": 3}, {"labels": {"door": "none", "reason": "not_found"}, "value": 12}]},
        {"name": "cairn_store_refusals_total", "help": "Refused.", "type": "counter", "samples": [{"labels": {"cause": "disk"}, "value": 0}]}]
    gauges = {"cairn_events": 5_400_000, "cairn_head_events": 41_000, "cairn_segments": 7, "cairn_segment_bytes": 151_000_000, "cairn_column_cache_bytes": 88_000_000,
              "cairn_journal_waiting_requests": beat, "cairn_heads_waiting": 1, "cairn_held_request_bytes": 120_000, "cairn_in_flight_bytes": 0, "cairn_queries_running": 1,
              "cairn_queries_waiting": 0, "cairn_connections_open": 12 + beat, "process_resident_memory_bytes": 210_000_000 + 1_000_000 * beat, "process_open_fds": 61,
              "process_max_fds": 20_000, "process_start_time_seconds": 1_700_000_000}
    found += [{"name": name, "help": "Now.", "type": "gauge", "samples": [{"labels": {}, "value": value}]} for name, value in gauges.items()]
    many = int(now % 100_000)
    found += [{"name": name, "help": "Took.", "type": "histogram", "bounds": [0.001, 0.01, 0.1, 1], "counts": [many * 3, many * 5, many, 2, 0], "sum": 1.0}
              for name in ("cairn_ingest_duration_seconds", "cairn_journal_sync_seconds", "cairn_query_duration_seconds", "cairn_seal_seconds", "cairn_merge_seconds")]
    return found
