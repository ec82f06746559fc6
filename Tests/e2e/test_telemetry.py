# SPDX-License-Identifier: Apache-2.0
"""Cairn's own figures at /metrics, read by Prometheus's own parser, and the same as JSON for the page of the server."""
import http.client
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

import otlp
from cairn_process import PROTOBUF, until

WANTED = {
    "counter": {"cairn_requests", "cairn_refusals", "cairn_ingest_requests", "cairn_ingest_events", "cairn_ingest_rejected_items", "cairn_ingest_received_bytes",
                "cairn_store_refusals", "cairn_journal_bytes", "cairn_connections_accepted", "process_cpu_seconds"},
    "gauge": {"cairn_events", "cairn_head_events", "cairn_heads_waiting", "cairn_journal_waiting_requests", "cairn_queries_running", "cairn_queries_waiting",
              "cairn_segments", "cairn_segment_bytes", "cairn_memory_bytes", "cairn_held_request_bytes", "cairn_connections_open", "cairn_ingest_accepting",
              "process_resident_memory_bytes", "process_open_fds", "cairn_heap_used_bytes", "cairn_heap_free_bytes"},
    "histogram": {"cairn_journal_sync_seconds", "cairn_seal_seconds", "cairn_merge_seconds", "cairn_query_duration_seconds", "cairn_ingest_duration_seconds"},
}


def families(cairn):
    reply = cairn.request("GET", "/metrics")
    assert reply.status == 200 and reply.headers["content-type"].startswith("text/plain; version=0.0.4"), reply
    found = list(text_string_to_metric_families(reply.body.decode()))
    assert len({f.name for f in found}) == len(found), "each family once"
    return {family.name: family for family in found}


def value(cairn, name, **labels):
    return sum(sample.value for family in families(cairn).values() for sample in family.samples
               if sample.name == name and labels.items() <= sample.labels.items())


def test_every_figure_is_there_and_prometheus_reads_it(cairn, ids, mark):
    assert cairn.send(otlp.one_of("traces", ids, mark).SerializeToString()).status == 200
    assert cairn.count(("test.mark", "=", mark)) == 1
    found = families(cairn)
    for kind, names in WANTED.items():
        assert names <= {name for name, family in found.items() if family.type == kind}, kind
    for family in found.values():
        assert family.type in WANTED and family.documentation.endswith(".") and family.name.startswith(("cairn_", "process_")), family
        if family.type == "histogram":
            buckets = [(float(s.labels["le"]), s.value) for s in family.samples if s.name.endswith("_bucket")]
            assert buckets == sorted(buckets) and buckets[-1][0] == float("inf")
            assert [s.value for s in family.samples if s.name.endswith("_count")] == [buckets[-1][1]]


def test_the_figures_count_what_happens(cairn, ids, mark):
    names = ["cairn_ingest_events_total", "cairn_ingest_received_bytes_total", "cairn_journal_sync_seconds_count", "cairn_journal_bytes_total",
             "cairn_query_duration_seconds_count", "cairn_ingest_duration_seconds_count"]
    before = {name: value(cairn, name) for name in names}
    body = otlp.traces([otlp.span(ids, fields={"test.mark": mark}) for _ in range(7)]).SerializeToString()
    assert cairn.send(body).status == 200
    cairn.count(("test.mark", "=", mark))
    after = {name: value(cairn, name) for name in names}
    grown = {name: after[name] - before[name] for name in names}
    assert grown["cairn_ingest_events_total"] == 7 and grown["cairn_ingest_received_bytes_total"] == len(body)
    assert grown["cairn_query_duration_seconds_count"] == 1 and grown["cairn_ingest_duration_seconds_count"] == 1
    assert grown["cairn_journal_sync_seconds_count"] >= 1 and grown["cairn_journal_bytes_total"] > 50


@pytest.mark.parametrize("reason,kind,body,status", [("malformed", PROTOBUF, b"\xff\xff", 400), ("unsupported", "text/plain", b"x", 415)])
def test_refusals_are_counted_by_reason(cairn, reason, kind, body, status):
    before = value(cairn, "cairn_refusals_total", door="otlp-http", reason=reason)
    assert cairn.send(body, kind=kind).status == status
    assert value(cairn, "cairn_refusals_total", door="otlp-http", reason=reason) == before + 1


def test_connections_are_counted(cairn):
    before = value(cairn, "cairn_connections_open")
    held = [http.client.HTTPConnection(cairn.http) for _ in range(20)]
    for one in held:
        one.connect()
    assert until(lambda: value(cairn, "cairn_connections_open") >= before + 20)
    for one in held:
        one.close()
    assert until(lambda: value(cairn, "cairn_connections_open") <= before + 1)


def test_the_page_has_the_same_figures(cairn):
    answer = cairn.get("server")
    assert abs(answer["us"] / 1e6 - time.time()) < 60
    found, names = families(cairn), {figure["name"].removesuffix("_total") for figure in answer["figures"]}
    assert names == set(found)
    for figure in answer["figures"]:
        assert figure["help"] and figure["type"] == found[figure["name"].removesuffix("_total")].type
        if figure["type"] == "histogram":
            assert len(figure["counts"]) == len(figure["bounds"]) + 1
