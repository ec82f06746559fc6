# SPDX-License-Identifier: Apache-2.0
"""X-Ray's questions, asked by AWS's own clients: summaries by filter expressions, graphs, groups, insights; over X-Ray documents and spans."""
import json
import os
import subprocess
import sys
import time

import boto3
import botocore.config
import botocore.exceptions
import botocore.validate
import pytest

import otlp

NOW = int(time.time()) - 600


def client_of(cairn):
    return boto3.client("xray", endpoint_url=f"http://{cairn.http}", region_name="eu-west-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret",
                        config=botocore.config.Config(retries={"max_attempts": 1}))


@pytest.fixture(scope="module")
def xray(cairn):
    return client_of(cairn)


def checked(client, name, answer):
    """The answer, held against the service model: no member that it does not have, every one of its type and size."""
    shape = client.meta.service_model.operation_model(name).output_shape
    report = botocore.validate.ParamValidator().validate({k: v for k, v in answer.items() if k != "ResponseMetadata"}, shape)
    assert not report.has_errors(), report.generate_report()
    return answer


def hex_id(number, digits):
    return format(number, f"0{digits}x")


def x_id(number):
    return f"1-{NOW:08x}-{hex_id(number, 24)}"


def segment(trace, number, name, start, seconds, parent=None, **more):
    made = {"trace_id": x_id(trace), "id": hex_id(trace * 256 + number, 16), "name": name, "start_time": NOW + start, "end_time": NOW + start + seconds, **more}
    if parent is not None:
        made["parent_id"] = hex_id(trace * 256 + parent, 16)
    return made


def part(trace, number, name, start, seconds, **more):
    made = segment(trace, number, name, start, seconds, **more)
    del made["trace_id"]
    return made


def documents():
    """Twelve requests of `web` (X-Ray) that call `api` (X-Ray), which reads a table; each fourth fails there. Two that call a span's service."""
    made = []
    for n in range(1, 13):
        bad = n % 4 == 0
        fault = {"fault": True} if bad else {}
        made.append(segment(n, 1, "web", n * 10, 0.5, origin="AWS::EC2::Instance", user=f"user-{n % 3}", annotations={"tenant": f"t{n % 2}", "size": n, "beta": n == 5},
                            metadata={"default": {"cart": {"items": n}}}, aws={"account_id": "111122223333", "ec2": {"instance_id": "i-1", "availability_zone": "eu-1a"}},
                            http={"request": {"method": "GET", "url": f"http://shop.test/cart/{n}", "user_agent": "probe/1", "client_ip": "10.0.0.9"},
                                  "response": {"status": 502 if bad else 200}}, **fault,
                            subsegments=[part(n, 2, "api", n * 10, 0.4, namespace="remote", **fault)]))
        cause = {"cause": {"working_directory": "/", "exceptions": [{"id": hex_id(n * 256 + 99, 16), "type": "Boom", "message": "out of carts"}]}} if bad else {}
        made.append(segment(n, 3, "api", n * 10 + 0.05, 0.3, parent=2, **fault, subsegments=[
            part(n, 4, "DynamoDB", n * 10 + 0.1, 0.1, namespace="aws", aws={"operation": "GetItem", "table_name": "carts"}, **fault, **cause)]))
    return made


def span_request():
    """Two traces whose first part is X-Ray's and whose second is a span's, and one of spans alone."""
    ids, groups = otlp.Ids(7), []
    for n in (1, 2):
        trace = bytes.fromhex(f"{NOW:08x}{hex_id(n, 24)}")
        at = (NOW + n * 10) * 10**9 + 450_000_000
        groups.append(("orders", otlp.span(ids, "POST /orders", trace=trace, parent=bytes.fromhex(hex_id(n * 256 + 1, 16)), start=at, milliseconds=20.0, kind=2,
                                           fields={"order.kind": "gift", "http.response.status_code": 429})))
    trace = bytes.fromhex(f"{NOW:08x}{hex_id(77, 24)}")
    first = otlp.span(ids, "GET /home", trace=trace, start=(NOW + 300) * 10**9, milliseconds=900.0, kind=2, fields={"tenant": "t1"})
    call = otlp.span(ids, "SELECT", trace=trace, parent=first.span_id, start=(NOW + 300) * 10**9, milliseconds=50.0, kind=3,
                     fields={"db.system": "postgresql", "db.namespace": "shop"})
    return groups + [("gateway", first), ("gateway", call)]


