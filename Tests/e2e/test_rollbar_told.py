# SPDX-License-Identifier: Apache-2.0
"""What rules tell: each trigger's payload in Rollbar's own shape, and mails taken by a real SMTP server."""
import email
import email.policy
import json
import socket
import time

from aiosmtpd.controller import Controller
from cairn_process import until
from test_rollbar import TOKEN, counted, data, items, send
from test_rollbar_rules import Receiver, rule

# What Rollbar's webhooks say of an item; those that know the last occurrence say more.
ITEM = {"public_item_id", "integrations_data", "level_lock", "last_activated_timestamp", "assigned_user_id", "group_status", "hash", "id", "environment", "title_lock",
        "title", "last_occurrence_id", "last_occurrence_timestamp", "platform", "first_occurrence_timestamp", "project_id", "resolved_in_version", "status",
        "unique_occurrences", "group_item_id", "framework", "total_occurrences", "level", "counter", "last_modified_by", "first_occurrence_id", "activating_occurrence_id"}
NUMBERS = ("platform", "framework", "level", "status", "level_lock", "title_lock", "counter", "total_occurrences", "group_status", "last_activated_timestamp")


def test_each_trigger_posts_rollbars_shape(make_cairn):
    receiver = Receiver()
    cairn = make_cairn(environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}).start()
    rate = [{"type": "rate", "period": 300, "count": 10}]
    for trigger in ("new_item", "occurrence", "exp_repeat_item", "occurrence_rate", "reactivated_item", "reopened_item", "resolved_item", "deploy"):
        assert rule(cairn, "webhook", trigger, {"url": receiver.url}, rate if trigger == "occurrence_rate" else ()).status == 200
    error = data(level="error", language="python 3.11.7", fingerprint="f", title="All set.", server={"host": "web-1"}, timestamp=time.time() - 5)
    send(cairn, error)
    item = counted(cairn, 1)[0]
    for total in range(2, 14):
        send(cairn, {**error, "timestamp": time.time()})
        counted(cairn, total)
    for status in ("resolved", "active", "resolved"):
        assert cairn.request("PATCH", f"/api/1/item/{item['id']}", json.dumps({"status": status}).encode(), TOKEN).status == 200
    assert until(lambda: len(receiver.named("resolved_item")) == 2)
    send(cairn, error)
    assert cairn.request("POST", "/api/1/deploy/", b'{"environment":"test","revision":"1.0.0","local_username":"ana","comment":"c"}', TOKEN).status == 200
    told = {}
    for name in ("new_item", "occurrence", "exp_repeat_item", "item_velocity", "reactivated_item", "reopened_item", "resolved_item", "deploy"):
        assert until(lambda: receiver.named(name)), name
        told[name] = receiver.named(name)[0]["data"]
        if name == "deploy":
            continue
        shown = told[name]["item"]
        assert ITEM <= set(shown), (name, ITEM - set(shown))
        assert all(type(shown[key]) is int for key in NUMBERS), (name, {key: shown[key] for key in NUMBERS})
        assert (shown["level"], shown["framework"], shown["group_status"], shown["unique_occurrences"]) == (40, 13, 1, None), name
        assert ("last_occurrence" in shown) == (name not in ("occurrence", "item_velocity")), name
    assert set(told["occurrence"]) == {"item", "occurrence"} and told["occurrence"]["occurrence"]["server"]["host"] == "web-1"
    payload = told["new_item"]["item"]["last_occurrence"]
    assert payload["body"]["message"]["body"] == "a message" and type(payload["timestamp"]) is int and payload["metadata"]["customer_timestamp"] == error["timestamp"]
    assert told["exp_repeat_item"]["occurrences"] == 10 and told["exp_repeat_item"]["item"]["total_occurrences"] == 10
    assert told["item_velocity"]["trigger"] == {"threshold": 10, "window_size": 300, "window_size_description": "5 minutes"}
    assert told["resolved_item"]["item"]["status"] == 2 and told["reopened_item"]["item"]["status"] == 1 and told["reactivated_item"]["item"]["status"] == 1
    assert told["deploy"] == {"deploy": {**told["deploy"]["deploy"], "environment": "test", "revision": "1.0.0", "local_username": "ana", "comment": "c", "user_id": None, "status": "succeeded"}}
    # The test button's own event; what is Rollbar's own form says that it works.
    made = rule(cairn, "webhook", "new_item", {"url": receiver.url}).json()["result"][0]["id"]
    assert cairn.request("POST", f"/api/1/notifications/webhook/rule/{made}/test", b"{}", TOKEN).json()["result"]["delivered"]
    assert list(receiver.named("test")[0]["data"]) == ["message"]


class Box:
    """Keeps what a real SMTP server hands it; refuses the first mail for a while."""

    def __init__(self):
        self.mails, self.refusals = [], 1

    async def handle_DATA(self, server, session, envelope):
        if self.refusals:
            self.refusals -= 1
            return "451 come again"
        self.mails.append((envelope, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 taken"


def test_mails_reach_a_real_server(make_cairn):
    box = Box()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    relay = Controller(box, hostname="127.0.0.1", port=port, decode_data=False)
    relay.start()
    try:
        cairn = make_cairn(environment={"CAIRN_SMTP": f"127.0.0.1:{port}", "CAIRN_MAIL_FROM": "cairn@shop.example"}).start()
        made = rule(cairn, "email", "new_item", {"to": ["ana@example.com", "bob@example.com"]}).json()["result"][0]["id"]
        title = "Störung: <b>Zahlung</b> " + "x" * 150
        send(cairn, data(title=title, level="error"))
        counted(cairn, 1)
        assert until(lambda: box.mails)
        envelope, mail = box.mails[0]
        assert envelope.mail_from == "cairn@shop.example" and envelope.rcpt_tos == ["ana@example.com", "bob@example.com"]
        assert mail["subject"].startswith("[default test] New: #1 Störung: <b>Zahlung</b>") and mail["to"] == "ana@example.com, bob@example.com"
        assert abs(mail["date"].datetime.timestamp() - time.time()) < 60 and mail["message-id"].endswith("@shop.example>")
        text = mail.get_content()
        assert title in text and f"/ui/errors/{items(cairn)[0]['id']}" in text
        history = cairn.request("GET", f"/api/1/notifications/email/rule/{made}/history", headers=TOKEN).json()["result"]
        assert [entry["delivered"] for entry in history] == [True, False] and "451" in history[1]["outcome"]
    finally:
        relay.stop()
