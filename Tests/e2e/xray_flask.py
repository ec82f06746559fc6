# SPDX-License-Identifier: Apache-2.0
"""xray_flask.py NAME SECONDS PATHS PAUSE: a shop under Flask with X-Ray's SDK, which asks itself for PATHS by turns, and prints how often."""
import sys
import time

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from flask import Flask

xray_recorder.configure(service=sys.argv[1])
# Until the rules have come the SDK decides by its own.
xray_recorder.sampler.start()
waited = time.monotonic() + 60
while xray_recorder.sampler._cache.last_updated is None and time.monotonic() < waited:
    time.sleep(0.01)
app = Flask("shop")
XRayMiddleware(app, xray_recorder)


@app.route("/work")
def work():
    with xray_recorder.in_subsegment("step") as part:
        if part:
            part.put_annotation("size", 3)
            part.put_metadata("note", {"deep": [1]})
    return "ok"


@app.route("/many")
def many():
    for index in range(60):
        with xray_recorder.in_subsegment(f"step {index}"):
            pass
    return "ok"


@app.route("/broken")
def broken():
    raise ValueError("no luck")


end = time.monotonic() + float(sys.argv[2])
browser, count = app.test_client(), 0
paths = sys.argv[3].split(",")
while time.monotonic() < end or count < len(paths):
    browser.get(paths[count % len(paths)])
    count += 1
    time.sleep(float(sys.argv[4]))
xray_recorder.emitter._socket.close()
print(count)
