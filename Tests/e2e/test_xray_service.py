# SPDX-License-Identifier: Apache-2.0
"""The rest of X-Ray's service, by boto3 with its validation on and by AWS's command line: the account's settings, retrievals, refusals, keys."""
import json
import os
import subprocess
import sys
import time

import botocore.exceptions
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import aws
from xray import REGION, client, new_id, new_trace, segment


def test_the_page_gets_the_document_of_a_span(cairn):
    top = segment()
    top["subsegments"] = [{"id": new_id(), "name": "part", "start_time": top["start_time"], "end_time": top["end_time"]}]
    client(cairn).put_trace_segments(TraceSegmentDocuments=[json.dumps(top)])
    for span in (top["id"], top["subsegments"][0]["id"]):
        found = cairn.get(f"traces/{top['trace_id']}/spans/{span}/document")
        assert found["as_sent"] and found["id"] == top["id"] and json.loads(found["document"]) == top


def test_settings_of_the_account(cairn):
    xray = client(cairn)
    assert xray.get_encryption_config()["EncryptionConfig"] == {"Status": "ACTIVE", "Type": "NONE"}
    assert xray.put_encryption_config(Type="KMS", KeyId="alias/x")["EncryptionConfig"] == {"KeyId": "alias/x", "Status": "ACTIVE", "Type": "KMS"}
    assert xray.put_encryption_config(Type="NONE")["EncryptionConfig"]["Type"] == "NONE"
    for refused in ({"Type": "NONE", "KeyId": "alias/x"}, {"Type": "KMS"}):
        with pytest.raises(xray.exceptions.InvalidRequestException):
            xray.put_encryption_config(**refused)
    assert xray.get_encryption_config()["EncryptionConfig"] == {"Status": "ACTIVE", "Type": "NONE"}
    assert xray.get_trace_segment_destination()["Destination"] == "CloudWatchLogs"
    assert xray.update_trace_segment_destination(Destination="XRay")["Destination"] == "XRay"
    assert xray.get_trace_segment_destination()["Status"] == "ACTIVE"
    assert xray.get_indexing_rules()["IndexingRules"][0]["Rule"]["Probabilistic"]["ActualSamplingPercentage"] == 100
    assert xray.update_indexing_rule(Name="Default", Rule={"Probabilistic": {"DesiredSamplingPercentage": 7}})["IndexingRule"]["Name"] == "Default"
    with pytest.raises(xray.exceptions.ResourceNotFoundException):
        xray.update_indexing_rule(Name="other", Rule={"Probabilistic": {"DesiredSamplingPercentage": 7}})
    policy = xray.put_resource_policy(PolicyName="p1", PolicyDocument='{"Statement": []}')["ResourcePolicy"]
    assert policy["PolicyRevisionId"] == "1"
    with pytest.raises(xray.exceptions.InvalidPolicyRevisionIdException):
        xray.put_resource_policy(PolicyName="p1", PolicyDocument='{"Statement": []}', PolicyRevisionId="9")
    with pytest.raises(xray.exceptions.MalformedPolicyDocumentException):
        xray.put_resource_policy(PolicyName="p2", PolicyDocument="nonsense")
    assert [entry["PolicyName"] for page in xray.get_paginator("list_resource_policies").paginate() for entry in page["ResourcePolicies"]] == ["p1"]
    xray.delete_resource_policy(PolicyName="p1")
    assert xray.list_resource_policies()["ResourcePolicies"] == []
    assert xray.put_telemetry_records(TelemetryRecords=[{"Timestamp": time.time(), "SegmentsReceivedCount": 1}])["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_traces_are_retrieved(cairn):
    xray = client(cairn)
    parts = [segment() for _ in range(7)]
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document) for document in parts])
    graph_token = xray.start_trace_retrieval(TraceIds=[parts[0]["trace_id"]], StartTime=time.time() - 60, EndTime=time.time())["RetrievalToken"]
    graph = xray.get_retrieved_traces_graph(RetrievalToken=graph_token)
    assert graph["RetrievalStatus"] == "COMPLETE" and "shop" in {entry["Service"]["Name"] for entry in graph["Services"]}
    token = xray.start_trace_retrieval(TraceIds=[part["trace_id"] for part in parts], StartTime=time.time() - 60, EndTime=time.time())["RetrievalToken"]
    for form in ("XRAY", "OTEL"):
        found, more = {}, {}
        while True:
            page = xray.list_retrieved_traces(RetrievalToken=token, TraceFormat=form, **more)
            assert page["RetrievalStatus"] == "COMPLETE" and page["TraceFormat"] == form and len(page["Traces"]) <= 5
            found.update({trace["Id"]: json.loads(trace["Spans"][0]["Document"]) for trace in page["Traces"]})
            if "NextToken" not in page:
                break
            more = {"NextToken": page["NextToken"]}
        assert set(found) == {part["trace_id"] for part in parts}
        if form == "XRAY":
            assert all(found[part["trace_id"]] == part for part in parts)
    # Of another time nothing is retrieved.
    other = xray.start_trace_retrieval(TraceIds=[parts[0]["trace_id"]], StartTime=time.time() - 7200, EndTime=time.time() - 3600)["RetrievalToken"]
    assert xray.list_retrieved_traces(RetrievalToken=other)["Traces"] == [] and xray.get_retrieved_traces_graph(RetrievalToken=other)["Services"] == []
    xray.cancel_trace_retrieval(RetrievalToken=token)
    assert xray.list_retrieved_traces(RetrievalToken=token)["RetrievalStatus"] == "CANCELLED"
    with pytest.raises(xray.exceptions.ResourceNotFoundException):
        xray.list_retrieved_traces(RetrievalToken="nobody")


