# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a server per module (`cairn`), or as many as a test likes (`make_cairn`)."""
import random
import sys

import pytest

import aws
import cairn_process
import otlp
from webhook import Webhook, hook  # noqa: F401

sys.dont_write_bytecode = True


def pytest_collection_modifyitems(items):
    """Without a server there is nothing to test, and that is an error, not a skip."""
    if items and not cairn_process.binary().exists():
        pytest.exit(f"There is no server at {cairn_process.binary()}: swift build -c release --product cairn, or set CAIRN_BINARY.", 2)


def pytest_report_header():
    return f"server: {cairn_process.binary()}"


@pytest.fixture(scope="module")
def cairn(tmp_path_factory, request):
    """A server; where a module has SETTINGS, with those in its environment."""
    server = cairn_process.Cairn(tmp_path_factory.mktemp("cairn"), environment=getattr(request.module, "SETTINGS", None)).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def logs(cairn):
    """A client of CloudWatch Logs."""
    return aws.client(cairn, "logs")


@pytest.fixture
def webhook():
    """An address that takes deliveries; SETTINGS have to allow it."""
    hook = Webhook()
    yield hook
    hook.stop()


@pytest.fixture
def make_cairn(tmp_path):
    """Makes servers that are not started yet; those that still run at the end are stopped and must go with exit code 0."""
    made = []

    def make(name="cairn", arguments=(), environment=None):
        server = cairn_process.Cairn(tmp_path / name, arguments, environment)
        made.append(server)
        return server

    yield make
    failures = []
    for server in made:
        try:
            server.stop()
        except AssertionError as failure:
            failures.append(failure)
    assert not failures, failures


@pytest.fixture
def mark():
    """A word that no other test uses, to find one's own events by."""
    return f"m{random.SystemRandom().getrandbits(64):016x}"


@pytest.fixture
def ids():
    return otlp.Ids(random.SystemRandom().getrandbits(64))