@pytest.fixture(scope="module", autouse=True)
def traffic(cairn, xray):
    made = documents()
    for start in range(0, len(made), 10):
        answer = xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(d) for d in made[start:start + 10]])
        assert answer["UnprocessedTraceSegments"] == []
    request = otlp.ExportTraceServiceRequest()
    for service, span in span_request():
        group = request.resource_spans.add()
        group.resource.attributes.extend(otlp.attributes({"service.name": service}))
        group.scope_spans.add().spans.append(span)
    reply = cairn.send(request.SerializeToString())
    assert reply.status == 200, reply


def summaries(xray, expression=None, **more):
    asked = {"StartTime": NOW - 10, "EndTime": NOW + 500, **more}
    if expression is not None:
        asked["FilterExpression"] = expression
    pages = list(xray.get_paginator("get_trace_summaries").paginate(**asked))
    for page in pages:
        checked(xray, "GetTraceSummaries", page)
    return [s for page in pages for s in page["TraceSummaries"]]


def numbers(found):
    return sorted(int(s["Id"].split("-")[2], 16) for s in found)


@pytest.mark.parametrize("expression, expected", [
    (None, [*range(1, 13), 77]), ("fault", [4, 8, 12]), ("ok !partial", [1, 2, 3, 5, 6, 7, 9, 10, 11, 77]), ('annotation.tenant = "t1"', [1, 3, 5, 7, 9, 11, 77]),
    ("annotation.size > 10", [11, 12]), ("annotation[beta] = true", [5]), ("metadata.cart.items >= 12", [12]), ('annotation.order.kind = "gift"', [1, 2]),
    ('service("orders") { throttle }', [1, 2]), ('edge("api", "carts") { fault }', [4, 8, 12]), ('service(id(name: "shop", type: "Database::SQL"))', [77]),
    ('edge("web", "orders")', [1, 2]), ('http.url ENDSWITH "/12"', [12]), ("responsetime > 0.8", [77]), ('user = "user-0" AND fault', [12]),
    ('rootcause.fault.exception { message CONTAINS "carts" }', [4, 8, 12]), ('service("web") { fault } OR service("gateway")', [4, 8, 12, 77]),
])
def test_filter_expressions_find_their_traces(xray, expression, expected):
    assert numbers(summaries(xray, expression)) == expected


def test_a_summary_tells_everything(xray):
    (found,) = summaries(xray, 'http.url ENDSWITH "/12"')
    assert found["Id"] == x_id(12) and found["HasFault"] and not found["HasThrottle"] and not found["IsPartial"]
    assert found["ResponseTime"] == pytest.approx(0.5) and found["Duration"] == pytest.approx(0.5)
    assert found["Http"] == {"HttpURL": "http://shop.test/cart/12", "HttpStatus": 502, "HttpMethod": "GET", "UserAgent": "probe/1", "ClientIp": "10.0.0.9"}
    assert found["Users"] == [{"UserName": "user-0", "ServiceIds": [{"Name": "web", "Names": ["web"], "AccountId": "111122223333", "Type": "AWS::EC2::Instance"}]}]
    assert found["Annotations"]["size"][0]["AnnotationValue"] == {"NumberValue": 12.0}
    assert found["Annotations"]["tenant"][0]["AnnotationValue"] == {"StringValue": "t0"}
    assert {s["Name"] for s in found["ServiceIds"]} == {"web", "api", "carts"}
    assert found["EntryPoint"]["Name"] == "web"
    assert found["InstanceIds"] == [{"Id": "i-1"}] and found["AvailabilityZones"] == [{"Name": "eu-1a"}]
    (cause,) = found["FaultRootCauses"]
    assert cause["ClientImpacting"] and [s["Name"] for s in cause["Services"]] == ["web", "api"]
    assert cause["Services"][1]["EntityPath"][-1]["Exceptions"] == [{"Name": "Boom", "Message": "out of carts"}]
    assert found["ResponseTimeRootCauses"][0]["Services"][0]["EntityPath"][0]["Coverage"] == 1.0
    assert found["StartTime"].timestamp() == pytest.approx(NOW + 120)


