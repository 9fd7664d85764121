#!/usr/bin/env python3
"""Judge what programs read of the public pages with other people's libraries.

Makes random standing windows, asks the example `feed_probe` for the calendar that subscribers get, and reads it with the PyPI
packages `icalendar` and `recurring-ical-events`. Every occurrence must be where dateutil and zoneinfo put it by the rule, the
exceptions and the moves of the document; every VTIMEZONE, read by dateutil alone, must give the offsets of zoneinfo until 2037.

    python3 -m venv /tmp/feed && /tmp/feed/bin/pip install feedparser icalendar recurring-ical-events python-dateutil PyYAML tzdata
    cargo build -p forewarn-server --example feed_probe
    /tmp/feed/bin/python scripts/check_feed.py [--windows N] [--seed N]

The end of an occurrence over which clocks change is not compared: hours are elapsed time (RFC 5545 3.3.6), and these libraries add them
to what the wall shows. Not asked: times of day at which some clocks jump (RFC 5545 and our rule 4 read what does not exist differently), and COUNT with
exceptions that libraries count differently.

Then the probe prints every document of a page with all kinds of events (`--all`): the feeds are read by feedparser, which must find nothing to forgive and the same
entries in all; JSON Feed by the rules of its specification; calendars of each service and each event by icalendar; maintenance by
the rules of the BCOP; alerts by the schema of CAP 1.2 (its order of elements, its lists of words, its times).
"""

import argparse
import base64
import io
import json
import os
import random
import re
import subprocess
import sys
import zoneinfo
from xml.etree import ElementTree
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import feedparser
import icalendar
import recurring_ical_events
import yaml
from dateutil import rrule, tz

ROOT = Path(__file__).resolve().parent.parent
SAME_ZONES = {**os.environ, "TZDIR": next(path for path in zoneinfo.TZPATH if Path(path).is_dir())}
ZONES = ("America/Los_Angeles America/New_York America/St_Johns America/Santiago Europe/Berlin Europe/Dublin Europe/London "
         "Africa/Casablanca Africa/Cairo Asia/Jerusalem Asia/Kathmandu Asia/Tokyo Australia/Lord_Howe Pacific/Auckland "
         "Pacific/Apia America/Caracas UTC").split()
RULES = ("FREQ=WEEKLY;BYDAY=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=-1FR",
         "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=DAILY",
         "FREQ=DAILY;INTERVAL=10", "FREQ=YEARLY;BYMONTH=6,12;BYDAY=1SU", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
         "FREQ=WEEKLY;BYDAY=MO,TH;WKST=SU", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=DAILY;UNTIL=20270331T235959",
         "FREQ=WEEKLY;BYDAY=WE;UNTIL=20270630T120000Z", "FREQ=WEEKLY;BYDAY=WE;COUNT=20")
BEGIN, END = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2028, 4, 1, tzinfo=timezone.utc)


def starts(window):
    """The civil beginnings by the rule, from `from` to beyond the end, by dateutil."""
    rule, until = window["rrule"], None
    parts = [part for part in rule.split(";") if not part.startswith("UNTIL=")]
    for part in rule.split(";"):
        if part.startswith("UNTIL="):
            until = part[6:]
    first = datetime.combine(window["from"], window["clock"])
    zone = ZoneInfo(window["zone"])
    for start in rrule.rrulestr(";".join(parts), dtstart=first):
        if start.year > 2028:
            return
        if until and until.endswith("Z"):
            if start.replace(tzinfo=zone) > datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc):
                return
        elif until and start > datetime.strptime(until, "%Y%m%dT%H%M%S"):
            return
        yield start


def pair(start, lasts, zone):
    """An occurrence, without its end where clocks change before that."""
    end = start + lasts
    changes = start.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset()
    return (start, None if changes else end)


def expected(window):
    """The occurrences as pairs of instants."""
    zone, found = ZoneInfo(window["zone"]), set()
    for start in starts(window):
        if start.date() in window["exdates"]:
            continue
        start = window["moved"].get(start.date(), start).replace(tzinfo=zone).astimezone(timezone.utc)
        if BEGIN <= start < END:
            found.add(pair(start, window["lasts"], zone))
    return found


def random_window(chance):
    """A window whose times no clock jumps over."""
    window = {
        "rrule": chance.choice(RULES), "clock": time(chance.randrange(5, 23), chance.choice([0, 15, 30])), "zone": chance.choice(ZONES),
        "from": date(2024, 1, 1) + timedelta(days=chance.randrange(700)), "lasts": timedelta(minutes=chance.choice([30, 60, 240, 600])),
        "exdates": set(), "moved": {},
    }
    days = [start.date() for start in starts(window)]
    if "COUNT" not in window["rrule"] and len(days) > 6:
        ahead = [day for day in days if day.year >= 2026] or days
        for day in chance.sample(ahead, min(len(ahead), 3)):
            if chance.random() < 0.6:
                window["exdates"].add(day)
            else:
                moved = datetime.combine(day + timedelta(days=chance.randrange(-3, 4)), time(chance.randrange(5, 23), 45))
                window["moved"][day] = moved
    return window


