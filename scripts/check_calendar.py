#!/usr/bin/env python3
"""Compare Forewarn's calendars with the PyPI package `holidays`, numpy and zoneinfo.

Asks the Rust example `calendar_probe` and computes every answer again from what others wrote:

* each known id: every holiday of 2020 to 2040 and its name, and the ids themselves;
* each id and year: which days are weekend, holiday or business day;
* 2,000 random "N business days before" and as many after, some with closed days of an organisation;
* civil times in and around every gap and fold of some zones, and others that are in neither.

The first two look at a fifth of the calendars, another one each day, or at all with --all, as after the data was made anew.
Prints what it compared and every difference; the exit code is 0 if there is none. Run from anywhere:

    python3 -m venv /tmp/holidays && /tmp/holidays/bin/pip install holidays==0.109 numpy tzdata
    /tmp/holidays/bin/python scripts/check_calendar.py [--all | --part N]

It ends with what finding a calendar costs; CARGO_PROFILE_DEV_OPT_LEVEL=3 makes that figure a release's.

Both sides read the zones of /usr/share/zoneinfo if it is there; else jiff's own copy meets tzdata's,
which agree only if they are of one version.
"""

import argparse
import random
import subprocess
import sys
import warnings
from datetime import date, datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy

ROOT = Path(__file__).resolve().parent.parent
# scripts/holidays.py has the package's name: drop this folder from the path before importing it.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT / "scripts"]
package = import_module("holidays")

YEARS = range(2020, 2041)
SEED = 20261122
CASES = 2000
PARTS = 5
ZONES = (
    "America/Los_Angeles America/New_York America/St_Johns America/Santiago America/Asuncion America/Nuuk Europe/Berlin "
    "Europe/London Europe/Dublin Europe/Chisinau Africa/Casablanca Africa/Cairo Asia/Beirut Asia/Tehran Asia/Gaza "
    "Asia/Kathmandu Asia/Pyongyang Australia/Lord_Howe Australia/Adelaide Pacific/Apia Pacific/Chatham Pacific/Auckland "
    "Antarctica/Troll America/Caracas Europe/Moscow"
).split()


def ask(questions):
    """The probe's answers, one for each question."""
    #: a test dependency asks for a newer Rust than it needs.
    done = subprocess.run(
        "cargo run --quiet -p forewarn-core --example calendar_probe".split(),
        input="\n".join("\t".join(map(str, question)) for question in questions) + "\n",
        stdout=subprocess.PIPE, cwd=ROOT, text=True, check=True,
    )
    return done.stdout.splitlines()


def compare(what, questions, expected):
    """How many answers differ; the first few are printed."""
    answers = ask(questions)
    if len(answers) != len(questions):
        sys.exit(f"{what}: {len(questions)} questions, {len(answers)} answers")
    different = [(q, a, e) for q, a, e in zip(questions, answers, expected, strict=True) if a != e]
    print(f"{what}: {len(questions)} compared, {len(different)} differ")
    for question, answer, wanted in different[:10]:
        print(f"  {question}\n    forewarn {answer[:500]}\n    expected {wanted[:500]}")
    return len(different)


class Peer:
    """The package's view of one calendar, asked year by year."""

    def __init__(self, id):
        country, _, subdivision = id.partition("-")
        languages = package.country_holidays(country).supported_languages
        self.names = {}
        for year in YEARS:
            # expand=False: nothing but this year, so that no year can lend another its days.
            self.package = package.country_holidays(
                country, subdiv=subdivision or None, years=year, expand=False, observed=True,
                language="en_US" if "en_US" in languages else None, categories=("public",),
            )
            self.names.update({day: name for day, name in self.package.items() if day.year == year})

    def letter(self, day, closed=()):
        """As the probe's `open`."""
        if self.package.is_weekend(day):
            return "W"
        return "H" if day in self.names else "C" if day in closed else "."

    def step(self, day, n, direction, closed):
        """The n-th business day before or after, by walking."""
        while n:
            day += direction * timedelta(days=1)
            n -= self.letter(day, closed) == "."
        return day

    def numpy_step(self, day, n, direction, closed):
        """The same by numpy, or None where the weekend changes over time."""
        masks = {
            tuple(not self.package.is_weekend(date(year, 6, 1) + timedelta(days=-date(year, 6, 1).weekday() + weekday))
                  for weekday in range(7))
            for year in YEARS
        }
        if len(masks) > 1:
            return None
        # From a closed day the first step is to the nearest business day: roll away from it, then count back.
        roll = "forward" if direction < 0 else "backward"
        off = numpy.array([*self.names, *closed], dtype="datetime64[D]")
        return numpy.busday_offset(day, direction * n, roll=roll, weekmask=list(masks.pop()), holidays=off).astype(date)


def check_days(known, peers):
    """All ids; holidays with names, and every single day, of some."""
    wrong = compare("lists of ids", [("ids",)], ["|".join(sorted(known, key=lambda id: id.encode()))])
    ids = list(peers)
    listed = ["|".join(f"{day} {name}" for day, name in sorted(peers[id].names.items())) for id in ids]
    print(f"  ({sum(len(peer.names) for peer in peers.values())} holidays of {len(ids)} calendars)")
    wrong += compare("holidays and names by id", [("days", id) for id in ids], listed)
    questions = [("open", id, year) for id in ids for year in YEARS]
    every_day = [
        "".join(peers[id].letter(date(year, 1, 1) + timedelta(days=n)) for n in range(365 + (year % 4 == 0)))
        for _, id, year in questions
    ]
    return wrong + compare("kind of each day by id and year", questions, every_day)


