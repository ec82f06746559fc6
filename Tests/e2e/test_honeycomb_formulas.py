# SPDX-License-Identifier: Apache-2.0
"""Calculations with names and filters of their own, formulas over them, comparison with an earlier time."""
import json
import random
import subprocess
import time

import cairn_process
import honeycomb
from honeycomb import KEY, blamed, call, told, wait

SETTINGS = {"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}
RATIO = {"calculations": [{"op": "COUNT", "name": "total"}, {"op": "COUNT", "name": "failed", "filters": [{"column": "error", "op": "exists"}]}],
         "formulas": [{"name": "rate", "expression": "DIV($failed, $total)"}]}


def run(cairn, dataset, query, **request):
    """The data of one run of a query."""
    made = call(cairn, "POST", f"/1/queries/{dataset}", query)
    asked = call(cairn, "POST", f"/1/query_results/{dataset}", {"query_id": made["id"], **request}, 201)
    wait(lambda: call(cairn, "GET", f"/1/query_results/{dataset}/{asked['id']}")["complete"])
    return call(cairn, "GET", f"/1/query_results/{dataset}/{asked['id']}")["data"]


def test_a_rate_by_group_over_time_and_of_everything(cairn):
    for app, good, bad in (("web", 6, 2), ("api", 3, 3), ("db", 4, 0)):
        honeycomb.send(cairn, "rates", good, app=app, samplerate=2)
        if bad:
            honeycomb.send(cairn, "rates", bad, app=app, error="broken", samplerate=2)
    query = {**RATIO, "breakdowns": ["app"], "orders": [{"column": "rate", "order": "descending"}], "time_range": 600}
    made = call(cairn, "POST", "/1/queries/rates", query)
    assert {name: made[name] for name in query} == query
    data = run(cairn, "rates", query, disable_total_by_aggregate=False)
    assert [one["data"] for one in data["results"]] == [{"app": "api", "rate": 0.5}, {"app": "web", "rate": 0.25}, {"app": "db", "rate": 0.0}]
    assert data["total_by_aggregate"]["data"] == {"rate": 5 / 18}
    assert {(one["data"]["app"], one["data"]["rate"]) for one in data["series"]} == {("api", 0.5), ("web", 0.25), ("db", 0.0)}
    rest = run(cairn, "rates", {**query, "limit": 1}, disable_series=True, disable_other_by_aggregate=False)
    assert [one["data"]["app"] for one in rest["results"]] == ["api"] and rest["other_by_aggregate"]["data"] == {"rate": 2 / 12}
    some = run(cairn, "rates", {**query, "havings": [{"column": "rate", "op": ">=", "value": 0.25}, {"calculate_op": "COUNT", "column": "total", "op": ">", "value": 12}]})
    assert [one["data"]["app"] for one in some["results"]] == ["web"]
    plain = run(cairn, "rates", {"calculations": RATIO["calculations"], "breakdowns": ["app"], "orders": [{"column": "app"}]})
    assert [one["data"] for one in plain["results"]] == [
        {"app": "api", "total": 12, "failed": 6}, {"app": "db", "total": 8, "failed": 0}, {"app": "web", "total": 16, "failed": 4}]


def test_a_filter_of_a_calculation_is_that_of_a_question(cairn):
    chance = random.Random(7)
    events = [{"time": f"{time.time() - chance.random() * 500:.3f}", "samplerate": chance.choice([1, 1, 4]), "data": {
        "route": chance.choice(["/a", "/b", "/c"]), "status": chance.choice([200, 404, 500]), "duration_ms": chance.random() * 100,
        **({"user": chance.randint(1, 40)} if chance.random() < 0.7 else {})}} for _ in range(3000)]
    call(cairn, "POST", "/1/batch/chances", events)
    filters = [[{"column": "status", "op": ">=", "value": 400}], [{"column": "duration_ms", "op": "<", "value": 30}], [{"column": "user", "op": "does-not-exist"}],
               [{"column": "status", "op": "=", "value": 200}, {"column": "route", "op": "not-in", "value": ["/a"]}]]
    operations = [{"op": "COUNT"}, {"op": "P95", "column": "duration_ms"}, {"op": "SUM", "column": "duration_ms"}, {"op": "COUNT_DISTINCT", "column": "user"}]
    base = {"breakdowns": ["route"], "orders": [{"column": "route"}], "start_time": int(time.time()) - 600, "end_time": int(time.time()) + 60}
    calculations = [{**operation, "name": f"{i} {k}", "filters": own} for i, operation in enumerate(operations) for k, own in enumerate(filters)]
    together = run(cairn, "chances", {**base, "calculations": calculations}, disable_series=True)["results"]
    for k, own in enumerate(filters):
        alone = {one["data"]["route"]: one["data"] for one in run(cairn, "chances", {**base, "calculations": operations, "filters": own}, disable_series=True)["results"]}
        for row in together:
            found = alone.get(row["data"]["route"], {"COUNT": 0, "COUNT_DISTINCT(user)": 0})
            for i, name in enumerate(["COUNT", "P95(duration_ms)", "SUM(duration_ms)", "COUNT_DISTINCT(user)"]):
                mine, wanted = row["data"][f"{i} {k}"], found.get(name)
                assert mine == wanted or abs(mine - wanted) <= 1e-9 * abs(wanted), (name, own, row)


def test_a_trigger_watches_a_formula_or_a_filtered_calculation(cairn, hook):
    honeycomb.send(cairn, "watched", 6, app="web")
    honeycomb.send(cairn, "watched", 4, app="web", error="broken")
    honeycomb.send(cairn, "watched", 9, app="api")
    who = call(cairn, "POST", "/1/recipients", {"type": "webhook", "details": {"webhook_name": "ratio", "webhook_url": hook.url}}, 201)
    body = {"frequency": 60, "threshold": {"op": ">", "value": 0.3}, "recipients": [{"id": who["id"]}]}
    made = call(cairn, "POST", "/1/triggers/watched", {**body, "name": "too many fail", "query": {**RATIO, "breakdowns": ["app"], "time_range": 240}}, 201)
    assert made["query"]["formulas"] == RATIO["formulas"] and made["query"]["calculations"] == RATIO["calculations"]
    wait(lambda: told(hook, "too many fail"))
    found = told(hook, "too many fail")[0][1]
    assert found["result_groups_triggered"] == [{"Group": {"app": "web"}, "Result": 0.4}] and "fm=%5B%22rate%22" in found["result_url"]
    call(cairn, "POST", "/1/triggers/watched", {**body, "name": "some fail", "query": {"calculations": RATIO["calculations"][1:]}}, 201)
    wait(lambda: told(hook, "some fail"))
    assert told(hook, "some fail")[0][1]["result_groups_triggered"] == [{"Group": {}, "Result": 4.0}]
    refused = {**body, "name": "no", "query": {**RATIO, "formulas": RATIO["formulas"] + [{"name": "more", "expression": "$total"}]}}
    assert blamed(call(cairn, "POST", "/1/triggers/watched", refused, 422)) == ["query"]


def test_an_earlier_time_stands_beside_the_answer(cairn):
    honeycomb.send(cairn, "before", 4, app="web")
    honeycomb.send(cairn, "before", 1, app="new")
    honeycomb.send(cairn, "before", 6, ago=3600, app="web")
    honeycomb.send(cairn, "before", 3, ago=3600, app="web", error="broken")
    honeycomb.send(cairn, "before", 2, ago=3600, app="gone")
    query = {**RATIO, "breakdowns": ["app"], "orders": [{"column": "total", "order": "descending"}], "time_range": 1800, "compare_time_offset_seconds": 3600}
    answer = cairn.request("POST", "/api/cairn/query", json.dumps({"dataset": "before", "query": query}), KEY).json()
    assert [column["kind"] for column in answer["columns"]] == ["breakdown", "calculation", "calculation", "formula"]
    assert answer["data"] == [["web", "new"], [4, 1], [0, 0], [0.0, 0.0]]
    earlier = answer["compare"]
    assert earlier["offset_us"] == 3_600_000_000 and earlier["data"] == [["web", "new"], [9, None], [3, None], [3 / 9, None]]
    assert earlier["total"] == {"total": 11, "failed": 3, "rate": 3 / 11}
    assert earlier["series"]["start_us"] == answer["series"]["start_us"] - 3_600_000_000 and earlier["series"]["count"] == answer["series"]["count"]
    assert sum(value or 0 for value in earlier["series"]["values"][0]["total"]) == 9
    # Honeycomb's API keeps the member and answers without the earlier time.
    data = run(cairn, "before", query)
    assert set(data) == {"series", "results"} and sum(one["data"]["rate"] or 0 for one in data["results"]) == 0


def test_the_command_line_asks_the_same(cairn):
    honeycomb.send(cairn, "line", 3, app="web")
    honeycomb.send(cairn, "line", 1, app="web", error="a b")
    honeycomb.send(cairn, "line", 2, ago=7200, app="web")
    said = subprocess.run([cairn_process.binary(), "query", "--server", cairn.url, "--dataset", "line", "--calc", "COUNT", "--calc", "failed=COUNT where error exists and app = web",
                           "--formula", "rate=$failed / $COUNT", "--by", "app", "--last", "1h", "--compare", "2h"], capture_output=True, text=True, timeout=60, check=True).stdout
    lines = said.splitlines()
    assert lines[0].split() == ["app", "COUNT", "2h", "before", "failed", "2h", "before", "rate", "2h", "before"], said
    assert [word for word in lines[1].split() + lines[2].split() if word[0] not in "-─"] == ["web", "4", "2", "1", "0", "0.25", "0"], said
