# SPDX-License-Identifier: Apache-2.0
"""CairnKit before collectors that are dead, slow or mean harm: the program goes on, memory is bounded, losses are counted and told once."""
import pytest

import kit
from cairn_process import busyness

BEHAVIOURS = {
    "silent": kit.silent, "trickle": kit.trickle, "huge": kit.huge, "endless body": kit.endless_body, "endless trailer": kit.endless_trailer,
    "endless header": kit.endless_header, "garbage": kit.garbage, "reset": kit.reset, "hang up": kit.hang_up, "statuses": kit.Statuses,
    "retry after": kit.RetryAfters,
}
# What still takes whole batches: the kit reads so much of an answer and lets go of the rest.
TAKEN = {"huge", "endless body", "endless trailer", "statuses", "trickle"}
MIB = 1024 * 1024


def load(url, **more):
    """Everything at once: 15,000 requests, at most 5,000 a second, 30,000 items, against queues of 2,048."""
    return kit.run("load", 5000, 3, OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_BSP_SCHEDULE_DELAY="200", OTEL_BLRP_SCHEDULE_DELAY="200",
                   OTEL_EXPORTER_OTLP_TIMEOUT="2000", OTEL_METRIC_EXPORT_INTERVAL="500", CAIRN_SHUTDOWN_TIMEOUT="1500", OTEL_LOGS_EXPORTER="otlp,cloudwatch",
                   AWS_ENDPOINT_URL=url, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", ROLLBAR_ACCESS_TOKEN="t", ROLLBAR_ENDPOINT=f"{url}/api/1/", **more)


def check(said, err, is_lossy):
    assert said["operations"] >= 15_000, said
    assert said["resident_late"] - said["resident_early"] < 48 * MIB, said
    assert said["resident_late"] < 160 * MIB, said
    assert said["stop_ms"] < 4000 * busyness(), said
    if is_lossy:
        assert sum(said["lost"].values()) > 5_000, (said, err)
        assert any("lost" in line or "dropped" in line for line in err.splitlines()), err
    # Each kind of trouble once, and the sums at the end.
    assert len(err.splitlines()) <= 16, err


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_collector_that_means_harm_harms_nobody(name):
    behaviour = BEHAVIOURS[name]
    with kit.Collector(behaviour() if isinstance(behaviour, type) else behaviour) as collector:
        said, err, _ = load(collector.url)
        assert collector.requests
    check(said, err, name not in TAKEN)


def test_nobody_there_is_nobodys_fault():
    said, err, _ = load(f"http://127.0.0.1:{kit.dead_port()}")
    check(said, err, True)


def test_a_name_that_means_nothing_is_nobodys_fault():
    said, err, _ = load("http://collector.invalid:4318")
    check(said, err, True)
