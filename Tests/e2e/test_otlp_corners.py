# SPDX-License-Identifier: Apache-2.0
"""Corners of OTLP that a sender meets: weights of resources, errors whose attribute is a text, warnings."""
import json
import os
import time

from cairn_process import JSON


def attribute(key, **value):
    return {"key": key, "value": value}


def resource(service, *attributes):
    return {"attributes": [attribute("service.name", stringValue=service), *attributes]}


def span(**members):
    now = time.time_ns()
    return {"traceId": os.urandom(16).hex(), "spanId": os.urandom(8).hex(), "name": "s", "startTimeUnixNano": str(now - 1000), "endTimeUnixNano": str(now), **members}


def send(cairn, signal, body):
    reply = cairn.send(json.dumps(body).encode(), signal, JSON)
    assert reply.status == 200, reply
    return reply.json()


def test_the_weight_of_a_resource_is_that_of_its_points(cairn, mark):
    point = {"timeUnixNano": str(time.time_ns()), "asInt": "5"}
    send(cairn, "metrics", {"resourceMetrics": [{"resource": resource(mark, attribute("SampleRate", intValue="10")),
                                                 "scopeMetrics": [{"metrics": [{"name": "g", "gauge": {"dataPoints": [point]}}]}]}]})
    assert cairn.count(("service.name", "=", mark)) == 10


def test_a_failed_span_is_one_whatever_its_attribute_error_holds(cairn, mark):
    one = span(status={"code": 2}, attributes=[attribute("error", stringValue="boom")])
    send(cairn, "traces", {"resourceSpans": [{"resource": resource(mark), "scopeSpans": [{"spans": [one]}]}]})
    assert [each["error"] for each in cairn.get(f"traces/{one['traceId']}")["spans"]] == [True]


def test_what_a_span_was_taken_without_is_a_warning(cairn, mark):
    event = {"name": "large", "timeUnixNano": str(time.time_ns()), "attributes": [attribute(f"k{n}", intValue="1") for n in range(2001)]}
    answer = send(cairn, "traces", {"resourceSpans": [{"resource": resource(mark), "scopeSpans": [{"spans": [span(events=[event])]}]}]})
    assert answer["partialSuccess"]["rejectedSpans"] == "0" and "attributes" in answer["partialSuccess"]["errorMessage"]
    assert cairn.count(("service.name", "=", mark)) == 1
