# SPDX-License-Identifier: Apache-2.0
"""Logs by OTLP into a log group, as AWS's endpoint takes them: two headers, lines of JSON, CloudWatch's ways out."""
import gzip
import json
import time

import pytest
from google.protobuf import json_format
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
import logging

import aws
import otlp
from cairn_process import until


@pytest.fixture
def group(logs, mark):
    return aws.group(logs, f"/otlp/{mark}")


def request(*records, service="shop", **scope):
    """An ExportLogsServiceRequest of records given as dicts in the names of OTLP's JSON."""
    made = otlp.ExportLogsServiceRequest()
    resource = made.resource_logs.add()
    resource.resource.attributes.extend(otlp.attributes({"service.name": service, "host.cpus": 4}))
    scoped = resource.scope_logs.add()
    scoped.scope.name = "lib"
    for record in records:
        attributes = otlp.attributes(record.pop("attributes", {}))
        json_format.ParseDict({"timeUnixNano": str(time.time_ns()), **record}, scoped.log_records.add()).attributes.extend(attributes)
    return made


def headers(group, stream="s", kind="application/x-protobuf", **more):
    return {"content-type": kind, "x-aws-log-group": group, "x-aws-log-stream": stream, **more}


def send(cairn, made, head):
    body = json_format.MessageToJson(made).encode() if head["content-type"] == "application/json" else made.SerializeToString()
    if head.get("content-encoding") == "gzip":
        body = gzip.compress(body)
    return cairn.request("POST", "/v1/logs", body, head)


TRACE = "0af7651916cd43dd8448eb211c80319c"
TEXT = "User logged in \"successfully\"\nü"


@pytest.mark.parametrize("head", [{}, {"kind": "application/json"}, {"content-encoding": "gzip"}])
def test_records_are_lines_of_the_group_and_stream(cairn, logs, group, head):
    now = time.time_ns()
    made = request({"timeUnixNano": str(now), "severityNumber": 9, "severityText": "INFO", "body": {"stringValue": TEXT}, "attributes": {"user.id": "12345", "n": 7}, "flags": 1})
    made.resource_logs[0].scope_logs[0].log_records[0].trace_id = bytes.fromhex(TRACE)
    made.resource_logs[0].scope_logs[0].log_records[0].span_id = bytes.fromhex("b7ad6b7169203331")
    reply = send(cairn, made, headers(group, **head))
    assert reply.status == 200 and reply.body in (b"", b"{}")
    [event] = logs.get_log_events(logGroupName=group, logStreamName="s")["events"]
    assert event["timestamp"] == now // 1_000_000
    assert json.loads(event["message"]) == {
        "timeUnixNano": now, "severityNumber": 9, "severityText": "INFO", "traceId": TRACE, "spanId": "b7ad6b7169203331", "flags": 1, "body": TEXT,
        "attributes": {"user.id": "12345", "n": 7}, "resource": {"attributes": {"service.name": "shop", "host.cpus": 4}}, "scope": {"name": "lib"}}
    [stream] = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert stream["lastEventTimestamp"] == now // 1_000_000
    # No service got a group of its own by it.
    assert logs.describe_log_groups(logGroupNamePrefix="shop")["logGroups"] == []


def test_every_way_out_and_what_hangs_on_lines(cairn, logs, group, mark):
    logs.put_metric_filter(logGroupName=group, filterName="e", filterPattern='{ $.severityText = "ERROR" }', metricTransformations=[
        {"metricName": "errors", "metricNamespace": mark, "metricValue": "$.attributes.cost"}])
    trace = "\n".join(["Traceback (most recent call last):", '  File "a.py", line 1, in f', "    g()", "KeyError: 'cart'"])
    records = [{"severityNumber": 17, "severityText": "ERROR", "body": {"stringValue": "broke"}, "attributes": {"cost": 2.5, "exception.stacktrace": trace}},
               {"severityNumber": 13, "body": {"kvlistValue": {"values": [{"key": "k", "value": {"intValue": "3"}}]}}, "attributes": {"password": "hunter2-hunter2"}}]
    assert send(cairn, request(*records), headers(group)).status == 200
    [found] = logs.filter_log_events(logGroupName=group, filterPattern='{ $.severityText = "ERROR" }')["events"]
    assert json.loads(found["message"])["body"] == "broke" and found["logStreamName"] == "s"
    # Insights names members as at AWS.
    query = logs.start_query(logGroupName=group, startTime=int(time.time()) - 60, endTime=int(time.time()) + 60, queryString=(
        'fields severityText, body, body.k, attributes.cost, resource.attributes.service.name as service | sort severityNumber'))["queryId"]
    answer = until(lambda: (found := logs.get_query_results(queryId=query))["status"] == "Complete" and found)
    rows = [{field["field"]: field["value"] for field in row if field["field"] != "@ptr"} for row in answer["results"]]
    assert rows == [{"body.k": "3", "service": "shop"}, {"severityText": "ERROR", "body": "broke", "attributes.cost": "2.5", "service": "shop"}]
    # A level by its number alone, an exception, and no secret.
    assert {name: cairn.count((column, "=", name), dataset=group) for column, name in [
        ("severity", "error"), ("severity", "warn"), ("exception.type", "KeyError")]} == {"error": 1, "warn": 1, "KeyError": 1}
    point = until(lambda: aws.client(cairn, "cloudwatch").get_metric_statistics(
        Namespace=mark, MetricName="errors", StartTime=time.time() - 300, EndTime=time.time() + 60, Period=60, Statistics=["Sum"])["Datapoints"])
    assert sum(each["Sum"] for each in point) == 2.5
    assert "hunter2" not in "".join(aws.messages(logs, group))


