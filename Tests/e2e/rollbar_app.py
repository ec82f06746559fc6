# SPDX-License-Identifier: Apache-2.0
"""A Flask program with pyrollbar as its owner would set it up. usage: rollbar_app.py ENDPOINT TOKEN HANDLER ROUNDS"""
import asyncio
import os
import sys

import rollbar
import rollbar.contrib.flask
from flask import Flask, got_request_exception

endpoint, token, handler, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
app = Flask(__name__)
rollbar.init(token, "production", endpoint=endpoint, root=os.path.dirname(os.path.abspath(__file__)), code_version="1.4.2",
             allow_logging_basic_config=False, handler=handler, include_request_body=True)
got_request_exception.connect(rollbar.contrib.flask.report_exception, app)
TRACE = "0af7651916cd43dd8448eb211c80319c"


@app.get("/broken/<int:which>")
def broken(which):
    if which == 0:
        return {"a": 1}["missing"]
    try:
        int("not a number")
    except ValueError as cause:
        raise RuntimeError("could not render the timeline") from cause


@app.get("/hello")
def hello():
    rollbar.report_message("Hello World!", "warning", extra_data={"trace_id": TRACE})
    return "Hello World!"


async def drive():
    client = app.test_client()
    for n in range(rounds):
        for path in ("/broken/0", "/broken/1", "/hello"):
            client.get(path, headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "x-user-id": f"user-{n}"})
    # Handlers that post from the event loop have their tasks in it.
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*tasks)


asyncio.run(drive())
