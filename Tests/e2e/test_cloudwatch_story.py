# SPDX-License-Identifier: Apache-2.0
"""Lines tied to errors and traces, signed calls, agents' habits, policies of the account, and the books of the door."""
import gzip
import json
import random
import time
import urllib.parse

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

import aws
from cairn_process import until


SETTINGS = {"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}


@pytest.fixture
def group(logs, mark):
    return aws.group(logs, f"/story/{mark}")


# Stack traces

STACKS = {
    "python": ("ZeroDivisionError", "division by zero", """request failed
Traceback (most recent call last):
  File "/app/shop/cart.py", line 41, in total
    return price / count
           ~~~~~~^~~~~~~
ZeroDivisionError: division by zero"""),
    "java": ("java.lang.IllegalStateException", "cart is closed", """2026-11-26 10:00:00 ERROR request failed java.lang.IllegalStateException: cart is closed
\tat com.example.Cart.add(Cart.java:17)
\tat com.example.Api.post(Api.java:99)
Caused by: java.io.IOException: no space
\tat com.example.Disk.write(Disk.java:5)
\t... 2 more"""),
    "node": ("TypeError", "Cannot read properties of undefined (reading 'id')", """TypeError: Cannot read properties of undefined (reading 'id')
    at total (/app/cart.js:12:7)
    at async Server.<anonymous> (/app/server.js:40:3)"""),
    "go": ("panic", "runtime error: index out of range [5] with length 3", """panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.total(...)
\t/app/cart.go:12
main.main()
\t/app/main.go:7 +0x1d"""),
    "swift": ("Fatal error", "Index out of range", """Swift/ContiguousArrayBuffer.swift:600: Fatal error: Index out of range
Current stack trace:
0    libswiftCore.so                    0x00007f4c8 _swift_stdlib_reportFatalErrorInFile + 109
1    shop                               0x000055d1a Cart.total() + 88 in Cart.swift at line 12"""),
}


@pytest.mark.parametrize("language", STACKS)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_stack_trace_in_a_line_is_an_occurrence(cairn, logs, group, language, form, ids):
    kind, message, text = STACKS[language]
    trace = f"{random.SystemRandom().getrandbits(128):032x}"
    for _ in range(2):
        aws.put(logs, group, f"{text}\n" if form == "text" else {"level": "error", "message": "it broke", "stack_trace": text, "trace_id": trace})

    def look():
        found = [item for item in cairn.get("errors", project=group)["items"] if item["project"] == group]
        return found if found and found[0]["total"] >= 2 else None

    found = until(look)
    assert found and len(found) == 1, (found, cairn.get("errors"))
    assert kind in found[0]["title"] and message in found[0]["title"]
    occurrences = cairn.get(f"errors/{found[0]['id']}/occurrences")["occurrences"]
    assert len(occurrences) == 2
    if form == "json":
        assert occurrences[0]["fields"]["trace.trace_id"] == trace


def test_a_line_opens_its_trace_and_the_trace_lists_it(cairn, logs, group, ids):
    trace = f"{random.SystemRandom().getrandbits(128):032x}"
    span = {"traceId": trace, "spanId": "0102030405060708", "name": "GET /cart", "startTimeUnixNano": str(time.time_ns() - 10**7), "endTimeUnixNano": str(time.time_ns())}
    body = {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "cart"}}]}, "scopeSpans": [{"spans": [span]}]}]}
    assert cairn.send(json.dumps(body).encode(), kind="application/json").status == 200
    xray = f"1-{trace[:8]}-{trace[8:]}"
    aws.put(logs, group, {"msg": "one", "traceId": trace}, f"two Root={xray};Sampled=1", {"msg": "three", "xray_trace_id": xray}, f"four traceparent 00-{trace}-0102030405060708-01")
    whole = json.dumps(cairn.trace(trace))
    for word in ("one", "two", "three", "four"):
        assert word in whole
    query = logs.start_query(logGroupName=group, startTime=0, endTime=int(time.time()) + 5, queryString="fields @message, @ptr | filter @message like 'two'")["queryId"]
    answer = until(lambda: (got := logs.get_query_results(queryId=query))["status"] == "Complete" and got)
    pointer = {cell["field"]: cell["value"] for cell in answer["results"][0]}["@ptr"]
    record = logs.get_log_record(logRecordPointer=pointer)["logRecord"]
    assert record["@message"].startswith("two Root=") and record["@logStream"] == "s" and record["@log"].endswith(group)


