# SPDX-License-Identifier: Apache-2.0
"""An address that takes deliveries and keeps what came."""
import http.server
import threading

import pytest


class Webhook:
    def __init__(self):
        self.got = []  # (headers, body)
        self.refusals = 0  # so many more are answered 503, so that they have to come again
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                hook.got.append((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
                hook.refusals -= 1
                self.send_response(503 if hook.refusals >= 0 else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def hook():
    """An address that takes deliveries, for a whole module; SETTINGS have to allow it."""
    hook = Webhook()
    yield hook
    hook.stop()
