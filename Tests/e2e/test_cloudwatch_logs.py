# SPDX-License-Identifier: Apache-2.0
"""CloudWatch Logs by boto3: groups, streams and events, page by page, and each error in AWS's own words."""
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

import aws

DAY = 86_400_000


@pytest.fixture
def group(logs, mark):
    name = f"/test/{mark}"
    logs.create_log_group(logGroupName=name)
    return name


@pytest.fixture
def stream(logs, group):
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    return "one"


def now():
    return int(time.time() * 1000)


def put(logs, group, stream, *lines, at=None):
    start = at or now()
    events = [{"timestamp": start + index, "message": line} for index, line in enumerate(lines)]
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def messages(answer):
    return [event["message"] for event in answer["events"]]


def test_who_am_i(cairn):
    answer = aws.client(cairn, "sts").get_caller_identity()
    assert answer["Account"] == aws.ACCOUNT and answer["Arn"].startswith("arn:aws:")


def test_group_is_described_as_it_was_made(logs, mark):
    name = f"/described/{mark}"
    before = now()
    logs.create_log_group(logGroupName=name, tags={"team": "blue"}, kmsKeyId="arn:aws:kms:eu-west-1:1:key/x", logGroupClass="INFREQUENT_ACCESS")
    [found] = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert before - 1000 <= found.pop("creationTime") <= now() + 1000
    assert found == {
        "logGroupName": name, "arn": aws.arn(name) + ":*", "logGroupArn": aws.arn(name), "metricFilterCount": 0, "storedBytes": 0,
        "kmsKeyId": "arn:aws:kms:eu-west-1:1:key/x", "logGroupClass": "INFREQUENT_ACCESS", "deletionProtectionEnabled": False}
    assert logs.list_tags_for_resource(resourceArn=aws.arn(name))["tags"] == {"team": "blue"}
    logs.disassociate_kms_key(logGroupName=name)
    assert "kmsKeyId" not in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]
    assert [each["logGroupName"] for each in logs.list_log_groups(logGroupNamePattern="^/described")["logGroups"]] == [name]


def test_groups_come_sorted_in_pages(logs, mark):
    names = sorted(f"{mark}/{letter}" for letter in "gAfbZ-ec_d")
    for name in reversed(names):
        logs.create_log_group(logGroupName=name)
    pages = list(logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=mark, PaginationConfig={"PageSize": 4}))
    assert [len(page["logGroups"]) for page in pages] == [4, 4, 2]
    assert [each["logGroupName"] for page in pages for each in page["logGroups"]] == names
    assert [each["logGroupName"] for each in logs.describe_log_groups(logGroupNamePattern=f"{mark}/Z")["logGroups"]] == [f"{mark}/Z"]
    with pytest.raises(ClientError) as failure:
        logs.describe_log_groups(logGroupNamePrefix="a", logGroupNamePattern="b")
    assert aws.message(failure) == "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."


def test_groups_are_found_by_their_tags_and_indexes(logs, mark):
    for name, tags in (("a", {"env": "Prod-1", "team": "x"}), ("b", {"env": "stage"}), ("c", {"env": "prod"}), ("d", {})):
        logs.create_log_group(logGroupName=f"{mark}/{name}", **({"tags": tags} if tags else {}))
    logs.put_index_policy(logGroupIdentifier=f"{mark}/c", policyDocument='{"Fields": ["level", "user"]}')

    def found(**wanted):
        return "".join(each["logGroupName"][-1] for each in logs.list_log_groups(logGroupNamePattern=mark, **wanted)["logGroups"])
    assert found() == "abcd" and found(logGroupTags=[{"key": "env"}]) == "abc"
    for values, names in ((["prod"], "c"), (["prod", "stage"], "bc"), (["prod*"], "ac"), (["*-1"], "a"), (["*TAG*"], "b"), (["!prod"], "ab"), (["!prod*"], "b"), ([], "abc")):
        assert found(logGroupTags=[{"key": "env", "values": values}]) == names, values
    assert found(logGroupTags=[{"key": "env", "values": ["prod*"]}, {"key": "team", "values": ["x"]}]) == "a"
    assert found(fieldIndexNames=["level"]) == "c" and found(fieldIndexNames=["level", "other"]) == ""
    assert found(dataSources=[{"name": "cloudtrail"}]) == ""
    with pytest.raises(ClientError) as failure:
        found(logGroupTags=[{"key": "x"}] * 6)
    assert aws.code(failure) == "InvalidParameterException"


