# SPDX-License-Identifier: Apache-2.0
"""Starts microblog.py against a Cairn server, drives it, and prints what was sent as JSON.

usage: python drive.py --base http://127.0.0.1:8080 --xray 127.0.0.1:2000 [--grpc 127.0.0.1:4317] [--rounds 20]
The printed object says how many of each thing Cairn must hold afterwards.
"""
import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

parser = argparse.ArgumentParser()
parser.add_argument("--base", required=True, help="Cairn's HTTP address")
parser.add_argument("--xray", required=True, help="host:port of the X-Ray daemon protocol (UDP and TCP)")
parser.add_argument("--grpc", help="host:port of OTLP/gRPC; without it OTLP goes over HTTP")
parser.add_argument("--service", default="microblog")
parser.add_argument("--rounds", type=int, default=20)
parser.add_argument("--port", type=int, default=4567, help="port of the backend; 0 is any free one")
parser.add_argument("--key", default="dev", help="ingest key, used as Honeycomb key and Rollbar token")
args = parser.parse_args()

if args.port == 0:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        args.port = free.getsockname()[1]
env = dict(
    os.environ, PORT=str(args.port), OTEL_SERVICE_NAME=args.service, LOG_GROUP=args.service,
    OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{args.grpc}" if args.grpc else args.base,
    OTEL_EXPORTER_OTLP_PROTOCOL="grpc" if args.grpc else "http/protobuf",
    OTEL_EXPORTER_OTLP_HEADERS=f"x-honeycomb-team={args.key}",
    ROLLBAR_ENDPOINT=f"{args.base}/api/1/", ROLLBAR_ACCESS_TOKEN=args.key,
    AWS_XRAY_DAEMON_ADDRESS=args.xray, AWS_ENDPOINT_URL=args.base, AWS_DEFAULT_REGION="us-east-1",
    AWS_ACCESS_KEY_ID=os.getenv("AWS_ACCESS_KEY_ID", "dev"),
    AWS_SECRET_ACCESS_KEY=os.getenv("AWS_SECRET_ACCESS_KEY", "dev"))
app = subprocess.Popen([sys.executable, str(Path(__file__).with_name("microblog.py"))], env=env,
                       stdout=sys.stderr, stderr=sys.stderr)
url = f"http://127.0.0.1:{args.port}"
try:
    for _ in range(100):
        try:
            requests.get(f"{url}/flush", timeout=5)
            break
        except requests.ConnectionError:
            if app.poll() is not None:
                sys.exit("microblog.py did not start")
            time.sleep(0.2)
    paths = ["/api/activities/home", "/api/activities/@andrew", "/api/activities/search?term=Cloud",
             "/api/activities/slow", "/api/activities/broken/0", "/api/activities/broken/1",
             "/api/activities/broken/2", "/rollbar/test"]
    for n in range(args.rounds):
        for path in paths:
            requests.get(url + path, headers={"x-user-id": f"user-{n}"}, timeout=30)
    time.sleep(1)  # pyrollbar sends from threads that nobody outside can wait for
    requests.get(f"{url}/flush", timeout=30)
    time.sleep(2)  # and so does X-Ray, by datagrams
finally:
    app.terminate()
    app.wait()
n = args.rounds
print(json.dumps({
    "service": args.service, "rounds": n,
    "otel": {"home-activities-mock-data spans": 2 * n, "db.query spans": n, "error traces": 3 * n},
    "rollbar": {"occurrences": {"KeyError": n, "RuntimeError (cause ValueError)": n, "Hello World! (warning)": n},
                "items": 3},
    "cloudwatch": {"log group": args.service, "HomeActivities lines": 2 * n, "about to fail lines": 3 * n,
                   "JSON lines with event=user_activities": n},
    "xray": {"segments named": args.service, "GET /api/activities/slow": n, "mock-data subsegments": n,
             "fault traces": 3 * n},
}, indent=1))