def named(name, count):
    return " or ".join([f'group.name="{name}"'] * count)


def test_groups_of_groups_cannot_grow_or_make_a_circle(cairn):
    """Three levels of sixty are 216,000 tests of each trace: refused, and nobody waits for it."""
    xray = client(cairn)
    for name, expression in (("a1", "ok"), ("a2", named("a1", 60)), ("g1", "ok"), ("g3", 'group.name="g1" and ok')):
        xray.create_group(GroupName=name, FilterExpression=expression)
    window = {"StartTime": time.time() - 60, "EndTime": time.time()}
    assert "TraceSummaries" in xray.get_trace_summaries(**window, FilterExpression=named("a2", 8))
    for refused in (lambda: xray.create_group(GroupName="a3", FilterExpression=named("a2", 9)), lambda: xray.get_trace_summaries(**window, FilterExpression=named("a2", 9))):
        with pytest.raises(xray.exceptions.InvalidRequestException, match="500 terms"):
            refused()
    arn = xray.get_group(GroupName="g1")["Group"]["GroupARN"]
    for expression in ('group.name="g3"', 'group.name="g1"', f'group.arn="{arn}"'):
        with pytest.raises(xray.exceptions.InvalidRequestException, match="circle"):
            xray.update_group(GroupName="g1", FilterExpression=expression)
    assert xray.get_group(GroupName="g1")["Group"]["FilterExpression"] == "ok"
    for name in ("a1", "a2", "g1", "g3"):
        xray.delete_group(GroupName=name)


def test_groups_that_pass_everything_cannot_grow(cairn):
    """A group without an expression is a test as well."""
    xray = client(cairn)
    for name, expression in (("e1", ""), ("e2", named("e1", 30)), ("e3", named("e2", 10))):
        xray.create_group(GroupName=name, FilterExpression=expression)
    with pytest.raises(xray.exceptions.InvalidRequestException, match="500 terms"):
        xray.create_group(GroupName="e4", FilterExpression=named("e3", 2))
    for name in ("e1", "e2", "e3"):
        xray.delete_group(GroupName=name)


def test_groups_lie_only_so_deep_whatever_is_named_first(cairn):
    xray = client(cairn)
    xray.create_group(GroupName="c0", FilterExpression="ok")
    for number in range(1, 25):
        xray.create_group(GroupName=f"c{number}", FilterExpression=named(f"c{number - 1}", 1))
    xray.create_group(GroupName="d0", FilterExpression="ok")
    xray.create_group(GroupName="d1", FilterExpression=named("d0", 1))
    xray.update_group(GroupName="d0", FilterExpression=named("c23", 1))
    window = {"StartTime": time.time() - 60, "EndTime": time.time()}
    for expression in (named("d1", 1), named("d0", 1) + " or " + named("d1", 1)):
        with pytest.raises(xray.exceptions.InvalidRequestException, match="25 deep"):
            xray.get_trace_summaries(**window, FilterExpression=expression)
    for name in [f"c{number}" for number in range(25)] + ["d0", "d1"]:
        xray.delete_group(GroupName=name)


