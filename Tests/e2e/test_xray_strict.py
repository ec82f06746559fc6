# SPDX-License-Identifier: Apache-2.0
"""What X-Ray's service model forbids, as botocore has it, Cairn refuses: each bound of each member of each operation, one at a time."""
import copy
import json
import time

import botocore.session
import pytest

from model_bounds import breaches
from test_xray_model import calls  # noqa: F401 (a fixture)
from test_xray_queries import client_of, refused
from xray import new_id

MODEL = botocore.session.get_session().get_service_model("xray")


# A group is named by its name or its ARN; the other one is left out so that only the broken member is at fault.
@pytest.mark.parametrize("name", [name for name in MODEL.operation_names if MODEL.operation_model(name).input_shape])
def test_each_bound_of_the_model_is_kept(cairn, calls, name):  # noqa: F811
    operation, accepted = MODEL.operation_model(name), []
    whole = calls[name] or {"InsightId": "00000000-0000-4000-a000-000000000000", "StartTime": 1, "EndTime": 2}
    whole = {key: value for key, value in whole.items() if key in operation.input_shape.members}
    for where, broken in breaches(operation.input_shape, copy.deepcopy(whole)):
        if where[0] in ("GroupName", "GroupARN"):
            broken = {key: value for key, value in broken.items() if key == where[0] or not key.startswith("Group")}
        reply = cairn.request("POST", operation.http["requestUri"], json.dumps(broken).encode(), {"content-type": "application/json"})
        if reply.status != 400 or not reply.headers["x-amzn-errortype"].endswith("Exception"):
            accepted.append((".".join(where), reply.status, reply.body[:200]))
        elif reply.json()["Message"].startswith("Insight not found"):
            accepted.append((".".join(where), "looked up", reply.body[:200]))
    assert not accepted, "\n".join(map(str, accepted))


def test_what_the_model_s_texts_forbid_is_refused(cairn):
    xray, now, mark = client_of(cairn), time.time(), new_id()[:6]
    day = 86_400
    assert "30 days" in refused(xray.get_insight_summaries, StartTime=now - 31 * day, EndTime=now, GroupName="Default")[1]
    assert xray.get_insight_summaries(StartTime=now - 30 * day, EndTime=now, GroupName="Default")["InsightSummaries"] == []
    series = {"StartTime": now - 600, "EndTime": now, "ForecastStatistics": True}
    assert "EntitySelectorExpression" in refused(xray.get_time_series_service_statistics, **series)[1]
    assert "regular expression" in refused(xray.create_group, GroupName=f"g-{mark}", Tags=[{"Key": "a<b", "Value": "c"}])[1]
    for call in (xray.list_resource_policies, xray.get_indexing_rules):
        assert refused(call, NextToken="of another list") == ("InvalidRequestException", "Invalid NextToken")


def test_a_rule_whose_tags_cannot_be_is_not_made(cairn):
    xray, name = client_of(cairn), f"r-{new_id()[:6]}"
    rule = {"RuleName": name, "ResourceARN": "*", "Priority": 10, "FixedRate": 0.1, "ReservoirSize": 1, "ServiceName": "*", "ServiceType": "*", "Host": "*",
            "HTTPMethod": "*", "URLPath": "*", "Version": 1}
    assert refused(xray.create_sampling_rule, SamplingRule=rule, Tags=[{"Key": "aws:own", "Value": "x"}])[0] == "InvalidRequestException"
    assert name not in [record["SamplingRule"]["RuleName"] for record in xray.get_sampling_rules()["SamplingRuleRecords"]]
    assert xray.create_sampling_rule(SamplingRule=rule)["SamplingRuleRecord"]["SamplingRule"]["RuleName"] == name
