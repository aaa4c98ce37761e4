#!/usr/bin/env python3
"""
What cmake --install puts on a system. The manual pages that the build made: groff and man-db read
them without a warning, and they have the options of --help.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ["xdpcap-run", "xdpcap-sub", "xdpcap-web"]
SECTIONS = [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "OPTIONS",
    "EXIT STATUS",
    "ENVIRONMENT",
    "EXAMPLES",
    "SEE ALSO",
]
# In a container man may not be allowed to confine itself.
READER = os.environ | {
    "LC_ALL": "C.UTF-8",
    "MANROFFSEQ": "",
    "MANWIDTH": "80",
    "MAN_DISABLE_SECCOMP": "1",
}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, env=READER, timeout=60)


class ManPages(unittest.TestCase):
    def each(self):
        return [(program, str(BUILD / "man" / f"{program}.1")) for program in PROGRAMS]

    def test_groff_and_man_have_nothing_to_say(self):
        """The second command is lintian's."""
        for _, page in self.each():
            for command in (
                ["groff", "-man", "-ww", "-z", page],
                ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
            ):
                done = run(*command)
                self.assertEqual((done.returncode, done.stderr), (0, ""), command)

    def test_whatis_finds_name_and_purpose(self):
        for program, page in self.each():
            done = run("lexgrog", page)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, rf'"{program} - \w.*\w"')

    def test_sections_stand_in_the_usual_order(self):
        for _, page in self.each():
            headings = [
                line
                for line in self.shown(page).splitlines()
                if re.fullmatch(r"[A-Z][A-Z ]*", line)
            ]
            self.assertEqual(headings, SECTIONS)

    def test_every_option_of_help_is_there_and_no_other(self):
        for program, page in self.each():
            helped = run(BUILD / program, "--help").stdout
            of_help = set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", helped, re.M))
            options = self.shown(page).split("\nOPTIONS\n")[1].split("\nEXIT STATUS\n")[0]
            of_page = set(re.findall(r"^ {7}(?:-\w(?: \S+)?, )?(--[\w-]+)", options, re.M))
            self.assertGreater(len(of_help), 15)
            self.assertEqual(of_help, of_page)

    def test_other_pages_of_ours_exist(self):
        for program, page in self.each():
            others = self.shown(page).split("\nSEE ALSO\n")[1]
            for other in set(PROGRAMS) - {program}:
                self.assertIn(f"{other}(1)", others)

    def shown(self, page):
        done = run("man", "-l", "-P", "cat", page)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


class Texts(unittest.TestCase):
    """What a user types after README and docs/: each option is one of that program's."""

    def commands(self, text):
        """
        (program, its options) of code, one for each program in a line that a backslash or a pipe
        may continue.
        """
        joined = re.sub(r"\\\n(?:    > ?| +)", " ", text)
        for line in re.findall(r"^ {4}.*", joined, re.M):
            for part in re.split(r"[|&;]+| # ", line):
                found = re.search(r"(?:^|[\s/])(xdpcap-(?:run|sub|web))\s(.*)", part)
                if found and not re.match(r" {4}xdpcap-\w+: ", part):
                    yield found[1], re.findall(r"(?<!\S)(--?[a-zA-Z][\w-]*)", found[2])

    def test_options_in_commands_exist(self):
        known = {
            program: set(
                re.findall(r"(?<!\S)-\w(?=,)|--[\w-]+", run(BUILD / program, "--help").stdout)
            )
            for program in PROGRAMS
        }
        texts = [
            SOURCE / "README.md",
            SOURCE / "SECURITY.md",
            *(SOURCE / "docs").glob("*.md"),
            *SOURCE.glob("userspace/**/README.md"),
        ]
        seen = 0
        for path in texts:
            for program, options in self.commands(path.read_text()):
                for option in options:
                    self.assertIn(
                        option, known[program], f"{path.relative_to(SOURCE)}: {program} {option}"
                    )
                    seen += 1
        self.assertGreater(seen, 40)


class Installation(unittest.TestCase):
    def test_programs_pages_services_and_schemas_are_installed(self):
        with tempfile.TemporaryDirectory() as prefix:
            done = run("cmake", "--install", BUILD, "--prefix", prefix)
            self.assertEqual(done.returncode, 0, done.stderr)
            root = pathlib.Path(prefix)
            for program in PROGRAMS:
                self.assertEqual(run(root / "bin" / program, "--version").returncode, 0)
                self.assertTrue((root / "share/man/man1" / f"{program}.1").is_file())
            for path in (
                "lib/sysusers.d/xdpcap.conf",
                "share/xdpcap/schemas/xdpcap.fbs",
                "share/doc/xdpcap/LICENSE",
                "share/doc/xdpcap/CHANGELOG.md",
            ):
                self.assertTrue((root / path).is_file(), path)
            units = list((root / "lib/systemd/system").iterdir())
            self.assertEqual(len(units), 2)
            for unit in units:
                command = re.search(r"^ExecStart=(\S+)", unit.read_text(), re.M)[1]
                self.assertTrue(pathlib.Path(command).is_relative_to(root), command)
                self.assertTrue(os.access(command, os.X_OK), command)


if __name__ == "__main__":
    unittest.main()
