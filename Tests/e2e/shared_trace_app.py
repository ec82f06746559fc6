# SPDX-License-Identifier: Apache-2.0
"""A Flask program with pyrollbar, OpenTelemetry and the X-Ray SDK in one process, which share the trace that the caller names.

usage: shared_trace_app.py BASE XRAY_ADDRESS SERVICE TRACE…   Each TRACE is 32 hex digits and makes one failure.
"""
import os
import sys

import rollbar
import rollbar.contrib.flask
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from flask import Flask, got_request_exception
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

base, daemon, service, traces = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
provider = TracerProvider(resource=Resource.create({"service.name": service}))
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=f"{base}/v1/traces")))
trace.set_tracer_provider(provider)
xray_recorder.configure(service=service, sampling=False, daemon_address=daemon)
app = Flask(__name__)
FlaskInstrumentor().instrument_app(app)
XRayMiddleware(app, xray_recorder)
rollbar.init("token", "production", endpoint=f"{base}/api/1/", root=os.path.dirname(os.path.abspath(__file__)),
             allow_logging_basic_config=False, handler="blocking")
got_request_exception.connect(rollbar.contrib.flask.report_exception, app)


@app.get("/pay")
def pay():
    return {"a": 1}["missing"]


client = app.test_client()
for one in traces:
    reply = client.get("/pay", headers={"traceparent": f"00-{one}-b7ad6b7169203331-01",
                                        "x-amzn-trace-id": f"Root=1-{one[:8]}-{one[8:]};Sampled=1"})
    assert reply.status_code == 500
provider.force_flush()
