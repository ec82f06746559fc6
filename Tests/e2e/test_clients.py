# SPDX-License-Identifier: Apache-2.0
"""A microblog instrumented by four vendors' SDKs, driven by requests. Of what it sends OpenTelemetry's part is checked; the SDKs whose doors
are not there yet are kept silent."""
import json
import os
import pathlib
import socket
import subprocess
import sys

import pytest

from cairn_process import ROOT, as_filter, column, rows

CLIENTS = pathlib.Path(os.environ.get("CAIRN_CLIENTS") or ROOT.parent / "shared" / "clients")
SILENT = pathlib.Path(__file__).resolve().parent / "silent"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_the_microblogs_spans(cairn, transport):
    if not (CLIENTS / "drive.py").exists():
        pytest.skip(f"no microblog in {CLIENTS}")
    service = f"microblog-{transport}"
    words = [sys.executable, str(CLIENTS / "drive.py"), "--base", cairn.url, "--xray", cairn.addresses.get("xray") or f"127.0.0.1:{free_port()}",
             "--service", service, "--rounds", "3", "--port", str(free_port())]
    if transport == "grpc":
        words += ["--grpc", cairn.grpc]
    environment = {**cairn.clean_environment(), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(SILENT)}
    driven = subprocess.run(words, capture_output=True, text=True, timeout=180, env=environment, cwd=cairn.folder)
    assert driven.returncode == 0, driven.stderr[-2000:]
    sent = json.loads(driven.stdout)["otel"]
    answer = cairn.ask(service, calculations=[{"op": "COUNT"}], breakdowns=["name"])
    counts = dict(zip(column(answer, "name"), column(answer, "COUNT")))
    assert counts["home-activities-mock-data"] == sent["home-activities-mock-data spans"]
    assert counts["db.query"] == sent["db.query spans"]
    failed = cairn.ask(service, calculations=[{"op": "COUNT_DISTINCT", "column": "trace.trace_id"}],
                       filters=[as_filter("error", "=", True), as_filter("span.kind", "=", "server")])
    assert column(failed, "COUNT_DISTINCT(trace.trace_id)") == [sent["error traces"]]
    hop = cairn.get("traces", service=service, name="GET /api/activities/search", limit=1)["traces"][0]
    names = [s["name"] for s in cairn.trace(hop["trace_id"])["spans"]]
    assert names[0] == "GET /api/activities/search" and "home-activities-mock-data" in names, "one trace across the hop"
    assert rows(cairn.ask(service, calculations=[{"op": "COUNT"}], filters=[as_filter("name", "=", "cache.miss")]))[0][0] == sent["home-activities-mock-data spans"]
