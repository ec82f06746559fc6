# SPDX-License-Identifier: Apache-2.0
"""POST /moto-api/reset: absent unless CAIRN_TEST_RESET=1 asks for it, and then everything but the keys is gone, whatever runs beside it."""
import concurrent.futures
import json
import threading

import pytest

import otlp
from cairn_process import JSON, until

QUERY = json.dumps({"calculations": [{"op": "COUNT"}]})


@pytest.fixture
def resettable(make_cairn):
    return make_cairn(environment={"CAIRN_TEST_RESET": "1"}).start()


def reset(cairn):
    reply = cairn.request("POST", "/moto-api/reset")
    assert reply.status == 200, reply


def test_it_is_not_there_without_the_variable(make_cairn):
    for environment in ({}, {"CAIRN_TEST_RESET": "0"}, {"CAIRN_TEST_RESET": ""}):
        cairn = make_cairn(environment=environment).start()
        for method in ("POST", "GET"):
            assert cairn.request(method, "/moto-api/reset").status == 404
        cairn.stop()


def test_events_and_catalog_are_gone_and_the_same_events_count_again(resettable, mark):
    cairn = resettable
    bodies = {signal: otlp.one_of(signal, otlp.Ids(7), mark).SerializeToString() for signal in ("traces", "logs", "metrics")}
    for _ in range(3):
        for signal, body in bodies.items():
            assert cairn.send(body, signal).status == 200
        assert cairn.count(("test.mark", "=", mark)) == 3
        made = cairn.request("POST", "/1/queries/__all__", QUERY, {"content-type": JSON}).json()["id"]
        assert cairn.request("GET", f"/1/queries/__all__/{made}").status == 200
        reset(cairn)
        assert cairn.get("datasets")["datasets"] == [] and cairn.get("columns")["columns"] == []
        assert cairn.get("status")["store"]["events"] == 0
        assert cairn.request("GET", f"/1/queries/__all__/{made}").status == 404
        assert cairn.get("doors")["recent"] == []
    cairn.restart()
    assert cairn.get("datasets")["datasets"] == [], "gone for good"


def test_it_works_while_requests_run(resettable, mark):
    cairn, stop = resettable, threading.Event()

    def write(worker):
        ids, statuses = otlp.Ids(worker), set()
        while not stop.is_set():
            statuses.add(cairn.send(otlp.traces([otlp.span(ids, fields={"test.mark": mark}) for _ in range(50)]).SerializeToString()).status)
        return statuses

    def ask():
        counts = set()
        while not stop.is_set():
            counts.add(cairn.request("POST", "/api/cairn/query", json.dumps({"dataset": "__all__", "query": {"calculations": [{"op": "COUNT"}]}}), {"content-type": JSON}).status)
        return counts

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        running = [pool.submit(write, n) for n in range(2)] + [pool.submit(ask) for _ in range(2)]
        try:
            for _ in range(30):
                reset(cairn)
        finally:
            stop.set()
        for one in running:
            assert one.result() == {200}
    reset(cairn)
    assert until(lambda: cairn.get("status")["store"]["events"] == 0)
    assert cairn.count(("test.mark", "=", mark)) == 0
    cairn.restart()
    assert cairn.get("status")["store"]["events"] == 0
