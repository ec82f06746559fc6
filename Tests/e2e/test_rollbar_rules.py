# SPDX-License-Identifier: Apache-2.0
"""Rollbar's notification rules against a receiver of our own, its query language, and a project's grouping rules."""
import http.server
import json
import socketserver
import threading

from cairn_process import until
from test_rollbar import TOKEN, counted, data, get, items, result, send


class Receiver:
    """Takes webhooks; answers the statuses it is given first, then 200."""

    def __init__(self, *statuses):
        self.bodies, self.statuses = [], list(statuses)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def named(self, name):
        return [body for body in self.bodies if body.get("event_name") == name]


class Relay:
    """As much of an SMTP server as a mail needs."""

    def __init__(self):
        self.mails = []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.wfile.write(b"220-relay\r\n220 ready\r\n")
                lines, inside = [], False
                for line in self.rfile:
                    if inside:
                        lines.append(line.decode().rstrip("\r\n"))
                        if line == b".\r\n":
                            outer.mails.append("\n".join(lines))
                            inside = False
                            self.wfile.write(b"250 taken\r\n")
                        continue
                    inside = line.startswith(b"DATA")
                    self.wfile.write(b"354 go on\r\n" if inside else b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 ok\r\n")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self.server.server_address[1]}"


def rule(cairn, channel, trigger, config, filters=()):
    body = [{"trigger": trigger, "config": config, "filters": list(filters)}]
    return cairn.request("POST", f"/api/1/notifications/{channel}/rules", json.dumps(body).encode(), TOKEN)


def test_rules_tell_webhooks_slack_and_mail(make_cairn):
    receiver, relay = Receiver(), Relay()
    cairn = make_cairn(environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1", "CAIRN_SMTP": relay.address}).start()
    for trigger in ("new_item", "exp_repeat_item", "resolved_item", "reopened_item", "reactivated_item", "deploy"):
        assert rule(cairn, "webhook", trigger, {"url": receiver.url}).status == 200
    assert rule(cairn, "slack", "new_item", {"url": receiver.url}, [{"type": "level", "operation": "gte", "value": "error"}]).status == 200
    assert rule(cairn, "email", "new_item", {"to": ["ana@example.com"]}).status == 200
    send(cairn, data(title="<b>Lost</b>", level="error", fingerprint="f"))
    item = counted(cairn, 1)[0]
    assert until(lambda: receiver.named("new_item"))
    told = receiver.named("new_item")[0]["data"]["item"]
    assert (told["id"], told["level"], told["status"], told["title"]) == (item["id"], 40, 1, "<b>Lost</b>")
    assert told["last_occurrence"]["fingerprint"] == "f"
    assert until(lambda: [b for b in receiver.bodies if "text" in b])
    assert "&lt;b&gt;Lost&lt;/b&gt;" in next(b for b in receiver.bodies if "text" in b)["text"]
    assert until(lambda: relay.mails) and "Subject: [default test] New" in relay.mails[0]
    for _ in range(9):
        send(cairn, data(title="Lost", level="error", fingerprint="f"))
    assert until(lambda: receiver.named("exp_repeat_item"))[0]["data"]["occurrences"] == 10
    for status, name in (("resolved", "resolved_item"), ("active", "reopened_item"), ("resolved", "resolved_item")):
        cairn.request("PATCH", f"/api/1/item/{item['id']}", json.dumps({"status": status}).encode(), TOKEN)
        assert until(lambda: receiver.named(name))
    send(cairn, data(title="Lost", level="error", fingerprint="f"))
    assert until(lambda: receiver.named("reactivated_item"))
    cairn.request("POST", "/api/1/deploy/", b'{"environment":"test","revision":"1.0.0"}', TOKEN)
    assert until(lambda: receiver.named("deploy"))[0]["data"]["deploy"]["revision"] == "1.0.0"


def test_pagerduty_is_told_of_an_item_until_it_is_resolved(make_cairn):
    receiver = Receiver()
    key = "cd6e8de3c857aefc950e0d5ebcb79ac2"
    cairn = make_cairn(environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1", "CAIRN_PAGERDUTY_URL": receiver.url}).start()
    for trigger in ("new_item", "resolved_item"):
        made = rule(cairn, "pagerduty", trigger, {"service_key": key})
        assert made.status == 200 and made.json()["result"][0]["config"] == {"service_key": key}, made.body
    assert "service_key" in rule(cairn, "pagerduty", "new_item", {"url": receiver.url}).json()["message"]
    assert "32" in rule(cairn, "pagerduty", "new_item", {"service_key": "short"}).json()["message"]
    assert "no incident" in rule(cairn, "pagerduty", "deploy", {"service_key": key}).json()["message"]
    send(cairn, data(title="Lost", level="error", fingerprint="f"))
    item = counted(cairn, 1)[0]
    assert until(lambda: receiver.bodies)
    began = receiver.bodies[0]
    assert (began["routing_key"], began["event_action"], began["payload"]["severity"]) == (key, "trigger", "error")
    assert "Lost" in began["payload"]["summary"] and began["client_url"].endswith(f"/ui/errors/{item['id']}")
    cairn.request("PATCH", f"/api/1/item/{item['id']}", json.dumps({"status": "resolved"}).encode(), TOKEN)
    assert until(lambda: len(receiver.bodies) == 2)
    assert (receiver.bodies[1]["event_action"], receiver.bodies[1]["dedup_key"]) == ("resolve", began["dedup_key"])


def test_a_delivery_that_fails_is_tried_again_and_the_history_says_so(make_cairn):
    receiver = Receiver(500)
    cairn = make_cairn(environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}).start()
    made = rule(cairn, "webhook", "new_item", {"url": receiver.url}).json()["result"][0]
    send(cairn, data())
    assert until(lambda: len(receiver.bodies) == 2)
    path = f"/notifications/webhook/rule/{made['id']}"
    history = until(lambda: len(found := result(cairn, path + "/history")) == 2 and found)
    assert [(entry["attempt"], entry["delivered"], entry["outcome"]) for entry in reversed(history)] == [(1, False, "status 500"), (2, True, "status 200")]
    tested = cairn.request("POST", f"/api/1{path}/test", b"{}", TOKEN).json()["result"]
    assert tested["delivered"] and len(receiver.bodies) == 3
    assert cairn.request("DELETE", "/api/1" + path, headers=TOKEN).status == 200 and get(cairn, path).status == 404


def test_rules_cannot_reach_into_the_network(make_cairn):
    cairn = make_cairn().start()
    for url in ("http://127.0.0.1:1/", "http://localhost/", "http://[::1]/", "http://169.254.169.254/latest/", "http://0x7f.1/", "http://2130706433/",
                "https://127.0.0.1/", "http://a@127.0.0.1/", "file:///etc/passwd"):
        reply = rule(cairn, "webhook", "new_item", {"url": url})
        assert reply.status == 422, (url, reply)
    assert result(cairn, "/notifications/webhook/rules") == []


def test_rql_answers_as_a_job(make_cairn):
    cairn = make_cairn().start()
    for n in range(6):
        send(cairn, data(level="error" if n % 2 else "warning", person={"id": f"u{n % 3}"}, custom={"n": n},
                         body={"trace_chain": [{"frames": [{"filename": "/srv/a.py", "method": f"f{n % 2}"}], "exception": {"class": "Lost"}}]}))
    counted(cairn, 6)

    def ask(query):
        job = cairn.request("POST", "/api/1/rql/jobs", json.dumps({"query_string": query}).encode(), TOKEN).json()["result"]
        done = until(lambda: (found := result(cairn, f"/rql/job/{job['id']}?expand=result"))["status"] == "success" and found)
        return done["result"]["rows"]

    assert ask("SELECT level, count(*), count_distinct(person.id) FROM item_occurrence GROUP BY level ORDER BY level") == [["error", 3, 3], ["warning", 3, 3]]
    assert ask("SELECT body.trace_chain.0.frames.0.method, sum(custom.n) FROM item_occurrence WHERE timestamp > unix_timestamp() - 3600 GROUP BY 1 ORDER BY 1") == [["f0", 6], ["f1", 9]]
    assert ask("SELECT item.counter FROM item_occurrence WHERE body.trace_chain.0.exception.class = 'Lost' LIMIT 1")[0][0] in (1, 2)
    refused = cairn.request("POST", "/api/1/rql/jobs", b'{"query_string":"SELECT DISTINCT a FROM deploy"}', TOKEN)
    assert refused.status == 422 and "DISTINCT" in refused.json()["message"]


def test_a_projects_rules_decide_before_fingerprints(make_cairn):
    cairn = make_cairn().start()
    send(cairn, data(fingerprint="a"))
    project = result(cairn, "/projects")[0]["id"]
    rules = [{"condition": {"all": [{"path": "context", "contains": "/orders"}, {"path": "body.*.body", "regex_match": "order [0-9]+"}]},
              "fingerprint": "orders", "title": "Orders: {{default_title}}"}]
    patched = cairn.request("PATCH", f"/api/1/project/{project}", json.dumps({"grouping_rules": rules}).encode(), TOKEN)
    assert patched.status == 200, patched
    for n in range(3):
        send(cairn, data(fingerprint=f"x{n}", context="/orders/new", body={"message": {"body": f"order {n} lost"}}))
    found = {item["hash"]: item for item in counted(cairn, 4)}
    assert found["orders"]["total_occurrences"] == 3 and found["orders"]["title"] == "Orders: order 0 lost"
    bad = cairn.request("PATCH", f"/api/1/project/{project}", b'{"grouping_rules":[{"condition":{"path":"a","regex_match":"("},"fingerprint":"x"}]}', TOKEN)
    assert bad.status == 422
    cairn.kill()
    cairn.start()
    assert {item["hash"]: item["total_occurrences"] for item in items(cairn)} == {"a": 1, "orders": 3}
