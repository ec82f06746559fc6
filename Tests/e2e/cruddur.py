# SPDX-License-Identifier: Apache-2.0
"""`Examples/cruddur` as a process, with all four vendors at one server, as `./run cruddur` starts it."""
import os
import signal
import socket
import string
import subprocess
import time
import urllib.error
import urllib.request

import cairn_process
from cairn_process import until


def binary():
    """$CAIRN_CRUDDUR, else beside the server."""
    return os.environ.get("CAIRN_CRUDDUR") or cairn_process.binary().parent / "cruddur"


def settings(cairn):
    """The variables of local.env with the server's addresses."""
    places = {"CAIRN_HTTP": cairn.http, "CAIRN_XRAY": cairn.addresses["xray"]}
    lines = (cairn_process.ROOT / "Examples" / "cruddur" / "local.env").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    return {name: string.Template(value).substitute(places) for name, value in pairs}


class Cruddur:
    def __init__(self, cairn, **variables):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("CAIRN_", "OTEL_", "AWS_", "ROLLBAR_", "HONEYCOMB_", "CLOUDWATCH_", "CRUDDUR_"))}
        self.process = subprocess.Popen([binary()], env={**kept, **settings(cairn), "CRUDDUR_PORT": str(port), **variables},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert until(lambda: self.process.poll() is not None or self.answers()) and self.process.poll() is None, self.process.stderr.read()

    def answers(self):
        try:
            return self.get("/api/health-check").status == 200
        except OSError:
            return False

    def get(self, path, user=None):
        """The answer, whatever its status."""
        request = urllib.request.Request(self.url + path, headers={"x-user-id": user} if user else {})
        try:
            return urllib.request.urlopen(request, timeout=20)
        except urllib.error.HTTPError as answer:
            return answer

    def trace_of(self, path, user):
        """The id of the trace that a request of the path made, by what its answer says."""
        answer = self.get(path, user)
        return answer.headers["X-Amzn-Trace-Id"].removeprefix("Root=1-").replace("-", ""), answer.status

    def stop(self, timeout=20):
        """SIGTERM: what it holds is sent. The seconds that took."""
        if self.process.poll() is not None:
            return 0.0
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=timeout)
        assert self.process.returncode == 0
        return time.monotonic() - began
