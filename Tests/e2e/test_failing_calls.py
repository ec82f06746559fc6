# SPDX-License-Identifier: Apache-2.0
"""The real program on a system whose n-th call fails, by strace: no wrong acknowledgement, no crash, no hang. In the rooms' own tests every call
of every kind fails once (Tests/CairnStorageTests/FailureTests.swift); these runs are the check that the seam is the system's."""
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

import otlp
from cairn_process import as_filter, busyness

CALLS = {"fdatasync": ["EIO", "ENOSPC"], "fsync": ["EIO"], "rename": ["EIO"], "ftruncate": ["EIO"], "pread64": ["EIO"], "unlink": ["EIO"]}
TURNS = ["1", "2", "3", "5", "8", "1+", "4+"] if os.environ.get("CAIRN_FULL") else ["2", "3+"]
CASES = [(call, error, turn) for call, errors in CALLS.items() for error in errors for turn in TURNS]


@pytest.fixture(scope="module")
def strace():
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    probe = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"], capture_output=True)
    if probe.returncode != 0:
        pytest.skip("this system lets no process be traced")


def end_of(cairn, pid, number, timeout):
    """Signals the server itself and returns the exit code of the tracer, which is the server's."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
    process, cairn.process = cairn.process, None
    return process.wait(timeout)


@pytest.mark.parametrize("call,error,turn", CASES)
def test_a_call_that_fails(strace, make_cairn, ids, mark, call, error, turn):
    cairn = make_cairn()
    cairn.start()
    for first in range(0, 40, 20):
        assert send(cairn, ids, mark, range(first, first + 20)) == 200
    cairn.kill()
    acknowledged, sent = set(range(40)), 40
    command = cairn.command
    cairn.command = lambda ready: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={turn}", *command(ready)]
    cairn.launch()
    began = time.monotonic()
    while not cairn.is_ready() and cairn.process.poll() is None:
        assert time.monotonic() - began < 60 * busyness(), "hangs at the start"
        time.sleep(0.01)
    if cairn.process.poll() is None:
        pid = cairn.addresses["pid"]
        for _ in range(25):
            numbers = range(sent, sent + 20)
            sent += 20
            status = send(cairn, ids, mark, numbers)
            assert status in (200, 503)
            if status == 200:
                acknowledged.update(numbers)
        asked = cairn.post("query", {"dataset": "__all__", "query": {"calculations": [{"op": "COUNT"}]}})
        assert asked.status in (200, 503), asked
        assert end_of(cairn, pid, signal.SIGTERM, 60) in (0, 1), cairn.output()[-2000:]
    else:
        code, cairn.process = cairn.process.returncode, None
        assert 0 < code < 128, f"an end by itself, with a word and no signal: {code} {cairn.output()[-500:]}"
        assert cairn.output().strip(), "says why"
    cairn.command = command
    cairn.start()
    answer = cairn.ask(calculations=[{"op": "COUNT"}], breakdowns=["test.number"], limit=10_000, filters=[as_filter("test.mark", "=", mark)])
    stored = dict(zip(*answer["data"]))
    assert acknowledged <= set(stored) <= set(range(sent)) and set(stored.values()) == {1}, json.dumps(sorted(acknowledged - set(stored)))[:300]


def send(cairn, ids, mark, numbers):
    spans = [otlp.span(ids, fields={"test.mark": mark, "test.number": n}) for n in numbers]
    return cairn.request("POST", "/v1/traces", otlp.traces(spans).SerializeToString(), {"content-type": "application/x-protobuf"}, timeout=30).status
