# SPDX-License-Identifier: Apache-2.0
"""The folder of the data and the life of the process: one writer, damage, settings, coming and going."""
import concurrent.futures
import json
import os
import random
import signal
import subprocess
import time

import pytest

import otlp
from cairn_process import JSON, PROTOBUF, as_filter, binary, busyness, column, has_flag, serve_help, until


def fill(cairn, ids, mark, spans=2000, batch=200, days_ago=0):
    """`spans` spans with the fields test.mark and test.number; returns their trace ids."""
    at, made = time.time_ns() - days_ago * 86_400 * 10**9 - 60 * 10**9, []
    for first in range(0, spans, batch):
        some = [otlp.span(ids, fields={"test.mark": mark, "test.number": n, "test.text": f"{mark}-{n}" * 3}, start=at + n * 1000) for n in range(first, first + batch)]
        made += [s.trace_id.hex() for s in some]
        assert cairn.send(otlp.traces(some).SerializeToString()).status == 200
    return made


def numbers(cairn, mark, days=1):
    """The test.number of every span with the mark, as a sorted list with repetitions."""
    answer = cairn.ask(calculations=[{"op": "COUNT"}], breakdowns=["test.number"], limit=10_000, time_range=days * 86_400,
                       filters=[as_filter("test.mark", "=", mark)])
    return sorted(n for n, count in zip(*answer["data"]) if n is not None for _ in range(count))


def data_files(cairn, minimum=1):
    """Files below the data folder that hold events, largest first: neither the lock nor the catalog."""
    files = [p for p in cairn.data.rglob("*") if p.is_file() and p.stat().st_size >= minimum and not any(w in p.name.lower() for w in ("lock", "catalog", "sqlite", "-wal", "-shm"))]
    return sorted(files, key=lambda p: -p.stat().st_size)


def segments(cairn):
    return [p for p in data_files(cairn) if "segment" in str(p.relative_to(cairn.data)) or p.suffix in (".seg", ".cairn")]


def test_one_writer_only(make_cairn, ids, mark):
    cairn = make_cairn().start()
    fill(cairn, ids, mark, 10, 10)
    second = make_cairn()
    second.launch()
    assert second.process.wait(10) != 0
    said = second.output()
    second.process = None
    assert str(cairn.data) in said or "data" in said, said
    assert any(word in said.lower() for word in ("another", "already", "in use", "locked")), said
    assert len(said.strip().splitlines()) <= 3, f"one clear line, not a dump: {said}"
    assert numbers(cairn, mark) == list(range(10))
    cairn.kill()
    again = make_cairn()
    again.start()
    assert numbers(again, mark) == list(range(10)), "a lock of the dead stands in nobody's way"


def test_sigterm_while_writers_write(make_cairn, ids, mark):
    """What was acknowledged before the end is there after it, and the server goes in time."""
    cairn = make_cairn().start()
    acknowledged = []

    def write(worker):
        mine = otlp.Ids(f"{mark}{worker}")
        for n in range(worker * 100_000, worker * 100_000 + 100_000):
            try:
                reply = cairn.send(otlp.traces([otlp.span(mine, fields={"test.mark": mark, "test.number": n})]).SerializeToString())
            except OSError:
                return
            except Exception as error:
                if "Remote" in type(error).__name__ or "BadStatus" in type(error).__name__:
                    return
                raise
            if reply.status == 200:
                acknowledged.append(n)
            elif reply.status == 503:
                return

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        running = [pool.submit(write, worker) for worker in range(4)]
        assert until(lambda: len(acknowledged) >= 40)
        seconds = cairn.stop()
        for one in running:
            one.result()
    assert seconds < 10 * busyness() and acknowledged
    cairn.start()
    stored = numbers(cairn, mark)
    assert set(acknowledged) <= set(stored) and len(stored) == len(set(stored))


def test_sigterm_right_after_the_ready_file(make_cairn):
    """Whoever reads the ready file may stop the server at once: no signal is lost and none kills."""
    for round_ in range(25):
        cairn = make_cairn(f"cairn-{round_ % 2}").start()
        assert cairn.stop() < 5 * busyness()


