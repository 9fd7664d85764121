#!/usr/bin/env python3
"""Judge Forewarn's planner: compute random plans again from its rules, with other people's libraries.

The rules are those of the design page planning.md (numbers in brackets below); the libraries are zoneinfo, numpy's
busday functions, dateutil, `holidays` and PyYAML. Nothing here was taken from the Rust code. Three parts:

* plans: random document sets, each planned twice by `forewarn plan FILE --at TIME --json`: notices, breaches, affected
  services, the window, ids;
* time (promise K14): windows and notices in and around gaps, folds, skipped days, leap days and the like;
* recurrence: random RFC 5545 rules, answered by the example `recurrence_probe`, against dateutil.

Prints what it compared, how many differ and the first differences of each kind, and keeps their documents. The exit code
is 0 without differences, 1 with some, 2 if the binary or the probe is missing. Run from anywhere:

    python3 -m venv /tmp/judge-venv
    /tmp/judge-venv/bin/pip install holidays==0.109 numpy python-dateutil PyYAML
    cargo build && cargo build --example recurrence_probe
    /tmp/judge-venv/bin/python scripts/check_plans.py [--part plans|time|recurrence|all] [--seed N] [--cases N]

What the rules leave open, and how the program is followed or not asked:

* `before` goes from the earliest to the latest by usual length (a business day is 7/5 days, a month 1/12 year); others are refused.
* "Nearer to the start" [6] is the later due time; of two at one time the later in `before`. It keeps its milestone and offset.
* A due time equal to `now` is not late. Breaches list a late one even if another of its day would have stood for it.
* A maintenance has no severity: `routing.severities` does not keep it away. Of the ways to a service the path is a shortest.
* A notice's channels are those used at first, without a fallback such as `{sms: {after: PT15M}}`.
* `emergency` announces once, at `now`, without offset or breach. `release` for a maintenance is an announcement at 5bd.
* Planned after the start: `start` and `completion` that have passed are due now; passed `progress`, `overrun_check`
  and `hypercare` are dropped. `internal` is technical, by email, in the organisation's zone.
* A window under 15 minutes has its `overrun_check` halfway: 15 minutes before its end it has not begun.
* `hypercare` is due at the policy's time of day, up to 14 days (a week: 7) after the date of the promised end, by date.
* The earliest compliant start [5] keeps the civil time that was written, also where a gap moved it on the planned day.
* A start that is not before the end, as instants, is refused with exit code 1.
* Recurrence: UNTIL as a date may or may not include an occurrence on that date. Not asked: what RFC 5545 forbids, and
  where dateutil itself leaves it (BYWEEKNO without BYDAY; ordinals beside plain weekdays; BYSETPOS in a first week
  that is not whole; BYWEEKNO with INTERVAL or BYSETPOS; weeks counted from the end beyond -10).
"""

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from functools import cache
from importlib import import_module
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy
import yaml
from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrulestr

ROOT = Path(__file__).resolve().parent.parent
# scripts/holidays.py has the package's name: drop this folder from the path before importing it.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT / "scripts"]
package = import_module("holidays")

SEED = 20261123
UTC = timezone.utc
DAY, HOUR, MINUTE, SECOND = (timedelta(**{unit: 1}) for unit in ("days", "hours", "minutes", "seconds"))
ZONES = (
    "America/Los_Angeles America/New_York America/St_Johns America/Santiago America/Asuncion America/Havana America/Nuuk "
    "Europe/Berlin Europe/London Europe/Dublin Europe/Chisinau Africa/Casablanca Africa/Cairo Asia/Beirut Asia/Jerusalem "
    "Asia/Tehran Asia/Kolkata Asia/Kathmandu Asia/Tokyo Australia/Lord_Howe Australia/Adelaide Pacific/Apia "
    "Pacific/Chatham Pacific/Auckland Pacific/Kiritimati Atlantic/Azores Antarctica/Troll America/Caracas UTC"
).split()
LEVELS = ["non_technical", "semi_technical", "technical"]
CHANNELS = ["email", "chat", "sms", "voice", "webhook"]
BUILT_IN = {
    "routine": "5bd 1bd 30min",
    "major": "8w 4w 5bd 1bd 30min",
    "migration": "3mo 1mo 5bd 1bd 30min",
    "end_of_life": "1y 6mo 3mo 1mo 5bd",
    "emergency": "",
    "release": "5bd",
}
POOL = (
    "1bd 1bd 1bd 2bd 2bd 3bd 4bd 5bd 5bd 7bd 10bd 15bd 20bd 21bd 43bd 1w 1w 2w 3w 4w 6w 8w 13w 1mo 1mo 2mo 3mo 6mo 1y 2y "
    "1h 2h 4h 8h 12h 20h 24h 24h 30h 36h 48h 60h 72h 96h 150h 170h 15min 20min 30min 30min 45min 90min 600min"
).split()
USUAL_HOURS = {"bd": 24 * 7 / 5, "w": 168, "mo": 8766 / 12, "y": 8766, "h": 1, "min": 1 / 60}
CIVIL_UNITS = {"w": "weeks", "mo": "months", "y": "years"}
PRE_START = {"announcement", "reminder", "final_reminder"}


# Calendars and clocks


class Calendar:
    """Business days of one id and an organisation's closed days, by numpy."""

    def __init__(self, id, closed):
        self.off = numpy.union1d(days_off(id), numpy.array(closed, dtype="datetime64[D]"))

    def step(self, day, n):
        """The n-th business day after a date, or before it if negative; 0: that day, or the one before [1, 2]."""
        roll = "forward" if n < 0 else "backward"
        return numpy.busday_offset(day, n, roll=roll, weekmask="1111111", holidays=self.off).astype(date)