def test_groups_fail_as_at_aws(logs, group):
    def fails(call, expected, text=None, **arguments):
        with pytest.raises(ClientError) as failure:
            call(**arguments)
        assert aws.code(failure) == expected, failure.value
        assert text is None or aws.message(failure) == text, failure.value

    fails(logs.create_log_group, "ResourceAlreadyExistsException", "The specified log group already exists", logGroupName=group)
    fails(logs.delete_log_group, "ResourceNotFoundException", "The specified log group does not exist.", logGroupName="nowhere")
    fails(logs.create_log_group, "InvalidParameterException", logGroupName="a b")
    fails(logs.create_log_group, "InvalidParameterException", logGroupName="x" * 513)
    fails(logs.create_log_group, "InvalidParameterException", logGroupName="aws/spans")
    fails(logs.put_retention_policy, "InvalidParameterException", logGroupName=group, retentionInDays=2)
    fails(logs.put_retention_policy, "ResourceNotFoundException", logGroupName="nowhere", retentionInDays=1)
    fails(logs.describe_log_groups, "InvalidParameterException",
          "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50",
          limit=51)
    fails(logs.describe_log_groups, "InvalidParameterException", "The specified nextToken is invalid.", nextToken="xyz")
    fails(logs.create_log_stream, "ResourceNotFoundException", logGroupName="nowhere", logStreamName="s")
    fails(logs.create_log_stream, "InvalidParameterException", logGroupName=group, logStreamName="a:b")
    fails(logs.tag_resource, "ResourceNotFoundException", resourceArn=aws.arn("nowhere"), tags={"a": "b"})


def test_retention_tags_and_protection(logs, group):
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"] == 7
    logs.delete_retention_policy(logGroupName=group)
    assert "retentionInDays" not in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    logs.tag_resource(resourceArn=aws.arn(group), tags={"a": "1", "b": "2"})
    logs.tag_log_group(logGroupName=group, tags={"c": "3"})
    logs.untag_resource(resourceArn=aws.arn(group), tagKeys=["a"])
    logs.untag_log_group(logGroupName=group, tags=["b"])
    assert logs.list_tags_log_group(logGroupName=group)["tags"] == {"c": "3"}
    logs.put_log_group_deletion_protection(logGroupIdentifier=aws.arn(group), deletionProtectionEnabled=True)
    with pytest.raises(ClientError):
        logs.delete_log_group(logGroupName=group)
    logs.put_log_group_deletion_protection(logGroupIdentifier=group, deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName=group)


def test_streams_are_listed_by_name_and_by_time(logs, group):
    for name in ["b", "a", "c"]:
        logs.create_log_stream(logGroupName=group, logStreamName=name)
    with pytest.raises(ClientError) as failure:
        logs.create_log_stream(logGroupName=group, logStreamName="a")
    assert aws.message(failure) == "The specified log stream already exists"
    start = now()
    put(logs, group, "c", "first", at=start - 5000)
    put(logs, group, "a", "second", "third", at=start - 1000)

    def names(**arguments):
        return [each["logStreamName"] for each in logs.describe_log_streams(logGroupName=group, **arguments)["logStreams"]]

    assert names() == ["a", "b", "c"] and names(descending=True) == ["c", "b", "a"]
    assert names(orderBy="LastEventTime", descending=True) == ["a", "c", "b"]
    assert names(logStreamNamePrefix="b") == ["b"]
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=group, orderBy="LastEventTime", descending=True, PaginationConfig={"PageSize": 2})
    assert [[each["logStreamName"] for each in page["logStreams"]] for page in pages] == [["a", "c"], ["b"]]
    found = logs.describe_log_streams(logGroupIdentifier=aws.arn(group), logStreamNamePrefix="a")["logStreams"][0]
    assert found["firstEventTimestamp"] == start - 1000 and found["lastEventTimestamp"] == start - 999
    assert found["storedBytes"] == 0 and found["arn"] == aws.arn(group) + ":log-stream:a" and len(found["uploadSequenceToken"]) == 56
    assert abs(found["lastIngestionTime"] - now()) < 10_000
    with pytest.raises(ClientError) as failure:
        logs.describe_log_streams(logGroupIdentifier=aws.arn(group) + ":*")
    assert "Member must satisfy regular expression pattern" in aws.message(failure)
    with pytest.raises(ClientError) as failure:
        names(orderBy="LastEventTime", logStreamNamePrefix="a")
    assert aws.message(failure) == "Cannot order by LastEventTime with a logStreamNamePrefix."


