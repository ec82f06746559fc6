# SPDX-License-Identifier: Apache-2.0
"""Honeycomb's derived columns, objectives and burn alerts, asked for as its Terraform provider does."""
import honeycomb
from honeycomb import blamed, call, send, wait

SETTINGS = {"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}
DAY = 86_400


def indicator(cairn, dataset, alias="cart_ok", expression='IF(EQUALS($name, "cart"), LT($duration_ms, 100))', before=None):
    if before:
        call(cairn, "POST", f"/1/columns/{dataset}", {"key_name": before, "type": "float"}, 201)
    return call(cairn, "POST", f"/1/derived_columns/{dataset}", {"alias": alias, "expression": expression, "description": "carts that open fast"}, 201)


def objective(cairn, dataset, alias="cart_ok", **more):
    return call(cairn, "POST", f"/1/slos/{dataset}", {"name": "carts", "description": "open fast", "sli": {"alias": alias}, "time_period_days": 30,
                                                     "target_per_million": 990_000, "tags": [{"key": "team", "value": "web"}], **more}, 201)


def standing(cairn, dataset, slo):
    return call(cairn, "GET", f"/1/slos/{dataset}/{slo['id']}?detailed=true")


def told(hook, name):
    return [body for _, body in honeycomb.told(hook, name)]


def test_derived_columns_live(cairn):
    send(cairn, "life", 1, name="cart", duration_ms=5)
    made = indicator(cairn, "life")
    assert made["alias"] == "cart_ok" and made["created_at"]
    twin = call(cairn, "POST", "/1/derived_columns/life", {"alias": "cart_ok", "expression": "BOOL(0)"}, 409)
    assert twin["status"] == 409 and twin["type"].endswith("/problems/conflict")
    assert call(cairn, "GET", "/1/derived_columns/life") == [made]
    assert call(cairn, "GET", "/1/derived_columns/life?alias=cart_ok") == made
    call(cairn, "GET", "/1/derived_columns/life?alias=other", status=404)
    changed = call(cairn, "PUT", f"/1/derived_columns/life/{made['id']}", {"alias": "cart_ok", "expression": "BOOL(1)", "description": ""})
    assert changed["expression"] == "BOOL(1)" and changed["created_at"] == made["created_at"]
    refused = call(cairn, "POST", "/1/derived_columns/life", {"alias": "bad", "expression": "IF("}, 422)
    assert [detail["field"] for detail in refused["type_detail"]] == ["expression"]
    call(cairn, "POST", "/1/derived_columns/nowhere", {"alias": "a", "expression": "1"}, 404)
    call(cairn, "DELETE", f"/1/derived_columns/life/{made['id']}", status=204)
    call(cairn, "GET", f"/1/derived_columns/life/{made['id']}", status=404)


def test_a_derived_column_is_asked_for_as_a_stored_one(cairn):
    send(cairn, "asked", 3, name="cart", duration_ms=5, host="a")
    send(cairn, "asked", 1, name="cart", duration_ms=500, samplerate=4, host="b")
    send(cairn, "asked", 2, name="home", duration_ms=1)
    indicator(cairn, "asked")
    query = call(cairn, "POST", "/1/queries/asked", {"breakdowns": ["cart_ok"], "calculations": [{"op": "COUNT"}, {"op": "MAX", "column": "doubled"}],
                                                   "calculated_fields": [{"name": "doubled", "expression": "MUL($duration_ms, 2)"}]})
    assert query["calculated_fields"] == [{"name": "doubled", "expression": "MUL($duration_ms, 2)"}]
    result = call(cairn, "POST", "/1/query_results/asked", {"query_id": query["id"]}, 201)
    wait(lambda: call(cairn, "GET", f"/1/query_results/asked/{result['id']}")["complete"])
    rows = [row["data"] for row in call(cairn, "GET", f"/1/query_results/asked/{result['id']}")["data"]["results"]]
    assert {row.get("cart_ok"): (row["COUNT"], row["MAX(doubled)"]) for row in rows} == {True: (3, 10), False: (4, 1000), None: (2, 2)}
    found = call(cairn, "POST", "/api/cairn/bubbleup", {"dataset": "asked", "query": {"filters": [{"column": "cart_ok", "op": "exists"}]},
                                                      "selection": {"filters": [{"column": "cart_ok", "op": "=", "value": False}]}})
    assert "host" in [column["name"] for column in found["columns"]]


def test_an_objective_stands_as_counted_by_hand_and_through_a_restart(cairn):
    send(cairn, "hand", 90, name="cart", duration_ms=5)
    send(cairn, "hand", 10, ago=3 * DAY, samplerate=90, name="cart", duration_ms=5)
    send(cairn, "hand", 2, ago=DAY, samplerate=2, name="cart", duration_ms=500)
    send(cairn, "hand", 6, ago=DAY, name="cart", duration_ms=1)
    send(cairn, "hand", 50, name="home", duration_ms=500)  # does not count
    send(cairn, "hand", 50, ago=31 * DAY, name="cart", duration_ms=500)  # before the period
    indicator(cairn, "hand")
    slo = objective(cairn, "hand")
    assert slo["dataset_slugs"] == ["hand"] and slo["sli"] == {"alias": "cart_ok"} and slo["tags"] == [{"key": "team", "value": "web"}]
    assert "compliance" not in slo and slo["reset_at"] is None
    # 996 good, 4 bad of 1000; 10 may fail.
    found = standing(cairn, "hand", slo)
    assert (found["compliance"], found["budget_remaining"]) == (99.6, 60)
    page = call(cairn, "GET", f"/api/cairn/slos/{slo['id']}")
    assert (page["good"], page["bad"], page["allowed"]) == (996, 4, 10)
    assert page["burn_down"][0][1] == 100 and page["burn_down"][-1][1] == 60 and page["history"][-1][1] == 99.6
    # What comes later, and late, is counted on.
    send(cairn, "hand", 1, ago=1800, name="cart", duration_ms=900)
    wait(lambda: standing(cairn, "hand", slo)["budget_remaining"] < 51)
    cairn.stop()
    cairn.start()
    again = standing(cairn, "hand", slo)
    assert again["name"] == "carts" and abs(again["budget_remaining"] - (1 - 5 / 10.01) * 100) < 0.001
    assert [one["id"] for one in call(cairn, "GET", "/1/slos/hand")] == [slo["id"]]
    assert slo["id"] in [one["id"] for one in call(cairn, "GET", "/1/slos/__all__")]
    changed = call(cairn, "PUT", f"/1/slos/hand/{slo['id']}", {**slo, "name": "cart", "target_per_million": 900_000, "time_period_days": 7})
    assert changed["name"] == "cart" and changed["created_at"] == slo["created_at"]
    assert standing(cairn, "hand", slo)["compliance"] == 99.5005
    column = call(cairn, "GET", "/1/derived_columns/hand?alias=cart_ok")
    call(cairn, "DELETE", f"/1/derived_columns/hand/{column['id']}", status=409)
    call(cairn, "DELETE", f"/1/slos/hand/{slo['id']}", status=204)
    call(cairn, "GET", f"/1/slos/hand/{slo['id']}", status=404)
    call(cairn, "DELETE", f"/1/derived_columns/hand/{column['id']}", status=204)


def test_an_objective_of_several_datasets(cairn):
    send(cairn, "one", 9, ok=1)
    send(cairn, "two", 1, ok=0)
    call(cairn, "POST", "/1/derived_columns/__all__", {"alias": "fine", "expression": "BOOL($ok)"}, 201)
    slo = objective(cairn, "__all__", alias="fine", dataset_slugs=["one", "two"], target_per_million=500_000)
    assert standing(cairn, "__all__", slo)["compliance"] == 90
    assert standing(cairn, "two", slo)["budget_remaining"] == 80
    assert slo["id"] in [one["id"] for one in call(cairn, "GET", "/1/slos/one")]
    refused = call(cairn, "POST", "/1/slos/__all__", {"name": "n", "sli": {"alias": "fine"}, "time_period_days": 1, "target_per_million": 1, "dataset_slugs": ["none"]}, 422)
    assert [detail["field"] for detail in refused["type_detail"]] == ["dataset_slugs[0]"]


def test_what_is_no_objective_is_refused(cairn):
    send(cairn, "refused", 1, name="x")
    for body, fields in [({"name": "n", "sli": {"alias": "none"}, "time_period_days": 1, "target_per_million": 1}, ["sli.alias"]),
                         ({"name": "n"}, ["sli.alias", "time_period_days", "target_per_million"])]:
        answer = call(cairn, "POST", "/1/slos/refused", body, 422)
        assert answer["type"].endswith("/problems/validation-failed") and [detail["field"] for detail in answer["type_detail"]] == fields
    call(cairn, "POST", "/1/slos/refused", None, 400)
    call(cairn, "GET", "/1/slos/refused/00000000", status=404)
    answer = call(cairn, "GET", "/1/burn_alerts/refused", status=422)
    assert [detail["field"] for detail in answer["type_detail"]] == ["slo_id"]


def test_burn_alerts_tell_once_when_it_begins_and_when_it_is_over(cairn, hook):
    send(cairn, "burn", 1000, name="cart", duration_ms=5)
    indicator(cairn, "burn")
    slo = objective(cairn, "burn", name="burning")
    who = call(cairn, "POST", "/1/recipients", {"type": "webhook", "details": {"webhook_name": "burns", "webhook_url": hook.url}}, 201)
    made = [call(cairn, "POST", "/1/burn_alerts/burn", {**body, "description": "runbook", "slo": {"id": slo["id"]}, "recipients": [{"id": who["id"]}]}, 201) for body in (
        {"alert_type": "", "exhaustion_minutes": 240},  # as the Go client writes the default
        {"alert_type": "budget_rate", "budget_rate_window_minutes": 60, "budget_rate_decrease_threshold_per_million": 400_000})]
    assert made[0]["recipients"] == [{"id": who["id"], "type": "webhook", "target": "burns"}] and not made[1]["triggered"]
    assert {one["id"] for one in call(cairn, "GET", f"/1/burn_alerts/burn?slo_id={slo['id']}")} == {one["id"] for one in made}
    send(cairn, "burn", 9, name="cart", duration_ms=500)  # 9 of 10.09 that may fail
    wait(lambda: len(told(hook, "burning")) == 2, timeout=90)
    first = {body["alert_type"]: body for body in told(hook, "burning")}
    exhaustion, rate = first["exhaustion_time"], first["budget_rate"]
    assert exhaustion["status"] == rate["status"] == "TRIGGERED" and exhaustion["id"] == made[0]["id"] and exhaustion["trigger_description"] == "runbook"
    assert exhaustion["minutes_until_exhaustion"] < 240 and exhaustion["slo"]["id"] == slo["id"] and f"/ui/slos/{slo['id']}" in exhaustion["result_url"]
    assert rate["budget_rate_decrease_per_million"] == round(9 / 10.09 * 1e6) and rate["slo"]["budget_remaining"] == round((1 - 9 / 10.09) * 100, 4)
    tried = call(cairn, "POST", f"/api/cairn/slos/{slo['id']}/alerts/{made[0]['id']}/test", {})
    assert tried["met"] and tried["entries"][0]["delivered"] and told(hook, "burning")[-1]["is_test"] is True
    cairn.stop()
    cairn.start()  # knows what it told
    send(cairn, "burn", 20_000, name="cart", duration_ms=5, samplerate=10)
    wait(lambda: [body["status"] for body in told(hook, "burning") if not body["is_test"]].count("OK") == 2, timeout=90)
    assert [body["status"] for body in told(hook, "burning") if not body["is_test"]] == ["TRIGGERED", "TRIGGERED", "OK", "OK"]
    assert not any(one["triggered"] for one in call(cairn, "GET", f"/1/burn_alerts/burn?slo_id={slo['id']}"))
    assert call(cairn, "DELETE", f"/1/recipients/{who['id']}", status=422)["error"]
    changed = call(cairn, "PUT", f"/1/burn_alerts/burn/{made[0]['id']}", {"exhaustion_minutes": 60, "recipients": [{"id": who["id"]}]})
    assert changed["exhaustion_minutes"] == 60 and changed["slo"] == {"id": slo["id"]}
    call(cairn, "PUT", f"/1/recipients/{who['id']}", {**who, "details": {**who["details"], "webhook_name": "embers"}})
    assert [one["target"] for one in call(cairn, "GET", f"/1/burn_alerts/burn/{made[0]['id']}")["recipients"]] == ["embers"]
    call(cairn, "PUT", f"/1/burn_alerts/burn/{made[0]['id']}", {"alert_type": "budget_rate"}, 422)
    call(cairn, "DELETE", f"/1/burn_alerts/burn/{made[0]['id']}", status=204)
    call(cairn, "DELETE", f"/1/slos/burn/{slo['id']}", status=204)
    call(cairn, "GET", f"/1/burn_alerts/burn/{made[1]['id']}", status=404)


def test_a_burn_alert_may_tell_nobody_and_stays(cairn, hook):
    """Terraform's provider has zero or more recipients; one whose last was taken out is still listed, also after a restart."""
    send(cairn, "nobody", 1, name="cart", duration_ms=5)
    indicator(cairn, "nobody")
    slo = objective(cairn, "nobody")
    who = call(cairn, "POST", "/1/recipients", {"type": "webhook", "details": {"webhook_name": "nobody", "webhook_url": hook.url}}, 201)
    body = {"alert_type": "exhaustion_time", "exhaustion_minutes": 60, "slo": {"id": slo["id"]}}
    told = call(cairn, "POST", "/1/burn_alerts/nobody", {**body, "recipients": [{"id": who["id"]}]}, 201)
    assert call(cairn, "PUT", f"/1/burn_alerts/nobody/{told['id']}", {**body, "recipients": []})["recipients"] == []
    ids = {told["id"], call(cairn, "POST", "/1/burn_alerts/nobody", body, 201)["id"]}
    for _ in range(2):
        assert {one["id"] for one in call(cairn, "GET", f"/1/burn_alerts/nobody?slo_id={slo['id']}")} == ids
        assert call(cairn, "GET", f"/1/burn_alerts/nobody/{told['id']}")["exhaustion_minutes"] == 60
        cairn.stop()
        cairn.start()


def test_a_formula_is_tried_before_it_is_kept(cairn):
    send(cairn, "tried", 3, name="cart", duration_ms=5)
    send(cairn, "tried", 1, name="home", duration_ms=5)
    found = call(cairn, "POST", "/api/cairn/slos/preview", {"dataset": "tried", "expression": 'IF($name = "cart", $duration_ms > 10)'})
    assert found == {"good": 0, "bad": 3, "uncounted": 1}
    assert "cannot be read" in call(cairn, "POST", "/api/cairn/slos/preview", {"dataset": "tried", "expression": "IF("}, 422)["error"]


def test_formulas_that_name_formulas_are_bounded(cairn):
    send(cairn, "deep", 2, name="cart", duration_ms=5)
    nested = lambda inner: "IF(true, " * 38 + inner + ")" * 38  # noqa: E731
    for n in range(6):
        call(cairn, "POST", "/1/derived_columns/deep", {"alias": f"c{n}", "expression": nested(f"$c{n - 1}" if n else "$duration_ms")}, 201)
    call(cairn, "POST", "/1/columns/deep", {"key_name": "w"}, 201)
    wide = "CONCAT(" + ",".join(["$w"] * 200) + ")"
    call(cairn, "POST", "/1/derived_columns/deep", {"alias": "w", "expression": wide}, 201)
    trip = call(cairn, "POST", "/1/derived_columns/deep", {"alias": "trip", "expression": "1"}, 201)
    call(cairn, "POST", "/1/derived_columns/deep", {"alias": "round", "expression": "SUM($trip, 1)"}, 201)
    call(cairn, "PUT", f"/1/derived_columns/deep/{trip['id']}", {"alias": "trip", "expression": "SUM($round, 1)"})
    for column, wanted in (("c2", 5), ("c5", None), ("w", ""), ("round", None)):
        answer = call(cairn, "POST", "/api/cairn/query", {"dataset": "deep", "query": {"breakdowns": [column], "calculations": [{"op": "COUNT"}]}})
        assert answer["info"]["rows_matched"] == 2 and len(answer["data"][0]) == 1
        if wanted is not None:
            assert answer["data"][0] == [wanted], column


def test_columns_that_are_not_there_are_named(cairn):
    send(cairn, "missing", 3, name="cart", duration_ms=5)
    refused = call(cairn, "POST", "/1/derived_columns/missing", {"alias": "slow", "expression": "GT($duration, 5) AND $name = \"cart\" OR $is_root"}, 422)
    assert blamed(refused) == ["expression"] and "unknown column 'duration'" in refused["type_detail"][0]["description"]
    # It may be declared before it comes: then nothing is refused, and the page says why nothing counts.
    column = call(cairn, "POST", "/1/columns/missing", {"key_name": "duration", "type": "float"}, 201)
    made = indicator(cairn, "missing", "fast", "IF(EXISTS($duration), LT($duration, 5))")
    call(cairn, "POST", "/1/derived_columns/missing", {"alias": "faster", "expression": "$fast AND LT($duration, 1)"}, 201)
    refused = call(cairn, "PUT", f"/1/derived_columns/missing/{made['id']}", {"alias": "fast", "expression": "LT($fast, 5)"}, 422)
    assert "unknown column 'fast'" in refused["type_detail"][0]["description"]
    slo = objective(cairn, "missing", "fast")
    assert standing(cairn, "missing", slo)["compliance"] == 100
    assert call(cairn, "GET", f"/api/cairn/slos/{slo['id']}")["missing"] == ["duration"]
    assert [one["missing"] for one in call(cairn, "GET", "/api/cairn/slos")["slos"] if one["slo"]["id"] == slo["id"]] == [["duration"]]
    # Gone again, the API says so in its own form.
    call(cairn, "DELETE", f"/1/columns/missing/{column['id']}", status=204)
    refused = call(cairn, "GET", f"/1/slos/missing/{slo['id']}?detailed=true", status=422)
    assert blamed(refused) == ["sli.alias"] and "unknown column 'duration'" in refused["type_detail"][0]["description"]
    assert call(cairn, "GET", f"/1/slos/missing/{slo['id']}")["id"] == slo["id"]
    # A comparison with nothing is false: then everything is bad, and the column is named as well.
    compared = indicator(cairn, "missing", "compared", "LT($later, 5)", before="later")
    everything = objective(cairn, "missing", "compared")
    assert standing(cairn, "missing", everything)["compliance"] == 0
    assert [one["missing"] for one in call(cairn, "GET", "/api/cairn/slos")["slos"] if one["slo"]["id"] == everything["id"]] == [["later"]]
    call(cairn, "PUT", f"/1/derived_columns/missing/{compared['id']}", {"alias": "compared", "expression": "LT($later, 5)", "description": "waits"})
    fields = {"calculations": [{"op": "MAX", "column": "d"}], "calculated_fields": [{"name": "d", "expression": "MUL($duration, $duration_ms)"}]}
    assert blamed(call(cairn, "POST", "/1/queries/missing", fields, 422)) == ["calculated_fields[0].expression"]
    send(cairn, "missing", 1, name="cart", duration=2)
    call(cairn, "POST", "/1/queries/missing", fields)
    wait(lambda: call(cairn, "GET", f"/api/cairn/slos/{slo['id']}")["good"] == 1)
    assert call(cairn, "GET", f"/api/cairn/slos/{slo['id']}")["missing"] == []
