"""Checks a captured webhook with the reference library: pip install standardwebhooks, then
python verify_webhook.py target/tmp/webhook-capture.json (written by `cargo test -p forewarn-engine`).
"""

import json
import sys
from datetime import datetime, timezone

from standardwebhooks import webhooks


def clock_at(seconds):
    """The library's clock, standing still, because the captured request is from a fixed instant."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(seconds, tz or timezone.utc)

    return Clock


def refused(secret, body, headers):
    try:
        webhooks.Webhook(secret).verify(body, headers)
    except webhooks.WebhookVerificationError:
        return True
    return False


def main(file):
    with open(file, encoding="utf-8") as captured:
        request = json.load(captured)
    headers, body = request["headers"], request["body"]
    sent = int(headers["webhook-timestamp"])

    webhooks.datetime = clock_at(sent + 1)
    for secret in request["secrets"]:
        assert webhooks.Webhook(secret).verify(body, headers) == json.loads(body)
        assert refused(secret, body.replace("a", "b"), headers), "a changed body"
        assert refused(secret, body, headers | {"webhook-id": "other"}), "another id"
        assert refused(secret, body, headers | {"webhook-timestamp": str(sent + 2)}), "another time"
    assert refused("whsec_" + "A" * 32, body, headers), "another secret"

    webhooks.datetime = clock_at(sent + 301)
    assert refused(request["secrets"][0], body, headers), "a replay"
    print(f"verified with {len(request['secrets'])} secrets; changes and a replay refused")


if __name__ == "__main__":
    main(sys.argv[1])