def document(windows):
    """The services as a document: one window each."""
    services = [
        {"id": f"s{n}", "name": f"Service {n}", "windows": [{
            "rrule": w["rrule"], "start": w["clock"].strftime("%H:%M"), "duration": f"PT{int(w['lasts'].total_seconds() // 60)}M",
            "from": str(w["from"]), "time_zone": w["zone"], "exdates": sorted(map(str, w["exdates"])),
            "moved": {str(day): to.isoformat(timespec="minutes") for day, to in w["moved"].items()},
        }]}
        for n, w in enumerate(windows)
    ]
    return yaml.safe_dump({"organisation": {"name": "Example", "time_zone": "UTC"}, "services": services})


def check_zones(text):
    """Each VTIMEZONE, by dateutil, against zoneinfo."""
    wrong, compared = 0, 0
    zones = tz.tzical(io.StringIO(text.replace("\r\n ", "")))
    for name in zones.keys():
        read, known = zones.get(name), ZoneInfo(name)
        for day in range(0, 365 * 13, 3):
            at = datetime(2024, 6, 1, 12, tzinfo=timezone.utc) + timedelta(days=day)
            compared += 1
            if at.astimezone(read).utcoffset() != at.astimezone(known).utcoffset():
                wrong += 1
                print(f"  {name} at {at}: {at.astimezone(read).utcoffset()}, zoneinfo {at.astimezone(known).utcoffset()}")
                break
    print(f"offsets of zones as they are written: {compared} compared of {len(list(zones.keys()))} zones, {wrong} zones differ")
    return wrong


# Elements of CAP 1.2 in the order of its schema, with those that must be there, and its lists of words.
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
ALERT = ("identifier! sender! sent! status! msgType! source scope! restriction addresses code note references incidents info").split()
INFO = ("language category! event! responseType urgency! severity! certainty! audience eventCode effective onset expires senderName "
        "headline description instruction web contact parameter resource area").split()
WORDS = {
    "status": "Actual Exercise System Test Draft", "msgType": "Alert Update Cancel Ack Error", "scope": "Public Restricted Private",
    "category": "Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other",
    "responseType": "Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None",
    "urgency": "Immediate Expected Future Past Unknown", "severity": "Extreme Severe Moderate Minor Unknown",
    "certainty": "Observed Likely Possible Unlikely Unknown",
}
CAP_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")


def check_alert(text):
    """What is wrong with an alert."""
    root, wrong = ElementTree.fromstring(text), []
    if root.tag != CAP + "alert":
        return [f"the root is {root.tag}"]

    def in_order(parent, known):
        names = [child.tag.removeprefix(CAP) for child in parent]
        order = [name.rstrip("!") for name in known]
        wrong.extend(f"{name} is no element here" for name in names if name not in order)
        places = [order.index(name) for name in names if name in order]
        if places != sorted(places):
            wrong.append(f"out of order: {names}")
        wrong.extend(f"{name} is missing" for name in known if name.endswith("!") and name.rstrip("!") not in names)

    in_order(root, ALERT)
    for info in root.iter(CAP + "info"):
        in_order(info, INFO)
    for element in root.iter():
        name, said = element.tag.removeprefix(CAP), (element.text or "").strip()
        if name in WORDS and said not in WORDS[name].split():
            wrong.append(f"{name} is {said}")
        if name in ("sent", "effective", "onset", "expires") and (not CAP_TIME.fullmatch(said) or said.endswith("+00:00")):
            wrong.append(f"{name} is {said}")
        if name in ("identifier", "sender") and re.search(r"[\s,<&]", said):
            wrong.append(f"{name} is {said}")
        if name == "references" and any(len(one.split(",")) != 3 for one in said.split()):
            wrong.append(f"references: {said}")
    return wrong


def check_feeds(pages):
    """The three feeds, by feedparser and by the rules of JSON Feed."""
    wrong, found = [], {}
    for path in ("/history.atom", "/history.rss"):
        feed = feedparser.parse(pages[path]["body"], response_headers={"content-type": pages[path]["type"]})
        if feed.bozo:
            wrong.append(f"{path}: {feed.bozo_exception}")
        for entry in feed.entries:
            if not (entry.get("id") and entry.get("link") and entry.get("title") and entry.get("published_parsed")):
                wrong.append(f"{path}: an entry without id, link, title or date: {entry}")
        found[path] = [(entry.id, entry.link, entry.title, entry.published_parsed) for entry in feed.entries]
    if not found["/history.atom"] or found["/history.atom"] != found["/history.rss"]:
        wrong.append("Atom and RSS do not hold the same entries")
    feed = json.loads(pages["/feed.json"]["body"])
    if feed.get("version") != "https://jsonfeed.org/version/1.1" or not isinstance(feed.get("title"), str):
        wrong.append("/feed.json: version and title are needed")
    ids = [item.get("id") for item in feed["items"]]
    if ids != [entry[0] for entry in found["/history.atom"]] or len(ids) != len(set(ids)):
        wrong.append("/feed.json does not hold the same entries")
    for item in feed["items"]:
        if not isinstance(item.get("id"), str) or not ("content_html" in item or "content_text" in item):
            wrong.append(f"/feed.json: {item}")
        datetime.fromisoformat(item["date_published"])
    return wrong, len(ids)


