"""A stand-in for the server: the files of web/ under the server's strict policy, and docs/api.md answered from made-up rows.

    python3 Tests/web/mock.py [--port 8099] [--empty]

--empty starts with no event at all. POST /mock/arrive?signal=traces lets the first event of a kind arrive; POST /mock/reject adds a
rejection; POST /mock/fail?path=query&status=500 makes the next answer of that path an error. Those three exist in the mock only.
"""
import argparse
import collections
import json
import mimetypes
import pathlib
import re
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import mock_data
import mock_engine
import mock_map

WEB = pathlib.Path(__file__).resolve().parents[2] / "web"
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


class State:
    def __init__(self, empty):
        self.rows = [] if empty else mock_data.generate()
        self.events = [(r["start"], mock_data.flat(r)) for r in self.rows]
        self.signals = {d: {s: [0, 0, 0] for s in ("traces", "logs", "metrics")} for d in ("otlp-http", "otlp-grpc")}
        self.rejections, self.recent, self.failures, self.lock = [], [], {}, threading.Lock()
        self.requests = []
        if not empty:
            self.arrive("otlp-http", "traces", 120, "edge")
            self.reject()

    def arrive(self, door, signal, events, dataset):
        now = int(time.time() * 1e6)
        entry = self.signals[door][signal]
        entry[0] += 1
        entry[1] += events
        entry[2] = now
        self.recent.insert(0, {"us": now, "door": door, "signal": signal, "dataset": dataset, "events": events})
        del self.recent[50:]

    def reject(self):
        self.rejections.insert(0, {"last_us": int(time.time() * 1e6), "count": 2, "door": "otlp-http", "method": "POST", "path": "/v1/trace",
                                   "status": 404, "reason": "This path is /v1/traces.", "client": "curl/8.5"})
        self.rejections.append({"last_us": int(time.time() * 1e6) - 4000000, "count": 41, "door": "otlp-http", "method": "POST", "path": "/v1/logs",
                                "status": 415, "reason": "Content-Encoding lz4 is not known. Use gzip or zstd. <script>window.__xss = 1</script>",
                                "client": "OTel-OTLP-Exporter-Python/1.39"})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = None

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json; charset=utf-8"):
        data = body if isinstance(body, bytes) else json.dumps(body, allow_nan=False).encode()
        self.send_response(status)
        for key, value in {"Content-Type": kind, "Content-Length": str(len(data)), "Content-Security-Policy": POLICY,
                           "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}.items():
            self.send_header(key, value)
        try:
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the page went elsewhere

    def do_GET(self):
        self.route("GET", b"")

    def do_POST(self):
        self.route("POST", self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def route(self, method, body):
        url = urllib.parse.urlsplit(self.path)
        params = {k: v[-1] for k, v in urllib.parse.parse_qs(url.query, keep_blank_values=True).items()}
        try:
            if url.path.startswith("/ui/static/"):
                return self.static(url.path[len("/ui/static/"):])
            if url.path == "/" or url.path == "/ui" or url.path.startswith("/ui/"):
                return self.static("index.html")
            if url.path.startswith("/mock/"):
                return self.mock(url.path[6:], params)
            if url.path == "/v1/traces" and method == "POST":
                return self.take(json.loads(body))
            if url.path.startswith("/1/markers/"):
                return self.answer(200, [])
            if url.path.startswith("/api/cairn/"):
                path = url.path[len("/api/cairn/"):]
                self.state.requests.append((method, path, params, body.decode("utf-8", "replace")))
                failure = self.state.failures.pop(path, None)
                if failure:
                    raise mock_engine.Wrong(*failure)
                return self.answer(200, self.api(method, path, params, json.loads(body) if body else None))
            self.answer(404, {"error": f"There is nothing at {url.path}."})
        except mock_engine.Wrong as wrong:
            self.answer(wrong.status, {"error": str(wrong), **({"field": wrong.field} if wrong.field else {})})

    def static(self, name):
        path = (WEB / name).resolve()
        if WEB not in path.parents or not path.is_file():
            return self.answer(404, {"error": f"There is no file {name}."})
        self.answer(200, path.read_bytes(), f"{mimetypes.guess_type(path.name)[0] or 'application/octet-stream'}; charset=utf-8")

    def mock(self, name, params):
        if name == "arrive":
            self.state.arrive(params.get("door", "otlp-http"), params.get("signal", "traces"), 14, params.get("dataset", "edge"))
        elif name == "reject":
            self.state.reject()
        elif name == "fail":
            self.state.failures[params["path"]] = (params.get("error", "The disk is full: 12 kB are free."), params.get("field"), int(params.get("status", 500)))
        elif name == "requests":
            return self.answer(200, self.state.requests[-200:])
        self.answer(200, {})

    def take(self, body):
        for rs in body["resourceSpans"]:
            service = next(a["value"]["stringValue"] for a in rs["resource"]["attributes"] if a["key"] == "service.name")
            spans = [s for ss in rs["scopeSpans"] for s in ss["spans"]]
            for s in spans:
                start, end = int(s["startTimeUnixNano"]) / 1e9, int(s["endTimeUnixNano"]) / 1e9
                row = mock_data.span(s["traceId"], s["spanId"], s.get("parentSpanId"), service, s["name"], "server", start, (end - start) * 1000,
                                     **{a["key"]: a["value"]["stringValue"] for a in s.get("attributes", [])})
                self.state.rows.append(row)
                self.state.events.append((start, mock_data.flat(row)))
            self.state.arrive("otlp-http", "traces", len(spans), service)
        self.answer(200, {"partialSuccess": {}})

    # docs/api.md

    def info(self, **more):
        return {"elapsed_ms": 3.1, "rows_scanned": len(self.state.events), "rows_matched": 0, "segments_scanned": 4, "segments_pruned": 9,
                "mean_sample_rate": 1.0, "granularity_seconds": 60, "truncated": False, "unavailable_rows": 0, **more}

    def api(self, method, path, params, body):
        rows, now = self.state.events, time.time()
        self.end = float(params.get("end") or now)
        self.start = float(params.get("start") or self.end - float(params.get("range") or 7200))
        if path == "status":
            port = self.server.server_address[1]
            return {"version": "0.1.0", "environment": "default", "open": True, "started_us": int((now - 4000) * 1e6), "pid": 1,
                    "listeners": {"http": f"127.0.0.1:{port}", "otlp_http": "127.0.0.1:4318", "otlp_grpc": "127.0.0.1:4317"},
                    "store": {"events": len(rows), "head_events": 0, "segments": 4, "disk_bytes": 12345678, "memory_bytes": 1,
                              "ingest_state": "accepting", "ingest_reason": None, "quarantined": []}}
        if path == "errors":  # a trace asks for its items; the mock has none
            return {"total": 0, "items": []}
        if path == "find":
            having = collections.Counter(k for _, e in rows for k, v in e.items() if v == params["text"])
            span = {"first_us": int((now - 600) * 1e6), "last_us": int((now - 60) * 1e6)}
            return {"columns": [{"name": k, "trace": None, "events": n, "traces": n, **span} for k, n in having.most_common(6)], "lines": {"events": 0, "traces": 0, **span}}
        if path == "deploys":
            return {"deploys": []}
        if path == "datasets":
            seen = collections.OrderedDict()
            for at, e in rows:
                d = seen.setdefault(e["service.name"], [0, at, at])
                seen[e["service.name"]] = [d[0] + 1, min(d[1], at), max(d[2], at)]
            return {"datasets": [{"name": k, "events": c, "first_us": int(a * 1e6), "last_us": int(b * 1e6)} for k, (c, a, b) in seen.items()]}
        if path == "columns":
            found = {}
            for _, e in self.of(params.get("dataset")):
                for k, v in e.items():
                    found.setdefault(k, [mock_engine.kind_of(v), 0])[1] += 1
            return {"columns": [{"name": k, "type": t, "events": n} for k, (t, n) in sorted(found.items())]}
        if path == "query":
            return mock_engine.run_query(self.of(body["dataset"]), body["query"], self.info())
        if path == "bubbleup":
            return mock_engine.bubble_up(self.of(body["dataset"]), body, self.info())
        if path == "services":
            return self.services()
        if path == "traces":
            return self.traces(params)
        if path == "server":
            return {"us": int(now * 1e6), "figures": mock_data.figures(now)}
        if path == "map":
            return mock_map.graph(self.state.rows, self.start, self.end, params, self.info())
        if path == "map/traces":
            return mock_map.traces(self.state.rows, self.start, self.end, params)
        if path == "map/insights":
            return {"insights": [{"id": "1", "cause": {"name": "payments", "type": None}, "start_us": int((now - 600) * 1e6), "faults": 38, "total": 60,
                                  "client_faults": 40, "client_total": 188}]}
        if path == "map/groups":
            return {"groups": [{"name": "Default", "filter": "", "insights": True}, {"name": "failed", "filter": "fault", "insights": False}]}
        if path == "doors":
            return {"doors": [{"id": d, "name": n, "address": a, "signals": [{"id": s, "requests": r, "events": e, "last_us": u or None}
                                                                             for s, (r, e, u) in self.state.signals[d].items()]}
                              for d, n, a in (("otlp-http", "OpenTelemetry over HTTP", "127.0.0.1:4318"),
                                              ("otlp-grpc", "OpenTelemetry over gRPC", "127.0.0.1:4317"))],
                    "rejections": self.state.rejections, "recent": self.state.recent}
        m = re.fullmatch(r"traces/([0-9a-fA-F-]+)(?:/spans/([0-9a-f]+))?", path)
        if m:
            return self.trace(m[1], m[2], params.get("fields"))
        raise mock_engine.Wrong(f"There is nothing at /api/cairn/{path}.", status=404)

    def of(self, dataset):
        if dataset in (None, "", "__all__"):
            return self.state.events
        return [r for r in self.state.events if r[1]["service.name"] == dataset]

    def services(self):
        step, span = 60, self.end - self.start
        step = next(s for s in (1, 5, 15, 60, 300, 900, 3600, 10800, 86400) if span / s <= 130)
        count, groups = int(span / step) + 1, {}
        for at, e in self.state.events:
            if self.start <= at < self.end:
                groups.setdefault(e["service.name"], []).append((at, e))
        services, series = [], []
        for name, events in groups.items():
            reqs = [r for r in events if r[1]["span.kind"] in ("server", "consumer") or r[1]["is_root"]] or events
            ms, errors = [r[1]["duration_ms"] for r in reqs], sum(r[1]["error"] for r in reqs)
            services.append({"name": name, "events": len(events), "requests": len(reqs), "rate_per_s": len(reqs) / span, "errors": errors,
                             "error_rate": errors / len(reqs), **{f"p{q}_ms": mock_engine.quantile(ms, q / 100) for q in (50, 95, 99)}})
            buckets = [[] for _ in range(count)]
            for at, e in reqs:
                buckets[int((at - self.start) / step)].append(e)
            series.append({"name": name, "requests": [len(b) for b in buckets], "errors": [sum(e["error"] for e in b) for b in buckets],
                           **{f"p{q}_ms": [mock_engine.quantile([e["duration_ms"] for e in b], q / 100) for b in buckets] for q in (95, 99)}})
        return {"services": services, "series": {"start_us": int(self.start * 1e6), "step_us": step * 1000000, "count": count, "services": series},
                "info": self.info()}

    def traces(self, p):
        filters = json.loads(p.get("filters") or "[]")
        low, high = float(p.get("min_duration_ms") or 0), float(p.get("max_duration_ms") or "inf")
        hits = {e["trace.trace_id"] for at, e in self.of(p.get("dataset")) if self.start <= at <= self.end
                and (not p.get("service") or e["service.name"] == p["service"]) and (not p.get("name") or p["name"] in e["name"])
                and (p.get("error") != "true" or e["error"]) and low <= e["duration_ms"] <= high and mock_engine.matches(e, filters)}
        by = {}
        for r in self.state.rows:
            if r["trace"] in hits:
                by.setdefault(r["trace"], []).append(r)
        out = []
        for ident, spans in by.items():
            root = next((s for s in spans if s["parent"] is None), None)
            first, last = min(s["start"] for s in spans), max(s["start"] + s["ms"] / 1000 for s in spans)
            out.append({"trace_id": ident, "xray_id": f"1-{ident[:8]}-{ident[8:]}", "root_service": (root or spans[0])["service"],
                        "root_name": (root or spans[0])["name"], "start_us": int(first * 1e6), "duration_ms": (last - first) * 1000,
                        "spans": len(spans), "errors": sum(s["error"] for s in spans), "has_root": root is not None,
                        "services": [{"name": n, "spans": c} for n, c in collections.Counter(s["service"] for s in spans).most_common()]})
        out.sort(key={"slowest": lambda t: -t["duration_ms"], "errors": lambda t: -t["errors"]}.get(p.get("order"), lambda t: -t["start_us"]))
        return {"traces": out[:int(p.get("limit") or 50)], "info": self.info(rows_matched=len(hits))}

    def trace(self, ident, one, fields):
        ident = ident.lower()
        ident = ident[2:10] + ident[11:] if ident.startswith("1-") else ident
        spans = [r for r in self.state.rows if r["trace"] == ident]
        if not spans:
            raise mock_engine.Wrong(f"No event has the trace id {ident}.", status=404)
        first = min(r["start"] for r in spans)
        last = max(r["start"] + r["ms"] / 1000 for r in spans)
        out = {r["id"]: {"id": r["id"], "parent": r["parent"], "dataset": r["service"], "service": r["service"], "name": r["name"], "kind": r["kind"],
                         "offset_ns": int((r["start"] - first) * 1e9), "duration_ns": int(r["ms"] * 1e6), "error": r["error"],
                         "status_message": r["message"], "sample_rate": 1, "fields": mock_data.flat(r)} for r in spans}
        events = [{"span": s["id"], "name": "exception", "offset_ns": s["offset_ns"] + int(s["duration_ns"] * 0.8),
                   "fields": {"exception.type": "TimeoutError", "exception.message": s["status_message"]}}
                  for s in out.values() if s["error"] and s["status_message"]]
        logs = [{"span": s["id"], "dataset": s["service"], "offset_ns": s["offset_ns"] + int(s["duration_ns"] * 0.4), "severity": "error" if s["error"] else "info",
                 "body": f"{s['name']} took its time", "fields": {"logger": "app", "thread": 4}} for i, s in enumerate(out.values()) if i % 5 == 1 and i < 200]
        logs.append({"span": None, "dataset": "edge", "offset_ns": 1000, "severity": "warn", "body": "a line of the trace that belongs to no span", "fields": {}})
        links = [{"span": "b" * 16, "trace_id": mock_data.BIG_TRACE, "span_id": f"{1:016x}", "fields": {"why": "batch"}}] if ident == mock_data.ODD_TRACE else []
        if one:
            if one not in out:
                raise mock_engine.Wrong(f"This trace has no span {one}.", status=404)
            return {**out[one], "events": [e for e in events if e["span"] == one], "links": [x for x in links if x["span"] == one],
                    "logs": [x for x in logs if x["span"] == one], "info": self.info()}
        ordered = parents_first(out)
        strip = (lambda s: {k: v for k, v in s.items() if k != "fields"}) if fields == "none" else (lambda s: s)
        return {"trace_id": ident, "xray_id": f"1-{ident[:8]}-{ident[8:]}", "start_unix_ns": str(int(first * 1e9)), "duration_ns": int((last - first) * 1e9),
                "spans": [strip(s) for s in ordered], "events": [strip(e) for e in events], "links": [strip(x) for x in links],
                "logs": [strip(x) for x in logs], "info": self.info()}


def parents_first(spans):
    children = {}
    for s in spans.values():
        children.setdefault(s["parent"] if s["parent"] in spans else None, []).append(s)
    out, stack = [], sorted(children.get(None, []), key=lambda s: -s["offset_ns"])
    while stack:
        s = stack.pop()
        out.append(s)
        stack.extend(sorted(children.get(s["id"], []), key=lambda c: -c["offset_ns"]))
    return out


def serve(port=0, empty=False):
    """Starts the mock in a thread. Returns (base URL, server)."""
    handler = type("Bound", (Handler,), {"state": State(empty)})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}", server


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, default=8099)
    arguments.add_argument("--empty", action="store_true")
    given = arguments.parse_args()
    print(serve(given.port, given.empty)[0], flush=True)
    threading.Event().wait()
