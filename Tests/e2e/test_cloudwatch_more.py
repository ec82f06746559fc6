# SPDX-License-Identifier: Apache-2.0
"""What hangs on log groups: subscriptions, masks, policies, deliveries; by boto3, the AWS CLI and WatchTower."""
import gzip
import json
import logging
import os
import pathlib
import subprocess
import sys
import threading
import time

import pytest
import watchtower
from botocore.exceptions import ClientError

import aws
from cairn_process import until


SETTINGS = {"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}


@pytest.fixture
def group(logs, mark):
    return aws.group(logs, f"/more/{mark}")


# Subscriptions

def test_subscriptions_deliver_until_they_are_taken(logs, group, webhook):
    webhook.refusals = 1
    logs.put_subscription_filter(logGroupName=group, filterName="errors", filterPattern="ERROR", destinationArn=webhook.url)
    [found] = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    assert found["destinationArn"] == webhook.url and found["distribution"] == "ByLogStream"
    aws.put(logs, group, "ERROR one", "fine", "ERROR two")
    assert until(lambda: len(webhook.got) == 2)
    headers, body = webhook.got[1]
    batch = json.loads(gzip.decompress(body))
    assert batch["messageType"] == "DATA_MESSAGE" and batch["logGroup"] == group and batch["subscriptionFilters"] == ["errors"]
    assert [event["message"] for event in batch["logEvents"]] == ["ERROR one", "ERROR two"]
    stored = logs.filter_log_events(logGroupName=group, filterPattern="ERROR")["events"]
    assert [event["id"] for event in batch["logEvents"]] == [event["eventId"] for event in stored]
    with pytest.raises(ClientError) as failure:
        logs.put_subscription_filter(logGroupName=group, filterName="x", filterPattern="", destinationArn="arn:aws:lambda:eu-west-1:1:function:f")
    assert aws.code(failure) == "InvalidParameterException"
    with pytest.raises(ClientError) as failure:
        logs.put_subscription_filter(logGroupName=group, filterName="x", filterPattern="", destinationArn="http://169.254.169.254/latest")
    assert "inside this network" in aws.message(failure)
    destination = logs.put_destination(destinationName=f"d{group.split('/')[-1]}", targetArn=webhook.url, roleArn="arn:aws:iam::1:role/x")["destination"]
    logs.put_subscription_filter(logGroupName=group, filterName="all", filterPattern="", destinationArn=destination["arn"])
    with pytest.raises(ClientError) as failure:
        logs.put_subscription_filter(logGroupName=group, filterName="third", filterPattern="", destinationArn=webhook.url)
    assert aws.code(failure) == "LimitExceededException"
    logs.delete_subscription_filter(logGroupName=group, filterName="errors")
    logs.put_destination_policy(destinationName=destination["destinationName"], accessPolicy="{}")
    assert logs.describe_destinations(DestinationNamePrefix=destination["destinationName"])["destinations"][0]["accessPolicy"] == "{}"
    logs.delete_destination(destinationName=destination["destinationName"])


# Masks

def test_secrets_are_not_kept(logs, group):
    aws.put(logs, group, "login password=hunter2 user=ann", {"user": "ann", "api_key": "abc\"def", "count": 3, "tokens": 12},
        "authorization: Bearer abcdefghijkl", "card 4111 1111 1111 1111 and 4111 1111 1111 1112", "AKIAIOSFODNN7EXAMPLE", "author: Bob, token=42")
    found = aws.messages(logs, group)
    assert found[0] == "login password=[redacted] user=ann"
    assert json.loads(found[1]) == {"user": "ann", "api_key": "[redacted]", "count": 3, "tokens": 12}
    assert found[2] == "authorization: Bearer [redacted]"
    assert found[3] == "card [redacted] and 4111 1111 1111 1112"
    assert found[4] == "[redacted]" and found[5] == "author: Bob, token=42"


def test_secrets_are_not_in_the_journal_and_can_be_kept(make_cairn):
    cairn = make_cairn().start()
    logs = aws.client(cairn, "logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    aws.put(logs, "g", "password=hunter2")
    files = b"".join(path.read_bytes() for path in pathlib.Path(cairn.data).rglob("*") if path.is_file())
    assert b"hunter2" not in files
    keeping = make_cairn("keeping", environment={"CAIRN_UNSCRUBBED_ENVIRONMENTS": "default"}).start()
    logs = aws.client(keeping, "logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    aws.put(logs, "g", "password=hunter2")
    assert aws.messages(logs, "g") == ["password=hunter2"]


def test_data_protection_masks_what_comes_after_it(logs, group):
    policy = {"Name": "p", "Version": "2021-06-01", "Configuration": {"CustomDataIdentifier": [{"Name": "employee", "Regex": "E-\\d{4}"}]}, "Statement": [
        {"Sid": "a", "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress", "employee"], "Operation": {"Audit": {"FindingsDestination": {}}}},
        {"Sid": "b", "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress", "employee"], "Operation": {"Deidentify": {"MaskConfig": {}}}}]}
    aws.put(logs, group, "before ann@example.com")
    answer = logs.put_data_protection_policy(logGroupIdentifier=group, policyDocument=json.dumps(policy))
    assert json.loads(answer["policyDocument"]) == policy
    aws.put(logs, group, "after ann@example.com E-1234")
    assert aws.messages(logs, group) == ["before ann@example.com", "after *************** ******"]
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["dataProtectionStatus"] == "ACTIVATED"
    policy["Statement"][1]["DataIdentifier"] = ["arn:aws:dataprotection::aws:data-identifier/Name"]
    with pytest.raises(ClientError) as failure:
        logs.put_data_protection_policy(logGroupIdentifier=group, policyDocument=json.dumps(policy))
    assert aws.code(failure) == "InvalidParameterException"
    logs.delete_data_protection_policy(logGroupIdentifier=aws.arn(group))
    assert "policyDocument" not in logs.get_data_protection_policy(logGroupIdentifier=group)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["dataProtectionStatus"] == "DELETED"


def test_a_policy_holds_from_its_answer_on_while_lines_come(cairn, logs, group):
    """What the way in is made of takes a while with many filters: what was begun before a policy must not outlive it."""
    def filter(index):
        logs.put_metric_filter(logGroupName=group, filterName=f"f{index}", filterPattern="%" + "(a|b)+[c-f]*" * 20 + "%", metricTransformations=[
            {"metricName": "m", "metricNamespace": group, "metricValue": "1"}])

    identifier = "arn:aws:dataprotection::aws:data-identifier/EmailAddress"
    policy = json.dumps({"Name": "p", "Version": "2021-06-01", "Statement": [
        {"Sid": "a", "DataIdentifier": [identifier], "Operation": {"Audit": {"FindingsDestination": {}}}},
        {"Sid": "b", "DataIdentifier": [identifier], "Operation": {"Deidentify": {"MaskConfig": {}}}}]})
    for index in range(99):
        filter(index)
    done = threading.Event()

    def send():
        own = aws.client(cairn, "logs")
        while not done.is_set():
            aws.put(own, group, "other")

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    try:
        for index in range(30):
            filter(0)
            logs.put_data_protection_policy(logGroupIdentifier=group, policyDocument=policy)
            for _ in range(3):
                aws.put(logs, group, f"mail ann{index}@example.com")
            logs.delete_data_protection_policy(logGroupIdentifier=group)
    finally:
        done.set()
        for sender in senders:
            sender.join()
    found = aws.messages(logs, group, filterPattern="mail")
    assert len(found) == 3 * 30 and [line for line in found if "ann" in line] == []


# Policies, deliveries, definitions

def test_policies_are_kept(logs, group, mark):
    logs.put_resource_policy(policyName=mark, policyDocument="{}")
    assert any(each["policyName"] == mark for each in logs.describe_resource_policies()["resourcePolicies"])
    logs.delete_resource_policy(policyName=mark)
    with pytest.raises(ClientError) as failure:
        logs.delete_resource_policy(policyName=mark)
    assert aws.message(failure) == f"Policy with name [{mark}] does not exist"
    logs.put_index_policy(logGroupIdentifier=group, policyDocument='{"Fields": ["level"]}')
    assert logs.describe_index_policies(logGroupIdentifiers=[group])["indexPolicies"][0]["source"] == "LOG_GROUP"
    assert logs.describe_field_indexes(logGroupIdentifiers=[group])["fieldIndexes"][0]["fieldIndexName"] == "level"
    logs.delete_index_policy(logGroupIdentifier=group)
    with pytest.raises(ClientError):
        logs.put_account_policy(policyName="x", policyType="TRANSFORMER_POLICY", policyDocument="{}")


def test_deliveries_are_kept(logs, mark):
    source = logs.put_delivery_source(name=mark, resourceArn="arn:aws:cloudfront::1:distribution/E1", logType="ACCESS_LOGS", tags={"a": "b"})["deliverySource"]
    assert source["service"] == "cloudfront" and source["tags"] == {"a": "b"}
    target = logs.put_delivery_destination(name=mark, outputFormat="json", deliveryDestinationConfiguration={"destinationResourceArn": "arn:aws:s3:::b"})["deliveryDestination"]
    assert target["deliveryDestinationType"] == "S3"
    delivery = logs.create_delivery(deliverySourceName=mark, deliveryDestinationArn=target["arn"])["delivery"]
    assert logs.get_delivery(id=delivery["id"])["delivery"]["deliverySourceName"] == mark
    with pytest.raises(ClientError) as failure:
        logs.delete_delivery_source(name=mark)
    assert aws.code(failure) == "ConflictException"
    logs.delete_delivery(id=delivery["id"])
    logs.delete_delivery_source(name=mark)
    logs.put_delivery_destination_policy(deliveryDestinationName=mark, deliveryDestinationPolicy="{}")
    assert logs.get_delivery_destination_policy(deliveryDestinationName=mark)["policy"] == {"deliveryDestinationPolicy": "{}"}
    logs.delete_delivery_destination(name=mark)
    with pytest.raises(ClientError) as failure:
        logs.get_delivery_destination(name=mark)
    assert aws.code(failure) == "ResourceNotFoundException"


def test_query_definitions_are_kept(logs, mark):
    one = logs.put_query_definition(name=f"{mark}/one", queryString="fields @message", logGroupNames=["g"])["queryDefinitionId"]
    logs.put_query_definition(name=f"{mark}/two", queryString="fields @timestamp", queryDefinitionId=one)
    [found] = logs.describe_query_definitions(queryDefinitionNamePrefix=mark)["queryDefinitions"]
    token = {"clientToken": mark.ljust(40, "x")}
    again = {logs.put_query_definition(name=f"{mark[::-1]}", queryString="fields @message", **token)["queryDefinitionId"] for _ in range(2)}
    assert again == {each["queryDefinitionId"] for each in logs.describe_query_definitions(queryDefinitionNamePrefix=mark[::-1])["queryDefinitions"]}
    assert logs.put_query_definition(name=f"{mark[::-1]}", queryString="fields @log", **token)["queryDefinitionId"] not in again  # another request
    assert found["name"] == f"{mark}/two" and found["queryString"] == "fields @timestamp" and found["queryLanguage"] == "CWLI"
    assert logs.delete_query_definition(queryDefinitionId=one)["success"] is True
    with pytest.raises(ClientError):
        logs.delete_query_definition(queryDefinitionId=one)


def test_dry_runs_of_account_policies_are_refused(logs, mark):
    policy = {"policyName": mark, "policyType": "FIELD_INDEX_POLICY"}
    document = json.dumps({"Fields": ["a"]})
    refused(lambda: logs.put_account_policy(**policy, policyDocument=document, dryRun=True))
    assert logs.describe_account_policies(policyType="FIELD_INDEX_POLICY")["accountPolicies"] == []
    logs.put_account_policy(**policy, policyDocument=document, dryRun=False)
    refused(lambda: logs.delete_account_policy(**policy, dryRun=True))
    assert len(logs.describe_account_policies(policyType="FIELD_INDEX_POLICY")["accountPolicies"]) == 1
    logs.delete_account_policy(**policy)


def refused(call):
    with pytest.raises(ClientError) as failure:
        call()
    assert aws.code(failure) == "InvalidParameterException" and "dryRun" in aws.message(failure)


def test_records_and_fields(logs, group):
    aws.put(logs, group, {"level": "error", "nested": {"n": 1}}, "plain")
    event = logs.filter_log_events(logGroupName=group)["events"][0]
    record = logs.get_log_record(logRecordPointer=event["eventId"])["logRecord"]
    assert record["@message"] == event["message"] and record["nested.n"] == "1" and record["@logStream"] == "s"
    fields = {each["name"]: each["percent"] for each in logs.get_log_group_fields(logGroupName=group)["logGroupFields"]}
    assert fields["@message"] == 100 and fields["nested.n"] == 50 and fields["level"] == 50
    for pointer in ["x", "0" * 56]:
        with pytest.raises(ClientError):
            logs.get_log_record(logRecordPointer=pointer)


def test_a_record_is_gone_with_its_group_or_its_stream(logs, mark):
    aws.group(logs, mark)
    logs.create_log_stream(logGroupName=mark, logStreamName="other")
    aws.put(logs, mark, "first")
    logs.put_log_events(logGroupName=mark, logStreamName="other", logEvents=[{"timestamp": aws.now(), "message": "elsewhere"}])
    events = {event["message"]: event["eventId"] for event in logs.filter_log_events(logGroupName=mark)["events"]}
    query = logs.start_query(logGroupName=mark, startTime=0, endTime=int(time.time()) + 60, queryString="fields @message")["queryId"]
    answer = until(lambda: (got := logs.get_query_results(queryId=query))["status"] == "Complete" and got)
    pointers = {row["@message"]: row["@ptr"] for row in ({field["field"]: field["value"] for field in row} for row in answer["results"])}

    def record(pointer):
        try:
            return logs.get_log_record(logRecordPointer=pointer)["logRecord"]["@message"]
        except ClientError as failure:
            return failure.response["Error"]["Code"]

    def found():
        return {message: {record(events[message]), record(pointers[message])} for message in events}
    assert found() == {"first": {"first"}, "elsewhere": {"elsewhere"}}
    logs.delete_log_stream(logGroupName=mark, logStreamName="other")
    assert found() == {"first": {"first"}, "elsewhere": {"ResourceNotFoundException"}}
    logs.delete_log_group(logGroupName=mark)
    assert found() == {"first": {"ResourceNotFoundException"}, "elsewhere": {"ResourceNotFoundException"}}
    aws.group(logs, mark)
    aws.put(logs, mark, "anew")
    assert record(logs.filter_log_events(logGroupName=mark)["events"][0]["eventId"]) == "anew" and record(events["first"]) == "ResourceNotFoundException"


def test_what_a_retention_has_ended_is_hidden_at_once_from_each_answer(logs, mark):
    aws.group(logs, mark)
    aws.put(logs, mark, "ancient", at=aws.now() - 3 * 86_400_000)
    aws.put(logs, mark, "new")
    event = {each["message"]: each["eventId"] for each in logs.filter_log_events(logGroupName=mark)["events"]}

    def asked():
        query = logs.start_query(logGroupName=mark, startTime=0, endTime=int(time.time()) + 60, queryString="fields @message")["queryId"]
        answer = until(lambda: (got := logs.get_query_results(queryId=query))["status"] == "Complete" and got)
        return {field["value"]: row[-1]["value"] for row in answer["results"] for field in row if field["field"] == "@message"}
    pointers = asked()
    assert set(pointers) == {"ancient", "new"}
    logs.put_retention_policy(logGroupName=mark, retentionInDays=1)
    assert set(asked()) == {"new"} and aws.messages(logs, mark) == ["new"]
    for pointer in (event["ancient"], pointers["ancient"]):
        with pytest.raises(ClientError) as failure:
            logs.get_log_record(logRecordPointer=pointer)
        assert aws.code(failure) == "ResourceNotFoundException"
    for pointer in (event["new"], pointers["new"]):
        assert logs.get_log_record(logRecordPointer=pointer)["logRecord"]["@message"] == "new"


# Strangers

def test_records_of_opentelemetry_are_a_group(cairn, logs, mark):
    record = {"timeUnixNano": str(time.time_ns()), "severityNumber": 9, "body": {"stringValue": f"from otlp {mark}"}}
    body = {"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": mark}}]}, "scopeLogs": [{"logRecords": [record] * 3}]}]}
    assert cairn.request("POST", "/v1/logs", json.dumps(body).encode(), {"content-type": "application/json"}).status == 200
    assert [each["logGroupName"] for each in logs.describe_log_groups(logGroupNamePrefix=mark)["logGroups"]] == [mark]
    assert aws.messages(logs, mark, filterPattern=mark) == [f"from otlp {mark}"] * 3
    assert logs.describe_log_streams(logGroupName=mark)["logStreams"][0]["logStreamName"] == "default"
    assert len(logs.get_log_events(logGroupName=mark, logStreamName="default")["events"]) == 3