def test_the_end_of_its_terminal_stops_it_as_sigterm_does(make_cairn):
    make_cairn().start().stop(by=signal.SIGHUP)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup starts a program
    try:
        cairn = make_cairn("stays").start()
    finally:
        signal.signal(signal.SIGHUP, before)
    cairn.process.send_signal(signal.SIGHUP)
    # One that drains takes no connection any more.
    assert [cairn.request("GET", "/healthz").status for _ in range(50)] == [200] * 50 and cairn.process.poll() is None
    cairn.stop()


def run(*words, **options):
    return subprocess.run([str(binary()), *map(str, words)], capture_output=True, text=True, timeout=60, **options)


def needs(command):
    if command not in run("--help").stdout:
        pytest.skip(f"there is no 'cairn {command}' yet")


def test_fsck_finds_nothing_wrong_with_a_healthy_folder(make_cairn, ids, mark):
    needs("fsck")
    cairn = make_cairn().start()
    fill(cairn, ids, mark)
    cairn.stop()
    done = run("fsck", "--data", cairn.data)
    assert done.returncode == 0, done


def settle(cairn, ids, mark):
    """A folder with at least one segment in it, with the server stopped; skips where none came to be."""
    fill(cairn, ids, mark, 4000, 500, days_ago=0)
    fill(cairn, ids, mark + "old", 4000, 500, days_ago=2)
    cairn.stop()
    found = segments(cairn)
    if not found:
        pytest.skip("this build seals no segment for so few events")
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_flipped_byte_is_named_and_the_rest_is_served(make_cairn, ids, mark, seed):
    cairn = make_cairn().start()
    segment = settle(cairn, ids, mark)[0]
    rng = random.Random(seed)
    body = bytearray(segment.read_bytes())
    for _ in range(3):
        body[rng.randrange(len(body) // 10, len(body) * 6 // 10)] ^= 1 << rng.randrange(8)
    segment.write_bytes(body)
    if "fsck" in run("--help").stdout:
        done = run("fsck", "--data", cairn.data)
        assert done.returncode != 0 and segment.name in done.stdout + done.stderr, done
    cairn.start()
    for one in (mark, mark + "old"):
        stored = numbers(cairn, one, days=3)
        assert len(stored) == len(set(stored)) and set(stored) <= set(range(4000)), "no wrong row"
    fresh = mark + "new"
    fill(cairn, ids, fresh, 100, 100)
    assert numbers(cairn, fresh) == list(range(100)), "the other rows are served"
    for column in cairn.get("columns", dataset="__all__")["columns"]:  # wherever the bytes were, now they are read
        cairn.ask(calculations=[{"op": "COUNT"}], breakdowns=[column["name"]], time_range=3 * 86_400, limit=10_000)
    damaged = cairn.get("status")["store"]["quarantined"]
    assert [d for d in damaged if segment.name in d["file"] and d["reason"]], damaged


@pytest.mark.parametrize("how", ["empty", "half", "gone", "garbage"])
def test_a_ruined_file_does_not_keep_the_server_from_starting(make_cairn, ids, mark, how):
    cairn = make_cairn().start()
    fill(cairn, ids, mark)
    cairn.stop()
    for file in data_files(cairn):
        if how == "empty":
            file.write_bytes(b"")
        elif how == "half":
            file.write_bytes(file.read_bytes()[:file.stat().st_size // 2])
        elif how == "garbage":
            file.write_bytes(random.Random(1).randbytes(file.stat().st_size))
        else:
            file.unlink()
    cairn.start()
    stored = numbers(cairn, mark)
    assert len(stored) == len(set(stored)) and set(stored) <= set(range(2000))
    fresh = mark + "new"
    fill(cairn, ids, fresh, 10, 10)
    cairn.restart()
    assert numbers(cairn, fresh) == list(range(10))


def test_a_torn_end_of_the_journal_costs_nothing_before_it(make_cairn, ids, mark):
    """After kill -9 the last write may be cut off anywhere: bytes of a request that was never acknowledged."""
    cairn = make_cairn().start()
    fill(cairn, ids, mark, 500, 50)
    cairn.kill()
    journals = [p for p in data_files(cairn) if "journal" in str(p.relative_to(cairn.data)).lower()]
    assert journals, [str(p) for p in data_files(cairn)]
    newest = max(journals, key=lambda p: p.stat().st_mtime_ns)
    with open(newest, "ab") as file:
        file.write(random.Random(2).randbytes(700))
    cairn.start()
    assert numbers(cairn, mark) == list(range(500))


def test_retention(make_cairn, ids, mark):
    flag = next((f for f in ("--retention-days", "--retention") if has_flag(f)), None)
    if not flag:
        pytest.skip("there is no flag for the retention yet")
    cairn = make_cairn(arguments=[flag, "3" if flag.endswith("days") else "3d"]).start()
    fill(cairn, ids, mark, 100, 100, days_ago=0)
    reply = cairn.send(otlp.traces([otlp.span(ids, fields={"test.mark": mark}, start=time.time_ns() - 10 * 86_400 * 10**9)]).SerializeToString())
    assert reply.status == 200
    assert otlp.RESPONSES["traces"].FromString(reply.body).partial_success.rejected_spans == 1, "older than what is kept"
    assert numbers(cairn, mark) == list(range(100))


def test_a_flag_beats_the_environment_beats_the_file(make_cairn, tmp_path):
    config = tmp_path / "cairn.yaml"
    config.write_text(f"data: {tmp_path / 'of-the-file'}\nhttp: 127.0.0.1:0\notlp_http: 127.0.0.1:0\notlp_grpc: 127.0.0.1:0\nxray: 127.0.0.1:0\n")
    ready = tmp_path / "ready.json"

    def data_folder(arguments, environment):
        process = subprocess.Popen([str(binary()), "serve", "--config", str(config), "--ready-file", str(ready), *arguments], cwd=tmp_path,
                                   env={**{k: v for k, v in os.environ.items() if not k.startswith("CAIRN_")}, **environment},
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            assert until(ready.exists), process.stdout
            return sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("of-the-"))
        finally:
            process.terminate()
            assert process.wait(15) == 0
            ready.unlink(missing_ok=True)

    of_the_flag, of_the_environment = ["--data", str(tmp_path / "of-the-flag")], {"CAIRN_DATA": str(tmp_path / "of-the-environment")}
    assert data_folder(of_the_flag, of_the_environment) == ["of-the-flag"]
    assert data_folder([], of_the_environment) == ["of-the-environment", "of-the-flag"]
    assert data_folder([], {}) == ["of-the-environment", "of-the-file", "of-the-flag"]


@pytest.mark.parametrize("arguments,words", [
    (["--http", "nonsense"], ["nonsense", "HOST:PORT"]), (["--http", "127.0.0.1:99999"], ["99999"]), (["--config", "/nowhere.yaml"], ["nowhere.yaml"]),
    (["--no-such-flag"], ["no-such-flag"]), (["--http", "0.0.0.0:0"], ["key", "insecure"]),
])
def test_a_bad_setting_is_told_in_words(make_cairn, arguments, words):
    cairn = make_cairn(arguments=arguments).launch()
    code = cairn.process.wait(15)
    cairn.process = None
    assert code not in (0, None) and code > 0, f"ends, but not by a signal: {code}"
    assert all(word.lower() in cairn.output().lower() for word in words), cairn.output()


def test_an_unknown_key_in_the_file_is_an_error(make_cairn, tmp_path):
    (tmp_path / "cairn.yaml").write_text("dtaa: x\n")
    cairn = make_cairn(arguments=["--config", str(tmp_path / "cairn.yaml")]).launch()
    code = cairn.process.wait(15)
    cairn.process = None
    assert code > 0 and "dtaa" in cairn.output()


def test_it_says_where_it_listens(make_cairn):
    cairn = make_cairn().start()
    assert set(cairn.addresses) >= {"http", "otlp_http", "otlp_grpc", "pid"} and cairn.addresses["pid"] == cairn.process.pid
    for address in (cairn.http, cairn.otlp_http, cairn.grpc):
        assert not address.endswith(":0") and address in cairn.output()
    assert cairn.request("GET", "/healthz").status == 200
    metrics = cairn.request("GET", "/metrics")
    assert metrics.status == 200 and metrics.kind == "text/plain" and b"cairn_" in metrics.body


def test_the_pages_are_served_with_a_strict_policy(make_cairn):
    cairn = make_cairn().start()
    for path in ("/", "/ui/services", "/ui/explore", "/ui/traces", "/ui/send"):
        reply = cairn.request("GET", path)
        while reply.status in (301, 302, 303, 307, 308):
            reply = cairn.request("GET", reply.headers["location"])
        assert reply.status == 200 and reply.kind == "text/html", (path, reply)
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
    assert cairn.request("GET", "/ui/static/app.js").status == 200
    for odd in ("/ui/static/../../etc/passwd", "/ui/static/%2e%2e/%2e%2e/etc/passwd", "/ui/static/nothing.js"):
        assert cairn.request("GET", odd).status in (400, 404)


def test_keys(make_cairn, ids, mark):
    needs("key")
    cairn = make_cairn().start()
    body = otlp.traces([otlp.span(ids, fields={"test.mark": mark})]).SerializeToString()
    assert cairn.send(body, headers={"x-honeycomb-team": "anything"}).status == 200, "open while there is no key"

    def make(scopes):
        done = run("key", "create", "--data", cairn.data, "--scopes", scopes)
        assert done.returncode == 0, done
        return done.stdout.split()[-1]

    ingest, query = make("ingest"), make("query")
    asked = json.dumps({"dataset": "__all__", "query": {"time_range": 7200, "calculations": [{"op": "COUNT"}]}})

    def ask(headers):
        return cairn.request("POST", "/api/cairn/query", asked, {"content-type": JSON, **headers}).status

    assert until(lambda: cairn.send(body).status == 401), "a key was made: no longer open"
    assert cairn.send(body, headers={"x-honeycomb-team": ingest}).status == 200
    assert cairn.send(body, headers={"authorization": f"Bearer {ingest}"}).status == 200
    assert cairn.send(body, headers={"x-honeycomb-team": query}).status == 403
    assert cairn.send(body, headers={"x-honeycomb-team": ingest[:-1] + ("a" if ingest[-1] != "a" else "b")}).status == 401
    assert (ask({"x-honeycomb-team": query}), ask({"x-honeycomb-team": ingest}), ask({})) == (200, 403, 401)
    listed = run("key", "list", "--data", cairn.data).stdout
    assert ingest not in listed and query not in listed, "secrets are shown once"
    assert run("key", "revoke", "--data", cairn.data, listed.split()[0]).returncode == 0
    statuses = until(lambda: {cairn.send(body, headers={"x-honeycomb-team": ingest}).status, ask({"x-honeycomb-team": query})} & {401})
    assert statuses, "a revoked key ends at once"
    assert cairn.send(body, kind=PROTOBUF, headers={"x-honeycomb-team": "nonsense"}).kind == PROTOBUF, "refused in the request's own content type"


def test_help_names_every_setting():
    for flag in ("--data", "--http", "--otlp-http", "--otlp-grpc", "--config", "--ready-file", "--insecure"):
        assert flag in serve_help(str(binary())), flag


def test_the_graph_of_memory_is_flat_when_idle(make_cairn):
    cairn = make_cairn().start()
    assert cairn.resident_mib < 200

    def is_idle():
        before = cairn.cpu_seconds
        time.sleep(1)  # what is used up in a second is what is asked
        return cairn.cpu_seconds - before < 0.1

    assert until(is_idle), "an idle server sleeps"


def test_queries_while_events_arrive_never_lose_a_batch(make_cairn, ids, mark):
    """Snapshots: the count of acknowledged spans never falls, and a request is seen whole or not at all."""
    cairn = make_cairn().start()
    sent = [0]
    stop = time.monotonic() + 3

    def write():
        while time.monotonic() < stop or not sent[0]:
            some = [otlp.span(ids, fields={"test.mark": mark}) for _ in range(50)]
            assert cairn.send(otlp.traces(some).SerializeToString()).status == 200
            sent[0] += 50

    def read():
        last = 0
        while time.monotonic() < stop or not last:
            low = sent[0]
            found = column(cairn.ask(calculations=[{"op": "COUNT"}], filters=[as_filter("test.mark", "=", mark)]), "COUNT")
            count = found[0] if found else 0
            assert count >= low and count >= last and count % 50 == 0, (count, low, last)
            last = count
        return last

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        pool.submit(write).result()
        assert all(r.result() > 0 for r in readers)