def test_rows_come_while_a_query_runs(logs, group):
    """Rows of a query that is not finished are shown, and its figures grow."""
    for batch in range(20):
        at = aws.now() - 60_000 + batch
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[
            {"timestamp": at, "message": f'{{"batch":{batch},"n":{n},"text":"{"abc" * 20}"}}'} for n in range(7_000)])
    slow = " | ".join(["fields strlen(replace(concat(@message, @message), 'a', 'bb')) as n"] * 6)

    def watched():
        """Looks at one query until its rows and figures were seen to grow, and stops it: what was seen, or nothing where it had ended before."""
        query = logs.start_query(logGroupName=group, startTime=0, endTime=int(time.time()), limit=50, queryString=f"{slow} | filter n < 0 or n > 0 | sort n desc")["queryId"]
        seen = []
        while not seen or seen[-1][0] in ("Running", "Scheduled"):
            answer = logs.get_query_results(queryId=query)
            seen.append((answer["status"], len(answer["results"]), answer["statistics"]["recordsScanned"]))
            if answer["status"] == "Running" and answer["results"] and len({scanned for _, _, scanned in seen}) > 2:
                if logs.stop_query(queryId=query)["success"] and logs.get_query_results(queryId=query)["status"] == "Cancelled":
                    return seen
        return None

    # Whether somebody who asks again and again gets his turn before the query ends is the machine's matter: some queries may be missed.
    seen = until(watched, 120) or pytest.fail("no query was seen while it ran")
    assert max(rows for _, rows, _ in seen) <= 50, seen[-3:]


# Keys

def test_keys_sign_calls(make_cairn):
    cairn = make_cairn()
    everything, ingest, other = (aws.key(cairn, *of) for of in (("ingest,query,manage",), ("ingest",), ("ingest,query,manage", "other")))
    cairn.start()
    right = aws.client(cairn, "logs", *everything)
    aws.group(right, "g")
    aws.put(right, "g", "signed")
    assert [event["message"] for event in right.filter_log_events(logGroupName="g")["events"]] == ["signed"]
    aws.client(cairn, "cloudwatch", *everything).put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}])
    assert aws.client(cairn, "sts", *everything).get_caller_identity()["Account"] == aws.ACCOUNT
    aws.put(aws.client(cairn, "logs", *ingest), "g", "by a key that only sends")

    def refused(call, *arguments, **named):
        with pytest.raises(ClientError) as failure:
            call(*arguments, **named)
        return aws.code(failure), failure.value.response["ResponseMetadata"]["HTTPStatusCode"]

    assert refused(aws.client(cairn, "logs", everything[0], "wrong").describe_log_groups)[0] == "InvalidSignatureException"
    assert refused(aws.client(cairn, "logs").describe_log_groups)[0] == "UnrecognizedClientException"
    assert refused(aws.client(cairn, "logs", *ingest).describe_log_groups)[0] == "AccessDeniedException"
    assert refused(aws.client(cairn, "cloudwatch", everything[0], "wrong").list_metrics)[0] == "InvalidSignatureException"
    # Another environment sees nothing of it.
    assert aws.client(cairn, "logs", *other).describe_log_groups()["logGroups"] == []
    # A signature of an hour ago.
    headers = {"x-amz-target": "Logs_20140328.DescribeLogGroups", "content-type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", f"http://{cairn.http}/", data=b"{}", headers=headers)
    SigV4Auth(Credentials(*everything), "logs", aws.REGION).add_auth(request)
    assert cairn.request("POST", "/", b"{}", dict(request.headers)).status == 200
    assert cairn.request("POST", "/", b"{ }", dict(request.headers)).status in (400, 403), "the body is signed too"
    old = AWSRequest("POST", f"http://{cairn.http}/", data=b"{}", headers=headers)
    signer = SigV4Auth(Credentials(*everything), "logs", aws.REGION)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - 3600))
    old.context["timestamp"] = stamp
    old.headers["X-Amz-Date"] = stamp
    old.headers["Authorization"] = signer._inject_signature_to_request(old, signer.signature(signer.string_to_sign(old, signer.canonical_request(old)), old)).headers["Authorization"]
    reply = cairn.request("POST", "/", b"{}", dict(old.headers))
    assert reply.status in (400, 403) and "expired" in reply.json()["message"].lower(), reply


