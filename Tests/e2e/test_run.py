# SPDX-License-Identifier: Apache-2.0
"""`./run` and its examples: what fails ends everything, what is done leaves the server, and Ctrl-C loses nothing. Built is what the tests have."""
import os
import signal
import socket
import subprocess

import pytest

import cairn_process
from cairn_process import until


@pytest.fixture
def run(tmp_path):
    """Starts the script with a `swift` that has built everything already; like a terminal, in a group of its own."""
    swift = tmp_path / "bin" / "swift"
    swift.parent.mkdir()
    swift.write_text(f'#!/bin/sh\ncase "$*" in *--show-bin-path*) echo {cairn_process.binary().parent} ;; esac\n')
    swift.chmod(0o755)
    ports = {f"CAIRN_{name}": "127.0.0.1:0" for name in ("HTTP", "OTLP_HTTP", "OTLP_GRPC", "XRAY")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CAIRN_", "OTEL_"))}
    started = []

    def start(*words, **more):
        environment = {**kept, **ports, "CAIRN_DATA": str(tmp_path / "data"), "PATH": f"{swift.parent}:{os.environ['PATH']}", **more}
        output = open(tmp_path / "said", "w+")
        # What a shell starts in the background ignores Ctrl-C, and so does all that it starts.
        heeds = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
        process = subprocess.Popen(
            [cairn_process.ROOT / "run", *words], stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True, preexec_fn=heeds)
        process.said = lambda: (tmp_path / "said").read_text()
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def is_there(address):
    with socket.socket() as attempt:
        host, port = address.split(":")
        return attempt.connect_ex((host, int(port))) == 0


def address(process):
    said = process.said()
    return said.split("Pages      http://")[1].split()[0] if "Pages      http://" in said else None


def test_a_demo_that_fails_ends_the_server(run):
    process = run("demo", "--history", "nope")
    assert process.wait(60) == 64
    assert "'nope' is invalid for '--history" in process.said() and not is_there(address(process))


def test_a_demo_that_is_done_leaves_the_server(run):
    process = run("demo", "--once", "--history", "1", "--rate", "1")
    assert until(lambda: "One of its traces" in process.said(), 60), process.said()
    assert process.poll() is None and until(lambda: is_there(address(process)))
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(30) == 130 and not is_there(address(process))


def test_an_example_whose_port_is_taken_says_so_and_ends(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = run("cruddur", CRUDDUR_PORT=str(taken.getsockname()[1]))
        assert process.wait(60) != 0
    assert "CRUDDUR_PORT=4568 ./run cruddur" in process.said() and not is_there(address(process))


def test_what_the_example_has_to_say_arrives_after_a_ctrl_c(run):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = run("cruddur", CRUDDUR_PORT=str(port), OTEL_BSP_SCHEDULE_DELAY="60000")
    assert until(lambda: "cruddur    http://" in process.said() and is_there(f"127.0.0.1:{port}"), 60), process.said()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(30) == 130
    assert "could not be sent" not in process.said() and "were lost" not in process.said(), process.said()
