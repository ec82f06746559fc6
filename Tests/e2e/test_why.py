# SPDX-License-Identifier: Apache-2.0
"""Why an item happens: its requests are held against healthy ones of the route that failed, not against whatever its traces passed through."""
import otlp
from cairn_process import until


def exchange(cairn, ids, number, fails):
    """A request through three services. All ask `auth`, which is fine; where it fails, `timeline` fails and so does the gateway before it."""
    trace, root, inner = ids.trace(), ids.span(), ids.span()
    wrong = "no connection" if fails else None
    fields = {"cloud.region": "ca" if fails else "us", "user.id": f"user-{number}", **({"error.type": "Lost"} if fails else {})}
    timeline = otlp.span(ids, "GET /timeline", trace=trace, parent=root, span_id=inner, error=wrong, fields=fields)
    if fails:
        timeline.events.add(time_unix_nano=timeline.end_time_unix_nano, name="exception", attributes=otlp.attributes({"exception.type": "Lost", "exception.message": "no connection"}))
    spans = {"gateway": [otlp.span(ids, "GET /home", trace=trace, span_id=root, error=wrong, fields=fields)],
             "auth": [otlp.span(ids, "POST /verify", trace=trace, parent=root, fields=fields) for _ in range(2)], "timeline": [timeline]}
    for service, own in spans.items():
        assert cairn.send(otlp.traces(own, service=service).SerializeToString()).status == 200


def test_an_item_is_held_against_the_route_of_its_service(cairn, ids):
    for number in range(20):
        exchange(cairn, ids, number, fails=number < 4)
    assert until(lambda: any(item["total"] == 4 for item in cairn.get("errors", project="timeline", status="any")["items"]))
    item = cairn.get("errors", project="timeline", status="any")["items"][0]
    why = cairn.get(f"errors/{item['id']}/why")
    assert why["basis"] == "requests"
    assert {key: why["route"][key] for key in ("dataset", "name", "affected", "total", "users")} == {"dataset": "timeline", "name": "GET /timeline", "affected": 4, "total": 20, "users": 20}
    assert "error.type" not in {column["name"] for column in why["columns"]}, "that they failed is no news"
    region = next(column for column in why["columns"] if column["name"] == "cloud.region")
    assert [(value["value"], value["selection"], value["baseline"]) for value in region["values"]] == [("ca", 4, 0), ("us", 0, 16)]
