# SPDX-License-Identifier: Apache-2.0
"""Bad lines, patterns and queries at the running server: AWS's own answer, nothing lost or half written, bounded time."""
import json
import time

import pytest
from botocore.exceptions import ClientError

import aws
from cairn_process import busyness, until


@pytest.fixture(scope="module")
def logs(cairn):
    client = aws.client(cairn, "logs")
    client.create_log_group(logGroupName="bad")
    client.create_log_stream(logGroupName="bad", logStreamName="s")
    return client


def now():
    return int(time.time() * 1000)


def raw(cairn, target, body):
    started = time.monotonic()
    reply = cairn.request("POST", "/", body, {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"Logs_20140328.{target}"})
    assert time.monotonic() - started < 10 * busyness()
    return reply


def batch(*events):
    return b'{"logGroupName":"bad","logStreamName":"s","logEvents":[' + b",".join(events) + b"]}"


def event(message):
    return b'{"timestamp":%d,"message":%s}' % (now(), message)


@pytest.mark.parametrize("body", [
    batch(event(b'""')), batch(), batch(event(b'"\xff\xfe"')), batch(event(b'"good"'), event(b'"\xc3"')), batch(event(b"3")), batch(b'{"message":"x"}'),
    batch(b'{"timestamp":-1,"message":"x"}'), batch(b'{"timestamp":1e99,"message":"x"}'), batch(event(b'"half')), b"[" * 100_000, b'{"logEvents":' * 5_000,
    batch(*[event(b'"x"')] * 10_001), batch(event(b'"' + b"x" * 1_048_577 + b'"')), b'{"logGroupName":"bad","logStreamName":"s"}',
    b'{"logGroupName":"a b","logStreamName":"s","logEvents":[]}', b'{"logGroupName":"bad","logStreamName":"a:b","logEvents":[]}'],
    ids=lambda body: str(body[60:90]))
def test_a_bad_batch_leaves_nothing_behind(cairn, logs, body):
    before = len(logs.filter_log_events(logGroupName="bad")["events"])
    reply = raw(cairn, "PutLogEvents", body)
    assert reply.status == 400, reply
    assert reply.json()["__type"] in ("InvalidParameterException", "SerializationException", "ResourceNotFoundException"), reply
    assert reply.json()["message"]
    assert len(logs.filter_log_events(logGroupName="bad")["events"]) == before


def test_deep_and_wide_json_lines_are_kept_as_text(cairn, logs):
    deep = '{"a":' * 400 + "1" + "}" * 400
    array = "[" * 3000 + "]" * 3000
    wide = json.dumps({f"k{n}": n for n in range(5_000)})
    odd = '{"a":1,"a":2,"":3,"\\u0000":4,"b":"\\ud800"}'
    lines = [deep, array, wide, odd, '{"a": 1e400}', "{" * 200_000, "nul \u0000 in it"]
    started = time.monotonic()
    logs.put_log_events(logGroupName="bad", logStreamName="s", logEvents=[{"timestamp": now() + n, "message": line} for n, line in enumerate(lines)])
    assert time.monotonic() - started < 10 * busyness()
    found = [got["message"] for got in logs.filter_log_events(logGroupName="bad")["events"]]
    for line in lines:
        assert line in found, line[:60]


PATTERNS = [
    "{", "{ $.a = }", "[", "[a, b", '"open', "%(%", "%a% %b% %c%", "a.b", "{ " + "(" * 5_00 + "$.a = 1" + ")" * 5_00 + " }", "x" * 1025,
    "{ $.a[99999999999999999999] = 1 }", "%(?=a)%", "%(a{1000}){1000}%",
]


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda text: text[:20])
def test_bad_patterns_are_refused_everywhere(logs, pattern):
    started = time.monotonic()
    for call in (lambda: logs.filter_log_events(logGroupName="bad", filterPattern=pattern),
                 lambda: logs.test_metric_filter(filterPattern=pattern, logEventMessages=["x"]),
                 lambda: logs.put_metric_filter(logGroupName="bad", filterName="f", filterPattern=pattern, metricTransformations=[
                     {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}])):
        with pytest.raises(ClientError) as failure:
            call()
        assert aws.code(failure) == "InvalidParameterException", failure.value
    assert time.monotonic() - started < 10 * busyness()
    assert not logs.describe_metric_filters(logGroupName="bad")["metricFilters"]


