# SPDX-License-Identifier: Apache-2.0
"""Every operation of botocore's models of CloudWatch Logs and CloudWatch, once: each works, or fails as AWS says that it may.

What is answered is held against the model member by member, and the door's table in the docs says of each operation what the server does.
"""
import json
import pathlib
import re
import time

import pytest
from botocore.exceptions import ClientError

import aws

DOC = pathlib.Path(__file__).parents[2] / "docs" / "doors" / "cloudwatch.md"
# What any operation may answer, whatever its own list says.
COMMON = {
    "ValidationException", "UnknownOperationException", "InvalidParameterException", "ResourceNotFoundException", "MissingParameter",
    "ResourceNotFound", "InvalidParameterValue", "InvalidParameterCombination", "MissingRequiredParameterException", "InvalidParameterValueException", "ValidationError",
}
SERVICES = ["logs", "cloudwatch"]


@pytest.fixture(scope="module")
def clients(cairn):
    made = {service: aws.client(cairn, service) for service in SERVICES}
    logs = made["logs"]
    logs.create_log_group(logGroupName="walk")
    logs.create_log_stream(logGroupName="walk", logStreamName="one")
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName="walk", logStreamName="one", logEvents=[{"timestamp": now, "message": f'{{"n":{n}}}'} for n in range(20)])
    made["cloudwatch"].put_metric_data(Namespace="Walk", MetricData=[{"MetricName": "m", "Value": 1}])
    return made


