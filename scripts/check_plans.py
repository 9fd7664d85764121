#!/usr/bin/env python3
"""Judge Forewarn's planner: compute its answers again from the rules, with other people's libraries.

The rules are those of the design page planning.md (their numbers stand in brackets below) and RFC 5545; the libraries are
zoneinfo, numpy's busday functions, dateutil, `holidays` and PyYAML. Nothing was taken from the Rust code. The parts are
`plans`, random documents, every tenth planned twice (times, notices, breaches, affected services, order, reasons, ids, standard windows);
`time` (promise K14), windows and notices in and around gaps, folds, a skipped day, leap days and the like; and `recurrence`,
random RFC 5545 rules, put to the example `recurrence_probe`.

Prints what it compared, how many differ and the first of each kind, and keeps their documents. The exit code is 0 without
differences, 1 with some, 2 if only recurrence was asked for and there is no probe. Run from anywhere:

    python3 -m venv /tmp/judge-venv && /tmp/judge-venv/bin/pip install holidays==0.109 numpy python-dateutil PyYAML
    cargo build && cargo build -p forewarn-core --example recurrence_probe
    /tmp/judge-venv/bin/python scripts/check_plans.py [--part plans|time|recurrence|all] [--seed N] [--cases N] [--rules N]

What the rules leave open is taken as the program does:

* `before` goes from the earliest to the latest; what can never be before the next is refused, and not asked here. "Nearer to the
  start" [6] is what is due later, or stands later in `before`; it keeps its milestone and offset.
* Due exactly at `now` is not late [5]. A late one is a breach even if another of its day would have stood for it. The earliest
  start keeps the civil time as written, also if the planned day has a gap there.
* A maintenance has no severity, so `routing.severities` does not keep it away. The path to a service is a shortest one.
* A notice's channels are those used at first, without a fallback such as `{sms: {after: PT15M}}`.
* `emergency` announces once, at `now`, without offset or breach. `release` for a maintenance announces at 5bd.
* Where no audience hears of the start, `internal` does: work begins by that notice.
* Planned after the start: passed `start` and `completion` are due now; passed `progress`, `overrun_check` are
  left out. `internal` is technical, by email, in the organisation's zone.
* A window under 15 minutes has its `overrun_check` halfway: 15 minutes before its end it has not begun.
* `hypercare` is due at the policy's time of day, until so many weeks after the date on which the end is
  expected: the promised one, or the day of `now` where that has passed.
* A start that is not before the end, as instants, is refused with exit code 1. So may be a rule that never comes true.
* UNTIL as a date may include an occurrence on that date or not. Not asked: what RFC 5545 forbids; BYWEEKNO with INTERVAL or
  BYSETPOS (which year does a week belong to?); BYSETPOS with ordinals beside plain weekdays.
* The calendars hold 2020 to 2040 only; cases stay within, those of Apia in 2011 use one with no holiday nearby.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import warnings
import zoneinfo
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from functools import cache
from itertools import groupby, islice, takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy
import yaml
from dateutil import rrule
from dateutil.relativedelta import relativedelta

ROOT = Path(__file__).resolve().parent.parent
# Both sides read the same zone data: left alone, the program takes its own where that is newer.
SAME_ZONES = {**os.environ, "TZDIR": next(path for path in zoneinfo.TZPATH if Path(path).is_dir())}
# scripts/holidays.py has the package's name: drop this folder from the path before importing it.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT / "scripts"]
package = __import__("holidays")
rrule.datetime.MAXYEAR = 2140  # up to which dateutil searches for a rule that never comes true: 9999 takes minutes

UTC, parse = timezone.utc, datetime.fromisoformat
DAY, HOUR, MINUTE, SECOND = (timedelta(**{unit: 1}) for unit in ("days", "hours", "minutes", "seconds"))
WEEK = "MO TU WE TH FR SA SU".split()
CLOCK_ZONES = ("America/New_York Europe/Berlin Europe/Dublin America/Santiago America/Havana Asia/Beirut Africa/Cairo America/Nuuk "
               "Atlantic/Azores Africa/Casablanca Australia/Lord_Howe Antarctica/Troll Pacific/Chatham America/St_Johns").split()
ZONES = CLOCK_ZONES + ("America/Los_Angeles America/Asuncion Europe/London Europe/Chisinau Asia/Jerusalem Asia/Tehran Asia/Kolkata UTC "
                       "Asia/Kathmandu Asia/Tokyo Pacific/Apia Pacific/Auckland Pacific/Kiritimati America/Caracas").split()
BUILT_IN = {"routine": "5bd 1bd 30min", "major": "8w 4w 5bd 1bd 30min", "migration": "3mo 1mo 5bd 1bd 30min",
            "end_of_life": "1y 6mo 3mo 1mo 5bd", "emergency": "", "release": "5bd"}
OFFSETS = ("1bd 1bd 1bd 2bd 2bd 3bd 4bd 5bd 5bd 7bd 10bd 15bd 20bd 21bd 43bd 1w 1w 2w 3w 4w 6w 8w 13w 1mo 1mo 2mo 3mo 6mo 1y 2y "
           "1h 2h 4h 8h 12h 20h 24h 24h 30h 36h 48h 60h 72h 96h 150h 170h 15min 20min 30min 30min 45min 90min 600min").split()
USUAL_HOURS = {"bd": 24 * 7 / 5, "w": 168, "mo": 8766 / 12, "y": 8766, "h": 1, "min": 1 / 60}
OWNED = {"name": "S", "owner": "a@example.org", "business_owner": "b@example.org"}
Plain = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})  # Forewarn reads no references
as_yaml = lambda documents: yaml.dump(documents, Dumper=Plain, sort_keys=False)
as_days = lambda days: numpy.array(days, dtype="datetime64[D]")
all_days_off = cache(lambda id, closed, works: numpy.union1d(numpy.setdiff1d(days_off(id), as_days(works)), as_days(closed)))
number_of = lambda offset: int(re.match(r"\d+", offset)[0])
unit_of = lambda offset: offset.lstrip("0123456789")
usual = lambda offset: number_of(offset) * USUAL_HOURS[unit_of(offset)]
iso = lambda at: re.sub(r"(\.\d*?)0+(?=[+-])", r"\1", at.isoformat())  # fractions of a second as short as can be
show = lambda at: iso(at.astimezone(UTC)).replace("+00:00", "Z")


def step(day, n, id, closed=(), works=()):
    """The n-th business day after a date, or before it if negative; 0: that day, or the one before [1, 2]."""
    roll, off = "forward" if n < 0 else "backward", all_days_off(id, tuple(closed), tuple(works))
    return numpy.busday_offset(day, n, roll=roll, weekmask="1111111", holidays=off).astype(date)


@cache
def days_off(id):
    """Weekend days and public holidays [0]. Each year by itself: none can lend another its days."""
    (country, _, subdivision), found = id.partition("-"), []
    for year in (2010, 2011, 2012, *range(2019, 2043)):
        public = package.country_holidays(country, subdiv=subdivision or None, years=year, expand=False, categories=("public",))
        days = (date(year, 1, 1) + DAY * n for n in range(365 + (year % 4 == 0)))
        found += (day for day in days if day in public or public.is_weekend(day))
    return numpy.array(found, dtype="datetime64[D]")


def resolve(civil, zone):
    """The instant of a civil time by rule 4, and "gap", "fold" or "plain"."""
    first, second = (civil.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    kind = "gap" if first > second else "fold" if first < second else "plain"
    return find_change(second, first, zone) if kind == "gap" else first, kind


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
    zone, found = ZoneInfo(name), []
    for at in (datetime(2021, 1, 1, tzinfo=UTC) + DAY * n for n in range(19 * 365)):
        if at.astimezone(zone).utcoffset() != (at + DAY).astimezone(zone).utcoffset():
            change = find_change(at, at + DAY, zone)
            old, new = (moment.astimezone(zone).replace(tzinfo=None, fold=0) for moment in (change - SECOND, change))
            found.append((change, old + SECOND, new))
    return found


def read_time(text, zone_name):
    """Instant, civil time, zone and kind of a start or end: civil, or RFC 9557 with a zone and perhaps an offset."""
    civil, offset, name = re.fullmatch(r"(.{16})([+-]\d\d:\d\d|Z)?(?:\[(.+)\])?", text).groups()
    zone = ZoneInfo(name or zone_name)
    at, kind = (parse(civil + offset).astimezone(UTC), "plain") if offset else resolve(parse(civil), zone)
    return at, at.astimezone(zone).replace(tzinfo=None, fold=0) if offset else parse(civil), zone, kind


def expand(text, begin):
    """A rule's civil times. Where dateutil is known not to follow RFC 5545 it is asked something else."""
    parts = dict(part.split("=") for part in text.split(";") if not part.startswith("UNTIL"))
    count, weeks = int(parts.pop("COUNT", 0)) or None, parts.pop("BYWEEKNO", None)
    anchor, first, union = begin, WEEK.index(parts.get("WKST", "MO")), rrule.rruleset()
    if parts["FREQ"] == "WEEKLY" and "BYSETPOS" in parts:  # it would count from DTSTART, not from the week's begin
        anchor -= (begin.weekday() - first) % 7 * DAY
    # With BYWEEKNO alone it would take all seven days. "MO,1FR": it would take days that are both.
    days = parts.pop("BYDAY", WEEK[begin.weekday()] if weeks else "").split(",")
    for some in filter(None, ([day for day in days if len(day) <= 2], [day for day in days if len(day) > 2])):
        one = {**parts, **({"BYDAY": ",".join(some)} if any(some) else {})}
        union.rrule(rrule.rrulestr(";".join(f"{key}={value}" for key, value in one.items()), dtstart=anchor))

    # It miscounts the last week of a year that ends in the next. A week has the year of its fourth day.
    middle = lambda civil: civil.date() + (3 - (civil.weekday() - first) % 7) * DAY
    numbers = lambda day: {(day.timetuple().tm_yday - 1) // 7 + 1, -1 - (date(day.year, 12, 31) - day).days // 7}
    fits = lambda civil: not weeks or numbers(middle(civil)) & {int(week) for week in weeks.split(",")}
    return islice((civil for civil in union if civil >= begin and fits(civil)), count)


def occurrences(window, zone, before):
    """A window's occurrences that start up to 60 days after a time, in each reading that the rules leave open."""
    begin = parse(f"{window['from']}T{window['start']}")
    hours, minutes = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?", window["duration"]).groups(default=0)
    until, kept = re.search(r"UNTIL=(\d{8})(T\d{6})?", window["rrule"]), {}
    ends = [until[1] + clock for clock in ([until[2]] if until[2] else ["T000000", "T235959"])] if until else ["99991231T000000"]
    limits = [min(before.replace(tzinfo=None) + 60 * DAY, datetime.strptime(end, "%Y%m%dT%H%M%S")) for end in ends]
    for civil in takewhile(lambda civil: civil <= limits[-1], expand(window["rrule"], begin)):
        if civil.date() not in window.get("exdates", ()):
            start = resolve(parse(window.get("moved", {}).get(civil.date(), str(civil))), zone)[0]
            kept[civil] = (start, start + int(hours) * HOUR + int(minutes) * MINUTE)
    return [sorted({times for civil, times in kept.items() if civil <= limit}) for limit in limits]


def hears(audience, milestone):
    """Whether an audience's routing admits this part of the story."""
    return milestone in audience.get("routing", {}).get("stages", [milestone])


class Judge:
    """Computes one plan. `now` is a time, or finds one; `steps` has how far each affected service is from a named one [8]."""

    def __init__(self, what, documents, now):
        self.what, self.documents = what, documents
        self.organisation, self.maintenance = documents["organisation"], documents["maintenance"]
        self.services = {service["id"]: service for service in documents["services"]}
        zone = self.organisation["time_zone"]
        self.start, self.civil, self.zone, self.start_kind = read_time(self.maintenance["start"], zone)
        self.end, _, _, self.end_kind = read_time(self.maintenance["end"], zone)
        self.length, name = self.end - self.start, self.maintenance["policy"]
        self.policy = documents["policies"][0] if name == "own" else {"before": BUILT_IN[name].split()}
        self.care = {"for": "2w", "every": "2bd"} if name == "migration" else self.policy.get("hypercare")
        self.at = parse(f"2000-01-01T{self.policy.get('at', '09:00')}").time()
        self.steps, todo = dict.fromkeys(self.maintenance["services"], 0), list(self.maintenance["services"])
        for service in todo:
            for other in self.services.values():
                if service in other.get("depends_on", ()) and other["id"] not in self.steps:
                    self.steps[other["id"]] = self.steps[service] + 1
                    todo.append(other["id"])
        self.audiences = [
            {**audience, "zone": ZoneInfo(audience.get("time_zone", zone))} for audience in documents["audiences"]
            if "maintenance" in audience.get("routing", {}).get("events", ["maintenance"]) and {"*", *self.steps} & {*audience["services"]}
        ]
        self.now = now(self) if callable(now) else now

    def business_day(self, day, n, audience):
        """The n-th business day of an audience from a date, and the instant of the policy's time of day on it."""
        day = step(day, n, audience.get("calendar", self.organisation["calendar"]),
                   self.organisation["closed_days"], self.organisation.get("working_days", ()))
        return day, resolve(datetime.combine(day, self.at), audience["zone"])[0]

    def due(self, offset, start, audience):
        """When a notice that long before a start is due [1, 2, 3]."""
        number, unit = number_of(offset), unit_of(offset)
        if unit in ("h", "min"):
            return start - number * (HOUR if unit == "h" else MINUTE)
        day = start.astimezone(audience["zone"]).date()
        units = {"w": "weeks", "mo": "months", "y": "years"}
        day, back = (day, -number) if unit == "bd" else (day - relativedelta(**{units[unit]: number}), 0)
        return self.business_day(day, back, audience)[1]

    def pre_start(self, audience):
        """Due time, place, milestone and offset of each entry of the policy that the audience hears [8]: what it does not hear of takes
        no place and stands for nothing."""
        for place, offset in enumerate(self.policy["before"]):
            milestone = "final_reminder" if offset.endswith("min") else "reminder"
            if hears(audience, milestone := milestone if place else "announcement"):
                yield self.due(offset, self.start, audience), place, milestone, offset

    def earliest(self, offset, audience):
        """The first start at the same civil time for which a notice would not be late [5]."""
        starts = (resolve(self.civil + n * DAY, self.zone)[0] for n in range(1, 1500))
        return show(next(start for start in starts if self.due(offset, start, audience) >= self.now))

    def notices_before(self, audience):
        """Milestone, offset, what it stands for, due: late ones collapsed [5], one a day [6]."""
        entries, day_of = list(self.pre_start(audience)), lambda at: at.astimezone(audience["zone"]).date()
        late = {offset for due, _, _, offset in entries if due < self.now}
        coming = sorted(entry for entry in entries if entry[0] >= self.now)
        if self.maintenance["policy"] == "emergency" and hears(audience, "announcement"):
            yield "announcement", None, set(), self.now
        yield from ((milestone, offset, set(), due) for due, _, milestone, offset in coming if milestone == "final_reminder")
        for day, group in groupby((e for e in coming if e[2] != "final_reminder"), key=lambda entry: day_of(entry[0])):
            *others, (due, _, milestone, offset) = group
            stands_for = {other[3] for other in others}
            if day == day_of(self.now):
                stands_for, late = stands_for | late, set()
            yield milestone, offset, stands_for, due
        if late:
            yield "announcement", None, late, self.now

    def notices_after(self, audience):
        """The same from the start on: start, progress, completion and hypercare."""
        yield "start", None, set(), max(self.start, self.now)
        if self.length >= int(self.policy.get("min_window", "PT120M")[2:-1]) * MINUTE:
            told = {}  # of two at one moment the first
            for entry in self.policy.get("progress", ["25%", "50%", "75%"]):
                if entry.endswith("%"):
                    told.setdefault(self.start + self.length * int(entry[:-1]) / 100, entry)
                    continue
                minutes = number_of(entry.removeprefix("every "))
                for n in range(1, 101):
                    if n * minutes * MINUTE < self.length:
                        told.setdefault(self.start + n * minutes * MINUTE, f"{n * minutes}min")
            yield from (("progress", place, set(), due) for due, place in told.items())
        yield "completion", None, set(), max(self.end, self.now)
        if self.care:
            done = max(self.end, self.now).astimezone(audience["zone"]).date()
            n = every = number_of(self.care["every"])
            while (found := self.business_day(done, n, audience))[0] <= done + number_of(self.care["for"]) * 7 * DAY:
                yield "hypercare", f"{n}bd", set(), found[1]
                n += every

    def plan(self):
        """Times, notices, breaches, affected services and exit code, in a form to compare."""
        internal = {"id": "internal", "level": "technical", "channels": ["email"], "zone": ZoneInfo(self.organisation["time_zone"])}
        early, breaches = 15 * MINUTE if self.length >= 15 * MINUTE else self.length / 2, []
        found = [(internal, "overrun_check", None, set(), self.end - early)]
        for audience in self.audiences:
            found += [(audience, *notice) for notice in self.notices_before(audience)]
            found += [(audience, *notice) for notice in self.notices_after(audience) if hears(audience, notice[0])]
            breaches += [(audience["id"], milestone, offset, (self.now - due) // SECOND, self.earliest(offset, audience))
                         for due, _, milestone, offset in self.pre_start(audience) if due < self.now]
        if not any(milestone == "start" for _, milestone, *_ in found):
            found.append((internal, "start", None, set(), max(self.start, self.now)))
        notices = [
            (a["id"], milestone, offset, sorted(stands_for), a["level"], [c for c in a["channels"] if isinstance(c, str)],
             show(due), f"{iso(due.astimezone(a['zone']))}[{a['zone']}]")
            for a, milestone, offset, stands_for, due in found if due >= self.now
        ]
        affected = [(service, sorted(a["id"] for a in self.audiences if {"*", service} & {*a["services"]})) for service in self.steps]
        times = [(show(self.now), show(self.start), show(self.end))]
        return {"times": times, "notice": notices, "breach": breaches, "affected": affected, "exit code": [(3 if breaches else 0,)]}

    def inside(self):
        """Whether the maintenance lies in one occurrence of a window of every named service."""
        zone = lambda window: ZoneInfo(window.get("time_zone", self.organisation["time_zone"]))
        covers = lambda w: any(start <= self.start and self.end <= end for start, end in occurrences(w, zone(w), self.end)[0])
        return all(any(map(covers, self.services[id].get("windows", ()))) for id in self.maintenance["services"])


def as_plan(answer, code):
    """The program's JSON in the judge's form."""
    take = lambda entry, keys: tuple(sorted(entry[key]) if key in ("stands_for", "audiences") else entry[key] for key in keys.split())
    return {
        "times": [(answer["at"], *take(answer["window"], "start end"))], "exit code": [(code,)],
        "notice": [take(n, "audience milestone offset stands_for level channels due due_local") for n in answer["notices"]],
        "breach": [take(b, "audience milestone offset late_by_seconds earliest_compliant_start") for b in answer["breaches"]],
        "affected": [take(a, "service audiences") for a in answer["affected"]],
    }


class Report:
    """Counts differences by kind; prints the first of each and keeps their documents."""

    def __init__(self):
        self.folder, self.kinds, self.counts, self.ids = Path(tempfile.mkdtemp(prefix="check_plans.")), Counter(), Counter(), {}

    def differ(self, kind, what, text, documents=None):
        """A difference."""
        self.kinds[kind] += 1
        if self.kinds[kind] <= 5:
            path = self.folder / f"{kind.replace(' ', '-')}-{self.kinds[kind]}.yaml"
            print(f"  {kind}: {what}\n    {text[:1200]}" + (f"\n    {path}" if documents else ""))
            path.write_text(f"# {what}\n{as_yaml(documents)}")

    def compare(self, judge, runs, code):
        """What the program said against what the judge says."""
        differ = lambda kind, text: self.differ(kind, f"{judge.what}, --at {show(judge.now)}", text, judge.documents)
        if judge.end <= judge.start:
            self.counts["windows to be refused"] += 1
            return code == 1 or differ("accepted", f"exit code {code}, but the window ends at its start or before")
        expected = judge.plan()
        if code not in (0, 3) or runs[0].stdout != runs[-1].stdout:
            return differ("refused or not the same again", f"exit code {code}, {runs[0].stderr}")
        given = as_plan(answer := json.loads(runs[0].stdout), code)
        for kind, wanted in expected.items():
            self.counts[kind] += len(wanted)
            missing, extra = ([x for x in a if x not in b] for a, b in ((wanted, given[kind]), (given[kind], wanted)))
            names = {entry[1] if kind in ("notice", "breach") else "" for entry in missing + extra}
            for name in sorted(names) or ["repeated"] * (len(wanted) != len(given[kind])):
                only = lambda entries: [entry for entry in entries if name in ("", entry[1])]
                differ(f"{kind} {name}".strip(), f"expected {only(missing)}\n    forewarn {only(extra)}")
            if kind == "times" and missing:
                return  # all the rest follows from it
        for service, path in ((entry["service"], entry["path"]) for entry in answer["affected"]):
            linked = all(a in judge.services[b].get("depends_on", ()) for a, b in zip(path, path[1:]))
            if not linked or path[-1] != service or path[0] not in judge.maintenance["services"] or len(path) != judge.steps[service] + 1:
                differ("path", f"{path} to {service}")
        order = [(parse(n["due"]), n["audience"], n["milestone"]) for n in answer["notices"]]
        if order != sorted(order) or not all(n["because"] for n in answer["notices"]):
            differ("order or because", "not sorted by due, audience, milestone, or one without a reason")
        for field, kind in (("maintenance.start", judge.start_kind), ("maintenance.end", judge.end_kind)):
            if kind != "plain" and not any(warning["field"] == field for warning in answer["warnings"]):
                differ("warning", f"none that {field} lies in a {kind}")
        for n in answer["notices"]:
            # [7] event, revision, milestone, offset and audience make the id, and nothing else, in all cases.
            key = (answer["event"], answer["revision"], n["milestone"], n["offset"], n["audience"])
            if self.ids.setdefault(key, n["id"]) != n["id"] or self.ids.setdefault(n["id"], key) != key:
                differ("id", f"{key} has had another id, or {n['id']} another notice")
        if answer["window"]["inside_standard_window"] is not judge.inside():
            differ("inside", f"inside_standard_window should be {judge.inside()}")

    def run(self, cases, binary):
        """Plan each case, some of them twice, two processes at a time, and compare."""
        def ask(numbered):
            number, judge = numbered
            command, text = [binary, "plan", "-", "--at", show(judge.now), "--json"], as_yaml(judge.documents)
            times = 2 if number % 10 == 0 else 1
            return [subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, env=SAME_ZONES) for _ in range(times)]

        with ThreadPoolExecutor(2) as pool:
            for judge, runs in zip(cases, pool.map(ask, enumerate(cases)), strict=True):
                self.compare(judge, runs, runs[0].returncode)
        print(f"  {len(cases)} cases: {', '.join(f'{what} {n}' for what, n in self.counts.items())}")


def random_window(chance, start):
    """An agreed window that may or may not hold a start."""
    begin = start - chance.choice([0, 0, 30, 120]) * MINUTE
    rules = [f"FREQ=WEEKLY;BYDAY={WEEK[begin.weekday()]}", "FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY;BYDAY=-1SU"]
    moved = {begin.date(): f"{begin + chance.choice([-1, 0, 1]) * HOUR:%Y-%m-%dT%H:%M}"}
    more = chance.choice([{}, {}, {"exdates": [begin.date()]}, {"moved": moved}, {"time_zone": chance.choice(ZONES)}])
    return {"rrule": chance.choice(rules), "start": f"{begin:%H:%M}", "duration": f"PT{chance.choice([2, 4, 8, 24])}H",
            "from": begin.date() - chance.randrange(60) * DAY, **more}


def random_start(chance, zone):
    """A civil time between 2021 and 2039, often near a change of clocks, a month's end, a leap day or a new year."""
    day = datetime(2021, 2, 1) + DAY * chance.randrange(19 * 365 - 60)
    leap_day = datetime(chance.choice([2024, 2028, 2032, 2036]), 2, 29) + DAY * chance.choice([-1, 0, 0, 1, 31, 365])
    new_year, month = datetime(day.year, 12, 31) + DAY * chance.randrange(-8, 12), day.replace(day=1) + DAY * chance.choice([-2, -1, 0, 27])
    minutes = chance.choice([-1500, -90, -60, -30, -1, 0, 1, 10, 30, 90, 600, 2000, 8000])
    if transitions(zone) and chance.random() < 0.16:
        return chance.choice(chance.choice(transitions(zone))[1:]) + minutes * MINUTE
    clock = chance.choice([0, 1, 2, 3, 5, 9, 12, 18, 22, 23]) * HOUR + chance.choice([0, 0, 15, 30, 59]) * MINUTE
    return chance.choice([day, day, month, leap_day, new_year]) + clock


def random_policy(chance, year):
    """A policy of one's own."""
    pool, before = [entry for entry in OFFSETS if entry != "2y" or 2023 <= year <= 2037], []
    for offset in sorted(chance.sample(pool, chance.randrange(1, 8)), key=usual, reverse=True):
        # Those of one unit that are equal are refused. Others, such as a week and 5 business days, may lie either way.
        if not before or usual(offset) < usual(before[-1]) or unit_of(offset) != unit_of(before[-1]) and "bd" in offset + before[-1]:
            before.append(offset)
    optional = {
        "at": (0.6, chance.choice("00:00 00:30 01:30 02:00 02:30 07:15 09:00 12:00 17:45 23:59".split())),
        "progress": (0.6, [*(f"{n}%" for n in chance.sample(range(1, 100), chance.randrange(5))),
                           *(f"every {n}min" for n in chance.sample([5, 20, 30, 60, 90, 1440], chance.choice([0, 0, 1, 2])))]),
        "min_window": (0.6, f"PT{chance.choice([30, 60, 90, 120, 121, 240, 1440])}M"),
        "hypercare": (0.15, {"every": f"{chance.randrange(1, 4)}bd", "for": chance.choice(["1w", "2w"])}),
    }
    return {"id": "own", "before": before, **{key: value for key, (likely, value) in optional.items() if chance.random() < likely}}


def random_documents(chance, ids):
    """One document set."""
    pick, some = chance.choice, lambda choices, most: chance.sample(choices, chance.randrange(1, min(most, len(choices)) + 1))
    zone, calendars = pick(ZONES), [pick(ids), pick("US US-CA DE-BE GB-SCT IL AE SA JP NP AU-NSW".split())]
    lengths = [1, 5, 10, 14, 15, 20, 29, 30, 31, 45, 60, 90, 119, 120, 121, 180, 240, 480, 600, 1440, 3600, *chance.sample(range(3600), 2)]
    written, length = pick([zone] * 4 + [pick(ZONES)]), max(1, pick(lengths)) * MINUTE
    start, names, services, audiences = random_start(chance, written), [f"s{n}" for n in range(chance.randrange(1, 7))], [], []
    for n, name in enumerate(names):
        depends, windows = chance.sample(names[:n], min(n, pick([0, 0, 1, 1, 2, 3]))), range(pick([0, 0, 1, 2]))
        services.insert(chance.randrange(n + 1), {"id": name, **OWNED, "depends_on": depends,
                                                    "windows": [random_window(chance, start) for _ in windows]})
    for n in range(chance.randrange(1, 6)):
        channels, used = some(["email", "chat", "sms", "voice", "webhook"], 3), pick([["*"], *[some(names, 6)] * 4])
        if len(channels) > 1 and chance.random() < 0.3:
            channels[1] = {channels[1]: {"after": "PT15M"}}
        level = pick(["non_technical", "semi_technical", "technical"])
        audience = {"id": f"a{n}", "name": "A", "level": level, "channels": channels, "services": used}
        routing = [{"events": ["incident"]}, {"events": ["maintenance", "incident"]}, {"severities": ["P1"]},
                   {"stages": ["announcement", "completion"]}, {"stages": ["reminder", "start"]}, {"stages": ["final_reminder", "progress"]}]
        optional = {"time_zone": (0.6, ZONES), "calendar": (0.6, calendars), "routing": (0.3, routing)}
        audiences.append({**audience, **{key: pick(values) for key, (likely, values) in optional.items() if chance.random() < likely}})
    closed = {start.date() - DAY * pick([chance.randrange(-15, 30), chance.randrange(370)]) for _ in range(pick([0, 0, 1, 3, 8]))}
    works = {start.date() - DAY * chance.randrange(-15, 40) for _ in range(pick([0, 0, 2, 9]))} - closed
    text = lambda civil: f"{civil:%Y-%m-%dT%H:%M}" + (f"[{written}]" if written != zone else "")
    organisation = {"name": "X", "time_zone": zone, "calendar": pick(calendars), "closed_days": sorted(closed), "working_days": sorted(works)}
    return {
        "organisation": organisation,
        "services": services, "audiences": audiences, "policies": [random_policy(chance, start.year)],
        "maintenance": {"id": "MNT-1", "title": "Work", "services": some(names, 2), "policy": pick(["own"] * 24 + list(BUILT_IN)),
                        "start": text(start), "end": text(start + length)},
    }


def random_now(chance, judge):
    """A time to plan at: early, on a milestone or near one, before the start, or after it."""
    dues = sorted(due for audience in judge.audiences for due, *_ in judge.pre_start(audience)) or [judge.start - DAY]
    within = lambda low, high: chance.randrange(int((high - low).total_seconds()) + 1) * SECOND
    early = dues[0] - chance.choice([0, 1, 60, 86400, chance.randrange(300 * 86400)]) * SECOND
    near = chance.choice(dues) + chance.choice([0, 0, 1, -1, 60, 3600, -3600, chance.randrange(-86400, 86400)]) * SECOND
    late, after = judge.start - within(min(dues[0], judge.start), judge.start), judge.start + within(judge.start, judge.start + 4 * DAY)
    return chance.choice([early] * 6 + [near] * 7 + [late] * 6 + [after])


def check_plans(arguments, report):
    """Part 1, with 150 of all calendars."""
    chance, supported = random.Random(arguments.seed), package.list_supported_countries(include_aliases=False)
    ids = chance.sample([id for country, subs in supported.items() for id in (country, *(f"{country}-{sub}" for sub in subs))], 150)
    draw = lambda n: Judge(f"plan {n}", random_documents(chance, ids), lambda judge: random_now(chance, judge))
    report.run([draw(n) for n in range(arguments.cases)], arguments.binary)


def time_case(what, zone, start, end, before="1w 1bd 24h 36h 30min", at="09:00", now=None, other="Asia/Kathmandu", calendar="US"):
    """Two audiences: one in the place of the work, one elsewhere."""
    audience = {"name": "A", "level": "technical", "channels": ["email"], "services": ["s"]}
    documents = {
        "organisation": {"name": "X", "time_zone": zone, "calendar": calendar, "closed_days": []},
        "services": [{"id": "s", **OWNED}],
        "audiences": [{"id": f"a{n}", **audience, "time_zone": place} for n, place in enumerate((zone, other))],
        "policies": [{"id": "own", "before": sorted(before.split(), key=usual, reverse=True), "at": at}],
        "maintenance": {"id": "MNT-1", "title": "Work", "policy": "own", "services": ["s"], "start": start, "end": end},
    }
    return Judge(f"{what}, {zone}, {start} to {end}", documents, now or (lambda judge: judge.start - 40 * DAY))


def check_time(arguments, report):
    """Part 2."""
    cases, text, midnight = [], lambda civil: f"{civil:%Y-%m-%dT%H:%M}", lambda day: parse(f"{day:%Y-%m-%d}")
    add = lambda what, zone, start, end, *more, **named: cases.append(time_case(what, zone, text(start), text(end), *more, **named))
    for zone in CLOCK_ZONES:
        changes = [change for change in transitions(zone) if 2026 <= change[0].year <= 2028]
        for change, old, new in (next(c for c in changes if c[2] > c[1]), next(c for c in changes if c[2] < c[1])):
            kind, (low, high) = "gap" if new > old else "fold", sorted((old, new))
            inside, first = low + (high - low) // 3, midnight(low)
            open_then = next(id for id in ("US", "IL", "HK", "EG") if step(low.date(), 0, id) == low.date())
            after = midnight(step(low.date(), 1, open_then)) + 10 * HOUR
            add(f"start in a {kind}", zone, inside, high + 3 * HOUR)
            add(f"end in a {kind}", zone, low - 3 * HOUR, inside)
            add(f"the first to the last minute of a {kind}", zone, low, high)
            add(f"the hour before to the hour after a {kind}", zone, low - HOUR, high + HOUR)
            add(f"over midnight and a {kind}", zone, first - 2 * HOUR, first + 6 * HOUR, "1mo 5bd 8h 4h 90min 30min")
            add(f"due in a {kind}", zone, after, after + 2 * HOUR, "1mo 2bd 1bd 30h 24h 12h", text(inside)[-5:], calendar=open_then)
            add(f"earliest start in a {kind}", zone, inside - 2 * DAY, inside - DAY, "44h 30min", now=change - 44 * HOUR)
    then, new_york, berlin, apia = datetime(2011, 11, 1, tzinfo=UTC), "America/New_York", "Europe/Berlin", "Pacific/Apia"
    cases += [
        time_case("no wall-clock time", berlin, "2026-10-25T02:30", "2026-10-25T01:30[UTC]"),
        time_case("no time: in one gap", new_york, "2026-03-08T02:10", "2026-03-08T02:40"),
        time_case("later readings, by offset", new_york, f"2026-11-01T01:10-05:00[{new_york}]", f"2026-11-01T01:50-05:00[{new_york}]"),
        time_case("the earlier reading, by offset", new_york, f"2026-11-01T01:30-04:00[{new_york}]", "2026-11-01T04:00"),
        time_case("holidays and lateness", "UTC", "2025-11-12T10:00", "2025-11-12T11:00", "43bd", now=then + 5124.375 * DAY, calendar="NP"),
        time_case("planned in a fold", berlin, "2026-10-26T12:00", "2026-10-26T13:00", now=datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        time_case("UTC", berlin, "2026-10-25T01:30Z", "2026-10-25T04:30Z"),
        time_case("Apia, late", apia, "2011-12-31T10:00", "2011-12-31T12:00", "1bd 24h 12h", now=then + 59.4 * DAY, calendar="TR"),
    ]
    for times in "30T10:00 31T02:40, 29T23:30 31T00:30, 29T22:00 30T06:00, 31T10:00 31T14:00, 30T01:00 30T23:00".split(", "):
        (start, end), offsets = (f"2011-12-{clock}" for clock in times.split()), "1mo 1w 2bd 1bd 36h 24h 12h"
        cases.append(time_case("no 30 December", apia, start, end, offsets, now=then, calendar="TR"))
        cases.append(time_case("from afar", "Pacific/Honolulu", f"{start}[{apia}]", f"{end}[{apia}]", offsets, "23:30", then, apia, "TR"))
    days = ("2028-02-29 2024-02-29 2029-02-28 2028-03-31 2026-03-31 2026-10-31 2027-11-30 2026-04-30 "  # leap days, ends of months
            "2026-12-31 2027-01-03 2032-12-30 2027-01-01 2029-12-31 2030-01-01")  # week 53, new year
    for day, zone in ((parse(day), zone) for day in days.split() for zone in ("Asia/Kathmandu", berlin, "America/Los_Angeles")):
        now, offsets = day.replace(tzinfo=UTC) - 500 * DAY, "1y 6mo 1mo 53w 4w 2w 5bd 1bd 30min"
        add("over midnight", zone, day + 23.5 * HOUR, day + 26.5 * HOUR, offsets, now=now, other="Pacific/Auckland")
    report.run(cases, arguments.binary)


def random_rule(chance):
    """An RFC 5545 rule without what it forbids."""
    freq, maybe = chance.choice(["YEARLY", "MONTHLY", "MONTHLY", "WEEKLY", "WEEKLY", "DAILY"]), lambda likely: chance.random() < likely
    some = lambda choices, most: ",".join(map(str, chance.sample(list(choices), chance.randrange(1, most + 1))))
    signed, parts = lambda last: [*range(1, last + 1), *range(-last, 0)], {"FREQ": freq}
    if maybe(0.25):
        parts["BYMONTH"] = some(range(1, 13), 4)
    if freq == "YEARLY" and maybe(0.3):
        parts["BYWEEKNO"] = some([*signed(53), 1, 52, 53, 53, -1], 4)
    elif freq == "YEARLY" and maybe(0.25):
        parts["BYYEARDAY"] = some([*signed(366), 1, 366, -1, -366], 5)
    if "BYWEEKNO" not in parts and maybe(0.5):
        parts["INTERVAL"] = chance.choice([1, 2, 2, 3, 4, 6])
    if freq != "WEEKLY" and "BYWEEKNO" not in parts and maybe(0.35):
        parts["BYMONTHDAY"] = some([*signed(31), 29, 30, 31, -1, 1], 5)
    if maybe(0.5):
        days = chance.sample(WEEK, chance.randrange(1, 5))
        if freq == "MONTHLY" or freq == "YEARLY" and not {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"} & parts.keys():
            last, likely = 5 if freq == "MONTHLY" or "BYMONTH" in parts else 53, chance.choice([0, 0.5, 1, 1])
            days = [f"{chance.choice(signed(last))}{day}" if maybe(likely) else day for day in days]
        parts["BYDAY"] = ",".join(days)
    if maybe(0.4):
        parts["WKST"] = chance.choice(WEEK)
    mixed = len({len(day) > 2 for day in parts.get("BYDAY", "").split(",")}) > 1
    if freq != "DAILY" and "BYWEEKNO" not in parts and not mixed and {"BYDAY", "BYMONTHDAY", "BYYEARDAY"} & parts.keys() and maybe(0.3):
        parts["BYSETPOS"] = some([1, 2, 3, -1, -1, -2], 2)
    return ";".join(f"{key}={value}" for key, value in parts.items())


def random_question(chance):
    """A window, its zone, and the time about which it is asked."""
    zone, begin = chance.choice(ZONES), date(2020, 1, 1) + DAY * chance.randrange(15 * 366)
    last, clock = begin + chance.choice([chance.randrange(60), chance.randrange(2000)]) * DAY, chance.choice(["", "T000000", "T220000"])
    rule = random_rule(chance) + chance.choice(["", "", f";UNTIL={last:%Y%m%d}{clock}", f";COUNT={chance.choice([1, 2, 5, 10, 30, 100])}"])
    clock = chance.choice("00:00 00:30 01:30 02:15 02:30 03:00 09:00 22:00 23:59".split())
    window = {"rrule": rule, "start": clock, "duration": chance.choice("PT15M PT1H PT1H30M PT26H PT48H".split()), "from": begin}
    after = datetime(begin.year, begin.month, begin.day, tzinfo=UTC) + chance.choice([-5, 0, 0, chance.randrange(2000)]) * DAY
    before = after + chance.choice([10, 40, 200] if "DAILY" in rule else [40, 200, 800]) * DAY
    starts = [start.astimezone(ZoneInfo(zone)) for start, _ in occurrences(window, ZoneInfo(zone), before)[0]]
    days = sorted({start.date() for start in starts if start >= after - 3 * DAY})
    if chance.random() < 0.4 and days:
        window["exdates"] = sorted({chance.choice(days) for _ in range(3)} | {days[0] + DAY})
    if chance.random() < 0.4:
        free = [day for day in days if day not in window.get("exdates", ())]
        moved = lambda day: f"{day + chance.choice([-12, -1, 0, 1, 8, 35]) * DAY}T{chance.choice(['00:30', '02:30', '20:00'])}"
        window["moved"] = {day: moved(day) for day in chance.sample(free, min(len(free), 2))}
    if starts and chance.random() < 0.3:
        after, before = sorted((chance.choice(starts), before))
    return window, zone, after, max(before, after + DAY)


def check_recurrence(arguments, report):
    """Part 3."""
    if not Path(arguments.probe).exists():
        print(f"  not compared: there is no {arguments.probe}")
        return None if arguments.part == "all" else sys.exit(2)
    chance, lines, total, never = random.Random(arguments.seed), [], 0, 0
    questions = [random_question(chance) for _ in range(arguments.rules)]
    for window, zone, after, before in questions:
        lists = [",".join(map(str, window.get("exdates", ()))), ",".join(f"{day}={to}" for day, to in window.get("moved", {}).items())]
        fields = map(window.get, ("rrule", "start", "duration", "from"))
        lines.append("\t".join(map(str, [*fields, zone, *lists, show(after), show(before)])))
    done = subprocess.run([arguments.probe], input="\n".join(lines) + "\n", stdout=subprocess.PIPE, text=True, check=True)
    for line, (window, zone, after, before), answer in zip(lines, questions, done.stdout.split("\n")[:-1], strict=True):
        found = occurrences(window, ZoneInfo(zone), before)
        readings = [{f"{show(a)}/{show(b)}" for a, b in reading if after <= a < before} for reading in found]
        given, refused, total = set(answer.split()), answer.startswith("error:"), total + len(readings[0])
        if refused and not all(occurrences(window, ZoneInfo(zone), datetime(2139, 1, 1))):
            never += 1
        elif given not in readings:
            text = answer if refused else f"without {sorted(readings[0] - given)[:4]}, but with {sorted(given - readings[0])[:4]}"
            report.differ("rule refused" if refused else "rule", line.replace("\t", " | "), text)
    print(f"  {len(lines)} rules, {total} occurrences; {never} of the rules never come true and were refused")


def main():
    """Compare what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=["plans", "time", "recurrence", "all"], default="all")
    built = ROOT / "target/debug"
    defaults = {"seed": 20261123, "cases": 1000, "rules": 2000, "binary": built / "forewarn", "probe": built / "examples/recurrence_probe"}
    for flag, default in defaults.items():
        parser.add_argument(f"--{flag}", type=type(default), default=default)
    arguments, wrong = parser.parse_args(), {}
    warnings.simplefilter("ignore")
    print(f"holidays {package.__version__}, numpy {numpy.__version__}, seed {arguments.seed}")
    for part, check in (("plans", check_plans), ("time", check_time), ("recurrence", check_recurrence)):
        if arguments.part in (part, "all"):
            print(part)
            report = Report()
            check(arguments, report)
            wrong.update({f"{part}: {kind}": n for kind, n in report.kinds.items()})
    print(f"{sum(wrong.values())} differences {wrong or ''}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