def test_pages_of_streams_by_time_go_on_while_lines_come(logs, group):
    start = now() - 60_000
    for index in range(6):
        logs.create_log_stream(logGroupName=group, logStreamName=f"s{index}")
        put(logs, group, f"s{index}", "x", at=start + index)

    def page(descending, **token):
        answer = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=descending, limit=3, **token)
        return [each["logStreamName"] for each in answer["logStreams"]], answer.get("nextToken")

    first, token = page(True)
    put(logs, group, first[-1], "y", at=start + 10)
    assert (first, page(True, nextToken=token)) == (["s5", "s4", "s3"], (["s2", "s1", "s0"], None))
    first, token = page(False)
    put(logs, group, first[-1], "y", at=start + 20)
    second, token = page(False, nextToken=token)
    assert (first, second, page(False, nextToken=token)) == (["s0", "s1", "s2"], ["s4", "s5", "s3"], (["s2"], None))


def test_changes_of_a_group_at_once_are_all_kept(make_cairn):
    cairn = make_cairn().start()
    clients = [aws.client(cairn, "logs") for _ in range(6)]
    clients[0].create_log_group(logGroupName="g")
    clients[0].put_destination(destinationName="d", targetArn="https://a.example", roleArn="r")
    [destination] = clients[0].describe_destinations()["destinations"]

    def change(index, turn):
        clients[index].tag_resource(resourceArn=aws.arn("g"), tags={f"t{index}": str(turn)})
        clients[index].tag_resource(resourceArn=destination["arn"], tags={f"t{index}": str(turn)})
        try:
            clients[index].create_log_stream(logGroupName="g", logStreamName=f"s{turn}")
        except ClientError as failure:
            assert failure.response["Error"]["Code"] == "ResourceAlreadyExistsException"
            return 0
        return 1

    with ThreadPoolExecutor(6) as pool:
        for turn in range(15):
            made = sum(pool.map(change, range(6), [turn] * 6))
            tags = [clients[0].list_tags_for_resource(resourceArn=arn)["tags"] for arn in (aws.arn("g"), destination["arn"])]
            assert (made, tags) == (1, [{f"t{index}": str(turn) for index in range(6)}] * 2)
    cairn.stop()
    cairn.start()
    kept = aws.client(cairn, "logs")
    assert kept.list_tags_for_resource(resourceArn=aws.arn("g"))["tags"] == tags[0]


def test_events_come_back(logs, group, stream):
    start = now() - 60_000
    lines = ["plain", "zwei Wörter ✓", '{"level": "error", "n": 1}', "tab\tand\nnewline \\ \"quoted\""]
    answer = put(logs, group, stream, *lines, at=start)
    assert len(answer["nextSequenceToken"]) == 56 and "rejectedLogEventsInfo" not in answer
    found = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
    assert messages(found) == lines
    assert [event["timestamp"] for event in found["events"]] == [start, start + 1, start + 2, start + 3]
    assert all(abs(event["ingestionTime"] - now()) < 10_000 for event in found["events"])
    stored = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["storedBytes"]
    assert stored == sum(len(line.encode()) + 26 for line in lines)


