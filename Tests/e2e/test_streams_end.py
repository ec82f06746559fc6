# SPDX-License-Identifier: Apache-2.0
"""Answers that go on: they end when who asked may not ask any more."""
import http.client
import json
import subprocess
import threading

from cairn_process import binary, until


def run(*words, **options):
    return subprocess.run([str(binary()), *map(str, words)], capture_output=True, text=True, timeout=60, **options)


class Tail:
    """`/api/cairn/tail`, read by a thread until it ends."""

    def __init__(self, cairn, headers):
        self.connection = http.client.HTTPConnection(cairn.http, timeout=60)
        self.connection.request("GET", "/api/cairn/tail", headers=headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200
        self.text, self.has_ended = "", False
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            while part := self.answer.read1(65_536):
                self.text += part.decode()
        except (OSError, http.client.HTTPException, AttributeError):
            pass
        self.has_ended = True


def test_a_tail_ends_with_its_key(make_cairn):
    cairn = make_cairn().start()
    before = Tail(cairn, {})
    key = run("key", "create", "--data", cairn.data, "--scopes", "ingest,query").stdout.strip()
    other = run("key", "create", "--data", cairn.data, "--scopes", "ingest,query").stdout.strip()
    send = lambda n: cairn.request("POST", "/1/events/x", json.dumps({"n": n}), {"content-type": "application/json", "x-honeycomb-team": other}).status == 200  # noqa: E731
    assert until(lambda: cairn.request("GET", "/api/cairn/status", headers={"x-honeycomb-team": key}).status == 200
                 and cairn.request("GET", "/api/cairn/columns").status == 401), "the server knows the keys by now"
    tail, good = Tail(cairn, {"x-honeycomb-team": key}), Tail(cairn, {"x-honeycomb-team": other})
    assert send(1) and until(lambda: '"n":1' in tail.text.replace(" ", "") and '"n":1' in good.text.replace(" ", ""))
    assert until(lambda: before.has_ended) and '"n":1' not in before.text.replace(" ", ""), "it was opened while there was no key"
    identifier = next(line.split()[0] for line in run("key", "list", "--data", cairn.data).stdout.splitlines() if key[3:11] in line or line.split()[0] in key)
    assert run("key", "revoke", "--data", cairn.data, identifier).returncode == 0
    assert until(lambda: cairn.request("GET", "/api/cairn/columns", headers={"x-honeycomb-team": key}).status == 401)
    assert send(2) and until(lambda: tail.has_ended) and until(lambda: '"n":2' in good.text.replace(" ", ""))
    assert '"n":2' not in tail.text.replace(" ", "") and not good.has_ended


def test_senseless_words_are_refused_in_words(make_cairn):
    for words in (["demo", "--duration", "inf", "--once"], ["demo", "--duration", "1e30"], ["query", "--last", "inf"], ["query", "--compare", "nan"],
                  ["trace", ""], ["errors", "--status", "foo"], ["fsck", "--data", "/no/such/folder"]):
        done = run(*words)
        assert done.returncode == 64 and "Error:" in done.stderr, (words, done)


def test_what_cannot_be_printed_is_a_failure(make_cairn):
    cairn = make_cairn().start()
    with open("/dev/full", "w") as full:
        for words in (["query"], ["query", "--json"], ["errors"]):
            done = subprocess.run([str(binary()), *words, "--server", cairn.http], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
            assert done.returncode == 1 and "could not be written" in done.stderr, (words, done)


def test_fsck_changes_nothing(make_cairn, tmp_path):
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    assert run("fsck", "--data", nothing).returncode == 64 and not list(nothing.iterdir())
    assert run("fsck", "--data", tmp_path / "typo").returncode == 64 and not (tmp_path / "typo").exists()
    cairn = make_cairn().start()
    assert "in use" in run("fsck", "--data", cairn.data).stdout
    cairn.stop()
    listed = lambda: sorted((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in cairn.data.rglob("*"))  # noqa: E731
    before = listed()
    assert run("fsck", "--data", cairn.data).stdout.endswith("clean\n") and listed() == before
