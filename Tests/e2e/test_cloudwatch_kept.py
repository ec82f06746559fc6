# SPDX-License-Identifier: Apache-2.0
"""What is kept beside log groups: revisions, tags, deliveries, exports, and what narrows or ends a list; by boto3."""
import contextlib
import gzip
import json
import pathlib
import sqlite3

import pytest
from botocore.exceptions import ClientError

import aws
from cairn_process import until

SETTINGS = {"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}


@pytest.fixture
def group(logs, mark):
    return aws.group(logs, f"/kept/{mark}")


def test_a_policy_is_changed_by_those_who_saw_it(logs, mark):
    put = lambda text, **seen: logs.put_resource_policy(policyName=mark, policyDocument=text, **seen)["revisionId"]  # noqa: E731
    first = put("{}")
    second = put('{"a": 1}', expectedRevisionId=first)
    for stale in (lambda: put("{}", expectedRevisionId=first), lambda: logs.delete_resource_policy(policyName=mark, expectedRevisionId=first)):
        with pytest.raises(logs.exceptions.OperationAbortedException):
            stale()
    logs.delete_resource_policy(policyName=mark, expectedRevisionId=second)


def test_tags_go_with_what_they_hang_on(logs, mark):
    put = lambda **tags: logs.put_destination(destinationName=mark, targetArn="http://127.0.0.1:9/x", roleArn="arn:aws:iam::1:role/r", **tags)["destination"]["arn"]  # noqa: E731
    arn = put(tags={"owner": "old"})
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"owner": "old"}
    logs.delete_destination(destinationName=mark)
    assert logs.list_tags_for_resource(resourceArn=put())["tags"] == {}
    logs.delete_destination(destinationName=mark)
    table = logs.create_lookup_table(lookupTableName=mark.replace("-", "_")[:30], tableBody="a,b\n1,2\n", tags={"owner": "ops"})["lookupTableArn"]
    assert logs.list_tags_for_resource(resourceArn=table)["tags"] == {"owner": "ops"}
    logs.delete_lookup_table(lookupTableArn=table)


def test_what_is_asked_for_narrows_or_is_refused(logs, group, mark):
    for name in ("a", "b"):
        logs.put_delivery_source(name=f"{mark}{name}", resourceArn=f"arn:aws:bedrock:us-east-1:1:agent/{mark}{name}", logType="X")
        logs.put_delivery_destination(name=f"{mark}{name}", deliveryDestinationConfiguration={"destinationResourceArn": f"arn:aws:s3:::{mark}{name}"})
    [source] = logs.describe_delivery_sources(resourceArns=[f"arn:aws:bedrock:us-east-1:1:agent/{mark}a"])["deliverySources"]
    [destination] = logs.describe_delivery_destinations(names=[f"{mark}b"])["deliveryDestinations"]
    assert (source["name"], destination["name"]) == (f"{mark}a", f"{mark}b")
    made = logs.create_delivery(deliverySourceName=source["name"], deliveryDestinationArn=destination["arn"])["delivery"]["id"]
    assert [each["id"] for each in logs.describe_deliveries(deliverySourceNames=[f"{mark}a"])["deliveries"]] == [made]
    assert logs.describe_deliveries(deliverySourceNames=[f"{mark}b"])["deliveries"] == []
    assert logs.describe_queries(queryLanguage="PPL")["queries"] == []
    metric = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
    for refused in (lambda: logs.put_metric_filter(logGroupName=group, filterName="f", filterPattern="", metricTransformations=metric, fieldSelectionCriteria='@aws.region = "mars-1"'),
                    lambda: logs.put_metric_filter(logGroupName=group, filterName="f", filterPattern="", metricTransformations=metric, emitSystemFieldDimensions=["@aws.account"]),
                    lambda: logs.put_subscription_filter(logGroupName=group, filterName="f", filterPattern="", destinationArn="http://127.0.0.1:9/x", emitSystemFields=["@aws.account"])):
        with pytest.raises(logs.exceptions.InvalidParameterException, match="centralized"):
            refused()
    with pytest.raises(logs.exceptions.ValidationException, match="queryId"):
        logs.create_lookup_table(lookupTableName="q", queryId="x")


def test_pages_of_what_is_named_twice_end(logs, group):
    logs.put_index_policy(logGroupIdentifier=group, policyDocument=json.dumps({"Fields": [f"f{n}" for n in range(8)]}))
    policies = logs.describe_index_policies(logGroupIdentifiers=[group] * 60)
    indexes = logs.describe_field_indexes(logGroupIdentifiers=[group] * 20)
    again = logs.describe_index_policies(logGroupIdentifiers=[group, aws.arn(group)])
    assert len(again["indexPolicies"]) == 1
    assert len(policies["indexPolicies"]) == 1 and len(indexes["fieldIndexes"]) == 8 and "nextToken" not in {**policies, **indexes}


