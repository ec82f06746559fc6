# SPDX-License-Identifier: Apache-2.0
"""The catalog as a file: who may read it, its copy, what is said where it is damaged."""
import shutil
import stat
import subprocess

from cairn_process import binary, until


def run(*words):
    return subprocess.run([str(binary()), *map(str, words)], capture_output=True, text=True, timeout=60)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_damaged_catalog_is_named_and_its_copy_takes_its_place(make_cairn):
    cairn = make_cairn().start()
    catalog, copy = cairn.data / "catalog.sqlite", cairn.data / "catalog.sqlite.copy"
    assert until(copy.exists), "a start makes a copy"
    assert (mode(cairn.data), mode(catalog), mode(copy)) == (0o750, 0o600, 0o600)
    cairn.stop()
    made = run("key", "create", "--data", cairn.data, "--name", "people", "--scopes", "query")
    assert made.returncode == 0, made
    before = copy.stat().st_mtime_ns
    cairn.start()
    assert until(lambda: copy.exists() and copy.stat().st_mtime_ns > before), "so does the next start"
    cairn.stop()
    assert run("fsck", "--data", cairn.data).stdout.endswith("clean\n")

    catalog.write_bytes(b"\7" * 5_000)
    for suffix in ("-wal", "-shm"):
        (cairn.data / f"catalog.sqlite{suffix}").unlink(missing_ok=True)
    checked = run("fsck", "--data", cairn.data)
    assert checked.returncode == 1 and "damaged    catalog.sqlite" in checked.stdout, checked
    refused = cairn.launch().process.wait(30)
    cairn.process = None
    said = cairn.output()
    assert refused != 0 and "is damaged" in said and "catalog.sqlite.copy is a copy of 20" in said and "events are not" in said, said

    shutil.move(copy, catalog)
    cairn.start()
    assert "people" in run("key", "list", "--data", cairn.data).stdout
    assert cairn.request("GET", "/api/cairn/columns").status == 401, "its key is there: the server is not open"


def test_a_taken_address_is_said_in_words(make_cairn):
    one = make_cairn("one").start()
    other = make_cairn("other", ["--http", one.http])
    assert other.launch().process.wait(30) != 0
    other.process = None
    assert f"cannot listen on {one.http.removeprefix('http://')}: another program listens there already; choose another address with --http" in other.output()
