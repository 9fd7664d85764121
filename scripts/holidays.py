#!/usr/bin/env python3
"""Make crates/forewarn-core/data/holidays.txt from the PyPI package `holidays`.

Planning rule 0 says whose holidays count: package version 0.109, category PUBLIC, observed days
on, estimated days kept. Names are English where the package has them. Run from anywhere:

    python3 -m venv /tmp/holidays && /tmp/holidays/bin/pip install holidays==0.109
    /tmp/holidays/bin/python scripts/holidays.py

The file is text, one section per calendar, sorted, so that a new package version is a readable
diff. Its reader is crates/forewarn-core/src/calendar/holidays.rs; scripts/check_calendar.py
compares what that reader understood with the package, day by day. A section:

    [AE] United Arab Emirates; ARE     the id, then other names of the same place
    # anything                         for people
    covers 2020-2035                   years the package vouches for, when not all of them
    weekend Fri Sat, 2022-01-01 Sat Sun    when not Saturday and Sunday; a date begins the next one
    1202:20-23 National Day            month and day, in 2020 to 2023
    0101 New Year's Day                month and day, in every year
    0409:24,0329:25 Eid                dates are joined by a comma, years by a dot (24.27.30-32)

A subdivision (`CC-SUBDIVISION`, always after its country) says only how it differs from its
country: lines like the above add or rename a day, and `-0409:24` removes one.
"""

import sys
import warnings
from collections import defaultdict
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path

# This script has the package's name: drop its own folder from the path before importing it.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
package = import_module("holidays")

VERSION = "0.109"
YEARS = range(2020, 2041)
TARGET = Path(__file__).resolve().parent.parent / "crates/forewarn-core/data/holidays.txt"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
USUAL_WEEKEND = [(None, ("Sat", "Sun"))]


def calendar(country, subdivision=None, years=YEARS):
    """The package's own calendar, in English where it can."""
    languages = package.country_holidays(country).supported_languages
    language = "en_US" if "en_US" in languages else package.country_holidays(country).default_language
    return package.country_holidays(
        country, subdiv=subdivision, years=years, language=language, observed=True, categories=("public",)
    )


def days(holidays):
    """The days of one calendar in our years, with their names on one line."""
    return {day: " ".join(name.split()) for day, name in holidays.items() if day.year in YEARS}


def weekends(holidays):
    """The weekend as [(first day or None, weekdays)]: some countries moved it."""
    found = []
    for year in YEARS:
        # No country in the package moves its weekend within a year; scripts/check_calendar.py looks at every day.
        week = [date(year, 1, 1) + timedelta(days=n) for n in range(7)]
        now = tuple(WEEKDAYS[number] for number in sorted(day.weekday() for day in week if holidays.is_weekend(day)))
        if not found or found[-1][1] != now:
            found.append((date(year, 1, 1) if found else None, now))
    return found


def coverage(country):
    """Which years the package vouches for, and what it says about the others."""
    entity = package.country_holidays(country)
    vouched, remarks = [], set()
    for year in YEARS:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            calendar(country, years=year)
        remarks.update(str(warning.message) for warning in caught)
        if not caught and entity.start_year <= year <= entity.end_year:
            vouched.append(year)
    return vouched, sorted(remarks)


def spans(numbers, join):
    """20, 21, 22, 25 becomes 20-22 and 25."""
    parts, run = [], []
    for number in sorted(numbers):
        if run and number != run[-1] + 1:
            parts.append(run)
            run = []
        run.append(number)
    parts.append(run)
    return join.join(f"{p[0]}-{p[-1]}" if len(p) > 1 else f"{p[0]}" for p in parts)


def dates(chosen):
    """Dates as month and day, each with its years."""
    by_day = defaultdict(set)
    for day in chosen:
        by_day[f"{day:%m%d}"].add(day.year - 2000)
    return ",".join(
        day if len(years) == len(YEARS) else f"{day}:{spans(years, '.')}" for day, years in sorted(by_day.items())
    )


def lines_of(found, base):
    """The holiday lines of a calendar, as the difference from its base."""
    by_name = defaultdict(list)
    for day, name in found.items():
        if base.get(day) != name:
            by_name[name].append(day)
    lines = sorted(f"{dates(chosen)} {name}" for name, chosen in by_name.items())
    removed = [day for day in base if day not in found]
    return ([f"-{dates(removed)}"] if removed else []) + lines


def weekend_line(found):
    """The weekend, each later one preceded by the day it begins."""
    spelled = [" ".join([begin.isoformat(), *week] if begin else week) for begin, week in found]
    return "weekend " + ", ".join(spelled)


def country_names():
    """English names and other codes of each country, from the package's registry."""
    registry = import_module("holidays.registry").COUNTRIES
    return {
        codes[1]: [module.replace("_", " ").title(), *codes[2:]] for module, codes in registry.items()
    }


def sections(country, subdivisions, names):
    """One country and its subdivisions."""
    national = calendar(country)
    base, base_weekend = days(national), weekends(national)
    lines = [f"[{country}] " + "; ".join(names)]
    vouched, remarks = coverage(country)
    lines += [f"# {remark}" for remark in remarks]
    none = [year for year in vouched if not any(day.year == year for day in base)]
    if none:
        lines.append(f"# No public holidays in {spans(none, ', ')}, says the package.")
    if vouched != list(YEARS):
        lines.append(f"covers {spans(vouched, ' ')}")
    if base_weekend != USUAL_WEEKEND:
        lines.append(weekend_line(base_weekend))
    lines += lines_of(base, {})
    aliases = national.get_subdivision_aliases()
    for subdivision in sorted(subdivisions):
        local = calendar(country, subdivision)
        lines.append(f"[{country}-{subdivision}] {'; '.join(aliases.get(subdivision, []))}".rstrip())
        if weekends(local) != base_weekend:
            lines.append(weekend_line(weekends(local)))
        lines += lines_of(days(local), base)
    return lines


def main():
    """Write the data file and say what it holds."""
    if package.__version__ != VERSION:
        sys.exit(f"the rules name holidays {VERSION}, this is {package.__version__}")
    warnings.simplefilter("ignore")
    supported = package.list_supported_countries(include_aliases=False)
    names = country_names()
    lines = [
        f"# Public holidays {YEARS[0]}-{YEARS[-1]} from the PyPI package holidays {VERSION}: "
        "category PUBLIC, observed days on, estimated days kept.",
        "# Made by scripts/holidays.py, which explains the format; do not edit.",
    ]
    for country in sorted(supported):
        lines += sections(country, supported[country], names[country])
    # The reader splits at brackets without looking at what is before them.
    inside = [line for line in lines if "[" in line[1:]]
    if inside:
        sys.exit(f"a bracket where only a section may begin: {inside}")
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")
    subdivisions = sum(len(listed) for listed in supported.values())
    print(f"{len(supported)} countries, {subdivisions} subdivisions, {TARGET.stat().st_size} bytes: {TARGET}")


if __name__ == "__main__":
    main()
