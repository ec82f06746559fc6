# SPDX-License-Identifier: Apache-2.0
"""X-Ray's sampling rules and targets, by boto3 and by two clients at once; groups and their tags."""
import time

import botocore.exceptions
import pytest

from xray import REGION, client, door, flask_client, new_id, until


def rule(name, **more):
    return {"RuleName": name, "ResourceARN": "*", "Priority": 10, "FixedRate": 0.1, "ReservoirSize": 10, "ServiceName": "*", "ServiceType": "*",
            "Host": "*", "HTTPMethod": "*", "URLPath": "/x/*", "Version": 1, **more}


def test_sampling_rules_live(cairn):
    xray, name = client(cairn), f"rule-{new_id()}"
    made = xray.create_sampling_rule(SamplingRule=rule(name, Attributes={"a": "b"}, SamplingRateBoost={"MaxRate": 0.9, "CooldownWindowMinutes": 5}),
                                     Tags=[{"Key": "team", "Value": "shop"}])["SamplingRuleRecord"]
    arn = made["SamplingRule"]["RuleARN"]
    assert arn == f"arn:aws:xray:{REGION}:123456789012:sampling-rule/{name}"
    assert made["SamplingRule"]["SamplingRateBoost"] == {"MaxRate": 0.9, "CooldownWindowMinutes": 5}
    assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "shop"}]
    with pytest.raises(xray.exceptions.InvalidRequestException):
        xray.create_sampling_rule(SamplingRule=rule(name))
    changed = xray.update_sampling_rule(SamplingRuleUpdate={"RuleARN": arn, "FixedRate": 0.5})["SamplingRuleRecord"]["SamplingRule"]
    assert changed["FixedRate"] == 0.5 and changed["URLPath"] == "/x/*"
    listed = [record["SamplingRule"]["RuleName"] for page in xray.get_paginator("get_sampling_rules").paginate() for record in page["SamplingRuleRecords"]]
    assert name in listed and listed[-1] == "Default"
    xray.tag_resource(ResourceARN=arn, Tags=[{"Key": "stage", "Value": ""}])
    xray.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stage", "Value": ""}]
    assert xray.delete_sampling_rule(RuleName=name)["SamplingRuleRecord"]["SamplingRule"]["RuleName"] == name
    with pytest.raises(xray.exceptions.ResourceNotFoundException):
        xray.list_tags_for_resource(ResourceARN=arn)
    for call in (lambda: xray.delete_sampling_rule(RuleName="Default"), lambda: xray.delete_sampling_rule(RuleName=name),
                 lambda: xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "Priority": 5}),
                 lambda: xray.create_sampling_rule(SamplingRule=rule("r", Priority=9999, FixedRate=1.0, ServiceName="x" * 65))):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            call()
        assert error.value.response["Error"]["Code"] == "InvalidRequestException" and error.value.response["Error"]["Message"]


def test_targets_share_the_reservoir(cairn):
    xray, name = client(cairn, "xray"), f"rule-{new_id()}"
    xray.create_sampling_rule(SamplingRule=rule(name, ReservoirSize=10))

    def report(client_id, requests=100, boosts=()):
        return xray.get_sampling_targets(SamplingStatisticsDocuments=[
            {"RuleName": name, "ClientID": client_id, "Timestamp": time.time(), "RequestCount": requests, "SampledCount": 1, "BorrowCount": 1}],
            SamplingBoostStatisticsDocuments=list(boosts))
    one, two = "1" * 24, "2" * 24
    first = report(one)["SamplingTargetDocuments"][0]
    assert first["ReservoirQuota"] == 10 and first["Interval"] == 10 and first["FixedRate"] == 0.1
    assert first["ReservoirQuotaTTL"].timestamp() > time.time()
    # The second gets what the first leaves, until the first has reported again.
    assert report(two)["SamplingTargetDocuments"][0]["ReservoirQuota"] == 0
    assert report(one)["SamplingTargetDocuments"][0]["ReservoirQuota"] == 5
    assert report(two)["SamplingTargetDocuments"][0]["ReservoirQuota"] == 5
    unknown = xray.get_sampling_targets(SamplingStatisticsDocuments=[
        {"RuleName": "nobody", "ClientID": one, "Timestamp": time.time(), "RequestCount": 1, "SampledCount": 1}])
    assert unknown["UnprocessedStatistics"][0]["RuleName"] == "nobody"
    statistics = [entry for page in client(cairn).get_paginator("get_sampling_statistic_summaries").paginate()
                  for entry in page["SamplingStatisticSummaries"] if entry["RuleName"] == name]
    assert sum(entry["RequestCount"] for entry in statistics) == 400 and sum(entry["BorrowCount"] for entry in statistics) == 4
    xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": name, "SamplingRateBoost": {"MaxRate": 0.8, "CooldownWindowMinutes": 1}})
    boosted = report(one, boosts=[{"RuleName": name, "ServiceName": "shop", "Timestamp": time.time(), "AnomalyCount": 9, "TotalCount": 20, "SampledAnomalyCount": 1}])
    assert boosted["SamplingTargetDocuments"][0]["SamplingBoost"]["BoostRate"] == 0.8
    xray.delete_sampling_rule(RuleName=name)


def test_groups_have_tags(cairn):
    xray, name = client(cairn), f"g{new_id()}"
    group = xray.create_group(GroupName=name, FilterExpression="fault", Tags=[{"Key": "team", "Value": "shop"}])["Group"]
    assert xray.list_tags_for_resource(ResourceARN=group["GroupARN"])["Tags"] == [{"Key": "team", "Value": "shop"}]
    xray.delete_group(GroupName=name)


def test_two_clients_stay_within_reservoir_and_rate(cairn):
    """Central sampling by the real SDK: both clients fetch the rule, report after ten seconds and get their share."""
    xray, name, seconds = client(cairn), f"central-{new_id()}", 14
    xray.create_sampling_rule(SamplingRule=rule(name, Priority=1, ReservoirSize=5, FixedRate=0.1, ServiceName=name, URLPath="*"))
    before = door(cairn)["datagrams"]["accepted"]
    processes = [flask_client(cairn, name, seconds, "/work", 0.01) for _ in range(2)]
    outputs = [process.communicate(timeout=90) for process in processes]
    assert all(process.returncode == 0 for process in processes), outputs
    requests = sum(int(output) for output, _ in outputs)

    def reported():
        found = [entry for entry in xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"] if entry["RuleName"] == name]
        return found if sum(entry["RequestCount"] for entry in found) > requests / 4 else None
    statistics = until(reported)
    kept = door(cairn)["datagrams"]["accepted"] - before
    # Until the first report each client borrows one a second; afterwards the grants together never exceed the reservoir.
    most = 2 * (seconds + 2) + 5 * (seconds + 2) + 0.1 * requests * 1.5 + 20
    assert 0.1 * requests * 0.5 < kept <= most, (requests, kept, most)
    assert sum(entry["SampledCount"] + entry["BorrowCount"] for entry in statistics) <= kept + 5
    # Documents that came after the report stand for those that were sampled out.
    assert cairn.count(("xray.type", "=", "segment"), dataset=name) > kept
    xray.delete_sampling_rule(RuleName=name)
