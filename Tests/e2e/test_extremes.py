# SPDX-License-Identifier: Apache-2.0
"""Numbers at their ends, times beyond all time, long, odd and wrong values in each member of each call: an answer below 500, and a server that stands.

Good calls are taken, one of their members at a time is given an extreme value; AWS's come from its own service models. Behind each call the lists
are read, since what was kept may end who shows it. CAIRN_MUTANTS (800) and CAIRN_SEED choose the run; the seed is printed.
"""
import copy
import json
import os
import random
import time

import botocore.session
import pytest

import otlp
from cairn_process import JSON, busyness, until

SETTINGS = {"CAIRN_WEBHOOK_HOSTS": "127.0.0.1", "CAIRN_SMTP": "127.0.0.1:1", "SWIFT_BACKTRACE": "enable=no"}
SEED = int(os.environ.get("CAIRN_SEED") or random.SystemRandom().getrandbits(32))
COUNT = int(os.environ.get("CAIRN_MUTANTS") or 800)
NOW = int(time.time())
LAST = 2**63 - 1
EXTREMES = [
    0, -1, 2**31, 2**53, LAST, -LAST - 1, 9223372036, 9223372036854, 9223372036854775, 9e18, 1e308, -1e308, 0.5, "", "x" * 3000, "\0", str(LAST), "1e999", None, True, [], {},
    [[]], "%", "(((((((((", "2262-04-11T23:47:16Z", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z",
]
QUERY = {
    "calculations": [{"op": "P99", "column": "duration_ms"}], "filters": [{"column": "a", "op": "in", "value": ["x", 1]}], "breakdowns": ["name"], "limit": 100,
    "orders": [{"op": "P99", "column": "duration_ms", "order": "descending"}], "time_range": 7200, "granularity": 60,
    "havings": [{"calculate_op": "P99", "column": "duration_ms", "op": ">", "value": 100}],
}
ENDED = {"calculations": [{"op": "HEATMAP", "column": "duration_ms"}], "start_time": NOW - 9000, "end_time": NOW}
TRIGGER = {
    "name": "t", "query": {"calculations": [{"op": "COUNT"}], "time_range": 900}, "threshold": {"op": ">", "value": 5, "exceeded_limit": 1}, "frequency": 300,
    "recipients": [{"type": "email", "target": "a@example.com"}], "evaluation_schedule_type": "window", "tags": [{"key": "k", "value": "v"}],
    "evaluation_schedule": {"window": {"days_of_week": ["monday"], "start_time": "09:30", "end_time": "17:00"}},
}
ITEM = {"data": {
    "environment": "production", "uuid": "u", "timestamp": NOW, "level": "error", "language": "python", "code_version": "1", "fingerprint": "f", "custom": {"a": {"b": [1]}},
    "request": {"url": "http://x/y?z=1", "headers": {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}, "user_ip": "1.2.3.4"},
    "person": {"id": "1"}, "body": {"trace": {"frames": [{"filename": "a.py", "lineno": 1, "colno": 2, "method": "m"}], "exception": {"class": "E", "message": "m"}}}}}
