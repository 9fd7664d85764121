#!/usr/bin/env python3
"""Judges our messages to browsers by other implementations of RFC 8188, 8291 and 8292 (PyPI: http-ece, py-vapid).

    scripts/judges.sh                  installs the libraries and runs this among the others
    scripts/check_push.py --probe PATH [--cases N]

Every case is a made-up browser with keys of its own and a made-up text. It must read exactly that text, another browser must not,
and the sender's proof must hold for the push service that it is for, and not once a letter was changed.
"""

import argparse
import base64
import json
import os
import random
import subprocess
import sys
import time

import http_ece
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

HOSTS = ["https://fcm.googleapis.com", "https://updates.push.services.mozilla.com", "https://web.push.apple.com:8443"]
MOST = 4096 - 86 - 1 - 16


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def browser():
    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return private, point, os.urandom(16)


def made_up(chance, place):
    longest = [b"", bytes(MOST), "Grüße 中文 🙂".encode()]
    message = longest[place] if place < len(longest) else bytes(chance.getrandbits(8) for _ in range(chance.randint(1, MOST)))
    return message, f"{chance.choice(HOSTS)}/send/{chance.getrandbits(64)}"


def reads(body, private, auth):
    try:
        return http_ece.decrypt(body, private_key=private, auth_secret=auth, version="aes128gcm")
    except (InvalidTag, http_ece.ECEException):
        return None


def proof_holds(proof):
    try:
        return bool(Vapid02.verify(proof))
    except Exception:  # it says so in many ways
        return False


def claims(proof):
    return json.loads(from64(proof.split("t=", 1)[1].split(".")[1]))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--probe", default="target/debug/examples/push_probe")
    arguments.add_argument("--cases", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=20261123)
    options = arguments.parse_args()
    chance = random.Random(options.seed)
    cases = [(browser(), *made_up(chance, place)) for place in range(options.cases)]
    lines = [
        json.dumps({"p256dh": url64(point), "auth": url64(auth), "message": base64.b64encode(message).decode(), "url": url})
        for (_, point, auth), message, url in cases
    ]
    now = int(time.time())
    run = subprocess.run([options.probe, str(now)], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    ours = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(ours) == len(cases), (len(ours), len(cases))
    stranger, _, _ = browser()
    wrong = 0
    for ((private, _, auth), message, url), sealed in zip(cases, ours):
        body, proof = base64.b64decode(sealed["body"]), sealed["authorization"]
        broken = body[:-1] + bytes([body[-1] ^ 1])
        said = claims(proof)
        faults = {
            "the browser does not read what was sent": reads(body, private, auth) != message,
            "another browser reads it": reads(body, stranger, auth) is not None,
            "it is read without the secret": reads(body, private, bytes(16)) is not None,
            "it is read after a change": reads(broken, private, auth) is not None,
            "it is too long": len(body) > 4096,
            "the proof does not hold": not proof_holds(proof),
            "the proof holds after a change": proof_holds(proof.replace("t=ey", "t=eZ", 1)),
            "the proof is for another": not url.startswith(said["aud"] + "/"),
            "the proof holds for too long": not now < said["exp"] <= now + 86400,
            "nobody can be asked": said["sub"] != "mailto:it@example.edu",
        }
        for fault in [fault for fault, is_so in faults.items() if is_so]:
            wrong += 1
            print(f"{fault}: {url} {len(message)} bytes", file=sys.stderr)
    print(f"{len(cases)} messages, {wrong} differences")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