def given(name, operation, query):
    """Values that make sense of what the model only types."""
    now = int(time.time())
    policy = json.dumps({"Fields": ["n"]})
    return {
        "logGroupName": "walk", "logStreamName": "one", "logGroupIdentifier": "walk", "logGroupIdentifiers": ["walk"], "logGroupNames": ["walk"],
        "resourceArn": aws.arn("walk"), "filterPattern": "", "queryString": "fields @message | limit 3", "startTime": 0, "endTime": now,
        "retentionInDays": 7, "policyType": "DATA_PROTECTION_POLICY", "targetArn": "http://127.0.0.1:9/", "policyDocument": policy, "queryId": query,
        "logEvents": [{"timestamp": now * 1000, "message": "walked"}], "logEventMessages": ["a"], "tags": {"a": "b"} if "Tag" in operation else None,
        "metricTransformations": [{"metricName": "m", "metricNamespace": "Walk", "metricValue": "1"}], "Namespace": "Walk", "MetricName": "m",
        "StartTime": now - 600, "EndTime": now, "Period": 60, "Statistics": ["Sum"], "MetricData": [{"MetricName": "m", "Value": 1}],
        "MetricDataQueries": [{"Id": "a", "MetricStat": {"Metric": {"Namespace": "Walk", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}}],
        "ResourceARN": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:walk", "to": now * 1000, "from": 0, "destination": "bucket",
    }.get(name)


def value(shape, name, operation, query, depth=0):
    known = given(name, operation, query)
    if known is not None and depth < 2:
        return known
    kind = shape.type_name
    if kind == "structure":
        if shape.metadata.get("union") and shape.members:
            first = next(iter(shape.members))
            return {first: value(shape.members[first], first, operation, query, depth + 1)}
        return {member: value(shape.members[member], member, operation, query, depth + 1) for member in shape.required_members}
    if kind == "list":
        return [value(shape.member, name, operation, query, depth + 1)]
    if kind == "map":
        return {"a": value(shape.value, name, operation, query, depth + 1)}
    if kind == "string":
        return shape.enum[0] if getattr(shape, "enum", None) else "walk" * max(1, -(-shape.metadata.get("min", 1) // 4))
    if kind == "boolean":
        return False
    if kind in ("integer", "long"):
        return max(1, shape.metadata.get("min", 1))
    if kind in ("double", "float"):
        return 1.0
    if kind == "timestamp":
        return int(time.time())
    return b"walk"


def arguments(model, query):
    shape = model.input_shape
    if shape is None:
        return {}
    made = {name: value(shape.members[name], name, model.name, query) for name in shape.required_members}
    # Operations that want one of several that are each optional.
    for name in ("logGroupName", "logGroupIdentifier", "logGroupIdentifiers"):
        if name in shape.members and model.name in ("DescribeLogStreams", "FilterLogEvents", "GetLogEvents", "StartQuery", "GetLogGroupFields", "PutRetentionPolicy"):
            if not any(other in made for other in ("logGroupName", "logGroupIdentifier", "logGroupIdentifiers")):
                made[name] = given(name, model.name, query)
    return made


def check(shape, answer, path):
    """The JSON of an answer against its shape: no member that the model does not know, and each of its type."""
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(answer, dict), path
        names = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name, part in answer.items():
            assert name in names, f"{path}.{name} is not in the model"
            if part is not None:
                check(names[name], part, f"{path}.{name}")
        missing = [name for name in shape.required_members if name not in answer]
        assert not missing, f"{path} lacks {missing}"
    elif kind == "list":
        assert isinstance(answer, list), path
        for part in answer:
            check(shape.member, part, path + "[]")
    elif kind == "map":
        assert isinstance(answer, dict), path
        for part in answer.values():
            check(shape.value, part, path + "{}")
    elif kind == "string":
        assert isinstance(answer, str), path
        if getattr(shape, "enum", None):
            assert answer in shape.enum, f"{path}: {answer}"
    elif kind == "boolean":
        assert isinstance(answer, bool), path
    elif kind in ("integer", "long"):
        assert isinstance(answer, int) and not isinstance(answer, bool), path
    elif kind in ("double", "float", "timestamp"):
        assert isinstance(answer, (int, float)), path


def operations():
    import boto3
    session = boto3.session.Session()
    for service in SERVICES:
        model = session.client(service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b").meta.service_model
        # What deletes comes last, so that there is something to ask for until then.
        for name in sorted(model.operation_names, key=lambda name: (name.startswith(("Delete", "Disassociate", "Cancel", "Stop")), name)):
            yield service, name


def documented():
    """Operation > (service, state) as the docs' tables say."""
    found = {}
    service = None
    for line in DOC.read_text().splitlines():
        if line.startswith("## "):
            service = "logs" if line.startswith("## CloudWatch Logs") else "cloudwatch" if line.startswith("## CloudWatch metrics") else None
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if service is None or not line.startswith("|") or len(cells) != 2 or cells[0] in ("Operations", "---"):
            continue
        for name in re.findall(r"\w+", cells[0]):
            assert (service, name) not in found, f"{name} stands twice in the table"
            found[service, name] = cells[1]
    return found


@pytest.mark.parametrize("service, name", list(operations()))
def test_each_operation_works_or_fails_as_the_model_says(clients, service, name):
    client = clients[service]
    model = client.meta.service_model.operation_model(name)
    bodies = []

    def keep(response_dict, **_):
        bodies.append(response_dict["body"])

    event = f"before-parse.{service}.{name}"
    client.meta.events.register(event, keep)
    query = clients["logs"].start_query(logGroupName="walk", startTime=0, endTime=int(time.time()), queryString="limit 1")["queryId"]
    state = documented()[service, name]
    try:
        answer = client._make_api_call(name, arguments(model, query))
    except ClientError as failure:
        code = failure.response["Error"]["Code"]
        declared = {shape.name for shape in model.error_shapes} | {shape.metadata.get("error", {}).get("code") for shape in model.error_shapes}
        assert code in declared | COMMON, f"{code}: {failure}"
        assert failure.response["Error"]["Message"]
        assert failure.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 404)
        assert (code == "UnknownOperationException") == state.startswith("not supported"), f"the docs say: {state}; the server: {failure}"
        return
    finally:
        client.meta.events.unregister(event, keep)
    assert not state.startswith("not supported"), f"the docs say: {state}"
    if model.has_event_stream_output:
        assert "sessionStart" in next(iter(answer["responseStream"]))
        answer["responseStream"].close()
    elif model.output_shape is not None and bodies[-1]:
        check(model.output_shape, json.loads(bodies[-1]), name)


def test_the_table_lists_each_operation_once():
    assert set(documented()) == set(operations())
