# SPDX-License-Identifier: Apache-2.0
"""Stands in for the SDKs whose doors are not there yet, so that the microblog runs with OpenTelemetry's alone: found by PYTHONPATH."""
import contextlib
import logging
import sys
import types


class Silent:
    """Takes every call and says nothing."""

    def __getattr__(self, name):
        return self

    def __call__(self, *arguments, **named):
        return self


class Recorder(Silent):
    @contextlib.contextmanager
    def in_subsegment(self, name):
        yield self


class Handler(logging.NullHandler):
    def __init__(self, *arguments, **named):
        super().__init__()


def module(name, **members):
    made = types.ModuleType(name)
    made.__path__ = []
    made.__dict__.update(members)
    sys.modules[name] = made
    parent, _, own = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], own, made)


def ignore(*arguments, **named):
    pass


module("boto3", client=Silent())
module("rollbar", init=ignore, report_message=ignore)
module("rollbar.contrib")
module("rollbar.contrib.flask", report_exception=ignore)
module("watchtower", CloudWatchLogHandler=Handler)
module("aws_xray_sdk")
module("aws_xray_sdk.core", xray_recorder=Recorder())
module("aws_xray_sdk.ext")
module("aws_xray_sdk.ext.flask")
module("aws_xray_sdk.ext.flask.middleware", XRayMiddleware=ignore)
