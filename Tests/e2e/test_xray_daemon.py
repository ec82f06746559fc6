# SPDX-License-Identifier: Apache-2.0
"""What comes by datagram, as to the daemon: by hand, and by the SDK under Flask with its defaults."""
import base64
import json
import os
import time

import pytest

from xray import HEADER, client, documents, door, flask_client, new_id, segment, send, until


def test_datagrams_become_events_or_a_reason(cairn):
    good, spaced = segment(), segment()
    before = door(cairn)["datagrams"]
    send(cairn, HEADER + json.dumps(good).encode(), b'{"format":"JSON","version":1}\n' + json.dumps(spaced).encode() + b"\n",
         b"no header", b"{}\n{}", b"garbage\n{}", b'{"format":"json","version":2}\n{}', HEADER, HEADER + b"{", HEADER + b"T1S???", HEADER + b"T1S/////w8=",
         HEADER + json.dumps(segment(id="zz")).encode())
    assert documents(cairn, good["trace_id"]) == [good]
    assert documents(cairn, spaced["trace_id"]) == [spaced]
    until(lambda: door(cairn)["datagrams"]["malformed"] - before["malformed"] == 9)
    after = door(cairn)["datagrams"]
    assert after["received"] - before["received"] == 11 and after["kernel_drops"] == 0
    reasons = {entry["reason"] for entry in cairn.get("doors")["rejections"] if entry["door"] == "xray-daemon"}
    for part in ("no header line", "not a JSON object", "format json, version 1", "no document behind", "not base64", "InvalidId"):
        assert any(part in reason for reason in reasons), (part, reasons)


@pytest.mark.parametrize("mark", [b"T1S", b"T1U"])
def test_spans_come_in_datagrams(cairn, mark):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    requests, traces = [], []
    for _ in range(3):
        request = ExportTraceServiceRequest()
        scope = request.resource_spans.add()
        scope.resource.attributes.add(key="service.name").value.string_value = "lambda"
        traces.append(os.urandom(16).hex())
        now = time.time_ns()
        scope.scope_spans.add().spans.add(trace_id=bytes.fromhex(traces[-1]), span_id=os.urandom(8), name="handler", kind=2, start_time_unix_nano=now, end_time_unix_nano=now + 1000)
        requests.append(HEADER + mark + base64.b64encode(request.SerializeToString()))
    send(cairn, *requests)
    for trace in traces:
        found, = documents(cairn, f"1-{trace[:8]}-{trace[8:]}")
        assert found["name"] == "lambda" and found["trace_id"] == f"1-{trace[:8]}-{trace[8:]}"


def test_datagrams_survive_a_stop(make_cairn):
    cairn = make_cairn()
    cairn.start()
    sent = [segment() for _ in range(500)]
    send(cairn, *[HEADER + json.dumps(document).encode() for document in sent])
    until(lambda: door(cairn)["datagrams"]["accepted"] == 500)
    cairn.stop()
    cairn.start()
    assert documents(cairn, sent[-1]["trace_id"]) == [sent[-1]]


def test_the_sdk_with_its_defaults(cairn):
    name = f"flask-{new_id()}"
    client(cairn).update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "FixedRate": 1.0, "ReservoirSize": 50})
    try:
        process = flask_client(cairn, name, 0, "/work,/broken,/many", 0.01)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert int(output) == 3
        spans = until(lambda: (lambda found: found if len(found) >= 3 else None)(
            [trace for trace in cairn.get("traces", limit=100)["traces"] if trace["root_service"] == name]))
        found = {}
        for trace in spans:
            for document in documents(cairn, trace["xray_id"]):
                if "http" in document:
                    found[document["http"]["request"]["url"].rsplit("/", 1)[1]] = document
        assert set(found) == {"work", "broken", "many"}
        assert found["work"]["subsegments"][0]["annotations"] == {"size": 3}
        assert found["broken"]["fault"] is True and found["broken"]["cause"]["exceptions"][0]["type"] == "ValueError"
        assert len(found["many"]["subsegments"]) == 60
    finally:
        client(cairn).update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "FixedRate": 0.05, "ReservoirSize": 1})