def check_documents(probe):
    """Every document of a page with all kinds of events."""
    done = subprocess.run([probe, "--all"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=SAME_ZONES, check=True)
    pages = {}
    for line in done.stdout.decode().splitlines():
        page = json.loads(line)
        pages[page["path"]] = {"type": page["type"], "body": base64.b64decode(page["body"])}
    wrong, entries = check_feeds(pages)
    alerts = calendars = notices = 0
    for path, page in pages.items():
        if path.endswith(".cap.xml"):
            alerts += 1
            wrong.extend(f"{path}: {problem}" for problem in check_alert(page["body"]))
        elif path.endswith(".svg"):
            ElementTree.fromstring(page["body"])
        elif path.endswith(".ics"):
            calendars += 1
            calendar = icalendar.Calendar.from_ical(page["body"])
            for event in calendar.walk("VEVENT"):
                wrong.extend(f"{path}: {problem}" for problem in event.errors)
                if "X-MAINTNOTE-MAINTENANCE-ID" in event:
                    notices += 1
                    wrong.extend(f"{path}: {problem}" for problem in check_notice(event))
    print(f"feedparser {feedparser.__version__}: {entries} entries in each of three feeds, {alerts} alerts, {calendars} calendars, "
          f"{notices} notices of maintenance, {len(wrong)} problems")
    for problem in wrong[:20]:
        print(f"  {problem}")
    return len(wrong) + (min(entries, alerts, calendars, notices) == 0)


def check_notice(event):
    """What the BCOP asks of a notice of maintenance."""
    objects = event.get("X-MAINTNOTE-OBJECT-ID")
    objects = objects if isinstance(objects, list) else [objects] if objects else []
    status, wrong = event.get("X-MAINTNOTE-STATUS"), []
    if any(isinstance(event.get(f"X-MAINTNOTE-{name}"), (list, type(None))) for name in ("PROVIDER", "ACCOUNT", "MAINTENANCE-ID", "IMPACT", "STATUS")):
        wrong.append("something is missing or stands twice")
    if status not in ("TENTATIVE", "CONFIRMED", "CANCELLED", "IN-PROCESS", "COMPLETED", "RE-SCHEDULED", "NO-CHANGE"):
        wrong.append(f"status {status}")
    if event.get("X-MAINTNOTE-IMPACT") not in ("NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE"):
        wrong.append("impact")
    if not objects and status not in ("CANCELLED", "COMPLETED"):
        wrong.append("no object")
    if len(objects) > 1 and any("X-MAINTNOTE-OBJECT-IMPACT" not in one.params for one in objects):
        wrong.append("an object without its impact")
    if "SEQUENCE" not in event or event["DTEND"].dt <= event["DTSTART"].dt:
        wrong.append("sequence or end")
    return wrong


def main():
    """Compare everything."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--windows", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=20261123)
    arguments.add_argument("--probe", default=str(ROOT / "target/debug/examples/feed_probe"))
    options = arguments.parse_args()
    chance = random.Random(options.seed)
    windows = [random_window(chance) for _ in range(options.windows)]
    given = document(windows)
    done = subprocess.run([options.probe], input=given.encode(), stdout=subprocess.PIPE, env=SAME_ZONES, check=False)
    if done.returncode != 0:
        sys.exit(f"the probe refused {given[:2000]}")
    text = done.stdout.decode()
    calendar = icalendar.Calendar.from_ical(text)
    found = {n: set() for n in range(len(windows))}
    for event in recurring_ical_events.of(calendar).between(BEGIN, END):
        start, end = event["DTSTART"].dt, event["DTEND"].dt
        n, lasts = int(str(event["SUMMARY"]).rsplit(" ", 1)[1]), end.replace(tzinfo=None) - start.replace(tzinfo=None)
        start = start.astimezone(timezone.utc)
        if BEGIN <= start < END:
            found[n].add(pair(start, lasts, ZoneInfo(windows[n]["zone"])))
    wrong = 0
    for n, window in enumerate(windows):
        wanted = expected(window)
        if found[n] != wanted:
            wrong += 1
            if wrong <= 5:
                more, less = sorted(found[n] - wanted, key=str)[:3], sorted(wanted - found[n], key=str)[:3]
                print(f"  {window}\n    only in the feed: {more}\n    only by the rule: {less}")
    total = sum(map(len, found.values()))
    print(f"icalendar {icalendar.__version__}, seed {options.seed}")
    print(f"standing windows in the calendar: {len(windows)} compared ({total} occurrences), {wrong} differ")
    wrong += check_zones(text)
    wrong += check_documents(options.probe)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