def test_what_is_not_there_is_not_made(cairn, logs, group):
    """AWS: the group and the stream must exist, and both headers be given."""
    made = request({"body": {"stringValue": "x"}})
    for head, words in [(headers("/otlp/nowhere"), "log group does not exist"), (headers(group, "none"), "log stream does not exist"),
                        (headers("a b"), "x-aws-log-group"), (headers(group, "a:b"), "x-aws-log-stream")]:
        reply = send(cairn, made, {**head, "content-type": "application/json"})
        assert reply.status == 400 and words in reply.json()["message"], reply
    for left in ("x-aws-log-group", "x-aws-log-stream"):
        head = headers(group, kind="application/json")
        del head[left]
        reply = send(cairn, made, head)
        assert reply.status == 400 and "belong together" in reply.json()["message"]
    assert cairn.request("POST", "/v1/logs", b"\x0a\xff", headers(group)).status == 400
    assert cairn.request("POST", "/v1/logs", b"not gzip", headers(group, **{"content-encoding": "gzip"})).status == 400
    assert logs.get_log_events(logGroupName=group, logStreamName="s")["events"] == []
    assert not [each for each in logs.describe_log_groups(logGroupNamePrefix="/otlp/nowhere")["logGroups"]]


def test_what_cannot_be_kept_is_counted(cairn, logs, group):
    logs.put_retention_policy(logGroupName=group, retentionInDays=3)
    day = 86_400 * 10**9
    now = time.time_ns()
    times = [now, now - 20 * day, now + day, now - 4 * day, now - 21 * day, now - day]
    made = request(*[{"timeUnixNano": str(at), "body": {"stringValue": f"r{index}"}} for index, at in enumerate(times)], {"body": {"stringValue": "x" * (1 << 20)}})
    partial = send(cairn, made, headers(group, kind="application/json")).json()["partialSuccess"]
    assert partial["rejectedLogRecords"] == "5" and json.loads(partial["errorMessage"]) == {
        "tooOldLogEventCount": 2, "tooNewLogEventCount": 1, "expiredLogEventCount": 1, "tooLargeLogEventCount": 1}
    assert [json.loads(line)["body"] for line in aws.messages(logs, group)] == ["r5", "r0"]
    # A resource that would be repeated beyond all bounds is refused as a whole.
    large = request(*[{"body": {"stringValue": "x"}} for _ in range(40)], service="y" * 500_000)
    assert send(cairn, large, headers(group)).status == 400


def test_the_sdk_sends_into_a_group(cairn, logs, group):
    provider = LoggerProvider(resource=Resource.create({"service.name": "sdk"}))
    exporter = OTLPLogExporter(endpoint=f"http://{cairn.addresses['http']}/v1/logs", headers={"x-aws-log-group": group, "x-aws-log-stream": "s"})
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = logging.getLogger(group)
    logger.addHandler(LoggingHandler(logger_provider=provider))
    logger.propagate = False
    logger.error("no %s", "cart", extra={"order": 5})
    provider.shutdown()
    [line] = [json.loads(line) for line in aws.messages(logs, group)]
    assert line["body"] == "no cart" and line["attributes"]["order"] == 5 and line["resource"]["attributes"]["service.name"] == "sdk"
