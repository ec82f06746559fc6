# SPDX-License-Identifier: Apache-2.0
"""What CairnKit says of numbers: counts of sampled spans are the true ones, and a stop leaves no line of which nothing is known."""
import json
import socket
import threading

import pytest
import requests

import kit
from cairn_process import busyness, until

KEY = {"x-honeycomb-team": "dev"}
AWS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


def counts(cairn, dataset):
    """COUNT by name, as Honeycomb's query API has it."""
    until(lambda: requests.get(f"{cairn.url}/1/datasets/{dataset}", headers=KEY).status_code == 200)
    query = {"calculations": [{"op": "COUNT"}], "breakdowns": ["name", "error"]}
    made = requests.post(f"{cairn.url}/1/queries/{dataset}", json=query, headers=KEY).json()["id"]
    asked = requests.post(f"{cairn.url}/1/query_results/{dataset}", json={"query_id": made, "disable_series": True}, headers=KEY).json()["id"]
    got = until(lambda: (answer := requests.get(f"{cairn.url}/1/query_results/{dataset}/{asked}", headers=KEY).json())["complete"] and answer)
    found = {}
    for row in got["data"]["results"]:
        name = row["data"]["name"] + (" failed" if row["data"].get("error") else "")
        found[name] = found.get(name, 0) + row["data"]["COUNT"]
    return found


def traces(cairn, mark, sampler, rate, count=4000):
    said, err, _ = kit.run("traces", count, OTEL_EXPORTER_OTLP_ENDPOINT=cairn.url, OTEL_SERVICE_NAME=f"traces-{mark}", OTEL_TRACES_SAMPLER=sampler,
                           OTEL_TRACES_SAMPLER_ARG=str(rate), OTEL_BSP_MAX_QUEUE_SIZE="100000", OTEL_LOGS_EXPORTER="none", OTEL_METRICS_EXPORTER="none",
                           CAIRN_SHUTDOWN_TIMEOUT="30000")
    assert said["lost"] == {}, (said, err)
    return counts(cairn, f"traces-{mark}")


def test_counts_of_honeycombs_sampler_are_the_true_numbers(cairn, mark):
    found = traces(cairn, mark, "honeycomb", 5)
    for name in ("own", "called"):
        assert found[name] % 5 == 0 and 3400 <= found[name] <= 4600, found
        # The children of the same traces, with the same weight.
        assert found[f"{name}-work"] + found[f"{name}-work failed"] == found[name], found


def test_counts_of_what_the_tail_keeps_are_the_true_numbers(cairn, mark):
    found = traces(cairn, mark, "tail", 5)
    for name in ("own", "called"):
        assert found[f"{name}-work failed"] == 500, found
        assert (found[name] - 500) % 5 == 0 and 3400 <= found[name] <= 4600, found
        assert found[f"{name}-work"] == found[name] - 500, found


@pytest.mark.parametrize("timeout", [400, 5000])
def test_a_stop_before_a_silent_service_keeps_every_line(tmp_path, timeout):
    with kit.Collector(kit.silent) as collector:
        said, err, _ = kit.run("load", 3000, 1, OTEL_TRACES_EXPORTER="none", OTEL_METRICS_EXPORTER="none", OTEL_LOGS_EXPORTER="cloudwatch",
                               AWS_ENDPOINT_URL=collector.url, CLOUDWATCH_SPILL_FOLDER=str(tmp_path / "spill"), OTEL_BLRP_MAX_QUEUE_SIZE="10000",
                               CAIRN_SHUTDOWN_TIMEOUT=str(timeout), **AWS)
    kept = sum(len(json.loads(path.read_text())) for path in (tmp_path / "spill").glob("lines-*.json"))
    assert kept == said["operations"] and said["lost"] == {}, (kept, said, err)
    assert said["stop_ms"] < 4500 * busyness(), said


@pytest.mark.parametrize("target", ["silent", "gone"])
def test_a_stop_counts_what_it_leaves(target):
    with kit.Collector(kit.silent) as collector:
        url = collector.url if target == "silent" else f"http://127.0.0.1:{kit.dead_port()}"
        said, err, _ = kit.run("load", 2000, 1, OTEL_METRICS_EXPORTER="none", OTEL_LOGS_EXPORTER="otlp,cloudwatch", OTEL_EXPORTER_OTLP_ENDPOINT=url,
                               AWS_ENDPOINT_URL=url, CAIRN_SHUTDOWN_TIMEOUT="500", **AWS)
    lost = said["lost"]
    assert lost == {name: said["operations"] for name in ("otlp traces", "otlp logs", "cloudwatch logs")}, (said, err)


