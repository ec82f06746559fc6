"""A naive row engine: just enough of docs/api.md to draw real pictures from the made-up rows."""
import math

OPS = {
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b,
    ">": lambda a, b: a is not None and a > b, ">=": lambda a, b: a is not None and a >= b,
    "<": lambda a, b: a is not None and a < b, "<=": lambda a, b: a is not None and a <= b,
    "starts-with": lambda a, b: str(a or "").startswith(b), "does-not-start-with": lambda a, b: not str(a or "").startswith(b),
    "ends-with": lambda a, b: str(a or "").endswith(b), "does-not-end-with": lambda a, b: not str(a or "").endswith(b),
    "contains": lambda a, b: b in str(a or ""), "does-not-contain": lambda a, b: b not in str(a or ""),
    "exists": lambda a, b: a is not None, "does-not-exist": lambda a, b: a is None,
    "in": lambda a, b: a in b, "not-in": lambda a, b: a not in b,
}


class Wrong(Exception):
    def __init__(self, text, field=None, status=400):
        super().__init__(text)
        self.field, self.status = field, status


def matches(event, filters, combination="AND"):
    if not filters:
        return True
    tests = (one(event, f, i) for i, f in enumerate(filters))
    return any(tests) if combination == "OR" else all(tests)


def one(event, f, index):
    if f.get("op") not in OPS:
        raise Wrong(f"There is no operator {f.get('op')!r}.", f"filters[{index}].op")
    try:
        return OPS[f["op"]](event.get(f["column"]), f.get("value"))
    except TypeError:
        raise Wrong(f"{f['column']} is text and cannot be compared with {f.get('value')!r}.", f"filters[{index}].value") from None


def kind_of(value):
    return "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "float" if isinstance(value, float) else "string"


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))] if values else None


def name_of(c):
    return f"{c['op']}({c['column']})" if c.get("column") else c["op"]


def calculate(c, rows, seconds):
    op = c["op"]
    if op == "COUNT":
        return len(rows)
    values = [r[1][c["column"]] for r in rows if c.get("column") in r[1]] if c.get("column") else []
    if op == "CONCURRENCY":
        return round(sum(r[1]["duration_ms"] for r in rows) / 1000 / max(1, seconds), 2)
    if op == "COUNT_DISTINCT":
        return len(set(values))
    numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if values and not numbers:
        raise Wrong(f"{op} needs numbers, and {c['column']} holds text.", "calculations")
    if not numbers:
        return None
    plain = {"SUM": sum, "AVG": lambda v: sum(v) / len(v), "MIN": min, "MAX": max}
    if op in plain:
        return plain[op](numbers)
    if op.startswith("RATE_"):
        return plain[op[5:]](numbers) / 60
    if op.startswith("P") and op[1:].isdigit():
        return quantile(numbers, float("0." + op[1:]))
    raise Wrong(f"There is no calculation {op!r}.", "calculations[0].op")


def heat(rows, column, start, step, count):
    values = [r[1][column] for r in rows if isinstance(r[1].get(column), (int, float))]
    positive = [v for v in values if v > 0]
    if not positive:
        return {"start_us": int(start * 1e6), "step_us": int(step * 1e6), "scale": "log", "edges": [0.1, 1], "counts": [[0]] * count}
    per = 14
    low, high = math.floor(math.log10(min(positive)) * per), math.ceil(math.log10(max(positive)) * per) + 1
    edges = [round(10 ** (k / per), 6) for k in range(low, high + 1)]
    counts = [[0] * (len(edges) - 1) for _ in range(count)]
    for at, event in rows:
        v = event.get(column)
        b = int((at - start) / step)
        if isinstance(v, (int, float)) and v > 0 and 0 <= b < count:
            counts[b][min(len(edges) - 2, max(0, int(math.log10(v) * per - low)))] += 1
    return {"start_us": int(start * 1e6), "step_us": int(step * 1e6), "scale": "log", "edges": edges, "counts": counts}


