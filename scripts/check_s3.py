#!/usr/bin/env python3
"""Judge `forewarn publish --to s3://...` with a store whose signatures are checked by botocore, which others wrote.

The store takes a request only if botocore, given its method, path, headers and body, signs it the same way. One run is with the right
secret: everything must be taken, and come back as it was. One is with another secret: nothing may be taken.

    python3 -m venv /tmp/s3 && /tmp/s3/bin/pip install botocore
    cargo build -p forewarn
    /tmp/s3/bin/python scripts/check_s3.py [--binary target/debug/forewarn]
"""

import argparse
import datetime
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = Path(__file__).resolve().parent.parent
KEY, SECRET, SESSION, REGION = "AKIDEXAMPLE", "a/secret+of=the/judge", "lent/for=a+while", "eu-central-1"


def signature(method, url, signed, headers, body):
    """The `Authorization` that botocore would have written at the request's own time."""
    at = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    request = AWSRequest(method=method, url=url, data=body)
    for name in signed:
        if name not in ("host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"):
            request.headers[name] = headers[name]
    auth = botocore.auth.S3SigV4Auth(Credentials(KEY, SECRET, SESSION), "s3", REGION)
    # The time is that of the request, under both names by which versions of botocore ask for it.
    clocks = [(module, name) for module, name in ((botocore.auth, "get_current_datetime"),) if hasattr(module, name)]
    for module, name in clocks:
        setattr(module, name, lambda remove_tzinfo=True: at.replace(tzinfo=None) if remove_tzinfo else at)
    if not clocks:
        class Clock(datetime.datetime):
            """A clock that stands at the request's time."""
            @classmethod
            def utcnow(cls):
                return at.replace(tzinfo=None)
        botocore.auth.datetime.datetime = Clock
    request.context["signing"] = {}
    request.context["payload_signing_enabled"] = True
    request.headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
    auth.add_auth(request)
    return request.headers["Authorization"]


class Store(BaseHTTPRequestHandler):
    """Takes what is signed as botocore signs it."""

    protocol_version = "HTTP/1.1"
    objects, refused, lock = {}, [], threading.Lock()

    def handle_any(self):
        """One request."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        said = headers.get("authorization", "")
        fields = dict(part.strip().split("=", 1) for part in said.partition(" ")[2].split(",") if "=" in part)
        signed = fields.get("SignedHeaders", "").split(";")
        with self.lock:
            wanted = signature(self.command, f"http://{headers['host']}{self.path}", signed, headers, body)
            wanted = dict(part.strip().split("=", 1) for part in wanted.partition(" ")[2].split(","))
            hashed = headers.get("x-amz-content-sha256") == hashlib.sha256(body).hexdigest()
            if fields != wanted or not hashed:
                self.refused.append((self.command, self.path, fields, wanted))
                return self.answer(403, b"<Error><Code>SignatureDoesNotMatch</Code><Message>No.</Message></Error>")
            if self.command == "PUT":
                self.objects[self.path] = (headers.get("content-type"), body)
                return self.answer(200, b"")
            if self.command == "DELETE":
                self.objects.pop(self.path, None)
                return self.answer(204, b"")
            known = self.objects.get(self.path)
            return self.answer(200, known[1]) if known else self.answer(404, b"")

    do_GET = do_PUT = do_DELETE = handle_any

    def answer(self, status, body):
        """Answers."""
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


def publish(binary, folder, store, secret):
    """Runs the program once."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("FOREWARN_", "AWS_"))}
    variables.update(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=secret, AWS_SESSION_TOKEN=SESSION, AWS_REGION=REGION,
                     AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{store.server_port}")
    arguments = [binary, "publish", "--to", "s3://pages/a prefix (with, signs)", "--data", folder, "--json", "--public-url", "https://status.example.org"]
    return subprocess.run(arguments, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def main():
    """Compare."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", default=str(ROOT / "target/debug/forewarn"))
    options = arguments.parse_args()
    wrong = []
    store = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=store.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        # A database of its own: what is published is an empty page.
        server = subprocess.Popen([options.binary, "serve", "--data", folder, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, env={n: v for n, v in os.environ.items() if not n.startswith("FOREWARN_")})
        server.stdout.readline()
        server.terminate()
        server.communicate()
        good = publish(options.binary, folder, store, SECRET)
        if good.returncode != 0:
            wrong.append(f"the right secret: {good.stdout.decode()}{good.stderr.decode()}")
        else:
            said = json.loads(good.stdout)
            if said["written"] != said["files"] or len(Store.objects) != said["files"] + 1:
                wrong.append(f"{len(Store.objects)} objects, {said}")
        wrong.extend(map(str, Store.refused[:3]))
        taken = len(Store.objects)
        Store.objects.clear()
        bad = publish(options.binary, folder, store, SECRET + "x")
        if bad.returncode == 0 or Store.objects:
            wrong.append("another secret was taken too")
    store.shutdown()
    print(f"botocore {botocore.__version__}: {taken} objects put with signatures that it writes too, {len(Store.refused)} with another secret refused, "
          f"{len(wrong)} problems")
    for problem in wrong:
        print(f"  {problem[:2000]}")
    return 1 if wrong or not Store.refused else 0


if __name__ == "__main__":
    sys.exit(main())
