# SPDX-License-Identifier: Apache-2.0
"""Requests and their signatures by botocore: Tests/Fixtures/kit/signatures.json, which CairnKit's signer is held against.

  python Tests/e2e/signatures.py     writes the table anew
"""
import json
import pathlib
import random
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.compat

TABLE = pathlib.Path(__file__).resolve().parents[1] / "Fixtures/kit/signatures.json"
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TIME, UNIX_SECONDS = "20150830T123600Z", 1_440_938_160
HOST = "https://example.amazonaws.com"
# The cases of AWS's own suite for Signature Version 4, by their names there: method, target, headers, body, session token. Paths are as the
# suite has them, before they are encoded.
SUITE = {
    "get-vanilla": ("GET", "/", [], "", None),
    "get-vanilla-query": ("GET", "/", [], "", None),
    "get-vanilla-query-order-key": ("GET", "/?Param1=value2&Param1=Value1", [], "", None),
    "get-vanilla-query-order-key-case": ("GET", "/?Param2=value2&Param1=value1", [], "", None),
    "get-vanilla-query-order-value": ("GET", "/?Param1=value2&Param1=value1", [], "", None),
    "get-vanilla-query-unreserved": ("GET", "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", [], "", None),
    "get-vanilla-empty-query-key": ("GET", "/?Param1=value1", [], "", None),
    "get-vanilla-utf8-query": ("GET", "/?%E1%88%B4=bar", [], "", None),
    "get-unreserved": ("GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", [], "", None),
    "get-utf8": ("GET", "/\u1234", [], "", None),
    "get-header-key-duplicate": ("GET", "/", [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")], "", None),
    "get-header-value-order": ("GET", "/", [("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2")], "", None),
    "get-header-value-trim": ("GET", "/", [("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')], "", None),
    "get-relative": ("GET", "/example/..", [], "", None),
    "get-relative-relative": ("GET", "/example1/example2/../..", [], "", None),
    "get-slash": ("GET", "//", [], "", None),
    "get-slash-dot-slash": ("GET", "/./", [], "", None),
    "get-slash-pointless-dot": ("GET", "/./example", [], "", None),
    "get-slashes": ("GET", "//example//", [], "", None),
    "get-space": ("GET", "/example space/", [], "", None),
    "post-vanilla": ("POST", "/", [], "", None),
    "post-vanilla-query": ("POST", "/?Param1=value1", [], "", None),
    "post-header-key-case": ("POST", "/", [], "", None),
    "post-header-key-sort": ("POST", "/", [("My-Header1", "value1")], "", None),
    "post-header-value-case": ("POST", "/", [("My-Header1", "VALUE1")], "", None),
    "post-x-www-form-urlencoded": ("POST", "/", [("Content-Type", "application/x-www-form-urlencoded")], "Param1=value1", None),
    "post-x-www-form-urlencoded-parameters": ("POST", "/", [("Content-Type", "application/x-www-form-urlencoded; charset=utf8")], "Param1=value1", None),
    "post-sts-header-before": ("POST", "/", [], "", "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="),
}


def generated(count):
    """Requests of every kind, the same ones each time."""
    random_ = random.Random(7)
    word = lambda: "".join(random_.choice("abcXYZ019-._~ /%+&=*'(){}é✓:@,;") for _ in range(random_.randint(1, 9)))
    for number in range(count):
        path = "/" + "/".join(random_.choice([urllib.parse.quote(word(), safe=""), ".", "..", "", "a b".replace(" ", "%20")]) for _ in range(random_.randint(0, 4)))
        pairs = [(urllib.parse.quote(word(), safe=""), urllib.parse.quote(word(), safe="")) for _ in range(random_.randint(0, 4))]
        query = "&".join(f"{name}={value}" if random_.random() < 0.85 else name for name, value in pairs)
        headers = [(random_.choice(["X-Amz-Target", "Content-Type", "My-Header", "x-amz-meta-a", "Accept"]), " ".join(word().strip() for _ in range(random_.randint(1, 4))).strip().encode("ascii", "ignore").decode())
                   for _ in range(random_.randint(0, 3))]
        yield f"generated-{number}", (random_.choice(["GET", "POST", "PUT", "DELETE"]), path + ("?" + query if query else ""), headers, word() * random_.randint(0, 20),
                                      random_.choice([None, None, "to/ken+of=" + str(number)]))


class AtThatTime(botocore.auth.SigV4Auth):
    """At the suite's time, with all headers but those that a proxy may change."""

    def signed(self, method, url, headers, body):
        request = botocore.awsrequest.AWSRequest(method, url, data=body)
        for name, value in headers:
            request.headers[name] = value
        request.context["timestamp"] = TIME
        self._modify_request_before_signing(request)
        text = self.string_to_sign(request, self.canonical_request(request))
        names = self.signed_headers(self.headers_to_sign(request))
        return names, self.signature(text, request)


def cases():
    for name, (method, target, headers, body, token) in [*SUITE.items(), *generated(160)]:
        signer = AtThatTime(botocore.credentials.Credentials(KEY, SECRET, token), "service", "us-east-1")
        names, signature = signer.signed(method, HOST + target, headers, body.encode())
        yield {"name": name, "method": method, "url": HOST + target, "headers": headers, "body": body, "token": token, "signedHeaders": names, "signature": signature}


def table():
    return json.dumps({"key": KEY, "secret": SECRET, "unixSeconds": UNIX_SECONDS, "cases": list(cases())}, indent=0) + "\n"


if __name__ == "__main__":
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(table())
