#!/usr/bin/env python3
"""Checks what Forewarn is built from: licences, banned crates, sources, and how many.

The same policy for cargo-deny is in deny.toml; test_check_dependencies.py keeps the two
equal. Why this script exists as well: docs/decisions/0005-dependency-checks.md.

    scripts/check_dependencies.py            every check; exit code 1 when one fails
    scripts/check_dependencies.py --count    only the number of crates in the default build
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LICENCES = {
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unicode-3.0",
    "Zlib",
}

# An exception only ever adds permissions, but which ones are known is worth a look.
EXCEPTIONS = {"LLVM-exception"}

# Nowhere in the tree.
BANNED = {
    "async-std": "discontinued; the runtime is tokio",
    "aws-lc-rs": "compiles a large C library; rustls uses ring here",
    "aws-lc-sys": "compiles a large C library; rustls uses ring here",
    "lettre": "leaves Nagle's algorithm on and cannot pipeline: docs/decisions/0002-own-smtp-client.md",
    "mail-send": "leaves Nagle's algorithm on and loses replies: docs/decisions/0002-own-smtp-client.md",
    "native-tls": "TLS is rustls, so that one binary behaves the same on every host",
    "openssl": "TLS is rustls, so that one binary behaves the same on every host",
    "openssl-sys": "TLS is rustls, so that one binary behaves the same on every host",
    "serde_yaml": "archived; documents are read by saphyr-parser: docs/decisions/0004-located-yaml.md",
    "serde_yml": "unsound and archived; documents are read by saphyr-parser: docs/decisions/0004-located-yaml.md",
    "tower_governor": "believes X-Forwarded-For from anybody",
}

# Others may use these; our own code may not.
BANNED_DIRECTLY = {
    "chrono": "times are jiff's, in every type of ours",
    "time": "times are jiff's, in every type of ours",
    "lazy_static": "std::sync::LazyLock does this",
    "once_cell": "std::sync::LazyLock does this",
}

# How Cargo.lock names the one public registry that crates may come from.
REGISTRY = re.compile(r"^registry\+https://[^/]+/rust-lang/crates\.io-index$")

MOST_CRATES = 400


class Unreadable(Exception):
    """A licence expression that is not SPDX."""


def allowed(expression):
    """Whether an SPDX expression can be met with the licences in LICENCES.

    OR needs one side, AND both; AND binds tighter. The old form "MIT/Apache-2.0" means OR.
    """
    tokens = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))
    position = 0

    def peek():
        return tokens[position] if position < len(tokens) else None

    def take():
        nonlocal position
        position += 1
        return tokens[position - 1]

    def either():
        value = both()
        while peek() == "OR":
            take()
            right = both()  # read it even when the left side is enough
            value = value or right
        return value

    def both():
        value = one()
        while peek() == "AND":
            take()
            right = one()
            value = value and right
        return value

    def one():
        if peek() is None:
            raise Unreadable(expression)
        token = take()
        if token == "(":
            value = either()
            if peek() != ")":
                raise Unreadable(expression)
            take()
            return value
        if token in (")", "AND", "OR", "WITH"):
            raise Unreadable(expression)
        value = token in LICENCES
        if peek() == "WITH":
            take()
            if peek() is None:
                raise Unreadable(expression)
            value = take() in EXCEPTIONS and value
        return value

    value = either()
    if position != len(tokens):
        raise Unreadable(expression)
    return value


def licence_problems(packages):
    for package in packages:
        who = f"{package['name']} {package['version']}"
        licence = package["license"]
        if not licence:
            yield f"{who} names no licence (its file: {package['license_file']})"
            continue
        try:
            if not allowed(licence):
                yield f"{who} is under '{licence}', which is not allowed"
        except Unreadable:
            yield f"{who} has a licence that is not an SPDX expression: '{licence}'"


def ban_problems(packages, members):
    for package in packages:
        if package["name"] in BANNED:
            users = sorted(
                other["name"]
                for other in packages
                if any(d["name"] == package["name"] for d in other["dependencies"])
            )
            yield f"{package['name']} is banned: {BANNED[package['name']]} (may come from {', '.join(users)})"
        if package["id"] in members:
            for dependency in package["dependencies"]:
                if dependency["name"] in BANNED_DIRECTLY:
                    reason = BANNED_DIRECTLY[dependency["name"]]
                    yield f"{package['name']} depends on {dependency['name']} itself: {reason}"


def source_problems(packages, root):
    for package in packages:
        source = package["source"]
        if source is None:
            if not Path(package["manifest_path"]).is_relative_to(root):
                yield f"{package['name']} is a path outside this repository: {package['manifest_path']}"
        elif not REGISTRY.match(source):
            yield f"{package['name']} {package['version']} comes from {source}, not from crates.io"


def lock_problems(lock):
    """Every crate from a registry is pinned to its bytes."""
    for block in lock.split("[[package]]")[1:]:
        fields = dict(re.findall(r'^(name|version|source|checksum) = "(.*)"$', block, re.M))
        if "source" in fields and not re.fullmatch(r"[0-9a-f]{64}", fields.get("checksum", "")):
            yield f"{fields['name']} {fields['version']} has no checksum in Cargo.lock"


def crates_in(tree):
    """The different crates in the output of `cargo tree --prefix none`."""
    return {tuple(line.split()[:2]) for line in tree.splitlines() if line.strip()}


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def default_build(arguments):
    host = re.search(r"^host: (.*)$", run("rustc", "-vV"), re.M).group(1)
    tree = ["cargo", "tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--target", host]
    return crates_in(run(*tree, *(arguments or ["-p", "forewarn"])))


def main(arguments):
    if arguments[:1] == ["--count"]:
        print(len(default_build(arguments[1:])))
        return 0
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2

    metadata = json.loads(run("cargo", "metadata", "--format-version", "1", "--locked"))
    packages, members = metadata["packages"], set(metadata["workspace_members"])
    problems = [
        *licence_problems(packages),
        *ban_problems(packages, members),
        *source_problems(packages, Path(metadata["workspace_root"])),
        *lock_problems((ROOT / "Cargo.lock").read_text()),
    ]
    count = len(default_build([]))
    if count > MOST_CRATES:
        problems.append(f"the default release build has {count} crates, more than {MOST_CRATES}")

    print(f"{len(packages)} crates for all platforms and tests: licences, bans and sources looked at")
    print(f"{count} crates in the default release build, at most {MOST_CRATES} allowed")
    for problem in problems:
        print(f"problem: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