# Agents

def test_fluent_bit_makes_its_streams_and_sends(cairn, mark):
    """The calls of its plugin cloudwatch_logs, by hand: it writes bodies itself and reads answers by their texts."""
    def send(operation, body):
        return cairn.request("POST", "/", body.encode(), {
            "user-agent": "aws-fluent-bit-plugin", "content-type": "application/x-amz-json-1.1", "x-amz-target": f"Logs_20140328.{operation}",
            "x-amzn-logs-format": "json/emf", "x-amz-date": "20261126T100000Z"})

    event = f'{{"timestamp":{aws.now()},"message":"{{\\"log\\":\\"hello {mark}\\"}}"}}'
    events = f'{{"logGroupName":"{mark}","logStreamName":"fluent-1","logEvents":[{event}]}}'
    missing = send("CreateLogStream", f'{{"logGroupName":"{mark}","logStreamName":"fluent-1"}}')
    assert missing.status == 400 and missing.json()["__type"] == "ResourceNotFoundException"
    assert send("CreateLogGroup", f'{{"logGroupName":"{mark}"}}').status == 200
    assert send("PutRetentionPolicy", f'{{"logGroupName":"{mark}","retentionInDays":7}}').status == 200
    assert send("CreateLogStream", f'{{"logGroupName":"{mark}","logStreamName":"fluent-1"}}').status == 200
    again = send("CreateLogStream", f'{{"logGroupName":"{mark}","logStreamName":"fluent-1"}}')
    assert again.status == 400 and again.json()["__type"] == "ResourceAlreadyExistsException"
    # It takes a 200 without this header for no answer; older ones look for it as AWS spells it.
    import http.client
    connection = http.client.HTTPConnection(cairn.http, timeout=20)
    connection.request("POST", "/", events, {"x-amz-target": "Logs_20140328.PutLogEvents", "content-type": "application/x-amz-json-1.1"})
    answer = connection.getresponse()
    assert answer.status == 200 and "x-amzn-RequestId" in [name for name, _ in answer.getheaders()]
    assert json.loads(answer.read())["nextSequenceToken"]
    connection.close()


def test_the_cloudwatch_agent_sends_gzip(cairn, logs, mark):
    """Its SDK packs PutLogEvents and, in the form protocol, PutMetricData."""
    aws.group(logs, mark)
    body = json.dumps({"logGroupName": mark, "logStreamName": "s", "logEvents": [{"timestamp": aws.now(), "message": "packed"}], "entity": {
        "keyAttributes": {"Type": "Service", "Name": "shop"}, "attributes": {"PlatformType": "Generic"}}}).encode()
    reply = cairn.request("POST", "/", gzip.compress(body), {
        "content-encoding": "gzip", "x-amz-target": "Logs_20140328.PutLogEvents", "content-type": "application/x-amz-json-1.1"})
    assert reply.status == 200, reply
    assert [event["message"] for event in logs.filter_log_events(logGroupName=mark)["events"]] == ["packed"]
    form = urllib.parse.urlencode({"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": mark, "MetricData.member.1.MetricName": "cpu",
                                   "MetricData.member.1.Value": "7.5"}).encode()
    reply = cairn.request("POST", "/", gzip.compress(form), {"content-encoding": "gzip", "content-type": "application/x-www-form-urlencoded; charset=utf-8"})
    assert reply.status == 200, reply
    metrics = aws.client(cairn, "cloudwatch")
    # botocore packs what is larger than 10 KiB.
    metrics.put_metric_data(Namespace=mark, MetricData=[{"MetricName": f"m{n}", "Value": n} for n in range(900)])
    names = {metric["MetricName"] for page in metrics.get_paginator("list_metrics").paginate(Namespace=mark) for metric in page["Metrics"]}
    assert "cpu" in names and len(names) == 901


