# SPDX-License-Identifier: Apache-2.0
"""CloudWatch by Smithy RPC v2 in CBOR, as the newer SDKs (Go, Java, JavaScript, Rust) call it; boto3 is made to."""
import datetime
import json
import time

import botocore.model
import pytest
from botocore.exceptions import ClientError

import aws

PATH = "/service/GraniteServiceVersion20100801/operation/"
HEADERS = {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}


@pytest.fixture
def clients(cairn, monkeypatch):
    """By CBOR, and by JSON."""
    plain = aws.client(cairn, "cloudwatch")
    monkeypatch.setattr(botocore.model, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", ("smithy-rpc-v2-cbor",))
    made = aws.client(cairn, "cloudwatch")
    assert made.meta.service_model.resolved_protocol == "smithy-rpc-v2-cbor" and plain.meta.service_model.resolved_protocol == "json"
    return made, plain


def test_answers_are_those_of_the_other_protocol(clients, mark):
    cbor, plain = clients
    at = int(time.time()) // 60 * 60 - 120
    moment = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
    cbor.put_metric_data(Namespace=mark, MetricData=[
        {"MetricName": "time", "Dimensions": [{"Name": "host", "Value": "ü"}], "Timestamp": moment, "Value": 5, "Unit": "Seconds"},
        {"MetricName": "time", "Dimensions": [{"Name": "host", "Value": "ü"}], "Timestamp": moment, "Values": [1.5, 2], "Counts": [1, 2], "Unit": "Seconds"}])
    # So much that the SDK packs it.
    cbor.put_metric_data(Namespace=mark, MetricData=[{"MetricName": f"many-{number}", "Timestamp": moment, "Value": number} for number in range(600)])
    cbor.put_metric_alarm(
        AlarmName=mark, Namespace=mark, MetricName="time", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=7, ComparisonOperator="GreaterThanThreshold",
        Tags=[{"Key": "a", "Value": "b"}])
    cbor.put_dashboard(DashboardName=mark, DashboardBody=json.dumps({"widgets": []}))

    metric = {"Namespace": mark, "MetricName": "time", "Dimensions": [{"Name": "host", "Value": "ü"}]}
    statistics = {**metric, "StartTime": moment, "EndTime": moment + datetime.timedelta(minutes=1), "Period": 60}
    [point] = cbor.get_metric_statistics(**statistics, Statistics=["Sum", "SampleCount", "Minimum", "Maximum"], ExtendedStatistics=["p50"])["Datapoints"]
    assert (point["Timestamp"], point["Sum"], point["SampleCount"], point["Minimum"], point["Maximum"]) == (moment, 10.5, 4, 1.5, 5)
    assert point["ExtendedStatistics"]["p50"] == pytest.approx(2, rel=0.01)
    assert len([m for page in cbor.get_paginator("list_metrics").paginate(Namespace=mark) for m in page["Metrics"]]) == 601

    arn = cbor.describe_alarms(AlarmNames=[mark])["MetricAlarms"][0]["AlarmArn"]
    query = [{"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}, {"Id": "b", "Expression": "a * 2"}]
    for name, arguments in {
        "get_metric_statistics": {**statistics, "Statistics": ["Average"]}, "list_metrics": {"Namespace": mark, "MetricName": "time"},
        "get_metric_data": {"MetricDataQueries": query, "StartTime": moment, "EndTime": moment + datetime.timedelta(minutes=1)},
        "describe_alarm_history": {"AlarmName": mark, "HistoryItemType": "ConfigurationUpdate"}, "list_tags_for_resource": {"ResourceARN": arn},
        "get_dashboard": {"DashboardName": mark}, "list_dashboards": {"DashboardNamePrefix": mark},
    }.items():
        one, other = getattr(cbor, name)(**arguments), getattr(plain, name)(**arguments)
        assert {**one, "ResponseMetadata": 0} == {**other, "ResponseMetadata": 0}, name
    whole = cbor.get_metric_data(MetricDataQueries=query, StartTime=moment, EndTime=moment + datetime.timedelta(minutes=1))
    pages = list(cbor.get_paginator("get_metric_data").paginate(
        MetricDataQueries=query, StartTime=moment, EndTime=moment + datetime.timedelta(minutes=1), PaginationConfig={"PageSize": 1}))
    assert [[(r["Id"], r["Values"], r["StatusCode"]) for r in page["MetricDataResults"]] for page in pages] == [
        [("a", [10.5], "Complete"), ("b", [], "PartialData")], [("b", [21], "Complete")]]
    assert [(r["Id"], r["Values"], r["StatusCode"]) for r in whole["MetricDataResults"]] == [("a", [10.5], "Complete"), ("b", [21], "Complete")]
    alarm = cbor.describe_alarms(AlarmNames=[mark])["MetricAlarms"][0]
    assert (alarm["Threshold"], alarm["Period"], alarm["AlarmConfigurationUpdatedTimestamp"].tzinfo is not None) == (7, 60, True)
    cbor.delete_alarms(AlarmNames=[mark])
    assert plain.describe_alarms(AlarmNames=[mark])["MetricAlarms"] == []


def test_refusals_are_the_models_exceptions(clients, mark):
    cbor, _ = clients
    with pytest.raises(cbor.exceptions.InvalidParameterValueException):
        cbor.put_metric_data(Namespace="AWS/x", MetricData=[{"MetricName": "a", "Value": 1}])
    with pytest.raises(cbor.exceptions.InvalidParameterValueException):
        cbor.put_metric_data(Namespace=mark, MetricData=[{"MetricName": "a", "Value": float("nan")}])
    with pytest.raises(cbor.exceptions.InvalidParameterCombinationException):
        cbor.get_metric_statistics(Namespace=mark, MetricName="a", StartTime=2, EndTime=1, Period=60, Statistics=["Sum"])
    with pytest.raises(ClientError) as failure:
        cbor.get_dashboard(DashboardName="nowhere")
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(ClientError) as failure:
        cbor.describe_anomaly_detectors()
    assert aws.code(failure) == "UnknownOperationException"


@pytest.mark.parametrize("body", [b"{}", b"\xa1", b"\x01", b"\xff", b"\x9b" + b"\xff" * 8, b"\x81" * 100_000])
def test_a_body_that_is_no_cbor_is_refused(cairn, body):
    reply = cairn.request("POST", PATH + "ListMetrics", body, HEADERS)
    assert reply.status == 400 and reply.kind == "application/cbor" and b"SerializationException" in reply.body
    assert reply.headers["smithy-protocol"] == "rpc-v2-cbor" and reply.headers["x-amzn-query-error"] == "SerializationException;Sender"


def test_a_key_signs_its_calls(make_cairn, monkeypatch):
    cairn = make_cairn()
    identity, secret = aws.key(cairn, "ingest,query,manage")
    cairn.start()
    monkeypatch.setattr(botocore.model, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", ("smithy-rpc-v2-cbor",))
    assert aws.client(cairn, "cloudwatch", identity, secret).list_metrics()["Metrics"] == []
    with pytest.raises(ClientError) as failure:
        aws.client(cairn, "cloudwatch", identity, "wrong").list_metrics()
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
