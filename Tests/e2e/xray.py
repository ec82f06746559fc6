# SPDX-License-Identifier: Apache-2.0
"""X-Ray's documents, by hand, by its daemon's datagrams and by AWS's clients."""
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import boto3
import pytest
from botocore.config import Config

from cairn_process import until as wait

HEADER = b'{"format": "json", "version": 1}\n'
REGION = "eu-central-1"
FLASK = pathlib.Path(__file__).with_name("xray_flask.py")


def client(cairn, listener="http", key="dev", secret="dev"):
    return boto3.client("xray", endpoint_url=f"http://{cairn.addresses[listener]}", region_name=REGION, aws_access_key_id=key,
                        aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}))


def new_trace():
    return f"1-{int(time.time()):08x}-{os.urandom(12).hex()}"


def new_id():
    return os.urandom(8).hex()


def segment(trace=None, name="shop", **more):
    now = time.time()
    document = {"trace_id": trace or new_trace(), "id": new_id(), "name": name, "start_time": now - 0.25, "end_time": now, **more}
    return {key: value for key, value in document.items() if value is not None}


def send(cairn, *payloads):
    host, port = cairn.addresses["xray"].rsplit(":", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for payload in payloads:
            sock.sendto(payload, (host, int(port)))


def until(check, what="it never became true"):
    return wait(check, pause=0.02) or pytest.fail(what)


def documents(cairn, trace, count=1):
    """The documents of a trace, once there are so many."""
    def look():
        traces = client(cairn).batch_get_traces(TraceIds=[trace])["Traces"]
        found = [json.loads(part["Document"]) for part in traces[0]["Segments"]] if traces else []
        return found if len(found) >= count else None
    return until(look, what=f"{trace} has not {count} documents")


def door(cairn, name="xray-daemon"):
    return next(entry for entry in cairn.get("doors")["doors"] if entry["id"] == name)


def flask_client(cairn, name, seconds, paths, pause):
    environment = {**os.environ, "AWS_XRAY_DAEMON_ADDRESS": cairn.addresses["xray"]}
    return subprocess.Popen([sys.executable, str(FLASK), name, str(seconds), paths, str(pause)], env=environment, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)