# Policies of the account

def test_an_account_subscription_bears_on_every_group(cairn, logs, mark, webhook):
    left, kept = aws.group(logs, f"left/{mark}"), aws.group(logs, f"kept/{mark}")
    policy = {"DestinationArn": webhook.url, "FilterPattern": mark, "Distribution": "Random"}
    answer = logs.put_account_policy(policyName="all", policyType="SUBSCRIPTION_FILTER_POLICY", policyDocument=json.dumps(policy),
                                     selectionCriteria=f'LogGroupName NOT IN ["{left}"]')["accountPolicy"]
    assert answer["selectionCriteria"] and json.loads(answer["policyDocument"]) == policy
    with pytest.raises(ClientError) as failure:
        logs.put_account_policy(policyName="second", policyType="SUBSCRIPTION_FILTER_POLICY", policyDocument=json.dumps(policy))
    assert aws.code(failure) == "LimitExceededException"
    aws.put(logs, left, f"{mark} not this")
    aws.put(logs, kept, f"{mark} this", "nor this")
    got = until(lambda: [json.loads(gzip.decompress(body)) for _, body in webhook.got])
    assert [(batch["logGroup"], batch["subscriptionFilters"], [event["message"] for event in batch["logEvents"]]) for batch in got] == [
        (kept, ["all"], [f"{mark} this"])]
    history = until(lambda: [entry for entry in cairn.get("deliveries", kind="subscription")["entries"] if kept in entry["name"] or kept in entry["subject"]])
    assert history and history[0]["delivered"] and history[0]["destination"] == webhook.url
    logs.delete_account_policy(policyName="all", policyType="SUBSCRIPTION_FILTER_POLICY")
    for kind, document, criteria in [
            ("SUBSCRIPTION_FILTER_POLICY", json.dumps({"DestinationArn": "arn:aws:lambda:eu-west-1:1:function:f"}), None),
            ("SUBSCRIPTION_FILTER_POLICY", "{}", None), ("SUBSCRIPTION_FILTER_POLICY", json.dumps(policy), "LogGroupName IN [1]"),
            ("FIELD_INDEX_POLICY", "[]", None), ("FIELD_INDEX_POLICY", '{"Fields": ["a"]}', "LogGroupName NOT IN []"),
            ("TRANSFORMER_POLICY", "{}", None), ("DATA_PROTECTION_POLICY", "{}", None)]:
        more = {"selectionCriteria": criteria} if criteria else {}
        with pytest.raises(ClientError) as failure:
            logs.put_account_policy(policyName="bad", policyType=kind, policyDocument=document, **more)
        assert aws.code(failure) == "InvalidParameterException", (kind, document)


def test_an_account_index_policy_is_shown_for_groups_without_their_own(logs, mark):
    one, two = aws.group(logs, f"{mark}/one"), aws.group(logs, f"{mark}/two")
    logs.put_account_policy(policyName=mark, policyType="FIELD_INDEX_POLICY", policyDocument='{"Fields": ["requestId"]}', selectionCriteria=f'LogGroupNamePrefix = "{mark}"')
    logs.put_index_policy(logGroupIdentifier=two, policyDocument='{"Fields": ["userId"]}')
    policies = logs.describe_index_policies(logGroupIdentifiers=[one, two])["indexPolicies"]
    assert [(policy["source"], policy.get("policyName")) for policy in policies] == [("ACCOUNT", mark), ("LOG_GROUP", None)]
    fields = logs.describe_field_indexes(logGroupIdentifiers=[one, two])["fieldIndexes"]
    assert [field["fieldIndexName"] for field in fields] == ["requestId", "userId"]
    logs.delete_account_policy(policyName=mark, policyType="FIELD_INDEX_POLICY")
    assert logs.describe_index_policies(logGroupIdentifiers=[one])["indexPolicies"] == []