def test_tokens_lead_both_ways(logs, group, stream):
    lines = [f"line {index:02}" for index in range(25)]
    put(logs, group, stream, *lines, at=now() - 60_000)
    arguments = {"logGroupName": group, "logStreamName": stream, "limit": 10}
    newest = logs.get_log_events(**arguments)
    assert messages(newest) == lines[15:]
    older = logs.get_log_events(nextToken=newest["nextBackwardToken"], **arguments)
    assert messages(older) == lines[5:15]
    oldest = logs.get_log_events(nextToken=older["nextBackwardToken"], **arguments)
    assert messages(oldest) == lines[:5]
    none = logs.get_log_events(nextToken=oldest["nextBackwardToken"], **arguments)
    assert messages(none) == [] and none["nextBackwardToken"] == oldest["nextBackwardToken"]
    assert messages(logs.get_log_events(nextToken=older["nextForwardToken"], **arguments)) == lines[15:]
    end = logs.get_log_events(nextToken=newest["nextForwardToken"], **arguments)
    assert messages(end) == [] and end["nextForwardToken"] == newest["nextForwardToken"]
    put(logs, group, stream, "later")
    assert messages(logs.get_log_events(nextToken=end["nextForwardToken"], **arguments)) == ["later"]
    for token in ["x", "f/12", "f/" + "9" * 56]:
        with pytest.raises(ClientError) as failure:
            logs.get_log_events(nextToken=token, **arguments)
        assert aws.message(failure) == "The specified nextToken is invalid."


def test_lines_of_one_instant_are_paged_once(logs, group, stream):
    at = now() - 1000
    for part in range(3):
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[
            {"timestamp": at, "message": f"{part}-{index}"} for index in range(40)])
    wanted = [f"{part}-{index}" for part in range(3) for index in range(40)]
    seen, token = [], None
    while True:
        answer = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, limit=7, **({"nextToken": token} if token else {}))
        if not answer["events"]:
            break
        seen += messages(answer)
        token = answer["nextForwardToken"]
    assert seen == wanted
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, PaginationConfig={"PageSize": 11})
    events = [event for page in pages for event in page["events"]]
    assert [event["message"] for event in events] == wanted and len({event["eventId"] for event in events}) == 120


def test_time_ranges(logs, group, stream):
    start = now() - 60_000
    put(logs, group, stream, "a", "b", "c", at=start)
    arguments = {"logGroupName": group, "startTime": start, "endTime": start + 2}
    assert messages(logs.get_log_events(logStreamName=stream, **arguments)) == ["a", "b"]
    assert messages(logs.filter_log_events(**arguments)) == ["a", "b", "c"]


def test_filter_by_stream_and_pattern(logs, group):
    for name in ["web-1", "web-2", "db"]:
        logs.create_log_stream(logGroupName=group, logStreamName=name)
        put(logs, group, name, f"{name} ERROR no room", f"{name} INFO fine", json.dumps({"level": "error", "code": 503, "from": name}))

    def found(**arguments):
        return sorted(messages(logs.filter_log_events(logGroupName=group, **arguments)))

    assert len(found()) == 9 and len(found(logStreamNames=["db", "web-1"])) == 6 and len(found(logStreamNamePrefix="web-")) == 6
    assert found(filterPattern="ERROR", logStreamNamePrefix="web-") == ["web-1 ERROR no room", "web-2 ERROR no room"]
    assert found(filterPattern='"no room" -db') == ["web-1 ERROR no room", "web-2 ERROR no room"]
    assert found(filterPattern="?room ?fine", logStreamNames=["db"]) == ["db ERROR no room", "db INFO fine"]
    assert found(filterPattern="%web-[2-9] I%") == ["web-2 INFO fine"]
    assert len(found(filterPattern="{ $.code >= 500 }")) == 3
    assert len(found(filterPattern='{ $.code = 5* && $.from = "web-*" }')) == 2
    assert found(filterPattern="[name, level = INFO, ...]", logStreamNames=["db"]) == ["db INFO fine"]
    event = logs.filter_log_events(logGroupName=group, filterPattern="INFO", logStreamNames=["db"])["events"][0]
    assert event["logStreamName"] == "db" and len(event["eventId"]) == 56
    answer = logs.filter_log_events(logGroupName=group, limit=2)
    assert len(answer["events"]) == 2 and answer["nextToken"] and answer["searchedLogStreams"] == []
    for pattern in ["{ $.a = }", "[a, b", "a-b", "%(%", '"open']:
        with pytest.raises(ClientError) as failure:
            found(filterPattern=pattern)
        assert aws.code(failure) == "InvalidParameterException"
    with pytest.raises(ClientError) as failure:
        found(logStreamNames=["nowhere"])
    assert aws.message(failure) == "The specified log stream does not exist."