CALLS = [
    ("POST", "/1/batch/shop", [{"data": {"name": "x", "duration_ms": 1.5, "error": "e", "exception.type": "E"}, "time": NOW, "samplerate": 2}]),
    ("POST", "/1/datasets", {"name": "d", "description": "x", "expand_json_depth": 3, "settings": {"delete_protected": True}}),
    ("PUT", "/1/datasets/shop", {"name": "shop", "description": "x", "expand_json_depth": 3, "settings": {"delete_protected": False}}),
    ("POST", "/1/columns/shop", {"key_name": "c", "type": "float", "description": "x", "hidden": False}),
    ("POST", "/1/triggers/shop", TRIGGER), ("POST", "/1/markers/shop", {"start_time": NOW, "end_time": NOW + 5, "message": "m", "type": "deploy"}),
    ("POST", "/1/recipients", {"type": "webhook", "details": {"webhook_name": "n", "webhook_url": "http://127.0.0.1:9/x", "webhook_headers": [{"header": "X-A", "value": "1"}]}}),
    ("POST", "/api/cairn/query", {"dataset": "__all__", "query": QUERY}), ("POST", "/api/cairn/query", {"dataset": "__all__", "query": ENDED}),
    ("POST", "/api/cairn/bubbleup", {"dataset": "__all__", "query": {**ENDED}, "limit": 10, "selection": {"box": {
        "column": "duration_ms", "start": NOW - 600, "end": NOW, "min": 0, "max": 10}, "filters": [{"column": "a", "op": "exists"}]}}),
    ("POST", "/api/1/item/", ITEM), ("PATCH", "/api/1/item/1", {"status": "resolved", "resolved_in_version": "1", "level": "error", "title": "x", "assigned_user_id": 1}),
    ("PATCH", "/api/1/item/1", {"status": "muted", "mute_until": NOW + 60, "mute_until_count": 5, "snoozed": True, "snooze_expiration_in_seconds": 3600}),
    ("POST", "/api/1/deploy/", {"environment": "production", "revision": "r1", "local_username": "l", "status": "started"}),
    ("POST", "/api/1/rql/jobs/", {"query_string": "select * from item_occurrence limit 3"}),
    ("POST", "/api/1/notifications/email/rules/", [{"trigger": "new_item", "filters": [{"type": "level", "operation": "gte", "value": "error"}], "config": {"emails": ["a@example.com"]}}]),
    ("PATCH", "/api/1/project/1", {"settings_data": {"grouping": {"rules": [{"condition": {"path": "level", "eq": "x"}, "fingerprint": "f", "title": "t"}]}}}),
    ("POST", "/api/1/project/1/access_tokens", {"name": "n", "scopes": ["read"], "rate_limit_window_size": 60, "rate_limit_window_count": 10}),
]
LISTS = [
    "/1/datasets", "/1/columns/shop", "/1/columns/__all__", "/api/cairn/datasets", "/api/cairn/columns?dataset=shop",
    "/api/1/items/", "/api/1/deploys/", "/api/1/reports/activated_counts", "/api/1/reports/top_active_items", "/api/cairn/errors?status=any", "/api/cairn/errors/1", "/api/1/instances/",
    "/1/slos/__all__", "/1/derived_columns/shop", "/1/boards", "/1/query_annotations/shop", "/api/cairn/slos", "/1/triggers/__all__", "/1/markers/__all__", "/1/recipients", "/api/cairn/triggers", "/api/cairn/rules", "/api/cairn/status", "/api/cairn/server", "/api/cairn/logs/groups", "/metrics",
]
# What a member of this name is in a good call of AWS's.
GOOD = {
    "logGroupName": "g", "logStreamName": "s", "logGroupNames": ["g"], "logGroupIdentifier": "g", "queryString": "fields @message | limit 2", "filterPattern": "hello", "Namespace": "N",
    "MetricName": "m", "Period": 60, "StartTime": NOW - 600, "EndTime": NOW, "startTime": (NOW - 600) * 1000, "endTime": NOW * 1000, "timestamp": NOW * 1000, "retentionInDays": 7,
    "FilterExpression": "error", "AlarmRule": "ALARM(a)", "Expression": "m1*2", "Id": "m1", "policyDocument": "{}", "FixedRate": 0.1, "Version": 1, "HTTPMethod": "*", "Host": "*",
    "ServiceName": "*", "ServiceType": "*", "URLPath": "*", "ResourceARN": "*", "TraceSegmentDocuments": ["{}"], "TraceIds": ["1-581cf771-a006649127e371903a2de979"],
}
STREAMS = {"StartLiveTail", "GetLogObject"}


def good(shape, name="", outside=()):
    """A value of a shape of AWS's models; None where it holds itself."""
    if name in GOOD and shape.type_name != "structure" and (shape.type_name == "list") == isinstance(GOOD[name], list):
        return GOOD[name]
    if shape.name in outside:
        return None
    outside = (*outside, shape.name)
    if shape.type_name == "structure":
        made = {key: good(member, key, outside) for key, member in shape.members.items() if key.lower() != "nexttoken"}
        return {key: value for key, value in made.items() if value is not None}
    if shape.type_name == "list":
        value = good(shape.member, name, outside)
        return [] if value is None else [value]
    if shape.type_name == "map":
        return {"k": good(shape.value, name, outside)}
    whole = max(1, int(shape.metadata.get("min", 1)))
    return {"string": (getattr(shape, "enum", None) or ["abc"])[0], "float": 1.0, "double": 1.0, "boolean": False, "timestamp": NOW, "blob": "aGk="}.get(shape.type_name, whole)


def aws_calls():
    for service, prefix in (("logs", "Logs_20140328"), ("cloudwatch", "GraniteServiceVersion20100801"), ("xray", None)):
        model = botocore.session.get_session().get_service_model(service)
        for name in sorted(set(model.operation_names) - STREAMS):
            operation = model.operation_model(name)
            body = good(operation.input_shape) if operation.input_shape else {}
            if prefix:
                yield "POST", "/", body, {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"{prefix}.{name}"}
            else:
                yield operation.http["method"], operation.http["requestUri"], body, {}