def check_steps(peers, chance):
    """Random steps along the business days."""
    questions, expected, by_numpy = [], [], 0
    ids = list(peers)
    for number in range(2 * CASES):
        verb, direction = (("back", -1), ("after", 1))[number % 2]
        id = chance.choice(ids)
        start = date(2021, 1, 1) + timedelta(days=chance.randrange(19 * 365 - 200))
        n = chance.choice([0, 1, 1, 2, 3, 5, 5, 5, 10, 20, chance.randrange(60)])
        closed = [start + timedelta(days=chance.randrange(-15, 16)) for _ in range(chance.choice([0, 0, 2, 8]))]
        wanted = peers[id].step(start, n, direction, closed)
        other = peers[id].numpy_step(start, n, direction, closed) if n else None
        if other is not None:
            by_numpy += 1
            assert other == wanted, (id, start, n, closed, other, wanted)
        questions.append((verb, id, start, n, ",".join(map(str, closed))))
        expected.append(str(wanted))
    print(f"  ({by_numpy} of the expected dates confirmed by numpy.busday_offset)")
    return compare(f"random business days before and after ({CASES} each)", questions, expected)


def transitions(zone):
    """The instants at which the zone's offset changes, from 2011 to 2037, to the second."""
    offset = lambda moment: moment.astimezone(zone).utcoffset()
    low, step = datetime(2011, 1, 1, tzinfo=timezone.utc), timedelta(hours=6)
    while low.year < 2037:
        high = low + step
        if offset(low) != offset(high):
            before, after = low, high
            while after - before > timedelta(seconds=1):
                middle = before + (after - before) // 2
                middle = middle.replace(microsecond=0)
                before, after = (middle, after) if offset(middle) == offset(low) else (before, middle)
            yield after
        low = high


def expected_instant(civil, zone, changes):
    """Rule 4 by zoneinfo's two readings (PEP 495): fold=0 uses the offset before, fold=1 the one after."""
    first, second = (civil.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1))
    if first == second:
        kind, at, other = "unambiguous", first, first
    elif first < second:
        kind, at, other = "fold", first, second
    else:
        kind, at, other = "gap", next(change for change in changes if second < change <= first), first
    return kind, " ".join([kind, *(moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (at, other))])


def check_instants(chance):
    """Civil times in and around gaps and folds."""
    questions, expected, kinds = [], [], {}
    for name in ZONES:
        zone = ZoneInfo(name)
        changes = list(transitions(zone))
        civils = {datetime(2026, 11, 30, 22), datetime(2028, 2, 29, 9)}
        for change in changes:
            edges = [(change - timedelta(seconds=1)).astimezone(zone), change.astimezone(zone)]
            begin, end = sorted(edge.replace(tzinfo=None, fold=0) for edge in edges)
            inside = begin + timedelta(seconds=chance.randrange(max(1, int((end - begin).total_seconds()))))
            civils.update(edge + timedelta(seconds=n) for edge in (begin, end, inside) for n in (-1, 0, 1))
        for civil in sorted(civils):
            kind, wanted = expected_instant(civil, zone, changes)
            kinds[kind] = kinds.get(kind, 0) + 1
            questions.append(("instant", name, civil.isoformat()))
            expected.append(wanted)
    print(f"  ({kinds}, {len(ZONES)} zones)")
    return compare("instants of civil times", questions, expected)


def report_cost():
    """What finding a calendar costs in this build of the probe, first time."""
    index, *parsed = [entry.rsplit(" ", 1) for entry in ask([("cost",)])[0].split("|")]
    worst = sorted(((int(nanoseconds), id) for id, nanoseconds in parsed), reverse=True)
    print(f"cost, microseconds: index {int(index[1]) / 1000:.0f}; parsing one calendar: median "
          f"{worst[len(worst) // 2][0] / 1000:.0f}, slowest {[(id, round(ns / 1000)) for ns, id in worst[:3]]}")


def main():
    """Compare everything, or a part of it."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--all", action="store_true")
    arguments.add_argument("--part", type=int, choices=range(PARTS), default=date.today().toordinal() % PARTS)
    options = arguments.parse_args()
    warnings.simplefilter("ignore")
    chance = random.Random(SEED)
    supported = package.list_supported_countries(include_aliases=False)
    ids = [id for country, subs in supported.items() for id in (country, *(f"{country}-{sub}" for sub in subs))]
    part = "all" if options.all else f"part {options.part} of {PARTS}"
    print(f"holidays {package.__version__}, numpy {numpy.__version__}, seed {SEED}, {part}")
    chosen = ids if options.all else ids[options.part :: PARTS]
    peers = {id: Peer(id) for id in chosen}
    wrong = check_days(ids, peers) + check_steps(peers, chance) + check_instants(chance)
    report_cost()
    print(f"{wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