def test_pages_follow_each_other_newest_first(make_cairn):
    """More traces than a page has."""
    cairn = make_cairn("pages").start()
    request = otlp.ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.extend(otlp.attributes({"service.name": "many"}))
    scope, ids = group.scope_spans.add(), otlp.Ids(3)
    for n in range(700):
        scope.spans.append(otlp.span(ids, "GET /", start=(NOW + n // 3) * 10**9, fields={"even": n % 2 == 0}))
    assert cairn.send(request.SerializeToString()).status == 200
    client = client_of(cairn)
    found = summaries(client)
    starts = [s["StartTime"] for s in found]
    assert len(found) == 700 and len({s["Id"] for s in found}) == 700 and starts == sorted(starts, reverse=True)
    assert len(summaries(client, "annotation.even = true")) == 350
    first = client.get_trace_summaries(StartTime=NOW, EndTime=NOW + 500)
    assert first["TracesProcessedCount"] == len(first["TraceSummaries"]) < 700 and first["NextToken"]
    sampled = summaries(client, Sampling=True, SamplingStrategy={"Name": "FixedRate", "Value": 0.25})
    assert 90 < len(sampled) < 270
    assert len(summaries(client, Sampling=True, SamplingStrategy={"Name": "PartialScan"})) < 700


def test_time_range_types(xray):
    inside = {"StartTime": NOW + 10.4, "EndTime": NOW + 10.6}
    assert numbers(summaries(xray, **inside)) == []
    for kind in ("Event", "Service"):
        found = summaries(xray, TimeRangeType=kind, **inside)
        assert numbers(found) == [1]
        assert found[0]["MatchedEventTime"].timestamp() == pytest.approx(NOW + 10.45)


def by_name(answer):
    return {(s["Name"], s.get("Type")): s for s in answer["Services"]}


def test_the_service_graph(xray):
    pages = list(xray.get_paginator("get_service_graph").paginate(StartTime=NOW - 10, EndTime=NOW + 500))
    answer = checked(xray, "GetServiceGraph", pages[0])
    nodes = by_name(answer)
    assert set(nodes) == {("web", "AWS::EC2::Instance"), ("web", "client"), ("api", None), ("carts", "AWS::DynamoDB::Table"), ("orders", None), ("gateway", None),
                          ("gateway", "client"), ("shop", "Database::SQL")}
    web, api, table = nodes[("web", "AWS::EC2::Instance")], nodes[("api", None)], nodes[("carts", "AWS::DynamoDB::Table")]
    assert web["Root"] and web["State"] == "active" and table["State"] == "unknown"
    # The segments of `web` say whose they are; those of `api` do not, and of a table nobody can.
    assert web["AccountId"] == "111122223333" and all("AccountId" not in node for node in nodes.values() if node["Name"] != "web" or node["Type"] == "client")
    assert web["SummaryStatistics"]["TotalCount"] == 12 and web["SummaryStatistics"]["FaultStatistics"]["TotalCount"] == 3
    assert web["SummaryStatistics"]["TotalResponseTime"] == pytest.approx(6.0)
    assert api["ResponseTimeHistogram"] == [{"Value": pytest.approx(0.3), "Count": 12}]
    to_api = next(e for e in web["Edges"] if e["ReferenceId"] == api["ReferenceId"])
    assert to_api["SummaryStatistics"]["TotalResponseTime"] == pytest.approx(12 * 0.4)
    to_orders = next(e for e in web["Edges"] if e["ReferenceId"] == nodes[("orders", None)]["ReferenceId"])
    assert to_orders["SummaryStatistics"]["ErrorStatistics"]["ThrottleCount"] == 2
    client = nodes[("web", "client")]
    assert [e["ReferenceId"] for e in client["Edges"]] == [web["ReferenceId"]] and client["State"] == "unknown" and "SummaryStatistics" not in client
    assert len({s["ReferenceId"] for s in answer["Services"]}) == len(answer["Services"])


def test_the_graph_of_traces(xray):
    pages = list(xray.get_paginator("get_trace_graph").paginate(TraceIds=[x_id(1), x_id(77)]))
    nodes = by_name(checked(xray, "GetTraceGraph", pages[0]))
    assert nodes[("web", "AWS::EC2::Instance")]["SummaryStatistics"]["TotalCount"] == 1
    assert nodes[("web", "AWS::EC2::Instance")]["AccountId"] == "111122223333" and "AccountId" not in nodes[("api", None)]
    assert ("shop", "Database::SQL") in nodes and ("orders", None) in nodes


def test_statistics_over_time(xray):
    asked = {"StartTime": NOW, "EndTime": NOW + 180, "Period": 60}
    paginator = xray.get_paginator("get_time_series_service_statistics")
    pages = list(paginator.paginate(EntitySelectorExpression='service("api")', ForecastStatistics=True, **asked))
    points = [p for page in pages for p in checked(xray, "GetTimeSeriesServiceStatistics", page)["TimeSeriesServiceStatistics"]]
    assert sum(p["ServiceSummaryStatistics"]["TotalCount"] for p in points) == 12
    assert all("ServiceForecastStatistics" in p for p in points)
    (page,) = paginator.paginate(EntitySelectorExpression='edge("web", "api")', **asked)
    assert sum(p["EdgeSummaryStatistics"]["TotalCount"] for p in page["TimeSeriesServiceStatistics"]) == 12
    (page,) = paginator.paginate(**asked)
    assert sum(p["EdgeSummaryStatistics"]["FaultStatistics"]["TotalCount"] for p in page["TimeSeriesServiceStatistics"]) == 3


def refused(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Error"]["Code"], error["Error"]["Message"]


def test_what_cannot_be_answered_is_told_in_xrays_words(xray):
    time_range = {"StartTime": NOW, "EndTime": NOW + 60}
    code, text = refused(xray.get_trace_summaries, FilterExpression="http.status = ", **time_range)
    assert code == "InvalidRequestException" and "column 15" in text
    assert refused(xray.get_trace_summaries, StartTime=NOW, EndTime=NOW - 60)[0] == "InvalidRequestException"
    assert refused(xray.get_trace_summaries, NextToken="nonsense", **time_range)[1] == "The NextToken is invalid."
    assert refused(xray.get_service_graph, GroupName="nobody", **time_range)[1] == "Group not found"
    assert "trace id" in refused(xray.get_trace_graph, TraceIds=["1-2-3"])[1]
    assert "column" in refused(xray.get_time_series_service_statistics, EntitySelectorExpression="fault", **time_range)[1]
    assert refused(xray.get_insight, InsightId="00000000-0000-4000-a000-000000000000")[1] == "Insight not found"


def test_groups_have_a_life_and_a_graph_of_their_own(xray):
    made = checked(xray, "CreateGroup", xray.create_group(GroupName="gifts", FilterExpression='annotation.order.kind = "gift"'))["Group"]
    assert made["GroupARN"].startswith("arn:aws:xray:eu-west-1:") and not made["InsightsConfiguration"]["InsightsEnabled"]
    try:
        assert refused(xray.create_group, GroupName="gifts")[0] == "InvalidRequestException"
        assert refused(xray.create_group, GroupName="Default")[0] == "InvalidRequestException"
        assert "column" in refused(xray.create_group, GroupName="bad", FilterExpression="(((")[1]
        names = [g["GroupName"] for page in xray.get_paginator("get_groups").paginate() for g in checked(xray, "GetGroups", page)["Groups"]]
        assert names == ["Default", "gifts"]
        answer = checked(xray, "GetServiceGraph", xray.get_service_graph(StartTime=NOW - 10, EndTime=NOW + 500, GroupName="gifts"))
        assert by_name(answer)[("web", "AWS::EC2::Instance")]["SummaryStatistics"]["TotalCount"] == 2
        assert ("gateway", None) not in by_name(answer)
        assert numbers(summaries(xray, 'group.name = "gifts" AND annotation.size = 2')) == [2]
        xray.update_group(GroupARN=made["GroupARN"], FilterExpression="fault", InsightsConfiguration={"InsightsEnabled": True, "NotificationsEnabled": False})
        found = checked(xray, "GetGroup", xray.get_group(GroupName="gifts"))["Group"]
        assert found["FilterExpression"] == "fault" and found["InsightsConfiguration"]["InsightsEnabled"] and found["GroupARN"] == made["GroupARN"]
        assert by_name(xray.get_service_graph(StartTime=NOW - 10, EndTime=NOW + 500, GroupARN=made["GroupARN"]))[("api", None)]["SummaryStatistics"]["TotalCount"] == 3
    finally:
        xray.delete_group(GroupName="gifts")
    assert refused(xray.get_group, GroupName="gifts")[1] == "Group not found"
    assert refused(xray.delete_group, GroupName="Default")[0] == "InvalidRequestException"


def test_insights_of_a_quiet_hour_are_none(xray):
    page = checked(xray, "GetInsightSummaries", xray.get_insight_summaries(StartTime=NOW - 10, EndTime=NOW + 500))
    assert page["InsightSummaries"] == []


def aws(cairn, *words):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "eu-west-1",
                   "AWS_ENDPOINT_URL_XRAY": f"http://{cairn.http}", "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": ""}
    program = os.path.join(os.path.dirname(sys.executable), "aws")
    done = subprocess.run([sys.executable, program, "xray", *words, "--output", "json"], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_command_line_asks_the_same(cairn):
    times = ["--start-time", str(NOW - 10), "--end-time", str(NOW + 500)]
    found = aws(cairn, "get-trace-summaries", *times, "--filter-expression", 'service("api") { fault }')
    assert numbers(found["TraceSummaries"]) == [4, 8, 12]
    assert {s["Name"] for s in aws(cairn, "get-service-graph", *times)["Services"]} == {"web", "api", "carts", "orders", "gateway", "shop"}


def test_the_pages_answers(cairn):
    query = f"start={NOW - 10}&end={NOW + 500}"
    found = cairn.get(f"map?{query}&series=true")
    names = [n["name"] for n in found["nodes"]]
    assert names == ["api", "carts", "gateway", "orders", "shop", "web"] and found["traces"] == 13
    web = found["nodes"][5]
    assert (web["total"], web["fault"], web["root"], web["p50_ms"]) == (12, 3, True, pytest.approx(500))
    assert sum(point[1] for point in web["series"]) == 12
    traces = cairn.get(f"map/traces?{query}&limit=2&filter=fault")
    assert [t["status"] for t in traces["traces"]] == [502, 502] and traces["next"]
    older = cairn.get(f"map/traces?{query}&limit=2&filter=fault&after={traces['next']}")
    assert len(older["traces"]) == 1 and older["next"] is None
    reply = cairn.request("GET", f"/api/cairn/map?{query}&filter=sad")
    assert reply.status in (400, 422) and "column 1" in reply.json()["error"]