def places(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, member in inner:
        yield from places(member, (*path, key))


def replaced(value, path, extreme):
    if not path:
        return extreme
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = extreme
    return value


def ask(cairn, method, path, body, headers):
    headers = {"content-type": JSON, "x-honeycomb-team": "k", "x-rollbar-access-token": "t", **headers}
    began = time.monotonic()
    try:
        reply = cairn.request(method, path, None if body is None else json.dumps(body), headers, timeout=30 * busyness())
    except OSError as failure:
        until(lambda: cairn.process.poll() is not None)
        pytest.fail(f"{failure!r} at {method} {path} {headers.get('x-amz-target', '')} {str(body)[:600]}: process {cairn.process.poll()}")
    assert reply.status < 500 or reply.status in (501, 503), (method, path, str(body)[:600], reply)
    assert time.monotonic() - began < 20 * busyness(), (method, path, str(body)[:600])
    return reply


def ask_honeycomb(cairn, query):
    """From a specification to its result."""
    made = ask(cairn, "POST", "/1/queries/__all__", query, {})
    if made.status == 200:
        result = ask(cairn, "POST", "/1/query_results/__all__", {"query_id": made.json()["id"]}, {})
        if result.status == 201:
            ask(cairn, "GET", f"/1/query_results/__all__/{result.json()['id']}", None, {})


def objective_calls(cairn):
    """Calls around objectives and boards, which name what is there."""
    column = {"alias": "ok", "expression": "LT($duration_ms, 5)", "description": "d"}
    slo = {"name": "n", "description": "d", "sli": {"alias": "ok"}, "time_period_days": 30, "target_per_million": 999_000, "dataset_slugs": ["shop"], "tags": [{"key": "k", "value": "v"}]}
    ask(cairn, "POST", "/1/batch/shop", [{"data": {"duration_ms": n}} for n in range(10)], {})
    ask(cairn, "POST", "/1/derived_columns/shop", column, {})
    kept = ask(cairn, "POST", "/1/slos/shop", slo, {}).json()["id"]
    query = ask(cairn, "POST", "/1/queries/shop", {"calculations": [{"op": "COUNT"}]}, {}).json()["id"]
    told = {"slo": {"id": kept}, "description": "d", "recipients": [{"type": "email", "target": "a@example.com"}]}
    alert = ask(cairn, "POST", "/1/burn_alerts/shop", {"exhaustion_minutes": 240, **told}, {}).json()["id"]
    board = {"name": "b", "type": "flexible", "layout_generation": "manual", "panels": [
        {"type": "text", "position": {"x_coordinate": 0, "y_coordinate": 0, "width": 6, "height": 3}, "text_panel": {"content": "# t"}}, {"type": "slo", "slo_panel": {"slo_id": kept}},
        {"type": "query", "query_panel": {"query_id": query, "query_style": "combo", "visualization_settings": {"utc_xaxis": True, "charts": [{"chart_index": 0, "chart_type": "stat"}]}}}],
        "preset_filters": [{"column": "c", "alias": "C"}], "tags": [{"key": "k", "value": "v"}]}
    drawn = ask(cairn, "POST", "/1/boards", board, {}).json()["id"]
    return [(*call, {}) for call in (
        ("POST", "/1/derived_columns/shop", column), ("PUT", f"/1/slos/shop/{kept}", slo), ("PUT", f"/1/burn_alerts/shop/{alert}", {"exhaustion_minutes": 240, **told}),
        ("POST", "/1/burn_alerts/shop", {"alert_type": "budget_rate", "budget_rate_window_minutes": 60, "budget_rate_decrease_threshold_per_million": 50_000, **told}),
        ("PUT", f"/1/boards/{drawn}", board), ("POST", f"/1/boards/{drawn}/views", {"name": "v", "filters": [{"column": "a", "operation": "in", "value": ["x", 1]}]}),
        ("POST", "/1/query_annotations/shop", {"name": "n", "description": "d", "query_id": query}), ("POST", "/api/cairn/slos/preview", {"dataset": "shop", "expression": "LT($duration_ms, 5)"}))]


def test_no_value_ends_the_server(cairn):
    print(f"CAIRN_SEED={SEED} CAIRN_MUTANTS={COUNT}")
    rng = random.Random(SEED)
    ids = otlp.Ids(SEED)
    assert cairn.send(otlp.traces([otlp.span(ids, fields={"a": 1}, error="x") for _ in range(5)]).SerializeToString()).status == 200
    own, aws = [(*call, {}) for call in CALLS] + objective_calls(cairn), list(aws_calls())
    for call in own + aws:
        ask(cairn, *call)
    # Half of them to AWS's many calls, half to the few others.
    for number in range(COUNT):
        method, path, body, headers = rng.choice(own if number % 2 else aws)
        place, extreme = rng.choice(list(places(body))), rng.choice(EXTREMES)
        ask(cairn, method, path, replaced(body, place, extreme), headers)
        if number % 8 == 0:
            query = rng.choice([QUERY, ENDED])
            ask_honeycomb(cairn, replaced(query, rng.choice(list(places(query))), extreme))
        if number % 50 == 0:
            for listed in LISTS:
                ask(cairn, "GET", listed, None, {})
    for listed in LISTS:
        ask(cairn, "GET", listed, None, {})