@cache
def days_off(id):
    """Weekend days and public holidays [0]. Each year by itself: none can lend another its days."""
    country, _, subdivision = id.partition("-")
    found = []
    for year in (2010, 2011, 2012, *range(2019, 2043)):
        public = package.country_holidays(
            country, subdiv=subdivision or None, years=year, expand=False, observed=True, categories=("public",)
        )
        days = (date(year, 1, 1) + DAY * n for n in range(365 + (year % 4 == 0)))
        found += [day for day in days if day in public or public.is_weekend(day)]
    return numpy.array(found, dtype="datetime64[D]")


def resolve(civil, zone):
    """The instant of a civil time by rule 4, and "gap", "fold" or ""."""
    first, second = (civil.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return first, "fold" if first < second else ""
    return find_change(second, first, zone), "gap"


def find_change(low, high, zone):
    """The first whole second with the offset of `high`; at `low` it is another."""
    offset = high.astimezone(zone).utcoffset()
    while high - low > SECOND:
        middle = (low + (high - low) // 2).replace(microsecond=0)
        low, high = (low, middle) if middle.astimezone(zone).utcoffset() == offset else (middle, high)
    return high


@cache
def transitions(name):
    """Each change of a zone's clocks in 2021 to 2039: its instant and the civil times just before and after."""
    zone, found, at = ZoneInfo(name), [], datetime(2021, 1, 1, tzinfo=UTC)
    while at.year < 2040:
        if at.astimezone(zone).utcoffset() != (at + DAY).astimezone(zone).utcoffset():
            change = find_change(at, at + DAY, zone)
            civils = [moment.astimezone(zone).replace(tzinfo=None, fold=0) for moment in (change - SECOND, change)]
            found.append((change, civils[0] + SECOND, civils[1]))
        at += DAY
    return found


def read_time(text, zone_name):
    """Instant, civil time, zone and kind of a start or end as written: civil, or RFC 9557 with zone and perhaps offset."""
    civil, offset, name = re.fullmatch(r"([^\[+Z]*?)([+-]\d\d:\d\d|Z)?(?:\[(.+)\])?", text).groups()
    zone, civil = ZoneInfo(name or zone_name), datetime.fromisoformat(civil)
    if offset:
        at = datetime.fromisoformat(f"{civil.isoformat()}{offset}").astimezone(UTC)
        return at, at.astimezone(zone).replace(tzinfo=None, fold=0), zone, ""
    at, kind = resolve(civil, zone)
    return at, civil, zone, kind


def show(at):
    """An instant as the program's JSON has it, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def occurrences(window, zone, before):
    """A window's occurrences (instants) whose start lies before a time, of every reading that the rules leave open."""
    begin = datetime.combine(window["from"], datetime.strptime(window["start"], "%H:%M").time())
    length = timedelta(seconds=sum(int(n) * {"H": 3600, "M": 60}[u] for n, u in re.findall(r"(\d+)([HM])", window["duration"])))
    horizon = before.replace(tzinfo=None) + 60 * DAY
    parts = dict(part.split("=") for part in window["rrule"].split(";"))
    untils = [horizon]
    if until := parts.pop("UNTIL", None):
        untils = [datetime.strptime(until, "%Y%m%dT%H%M%S")] if "T" in until else [datetime.strptime(until, "%Y%m%d") + n * (DAY - SECOND) for n in (0, 1)]
    readings = []
    for until in untils:
        rule = rrulestr(";".join(f"{key}={value}" for key, value in parts.items()), dtstart=begin)
        starts = []
        for civil in rule.replace(until=min(until, horizon)):
            if civil.date() not in window.get("exdates", ()):
                start = resolve(window.get("moved", {}).get(civil.date(), civil), zone)[0]
                starts.append((start, start + length))
        readings.append(sorted(set(starts)))
    return readings


# The judge


class Judge:
    """Computes one plan."""

    def __init__(self, documents, now):
        self.organisation = documents["organisation"]
        self.services = {service["id"]: service for service in documents["services"]}
        self.maintenance = documents["maintenance"]
        self.now = now
        zone = self.organisation["time_zone"]
        self.start, self.civil, self.zone, self.start_kind = read_time(self.maintenance["start"], zone)
        self.end, _, _, self.end_kind = read_time(self.maintenance["end"], zone)
        own = {policy["id"]: policy for policy in documents.get("policies", ())}
        name = self.maintenance["policy"]
        self.policy = own.get(name) or {"before": BUILT_IN[name].split(), **({"hypercare": {"for": "2w", "every": "2bd"}} if name == "migration" else {})}
        self.at_once = name == "emergency" and name not in own
        self.at = datetime.strptime(self.policy.get("at", "09:00"), "%H:%M").time()
        self.lengths = self.distances()
        self.audiences = [
            {**audience, "zone": ZoneInfo(audience.get("time_zone", zone)),
             "days": Calendar(audience.get("calendar", self.organisation["calendar"]), self.organisation["closed_days"])}
            for audience in documents["audiences"]
            if self.hears(audience)
        ]

    def distances(self):
        """Affected services and how many steps from a named one [8]."""
        steps, todo = dict.fromkeys(self.maintenance["services"], 0), list(self.maintenance["services"])
        for service in todo:
            for other in self.services.values():
                if service in other.get("depends_on", ()) and other["id"] not in steps:
                    steps[other["id"]] = steps[service] + 1
                    todo.append(other["id"])
        return steps

    def uses(self, audience, service):
        """Whether an audience uses a service."""
        return "*" in audience["services"] or service in audience["services"]

    def hears(self, audience):
        """Whether routing admits a maintenance to an audience that it affects [8]."""
        admits = "maintenance" in audience.get("routing", {}).get("events", ["maintenance"])
        return admits and any(self.uses(audience, service) for service in self.lengths)

    def due(self, offset, start, audience):
        """When a notice that long before a start is due [1, 2, 3]."""
        number, unit = re.fullmatch(r"(\d+)(\D+)", offset).groups()
        if unit in ("h", "min"):
            return start - int(number) * (HOUR if unit == "h" else MINUTE)
        day = start.astimezone(audience["zone"]).date()
        if unit == "bd":
            day = audience["days"].step(day, -int(number))
        else:
            day = audience["days"].step(day - relativedelta(**{CIVIL_UNITS[unit]: int(number)}), 0)
        return resolve(datetime.combine(day, self.at), audience["zone"])[0]

    def pre_start(self, audience):
        """(due, place, milestone, offset) of all entries of the policy."""
        for place, offset in enumerate(self.policy["before"]):
            milestone = "announcement" if place == 0 else "final_reminder" if offset.endswith("min") else "reminder"
            yield self.due(offset, self.start, audience), place, milestone, offset

    def earliest(self, offset, audience):
        """The first start at the same civil time for which a notice would not be late [5]."""
        for n in range(1, 1500):
            start = resolve(self.civil + n * DAY, self.zone)[0]
            if self.due(offset, start, audience) >= self.now:
                return show(start)
        raise AssertionError("no start is early enough")

    def notices_before(self, audience):
        """The notices before the start, late ones collapsed [5], one a day [6]."""
        entries = list(self.pre_start(audience))
        late = {offset for due, _, _, offset in entries if due < self.now}
        coming = [entry for entry in entries if entry[0] >= self.now]
        if self.at_once:
            yield "announcement", None, set(), self.now
        yield from (("final_reminder", offset, set(), due) for due, _, milestone, offset in coming if milestone == "final_reminder")
        day = lambda entry: entry[0].astimezone(audience["zone"]).date()
        for today, group in groupby(sorted(entry for entry in coming if entry[2] != "final_reminder"), key=day):
            *others, (due, _, milestone, offset) = group
            stands_for = {other[3] for other in others}
            if today == self.now.astimezone(audience["zone"]).date():
                stands_for, late = stands_for | late, set()
            yield milestone, offset, stands_for, due
        if late:
            yield "announcement", None, late, self.now

    def notices_after(self, audience):
        """Start, progress, completion and hypercare."""
        length = self.end - self.start
        yield "start", None, max(self.start, self.now)
        if length >= timedelta(minutes=int(self.policy.get("min_window", "PT120M")[2:-1])):
            for percent in self.policy.get("progress", ["25%", "50%", "75%"]):
                yield "progress", percent, self.start + length * int(percent[:-1]) / 100
        yield "completion", None, max(self.end, self.now)
        if care := self.policy.get("hypercare"):
            last = self.end.astimezone(audience["zone"]).date()
            every = step = int(care["every"][:-2])
            while (day := audience["days"].step(last, step)) <= last + int(care["for"][:-1]) * 7 * DAY:
                yield "hypercare", f"{step}bd", resolve(datetime.combine(day, self.at), audience["zone"])[0]
                step += every

    def overrun_check(self):
        """15 minutes before the promised end."""
        length = self.end - self.start
        return self.end - (15 * MINUTE if length >= 15 * MINUTE else length / 2)

    def plan(self):
        """All of it, in a form to compare: sets, and lists where order counts."""
        internal = {"id": "internal", "level": "technical", "channels": ["email"], "zone": ZoneInfo(self.organisation["time_zone"])}
        found = [("overrun_check", None, set(), self.overrun_check(), internal)]
        breaches = set()
        for audience in self.audiences:
            found += [(*notice, audience) for notice in self.notices_before(audience)]
            found += [(milestone, offset, set(), due, audience) for milestone, offset, due in self.notices_after(audience)]
            for due, _, milestone, offset in self.pre_start(audience):
                if due < self.now:
                    late_by = (self.now - due) // SECOND
                    breaches.add((audience["id"], milestone, offset, late_by, self.earliest(offset, audience)))
        notices = sorted(
            (audience["id"], milestone, str(offset), str(sorted(stands_for)), audience["level"],
             str([channel for channel in audience["channels"] if isinstance(channel, str)]),
             str(due), f"{due.astimezone(audience['zone'])}[{audience['zone'].key}]")
            for milestone, offset, stands_for, due, audience in found if due >= self.now
        )
        affected = {
            service: sorted(audience["id"] for audience in self.audiences if self.uses(audience, service)) for service in self.lengths
        }
        return {"notice": notices, "breach": breaches, "affected": affected, "window": (str(self.start), str(self.end))}

    def inside(self):
        """Whether the maintenance lies in one occurrence of a window of every named service."""
        for id in self.maintenance["services"]:
            covered = False
            for window in self.services[id].get("windows", ()):
                zone = ZoneInfo(window.get("time_zone", self.organisation["time_zone"]))
                starts = occurrences(window, zone, self.end)[0]
                covered = covered or any(start <= self.start and self.end <= end for start, end in starts)
            if not covered:
                return False
        return True


def as_plan(answer):
    """The program's JSON in the judge's form."""
    parse = datetime.fromisoformat

    def local(text):
        moment, zone = text.rstrip("]").split("[")
        return f"{parse(moment)}[{zone}]"

    notices = sorted(
        (n["audience"], n["milestone"], str(n["offset"]), str(sorted(n["stands_for"])), n["level"], str(n["channels"]),
         str(parse(n["due"])), local(n["due_local"])) for n in answer["notices"]
    )
    breaches = [(b["audience"], b["milestone"], b["offset"], b["late_by_seconds"], b["earliest_compliant_start"]) for b in answer["breaches"]]
    affected = {a["service"]: sorted(a["audiences"]) for a in answer["affected"]}
    window = tuple(str(parse(answer["window"][key])) for key in ("start", "end"))
    return {"notice": notices, "breach": set(breaches), "affected": affected, "window": window, "repeated": len(breaches) - len(set(breaches))}


class Report:
    """Counts differences by kind; prints the first of each and keeps their documents."""

    def __init__(self, folder):
        self.folder, self.kinds, self.ids, self.unanswered, self.counts = folder, {}, {}, 0, {}

    def count(self, what, n=1):
        self.counts[what] = self.counts.get(what, 0) + n

    def differ(self, kind, what, documents, text):
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if self.kinds[kind] <= 5:
            print(f"  {kind}: {what}: {text}")
            if documents:
                path = self.folder / f"{kind.replace(' ', '-')}-{self.kinds[kind]}.yaml"
                path.write_text(f"# {what}\n# {text[:400]}\n{yaml.safe_dump(documents, sort_keys=False)}")
                print(f"    {path}")

    def compare(self, case, done):
        """One case: what the program said against what the judge says."""
        what, documents, at, judge = case
        what = f"{what}, --at {at}"
        (code, out, error), again = done
        if judge.end <= judge.start:
            self.count("windows to be refused")
            if code != 1:
                self.differ("accepted", what, documents, f"the window ends at its start or before, exit code {code}")
            return
        expected = judge.plan()
        if code != (3 if expected["breach"] else 0):
            self.differ("exit code", what, documents, f"{code} {error.strip()[:300]}")
        if code not in (0, 3):
            return
        if (code, out) != again[:2]:
            self.differ("second run", what, documents, "the same input gave another plan")
        answer = json.loads(out)
        given = as_plan(answer)
        self.count("notices", len(expected["notice"]))
        self.count("of them standing for others", sum(n[3] != "[]" for n in expected["notice"]))
        self.count("breaches", len(expected["breach"]))
        self.count("affected services", len(expected["affected"]))
        for kind in ("notice", "breach"):
            missing, extra = ([x for x in a if x not in b] for a, b in ((expected[kind], given[kind]), (given[kind], expected[kind])))
            for milestone in sorted({entry[1] for entry in missing + extra}):
                only = lambda entries: [entry for entry in entries if entry[1] == milestone]
                self.differ(f"{kind} {milestone}", what, documents, f"expected {only(missing)}, forewarn has {only(extra)}")
            if not missing + extra and len(expected[kind]) != len(given[kind]):
                self.differ(f"{kind} repeated", what, documents, f"{len(given[kind])} for {len(expected[kind])}")
        for kind in ("affected", "window"):
            if expected[kind] != given[kind]:
                self.differ(kind, what, documents, f"expected {expected[kind]}, forewarn has {given[kind]}")
        self.check_rest(what, documents, judge, answer, given)

    def check_rest(self, what, documents, judge, answer, given):
        """Paths, order, reasons, warnings, ids, and whether the window is a standard one."""
        for entry in answer["affected"]:
            path = entry["path"]
            linked = all(a in judge.services[b].get("depends_on", ()) for a, b in zip(path, path[1:]))
            if not linked or path[-1] != entry["service"] or path[0] not in judge.maintenance["services"] or len(path) - 1 != judge.lengths.get(path[-1]):
                self.differ("path", what, documents, str(entry))
        order = [(datetime.fromisoformat(n["due"]), n["audience"], n["milestone"]) for n in answer["notices"]]
        if order != sorted(order):
            self.differ("order", what, documents, "notices are not sorted by due, audience, milestone")
        if given["repeated"] or not all(n["because"] for n in answer["notices"]):
            self.differ("because", what, documents, "a notice without a reason, or a breach listed twice")
        warned = {warning["field"] for warning in answer["warnings"]}
        for field, kind in (("maintenance.start", judge.start_kind), ("maintenance.end", judge.end_kind)):
            if kind and field not in warned:
                self.differ("warning", what, documents, f"no warning that {field} lies in a {kind}")
        if len({n["id"] for n in answer["notices"]}) < len(answer["notices"]):
            self.differ("id not unique", what, documents, "two notices have one id")
        for n in answer["notices"]:
            # [7] event, revision, milestone, offset and audience make the id, and nothing else.
            key = (answer["event"], answer["revision"], n["milestone"], n["offset"], n["audience"])
            if self.ids.setdefault(key, n["id"]) != n["id"] or self.ids.setdefault(n["id"], key) != key:
                self.differ("id", what, documents, f"{key} has had another id, or {n['id']} another notice")
        inside = answer["window"]["inside_standard_window"]
        if inside is None:
            self.unanswered += 1
        elif inside != judge.inside():
            self.differ("inside", what, documents, f"inside_standard_window is {inside}")


def run_plans(cases, binary, report):
    """Plan each case twice, two processes at a time, and compare."""

    def ask(case):
        command = [binary, "plan", "-", "--at", case[2], "--json"]
        runs = []
        for _ in range(2):
            for patience in range(100):
                try:
                    done = subprocess.run(command, input=yaml.safe_dump(case[1], sort_keys=False), capture_output=True, text=True, timeout=60)
                    break
                except OSError:  # missing or half written while someone compiles
                    if patience == 99:
                        raise
                    time.sleep(3)
            runs.append((done.returncode, done.stdout, done.stderr))
        return runs

    with ThreadPoolExecutor(2) as pool:
        for case, done in zip(cases, pool.map(ask, cases), strict=True):
            report.compare(case, done)
    print(f"  {len(cases)} cases: {', '.join(f'{n} {what}' for what, n in report.counts.items())}")
    if report.unanswered:
        print(f"  inside_standard_window is null in {report.unanswered} of them: not compared")


# Part 1: random plans


def random_window(chance, start):
    """An agreed window that may or may not hold a start."""
    begin = start - chance.choice([0, 0, 30, 120]) * MINUTE
    rule = chance.choice([f"FREQ=WEEKLY;BYDAY={'MO TU WE TH FR SA SU'.split()[begin.weekday()]}", "FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY;BYDAY=-1SU"])
    window = {"rrule": rule, "start": f"{begin:%H:%M}", "duration": f"PT{chance.choice([2, 4, 8, 24])}H", "from": begin.date() - chance.randrange(60) * DAY}
    return {**window, **({"exdates": [begin.date()]} if chance.random() < 0.1 else {}), **({"time_zone": chance.choice(ZONES)} if chance.random() < 0.2 else {})}


def random_start(chance, zone):
    """A civil time between 2021 and 2039, often near a change of clocks, a month's end, a leap day or a new year."""
    kind, hour = chance.randrange(6), chance.choice([0, 1, 2, 3, 5, 9, 12, 18, 22, 23]) * HOUR
    day = datetime(2021, 2, 1) + DAY * chance.randrange(19 * 365 - 60)
    if kind == 0 and transitions(zone):
        return chance.choice(chance.choice(transitions(zone))[1:]) + chance.choice([-1500, -90, -60, -30, -1, 0, 1, 10, 30, 90, 600, 2000, 8000]) * MINUTE
    if kind == 1:
        day = day.replace(day=1) + DAY * chance.choice([-2, -1, 0, 27])
    if kind == 2:
        day = datetime(chance.choice([2024, 2028, 2032, 2036]), 2, 29) + DAY * chance.choice([-1, 0, 0, 1, 31, 365])
    if kind == 3:
        day = datetime(day.year, 12, 31) + DAY * chance.randrange(-8, 12)
    return min(day, datetime(2039, 12, 31)) + hour + chance.choice([0, 0, 15, 30, 59]) * MINUTE


def hours(offset):
    """The usual length of an offset."""
    number, unit = re.fullmatch(r"(\d+)(\D+)", offset).groups()
    return int(number) * USUAL_HOURS[unit]


def random_policy(chance, year):
    """A policy of one's own."""
    pool = [entry for entry in POOL if entry != "2y" or 2023 <= year <= 2037]
    before = []
    for offset in sorted(chance.sample(pool, chance.randrange(1, 8)), key=hours, reverse=True):
        if not before or hours(offset) < 0.995 * hours(before[-1]):
            before.append(offset)
    policy = {"id": "own", "before": before}
    if chance.random() < 0.6:
        policy["at"] = chance.choice(["00:00", "00:30", "01:30", "02:00", "02:30", "07:15", "09:00", "12:00", "17:45", "23:59"])
    if chance.random() < 0.6:
        policy["progress"] = [f"{n}%" for n in chance.sample(range(1, 100), chance.randrange(5))]
    if chance.random() < 0.6:
        policy["min_window"] = f"PT{chance.choice([30, 60, 90, 120, 121, 240, 1440])}M"
    if chance.random() < 0.15:
        policy["hypercare"] = {"every": chance.choice(["1bd", "2bd", "3bd"]), "for": chance.choice(["1w", "2w"])}
    return policy


def random_documents(chance, ids):
    """One document set."""
    zone = chance.choice(ZONES)
    written = chance.choice(ZONES) if chance.random() < 0.2 else zone
    start = random_start(chance, written)
    length = chance.choice([1, 5, 10, 14, 15, 20, 29, 30, 31, 45, 60, 60, 90, 119, 120, 121, 180, 240, 240, 480, 600, 1440, 3600, chance.randrange(1, 3601)])
    suffix = f"[{written}]" if written != zone else ""
    calendar = lambda: chance.choice([chance.choice(ids), chance.choice(["US", "US-CA", "DE-BE", "GB-SCT", "IL", "AE", "SA", "JP", "NP", "BR-SP", "AU-NSW"])])
    names = [f"s{n}" for n in range(chance.randrange(1, 7))]
    services = []
    for n, name in enumerate(names):
        depends = chance.sample(names[:n], chance.choice([0, 0, 1, 1, 2, 3]) % (n + 1))
        windows = [random_window(chance, start) for _ in range(chance.choice([0, 0, 0, 1, 2]))]
        services.append({"id": name, "name": name.upper(), "owner": "a@example.org", "business_owner": "b@example.org",
                         **({"depends_on": depends} if depends else {}), **({"windows": windows} if windows else {})})
    chance.shuffle(services)
    audiences = []
    for n in range(chance.randrange(1, 6)):
        channels = chance.sample(CHANNELS, chance.randrange(1, 4))
        if len(channels) > 1 and chance.random() < 0.3:
            channels[1] = {channels[1]: {"after": "PT15M"}}
        audience = {"id": f"a{n}", "name": f"A{n}", "level": chance.choice(LEVELS), "channels": channels,
                    "services": ["*"] if chance.random() < 0.2 else chance.sample(names, chance.randrange(1, len(names) + 1))}
        for key, value in (("time_zone", chance.choice(ZONES)), ("calendar", calendar())):
            if chance.random() < 0.6:
                audience[key] = value
        if chance.random() < 0.3:
            audience["routing"] = chance.choice([{"events": ["incident"]}, {"events": ["maintenance"]}, {"events": ["incident", "maintenance"]}, {"severities": ["P1"]}])
        audiences.append(audience)
    near = lambda: start.date() - DAY * chance.choice([chance.randrange(-15, 30), chance.randrange(0, 370)])
    documents = {
        "organisation": {"name": "X", "time_zone": zone, "calendar": calendar(), "closed_days": sorted({near() for _ in range(chance.choice([0, 0, 1, 3, 8]))})},
        "services": services, "audiences": audiences,
        "maintenance": {"id": "MNT-1", "title": "Work", "services": chance.sample(names, chance.choice([1, 1, 2]) if len(names) > 1 else 1),
                        "start": f"{start:%Y-%m-%dT%H:%M}{suffix}", "end": f"{start + length * MINUTE:%Y-%m-%dT%H:%M}{suffix}"},
    }
    if chance.random() < 0.2:
        documents["maintenance"]["policy"] = chance.choice(list(BUILT_IN))
    else:
        documents["policies"] = [random_policy(chance, start.year)]
        documents["maintenance"]["policy"] = "own"
    return documents


def random_now(chance, judge):
    """A time to plan at: early, on a milestone or near one, or after the start."""
    dues = sorted(due for audience in judge.audiences for due, *_ in judge.pre_start(audience)) or [judge.start - DAY]
    kind = chance.random()
    if kind < 0.3:
        return dues[0] - chance.choice([0, 1, 60, 86400, chance.randrange(300 * 86400)]) * SECOND
    if kind < 0.65:
        return chance.choice(dues) + chance.choice([0, 0, 1, -1, 60, 3600, -3600, chance.randrange(-86400, 86400)]) * SECOND
    if kind < 0.95:
        return judge.start - int((judge.start - min(dues[0], judge.start - DAY)).total_seconds() * chance.random()) * SECOND
    return judge.start + chance.randrange(int((judge.end - judge.start).total_seconds()) * 2 + 2) * SECOND


def make_case(what, documents, now):
    """`now` is a time, or a function of the judge that finds one."""
    judge = Judge(documents, None)
    judge.now = (now(judge) if callable(now) else now).replace(microsecond=0)
    return what, documents, show(judge.now), judge


def check_plans(arguments, report):
    """Part 1."""
    chance = random.Random(arguments.seed)
    supported = package.list_supported_countries(include_aliases=False)
    ids = sorted(id for country, subs in supported.items() for id in (country, *(f"{country}-{sub}" for sub in subs)))
    ids = chance.sample(ids, min(len(ids), 150))
    cases = [make_case(f"case {n}", random_documents(chance, ids), lambda judge: random_now(chance, judge)) for n in range(arguments.cases)]
    print(f"random plans, {len({id for id in ids} | {'US'})} calendars, {len(ZONES)} zones")
    run_plans(cases, arguments.binary, report)


# Part 2: clocks (K14)


def time_case(what, zone, start, end, before="1w 1bd 24h 36h 30min", at="09:00", now=None, audience=None, calendar="US"):
    """Two audiences: one in the place of the work, one elsewhere."""
    before = sorted(before.split(), key=hours, reverse=True)
    documents = {
        "organisation": {"name": "X", "time_zone": zone, "calendar": calendar, "closed_days": []},
        "services": [{"id": "s", "name": "S", "owner": "a@example.org", "business_owner": "b@example.org"}],
        "audiences": [{"id": f"a{n}", "name": "A", "level": "technical", "channels": ["email"], "services": ["s"], "time_zone": place}
                      for n, place in enumerate([zone, audience or "Asia/Kathmandu"])],
        "policies": [{"id": "own", "before": before, "at": at}],
        "maintenance": {"id": "MNT-1", "title": "Work", "policy": "own", "services": ["s"], "start": start, "end": end},
    }
    return make_case(what, documents, now or (lambda judge: judge.start - 40 * DAY))


def check_time(arguments, report):
    """Part 2."""
    text = lambda civil: f"{civil:%Y-%m-%dT%H:%M}"
    cases = []
    for zone in ("America/New_York Europe/Berlin Europe/Dublin America/Santiago America/Havana Asia/Beirut Africa/Cairo Africa/Casablanca "
                 "Australia/Lord_Howe Antarctica/Troll Pacific/Chatham America/St_Johns Atlantic/Azores America/Nuuk").split():
        changes = [change for change in transitions(zone) if 2026 <= change[0].year <= 2028]
        for change, old, new in (next(c for c in changes if c[2] > c[1]), next(c for c in changes if c[2] < c[1])):
            kind, (low, high) = "gap" if new > old else "fold", sorted((old, new))
            inside = low + (high - low) // 3
            evening = datetime.combine(low.date() - DAY, datetime.min.time()) + 22 * HOUR
            open_on_sundays = next(id for id in ("US", "IL", "HK", "EG") if Calendar(id, []).step(inside.date(), 0) == inside.date())
            after = datetime.combine(Calendar(open_on_sundays, []).step(inside.date(), 1), datetime.min.time()) + 10 * HOUR
            cases += [
                time_case(f"{zone}: start in a {kind}", zone, text(inside), text(high + 3 * HOUR)),
                time_case(f"{zone}: end in a {kind}", zone, text(low - 3 * HOUR), text(inside)),
                time_case(f"{zone}: from the first to the last minute of a {kind}", zone, text(low), text(high)),
                time_case(f"{zone}: the hour before to the hour after a {kind}", zone, text(low - HOUR), text(high + HOUR)),
                time_case(f"{zone}: over midnight and a {kind}", zone, text(evening), text(evening + 8 * HOUR), "1mo 5bd 8h 4h 90min 30min"),
                time_case(f"{zone}: notices due in a {kind}", zone, text(after), text(after + 2 * HOUR), "1mo 2bd 1bd 30h 24h 12h", f"{inside:%H:%M}", calendar=open_on_sundays),
                time_case(f"{zone}: late, and the earliest start may lie in a {kind}", zone, text(inside - 2 * DAY), text(inside - 2 * DAY + HOUR), "44h 30min", now=change - 44 * HOUR),
            ]
    zero = "windows of zero wall-clock hours"
    cases += [
        time_case(zero, "America/New_York", "2026-11-01T01:30", "2026-11-01T06:30[UTC]"),
        time_case(zero, "Europe/Berlin", "2026-10-25T02:30", "2026-10-25T01:30[UTC]"),
        time_case("no time at all: both ends in one gap", "America/New_York", "2026-03-08T02:10", "2026-03-08T02:40"),
        time_case("no time at all: both ends of one gap", "Europe/Berlin", "2026-03-29T02:00", "2026-03-29T03:00"),
        time_case("no time at all: both readings of one time", "Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:30"),
        time_case("the later reading, by its offset", "America/New_York", "2026-11-01T01:30-05:00[America/New_York]", "2026-11-01T04:00"),
        time_case("the later reading at the end, by its offset", "Europe/Berlin", "2026-10-25T00:30", "2026-10-25T02:30+01:00[Europe/Berlin]"),
        time_case("the earlier reading, by its offset", "America/New_York", "2026-11-01T01:30-04:00[America/New_York]", "2026-11-01T04:00"),
        time_case("an instant with a zone", "Australia/Lord_Howe", "2026-04-04T15:10Z[Australia/Lord_Howe]", "2026-04-04T18:00Z[Australia/Lord_Howe]"),
    ]
    apia, before = "Pacific/Apia", datetime(2011, 11, 1, tzinfo=UTC)
    for start, end in (("2011-12-30T10:00", "2011-12-31T02:40"), ("2011-12-29T23:30", "2011-12-31T00:30"), ("2011-12-29T22:00", "2011-12-30T06:00"),
                       ("2011-12-31T10:00", "2011-12-31T14:00"), ("2012-01-02T00:30", "2012-01-02T03:00"), ("2011-12-30T01:00", "2011-12-30T23:00")):
        cases.append(time_case("Apia without 30 December", apia, start, end, "1mo 1w 2bd 1bd 36h 24h 12h 30min", now=before, calendar="TR"))
        cases.append(time_case("Apia seen from Honolulu", "Pacific/Honolulu", f"{start}[{apia}]", f"{end}[{apia}]", "1mo 1w 2bd 1bd 36h 24h 12h", "23:30", before, apia, "TR"))
    cases.append(time_case("Apia, late", apia, "2011-12-31T10:00", "2011-12-31T12:00", "1bd 24h 12h", now=datetime(2011, 12, 30, 9, 59, 59, tzinfo=UTC), calendar="TR"))
    days = {"leap day": "2028-02-29 2024-02-29", "a year after a leap day": "2029-02-28 2028-03-31", "end of a month in which clocks change": "2026-03-31 2026-10-31 2027-11-30 2026-04-30",
            "week 53": "2026-12-31 2027-01-03 2032-12-30 2027-01-01", "new year": "2029-12-31 2030-01-01"}
    for what, dates in days.items():
        for day in dates.split():
            for zone in ("Asia/Kathmandu", "Europe/Berlin", "America/Los_Angeles"):
                cases.append(time_case(what, zone, f"{day}T23:30", f"{date.fromisoformat(day) + DAY}T02:30", "1y 6mo 1mo 53w 4w 2w 5bd 1bd 30min",
                                       audience="Pacific/Auckland", now=datetime.fromisoformat(f"{day}T00:00Z") - 500 * DAY))
    print(f"clocks, {len(cases)} cases")
    run_plans(cases, arguments.binary, report)


# Part 3: recurrence


def random_rule(chance, begin):
    """An RFC 5545 rule without what it forbids, and the date from which it counts."""
    freq = chance.choice(["YEARLY", "MONTHLY", "MONTHLY", "WEEKLY", "WEEKLY", "DAILY"])
    parts, week = {"FREQ": freq}, "MO TU WE TH FR SA SU".split()
    some = lambda choices, most: ",".join(map(str, chance.sample(list(choices), chance.randrange(1, most + 1))))
    signed = lambda last: [*range(1, last + 1), *range(-last, 0)]
    maybe = lambda likely: chance.random() < likely
    if maybe(0.5):
        parts["INTERVAL"] = chance.choice([1, 2, 2, 3, 4, 6])
    if maybe(0.25):
        parts["BYMONTH"] = some(range(1, 13), 4)
    if freq == "YEARLY" and maybe(0.25):
        parts["BYWEEKNO"] = some([*range(1, 54), 53, 53, *range(-10, 0)], 4)
        parts["INTERVAL"] = 1
    elif freq == "YEARLY" and maybe(0.25):
        parts["BYYEARDAY"] = some([*signed(366), 1, 366, -1, -366], 5)
    if freq != "WEEKLY" and "BYWEEKNO" not in parts and maybe(0.35):
        parts["BYMONTHDAY"] = some([*signed(31), 29, 30, 31, -1, 1], 5)
    if "BYWEEKNO" in parts or maybe(0.5):
        last_week = {"52", "53"} & set(parts.get("BYWEEKNO", "").split(","))
        parts["BYDAY"] = some(week[:4] if last_week else week, 4)
        with_dates = freq == "YEARLY" and {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"} & parts.keys()
        if freq in ("MONTHLY", "YEARLY") and not with_dates and maybe(0.6):
            last = 5 if freq == "MONTHLY" or "BYMONTH" in parts else 53
            parts["BYDAY"] = ",".join(f"{chance.choice(signed(last))}{day}" for day in parts["BYDAY"].split(","))
    if maybe(0.4) and not {"52", "53"} & set(parts.get("BYWEEKNO", "").split(",")):
        parts["WKST"] = chance.choice(week)
    if freq != "DAILY" and "BYWEEKNO" not in parts and {"BYDAY", "BYMONTHDAY", "BYYEARDAY"} & parts.keys() and maybe(0.3):
        parts["BYSETPOS"] = some([1, 2, 3, -1, -1, -2], 2)
        if freq == "WEEKLY":  # begin with a whole week
            begin -= (begin.weekday() - week.index(parts.get("WKST", "MO"))) % 7 * DAY
    ending = chance.random()
    if ending < 0.25:
        parts["COUNT"] = chance.choice([1, 2, 5, 10, 30, 100])
    elif ending < 0.5:
        until = begin + chance.choice([chance.randrange(60), chance.randrange(2000)]) * DAY
        parts["UNTIL"] = f"{until:%Y%m%d}" + chance.choice(["", "T000000", "T020000", "T220000", "T235959"])
    return ";".join(f"{key}={value}" for key, value in parts.items()), begin


def random_question(chance):
    """A window, its zone, and the time about which it is asked."""
    zone, begin = chance.choice(ZONES), date(2020, 1, 1) + DAY * chance.randrange(15 * 366)
    rule, begin = random_rule(chance, begin)
    clock = chance.choice(["00:00", "00:30", "01:30", "02:00", "02:15", "02:30", "03:00", "09:00", "22:00", "23:59"])
    window = {"rrule": rule, "start": clock, "duration": chance.choice("PT15M PT30M PT1H PT1H30M PT2H PT4H PT8H PT26H PT48H".split()), "from": begin}
    after = datetime.combine(begin, datetime.min.time(), UTC) + chance.choice([-5, 0, 0, chance.randrange(2000)]) * DAY
    before = after + chance.choice([40, 200, 800] if "DAILY" not in rule else [10, 40, 200]) * DAY
    starts = [start for start, _ in occurrences(window, ZoneInfo(zone), before)[0]]
    days = sorted({start.astimezone(ZoneInfo(zone)).date() for start in starts if start >= after - 3 * DAY})
    if chance.random() < 0.4 and days:
        window["exdates"] = sorted({chance.choice(days) for _ in range(3)} | {days[0] + DAY})
    free = [day for day in days if day not in window.get("exdates", ())]
    if chance.random() < 0.4 and free:
        move = lambda day: datetime.combine(day, datetime.min.time()) + chance.choice([1, 20, 26, 200, 24 * 35, -24, -300]) * HOUR + 30 * MINUTE
        window["moved"] = {day: move(day) for day in chance.sample(free, min(len(free), 2))}
    if starts and chance.random() < 0.2:
        after = chance.choice(starts)
    if starts and chance.random() < 0.2:
        before = max(after + SECOND, chance.choice(starts))
    return window, zone, after, before


def check_recurrence(arguments, report):
    """Part 3."""
    if not Path(arguments.probe).exists():
        print(f"recurrence: not compared, there is no {arguments.probe}")
        return False
    chance, questions, lines, slow = random.Random(arguments.seed), [], [], 0

    def too_slow(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, too_slow)
    while len(questions) < arguments.rules:
        signal.setitimer(signal.ITIMER_REAL, 2)  # dateutil searches a rule that never comes true up to the year 9999
        try:
            window, zone, after, before = question = random_question(chance)
            readings = occurrences(window, ZoneInfo(zone), before)
        except TimeoutError:
            slow += 1
            continue
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        expected = [" ".join(f"{show(s)}/{show(e)}" for s, e in reading if after <= s < before) for reading in readings]
        questions.append((question, expected))
        moved = ",".join(f"{day}={civil:%Y-%m-%dT%H:%M}" for day, civil in window.get("moved", {}).items())
        lines.append("\t".join([window["rrule"], window["start"], window["duration"], str(window["from"]), zone,
                                ",".join(map(str, window.get("exdates", ()))), moved, show(after), show(before)]))
    done = subprocess.run([arguments.probe], input="\n".join(lines) + "\n", stdout=subprocess.PIPE, text=True, check=True)
    answers = done.stdout.split("\n")[:len(lines)]
    if len(answers) < len(lines):
        report.differ("recurrence", "all", None, f"{len(lines)} questions, {len(answers)} answers")
    print(f"recurrence: {len(lines)} rules ({slow} more left out: dateutil took too long), {sum(len(e[0].split()) for _, e in questions)} occurrences, "
          f"{sum(not e[0] for _, e in questions)} rules without any in the time asked about")
    for line, (_, expected), answer in zip(lines, questions, answers):
        if " ".join(sorted(set(answer.split()))) not in expected:
            given, wanted = set(answer.split()), set(expected[0].split())
            text = answer if answer.startswith("error") else f"missing {sorted(wanted - given)[:4]}, not expected {sorted(given - wanted)[:4]}"
            report.differ("recurrence", line.replace("\t", " | "), None, text)
    return True


def main():
    """Compare what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=["plans", "time", "recurrence", "all"], default="all")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--cases", type=int, default=1000, help="random plans")
    parser.add_argument("--rules", type=int, default=2000, help="random recurrence rules")
    parser.add_argument("--binary", default=str(ROOT / "target/debug/forewarn"))
    parser.add_argument("--probe", default=str(ROOT / "target/debug/examples/recurrence_probe"))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"holidays {package.__version__}, numpy {numpy.__version__}, seed {arguments.seed}")
    folder, missing, wrong = Path(tempfile.mkdtemp(prefix="check_plans.")), False, {}
    for part, check in (("plans", check_plans), ("time", check_time), ("recurrence", check_recurrence)):
        if arguments.part in (part, "all"):
            report = Report(folder)
            missing |= check(arguments, report) is False
            wrong.update({f"{part}: {kind}": n for kind, n in report.kinds.items()})
    print(f"{sum(wrong.values())} differences {wrong or ''}")
    return 1 if wrong else 2 if missing and arguments.part == "recurrence" else 0


if __name__ == "__main__":
    sys.exit(main())