def test_a_stream_is_named_by_its_bytes(logs, group):
    """The composed and the decomposed spelling of a name are two streams."""
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    for name in (composed, decomposed):
        logs.create_log_stream(logGroupName=group, logStreamName=name)
        logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=[{"timestamp": aws.now(), "message": name}])

    def streams(prefix):
        return [each["logStreamName"] for each in logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)["logStreams"]]

    assert streams("caf") == [decomposed, composed] and streams("cafe") == [decomposed] and streams("caf\u00e9") == [composed]
    for name in (composed, decomposed):
        assert [each["message"] for each in logs.get_log_events(logGroupName=group, logStreamName=name)["events"]] == [name]
    logs.delete_log_stream(logGroupName=group, logStreamName=decomposed)
    assert streams("caf") == [composed]
    assert [each["message"] for each in logs.filter_log_events(logGroupName=group)["events"]] == [composed]
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_log_events(logGroupName=group, logStreamName=decomposed)


def test_groups_are_exported(cairn, logs, group):
    aws.put(logs, group, "one", "two")
    task = logs.create_export_task(logGroupName=group, to=aws.now() + 1000, **{"from": aws.now() - 60_000}, destination="bucket", destinationPrefix="p")["taskId"]

    def status():
        return logs.describe_export_tasks(taskId=task)["exportTasks"][0]["status"]["code"]

    assert until(lambda: status() == "COMPLETED")
    text = gzip.decompress((pathlib.Path(cairn.data) / "exports/bucket/p" / task / "s/000000.gz").read_bytes()).decode()
    assert [line.split(" ", 1)[1] for line in text.splitlines()] == ["one", "two"]
    with pytest.raises(ClientError):
        logs.create_export_task(logGroupName=group, to=2, destination="../out", **{"from": 1})


def test_each_stream_is_exported_into_a_folder_of_its_own(cairn, logs, mark):
    group = aws.group(logs, mark)
    streams = ["a/b", "a-b", "a%2Fb", "..", ".", "x" * 512, "x" * 511 + "y", "ü" * 200]
    for name in streams:
        logs.create_log_stream(logGroupName=group, logStreamName=name)
        logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=[{"timestamp": aws.now(), "message": f"of {name}"}])
    task = logs.create_export_task(logGroupName=group, to=aws.now() + 1000, **{"from": aws.now() - 60_000}, destination="bucket", destinationPrefix=mark)["taskId"]

    def status():
        return logs.describe_export_tasks(taskId=task)["exportTasks"][0]["status"]

    assert until(lambda: status()["code"] != "RUNNING") and status()["code"] == "COMPLETED", status()
    folder = pathlib.Path(cairn.data) / "exports/bucket" / mark
    texts = {gzip.decompress(path.read_bytes()).decode().strip().split(" ", 1)[1]: path.relative_to(folder / task).parts for path in folder.glob("**/*.gz")}
    assert set(texts) == {f"of {name}" for name in streams}
    assert all(len(parts) == 2 and parts[1] == "000000.gz" for parts in texts.values())
    assert texts["of a/b"][0] == "a%2Fb" and texts["of a-b"][0] == "a-b"


def test_an_export_that_a_server_left_behind_has_failed(make_cairn):
    cairn = make_cairn().start()
    logs = aws.client(cairn, "logs")
    aws.put(logs, aws.group(logs, "g"), "one")
    arguments = {"logGroupName": "g", "from": 1, "to": aws.now() + 1000, "destination": "bucket"}
    task = logs.create_export_task(**arguments)["taskId"]
    assert until(lambda: logs.describe_export_tasks(taskId=task)["exportTasks"][0]["status"]["code"] == "COMPLETED")
    cairn.kill()
    # As it stands in the catalog of a server that was killed before the task's end.
    with contextlib.closing(sqlite3.connect(pathlib.Path(cairn.data) / "catalog.sqlite")) as catalog, catalog:
        [(document,)] = catalog.execute("select document from log_item where kind = 'export-task'").fetchall()
        running = json.dumps(json.loads(document) | {"status": {"code": "RUNNING", "message": "Started"}}).encode()
        catalog.execute("update log_item set document = ? where kind = 'export-task'", (running,))
    logs = aws.client(cairn.start(), "logs")
    [found] = logs.describe_export_tasks(taskId=task)["exportTasks"]
    assert found["status"]["code"] == "FAILED" and found["executionInfo"]["completionTime"] > 0
    assert logs.create_export_task(**arguments)["taskId"] != task
