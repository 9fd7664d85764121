#!/usr/bin/env python3
"""Judges our signatures of mail by another implementation of DKIM (PyPI: dkimpy, with pynacl for Ed25519).

    scripts/judges.sh                  installs the libraries and runs this among the others
    scripts/check_dkim.py --probe PATH [--cases N]

Every case is a made-up message: headers folded, doubled and missing, bodies with odd spaces, empty lines and letters from many
scripts. Both our signatures (RSA and Ed25519) must hold, also after what servers do on the way, and neither once a word was changed.
"""

import argparse
import base64
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

DOMAIN = "example.org"


def keys(folder):
    """One key of each kind, in PEM as openssl writes it."""
    made = {
        "mail": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "fast": ed25519.Ed25519PrivateKey.generate(),
    }
    for selector, key in made.items():
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = folder / f"{selector}.pem"
        file.write_bytes(pem)
        yield f"{selector}._domainkey.{DOMAIN}={file}"


def made_up(chance):
    words = ["maintenance", "of", "the", "portal", "Grüße", "中文", "🙂", "a" * 60, ".", "=20", "-- "]
    gap = lambda: chance.choice([" ", "  ", "\t", " \t "])
    text = lambda most: gap().join(chance.choice(words) for _ in range(chance.randint(1, most)))
    fold = lambda value: value.replace(" ", "\r\n ", 1) if chance.random() < 0.3 else value
    names = ["To", "Subject", "Date", "Message-ID", "Reply-To", "List-Id", "List-Unsubscribe", "References", "X-Other", "Content-Type"]
    headers = [("From", "Example IT <it@example.org>")]
    headers += [(chance.choice(names), fold(chance.choice(["", " "]) + text(8))) for _ in range(chance.randint(0, 12))]
    chance.shuffle(headers)
    head = "".join(f"{name}:{value}\r\n" for name, value in headers)
    lines = [chance.choice(["", "", text(12), " " + text(3), text(3) + "  "]) for _ in range(chance.randint(0, 12))]
    return head + "\r\n" + "".join(line + "\r\n" for line in lines)


def on_the_way(message):
    """What servers do to a message, and `relaxed` forgives."""
    head, _, body = message.partition("\r\n\r\n")
    return "Received: from a by b\r\n" + head.replace("Subject:", "SUBJECT:  ") + "\r\n\r\n" + body + "\r\n\r\n"


def holds(message, records):
    """Whether every signature of the message holds, each looked at alone."""
    verifier = dkim.DKIM(message.encode())
    ask = lambda name, timeout=5: records[name.decode().rstrip(".")].encode()


    def alone(at):
        try:
            return verifier.verify(idx=at, dnsfunc=ask)
        except dkim.DKIMException:
            return False  # it says so of what cannot be right, such as a second From

    return [alone(at) for at in range(2)]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--probe", default="target/debug/examples/dkim_probe")
    arguments.add_argument("--cases", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=20261123)
    options = arguments.parse_args()
    chance = random.Random(options.seed)
    cases = [made_up(chance) for _ in range(options.cases)]
    with tempfile.TemporaryDirectory() as folder:
        lines = "".join(json.dumps(case) + "\n" for case in cases)
        run = subprocess.run([options.probe, *keys(Path(folder))], input=lines, capture_output=True, text=True, check=True)
    first, *ours = [json.loads(line) for line in run.stdout.splitlines()]
    records = dict(first)
    assert len(ours) == len(cases) and len(records) == 2, (len(ours), len(cases), records)
    wrong = 0
    for message, headers in zip(cases, ours):
        signed = headers + message
        changed = [
            headers + message.replace("it@example.org", "eve@example.org"),
            headers + "From: eve@example.org\r\n" + message,
            signed + "One line more.\r\n",
        ]
        if holds(signed, records) != [True, True] or holds(on_the_way(signed), records) != [True, True]:
            wrong += 1
            print(f"does not hold: {signed!r}", file=sys.stderr)
        if any(any(holds(other, records)) for other in changed):
            wrong += 1
            print(f"holds after a change: {signed!r}", file=sys.stderr)
    print(f"{2 * len(cases)} signatures, {wrong} differences")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
