#!/usr/bin/env python3
"""Judges our signatures of a provider's requests by the validator of Twilio's own library (PyPI: twilio).

    scripts/judges.sh                  installs the library and runs this among the others
    scripts/check_phone.py --probe PATH [--cases N]

Every case is a made-up request: an address, sometimes with a port or a query, and a form with names and values from many scripts,
some of them twice. Our signature must be the library's, and the library must take it for right, and a changed one for wrong.
"""

import argparse
import json
import random
import subprocess
import sys

from twilio.request_validator import RequestValidator


class Form(dict):
    """A form with repeated names, as web frameworks give it to the validator."""

    def getlist(self, name):
        return self[name]


def made_up(chance):
    letters = "abcXYZ019 +&=%/?#:;,.'\"<>äñ中🙂\n"
    text = lambda most: "".join(chance.choice(letters) for _ in range(chance.randint(0, most)))
    names = ["To", "From", "Body", "MessageSid", "MessageStatus", "CallStatus", "Digits", "a", "A", "Ab", "aB"]
    form = [(chance.choice(names), text(40)) for _ in range(chance.randint(0, 12))]
    host = chance.choice(["status.example.edu", "status.example.edu:8443", "127.0.0.1:8080"])
    query = chance.choice(["", "?a=1", "?b=2&a=%20x"])
    url = f"{chance.choice(['https', 'http'])}://{host}/hooks/twilio/receipts/{chance.randrange(10**9)}{query}"
    return chance.choice(["12345", "token", "0" * 32]), url, form


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--probe", default="target/debug/examples/phone_probe")
    arguments.add_argument("--cases", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=20261122)
    options = arguments.parse_args()
    chance = random.Random(options.seed)
    cases = [made_up(chance) for _ in range(options.cases)]
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    ours = subprocess.run([options.probe], input=lines, capture_output=True, text=True, check=True).stdout.split()
    assert len(ours) == len(cases), (len(ours), len(cases))
    wrong = 0
    for (token, url, pairs), signature in zip(cases, ours):
        form = Form()
        for name, value in pairs:
            form.setdefault(name, []).append(value)
        validator = RequestValidator(token)
        theirs = validator.compute_signature(url, form)
        changed = url + "x"
        if signature != theirs or not validator.validate(url, form, signature) or validator.validate(changed, form, signature):
            wrong += 1
            print(f"different: {url} {pairs}: ours {signature}, theirs {theirs}", file=sys.stderr)
    print(f"{len(cases)} signatures, {wrong} differences")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
