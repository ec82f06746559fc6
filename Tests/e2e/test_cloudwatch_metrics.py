# SPDX-License-Identifier: Apache-2.0
"""Metrics from lines and from calls, what is calculated of them, alarms; by boto3 and by forms."""
import json
import time

import pytest
from botocore.exceptions import ClientError

import aws
from cairn_process import until

SETTINGS = {"CAIRN_WEBHOOK_HOSTS": "127.0.0.1", "CAIRN_TEST_RESET": "1"}


@pytest.fixture(scope="module")
def metrics(cairn):
    return aws.client(cairn, "cloudwatch")


@pytest.fixture
def group(logs, mark):
    return aws.group(logs, f"/metrics/{mark}")


# Filters and metrics

def test_metric_filters_are_kept(logs, group):
    transformation = {"metricName": "errors", "metricNamespace": "shop", "metricValue": "1", "defaultValue": 0.0}
    logs.put_metric_filter(logGroupName=group, filterName="errors", filterPattern="ERROR", metricTransformations=[transformation])
    [found] = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    assert found.pop("creationTime") and found == {
        "filterName": "errors", "filterPattern": "ERROR", "metricTransformations": [transformation], "logGroupName": group,
        "applyOnTransformedLogs": False}
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["metricFilterCount"] == 1
    assert any(each["logGroupName"] == group for each in logs.describe_metric_filters(metricName="errors", metricNamespace="shop")["metricFilters"])
    for wrong in [{**transformation, "metricValue": "x"}, {**transformation, "metricValue": "$.x"},
                  {**transformation, "dimensions": {"a": "$.a"}}, {**transformation, "metricName": "a:b"}]:
        with pytest.raises(ClientError) as failure:
            logs.put_metric_filter(logGroupName=group, filterName="w", filterPattern="ERROR", metricTransformations=[wrong])
        assert aws.code(failure) == "InvalidParameterException"
    logs.delete_metric_filter(logGroupName=group, filterName="errors")
    with pytest.raises(ClientError) as failure:
        logs.delete_metric_filter(logGroupName=group, filterName="errors")
    assert aws.code(failure) == "ResourceNotFoundException"


def test_patterns_can_be_tried(logs):
    answer = logs.test_metric_filter(filterPattern="[..., status = 4*, bytes]", logEventMessages=["GET / 404 12", "GET / 200 1"])
    assert answer["matches"] == [{"eventNumber": 1, "eventMessage": "GET / 404 12", "extractedValues": {"$1": "GET", "$2": "/", "$status": "404", "$bytes": "12"}}]


