# SPDX-License-Identifier: Apache-2.0
"""Thousands of connections that say nothing, or say it slowly: whoever has something to say is served as before.

CAIRN_CONNECTIONS (10,000) sets how many, where the limit of open files allows as many.
"""
import os
import resource
import selectors
import socket
import sys
import time

import pytest

import otlp
from cairn_process import busyness, until

KIB_PER_CONNECTION = 40


def file_limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


COUNT = min(int(os.environ.get("CAIRN_CONNECTIONS") or 10_000), file_limit() - 500)


class Crowd:
    """Connections of one kind: `begin` is sent at once, a byte of `drip` each time that `trickle` is called."""

    def __init__(self, address, count, begin=b"", drip=b""):
        host, port = address.rsplit(":", 1)
        self.drip, self.sockets = drip, []
        waiting = selectors.DefaultSelector()
        for _ in range(count):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex((host, int(port)))
            self.sockets.append(one)
            waiting.register(one, selectors.EVENT_WRITE)
            while len(waiting.get_map()) > 400:
                self.finish(waiting, begin)
        while waiting.get_map():
            self.finish(waiting, begin)

    @staticmethod
    def finish(waiting, begin):
        ready = waiting.select(10)
        assert ready, "the server takes no connections"
        for key, _ in ready:
            waiting.unregister(key.fileobj)
            error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            assert error == 0, os.strerror(error)
            if begin:
                key.fileobj.send(begin)

    def trickle(self):
        for one in self.sockets:
            try:
                one.send(self.drip)
            except OSError:
                pass

    def open_count(self):
        """How many the server has not closed; what it said before is read and dropped."""
        still = 0
        for one in self.sockets:
            try:
                while one.recv(65_536):
                    pass
            except BlockingIOError:
                still += 1
            except OSError:
                pass
        return still

    def close(self):
        for one in self.sockets:
            one.close()


def quick(cairn, ids, rounds=60):
    """Seconds of small requests, each on a connection of its own: sorted."""
    body = otlp.one_of("traces", ids, "quick").SerializeToString()
    taken = []
    for number in range(rounds):
        began = time.monotonic()
        reply = cairn.send(body) if number % 2 else cairn.request("GET", "/api/cairn/datasets")
        assert reply.status == 200, reply
        taken.append(time.monotonic() - began)
    return sorted(taken)


HEAD = b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\n"


def test_slow_and_idle_connections_starve_nobody(make_cairn, ids):
    cairn = make_cairn().start()
    alone = quick(cairn, ids)
    before = cairn.resident_mib
    began = time.monotonic()
    crowds = {
        "idle": Crowd(cairn.http, COUNT // 2, b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"),
        "silent": Crowd(cairn.otlp_http, COUNT // 10),
        "slow heads": Crowd(cairn.http, COUNT // 5, HEAD, b"x"),
        "slow bodies": Crowd(cairn.http, COUNT - COUNT // 2 - COUNT // 10 - COUNT // 5, HEAD + b"content-length: 100000\r\n\r\n", b"\x0a"),
    }
    # The system hands connections to the server in their order, and drops what comes while too many wait for that: those are behind it now.
    assert cairn.request("GET", "/healthz", timeout=120).status == 200
    opened = time.monotonic() - began
    with_crowd, rounds = [], 0
    while rounds < 4:
        with_crowd += quick(cairn, ids, 30)
        crowds["slow heads"].trickle()
        crowds["slow bodies"].trickle()
        rounds += 1
    with_crowd.sort()
    grown = cairn.status_value("VmHWM") - before
    median, median_alone, worst = with_crowd[len(with_crowd) // 2], alone[len(alone) // 2], with_crowd[-1]
    print(f"{COUNT} connections in {opened:.1f} s: quick requests {median_alone * 1000:.1f} ms alone, {median * 1000:.1f} ms beside them (worst {worst * 1000:.0f} ms), "
          f"memory +{grown:.0f} MiB, {grown * 1024 / COUNT:.1f} KiB each")
    assert median <= 3 * median_alone + 0.02 * busyness() and worst < 2.0 * busyness(), (alone[-5:], with_crowd[-5:])
    assert grown <= COUNT * KIB_PER_CONNECTION / 1024 + 32
    # Those that hold a request half sent are cut after ten seconds, those that wait between two requests are not.
    assert until(lambda: crowds["slow heads"].open_count() + crowds["slow bodies"].open_count() + crowds["silent"].open_count() == 0, pause=0.5) is True
    assert crowds["idle"].open_count() > COUNT // 2 * 0.99 or time.monotonic() - began > 55
    for crowd in crowds.values():
        crowd.close()
    assert until(lambda: open_connections(cairn) <= 2), "closed connections are given back"


def open_connections(cairn):
    lines = cairn.request("GET", "/metrics").body.decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("cairn_connections_open "))


@pytest.mark.parametrize("files", [256, 1024])
def test_with_few_files_the_longest_idle_give_way(tmp_path, make_cairn, ids, files):
    """More connections than the process may have open: new ones are served, the store can still open its files."""
    cairn = make_cairn()
    launcher = tmp_path / "launch.py"
    launcher.write_text(f"import os, resource, sys\nresource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))\nos.execv(sys.argv[1], sys.argv[1:])\n")
    command = cairn.command
    cairn.command = lambda ready: [sys.executable, str(launcher), *command(ready)]
    cairn.start()
    crowd = Crowd(cairn.http, 3 * files, b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
    for _ in range(20):
        assert cairn.send(otlp.one_of("traces", ids, "few").SerializeToString()).status == 200
        assert cairn.count(("test.mark", "=", "few")) > 0
    assert crowd.open_count() < files
    crowd.close()
    cairn.restart()
    assert cairn.count(("test.mark", "=", "few")) == 20
