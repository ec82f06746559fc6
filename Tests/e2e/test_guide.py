# SPDX-License-Identifier: Apache-2.0
"""The guide's program with the guide's own commands: from nothing to a trace, an error and a line; and its commands of the terminal."""
import json
import os
import re
import socket
import subprocess

import pytest
import requests

import cairn_process
from cairn_process import until

GUIDE = cairn_process.ROOT / "docs" / "guides" / "instrument-a-swift-backend.md"


def commands():
    """The block of the guide that exports the variables and calls the program."""
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.S)
    return next(block for block in blocks if "OTEL_SERVICE_NAME" in block)


@pytest.fixture(scope="module")
def shop(cairn):
    """The program, its variables as the guide sets them but for the ports; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    exports = "\n".join(line for line in commands().splitlines() if line.startswith("export "))
    exports = exports.replace("127.0.0.1:8080", cairn.http)
    said = subprocess.run(["bash", "-c", f"env -i bash -c '{exports}\nenv'"], capture_output=True, text=True, check=True).stdout
    variables = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    assert variables["OTEL_TRACES_EXPORTER"] == "otlp,xray" and variables["CLOUDWATCH_LOG_GROUP"] == "shop", variables
    # The daemon's address is the one that the guide leaves at its default.
    process = subprocess.Popen([cairn_process.binary().parent / "GuideShop"], stderr=subprocess.PIPE, text=True,
                               env={**variables, "PATH": os.environ["PATH"], "PORT": str(port), "AWS_XRAY_DAEMON_ADDRESS": cairn.addresses["xray"]})
    url = f"http://127.0.0.1:{port}"

    def answers():
        assert process.poll() is None, process.stderr.read()
        try:
            return requests.get(f"{url}/cart/andrew", timeout=5).text == "3 items"
        except requests.ConnectionError:
            return False

    assert until(answers)
    yield url
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_its_requests_are_a_trace_an_error_and_lines(cairn, shop):
    paths = re.findall(r"curl -i http://127.0.0.1:8000(\S+)", commands())
    assert paths == ["/cart/andrew", "/cart/nobody"]
    ids = [requests.get(shop + path, timeout=10).headers["x-amzn-trace-id"].removeprefix("Root=1-").replace("-", "") for path in paths]
    for trace_id in ids:
        whole = until(lambda: (lambda trace: trace if trace and [span["name"] for span in trace["spans"]] == ["GET /cart/{user}", "load-cart"] and len(trace["logs"]) >= 2 and
                               all(span.get("doors") == ["otlp", "xray"] for span in trace["spans"]) else None)(cairn.trace(trace_id)), 20)
        assert whole, cairn.trace(trace_id)
        assert "cart is shown" in [json.loads(line["body"])["message"] for line in whole["logs"]]
    items = until(lambda: cairn.get("errors", trace=ids[1], status="any")["items"])
    assert any("CartError" in item["title"] for item in items), items
    assert not cairn.get("errors", trace=ids[0], status="any")["items"]


def test_its_commands_of_the_terminal_answer(cairn, shop):
    trace_id = requests.get(f"{shop}/cart/nobody", timeout=10).headers["x-amzn-trace-id"].removeprefix("Root=1-").replace("-", "")
    assert until(lambda: cairn.get("errors", trace=trace_id, status="any")["items"])
    named = re.findall(r"`cairn (trace ID|errors|tail)`", GUIDE.read_text())
    assert named == ["trace ID", "errors", "tail"]

    def run(*words):
        return subprocess.run([cairn_process.binary(), *words, "--server", cairn.http], capture_output=True, text=True, timeout=30)

    shown = until(lambda: (said := run("trace", trace_id)) and "load-cart" in said.stdout and said)
    assert shown and shown.returncode == 0, run("trace", trace_id)
    shown = run("errors")
    assert shown.returncode == 0 and "CartError" in shown.stdout, shown
