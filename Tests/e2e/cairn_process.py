# SPDX-License-Identifier: Apache-2.0
"""The real server as a process of its own, on free ports and a folder of its own, and the few requests that every test makes."""
import functools
import http.client
import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTOBUF = "application/x-protobuf"
JSON = "application/json"


def binary():
    """$CAIRN_BINARY, else the release build, else the debug build."""
    named = os.environ.get("CAIRN_BINARY")
    if named:
        return pathlib.Path(named).resolve()
    built = [ROOT / ".build" / kind / "cairn" for kind in ("release", "debug")]
    return next((path for path in built if path.exists()), built[0])


@functools.lru_cache(maxsize=None)
def serve_help(path):
    return subprocess.run([path, "serve", "--help"], capture_output=True, text=True, timeout=30).stdout


def has_flag(flag):
    return flag in serve_help(str(binary()))


class Reply:
    """Status, headers (lower case) and body of one answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def kind(self):
        return self.headers.get("content-type", "").split(";")[0].strip()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.kind} {self.body[:300]!r}>"


class Cairn:
    """One server. `start` waits until all its listeners listen; `stop` asks it to go and insists on exit code 0."""

    def __init__(self, folder, arguments=(), environment=None):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.arguments, self.environment = list(arguments), dict(environment or {})
        self.process, self.addresses = None, {}
        self.starts = 0

    # life

    def command(self, ready_file):
        words = [str(binary()), "serve", "--data", str(self.data), "--ready-file", str(ready_file)]
        for flag in ("--http", "--otlp-http", "--otlp-grpc", "--xray"):
            if flag not in self.arguments and (flag != "--xray" or has_flag(flag)):
                words += [flag, "127.0.0.1:0"]
        return words + self.arguments

    def clean_environment(self):
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("CAIRN_", "OTEL_"))}
        return {**kept, **self.environment}

    def launch(self):
        """Starts the process without waiting for it."""
        self.starts += 1
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ready_file = self.folder / f"ready-{self.starts}.json"
        self.log = self.folder / f"server-{self.starts}.log"
        self.ready_file.unlink(missing_ok=True)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command(self.ready_file), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.clean_environment(), cwd=self.folder)
        return self

    def start(self, timeout=30.0):
        began = time.monotonic()
        self.launch()
        while not self.is_ready():
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.output()}"
            assert time.monotonic() - began < timeout, f"not ready within {timeout} s:\n{self.output()}"
            time.sleep(0.005)
        self.ready_seconds = time.monotonic() - began
        return self

    def is_ready(self):
        try:
            self.addresses = json.loads(self.ready_file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return False
        return True

    def output(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self, timeout=None, by=signal.SIGTERM):
        """Asks it to go; returns the seconds it took."""
        if self.process is None:
            return 0.0
        timeout = timeout or 15 * busyness()
        process, self.process = self.process, None
        began = time.monotonic()
        process.send_signal(by)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"still there {timeout} s after {by.name}:\n{self.output()[-2000:]}") from None
        assert code == 0, f"exit code {code} after {by.name}:\n{self.output()[-2000:]}"
        return time.monotonic() - began

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    # addresses

    @property
    def http(self):
        return self.addresses["http"]

    @property
    def otlp_http(self):
        return self.addresses["otlp_http"]

    @property
    def grpc(self):
        return self.addresses["otlp_grpc"]

    @property
    def url(self):
        return f"http://{self.http}"

    # requests

    def request(self, method, path, body=None, headers=None, address=None, timeout=60):
        connection = http.client.HTTPConnection(address or self.http, timeout=timeout)
        try:
            is_chunked = (headers or {}).get("transfer-encoding") == "chunked"
            connection.request(method, path, body=body, headers=headers or {}, encode_chunked=is_chunked)
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path, **parameters):
        """GET below /api/cairn/, 200 expected."""
        search = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        reply = self.request("GET", f"/api/cairn/{path}{search}")
        assert reply.status == 200, reply
        return reply.json()

    def post(self, path, body):
        """POST of JSON below /api/cairn/, whatever the status."""
        return self.request("POST", f"/api/cairn/{path}", json.dumps(body), {"content-type": JSON})

    def ask(self, dataset="__all__", **query):
        """The answer of /api/cairn/query; the last two hours unless told."""
        if not {"start_time", "end_time", "time_range"} & set(query):
            query["time_range"] = 7200
        reply = self.post("query", {"dataset": dataset, "query": query})
        assert reply.status == 200, reply
        return reply.json()

    def count(self, *filters, dataset="__all__", **query):
        """How many events pass the filters `(column, op, value)`."""
        answer = self.ask(dataset, calculations=[{"op": "COUNT"}], filters=[as_filter(*f) for f in filters], **query)
        return column(answer, "COUNT")[0] if column(answer, "COUNT") else 0

    def send(self, body, signal_name="traces", kind=PROTOBUF, headers=None, path=None):
        return self.request("POST", path or f"/v1/{signal_name}", body, {"content-type": kind, **(headers or {})})

    def trace(self, trace_id, **parameters):
        """The answer of /api/cairn/traces/{id}, or None where there is no such trace."""
        search = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        reply = self.request("GET", f"/api/cairn/traces/{trace_id}{search}")
        assert reply.status in (200, 404), reply
        return reply.json() if reply.status == 200 else None

    # the process

    def status_value(self, name):
        """A line of /proc/PID/status, in MiB."""
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
        raise KeyError(name)

    @property
    def resident_mib(self):
        return self.status_value("VmRSS")

    @property
    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busyness():
    """How many want each processor: so much longer may take what has a bound in seconds."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def as_filter(name, op, value=None):
    return {"column": name, "op": op} if value is None else {"column": name, "op": op, "value": value}


def column(answer, name):
    """The values of one column of an answer, one a group."""
    names = [c["name"] for c in answer["columns"]]
    assert name in names, f"no column {name} among {names}"
    return answer["data"][names.index(name)]


def rows(answer):
    """The groups of an answer as tuples, in its order."""
    return list(zip(*answer["data"]))


def until(condition, timeout=60.0, pause=0.05):
    """The first true value of `condition`, or its last one; patient, since what it costs to wait long for what comes soon is nothing."""
    end = time.monotonic() + timeout
    while True:
        found = condition()
        if found or time.monotonic() > end:
            return found
        time.sleep(pause)
