#!/usr/bin/env python3
"""Judge the public calendar's standard windows with other people's libraries.

Makes random standing windows, asks the example `feed_probe` for the calendar that subscribers get, and reads it with the PyPI
packages `icalendar` and `recurring-ical-events`. Every occurrence must be where dateutil and zoneinfo put it by the rule, the
exceptions and the moves of the document; every VTIMEZONE, read by dateutil alone, must give the offsets of zoneinfo until 2037.

    python3 -m venv /tmp/feed && /tmp/feed/bin/pip install icalendar recurring-ical-events python-dateutil PyYAML tzdata
    cargo build -p forewarn-server --example feed_probe
    /tmp/feed/bin/python scripts/check_feed.py [--windows N] [--seed N]

The end of an occurrence over which clocks change is not compared: hours are elapsed time (RFC 5545 3.3.6), and these libraries add them
to what the wall shows. Not asked: times of day at which some clocks jump (RFC 5545 and our rule 4 read what does not exist differently), and COUNT with
exceptions that libraries count differently.
"""

import argparse
import io
import os
import random
import subprocess
import sys
import zoneinfo
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

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
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
