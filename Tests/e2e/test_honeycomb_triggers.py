# SPDX-License-Identifier: Apache-2.0
"""Honeycomb's triggers and recipients: kept, asked, told to a webhook, over when the question says so."""
import json

import honeycomb
import pytest
from honeycomb import KEY, blamed, call, told, wait

SETTINGS = {"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}
COUNT = {"op": "COUNT"}


def send(cairn, name, count, **fields):
    honeycomb.send(cairn, "shop", count, name=name, **fields)


def recipient(cairn, hook, name):
    return call(cairn, "POST", "/1/recipients", {"type": "webhook", "details": {
        "webhook_name": name, "webhook_url": hook.url, "webhook_secret": "sesame", "webhook_headers": [{"header": "X-Team", "value": "shop"}]}}, 201)


def test_a_trigger_tells_when_it_begins_and_when_it_is_over(cairn, hook):
    send(cairn, "other", 1)
    who = recipient(cairn, hook, "pulse")
    made = call(cairn, "POST", "/1/triggers/shop", {
        "name": "no pulse", "description": "call somebody", "frequency": 900, "threshold": {"op": "<", "value": 3},
        "query": {"calculations": [{"op": "COUNT"}], "filters": [{"column": "name", "op": "=", "value": "pulse"}]}, "recipients": [{"id": who["id"]}]}, 201)
    assert made["triggered"] is False and made["recipients"] == [{"id": who["id"], "type": "webhook", "target": "pulse"}] and made["query_id"]
    wait(lambda: told(hook, "no pulse"))
    headers, body = told(hook, "no pulse")[0]
    assert headers["X-Honeycomb-Webhook-Token"] == "sesame" and headers["X-Team"] == "shop"
    assert body["status"] == "TRIGGERED" and body["result_groups_triggered"] == [{"Group": {}, "Result": 0.0}]
    assert body["description"] == "Currently less than threshold value (3) (value 0)" and body["trigger_description"] == "call somebody"
    assert "f=%5B%22name%22%2C%22%3D%22%2C%22pulse%22%5D" in body["result_url"] and "ds=shop" in body["result_url"]
    wait(lambda: call(cairn, "GET", f"/1/triggers/shop/{made['id']}")["triggered"])
    send(cairn, "pulse", 5)
    cairn.stop()
    cairn.start()  # asks at once, and knows what it told
    wait(lambda: len(told(hook, "no pulse")) == 2)
    assert told(hook, "no pulse")[1][1]["status"] == "OK"
    assert call(cairn, "GET", f"/1/triggers/shop/{made['id']}")["triggered"] is False
    listed = cairn.request("GET", "/api/cairn/triggers").json()["triggers"]
    assert [one["text"] for one in listed if one["trigger"]["id"] == made["id"]] == ["No longer less than threshold value (3)"]


def test_the_same_question_sent_again_is_told_of_once(cairn, hook):
    """Terraform's client sends a whole trigger with each change."""
    send(cairn, "again", 1)
    who = recipient(cairn, hook, "again")
    made = call(cairn, "POST", "/1/triggers/shop", {
        "name": "again", "frequency": 60, "threshold": {"op": ">", "value": 0}, "recipients": [{"id": who["id"]}],
        "query": {"calculations": [COUNT], "filters": [{"column": "name", "op": "=", "value": "again"}]}}, 201)
    path = f"/1/triggers/shop/{made['id']}"
    wait(lambda: call(cairn, "GET", path)["triggered"] and told(hook, "again"))
    changed = call(cairn, "PUT", path, {**made, "description": "now with a runbook"})
    assert changed["triggered"] is True and changed["description"] == "now with a runbook"
    asked = lambda: [one["asked_us"] for one in call(cairn, "GET", "/api/cairn/triggers")["triggers"] if one["trigger"]["id"] == made["id"]][0]  # noqa: E731
    wait(asked)
    assert call(cairn, "GET", path)["triggered"] is True and len(told(hook, "again")) == 1
    assert call(cairn, "PUT", path, {**made, "threshold": {"op": ">", "value": 1e9}})["triggered"] is False


def test_a_recipient_s_new_name_is_that_of_those_who_are_told_by_it(cairn, hook):
    """A client that compares what it declared with what is there sees no difference."""
    send(cairn, "renamed", 1)
    who = recipient(cairn, hook, "before")
    made = call(cairn, "POST", "/1/triggers/shop", {"name": "renamed", "threshold": {"op": ">", "value": 1e9}, "recipients": [{"id": who["id"]}],
                                                    "query": {"calculations": [COUNT]}}, 201)
    path = f"/1/triggers/shop/{made['id']}"
    call(cairn, "PUT", f"/1/recipients/{who['id']}", {**who, "details": {**who["details"], "webhook_name": "after"}})
    kept = call(cairn, "GET", path)
    assert kept == {**made, "recipients": [{"id": who["id"], "type": "webhook", "target": "after"}]}
    call(cairn, "DELETE", path, status=204)


def bodies(hook):
    return [json.loads(body) for _, body in hook.got]


def test_pagerduty_hears_of_one_incident_from_its_beginning_to_its_end(make_cairn, hook):
    told_before = len(hook.got)
    news = lambda: bodies(hook)[told_before:]  # noqa: E731
    cairn = make_cairn(environment={**SETTINGS, "CAIRN_PAGERDUTY_URL": hook.url}).start()
    send(cairn, "other", 1)
    who = call(cairn, "POST", "/1/recipients", {"type": "pagerduty", "details": {
        "pagerduty_integration_name": "on call", "pagerduty_integration_key": "cd6e8de3c857aefc950e0d5ebcb79ac2"}}, 201)
    receiver = {"type": "pagerduty", "target": "on call", "details": {"pagerduty_severity": "warning"}}
    made = call(cairn, "POST", "/1/triggers/shop", {
        "name": "no pulse", "description": "the runbook", "frequency": 900, "threshold": {"op": "<", "value": 3}, "recipients": [receiver],
        "query": {"calculations": [COUNT], "filters": [{"column": "name", "op": "=", "value": "pulse"}]}}, 201)
    assert made["recipients"] == [{"id": who["id"], **receiver}]
    wait(news)
    began = news()[0]
    assert (began["routing_key"], began["event_action"], began["payload"]["severity"]) == ("cd6e8de3c857aefc950e0d5ebcb79ac2", "trigger", "warning")
    assert "no pulse" in began["payload"]["summary"] and "the runbook" in began["payload"]["custom_details"]["text"] and "ds=shop" in began["client_url"]
    wait(lambda: call(cairn, "GET", f"/1/triggers/shop/{made['id']}")["triggered"])
    send(cairn, "pulse", 5)
    cairn.stop()
    cairn.start()  # asks at once
    wait(lambda: len(news()) == 2)
    assert (news()[1]["event_action"], news()[1]["dedup_key"]) == ("resolve", began["dedup_key"])
    call(cairn, "POST", "/1/recipients", {"type": "pagerduty", "details": {"pagerduty_integration_name": "x", "pagerduty_integration_key": "short"}}, 422)
    call(cairn, "POST", "/1/triggers/shop", {**made, "recipients": [{**receiver, "details": {"pagerduty_severity": "loud"}}]}, 422)


def test_a_workflow_of_teams_gets_a_card(cairn, hook):
    send(cairn, "other", 1)
    who = call(cairn, "POST", "/1/recipients", {"type": "msteams_workflow", "details": {"webhook_name": "ops", "webhook_url": hook.url}}, 201)
    made = call(cairn, "POST", "/1/triggers/shop", {"name": "card", "threshold": {"op": ">", "value": 0}, "recipients": [{"id": who["id"]}], "disabled": True,
                                                    "query": {"calculations": [COUNT]}}, 201)
    before = len(hook.got)
    assert json.loads(cairn.request("POST", f"/api/cairn/triggers/{made['id']}/test", "{}", KEY).body)["entries"][0]["delivered"]
    [card] = bodies(hook)[before:]
    content = card["attachments"][0]["content"]
    assert content["body"][0]["text"].startswith("TEST: ") and content["actions"][0]["url"].startswith(cairn.url)
    call(cairn, "DELETE", f"/1/triggers/shop/{made['id']}", status=204)


def test_groups_beyond_the_threshold_are_named_and_a_test_says_that_it_is_one(cairn, hook):
    for route, length in (("/a", 900), ("/b", 5)):
        send(cairn, "request", 4, duration_ms=length, route=route)
    who = recipient(cairn, hook, "groups")
    made = call(cairn, "POST", "/1/triggers/__all__", {
        "name": "slow routes", "threshold": {"op": ">", "value": 500}, "frequency": 60, "disabled": True, "recipients": [{"type": "webhook", "target": "groups"}],
        "query": {"calculations": [{"op": "P95", "column": "duration_ms"}], "breakdowns": ["route"], "filters": [{"column": "name", "op": "=", "value": "request"}], "time_range": 240}}, 201)
    assert made["recipients"][0]["id"] == who["id"]
    tried = json.loads(cairn.request("POST", f"/api/cairn/triggers/{made['id']}/test", "{}", KEY).body)
    assert tried["met"] and [entry["delivered"] for entry in tried["entries"]] == [True]
    body = told(hook, "slow routes")[0][1]
    assert body["is_test"] is True and [g["Group"] for g in body["result_groups_triggered"]] == [{"route": "/a"}] and len(body["result_groups"]) == 2
    assert [t["id"] for t in call(cairn, "GET", f"/1/recipients/{who['id']}/triggers")] == [made["id"]]
    assert call(cairn, "DELETE", f"/1/recipients/{who['id']}", status=422)["error"]
    changed = call(cairn, "PUT", f"/1/triggers/__all__/{made['id']}", {**made, "threshold": {"op": ">=", "value": 901}})
    assert changed["threshold"] == {"op": ">=", "value": 901.0, "exceeded_limit": 1}
    call(cairn, "DELETE", f"/1/triggers/__all__/{made['id']}", status=204)
    call(cairn, "GET", f"/1/triggers/__all__/{made['id']}", status=404)
    call(cairn, "DELETE", f"/1/recipients/{who['id']}", status=204)


def test_a_saved_query_can_be_a_triggers(cairn):
    saved = call(cairn, "POST", "/1/queries/shop", {"calculations": [{"op": "COUNT"}], "time_range": 600})
    made = call(cairn, "POST", "/1/triggers/shop", {"name": "saved", "query_id": saved["id"], "threshold": {"op": ">", "value": 1e9}}, 201)
    assert made["query"]["time_range"] == 600 and made["query_id"] == saved["id"]
    refused = call(cairn, "POST", "/1/triggers/shop", {"name": "none", "query_id": "nothing", "threshold": {"op": ">", "value": 1}}, 422)
    assert [detail["field"] for detail in refused["type_detail"]] == ["query_id"]


@pytest.mark.parametrize("body, says", [
    ({"type": "webhook", "details": {"webhook_name": "in", "webhook_url": "http://10.0.0.1/x"}}, "webhook_hosts"),
    ({"type": "email", "details": {"email_address": "a@example.com"}}, "no mail relay"),
    ({"type": "pagerduty", "details": {}}, "needs a name"),
    ({"type": "slack", "details": {"slack_channel": "#ops"}}, "incoming webhooks"),
    ({"type": "pigeon", "details": {}}, "not supported"),
])
def test_who_cannot_be_told_is_refused(cairn, body, says):
    answer = call(cairn, "POST", "/1/recipients", body, 422)
    assert any(says in detail["description"] for detail in answer["type_detail"]), answer


def test_what_cannot_be_asked_is_refused(cairn):
    call(cairn, "POST", "/1/triggers/nowhere", {}, 404)
    answer = call(cairn, "POST", "/1/triggers/shop", {"name": "x", "frequency": 61}, 422)
    assert {detail["field"] for detail in answer["type_detail"]} >= {"threshold", "frequency"}


def test_the_link_of_a_result_opens_the_question(cairn):
    saved = call(cairn, "POST", "/1/queries/shop", {"calculations": [{"op": "P95", "column": "duration_ms"}], "breakdowns": ["route"],
                                                     "orders": [{"op": "P95", "column": "duration_ms", "order": "descending"}], "time_range": 600})
    result = call(cairn, "POST", "/1/query_results/shop", {"query_id": saved["id"]}, 201)
    assert "/ui/explore?ds=shop&c=P95%28duration_ms%29&by=route&o=-P95%28duration_ms%29&lim=1000&t=" in result["links"]["query_url"]


def test_a_trigger_of_columns_that_are_not_there_is_refused_and_says_when_they_went(cairn, hook):
    send(cairn, "there", 1)
    who = recipient(cairn, hook, "absent")
    body = {"name": "absent", "frequency": 60, "threshold": {"op": ">", "value": 3}, "recipients": [{"id": who["id"]}],
            "query": {"calculations": [{"op": "MAX", "column": "nobody"}], "filters": [{"column": "has", "op": "exists"}], "breakdowns": ["name", "this"]}}
    refused = call(cairn, "POST", "/1/triggers/shop", body, 422)
    assert blamed(refused) == ["query.calculations[0].column", "query.filters", "query.breakdowns[1]"] and "unknown column 'nobody'" in refused["detail"]
    for name in ("nobody", "has", "this"):
        call(cairn, "POST", "/1/columns/shop", {"key_name": name}, 201)
    made = call(cairn, "POST", "/1/triggers/shop", body, 201)
    mine = lambda: [one for one in call(cairn, "GET", "/api/cairn/triggers")["triggers"] if one["trigger"]["id"] == made["id"]][0]  # noqa: E731
    wait(lambda: mine()["asked_us"])
    assert mine()["missing"] == ["has", "nobody", "this"] and mine()["failure"] is None


def test_a_baseline_holds_the_change_against_the_threshold(cairn, hook):
    """Then 4 events of /grown, 4 of /gone and 3 of /same; now 9, none and 3."""
    for route, then, now in (("/grown", 4, 9), ("/gone", 4, 0), ("/same", 3, 3)):
        honeycomb.send(cairn, "baseline", then, ago=3600 + 30, route=route)
        honeycomb.send(cairn, "baseline", now, ago=30, route=route)
    recipient(cairn, hook, "baseline")

    def beyond(kind, op, value, calculation=COUNT, breakdowns=("route",)):
        made = call(cairn, "POST", "/1/triggers/baseline", {
            "name": f"{kind} {op} {value}", "threshold": {"op": op, "value": value}, "frequency": 60, "disabled": True, "recipients": [{"type": "webhook", "target": "baseline"}],
            "baseline_details": {"type": kind, "offset_minutes": 60}, "query": {"calculations": [calculation], "breakdowns": list(breakdowns), "time_range": 240}}, 201)
        assert made["baseline_details"] == {"type": kind, "offset_minutes": 60}
        call(cairn, "POST", f"/api/cairn/triggers/{made['id']}/test", {})
        body = told(hook, made["name"])[0][1]
        return made, {group["Group"].get("route"): group["Result"] for group in body["result_groups_triggered"]}, body["description"]

    made, groups, text = beyond("percentage", ">=", 100)
    assert groups == {"/grown": 9.0} and text.endswith("for route:/grown (value 9, 4 an hour earlier: +125%)"), text
    assert beyond("value", ">=", 6)[1] == {} and beyond("value", ">=", 5)[1] == {"/grown": 9.0}
    # A group that is no longer there went down to nothing.
    assert beyond("percentage", "<=", -100)[1] == {"/gone": 0.0} and beyond("value", "<=", -4)[1] == {"/gone": 0.0}
    # What had no value then has no change.
    call(cairn, "POST", "/1/columns/baseline", {"key_name": "later"}, 201)
    assert beyond("value", ">=", 0, {"op": "MAX", "column": "later"}, ())[1] == {}
    # An empty object makes it a threshold of the value again, as Terraform's client does; nothing at all leaves it.
    path = f"/1/triggers/baseline/{made['id']}"
    assert call(cairn, "PUT", path, {"name": "other"})["baseline_details"]["offset_minutes"] == 60
    assert "baseline_details" not in call(cairn, "PUT", path, {"baseline_details": {}})
    cairn.stop()
    cairn.start()
    kept = {one["name"]: one for one in call(cairn, "GET", "/1/triggers/baseline")}
    assert kept["value >= 5"]["baseline_details"] == {"type": "value", "offset_minutes": 60} and "baseline_details" not in kept["other"]


def test_a_baseline_that_makes_no_sense_is_refused(cairn):
    send(cairn, "x", 1)
    body = {"name": "b", "frequency": 60, "query": {"calculations": [{"op": "COUNT"}]}, "threshold": {"op": ">=", "value": 1}}
    for more, field in (({"baseline_details": {"type": "ratio", "offset_minutes": 60}}, "baseline_details.type"),
                        ({"baseline_details": {"type": "value", "offset_minutes": 61}}, "baseline_details.offset_minutes"),
                        ({"baseline_details": {"type": "value", "offset_minutes": 60}, "threshold": {"op": ">", "value": 1}}, "threshold.op"),
                        ({"baseline_details": {"type": "value", "offset_minutes": 60}, "threshold": {"op": ">=", "value": -1}}, "threshold.value"),
                        ({"baseline_details": {"type": "value", "offset_minutes": 60}, "threshold": {"op": "<=", "value": 1}}, "threshold.value"),
                        ({"query": {**body["query"], "usage_mode": True}}, "query")):
        assert blamed(call(cairn, "POST", "/1/triggers/shop", {**body, **more}, 422)) == [field], more


def test_a_new_trigger_says_where_it_is(cairn):
    send(cairn, "x", 1)
    body = {"name": "place", "frequency": 60, "query": {"calculations": [{"op": "COUNT"}]}, "threshold": {"op": ">", "value": 1e9}}
    for dataset in ("shop", "__all__"):
        reply = cairn.request("POST", f"/1/triggers/{dataset}", json.dumps(body), KEY)
        made = reply.json()
        assert made["dataset_slug"] == dataset and call(cairn, "GET", reply.headers["location"])["id"] == made["id"]