def test_groups_of_a_query_and_dashboards(cairn, logs, group):
    query = logs.start_query(logGroupNames=[group], startTime=0, endTime=int(time.time()), queryString="limit 1")["queryId"]
    assert logs.list_log_groups_for_query(queryId=query)["logGroupIdentifiers"] == [group]
    metrics = aws.client(cairn, "cloudwatch")
    body = json.dumps({"widgets": []})
    assert metrics.put_dashboard(DashboardName="shop", DashboardBody=body)["DashboardValidationMessages"] == []
    assert metrics.get_dashboard(DashboardName="shop")["DashboardBody"] == body
    [entry] = metrics.list_dashboards(DashboardNamePrefix="sh")["DashboardEntries"]
    assert entry["Size"] == len(body) and abs(entry["LastModified"].timestamp() - time.time()) < 60
    arn = metrics.get_dashboard(DashboardName="shop")["DashboardArn"]
    metrics.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "x", "Value": "y"}])
    metrics.untag_resource(ResourceARN=arn, TagKeys=["x"])
    assert metrics.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "blue"}]
    metrics.put_metric_alarm(AlarmName="tagged", MetricName="m", Namespace="n", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
                             ComparisonOperator="GreaterThanThreshold", Tags=[{"Key": "a", "Value": "b"}])
    alarm = metrics.describe_alarms(AlarmNames=["tagged"])["MetricAlarms"][0]["AlarmArn"]
    assert metrics.list_tags_for_resource(ResourceARN=alarm)["Tags"] == [{"Key": "a", "Value": "b"}]
    with pytest.raises(ClientError) as failure:
        metrics.put_dashboard(DashboardName="shop", DashboardBody="{")
    assert aws.code(failure) == "InvalidParameterInput"
    metrics.delete_dashboards(DashboardNames=["shop"])
    with pytest.raises(ClientError) as failure:
        metrics.get_dashboard(DashboardName="shop")
    assert aws.code(failure) == "ResourceNotFound"


# The books

def test_the_door_keeps_books(cairn, logs, group, mark):
    def door():
        return next(door for door in cairn.get("doors")["doors"] if door["id"] == "cloudwatch")

    def events(door, signal):
        return next(each for each in door["signals"] if each["id"] == signal)["events"]

    before = door()
    aws.put(logs, group, "one", "two")
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[
        {"timestamp": aws.now() - 14 * 86_400_000 - 3_600_000, "message": "too old"}, {"timestamp": aws.now() - 14 * 86_400_000 + 3_600_000, "message": "old"}])
    aws.client(cairn, "cloudwatch").put_metric_data(Namespace=mark, MetricData=[{"MetricName": "m", "Value": 1}])
    after = door()
    assert events(after, "logs") - events(before, "logs") == 3 and events(after, "metrics") - events(before, "metrics") == 1
    with pytest.raises(ClientError):
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[{"timestamp": 2, "message": "b"}, {"timestamp": 1, "message": "a"}])
    reasons = [entry["reason"] for entry in cairn.get("doors")["rejections"] if entry["door"] == "cloudwatch"]
    assert any("chronological order" in reason for reason in reasons) and any("too old or too new" in reason for reason in reasons)
    text = cairn.request("GET", "/metrics").body.decode()
    for line in ('cairn_ingest_events_total{door="cloudwatch",signal="logs"}', 'cairn_ingest_requests_total{door="cloudwatch",signal="metrics"}',
                 'cairn_ingest_received_bytes_total{door="cloudwatch"}', 'cairn_refusals_total{door="cloudwatch",reason="InvalidParameterException"}'):
        assert line in text, line