def test_names_may_have_slashes_and_colons(cairn):
    """An ARN leads back to its rule or group whatever the name is."""
    xray, name = client(cairn), f"a/b:{new_id()}"
    rule = {"RuleName": name, "ResourceARN": "*", "Priority": 10, "FixedRate": 0.1, "ReservoirSize": 1, "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*",
            "URLPath": "*", "Version": 1}
    rule_arn = xray.create_sampling_rule(SamplingRule=rule)["SamplingRuleRecord"]["SamplingRule"]["RuleARN"]
    group_arn = xray.create_group(GroupName=name)["Group"]["GroupARN"]
    for arn in (rule_arn, group_arn):
        xray.tag_resource(ResourceARN=arn, Tags=[{"Key": "k", "Value": "v"}])
        assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "k", "Value": "v"}]
        with pytest.raises(xray.exceptions.ResourceNotFoundException):
            xray.list_tags_for_resource(ResourceARN=arn + "x")
    assert xray.get_group(GroupARN=group_arn)["Group"]["GroupName"] == name
    assert xray.update_sampling_rule(SamplingRuleUpdate={"RuleARN": rule_arn, "FixedRate": 0.3})["SamplingRuleRecord"]["SamplingRule"]["RuleName"] == name
    assert xray.delete_sampling_rule(RuleARN=rule_arn)["SamplingRuleRecord"]["SamplingRule"]["FixedRate"] == 0.3
    xray.delete_group(GroupARN=group_arn)


def test_unknown_traces_and_operations(cairn):
    xray, missing = client(cairn), new_trace()
    answer = xray.batch_get_traces(TraceIds=[missing])
    assert answer["Traces"] == [] and answer["UnprocessedTraceIds"] == [missing]
    with pytest.raises(xray.exceptions.InvalidRequestException):
        xray.batch_get_traces(TraceIds=["1-zz"])
    reply = cairn.request("POST", "/NoSuchOperation", "{}", {"content-type": "application/json"}, address=cairn.addresses["xray"])
    assert reply.status == 404 and reply.headers["x-amzn-errortype"] == "UnknownOperationException" and reply.json()["Message"]


def test_the_command_line_of_aws(cairn):
    program = os.path.join(os.path.dirname(sys.executable), "aws")
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "dev", "AWS_SECRET_ACCESS_KEY": "dev", "AWS_DEFAULT_REGION": REGION,
                   "AWS_ENDPOINT_URL_XRAY": f"http://{cairn.addresses['http']}"}

    def aws(*words):
        done = subprocess.run([sys.executable, program, "xray", *words], env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    document = segment()
    assert aws("put-trace-segments", "--trace-segment-documents", json.dumps(document)) == {"UnprocessedTraceSegments": []}
    found = aws("batch-get-traces", "--trace-ids", document["trace_id"])
    assert json.loads(found["Traces"][0]["Segments"][0]["Document"]) == document
    assert aws("get-sampling-rules")["SamplingRuleRecords"][-1]["SamplingRule"]["RuleName"] == "Default"


# keys

def test_keys_sign(make_cairn):
    cairn = make_cairn()
    everything, ingest, people, other = (aws.key(cairn, *of) for of in (("ingest,query,manage",), ("ingest",), ("query",), ("ingest,query,manage", "other")))
    cairn.start()
    document = segment()
    client(cairn, "http", *everything).put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    assert client(cairn, "http", *everything).batch_get_traces(TraceIds=[document["trace_id"]])["Traces"]
    assert not client(cairn, "http", *other).batch_get_traces(TraceIds=[document["trace_id"]])["Traces"]

    def code(call):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            call()
        return error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert code(lambda: client(cairn, "http", everything[0], "wrong").get_sampling_rules()) == ("InvalidSignatureException", 403)
    assert code(lambda: client(cairn).get_sampling_rules()) == ("UnrecognizedClientException", 403)
    assert code(lambda: client(cairn, "http", *ingest).batch_get_traces(TraceIds=[document["trace_id"]])) == ("AccessDeniedException", 403)
    for key in (ingest, people):
        assert client(cairn, "http", *key).get_sampling_rules()["SamplingRuleRecords"]
    # What an SDK sends the daemon's port unsigned is taken; what reads traces is not.
    import http.client as plain
    host, port = cairn.addresses["xray"].rsplit(":", 1)
    for path, status in (("/GetSamplingRules", 200), ("/TraceSegments", 200), ("/Traces", 403), ("/CreateSamplingRule", 403), ("/v1/traces", 404)):
        connection = plain.HTTPConnection(host, int(port), timeout=30)
        connection.request("POST", path, json.dumps({"TraceSegmentDocuments": [], "TraceIds": []}), {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status, path
    # A presigned request.
    signed = AWSRequest(method="POST", url=f"http://{cairn.addresses['http']}/GetSamplingRules", data=b"")
    SigV4QueryAuth(Credentials(*everything), "xray", REGION, expires=60).add_auth(signed)
    path = signed.url.split(cairn.addresses["http"], 1)[1]
    for target, status in ((path, 200), (path.replace("X-Amz-Expires=60", "X-Amz-Expires=61"), 403)):
        connection = plain.HTTPConnection(*cairn.addresses["http"].rsplit(":", 1), timeout=30)
        connection.request("POST", target)
        assert connection.getresponse().status == status
    cairn.stop()
