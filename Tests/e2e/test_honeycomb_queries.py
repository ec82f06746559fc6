# SPDX-License-Identifier: Apache-2.0
"""Honeycomb's queries and their results, where test_honeycomb_formulas.py does not ask them."""
from honeycomb import blamed, call, send, wait


def results(cairn, dataset, query):
    """The results of a query, by its breakdown where it has one, with what is given back of it."""
    made = call(cairn, "POST", f"/1/queries/{dataset}", query)
    assert call(cairn, "GET", f"/1/queries/{dataset}/{made['id']}") == made
    run = call(cairn, "POST", f"/1/query_results/{dataset}", {"query_id": made["id"], "disable_total_by_aggregate": False}, 201)
    path = f"/1/query_results/{dataset}/{run['id']}"
    wait(lambda: call(cairn, "GET", path)["complete"])
    return made, call(cairn, "GET", path)["data"]


def test_usage_mode_counts_the_events_that_are_kept(cairn):
    send(cairn, "usage", 3, samplerate=10, app="a", n=2)
    send(cairn, "usage", 2, app="a", n=7)
    send(cairn, "usage", 1, samplerate=5, app="b", n=1)
    query = {"calculations": [{"op": "COUNT"}, {"op": "SUM", "column": "n"}, {"op": "AVG", "column": "n"}, {"op": "P50", "column": "n"}, {"op": "HEATMAP", "column": "n"},
                              {"op": "COUNT", "name": "own", "filters": [{"column": "n", "op": ">", "value": 1}]}],
             "breakdowns": ["app"], "orders": [{"op": "COUNT", "order": "descending"}], "time_range": 600}
    for mode, expected, all_together in ((False, [(32, 74, 2.3125, 2, 32), (5, 5, 1, 1, 0)], 37), (True, [(5, 20, 4, 2, 5), (1, 1, 1, 1, 0)], 6)):
        made, data = results(cairn, "usage", {**query, "usage_mode": mode})
        assert made.get("usage_mode", False) is mode
        rows = [tuple(row["data"][name] for name in ("COUNT", "SUM(n)", "AVG(n)", "P50(n)", "own")) for row in data["results"]]
        assert rows == expected and data["total_by_aggregate"]["data"]["COUNT"] == all_together
        assert sum(data["total_by_aggregate"]["data"]["HEATMAP(n)"]["counts"]) == all_together
        assert sum(row["data"]["COUNT"] or 0 for row in data["series"]) == all_together
    assert blamed(call(cairn, "POST", "/1/queries/usage", {"usage_mode": "yes"}, 422)) == ["usage_mode"]
