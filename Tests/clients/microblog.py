# SPDX-License-Identifier: Apache-2.0
"""A small microblog backend, instrumented by four vendors' own SDKs.

It is the kind of program whose owner would run Cairn: a Flask service that sends
  - traces and logs   by OpenTelemetry   (OTEL_* variables choose endpoint and protocol)
  - errors            by pyrollbar       (ROLLBAR_ENDPOINT, ROLLBAR_ACCESS_TOKEN)
  - X-Ray segments    by aws-xray-sdk    (AWS_XRAY_DAEMON_ADDRESS)
  - log lines         by watchtower      (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, ...)
Nothing in it knows Cairn: only the endpoints in the environment differ from production.
"""
import logging
import os
import random
import time
import uuid
from datetime import datetime, timedelta, timezone

import boto3
import requests
import rollbar
import rollbar.contrib.flask
import watchtower
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from flask import Flask, abort, got_request_exception, request
from opentelemetry import metrics, trace
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

if os.getenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf") == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

SERVICE = os.getenv("OTEL_SERVICE_NAME", "microblog")
LOG_GROUP = os.getenv("LOG_GROUP", "microblog")
PORT = int(os.getenv("PORT", "4567"))

provider = TracerProvider(resource=Resource.create({"service.name": SERVICE, "service.version": "1.4.2"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=500))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("microblog.activities")

logger = logging.getLogger("microblog")
logger.setLevel(logging.DEBUG)
logger.addHandler(logging.StreamHandler())
cloudwatch = watchtower.CloudWatchLogHandler(
    log_group_name=LOG_GROUP, boto3_client=boto3.client("logs"), send_interval=1)
logger.addHandler(cloudwatch)

xray_recorder.configure(service=SERVICE, sampling=os.getenv("XRAY_SAMPLING") == "central")

app = Flask(__name__)
FlaskInstrumentor().instrument_app(app)
RequestsInstrumentor().instrument()
XRayMiddleware(app, xray_recorder)

rollbar.init(os.getenv("ROLLBAR_ACCESS_TOKEN", "token"), "production",
             endpoint=os.getenv("ROLLBAR_ENDPOINT"), root=os.path.dirname(os.path.abspath(__file__)),
             code_version="1.4.2", allow_logging_basic_config=False, handler="blocking")
got_request_exception.connect(rollbar.contrib.flask.report_exception, app)


def activity(handle, message, days):
    now = datetime.now(timezone.utc)
    return {"uuid": str(uuid.uuid4()), "handle": handle, "message": message,
            "created_at": (now - timedelta(days=days)).isoformat()}


@app.get("/api/activities/home")
def home():
    user = request.headers.get("x-user-id", f"user-{random.randrange(1000)}")
    with tracer.start_as_current_span("home-activities-mock-data") as span:
        results = [activity("andrew", "Cloud is fun!", 2), activity("worf", "No honor!", 7)]
        span.set_attribute("user.id", user)
        span.set_attribute("app.now", datetime.now(timezone.utc).isoformat())
        span.set_attribute("app.result_length", len(results))
        span.add_event("cache.miss", {"cache.key": f"home:{user}"})
    logger.info("HomeActivities user=%s results=%d", user, len(results))
    return results


@app.get("/api/activities/@<handle>")
def user_activities(handle):
    with xray_recorder.in_subsegment("mock-data") as subsegment:
        results = [activity(handle, "Cloud is fun!", 1)]
        subsegment.put_annotation("handle", handle)
        subsegment.put_metadata("results", {"size": len(results)}, "microblog")
    logger.info({"event": "user_activities", "handle": handle, "latency_ms": random.randint(1, 90)})
    return results


@app.get("/api/activities/search")
def search():
    """One downstream call to this same service, so that a trace crosses a hop."""
    found = requests.get(f"http://127.0.0.1:{PORT}/api/activities/home", timeout=5).json()
    return [a for a in found if request.args.get("term", "") in a["message"]]


@app.get("/api/activities/slow")
def slow():
    with tracer.start_as_current_span("db.query") as span:
        span.set_attribute("db.system", "postgresql")
        span.set_attribute("db.statement", "SELECT * FROM activities WHERE pg_sleep(0.3)")
        time.sleep(0.3)  # what the slow query takes
    return []


@app.get("/api/activities/broken/<int:which>")
def broken(which):
    logger.error("about to fail which=%d", which)
    if which == 0:
        return {"a": 1}["missing"]
    if which == 1:
        try:
            int("not a number")
        except ValueError as cause:
            raise RuntimeError("could not render the timeline") from cause
    abort(503)


@app.get("/rollbar/test")
def rollbar_test():
    rollbar.report_message("Hello World!", "warning", extra_data={"trace_id": format(
        trace.get_current_span().get_span_context().trace_id, "032x")})
    return "Hello World!"


@app.get("/flush")
def flush():
    provider.force_flush()
    cloudwatch.flush()
    return "flushed"


if __name__ == "__main__":
    app.run(port=PORT, threaded=True)
