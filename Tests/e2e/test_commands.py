# SPDX-License-Identifier: Apache-2.0
"""What somebody who makes a mistake in the terminal is told: the option, the value, and what may stand there."""
import json
import os
import socket
import subprocess

import pytest

from cairn_process import binary


def run(*words, environment=None, folder=None):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CAIRN_")}
    return subprocess.run([binary().resolve(), *map(str, words)], capture_output=True, text=True, timeout=60, cwd=folder, env={**kept, **(environment or {})})


@pytest.fixture(scope="module")
def ask(cairn):
    batch = [{"data": {"http.route": "/cart", "duration_ms": number}} for number in range(10)]
    assert cairn.request("POST", "/1/batch/shop", json.dumps(batch), {"x-honeycomb-team": "any", "content-type": "application/json"}).status == 200
    return lambda *words: run(*words, "--server", cairn.http)


@pytest.mark.parametrize("words, said", [
    (["query", "--last", "1y"], "--last: '1y' is not a length of time such as 90s, 15m, 2h or 7d"),
    (["query", "--compare", "soon"], "--compare: 'soon' is not a length of time"),
    (["query", "--where", "http.route=/cart"], "--where: 'http.route=/cart' is not 'COLUMN OP VALUE'"),
    (["query", "--calc", "COUNT where error"], "--calc: 'error' is not 'COLUMN OP VALUE'"),
    (["query", "--calc", ""], "--calc: '' is not a calculation such as COUNT"),
    (["query", "--formula", "x"], "--formula: 'x' is not 'NAME=EXPRESSION'"),
    (["query", "--spec", "{"], "--spec: '{' is not JSON: "),
    (["query", "--server", "https://localhost:8080"], "--server: 'https://localhost:8080' is not HOST:PORT"),
    (["export", "--last", "x"], "--last: 'x' is not a length of time"),
    (["export", "--format", "csv"], "--format: 'csv' is not written, only ndjson"),
    (["errors", "--status", "new"], "--status: 'new' is not active, resolved, muted, archived or any"),
    (["trace", "x"], "'x' is not a trace id"),
    (["key", "create", "--scopes", "read"], "--scopes: 'read' is not a list of ingest, query and manage"),
])
def test_a_mistaken_option_is_named(words, said, tmp_path):
    done = run(*words, folder=tmp_path)
    assert done.returncode == 64 and done.stderr.startswith(f"Error: {said}"), done
    command = " ".join(words[:2] if words[0] == "key" else words[:1])
    assert done.stderr.splitlines()[-1] == f"  See 'cairn {command} --help' for more information." and not done.stdout
    assert not list(tmp_path.iterdir()), "a mistake makes no folder"


@pytest.mark.parametrize("words, said", [
    (["query", "--calc", "P96(duration_ms)"], "calculations[0].op: 'P96' is not an operation; those are COUNT SUM AVG"),
    (["query", "--limit", "-1"], "limit: must be between 1 and 10000"),
    (["errors", "--limit", "-1"], "limit must be between 1 and 20000"),
    (["tail", "--last", "501"], "last must be between 0 and 500"),
])
def test_what_the_server_refuses_is_told_in_words(ask, words, said):
    done = ask(*words)
    assert done.returncode == 1 and done.stderr.startswith(f"Error: {said}") and done.stderr.count("\n") == 1, done


def test_a_dataset_that_is_not_there_is_named(ask):
    hint = "No dataset is called 'shops'. There are "
    done = ask("query", "--dataset", "shops")
    assert done.returncode == 0 and hint in done.stdout and "shop" in done.stdout.split(hint)[1], done
    done = ask("export", "--dataset", "shops")
    assert done.returncode == 0 and hint in done.stderr and not done.stdout, done
    done = ask("export", "--dataset", "shop")
    assert not done.stderr and len(done.stdout.splitlines()) == 10, done


def test_a_heatmap_says_where_it_is_drawn(ask):
    said = ask("query", "--calc", "HEATMAP(duration_ms)").stdout
    assert said.startswith("HEATMAP(duration_ms) is drawn on the page Explore") and "10 events matched" in said, said
    said = ask("query", "--calc", "HEATMAP(duration_ms)", "--by", "http.route").stdout
    assert said.splitlines()[0].split() == ["http.route"] and "is drawn on the page Explore" in said, said


def test_without_a_server_it_says_so_in_a_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for words in ["query"], ["errors"], ["tail"], ["export"], ["trace", "0" * 32]:
        done = run(*words, environment={"CAIRN_SERVER": f"127.0.0.1:{port}"})
        assert done.returncode == 1 and done.stderr == f"Error: no server answers at 127.0.0.1:{port}: nothing listens there\n", done
    done = run("query", environment={"CAIRN_SERVER": "nowhere"})
    assert "CAIRN_SERVER: 'nowhere' is not HOST:PORT" in done.stderr


@pytest.mark.parametrize("words", [["key", "list"], ["key", "revoke", "x"], ["fsck"]])
def test_a_folder_that_is_none_is_not_made(words, tmp_path):
    done = run(*words, "--data", tmp_path / "typo")
    assert done.returncode == 64 and f"'{tmp_path}/typo' is not a data folder of Cairn" in done.stderr, done
    assert not (tmp_path / "typo").exists()


def test_it_says_its_version(cairn):
    assert run("--version").stdout.strip() == json.loads(cairn.request("GET", "/api/cairn/status").body)["version"]


def test_a_key_says_where_it_is_kept(tmp_path):
    done = run("key", "create", "--data", tmp_path / "data")
    assert done.returncode == 0 and len(done.stdout.split()) == 1
    assert f"It is kept in {tmp_path}/data/catalog.sqlite." in done.stderr
    assert run("key", "list", "--data", tmp_path / "data").stdout.count("good") == 1


@pytest.mark.parametrize("settings, said", [
    ({"CAIRN_CONFIG": "/nowhere.yaml"}, "CAIRN_CONFIG: '/nowhere.yaml' cannot be read: No such file or directory"),
    ({"CAIRN_DELIVERY_CA": "/etc/hostname"}, "delivery_ca: '/etc/hostname' is not a file of certificates (PEM): "),
    ({"CAIRN_DELIVERY_CA": "/nowhere.pem"}, "delivery_ca: '/nowhere.pem' is not a file of certificates (PEM): "),
    ({"CAIRN_DATA": "/proc/nowhere"}, "cannot write /proc/nowhere: No such file or directory"),
    ({"CAIRN_READY_FILE": "/nowhere/ready"}, "cannot write /nowhere/ready: No such file or directory"),
    ({"CAIRN_HOSTS": "http://shop.example"}, "CAIRN_HOSTS: 'http://shop.example' is not a host name or address"),
])
def test_a_setting_that_makes_no_sense_stops_the_start_in_a_line(settings, said, tmp_path):
    ports = [word for name in ("http", "otlp-http", "otlp-grpc", "xray") for word in (f"--{name}", "127.0.0.1:0")]
    done = run("serve", *ports, environment={"CAIRN_DATA": str(tmp_path / "data"), **settings})
    assert done.returncode != 0 and done.stderr.startswith(f"Error: {said}") and done.stderr.count("\n") == 1, done
