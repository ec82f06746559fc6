"""The map of the made-up traffic: enough of the server's answer for the page, by going through parents and children."""
import collections
import re

import mock_engine


STEP = 1800  # s, of the series


def outcome(row):
    status = row["fields"].get("http.response.status_code")
    return "fault" if row["error"] else "throttle" if status == 429 else "error" if isinstance(status, int) and 400 <= status < 500 else "ok"


class Part:
    def __init__(self):
        self.counts, self.lengths, self.series = collections.Counter(), [], {}

    def add(self, row):
        self.counts[outcome(row)] += 1
        self.lengths.append(row["ms"])
        bucket = self.series.setdefault(int(row["start"] // STEP * STEP * 1e6), [0, 0, 0])
        bucket[0] += 1
        bucket[1] += outcome(row) in ("error", "throttle")
        bucket[2] += outcome(row) == "fault"

    def answer(self, has_series):
        lengths = sorted(self.lengths)
        found = {k: self.counts[k] for k in ("ok", "error", "throttle", "fault")} | {"total": len(lengths)}
        for name, q in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99)):
            found[name] = lengths[min(len(lengths) - 1, int(len(lengths) * q))] if lengths else None
        return found | {"histogram": [[ms, 1] for ms in lengths[::max(1, len(lengths) // 400)]]} | (
            {"series": [[start, *counts] for start, counts in sorted(self.series.items())]} if has_series else {})


def inside(rows, start, end):
    return [r for r in rows if start <= r["start"] < end]


def wanted(rows, text):
    """Traces that a filter means, as far as the mock understands: service("x"), fault, and durations in braces."""
    if text and re.search(r"\bsad\b", text):
        raise mock_engine.Wrong("Invalid filter expression at column 1: 'sad' is no keyword", field="filter")
    traces = collections.defaultdict(list)
    for row in rows:
        traces[row["trace"]].append(row)
    for name in re.findall(r'service\((?:id\(name: )?"([^"]+)"', text or ""):
        bounds = re.search(r"responsetime >= ([\d.]+) AND responsetime <= ([\d.]+)", text)
        low, high = (float(bounds[1]) * 1000, float(bounds[2]) * 1000) if bounds else (0, float("inf"))
        traces = {t: rs for t, rs in traces.items() if any(r["service"] == name and low <= r["ms"] <= high for r in rs)}
    if re.search(r"(^|AND )fault", text or ""):
        traces = {t: rs for t, rs in traces.items() if any(r["parent"] is None and r["error"] for r in rs)}
    return traces


def graph(rows, start, end, params, info):
    traces = wanted(inside(rows, start, end), params.get("filter"))
    nodes, edges, roots = collections.defaultdict(Part), collections.defaultdict(Part), set()
    for spans in traces.values():
        known = {s["id"]: s for s in spans}
        for s in spans:
            parent = known.get(s["parent"])
            if parent and parent["service"] == s["service"]:
                continue
            nodes[s["service"]].add(s)
            if parent:
                edges[(parent["service"], s["service"])].add(s)
            elif s["parent"] is None:
                roots.add(s["service"])
                edges[(None, s["service"])].add(s)
    names = sorted(nodes)
    inferred = {n for n in names if n.endswith("-db")}
    place, has_series = {n: i for i, n in enumerate(names)}, params.get("series") == "true"
    return {"start_us": int(start * 1e6), "end_us": int(end * 1e6), "traces": len(traces), "traces_cut": "cut" in (params.get("filter") or ""),
            **({"step_us": STEP * 10**6} if has_series else {}),
            "nodes": [{"name": n, "type": "Database::SQL" if n in inferred else None, "inferred": n in inferred, "root": n in roots, **nodes[n].answer(has_series)} for n in names],
            "edges": [{"source": None if a is None else place[a], "target": place[b], "queued": b == "notify", "aliases": [], **p.answer(has_series),
                       **({"ages": [[40.0, 3]]} if b == "notify" else {})} for (a, b), p in sorted(edges.items(), key=lambda e: (e[0][0] or "", e[0][1]))],
            "info": info}


def traces(rows, start, end, params):
    found = []
    for trace, spans in wanted(inside(rows, start, end), params.get("filter")).items():
        root = next((s for s in spans if s["parent"] is None), spans[0])
        found.append({"trace_id": trace, "xray_id": f"1-{trace[:8]}-{trace[8:]}", "start_us": int(root["start"] * 1e6), "duration_ms": root["ms"], "response_ms": root["ms"],
                      "service": root["service"], "name": root["service"], "method": root["fields"].get("http.request.method"), "url": root["fields"].get("http.route"),
                      "status": root["fields"].get("http.response.status_code"), "user": None, "fault": root["error"], "error": False, "throttle": False, "partial": False,
                      "documents": len(spans), "services": sorted({s["service"] for s in spans})})
    found.sort(key=lambda t: (-t["start_us"], t["trace_id"]))
    after, limit = int(params.get("after") or 0), int(params.get("limit") or 50)
    return {"traces": found[after:after + limit], "looked_at": len(found[after:after + limit]), "next": str(after + limit) if len(found) > after + limit else None}