def test_lines_make_metrics(cairn, logs, metrics, group, mark):
    logs.put_metric_filter(logGroupName=group, filterName="errors", filterPattern="ERROR", metricTransformations=[
        {"metricName": "errors", "metricNamespace": mark, "metricValue": "1", "defaultValue": 0, "unit": "Count"}])
    logs.put_metric_filter(logGroupName=group, filterName="latency", filterPattern="{ $.ms > 0 }", metricTransformations=[
        {"metricName": "latency", "metricNamespace": mark, "metricValue": "$.ms", "dimensions": {"route": "$.route"}}])
    minute = aws.now() // 60_000 * 60_000 - 300_000
    aws.put(logs, group, "ERROR a", "fine", "ERROR b", at=minute)
    aws.put(logs, group, "fine", at=minute + 60_000)
    # What one request says of a minute is not what the minute says.
    aws.put(logs, group, "fine", at=minute + 180_000)
    aws.put(logs, group, "ERROR c", at=minute + 180_500)
    aws.put(logs, group, "fine", at=minute + 181_000)
    aws.put(logs, group, *[{"ms": ms, "route": "/cart"} for ms in (10, 20, 30)], {"ms": 99, "route": "/home"}, {"ms": 5}, at=minute + 120_000)

    def statistics(name, dimensions=(), **arguments):
        answer = metrics.get_metric_statistics(
            Namespace=mark, MetricName=name, Dimensions=list(dimensions), StartTime=minute / 1000, EndTime=minute / 1000 + 600, Period=60,
            **arguments)
        return sorted(answer["Datapoints"], key=lambda each: each["Timestamp"])

    assert [each["Sum"] for each in statistics("errors", Statistics=["Sum"])] == [2, 1]
    for _ in range(2):
        assert cairn.request("POST", f"/moto-api/insights?at={aws.now() // 1000 + 60}").status == 200
    first, second, _, last = statistics("errors", Statistics=["Sum", "SampleCount", "Maximum"])
    assert (first["Sum"], first["SampleCount"], first["Maximum"], first["Unit"]) == (2, 2, 1, "Count") and (second["Sum"], second["SampleCount"]) == (0, 1)
    assert (last["Sum"], last["SampleCount"]) == (1, 1)
    assert first["Timestamp"].timestamp() * 1000 == minute
    cart = [{"Name": "route", "Value": "/cart"}]
    [found] = statistics("latency", cart, Statistics=["Average", "Minimum"], ExtendedStatistics=["p50"])
    assert found["Average"] == 20 and found["Minimum"] == 10 and abs(found["ExtendedStatistics"]["p50"] - 20) < 0.5
    assert statistics("latency", Statistics=["Sum"]) == []
    listed = metrics.list_metrics(Namespace=mark)["Metrics"]
    assert {"Namespace": mark, "MetricName": "latency", "Dimensions": cart} in listed and len(listed) == 3
    assert len(metrics.list_metrics(Namespace=mark, Dimensions=[{"Name": "route"}])["Metrics"]) == 2
    data = metrics.get_metric_data(StartTime=minute / 1000, EndTime=minute / 1000 + 600, ScanBy="TimestampAscending", MetricDataQueries=[
        {"Id": "e", "MetricStat": {"Metric": {"Namespace": mark, "MetricName": "errors"}, "Period": 60, "Stat": "Sum"}}])
    [result] = data["MetricDataResults"]
    assert result["Values"] == [2, 0, 0, 1] and result["StatusCode"] == "Complete" and len(result["Timestamps"]) == 4