def test_watchtower_logs_with_tags_and_retention(cairn, logs, mark, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{cairn.addresses['http']}")
    for key, value in {"AWS_ACCESS_KEY_ID": "dev", "AWS_SECRET_ACCESS_KEY": "dev", "AWS_DEFAULT_REGION": aws.REGION}.items():
        monkeypatch.setenv(key, value)
    handler = watchtower.CloudWatchLogHandler(
        log_group_name=mark, log_stream_name="app", log_group_tags={"team": "blue"}, log_group_retention_days=14, send_interval=1,
        boto3_client=logs)
    logger = logging.getLogger(mark)
    logger.propagate = False
    logger.addHandler(handler)
    with _no_warnings():
        logger.error("it broke")
        logger.error({"event": "user_activities", "n": 1})
        handler.flush()
        logger.error("again")
        handler.close()
    assert aws.messages(logs, mark) == ["it broke", '{"event": "user_activities", "n": 1}', "again"]
    assert logs.list_tags_for_resource(resourceArn=aws.arn(mark))["tags"] == {"team": "blue"}
    assert logs.describe_log_groups(logGroupNamePrefix=mark)["logGroups"][0]["retentionInDays"] == 14


class _no_warnings:
    def __enter__(self):
        import warnings
        self.context = warnings.catch_warnings()
        self.context.__enter__()
        warnings.simplefilter("error")

    def __exit__(self, *arguments):
        self.context.__exit__(*arguments)


def test_the_aws_cli(cairn, mark):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "dev", "AWS_SECRET_ACCESS_KEY": "dev", "AWS_DEFAULT_REGION": aws.REGION,
                   "AWS_ENDPOINT_URL": f"http://{cairn.addresses['http']}"}
    cli = pathlib.Path(sys.executable).with_name("aws")

    def run(*words):
        done = subprocess.run([sys.executable, cli, *words, "--output", "json"], env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    run("logs", "create-log-group", "--log-group-name", mark)
    run("logs", "create-log-stream", "--log-group-name", mark, "--log-stream-name", "s")
    run("logs", "put-log-events", "--log-group-name", mark, "--log-stream-name", "s", "--log-events", f"timestamp={aws.now()},message=hello")
    found = run("logs", "filter-log-events", "--log-group-name", mark, "--filter-pattern", "hello")
    assert [event["message"] for event in found["events"]] == ["hello"]
    asked = run("logs", "start-query", "--log-group-name", mark, "--start-time", "0", "--end-time", str(aws.now() // 1000 + 5),
                "--query-string", "fields @message | filter @message like /hel+o/")["queryId"]
    answer = until(lambda: (got := run("logs", "get-query-results", "--query-id", asked))["status"] == "Complete" and got)
    assert [cell["value"] for cell in answer["results"][0] if cell["field"] == "@message"] == ["hello"]
    run("logs", "put-retention-policy", "--log-group-name", mark, "--retention-in-days", "30")
    assert run("logs", "describe-log-groups", "--log-group-name-prefix", mark)["logGroups"][0]["retentionInDays"] == 30
    assert run("logs", "get-log-events", "--log-group-name", mark, "--log-stream-name", "s")["events"][0]["message"] == "hello"
    assert run("sts", "get-caller-identity")["Account"] == aws.ACCOUNT
    run("cloudwatch", "put-metric-data", "--namespace", mark, "--metric-name", "m", "--value", "3")
    assert run("cloudwatch", "list-metrics", "--namespace", mark)["Metrics"][0]["MetricName"] == "m"


def test_the_aws_cli_tails(cairn, logs, group):
    """Its live tail prints lines as they come; the host's prefix has to be switched off, as the guide says."""
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "dev", "AWS_SECRET_ACCESS_KEY": "dev", "AWS_DEFAULT_REGION": aws.REGION,
                   "AWS_ENDPOINT_URL": f"http://{cairn.addresses['http']}", "AWS_DISABLE_HOST_PREFIX_INJECTION": "true", "PYTHONUNBUFFERED": "1"}
    cli = pathlib.Path(sys.executable).with_name("aws")
    tail = subprocess.Popen([sys.executable, cli, "logs", "start-live-tail", "--log-group-identifiers", aws.arn(group)], env=environment,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    printed = []
    reader = threading.Thread(target=lambda: printed.extend(iter(tail.stdout.readline, "")), daemon=True)
    reader.start()
    try:
        # What comes before the session begins is not its.
        assert until(lambda: aws.put(logs, group, "seen live") and any("seen live" in line for line in printed), pause=0.5), printed
    finally:
        tail.kill()
        tail.wait()


def test_what_is_not_supported_says_so(cairn):
    for target in ["Logs_20140328.PutTransformer", "Logs_20140328.Nonsense", "Other.Thing", ""]:
        answer = cairn.request("POST", "/", b"{}", {"content-type": "application/x-amz-json-1.1", "x-amz-target": target})
        assert answer.status == 400 and answer.json()["__type"] == "UnknownOperationException"
    for body in [b"{", b"[]", b"\xff", b'{"logGroupName": 3}']:
        answer = cairn.request("POST", "/", body, {"content-type": "application/x-amz-json-1.1", "x-amz-target": "Logs_20140328.CreateLogGroup"})
        assert answer.status == 400 and answer.json()["__type"] == "SerializationException", answer
