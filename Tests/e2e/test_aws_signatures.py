# SPDX-License-Identifier: Apache-2.0
"""Signature V4 as a server with keys checks it: by AWS's clients where they can be wrong, by hand where they cannot."""
import datetime
import http.client

import botocore.auth
import botocore.exceptions
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import aws

CALLS = {"xray": "get_sampling_rules", "logs": "describe_log_groups", "cloudwatch": "list_metrics", "sts": "get_caller_identity"}


@pytest.fixture
def signed(make_cairn):
    cairn = make_cairn("signatures")
    key = aws.key(cairn, "ingest,query,manage")
    cairn.start()
    return cairn, key


def refusal(cairn, service, *key):
    with pytest.raises(botocore.exceptions.ClientError) as failure:
        getattr(aws.client(cairn, service, *key), CALLS[service])()
    return failure.value.response["Error"]["Code"], failure.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_wrong_secret_and_an_unknown_key_are_told_in_the_protocol_s_words(signed):
    cairn, (key, secret) = signed
    for service, call in CALLS.items():
        assert getattr(aws.client(cairn, service, key, secret), call)()["ResponseMetadata"]["HTTPStatusCode"] == 200
        # STS speaks the query protocol, whose errors are XML and have names of their own.
        wrong, unknown = ("SignatureDoesNotMatch", "InvalidClientTokenId") if service == "sts" else ("InvalidSignatureException", "UnrecognizedClientException")
        assert refusal(cairn, service, key, "wrong") == (wrong, 403)
        assert refusal(cairn, service, "AKIANOBODY", secret) == (unknown, 403)


def send(cairn, key, monkeypatch, seconds=0, signer=SigV4Auth, change=lambda headers: headers, body=b"", **more):
    """The status and the exception of a request that was signed so many seconds from now and changed on its way."""
    host = cairn.addresses["http"]
    request = AWSRequest(method="POST", url=f"http://{host}/GetSamplingRules", data=b"", headers={"content-type": "application/json"})
    when = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(seconds=seconds)
    with monkeypatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: when)
        signer(Credentials(*key), "xray", aws.REGION, **more).add_auth(request)
    connection = http.client.HTTPConnection(*host.rsplit(":", 1), timeout=30)
    connection.request("POST", request.url.split(host, 1)[1], body, change(dict(request.headers.items())))
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers["x-amzn-errortype"]


def test_what_was_signed_is_what_comes_inside_its_time(signed, monkeypatch):
    cairn, key = signed
    wrong, incomplete = (403, "InvalidSignatureException"), (400, "IncompleteSignatureException")

    def without(name):
        return lambda headers: {key: value for key, value in headers.items() if key.lower() != name}

    def authorization(old, new):
        return lambda headers: {**headers, "Authorization": headers["Authorization"].replace(old, new)}
    for seconds, expected in ((0, (200, None)), (280, (200, None)), (-280, (200, None)), (330, wrong), (-330, wrong), (86_400, wrong), (-86_400, wrong)):
        assert send(cairn, key, monkeypatch, seconds) == expected, seconds
    for change, expected in ((without("content-type"), wrong), (without("x-amz-date"), incomplete), (authorization("host;", ""), incomplete),
                             (authorization("content-type;", ""), wrong), (authorization("aws4_request", "aws5_request"), incomplete),
                             (authorization("/xray/", "/logs/"), wrong), (authorization("Signature=", "Signature=0"), wrong),
                             (lambda headers: {**headers, "Authorization": "AWS4-HMAC-SHA256"}, incomplete)):
        assert send(cairn, key, monkeypatch, change=change) == expected
    assert send(cairn, key, monkeypatch, body=b"{}") == wrong
    for seconds, expires, expected in ((0, 60, (200, None)), (-50, 60, (200, None)), (-70, 60, wrong), (400, 60, wrong), (0, 604_801, incomplete), (-400, 3_600, (200, None))):
        assert send(cairn, key, monkeypatch, seconds, SigV4QueryAuth, expires=expires) == expected, (seconds, expires)