def run_query(rows, q, info):
    start, end = q["start_time"], q["end_time"]
    seconds = end - start
    step = q.get("granularity") or next(s for s in (1, 5, 10, 15, 30, 60, 300, 900, 3600, 10800, 86400, 604800) if seconds / s <= 130)
    start -= start % step
    count = max(1, math.ceil((end - start) / step))
    hit = [r for r in rows if q["start_time"] <= r[0] < end and matches(r[1], q.get("filters"), q.get("filter_combination", "AND"))]
    by = q.get("breakdowns") or []
    calcs = [c for c in q.get("calculations") or [{"op": "COUNT"}] if c["op"] != "HEATMAP"]
    groups = {}
    for r in hit:
        groups.setdefault(tuple(r[1].get(b) for b in by), []).append(r)
    results = [(key, [calculate(c, rs, seconds) for c in calcs], rs) for key, rs in groups.items()]
    names = [name_of(c) for c in calcs]
    for h in q.get("havings") or []:
        at = names.index(name_of({"op": h["calculate_op"], "column": h.get("column")}))
        results = [r for r in results if r[1][at] is not None and OPS[h["op"]](r[1][at], h["value"])]
    orders = q.get("orders") or ([{**calcs[0], "order": "descending"}] if calcs else [])
    for o in reversed(orders):
        if o.get("op"):
            at = names.index(name_of(o))
            results.sort(key=lambda r: (r[1][at] is not None, r[1][at] or 0), reverse=o.get("order") == "descending")
        else:
            at = by.index(o["column"])
            results.sort(key=lambda r: str(r[0][at]), reverse=o.get("order") == "descending")
    results = results[:q.get("limit") or 100]
    types = {b: next((kind_of(r[1][b]) for r in hit if b in r[1]), "string") for b in by}
    columns = [{"name": b, "kind": "breakdown", "type": types[b]} for b in by] + \
              [{"name": n, "kind": "calculation", "type": "integer" if n.startswith("COUNT") else "float"} for n in names]
    data = [[r[0][i] for r in results] for i in range(len(by))] + [[r[1][i] for r in results] for i in range(len(names))]
    series = []
    for index, (_, _, rs) in enumerate(results):
        buckets = [[] for _ in range(count)]
        for r in rs:
            buckets[min(count - 1, int((r[0] - start) / step))].append(r)
        series.append({"row": index, **{n: [calculate(c, b, step) if b or c["op"] == "COUNT" else None for b in buckets] for n, c in zip(names, calcs)}})
    heatmaps = {name_of(c): heat(hit, c["column"], start, step, count) for c in q.get("calculations") or [] if c["op"] == "HEATMAP"}
    return {"columns": columns, "data": data, "total": {n: calculate(c, hit, seconds) for n, c in zip(names, calcs)},
            "series": {"start_us": int(start * 1e6), "step_us": int(step * 1e6), "count": count, "values": series},
            "heatmaps": heatmaps, "info": {**info, "rows_scanned": len(rows), "rows_matched": len(hit), "granularity_seconds": step}}


def bubble_up(rows, body, info):
    q, sel = body["query"], body["selection"]
    hit = [r for r in rows if q["start_time"] <= r[0] < q["end_time"] and matches(r[1], q.get("filters"), q.get("filter_combination", "AND"))]
    box = sel.get("box")

    def chosen(r):
        if box and not (box["start"] <= r[0] < box["end"] and r[1].get(box["column"]) is not None and box["min"] <= r[1][box["column"]] < box["max"]):
            return False
        return matches(r[1], sel.get("filters"), sel.get("filter_combination", "AND"))

    inside, outside = [], []
    for r in hit:
        (inside if chosen(r) else outside).append(r[1])
    names = sorted({k for e in inside[:400] + outside[:800] for k in e} - {"trace.trace_id", "trace.span_id", "trace.parent_id"})
    columns = [c for c in (compare(n, inside, outside) for n in names) if c] if inside and outside else []
    columns.sort(key=lambda c: -c["score"])
    return {"selection": {"events": len(inside)}, "baseline": {"events": len(outside)}, "columns": columns[:body.get("limit", 20)],
            "info": {**info, "rows_scanned": len(rows), "rows_matched": len(hit)}}


def compare(name, inside, outside):
    a, b = [e.get(name) for e in inside], [e.get(name) for e in outside]
    known = [v for v in a + b if v is not None]
    kind = kind_of(known[0]) if known else "string"
    present = {"selection_present": sum(v is not None for v in a) / len(a), "baseline_present": sum(v is not None for v in b) / len(b)}
    if kind in ("integer", "float") and len(set(known)) > 12:
        low, high = min(known), max(known)
        step = (high - low) / 16 or 1
        edges = [low + i * step for i in range(17)]
        hist = [[0] * 16, [0] * 16]
        for side, values in enumerate((a, b)):
            for v in values:
                if v is not None:
                    hist[side][min(15, int((v - low) / step))] += 1
        share = [[v / max(1, sum(h)) for v in h] for h in hist]
        score = sum(abs(x - y) for x, y in zip(*share)) / 2
        return {"name": name, "type": kind, "score": score, **present, "histogram": {"edges": edges, "selection": hist[0], "baseline": hist[1]}}
    tally = {}
    for side, values in enumerate((a, b)):
        for v in values:
            tally.setdefault(v, [0, 0])[side] += 1
    values = [{"value": v, "selection": x, "baseline": y, "selection_share": x / len(a), "baseline_share": y / len(b)} for v, (x, y) in tally.items()]
    values.sort(key=lambda v: -abs(v["selection_share"] - v["baseline_share"]))
    if len(values) < 2:
        return None
    return {"name": name, "type": kind, "score": sum(abs(v["selection_share"] - v["baseline_share"]) for v in values) / 2, **present, "values": values[:20]}
