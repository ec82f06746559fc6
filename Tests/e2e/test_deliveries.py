# SPDX-License-Identifier: Apache-2.0
"""The one way out: webhooks by https, mails with STARTTLS and a login, and deliveries that outlive a kill."""
import base64
import http.server
import json
import socket
import ssl
import subprocess
import threading

import pytest

from cairn_process import until
from test_rollbar import data, send
from test_rollbar_rules import Receiver, rule


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine that signs itself: (certificate, key)."""
    folder = tmp_path_factory.mktemp("tls")
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
               "-addext", names, "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "certificate.pem", folder / "key.pem"


def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


class SecureRelay:
    """An SMTP server that wants STARTTLS before a login, and a login before a mail."""

    def __init__(self, certificate, ways):
        self.mails, self.logins, self.ways = [], [], ways
        self.context = server_context(certificate)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"localhost:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            try:
                self.talk(connection)
            except OSError:
                pass

    def talk(self, connection):
        connection.sendall(b"220 ready\r\n")
        file, secure = connection.makefile("rb"), False
        while line := file.readline():
            word = line.strip().decode()
            if word.startswith("EHLO"):
                offer = f"250-relay\r\n250-AUTH {self.ways}\r\n250 8BITMIME\r\n" if secure else "250-relay\r\n250 STARTTLS\r\n"
                connection.sendall(offer.encode())
            elif word == "STARTTLS":
                connection.sendall(b"220 go\r\n")
                connection = self.context.wrap_socket(connection, server_side=True)
                file, secure = connection.makefile("rb"), True
            elif word.startswith("AUTH PLAIN"):
                self.logins.append(base64.b64decode(word.split()[2]).split(b"\0")[1:])
                connection.sendall(b"235 in\r\n")
            elif word == "AUTH LOGIN":
                given = []
                for prompt in (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"):
                    connection.sendall(prompt)
                    given.append(base64.b64decode(file.readline().strip()))
                self.logins.append(given)
                connection.sendall(b"235 in\r\n")
            elif word == "DATA":
                connection.sendall(b"354 go\r\n")
                lines = []
                while (text := file.readline()) not in (b".\r\n", b""):
                    lines.append(text.decode())
                self.mails.append("".join(lines))
                connection.sendall(b"250 taken\r\n")
            else:
                connection.sendall(b"250 ok\r\n" if self.logins else b"530 log in first\r\n")


def deliveries(cairn, query=""):
    return cairn.request("GET", f"/api/cairn/deliveries{query}").json()


def test_webhooks_go_by_https_to_whom_a_certificate_names(make_cairn, certificate):
    secure = Receiver()
    secure.server.socket = server_context(certificate).wrap_socket(secure.server.socket, server_side=True)
    url = secure.url.replace("http://", "https://")
    cairn = make_cairn(environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1,localhost", "CAIRN_DELIVERY_CA": str(certificate[0])}).start()
    assert rule(cairn, "webhook", "new_item", {"url": url}).status == 200
    send(cairn, data(title="Lost"))
    assert until(lambda: secure.named("new_item"))
    tested = cairn.request("POST", "/api/cairn/deliveries/test", json.dumps({"url": url.replace("127.0.0.1", "localhost")}).encode()).json()
    assert tested["delivered"] and tested["outcome"] == "status 200" and secure.bodies[-1]["event_name"] == "test"
    cairn.stop()
    # Nobody vouches for the certificate: nothing is sent.
    other = make_cairn(environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}).start()
    before = len(secure.bodies)
    refused = other.request("POST", "/api/cairn/deliveries/test", json.dumps({"url": url}).encode()).json()
    assert not refused["delivered"] and "CERTIFICATE" in refused["outcome"].upper(), refused
    assert len(secure.bodies) == before


@pytest.mark.parametrize("ways", ["PLAIN LOGIN", "LOGIN"])
def test_mails_log_in_behind_starttls(make_cairn, certificate, ways):
    relay = SecureRelay(certificate, ways)
    environment = {"CAIRN_SMTP": relay.address, "CAIRN_SMTP_USER": "ana", "CAIRN_SMTP_PASSWORD": "geheim", "CAIRN_DELIVERY_CA": str(certificate[0])}
    cairn = make_cairn(environment=environment).start()
    assert rule(cairn, "email", "new_item", {"to": ["ana@example.com", "bob@example.com"]}).status == 200
    send(cairn, data(title="Verlörene Münze"))
    assert until(lambda: relay.mails), deliveries(cairn)
    assert relay.logins == [[b"ana", b"geheim"]]
    assert "Subject: =?utf-8?B?" in relay.mails[0] and "To: ana@example.com, bob@example.com" in relay.mails[0]
    assert "geheim" not in json.dumps(deliveries(cairn))


def test_what_waits_is_sent_after_a_kill(make_cairn):
    receiver = Receiver(*[503] * 4)
    cairn = make_cairn(environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}).start()
    rule(cairn, "webhook", "new_item", {"url": receiver.url})
    send(cairn, data(title="Lost"))
    # The second try comes a second after the first; the third only after four more.
    assert until(lambda: [waiting for waiting in deliveries(cairn)["waiting"] if waiting["attempts"] == 2])
    until(lambda: deliveries(cairn)["entries"][0]["attempt"] == 2)
    # Kept within a quarter of a second.
    threading.Event().wait(0.6)
    cairn.kill()
    receiver.statuses.clear()
    seen = len(receiver.bodies)
    cairn.start()
    [waiting] = deliveries(cairn)["waiting"] or [{"id": 0}]
    cairn.request("POST", f"/api/cairn/deliveries/{waiting['id']}/retry", b"")
    assert until(lambda: len(receiver.bodies) == seen + 1)
    assert receiver.bodies[-1]["data"]["item"]["title"] == "Lost"
    found = until(lambda: (now := deliveries(cairn, "?kind=rule")) and not now["waiting"] and now)
    [destination] = found["destinations"]
    assert (destination["destination"], destination["delivered"], destination["failed"]) == (receiver.url, 1, 0)
    assert [entry["attempt"] for entry in found["entries"]] == [3, 2, 1] and found["entries"][0]["final"]
    cairn.stop()
    cairn.start()
    assert deliveries(cairn)["entries"] == found["entries"] and deliveries(cairn)["waiting"] == []


def test_a_delivery_can_be_given_up(make_cairn):
    receiver = Receiver(*[503] * 10)
    cairn = make_cairn(environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}).start()
    rule(cairn, "webhook", "new_item", {"url": receiver.url})
    send(cairn, data(title="Lost"))
    [waiting] = until(lambda: [waiting for waiting in deliveries(cairn)["waiting"] if waiting["attempts"] == 2])
    assert cairn.request("DELETE", f"/api/cairn/deliveries/{waiting['id']}").status == 200
    assert deliveries(cairn)["waiting"] == [] and deliveries(cairn)["entries"][0]["outcome"] == "given up by hand"
    assert cairn.request("DELETE", f"/api/cairn/deliveries/{waiting['id']}").status == 404


def test_redirects_are_not_followed(make_cairn):
    class Redirect(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(307)
            self.send_header("location", target.url)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    target = Receiver()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirect)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cairn = make_cairn(environment={"CAIRN_WEBHOOK_HOSTS": "127.0.0.1"}).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    tested = cairn.request("POST", "/api/cairn/deliveries/test", json.dumps({"url": url}).encode()).json()
    assert tested["outcome"] == "status 307" and not tested["delivered"] and target.bodies == []
    for refused in ("http://169.254.169.254/", "ftp://x", "https://[::1]/"):
        assert cairn.request("POST", "/api/cairn/deliveries/test", json.dumps({"url": refused}).encode()).status == 422
