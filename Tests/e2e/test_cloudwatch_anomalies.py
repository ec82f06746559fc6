# SPDX-License-Identifier: Apache-2.0
"""Log anomaly detectors: kept as AWS keeps them, and what they find of lines that change."""
import time

import pytest
from botocore.exceptions import ClientError

import aws

SETTINGS = {"CAIRN_TEST_RESET": "1"}


def test_a_detector_finds_what_is_new_gone_or_more(cairn, logs, mark):
    group = aws.group(logs, f"/odd/{mark}")
    detector = logs.create_log_anomaly_detector(
        logGroupArnList=[aws.arn(group)], detectorName="odd", evaluationFrequency="FIVE_MIN", anomalyVisibilityTime=7, tags={"team": "a"})["anomalyDetectorArn"]
    assert logs.get_log_anomaly_detector(anomalyDetectorArn=detector)["anomalyDetectorStatus"] == "INITIALIZING"
    assert logs.list_tags_for_resource(resourceArn=detector)["tags"] == {"team": "a"}
    now = int(time.time())
    for at in range(now - 1200, now - 600, 10):
        aws.put(logs, group, f"INFO request {at} took {at % 97} ms", *[f"INFO cache hit {at + n}" for n in range(3)], at=at * 1000)
    aws.put(logs, group, *[f"INFO request {n} took {n} ms" for n in range(40)], "ERROR disk 7 is full", *[f"WARN retry {n} of payment" for n in range(5)], at=(now + 100) * 1000)
    look = lambda seconds: cairn.request("POST", f"/moto-api/insights?at={now + seconds}").status
    assert look(290) == 200 and logs.list_anomalies(anomalyDetectorArn=detector)["anomalies"] == []
    assert look(310) == 200
    [shown] = logs.list_log_anomaly_detectors(filterLogGroupArn=aws.arn(group))["anomalyDetectors"]
    assert shown["anomalyDetectorStatus"] == "ANALYZING" and shown["anomalyDetectorArn"] == detector and shown["detectorName"] == "odd"
    found = {each["patternString"]: each for each in logs.list_anomalies(anomalyDetectorArn=detector)["anomalies"]}
    assert {text: (each["priority"], each["active"], each["state"], sum(each["histogram"].values())) for text, each in found.items()} == {
        "INFO request <*> took <*> ms": ("LOW", True, "Active", 40), "INFO cache hit <*>": ("LOW", True, "Active", 0),
        "ERROR disk <*> is full": ("HIGH", True, "Active", 1), "WARN retry <*> of payment": ("MEDIUM", True, "Active", 5)}
    error = found["ERROR disk <*> is full"]
    assert error["description"].startswith("New pattern") and error["logSamples"] == [{"message": "ERROR disk 7 is full"}]
    assert [token["tokenString"] for token in error["patternTokens"]] == ["ERROR disk ", "<*>", " is full"] and error["logGroupArnList"] == [aws.arn(group)]
    logs.update_anomaly(anomalyDetectorArn=detector, anomalyId=error["anomalyId"], suppressionType="LIMITED", suppressionPeriod={"value": 1, "suppressionUnit": "HOURS"})
    logs.update_anomaly(anomalyDetectorArn=detector, patternId=found["WARN retry <*> of payment"]["patternId"], baseline=True)
    [suppressed] = logs.list_anomalies(anomalyDetectorArn=detector, suppressionState="SUPPRESSED")["anomalies"]
    assert suppressed["anomalyId"] == error["anomalyId"] and suppressed["state"] == "Suppressed" and suppressed["suppressedUntil"] > now * 1000
    # Nothing of it comes again.
    assert look(620) == 200
    after = {each["patternString"]: (each["active"], each["state"]) for each in logs.list_anomalies(anomalyDetectorArn=detector)["anomalies"]}
    assert after["ERROR disk <*> is full"] == (False, "Suppressed") and after["WARN retry <*> of payment"] == (False, "Baseline")
    logs.update_log_anomaly_detector(anomalyDetectorArn=detector, enabled=False)
    assert logs.get_log_anomaly_detector(anomalyDetectorArn=detector)["anomalyDetectorStatus"] == "PAUSED"
    logs.delete_log_anomaly_detector(anomalyDetectorArn=detector)
    assert logs.list_anomalies()["anomalies"] == [] and logs.list_log_anomaly_detectors()["anomalyDetectors"] == []


def test_detectors_fail_as_at_aws(logs, mark):
    group = aws.group(logs, f"/odd/{mark}")
    for wrong in [{"logGroupArnList": [aws.arn("nowhere")]}, {"logGroupArnList": [aws.arn(group)] * 2}, {"logGroupArnList": [aws.arn(group)], "filterPattern": "{ $.a = 1 }"}]:
        with pytest.raises(ClientError) as failure:
            logs.create_log_anomaly_detector(**wrong)
        assert aws.code(failure) in ("ResourceNotFoundException", "InvalidParameterException")
    with pytest.raises(ClientError) as failure:
        logs.get_log_anomaly_detector(anomalyDetectorArn="arn:aws:logs:eu-west-1:123456789012:anomaly-detector:none")
    assert aws.code(failure) == "ResourceNotFoundException"
