# SPDX-License-Identifier: Apache-2.0
"""Services of OpenTelemetry as log groups: what is done to the group is done to its lines, and to nothing else of the service."""
import gzip
import json
import time

import grpc
import pytest
from botocore.exceptions import ClientError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

import aws
import otlp
from cairn_process import until

SETTINGS = {"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}


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


# What hangs on lines

EMAIL = "arn:aws:dataprotection::aws:data-identifier/EmailAddress"
POLICY = json.dumps({"Name": "p", "Version": "2021-06-01", "Configuration": {"CustomDataIdentifier": [{"Name": "deep", "Regex": "D-\\d{4}"}]}, "Statement": [
    {"Sid": "a", "DataIdentifier": [EMAIL, "deep"], "Operation": {"Audit": {"FindingsDestination": {}}}},
    {"Sid": "b", "DataIdentifier": [EMAIL, "deep"], "Operation": {"Deidentify": {"MaskConfig": {}}}}]})
PROTOBUF = {"content-type": "application/x-protobuf"}


def by_protobuf(cairn, made):
    assert cairn.request("POST", "/v1/logs", made.SerializeToString(), PROTOBUF).status == 200


def by_gzip(cairn, made):
    assert cairn.request("POST", "/v1/logs", gzip.compress(made.SerializeToString()), {**PROTOBUF, "content-encoding": "gzip"}).status == 200


def by_json(cairn, made):
    assert cairn.request("POST", "/v1/logs", otlp.to_json(made).encode(), {"content-type": "application/json"}).status == 200


def by_grpc(cairn, made):
    with grpc.insecure_channel(cairn.grpc) as channel:
        LogsServiceStub(channel).Export(made, timeout=20)


def nested(**fields):
    """A map of OpenTelemetry's."""
    made = AnyValue()
    for key, v in fields.items():
        pair = made.kvlist_value.values.add(key=key)
        if isinstance(v, list):
            pair.value.array_value.values.extend(v)
        else:
            pair.value.CopyFrom(v)
    return made


@pytest.mark.parametrize("way", [by_protobuf, by_gzip, by_json, by_grpc])
def test_masks_filters_and_subscriptions_of_a_service(cairn, logs, webhook, mark, way):
    send(cairn, "ERROR before joe@example.com", service=mark)
    logs.put_data_protection_policy(logGroupIdentifier=mark, policyDocument=POLICY)
    logs.put_metric_filter(logGroupName=mark, filterName="f", filterPattern="ERROR", metricTransformations=[
        {"metricName": "errors", "metricNamespace": mark, "metricValue": "1"}])
    logs.put_subscription_filter(logGroupName=mark, filterName="s", filterPattern="ERROR", destinationArn=webhook.url)
    made = otlp.logs(["ERROR mail joe@example.com password=hunter22", "fine D-1234", "ERROR again"], service=mark, fields={
        "user": "ann@example.com", "nested": nested(list=[otlp.value("D-1234"), nested(deep=otlp.value("D-5678"))]), "n": 5})
    made.resource_logs[0].resource.attributes.extend(otlp.attributes({"owner": "bob@example.com"}))
    # Another service in the same request keeps what it has.
    made.MergeFrom(otlp.logs(["ERROR of eve@example.com"], service=f"other-{mark}"))
    way(cairn, made)
    assert aws.messages(logs, mark) == [
        "ERROR before joe@example.com", "ERROR mail *************** password=[redacted]", "fine ******", "ERROR again"]
    assert aws.messages(logs, f"other-{mark}") == ["ERROR of eve@example.com"]
    query = logs.start_query(logGroupName=mark, startTime=0, endTime=aws.now(), queryString="fields user, owner, n, nested.list, service.name | filter @message = 'fine ******'")
    assert until(lambda: logs.get_query_results(queryId=query["queryId"])["status"] == "Complete")
    [row] = logs.get_query_results(queryId=query["queryId"])["results"]
    found = {each["field"]: each["value"] for each in row}
    assert found["user"] == found["owner"] == "*" * 15 and found["n"] == "5" and found["service.name"] == mark
    assert "D-" not in found["nested.list"] and "******" in found["nested.list"]
    metrics = aws.client(cairn, "cloudwatch")
    assert until(lambda: metrics.list_metrics(Namespace=mark)["Metrics"])
    points = metrics.get_metric_statistics(
        Namespace=mark, MetricName="errors", StartTime=time.time() - 3600, EndTime=time.time() + 60, Period=3600, Statistics=["Sum"])["Datapoints"]
    assert sum(each["Sum"] for each in points) == 2
    assert until(lambda: webhook.got)
    batch = json.loads(gzip.decompress(webhook.got[0][1]))
    assert batch["logGroup"] == mark and batch["logStream"] == "default"
    assert [each["message"] for each in batch["logEvents"]] == ["ERROR mail *************** password=[redacted]", "ERROR again"]


def test_policies_of_the_account_reach_services_that_no_call_has_named(make_cairn, webhook):
    cairn = make_cairn(environment=SETTINGS).start()
    logs = aws.client(cairn, "logs")
    logs.put_account_policy(policyName="p", policyType="DATA_PROTECTION_POLICY", policyDocument=POLICY)
    logs.put_account_policy(
        policyName="s", policyType="SUBSCRIPTION_FILTER_POLICY", selectionCriteria='LogGroupName NOT IN ["left"]',
        policyDocument=json.dumps({"DestinationArn": webhook.url, "FilterPattern": "mail"}))
    send(cairn, "mail joe@example.com", service="never-named")
    send(cairn, "mail joe@example.com", service="left")
    assert aws.messages(logs, "never-named") == aws.messages(logs, "left") == ["mail ***************"]
    assert until(lambda: webhook.got)
    batches = [json.loads(gzip.decompress(body)) for _, body in webhook.got]
    assert [batch["logGroup"] for batch in batches] == ["never-named"] and batches[0]["logEvents"][0]["message"] == "mail ***************"
    # A request that cannot be masked is refused, not kept as it is.
    assert cairn.request("POST", "/v1/logs", b"\x0a\x05mail joe@example.com", PROTOBUF).status == 400
    logs.delete_account_policy(policyName="p", policyType="DATA_PROTECTION_POLICY")
    send(cairn, "joe@example.com", service="never-named")
    assert aws.messages(logs, "never-named")[-1] == "joe@example.com"
