# SPDX-License-Identifier: Apache-2.0
"""Services of OpenTelemetry as log groups: what is done to the group is done to its lines, and to nothing else of the service."""
import time

import pytest
from botocore.exceptions import ClientError

import aws
import otlp
from cairn_process import until

SETTINGS = {"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}


@pytest.fixture(scope="module")
def logs(cairn):
    return aws.client(cairn, "logs")


def send(cairn, *bodies, service, **more):
    reply = cairn.request("POST", "/v1/logs", otlp.logs(bodies, service=service, **more).SerializeToString(), {"content-type": "application/x-protobuf"})
    assert reply.status == 200, reply.body


def names(logs, mark):
    return [group["logGroupName"] for group in logs.describe_log_groups(logGroupNamePrefix=mark)["logGroups"]]


def test_a_deleted_service_is_a_group_again_with_its_next_line(cairn, logs, mark):
    send(cairn, "before", service=mark)
    assert names(logs, mark) == [mark]
    logs.delete_log_group(logGroupName=mark)
    assert names(logs, mark) == []
    with pytest.raises(ClientError) as failure:
        logs.filter_log_events(logGroupName=mark)
    assert aws.code(failure) == "ResourceNotFoundException"
    came = aws.now()
    send(cairn, "after", service=mark)
    [group] = logs.describe_log_groups(logGroupNamePrefix=mark)["logGroups"]
    assert group["logGroupName"] == mark and group["creationTime"] >= came - 1
    assert mark in [each["logGroupName"] for each in logs.list_log_groups(logGroupNamePattern=mark)["logGroups"]]
    assert aws.messages(logs, mark) == ["after"]
    [stream] = logs.describe_log_streams(logGroupName=mark)["logStreams"]
    assert stream["logStreamName"] == "default"


def test_a_retention_ends_lines_and_leaves_spans(make_cairn, ids):
    cairn = make_cairn().start()
    old = time.time_ns() - 3 * 86_400 * 10**9
    spans = [otlp.span(ids, start=old + n) for n in range(50)]
    body = otlp.traces(spans, service="both").SerializeToString()
    assert cairn.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"}).status == 200
    send(cairn, *[f"line {n}" for n in range(200)], service="both", at=old)
    send(cairn, "new", service="both")
    aws.client(cairn, "logs").put_retention_policy(logGroupName="both", retentionInDays=1)
    cairn.restart()

    def count():
        return sum(each["events"] for each in cairn.request("GET", "/api/cairn/datasets").json()["datasets"])

    assert until(lambda: count() == 51), count()
    assert aws.messages(aws.client(cairn, "logs"), "both") == ["new"]
    xray = aws.client(cairn, "xray")
    traces = ["1-{}-{}".format(each[:8], each[8:]) for each in (span.trace_id.hex() for span in spans[:5])]
    assert len(xray.batch_get_traces(TraceIds=traces)["Traces"]) == 5
