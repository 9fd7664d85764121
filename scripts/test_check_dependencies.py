"""Tests of check_dependencies.py; run by ./test scripts."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import check_dependencies as check  # noqa: E402


def package(name, **fields):
    return {
        "id": name,
        "name": name,
        "version": "1.0.0",
        "license": "MIT",
        "license_file": None,
        "source": "registry+https://example.org/rust-lang/crates.io-index",
        "manifest_path": f"/registry/{name}/Cargo.toml",
        "dependencies": [],
        **fields,
    }


class Licences(unittest.TestCase):
    def test_expressions(self):
        cases = {
            "MIT": True,
            "GPL-3.0-only": False,
            "MIT OR GPL-3.0-only": True,
            "GPL-3.0-only OR MIT": True,
            "MIT AND GPL-3.0-only": False,
            "MIT/Apache-2.0": True,
            "Unlicense/MIT": True,
            "Apache-2.0 WITH LLVM-exception": True,
            "Apache-2.0 WITH Something-exception": False,
            "GPL-2.0-only WITH LLVM-exception": False,
            "GPL-2.0-only WITH Classpath-exception-2.0 OR MIT": True,
            # AND binds tighter than OR.
            "GPL-3.0-only AND MIT OR ISC": True,
            "ISC OR GPL-3.0-only AND MIT": True,
            "(ISC OR GPL-3.0-only) AND GPL-3.0-only": False,
            "(MIT OR Apache-2.0) AND Unicode-3.0": True,
            "((MIT))": True,
        }
        for expression, expected in cases.items():
            with self.subTest(expression):
                self.assertEqual(check.allowed(expression), expected)

    def test_what_is_not_spdx_is_said(self):
        for expression in ["", "MIT OR", "AND MIT", "(MIT", "MIT)", "MIT Apache-2.0", "MIT WITH", "()"]:
            with self.subTest(expression), self.assertRaises(check.Unreadable):
                check.allowed(expression)

    def test_no_licence_is_a_problem(self):
        problems = list(check.licence_problems([package("a", license=None, license_file="LICENSE")]))
        self.assertEqual(problems, ["a 1.0.0 names no licence (its file: LICENSE)"])


class Bans(unittest.TestCase):
    def test_banned_anywhere(self):
        packages = [package("openssl"), package("http-thing", dependencies=[{"name": "openssl"}])]
        [problem] = check.ban_problems(packages, members=set())
        self.assertIn("openssl is banned", problem)
        self.assertIn("may come from http-thing", problem)

    def test_banned_only_for_us(self):
        theirs = package("theirs", dependencies=[{"name": "chrono"}])
        ours = package("ours", dependencies=[{"name": "chrono"}])
        self.assertEqual(list(check.ban_problems([theirs, package("chrono")], members={"ours"})), [])
        [problem] = check.ban_problems([ours, package("chrono")], members={"ours"})
        self.assertIn("ours depends on chrono itself", problem)


class Sources(unittest.TestCase):
    def test_only_the_registry_and_this_repository(self):
        root = Path("/here")
        good = [package("a"), package("b", source=None, manifest_path="/here/crates/b/Cargo.toml")]
        self.assertEqual(list(check.source_problems(good, root)), [])
        for bad in [
            package("git", source="git+https://example.org/a?rev=1#1"),
            package("other", source="registry+https://example.org/index"),
            package("path", source=None, manifest_path="/elsewhere/Cargo.toml"),
        ]:
            with self.subTest(bad["name"]):
                self.assertEqual(len(list(check.source_problems([bad], root))), 1)

    def test_checksums(self):
        pinned = f'[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+x"\nchecksum = "{"0" * 64}"\n'
        loose = '[[package]]\nname = "b"\nversion = "1.0.0"\nsource = "registry+x"\n'
        ours = '[[package]]\nname = "c"\nversion = "1.0.0"\n'
        self.assertEqual(list(check.lock_problems(pinned + ours)), [])
        self.assertEqual(list(check.lock_problems(pinned + loose)), ["b 1.0.0 has no checksum in Cargo.lock"])


class Counting(unittest.TestCase):
    def test_repeated_crates_count_once_and_versions_apart(self):
        tree = "a v1.0.0 (/here)\nb v1.0.0\nb v1.0.0 (*)\nb v2.0.0\nc v1.0.0 (proc-macro)\n\nc v1.0.0 (proc-macro) (*)\n"
        self.assertEqual(len(check.crates_in(tree)), 4)


class DenyToml(unittest.TestCase):
    """deny.toml says the same; it is read by pattern, because tomllib needs Python 3.11."""

    text = (check.ROOT / "deny.toml").read_text()

    def section(self, name):
        return re.search(rf"^\[{name}\]$(.*?)(?=^\[|\Z)", self.text, re.M | re.S).group(1)

    def test_licences(self):
        listed = re.search(r"^allow = \[(.*?)\]", self.section("licenses"), re.M | re.S).group(1)
        expected = check.LICENCES | {f"Apache-2.0 WITH {e}" for e in check.EXCEPTIONS}
        self.assertEqual(set(re.findall(r'"(.*?)"', listed)), expected)

    def test_bans(self):
        entries = re.findall(r'crate = "(.*?)".*?reason = "(.*?)"', self.section("bans"))
        self.assertEqual({name: reason for name, reason in entries if name in check.BANNED}, check.BANNED)


if __name__ == "__main__":
    unittest.main()
