# SPDX-License-Identifier: Apache-2.0
"""boto3 clients against a server, with all of boto3's own validation on."""
import json
import subprocess
import time

import boto3
from botocore.config import Config

from cairn_process import binary

ACCOUNT = "123456789012"
REGION = "eu-west-1"


def client(cairn, service, key="dev", secret="dev", region=REGION):
    config = Config(retries={"max_attempts": 0}, inject_host_prefix=False, parameter_validation=True)
    return boto3.session.Session().client(
        service, region_name=region, endpoint_url=f"http://{cairn.addresses['http']}", aws_access_key_id=key,
        aws_secret_access_key=secret, config=config)


def key(cairn, scopes, environment="default"):
    """An access key id and its secret, made in the server's folder."""
    done = subprocess.run([str(binary()), "key", "create", "--aws", "--data", str(cairn.data), "--scopes", scopes, "--environment", environment],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return [line.split("=", 1)[1] for line in done.stdout.split()]


def arn(group):
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"


def code(failure):
    return failure.value.response["Error"]["Code"]


def message(failure):
    return failure.value.response["Error"]["Message"]


def now():
    return int(time.time() * 1000)


def group(logs, name):
    """Makes a group with the stream `s`."""
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    return name


def put(logs, group, *lines, at=None):
    """Puts lines, texts or what becomes JSON, a millisecond apart."""
    start = at or now()
    return logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[
        {"timestamp": start + index, "message": line if isinstance(line, str) else json.dumps(line)} for index, line in enumerate(lines)])


def messages(logs, group, **arguments):
    return [event["message"] for event in logs.filter_log_events(logGroupName=group, **arguments)["events"]]
