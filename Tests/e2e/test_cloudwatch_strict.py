# SPDX-License-Identifier: Apache-2.0
"""What the service models of CloudWatch Logs and CloudWatch forbid, as botocore has them, is refused: each bound of each member of each operation
that is served, one at a time, and before anything is looked up."""
import copy
import json
import time

import pytest
from botocore.exceptions import ClientError

import aws
from model_bounds import breaches
from test_cloudwatch_model import arguments, documented, operations

REFUSALS = {"InvalidParameterException", "ValidationException", "SerializationException", "MissingParameter", "InvalidParameterValue",
            "InvalidParameterCombination", "InvalidParameterInput", "ValidationError"}
TARGETS = {"logs": ("Logs_20140328", "1.1"), "cloudwatch": ("GraniteServiceVersion20100801", "1.0")}
# What Cairn does not read, and so does not judge; of PutLogEvents as the docs say.
UNREAD = ("PutLogEvents.sequenceToken", "PutLogEvents.entity", "PutCompositeAlarm.ActionConfiguration", "PutMetricAlarm.ActionConfiguration", "PutMetricAlarm.Evaluation",
          "PutMetricAlarm.WarmUpConfiguration")
# Wider than the model, as the docs say.
WIDER = {"DescribeIndexPolicies.logGroupIdentifiers.max"}
MORE = {"GetMetricStatistics": {"Statistics": ["Sum"]}, "PutCompositeAlarm": {"AlarmName": "both", "AlarmRule": "TRUE"},
        "PutMetricAlarm": {"AlarmName": "one", "Namespace": "Walk", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
                           "ComparisonOperator": "GreaterThanThreshold"}}
SERVED = [(service, name) for service, name in operations() if not documented()[service, name].startswith("not supported")]


@pytest.fixture(scope="module")
def clients(cairn):
    return {service: aws.client(cairn, service) for service in TARGETS}


def prepared(clients, name):
    """Makes sure of what the calls name; an id of a query where one is asked for."""
    logs, now = clients["logs"], int(time.time())
    for make in (lambda: logs.create_log_group(logGroupName="walk"), lambda: logs.create_log_stream(logGroupName="walk", logStreamName="one")):
        try:
            make()
        except ClientError as failure:
            assert failure.response["Error"]["Code"] == "ResourceAlreadyExistsException"
    clients["cloudwatch"].put_metric_alarm(AlarmName="walk", Namespace="Walk", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
                                           ComparisonOperator="GreaterThanThreshold")
    return logs.start_query(logGroupName="walk", startTime=0, endTime=now, queryString="limit 1")["queryId"] if "Query" in name else "q"


@pytest.mark.parametrize("service, name", SERVED)
def test_each_bound_of_the_model_is_kept(cairn, clients, service, name):
    model = clients[service].meta.service_model.operation_model(name)
    if model.input_shape is None:
        return
    target, version = TARGETS[service]
    headers = {"content-type": f"application/x-amz-json-{version}", "x-amz-target": f"{target}.{name}"}
    whole, accepted = {**arguments(model, prepared(clients, name)), **MORE.get(name, {})}, []
    for where, broken in breaches(model.input_shape, copy.deepcopy(whole)):
        place = f"{name}." + ".".join(where)
        if place in WIDER or place.startswith(UNREAD) and where[0] != "EvaluationPeriods":
            continue
        reply = cairn.request("POST", "/", json.dumps(broken).encode(), headers)
        said = reply.json() if reply.body else {}
        member = [part for part in where if not part.isdigit()][-2].lower()
        if reply.status != 400 or said["__type"] not in REFUSALS or member not in said["message"].lower():
            accepted.append((place, reply.status, reply.body[:200]))
    assert not accepted, "\n".join(map(str, accepted))