def test_regexes_that_explode_elsewhere_take_linear_time(logs):
    line = "a" * 30_000 + "!"
    logs.put_log_events(logGroupName="bad", logStreamName="s", logEvents=[{"timestamp": now(), "message": line}])
    started = time.monotonic()
    for pattern in ("%(a+)+b%", "%(a|aa)+$%", "%(.*a){12}b%"):
        assert logs.filter_log_events(logGroupName="bad", filterPattern=pattern)["events"] == [] or "$" in pattern
    for query in (r"filter @message like /(a+)+b/", r"parse @message /(?<x>(?:a|a)*)c/ | filter ispresent(x)", r"filter @message =~ /^(([a-z])+.)+[A-Z]([a-z])+$/"):
        asked = logs.start_query(logGroupName="bad", startTime=0, endTime=int(time.time()) + 5, queryString=query)["queryId"]
        answer = until(lambda: (got := logs.get_query_results(queryId=asked))["status"] in ("Complete", "Failed") and got)
        assert answer and answer["status"] == "Complete" and answer["results"] == [], query
    assert time.monotonic() - started < 30 * busyness()


QUERIES = [
    "|", "fields", "filter", "stats", "fields @message |", "| fields @message", "fields a,,b", "filter a = 'open", "filter a like /(/", "filter (a = 1", "sort by", "limit -1",
    "limit x", "parse @message", "parse @message '*' as a, b", "parse @message /(?<a>x/", "stats count(*) by bin(0s)", "stats count(*) by bin(5parsecs)", "dedup", "unnest a",
    "join where", "lookup nosuch a", "SOURCE", "filter a in (", "filter a in [1,", "fields nosuch(a)", "fields substr(a)", "stats pct(a)", "stats pct(a, 101)",
    "fields `open", "fields a as", "\x00", "fields " + "(" * 4_000 + "1" + ")" * 4_000, "filter " + "not " * 2_000 + "a", "fields " + "a+" * 4_900 + "a",
    "filter a like /(a{1000}){1000}/", "display", "pattern", "stats stats count(*)", "anomaly", "diff",
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda text: text[:24])
def test_bad_queries_are_refused_with_their_place(logs, query):
    started = time.monotonic()
    try:
        asked = logs.start_query(logGroupName="bad", startTime=0, endTime=int(time.time()), queryString=query)["queryId"]
    except ClientError as failure:
        code = failure.response["Error"]["Code"]
        assert code in ("MalformedQueryException", "InvalidParameterException", "ResourceNotFoundException"), failure
        if code == "MalformedQueryException":
            place = failure.response["queryCompileError"]["location"]
            assert 0 <= place["startCharOffset"] <= place["endCharOffset"] <= len(query) + 1
    else:
        # What a lenient reader takes has an answer, in time.
        assert until(lambda: logs.get_query_results(queryId=asked)["status"] in ("Complete", "Failed")), query
    assert time.monotonic() - started < 10 * busyness()


def test_the_server_stands(cairn, logs):
    assert cairn.request("GET", "/healthz").status == 200
    assert cairn.process.poll() is None
    logs.put_log_events(logGroupName="bad", logStreamName="s", logEvents=[{"timestamp": now(), "message": "still here"}])
    cairn.restart()
    client = aws.client(cairn, "logs")
    assert any(got["message"] == "still here" for got in client.filter_log_events(logGroupName="bad")["events"])