def test_a_stop_does_not_wait_for_who_refuses():
    url = f"http://127.0.0.1:{kit.dead_port()}"
    said, err, _ = kit.run("load", 1000, 1, OTEL_EXPORTER_OTLP_ENDPOINT=url, CAIRN_SHUTDOWN_TIMEOUT="20000")
    assert said["stop_ms"] < 2000 * busyness() and said["lost"]["otlp traces"] == said["operations"], (said, err)
    assert "refused" in err, err


class Tunnel:
    """To another address; the first connection leads nowhere, and stays open."""

    def __init__(self, host, port, family=socket.AF_INET, address="127.0.0.1"):
        self.target, self.listener, self.count = (host, port), socket.create_server((address, 0), family=family), 0
        self.port, self.open = self.listener.getsockname()[1], []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            self.open.append(connection)
            if self.count > 1:
                other = socket.create_connection(self.target)
                self.open.append(other)
                for one, two in ((connection, other), (other, connection)):
                    threading.Thread(target=self.copy, args=(one, two), daemon=True).start()

    def copy(self, one, two):
        try:
            while part := one.recv(65536):
                two.sendall(part)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.open:
            connection.close()


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_connection_that_went_silent_is_given_up(cairn, mark, protocol):
    host, port = (cairn.grpc if protocol == "grpc" else cairn.url.removeprefix("http://")).rsplit(":", 1)
    family, address, name = (socket.AF_INET6, "::1", "[::1]") if socket.has_ipv6 and has_loopback6() else (socket.AF_INET, "127.0.0.1", "127.0.0.1")
    with Tunnel(host, int(port), family, address) as tunnel:
        said, err, code = kit.run("load", 500, 3, check=False, OTEL_EXPORTER_OTLP_PROTOCOL=protocol, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{name}:{tunnel.port}",
                                  OTEL_SERVICE_NAME=f"tunnel-{mark}", OTEL_EXPORTER_OTLP_TIMEOUT="600", OTEL_BSP_SCHEDULE_DELAY="100", OTEL_LOGS_EXPORTER="none",
                                  OTEL_METRICS_EXPORTER="none", OTEL_BSP_MAX_QUEUE_SIZE="100000")
    if protocol == "grpc" and code and "trait GRPC" in err:
        pytest.skip("this probe was built without the trait GRPC")
    lost = said["lost"].get("otlp traces", 0)
    assert tunnel.count > 1 and lost < said["operations"] / 2, (said, tunnel.count, err)
    found = counts(cairn, f"tunnel-{mark}")
    assert found["load"] == said["operations"] - lost, (found, said, err)


def has_loopback6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        return True
    except OSError:
        return False


def test_a_daemon_that_nobody_knows_costs_what_is_counted():
    said, err, _ = kit.run("load", 200, 1, OTEL_TRACES_EXPORTER="xray", OTEL_LOGS_EXPORTER="none", OTEL_METRICS_EXPORTER="none",
                           OTEL_BSP_SCHEDULE_DELAY="50", AWS_XRAY_DAEMON_ADDRESS="daemon.invalid:2000")
    assert said["lost"] == {"xray segments": said["operations"]}, (said, err)
    assert len([line for line in err.splitlines() if "daemon.invalid" in line]) == 1, err


def test_a_kit_that_is_switched_off_hands_on_what_came():
    """It asks for no keys, records nothing, and what a caller sent goes on as it came, also by the tracer that is installed."""
    parent, state = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1,other=2"
    headers = {"traceparent": parent, "tracestate": state, "baggage": "tenant=7"}

    def answer(connection, request):
        kit.reply(connection, 200, b"ok")

    off = {"OTEL_SDK_DISABLED": "true", "OTEL_LOGS_EXPORTER": "cloudwatch", "OTEL_TRACES_EXPORTER": "xray", "CAIRN_XRAY_TRANSPORT": "api"}
    with kit.Collector(answer) as collector, kit.Server(PROBE_NEXT=collector.url + "/next", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **off) as server:
        assert requests.get(f"{server.url}/hop/andrew", headers=headers, timeout=20).text == "ok"
        assert requests.get(f"{server.url}/installed", headers=headers, timeout=20).text.splitlines() == [
            "baggage: tenant=7", f"traceparent: {parent}", f"tracestate: {state}"]
        assert requests.get(f"{server.url}/installed", timeout=20).text == ""
        took, said = server.stop()
        assert said["lost"] == {} and took < 2 * busyness()
    assert [request.target for request in collector.requests] == ["/next"]
    sent = collector.requests[0].headers
    assert (sent["traceparent"], sent["tracestate"]) == (parent, state)
    assert set(sent["baggage"].split(",")) == {"tenant=7", "user.id=andrew"}