def test_trimmed_statistics_are_exact(metrics, mark):
    """Every value counts: two periods, values that stand for several, and more of them than a percentile's cells would tell apart."""
    at = int(time.time()) // 60 * 60 - 600
    metrics.put_metric_data(Namespace=mark, MetricData=[
        {"MetricName": "t", "Values": [1, 2, 3, 4, 5], "Counts": [1, 1, 1, 1, 6], "Timestamp": at},
        {"MetricName": "t", "Value": 1000, "Timestamp": at + 70}, {"MetricName": "t", "Value": 1000.5, "Timestamp": at + 71}])
    wanted = {"tm90": 35 / 9, "tc90": 9, "ts90": 35, "TC(10%:90%)": 8, "TM(2:4)": 3.5, "PR(:3)": 30, "IQM": 27 / 6}
    answer = metrics.get_metric_statistics(Namespace=mark, MetricName="t", StartTime=at, EndTime=at + 120, Period=60, ExtendedStatistics=list(wanted))
    first, second = sorted(answer["Datapoints"], key=lambda each: each["Timestamp"])
    assert first["ExtendedStatistics"] == pytest.approx(wanted)
    # Nothing between 2 and 4 is no datapoint, and none of two values is a tenth.
    assert second["ExtendedStatistics"] == pytest.approx({"tm90": 1000.25, "tc90": 2, "ts90": 2000.5, "TC(10%:90%)": 2, "PR(:3)": 0, "IQM": 1000.25})
    queries = [{"Id": f"q{index}", "MetricStat": {"Metric": {"Namespace": mark, "MetricName": "t"}, "Period": 60, "Stat": name}} for index, name in enumerate(["TM(2:4)", "wm80"])]
    data = metrics.get_metric_data(StartTime=at, EndTime=at + 120, ScanBy="TimestampAscending", MetricDataQueries=[
        *queries, {"Id": "s", "Expression": f"SEARCH('{{{mark}}} t', 'tc90', 60)"}, {"Id": "m", "Expression": "q1 * 2"}])["MetricDataResults"]
    assert [each["Values"] for each in data] == [[3.5], [4, 1000.25], [9, 2], [8, 2000.5]]
    for wrong in ("tm101", "TM(90%:10%)", "PR(10%:90%)", "zz90"):
        with pytest.raises(ClientError) as failure:
            metrics.get_metric_statistics(Namespace=mark, MetricName="t", StartTime=at, EndTime=at + 120, Period=60, ExtendedStatistics=[wrong])
        assert aws.code(failure) == "InvalidParameterValue"
    metrics.put_metric_alarm(AlarmName=f"{mark}-tm", Namespace=mark, MetricName="t", ExtendedStatistic="tm90", Period=60, EvaluationPeriods=15, DatapointsToAlarm=1,
                             Threshold=900, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore")
    [alarm] = until(lambda: (found := metrics.describe_alarms(AlarmNames=[f"{mark}-tm"])["MetricAlarms"])[0]["StateValue"] == "ALARM" and found)
    assert alarm["ExtendedStatistic"] == "tm90" and "Statistic" not in alarm


def test_embedded_metrics_are_taken_out(logs, metrics, group, mark):
    at = aws.now() // 60_000 * 60_000
    aws.put(logs, group, {"_aws": {"Timestamp": at, "CloudWatchMetrics": [
        {"Namespace": mark, "Dimensions": [["service"], []], "Metrics": [{"Name": "time", "Unit": "Milliseconds"}, {"Name": "size"}]}]},
        "service": "api", "time": [1, 3], "size": 7, "note": "x"})
    found = {(each["MetricName"], len(each["Dimensions"])) for each in metrics.list_metrics(Namespace=mark)["Metrics"]}
    assert found == {("time", 1), ("time", 0), ("size", 1), ("size", 0)}
    [point] = metrics.get_metric_statistics(
        Namespace=mark, MetricName="time", Dimensions=[{"Name": "service", "Value": "api"}], StartTime=at / 1000 - 60,
        EndTime=at / 1000 + 120, Period=60, Statistics=["Sum", "SampleCount"])["Datapoints"]
    assert (point["Sum"], point["SampleCount"], point["Unit"]) == (4, 2, "Milliseconds")


def test_metric_data_is_taken(metrics, mark):
    at = int(time.time()) // 60 * 60
    metrics.put_metric_data(Namespace=mark, MetricData=[
        {"MetricName": "a", "Value": 5, "Timestamp": at}, {"MetricName": "a", "Values": [1, 2], "Counts": [3, 1], "Timestamp": at},
        {"MetricName": "b", "StatisticValues": {"SampleCount": 10, "Sum": 100, "Minimum": 1, "Maximum": 50}, "Timestamp": at}])

    def one(name):
        [point] = metrics.get_metric_statistics(Namespace=mark, MetricName=name, StartTime=at, EndTime=at + 60, Period=60, Statistics=[
            "Sum", "SampleCount", "Minimum", "Maximum", "Average"])["Datapoints"]
        return [round(point[key], 6) for key in ("SampleCount", "Sum", "Minimum", "Maximum", "Average")]

    assert one("a") == [5, 10, 1, 5, 2] and one("b") == [10, 100, 1, 50, 10]
    for wrong in [{"Namespace": "AWS/x", "MetricData": [{"MetricName": "a", "Value": 1}]}, {"Namespace": mark, "MetricData": [{"MetricName": "a"}]},
                  {"Namespace": mark, "MetricData": [{"MetricName": "a", "Value": 1, "Values": [1]}]}]:
        with pytest.raises(ClientError):
            metrics.put_metric_data(**wrong)
    with pytest.raises(ClientError, match="multiple of 60"):
        metrics.get_metric_statistics(Namespace=mark, MetricName="a", StartTime=at, EndTime=at + 60, Period=7, Statistics=["Sum"])


def test_alarms_change_their_state_and_tell(metrics, mark, webhook):
    name = f"too-many-{mark}"
    webhook.refusals = 1
    metrics.put_metric_alarm(
        AlarmName=name, Namespace=mark, MetricName="errors", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=5,
        ComparisonOperator="GreaterThanThreshold", AlarmActions=[webhook.url], TreatMissingData="notBreaching")

    def alarm():
        return metrics.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]

    assert alarm()["StateValue"] == "INSUFFICIENT_DATA" and alarm()["AlarmArn"].endswith(f":alarm:{name}")
    metrics.put_metric_data(Namespace=mark, MetricData=[{"MetricName": "errors", "Value": 9}])
    assert until(lambda: alarm()["StateValue"] == "ALARM")
    # The first attempt was refused, the second one counts.
    assert until(lambda: len(webhook.got) >= 2)
    told = json.loads(webhook.got[1][1])
    assert told["AlarmName"] == name and told["NewStateValue"] == "ALARM" and told["OldStateValue"] != "ALARM"
    metrics.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="by hand")
    history = metrics.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert any("to OK" in each["HistorySummary"] for each in history)
    assert [each["AlarmName"] for each in metrics.describe_alarms_for_metric(Namespace=mark, MetricName="errors")["MetricAlarms"]] == [name]
    metrics.disable_alarm_actions(AlarmNames=[name])
    assert alarm()["ActionsEnabled"] is False
    metrics.delete_alarms(AlarmNames=[name])
    assert metrics.describe_alarms(AlarmNames=[name])["MetricAlarms"] == []
    with pytest.raises(ClientError) as failure:
        metrics.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="gone")
    assert aws.code(failure) == "ResourceNotFound"


