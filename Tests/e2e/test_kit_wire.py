# SPDX-License-Identifier: Apache-2.0
"""What CairnKit writes, held against what the real vendors take: botocore's models and its signatures, and certificates by signal."""
import base64
import gzip
import json
import ssl
import subprocess

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.session
import botocore.validate
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import kit
import signatures

KEY, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "ap-south-1"
AWS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": "a/token+of=some", "AWS_REGION": REGION}


def shape_of(service, operation):
    return botocore.session.get_session().get_service_model(service).operation_model(operation)


def check_shape(service, operation, request):
    model = shape_of(service, operation)
    parameters = json.loads(request.body)
    report = botocore.validate.ParamValidator().validate(parameters, model.input_shape)
    assert not report.has_errors(), report.generate_report()
    known = set(model.input_shape.members)
    assert set(parameters) <= known, set(parameters) - known
    return parameters


class AsSent(botocore.auth.SigV4Auth):
    """Signs the headers that were signed, with the time that was sent."""

    def __init__(self, credentials, service, region, names, time):
        super().__init__(credentials, service, region)
        self.names, self.time = names, time

    def headers_to_sign(self, request):
        headers = super().headers_to_sign(request)
        for name in set(headers.keys()) - set(self.names):
            del headers[name]
        return headers


def check_signature(service, collector, request):
    """botocore comes to the same signature."""
    authorization = dict(part.strip().split("=", 1) for part in request.headers["authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(","))
    names = authorization["SignedHeaders"].split(";")
    assert {"host", "x-amz-date", "x-amz-security-token"} <= set(names)
    headers = {name: request.headers[name] for name in names}
    signed = botocore.awsrequest.AWSRequest("POST", collector.url + request.target, headers=headers, data=request.body)
    signed.context["timestamp"] = request.headers["x-amz-date"]
    signer = AsSent(botocore.credentials.Credentials(KEY, SECRET), service, REGION, names, request.headers["x-amz-date"])
    text = signer.string_to_sign(signed, signer.canonical_request(signed))
    assert signer.signature(text, signed) == authorization["Signature"]


def test_requests_to_cloudwatch_are_what_boto3_would_send(mark):
    seen = []

    def answer(connection, request):
        operation = request.headers.get("x-amz-target", "").removeprefix("Logs_20140328.")
        seen.append((operation, request))
        if operation in ("PutLogEvents", "CreateLogStream") and not any(name == "CreateLogGroup" for name, _ in seen):
            return kit.reply(connection, 400, b'{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}')
        kit.reply(connection, 200, b"{}")

    with kit.Collector(answer) as collector:
        said, err, _ = kit.run("send", mark, OTEL_TRACES_EXPORTER="none", OTEL_METRICS_EXPORTER="none", OTEL_LOGS_EXPORTER="cloudwatch", AWS_ENDPOINT_URL=collector.url,
                               CLOUDWATCH_LOG_GROUP=f"/shop/{mark}", CLOUDWATCH_LOG_STREAM="web-1", CLOUDWATCH_LOG_RETENTION_DAYS="14", **AWS)
        assert said["lost"] == {}, (said, err)
        assert [name for name, _ in seen] == ["PutLogEvents", "CreateLogStream", "CreateLogGroup", "PutRetentionPolicy", "CreateLogStream", "PutLogEvents"]
        for name, request in seen:
            assert request.headers["content-type"] == "application/x-amz-json-1.1"
            check_shape("logs", name, request)
            check_signature("logs", collector, request)
        line = json.loads(json.loads(seen[-1][1].body)["logEvents"][0]["message"])
        assert line["message"] == f"probe line {mark}"


@pytest.mark.parametrize("error,kept", [("ThrottlingException", True), ("ExpiredTokenException", True), ("AccessDeniedException", True), ("InvalidParameterException", False)])
def test_what_cloudwatch_takes_later_waits_on_disk(mark, tmp_path, error, kept):
    """AWS says so with status 400; only what the request itself is refused for will never be taken."""
    with kit.Collector(lambda connection, request: kit.reply(connection, 400, json.dumps({"__type": error, "message": "no"}).encode())) as collector:
        said, err, _ = kit.run("send", mark, OTEL_TRACES_EXPORTER="none", OTEL_METRICS_EXPORTER="none", OTEL_LOGS_EXPORTER="cloudwatch", AWS_ENDPOINT_URL=collector.url,
                               CLOUDWATCH_SPILL_FOLDER=str(tmp_path / "spill"), **AWS)
    waiting = list((tmp_path / "spill").glob("*"))
    assert bool(waiting) == kept and (said["lost"] == {}) == kept, (said, waiting, err)


@pytest.mark.parametrize("status", [200, 401])
def test_user_and_password_of_an_address_are_sent_and_told_to_nobody(mark, status):
    seen = []

    def answer(connection, request):
        seen.append((request.target, request.headers.get("authorization")))
        kit.reply(connection, status)

    with kit.Collector(answer) as collector:
        said, err, _ = kit.run("send", mark, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url.replace("://", "://me:hu%40sh@"))
    basic = "Basic " + base64.b64encode(b"me:hu@sh").decode()
    assert {target for target, _ in seen} == {"/v1/traces", "/v1/logs", "/v1/metrics"} and {header for _, header in seen} == {basic}, seen
    assert (said["lost"] == {}) == (status == 200) and "hu%40sh" not in err and "hu@sh" not in err, (said, err)
    assert ("REDACTED" in err) == (status == 401), err


def test_requests_to_xray_are_what_boto3_would_send(mark):
    rules = {"SamplingRuleRecords": [{"SamplingRule": {
        "RuleName": "all", "Priority": 1, "FixedRate": 1.0, "ReservoirSize": 5, "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*",
        "URLPath": "*", "ResourceARN": "*", "Version": 1}, "CreatedAt": 0, "ModifiedAt": 0}]}
    paths = {"/TraceSegments": "PutTraceSegments", "/GetSamplingRules": "GetSamplingRules", "/SamplingTargets": "GetSamplingTargets"}
    answers = {"/TraceSegments": {"UnprocessedTraceSegments": []}, "/GetSamplingRules": rules, "/SamplingTargets": {"SamplingTargetDocuments": []}}

    def answer(connection, request):
        kit.reply(connection, 200 if request.target in answers else 404, json.dumps(answers.get(request.target, {})).encode())

    with kit.Collector(answer) as collector:
        said, err, _ = kit.run("load", 200, 11.5, OTEL_TRACES_EXPORTER="xray", OTEL_METRICS_EXPORTER="none", OTEL_LOGS_EXPORTER="none", OTEL_TRACES_SAMPLER="xray",
                               CAIRN_XRAY_TRANSPORT="api", AWS_ENDPOINT_URL=collector.url, AWS_XRAY_DAEMON_ADDRESS=f"127.0.0.1:{collector.port}", **AWS)
        assert said["lost"] == {}, (said, err)
        assert {request.target for request in collector.requests} == set(paths), err
        for request in collector.requests:
            assert request.method == "POST"
            model = shape_of("xray", paths[request.target])
            assert model.http["requestUri"] == request.target
            parameters = check_shape("xray", paths[request.target], request)
            if request.target == "/TraceSegments":
                check_signature("xray", collector, request)
                assert len(parameters["TraceSegmentDocuments"]) <= 50
                check_document(json.loads(parameters["TraceSegmentDocuments"][0]))
            if request.target == "/SamplingTargets":
                statistics = parameters["SamplingStatisticsDocuments"][0]
                assert statistics["RuleName"] == "all" and statistics["RequestCount"] >= statistics["SampledCount"] > 0


def check_document(document):
    """The fields that X-Ray asks of every segment."""
    assert set(document) >= {"name", "id", "trace_id", "start_time", "end_time"}
    version, seconds, rest = document["trace_id"].split("-")
    assert version == "1" and len(seconds) == 8 and len(rest) == 24 and len(document["id"]) == 16
    assert document["end_time"] >= document["start_time"] > 1.7e9


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate of one's own for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=collector", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    return folder


def test_each_signal_may_have_certificates_of_its_own(authority, mark):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    mutual = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    mutual.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    mutual.load_verify_locations(authority / "cert.pem")
    mutual.verify_mode = ssl.CERT_REQUIRED

    def answer(connection, request):
        kit.reply(connection)

    with kit.Collector(answer) as plain, kit.Collector(answer, context) as secure, kit.Collector(answer, mutual) as known:
        said, err, _ = kit.run(
            "send", mark, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=plain.url + "/v1/traces", OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=secure.url + "/v1/logs",
            OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE=str(authority / "cert.pem"), OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=known.url + "/v1/metrics",
            OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE=str(authority / "cert.pem"), OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE=str(authority / "cert.pem"),
            OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY=str(authority / "key.pem"), OTEL_EXPORTER_OTLP_COMPRESSION="gzip")
        assert said["lost"] == {}, (said, err)
        for collector, message in [(plain, ExportTraceServiceRequest), (secure, ExportLogsServiceRequest), (known, ExportMetricsServiceRequest)]:
            assert len(collector.requests) == 1, (message, err)
            request = collector.requests[0]
            assert request.headers["content-encoding"] == "gzip" and request.headers["content-type"] == "application/x-protobuf"
            message.FromString(gzip.decompress(request.body))

        # With nobody's certificate the secure one is refused, and that is told.
        said, err, _ = kit.run("send", mark, OTEL_EXPORTER_OTLP_ENDPOINT=secure.url, OTEL_METRICS_EXPORTER="none", OTEL_LOGS_EXPORTER="none",
                               OTEL_EXPORTER_OTLP_TIMEOUT="1000")
        assert said["lost"] == {"otlp traces": 2} and "could not be sent" in err, (said, err)


def test_the_recorded_signatures_are_botocores():
    """The table that the Swift tests hold the signer against."""
    assert signatures.TABLE.read_text() == signatures.table()
