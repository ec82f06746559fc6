# SPDX-License-Identifier: Apache-2.0
"""Metrics and alarms where somebody means it otherwise: values that are no counts, alarms that change while they are looked at, periods that are not over."""
import datetime
import json
import time

import pytest
from botocore.exceptions import ClientError

import aws
from cairn_process import until


@pytest.fixture(scope="module")
def metrics(cairn):
    return aws.client(cairn, "cloudwatch")


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def statistics(metrics, namespace, wanted, back=3600):
    now = time.time()
    found = metrics.get_metric_statistics(Namespace=namespace, MetricName="m", Period=3600, ExtendedStatistics=wanted,
                                          StartTime=utc((now - back) // 3600 * 3600), EndTime=utc(now + 3600))["Datapoints"]
    return [each["ExtendedStatistics"] for each in found]


@pytest.mark.parametrize("rate", [1e300, -1e300, 2**63 - 1, -(2**63), 1.5, 0])
def test_a_sample_rate_that_is_none_counts_as_the_engine_counts(make_cairn, mark, rate):
    """It killed the server, and with an alarm on such a metric every start."""
    cairn = make_cairn().start()
    event = {"metric.name": "m", "metric.dimensions": "", "metric.value": 1.5, "SampleRate": rate}
    for value in (event, {**event, "metric.value": 2.5, "SampleRate": 1}):
        assert cairn.request("POST", f"/1/events/{mark}", json.dumps(value), {"content-type": "application/json", "x-honeycomb-team": "k"}).status == 200
    found = statistics(aws.client(cairn, "cloudwatch"), mark, ["tm90", "ts100"])
    assert found and all(each["tm90"] >= 1.5 for each in found)


def test_percentiles_have_as_many_digits_as_asked(metrics, mark):
    now = time.time()
    values = [float(n % 100) for n in range(9_999)] + [1e6]
    for start in range(0, len(values), 150):
        metrics.put_metric_data(Namespace=mark, MetricData=[{"MetricName": "m", "Values": values[start:start + 150], "Timestamp": utc(now)}])
    [found] = statistics(metrics, mark, ["p99.95", "p99.99", "p99.999", "p50"])
    assert (found["p99.95"], found["p99.99"], found["p99.999"]) == (99, 99, 1e6), "of 10,000 values only the very last is beyond"


def test_values_with_commas_and_signs_are_one_dimension(metrics, mark):
    dimensions = [{"Name": "a=b", "Value": "\\,"}, {"Name": "url", "Value": "/a?x=1,y=2"}]
    metrics.put_metric_data(Namespace=mark, MetricData=[{"MetricName": "m", "Value": 1, "Dimensions": dimensions}])
    [found] = metrics.list_metrics(Namespace=mark)["Metrics"]
    assert sorted(found["Dimensions"], key=lambda each: each["Name"]) == dimensions
    [found] = metrics.list_metrics(Namespace=mark, Dimensions=[{"Name": "url", "Value": "/a?x=1,y=2"}])["Metrics"]
    now = time.time()
    assert metrics.get_metric_statistics(Namespace=mark, MetricName="m", Dimensions=dimensions, Period=60, Statistics=["Sum"],
                                         StartTime=utc(now - 300), EndTime=utc(now + 60))["Datapoints"]


def test_each_unit_has_datapoints_of_its_own(metrics, mark):
    at = int(time.time()) // 60 * 60 - 300
    metrics.put_metric_data(Namespace=mark, MetricData=[
        {"MetricName": "m", "Value": value, "Timestamp": utc(at), **({"Unit": unit} if unit else {})} for unit, value in (("Seconds", 1), ("Seconds", 3), ("Bytes", 500), (None, 7))])
    arguments = {"Namespace": mark, "MetricName": "m", "Period": 60, "StartTime": utc(at), "EndTime": utc(at + 60), "Statistics": ["Sum", "SampleCount"]}
    found = {each["Unit"]: (each["Sum"], each["SampleCount"]) for each in metrics.get_metric_statistics(**arguments)["Datapoints"]}
    assert found == {"Seconds": (4, 2), "Bytes": (500, 1), "None": (7, 1)}
    [one] = metrics.get_metric_statistics(Unit="Bytes", **arguments)["Datapoints"]
    assert (one["Sum"], one["Unit"]) == (500, "Bytes") and metrics.get_metric_statistics(Unit="Bits", **arguments)["Datapoints"] == []


def test_what_is_not_kept_is_not_said_to_be(metrics, mark):
    for days in (-70, 3):
        with pytest.raises(ClientError) as failure:
            metrics.put_metric_data(Namespace=mark, MetricData=[{"MetricName": "m", "Value": 1, "Timestamp": utc(time.time() + days * 86_400)}])
        assert aws.code(failure) == "InvalidParameterValue"


def alarm(metrics, name, namespace, **more):
    statistic = {} if "ExtendedStatistic" in more else {"Statistic": "Sum"}
    metrics.put_metric_alarm(**{
        "AlarmName": name, "Namespace": namespace, "MetricName": "m", "Period": 10, "EvaluationPeriods": 1, "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold", **statistic, **more})


def test_alarms_of_a_metric_are_told_by_statistic_period_and_unit(metrics, mark):
    alarm(metrics, f"{mark}-sum", mark)
    alarm(metrics, f"{mark}-p99", mark, ExtendedStatistic="p99", Period=60, Unit="Bytes")

    def told(**more):
        return sorted(each["AlarmName"].removeprefix(f"{mark}-") for each in metrics.describe_alarms_for_metric(Namespace=mark, MetricName="m", **more)["MetricAlarms"])

    assert told() == ["p99", "sum"] and told(Statistic="Sum") == ["sum"] and told(Statistic="Average") == []
    assert told(ExtendedStatistic="p99") == told(Period=60) == told(Unit="Bytes") == ["p99"] and told(Period=10, Unit="Bytes") == []


def state(metrics, name):
    found = metrics.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found[0]["StateValue"] if found else None


def test_alarms_that_are_deleted_or_changed_while_they_are_looked_at_stay_so(metrics, mark):
    """The statistic reads every value, so that a round over these alarms takes a while: they were written back as they had been."""
    now = time.time()
    for start in range(20):
        metrics.put_metric_data(Namespace=mark, MetricData=[{"MetricName": "m", "Values": [float(start * 150 + n) for n in range(150)], "Timestamp": utc(now)} for _ in range(8)])
    names = [f"{mark}-{n}" for n in range(40)]
    for name in names:
        alarm(metrics, name, mark, ExtendedStatistic="tm90", Period=3600)
    assert until(lambda: state(metrics, names[0]) == "ALARM")
    metrics.delete_alarms(AlarmNames=names[20:])
    metrics.disable_alarm_actions(AlarmNames=names[:20])
    assert until(lambda: all(state(metrics, name) == "ALARM" for name in names[:20]))
    left = {each["AlarmName"]: each["ActionsEnabled"] for each in metrics.describe_alarms(AlarmNamePrefix=mark)["MetricAlarms"]}
    assert left == dict.fromkeys(names[:20], False)
    metrics.delete_alarms(AlarmNames=names[:20])


def test_a_dead_mans_switch_waits_for_whole_periods(metrics, mark):
    """A point every second is well above both thresholds in each whole period, and below them as each begins."""
    alarm(metrics, f"{mark}-sum", mark, Threshold=5, ComparisonOperator="LessThanThreshold")
    alarm(metrics, f"{mark}-gone", mark, Threshold=1, ComparisonOperator="LessThanThreshold", TreatMissingData="breaching")
    seen, end = set(), time.time() + 34
    while time.time() < end:
        metrics.put_metric_data(Namespace=mark, MetricData=[{"MetricName": "m", "Value": 1}])
        whole = time.time() > end - 14  # a period before has been whole by then, and one begins
        for name in ("sum", "gone"):
            value = state(metrics, f"{mark}-{name}")
            if whole:
                seen.add(value)
        time.sleep(0.5)
    assert seen == {"OK"}, seen
    assert until(lambda: state(metrics, f"{mark}-gone") == "ALARM"), "now it is gone"
    metrics.delete_alarms(AlarmNames=[f"{mark}-sum", f"{mark}-gone"])