def test_an_alarm_hears_what_came_as_its_period_ended(metrics, mark):
    name = f"late-{mark}"
    metrics.put_metric_alarm(AlarmName=name, Namespace=mark, MetricName="late", Statistic="Maximum", Period=60, EvaluationPeriods=1, Threshold=5,
                             ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching")

    def breaches():
        metrics.put_metric_data(Namespace=mark, MetricData=[{"MetricName": "late", "Value": 9, "Timestamp": time.time() // 60 * 60 - 1}])
        return metrics.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"] == "ALARM"

    assert until(breaches)


# What is calculated

@pytest.fixture(scope="module")
def shop(metrics):
    """Three minutes of requests and errors of two routes; the second minute has no errors."""
    start = int(time.time()) // 60 * 60 - 600

    def point(name, route, minute, value):
        return {"MetricName": name, "Value": value, "Timestamp": start + minute * 60, "Dimensions": [{"Name": "route", "Value": route}]}

    metrics.put_metric_data(Namespace="shop", MetricData=[
        point("requests", "/cart", 0, 100), point("requests", "/cart", 1, 50), point("requests", "/cart", 2, 200),
        point("requests", "/home", 0, 10), point("requests", "/home", 1, 20), point("requests", "/home", 2, 30),
        point("errors", "/cart", 0, 5), point("errors", "/cart", 2, 50)])
    return start


def stat(name, route, identity, returned=False):
    return {"Id": identity, "ReturnData": returned, "MetricStat": {
        "Metric": {"Namespace": "shop", "MetricName": name, "Dimensions": [{"Name": "route", "Value": route}]}, "Period": 60, "Stat": "Sum"}}


def calculated(metrics, start, expression, **members):
    answer = metrics.get_metric_data(StartTime=start, EndTime=start + 180, ScanBy="TimestampAscending", MetricDataQueries=[
        stat("requests", "/cart", "m1"), stat("errors", "/cart", "m2"), stat("requests", "/home", "m3"),
        {"Id": "e1", "Expression": expression, **members}])
    return [(each["Label"], [(int(at.timestamp()) - start) // 60 for at in each["Timestamps"]], each["Values"]) for each in answer["MetricDataResults"]]


@pytest.mark.parametrize("expression, minutes, values", [
    ("100 * m2 / m1", [0, 2], [5, 25]),
    ("m1 - m3", [0, 1, 2], [90, 30, 170]),
    ("-m3 ^ 2 + 1", [0, 1, 2], [-99, -399, -899]),
    ("FILL(m2, 0)", [0, 1, 2], [5, 0, 50]),
    ("FILL(m2, REPEAT)", [0, 1, 2], [5, 5, 50]),
    ("FILL(m2, LINEAR)", [0, 1, 2], [5, 27.5, 50]),
    ("FILL(m2, m3)", [0, 1, 2], [5, 20, 50]),
    ("SUM([m1, m3])", [0, 1, 2], [110, 70, 230]),
    ("SUM(METRICS('m'))", [0, 1, 2], [115, 70, 280]),
    ("MAX(METRICS())", [0, 1, 2], [100, 50, 200]),
    ("m1 / AVG(m1)", [0, 1, 2], [pytest.approx(100 / (350 / 3)), pytest.approx(50 / (350 / 3)), pytest.approx(200 / (350 / 3))]),
    ("DIFF(m1)", [1, 2], [-50, 150]),
    ("RATE(m1)", [1, 2], [pytest.approx(-50 / 60), 2.5]),
    ("RUNNING_SUM(m3)", [0, 1, 2], [10, 30, 60]),
    ("IF(m1 > 60, m1, 0)", [0, 1, 2], [100, 0, 200]),
    ("IF(m1 > 60 AND m3 < 30, 1)", [0], [1]),
    ("m1 * PERIOD(m1)", [0, 1, 2], [6000, 3000, 12000]),
    ("m1 / m2 / 0", [], []),
    ("FIRST(SORT(METRICS(), SUM, DESC))", [0, 1, 2], [100, 50, 200]),
    ("LAST(SORT(METRICS(), SUM, DESC, 2))", [0, 1, 2], [10, 20, 30]),
    ("FIRST(SLICE(METRICS(), 1))", [0, 2], [5, 50]),
    ("TIME_SERIES(METRIC_COUNT(METRICS()))", [0, 1, 2], [3, 3, 3]),
    ("CEIL(m1 / 3) - FLOOR(m1 / 3) + ABS(-1) + LOG10(100)", [0, 1, 2], [4, 4, 4]),
])
def test_expressions_over_metrics(metrics, shop, expression, minutes, values):
    assert calculated(metrics, shop, expression) == [("e1", minutes, values)]


def test_expressions_stand_on_each_other_and_on_searches(metrics, shop):
    answer = metrics.get_metric_data(StartTime=shop, EndTime=shop + 180, ScanBy="TimestampAscending", MetricDataQueries=[
        {"Id": "ratio", "Expression": "errors / total", "Label": "part"}, {"Id": "errors", "Expression": "FILL(m2, 0)", "ReturnData": False},
        {"Id": "total", "Expression": "SUM(SEARCH('{shop,route} MetricName=\"requests\"', 'Sum', 60))", "ReturnData": False}, stat("errors", "/cart", "m2")])
    [result] = answer["MetricDataResults"]
    assert result["Label"] == "part" and result["Values"] == [5 / 110, 0, 50 / 230]
    found = calculated(metrics, shop, "SEARCH('{shop,route} requests', 'Sum')", Period=60)
    assert found == [("/cart", [0, 1, 2], [100, 50, 200]), ("/home", [0, 1, 2], [10, 20, 30])]
    assert [label for label, _, _ in calculated(metrics, shop, "SEARCH('{shop,route} (requests OR errors) NOT route=\"/home\"', 'Sum', 60)")] == ["/cart errors", "/cart requests"]
    assert calculated(metrics, shop, "SEARCH('{shop} requests', 'Sum', 60)") == []


@pytest.mark.parametrize("expression", [
    "m1 +", "(m1", "m1 m2", "NOTHING(m1)", "AVG(m1)", "7", "m9 + 1", "e1 + 1", "METRICS() + METRICS()", "SORT(METRICS(), P90)", "FILL(m1)", "SEARCH('{shop', 'Sum', 60)",
    "SEARCH('a', 'Nothing', 60)", "(" * 100 + "1" + ")" * 100, "1" + "+1" * 1000, "'text'", "m1 == ", "[m1"])
def test_expressions_that_cannot_be_calculated_are_refused(metrics, shop, expression):
    with pytest.raises(ClientError) as failure:
        calculated(metrics, shop, expression)
    assert aws.code(failure) == "ValidationError" and "e1" in aws.message(failure)


def test_an_alarm_on_an_expression(metrics, mark):
    name = f"part-{mark}"

    def metric(identity, what):
        return {"Id": identity, "ReturnData": False, "MetricStat": {"Metric": {"Namespace": mark, "MetricName": what}, "Period": 60, "Stat": "Sum"}}

    metrics.put_metric_alarm(
        AlarmName=name, EvaluationPeriods=1, Threshold=10, ComparisonOperator="GreaterThanThreshold",
        Metrics=[metric("all", "requests"), metric("bad", "errors"), {"Id": "part", "Expression": "100 * bad / all", "Label": "percent"}])
    shown = metrics.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    assert [each["Id"] for each in shown["Metrics"]] == ["all", "bad", "part"] and "MetricName" not in shown
    metrics.put_metric_data(Namespace=mark, MetricData=[{"MetricName": "requests", "Value": 50}, {"MetricName": "errors", "Value": 9}])
    assert until(lambda: metrics.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"] == "ALARM")
    for wrong in [[metric("a", "b")], [{"Id": "e", "Expression": "1 +"}], [metric("a", "b"), {"Id": "e", "Expression": "a"}, {"Id": "f", "Expression": "a"}]]:
        with pytest.raises(ClientError) as failure:
            metrics.put_metric_alarm(AlarmName=f"w{mark}", EvaluationPeriods=1, Threshold=1, ComparisonOperator="LessThanThreshold", Metrics=wrong)
        assert aws.code(failure) == "ValidationError"


def test_composite_alarms_follow_others(metrics, mark, webhook):
    for name in ("a", "b", "quiet"):
        metrics.put_metric_alarm(
            AlarmName=f"{name}-{mark}", Namespace=mark, MetricName="nothing", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=5,
            ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore")
    both = f"both-{mark}"
    metrics.put_composite_alarm(
        AlarmName=both, AlarmRule=f'ALARM("a-{mark}") AND NOT OK(arn:aws:cloudwatch:{aws.REGION}:{aws.ACCOUNT}:alarm:b-{mark})', AlarmActions=[webhook.url],
        ActionsSuppressor=f"quiet-{mark}", ActionsSuppressorWaitPeriod=10, ActionsSuppressorExtensionPeriod=10, Tags=[{"Key": "team", "Value": "x"}])

    def alarm():
        return metrics.describe_alarms(AlarmNames=[both], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]

    assert metrics.describe_alarms(AlarmNames=[both])["MetricAlarms"] == [] == metrics.describe_alarms(AlarmNames=[both])["CompositeAlarms"]
    assert until(lambda: alarm()["StateValue"] == "OK")
    metrics.set_alarm_state(AlarmName=f"a-{mark}", StateValue="ALARM", StateReason="by hand")
    assert until(lambda: webhook.got)
    told = json.loads(webhook.got[0][1])
    assert told["AlarmName"] == both and told["NewStateValue"] == "ALARM" and alarm()["StateValue"] == "ALARM"
    assert {each["AlarmName"] for each in metrics.describe_alarms(ChildrenOfAlarmName=both)["MetricAlarms"]} == {f"a-{mark}", f"b-{mark}"}
    assert [each["AlarmName"] for each in metrics.describe_alarms(ParentsOfAlarmName=f"a-{mark}")["CompositeAlarms"]] == [both]
    assert metrics.list_tags_for_resource(ResourceARN=alarm()["AlarmArn"])["Tags"] == [{"Key": "team", "Value": "x"}]
    # While the suppressor is in ALARM nothing is sent.
    metrics.set_alarm_state(AlarmName=f"b-{mark}", StateValue="OK", StateReason="by hand")
    assert until(lambda: alarm()["StateValue"] == "OK")
    metrics.set_alarm_state(AlarmName=f"quiet-{mark}", StateValue="ALARM", StateReason="maintenance")
    metrics.set_alarm_state(AlarmName=f"b-{mark}", StateValue="ALARM", StateReason="by hand")
    assert until(lambda: alarm()["StateValue"] == "ALARM")
    history = metrics.describe_alarm_history(AlarmName=both, AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"]
    assert any("suppressed" in each["HistorySummary"] for each in history) and len(webhook.got) == 1
    assert metrics.describe_alarm_contributors(AlarmName=both)["AlarmContributors"] == []
    first = metrics.describe_alarm_history(AlarmName=both, MaxRecords=1)
    assert first["AlarmHistoryItems"] == history[:1] and metrics.describe_alarm_history(AlarmName=both, NextToken=first["NextToken"])["AlarmHistoryItems"] == history[1:]
    for rule in ["ALARM(", "ALARM(nobody-there)", "a AND b", "TRUE OR", "(" * 200 + "TRUE" + ")" * 200]:
        with pytest.raises(ClientError) as failure:
            metrics.put_composite_alarm(AlarmName=f"w{mark}", AlarmRule=rule)
        assert aws.code(failure) == "ValidationError"
    metrics.delete_alarms(AlarmNames=[both])
    with pytest.raises(ClientError) as failure:
        metrics.delete_alarms(AlarmNames=[both])
    assert aws.code(failure) == "ResourceNotFound"


def test_a_token_of_another_list_is_refused_as_each_model_says(metrics):
    for call, code in (("describe_alarms", "InvalidNextToken"), ("describe_alarm_history", "InvalidNextToken"), ("list_metrics", "InvalidParameterValue"),
                       ("list_dashboards", "InvalidParameterValue")):
        with pytest.raises(ClientError) as failure:
            getattr(metrics, call)(NextToken="of another list")
        assert aws.code(failure) in (code, f"{code}Exception"), call


def test_a_word_that_is_none_is_refused(cairn, metrics):
    for call, more in (("describe_alarms", {"StateValue": "NEITHER"}), ("describe_alarm_history", {"ScanBy": "Sideways"}), ("describe_alarm_history", {"HistoryItemType": "X"}),
                       ("list_metrics", {"RecentlyActive": "PT4H"})):
        with pytest.raises(ClientError) as failure:
            getattr(metrics, call)(**more)
        assert aws.code(failure) in ("ValidationError", "InvalidParameterValue") and "failed to satisfy constraint" in aws.message(failure), (call, more)
    for operation in ("DeleteAlarms", "EnableAlarmActions", "DisableAlarmActions"):
        reply = cairn.request("POST", "/", b"{}", {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"GraniteServiceVersion20100801.{operation}"})
        assert reply.status == 400 and "MissingParameter" in reply.json()["__type"], (operation, reply)


def test_secrets_in_dimensions_are_not_kept(cairn, logs, metrics, group, mark):
    metrics.put_metric_data(Namespace=mark, MetricData=[
        {"MetricName": "m", "Value": 1, "Dimensions": [{"Name": "api_key", "Value": "hunter2-dim"}, {"Name": "route", "Value": "/cart?token=tok-dim-1"}]}])
    aws.put(logs, group, {"_aws": {"Timestamp": aws.now(), "CloudWatchMetrics": [{"Namespace": mark, "Dimensions": [["password"]], "Metrics": [{"Name": "e"}]}]},
                          "password": "hunter2-emf", "e": 1})
    found = {each["MetricName"]: {one["Name"]: one["Value"] for one in each["Dimensions"]} for each in metrics.list_metrics(Namespace=mark)["Metrics"]}
    assert found == {"m": {"api_key": "[redacted]", "route": "/cart?token=[redacted]"}, "e": {"password": "[redacted]"}}
    files = b"".join(path.read_bytes() for path in cairn.data.rglob("*") if path.is_file())
    assert b"hunter2" not in files and b"tok-dim-1" not in files


# Forms

def test_cloudwatch_by_forms(cairn, mark):
    def send(**form):
        from urllib.parse import urlencode
        return cairn.request("POST", "/", urlencode({"Version": "2010-08-01", **form}).encode(), {"content-type": "application/x-www-form-urlencoded"})

    assert send(Action="PutMetricData", Namespace=mark, **{
        "MetricData.member.1.MetricName": "f", "MetricData.member.1.Value": "2.5", "MetricData.member.1.Unit": "Count",
        "MetricData.member.1.Dimensions.member.1.Name": "a", "MetricData.member.1.Dimensions.member.1.Value": "b & c"}).status == 200
    answer = send(Action="ListMetrics", Namespace=mark)
    assert answer.status == 200 and b"<MetricName>f</MetricName>" in answer.body and b"<Value>b &amp; c</Value>" in answer.body
    start = int(time.time()) - 120
    iso = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for at in (start, start + 240)]
    answer = send(Action="GetMetricStatistics", Namespace=mark, MetricName="f", StartTime=iso[0], EndTime=iso[1], Period="60", **{
        "Statistics.member.1": "Sum", "Dimensions.member.1.Name": "a", "Dimensions.member.1.Value": "b & c"})
    assert b"<Sum>2.5</Sum>" in answer.body and b"<Timestamp>20" in answer.body
    assert send(Action="Nothing").status == 400
