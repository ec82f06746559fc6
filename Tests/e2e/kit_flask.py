# SPDX-License-Identifier: Apache-2.0
"""A Flask service between two Swift ones, with OpenTelemetry's own instrumentation. usage: kit_flask.py NEXT; says its port"""
import json
import sys

import requests
from flask import Flask
from opentelemetry import baggage, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from werkzeug.serving import make_server

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
app = Flask(__name__)
FlaskInstrumentor().instrument_app(app)
RequestsInstrumentor().instrument()


@app.get("/middle")
def middle():
    with trace.get_tracer("middle").start_as_current_span("middle-work") as span:
        span.set_attribute("user.id", baggage.get_baggage("user.id") or "")
        return requests.get(sys.argv[1], timeout=10).text


server = make_server("127.0.0.1", 0, app, threaded=True)
print(json.dumps({"port": server.port}), flush=True)
server.serve_forever()
