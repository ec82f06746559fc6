# SPDX-License-Identifier: Apache-2.0
"""The probe of CairnKit as a process, and collectors for it: one that remembers what it got, and ones that mean it harm."""
import json
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import threading
import time

import cairn_process


def probe():
    """$CAIRN_PROBE, else beside the server."""
    return pathlib.Path(os.environ.get("CAIRN_PROBE") or cairn_process.binary().parent / "kit-probe")


def environment(**variables):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CAIRN_", "OTEL_", "AWS_", "ROLLBAR_", "HONEYCOMB_", "CLOUDWATCH_"))}
    return {**kept, "OTEL_SERVICE_NAME": "probe", **variables}


def run(*words, timeout=60, check=True, **variables):
    """Runs the probe to its end: what it said as JSON, its standard error, its exit code."""
    done = subprocess.run([probe(), *map(str, words)], env=environment(**variables), capture_output=True, text=True, timeout=timeout)
    if check:
        assert done.returncode == 0, f"exit code {done.returncode}:\n{done.stderr[-3000:]}"
    said = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
    return said, done.stderr, done.returncode


class Server:
    """`kit-probe serve`: a Hummingbird server with the kit."""

    def __init__(self, program=None, cpu=None, is_batch=False, **variables):
        """`program`: another that can be asked in its way. `is_batch`: a thread that wakes does not interrupt one that works, as where there are processors for both."""
        on_cpu = ([] if cpu is None else ["taskset", "-c", str(cpu)]) + (["chrt", "--batch", "0"] if is_batch else [])
        self.process = subprocess.Popen([*on_cpu, program or probe(), "serve"], env=environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.port = json.loads(line)["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self, timeout=20):
        """SIGTERM; the seconds it took to go, and what it said at the end."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            out, err = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise AssertionError(f"still there {timeout} s after SIGTERM") from None
        assert self.process.returncode == 0, err[-3000:]
        return time.monotonic() - began, json.loads(out.splitlines()[-1]) if out.strip() else {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class Collector:
    """A TCP server; `answer(connection, request)` does what it likes with a request whose head and body are there."""

    def __init__(self, answer, tls=None, port=0):
        self.answer, self.tls = answer, tls
        self.requests = []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.is_over = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.is_over:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            connection.settimeout(60)
            while not self.is_over:
                request = read_request(connection)
                if request is None:
                    return
                self.requests.append(request)
                if self.answer(connection, request) is False:
                    return
        except OSError:
            pass
        finally:
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_over = True
        # Closing alone leaves the port to the thread that still waits there.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body


def read_request(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(65536)
        if not part:
            return None
        head += part
    head, _, body = head.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    return Request(method, target, headers, body)


def reply(connection, status=200, body=b"", headers=()):
    lines = [f"HTTP/1.1 {status} Because", f"Content-Length: {len(body)}", *headers]
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


# Behaviours that do harm

def silent(connection, request):
    """Keeps the connection for longer than anybody waits."""
    time.sleep(60)


def trickle(connection, request):
    """A byte of the answer now and then."""
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 99:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def huge(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 4294967296\r\n\r\n")
    block = b"\0" * 1048576
    for _ in range(4096):
        connection.sendall(block)


def endless_body(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1000\r\n" + b"y" * 4096 + b"\r\n")


def endless_trailer(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    number = 0
    while True:
        connection.sendall(f"x-trailer-{number}: {'v' * 1000}\r\n".encode())
        number += 1


def endless_header(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"x-header: " + b"v" * 4096 + b"\r\n")


def garbage(connection, request):
    connection.sendall(random.randbytes(4096))
    return False


def reset(connection, request):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def hang_up(connection, request):
    return False


class Statuses:
    """Every status in turn."""

    def __init__(self):
        self.next = 100

    def __call__(self, connection, request):
        self.next = self.next + 1 if self.next < 599 else 200
        if self.next < 200:
            connection.sendall(f"HTTP/1.1 {self.next} Hold\r\n\r\n".encode())
        reply(connection, max(self.next, 200), b"\x00\xff not what you think")


class RetryAfters:
    """Refusals with every form of Retry-After."""
    FORMS = ["0", "1", "-1", "soon", "", "99999999999999999999999", "1e3", "0x10", "Wed, 21 Oct 2099 07:28:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT",
             "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Wed, 99 Foo 2099 99:99:99 GMT", "1, 2", "\u00e9"]

    def __init__(self):
        self.number = 0

    def __call__(self, connection, request):
        form = self.FORMS[self.number % len(self.FORMS)]
        self.number += 1
        connection.sendall(f"HTTP/1.1 503 Busy\r\nRetry-After: {form}\r\nContent-Length: 0\r\n\r\n".encode("latin-1"))


def dead_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]