def test_batches_are_refused_as_at_aws(logs, group, stream):
    def refused(events, text=None, name=stream):
        with pytest.raises(ClientError) as failure:
            logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=events)
        assert text is None or aws.message(failure).startswith(text), failure.value
        return aws.code(failure)

    def event(message="x", at=0):
        return {"timestamp": now() + at, "message": message}

    assert refused([event(at=5), event()], "Log events in a single PutLogEvents request must be in chronological order.") == "InvalidParameterException"
    assert refused([event()], "The specified log stream does not exist.", "nowhere") == "ResourceNotFoundException"
    assert refused([event() for _ in range(10_001)]) == "InvalidParameterException"
    assert refused([event("x" * 1_048_577)]) == "InvalidParameterException"
    assert refused([event("x" * 600_000), event("x" * 600_000)], "Upload too large") == "InvalidParameterException"
    assert refused([event(at=-DAY - 1000), event()]) == "InvalidParameterException"
    assert messages(logs.get_log_events(logGroupName=group, logStreamName=stream)) == []


def test_old_and_new_events_are_left_out_singly(logs, group, stream):
    start = now()
    old = logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[
        {"timestamp": start - 14 * DAY - 5000, "message": "too old"}, {"timestamp": start - 14 * DAY + 60_000, "message": "old"}])
    assert old["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    new = logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[
        {"timestamp": start, "message": "now"}, {"timestamp": start + 3 * 3_600_000, "message": "too new"}])
    assert new["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    logs.put_retention_policy(logGroupName=group, retentionInDays=3)
    expired = logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[
        {"timestamp": start - 3 * DAY - 60_000, "message": "expired"}, {"timestamp": start - 3 * DAY + 60_000, "message": "kept"}])
    assert expired["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1} and expired["nextSequenceToken"]
    # The retention hides what it has ended at once.
    assert messages(logs.filter_log_events(logGroupName=group)) == ["kept", "now"]


def test_what_is_deleted_is_gone(logs, group):
    for name in ["one", "two"]:
        logs.create_log_stream(logGroupName=group, logStreamName=name)
        put(logs, group, name, f"from {name}")
    logs.delete_log_stream(logGroupName=group, logStreamName="one")
    assert messages(logs.filter_log_events(logGroupName=group)) == ["from two"]
    with pytest.raises(ClientError) as failure:
        put(logs, group, "one", "again")
    assert aws.code(failure) == "ResourceNotFoundException"
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    put(logs, group, "one", "anew")
    assert messages(logs.get_log_events(logGroupName=group, logStreamName="one")) == ["anew"]
    logs.delete_log_group(logGroupName=group)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"] == []
    logs.create_log_group(logGroupName=group)
    assert messages(logs.filter_log_events(logGroupName=group)) == []
    assert logs.describe_log_streams(logGroupName=group)["logStreams"] == []


def test_state_outlives_a_restart(make_cairn):
    cairn = make_cairn().start()
    logs = aws.client(cairn, "logs")
    logs.create_log_group(logGroupName="kept", tags={"a": "b"})
    logs.create_log_stream(logGroupName="kept", logStreamName="s")
    put(logs, "kept", "s", "before the restart")
    logs.put_retention_policy(logGroupName="kept", retentionInDays=5)
    cairn.stop()
    cairn.start()
    logs = aws.client(cairn, "logs")
    put(logs, "kept", "s", "after it")
    assert messages(logs.filter_log_events(logGroupName="kept")) == ["before the restart", "after it"]
    [group] = logs.describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 5 and group["storedBytes"] == len("before the restart" + "after it") + 52
    assert "firstEventTimestamp" in logs.describe_log_streams(logGroupName="kept")["logStreams"][0]
