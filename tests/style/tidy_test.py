#!/usr/bin/env python3
"""tools/tidy.py finds what it looks for: each rule is broken once, in a small tree made for it."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TIDY = pathlib.Path(__file__).resolve().parents[2] / "tools" / "tidy.py"
CMAKE = """xdpcap_floor(core)
xdpcap_floor(wire ON core)
xdpcap_floor(http ON core LIBRARIES PkgConfig::nettle)
xdpcap_floor(capture ON wire core LIBRARIES PkgConfig::libxdp)
"""
LONG_BODY = "  step();\n" * 80


class TidyFinds(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="xdpcap-tidy-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.write("tools/tidy.py", TIDY.read_text())
        self.write("tools/tidy_docs.py", (TIDY.parent / "tidy_docs.py").read_text())
        self.write("userspace/CMakeLists.txt", CMAKE)
        self.write("userspace/apps/CMakeLists.txt",
                   "xdpcap_app(xdpcap_run xdpcap-run ON capture LIBRARIES fmt::fmt)\n")

    def write(self, path, content):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(content)

    def tidy(self, check):
        done = subprocess.run(["python3", self.root / "tools/tidy.py", "--only", check],
                              capture_output=True, text=True)
        return done.returncode, done.stdout

    def assert_found(self, check, expected):
        code, output = self.tidy(check)
        self.assertIn(expected, output)
        self.assertEqual(code, 1)

    def assert_clean(self, check):
        code, output = self.tidy(check)
        self.assertEqual((code, output.count("\n")), (0, 1), output)

    def test_a_floor_may_include_the_floors_it_stands_on(self):
        self.write("userspace/core/seq.hpp", "")
        self.write("userspace/wire/decode.hpp", '#include "core/seq.hpp"\n')
        self.write("userspace/apps/xdpcap_run/main.cpp",
                   '#include "wire/decode.hpp"\n#include "core/seq.hpp"\n')
        self.assert_clean("floors")

    def test_a_floor_may_not_include_its_sibling_or_what_stands_on_it(self):
        self.write("userspace/http/head.hpp", "")
        self.write("userspace/wire/decode.hpp", '#include "http/head.hpp"\n')
        self.assert_found("floors", "userspace/wire/decode.hpp:1: wire does not stand on http")

    def test_a_floor_may_include_what_the_schema_makes(self):
        self.write("userspace/core/used.hpp", '#include "core/made.hpp"\n')
        self.assert_found("floors", "userspace/core/used.hpp:1: there is no core/made.hpp")
        self.write("schemas/generate.py", 'OUTPUTS = {"core/made.hpp": "structs"}\n')
        self.assert_clean("floors")

    def test_containers_start_on_debian_12_and_without_the_internet(self):
        self.write("docker/compose.yaml",
                   "services:\n  web:\n    image: nginx\nvolumes:\n  data:\n")
        self.assert_clean("containers")
        self.write("docker/compose.yaml", "name: lab\nservices:\n")
        self.assert_found("containers", "docker/compose.yaml:1: docker-compose 1.29 knows no name:")
        self.write("docker/compose.yaml", "services:\n  web:\n    command: apt-get install curl\n")
        self.assert_found("containers", "docker/compose.yaml:3: a container that installs packages")

    def test_an_outside_library_has_one_door(self):
        self.write("userspace/wire/decode.hpp", "#pragma once\n#include <bpf/libbpf.h>\n")
        self.assert_found("floors", "userspace/wire/decode.hpp:2: bpf/libbpf.h comes in by")
        self.write("userspace/wire/decode.hpp", "")
        self.write("userspace/capture/program.hpp", "#include <bpf/libbpf.h>\n")
        self.assert_clean("floors")

    def test_locks_are_those_that_clang_checks(self):
        self.write("userspace/wire/decode.hpp", "#include <mutex>\n")
        self.assert_found("floors", "userspace/wire/decode.hpp:1: mutex comes in by core only")
        self.write("userspace/wire/decode.hpp", "")
        self.write("userspace/core/mutex.hpp", "#include <condition_variable>\n#include <mutex>\n")
        self.assert_clean("floors")

    def test_a_folder_that_is_no_floor(self):
        self.write("userspace/misc/x.hpp", "#include <vector>\n")
        self.assert_found("floors", "misc is no floor")

    def test_the_kernel_side_includes_only_its_own_headers(self):
        self.write("bpf/parse.h", "")
        self.write("bpf/capture.bpf.c", '#include "parse.h"\n#include "core/seq.hpp"\n')
        self.assert_found("floors", "bpf/capture.bpf.c:2: ")

    def test_a_retired_word_in_a_name(self):
        self.write("docs/GLOSSARY.md", "```retired-words\noctets  bytes\ntake_   receive_\n```\n")
        self.write(
            "userspace/core/a.hpp",
            "// octets, take_ them\nint readOctets; int take_row(); int take; int x = "
            "f(\"octets\");\n"
        )
        code, output = self.tidy("names")
        self.assertEqual(code, 1)
        self.assertIn("userspace/core/a.hpp:2: readOctets: 'octets' is retired; write bytes",
                      output)
        self.assertIn("userspace/core/a.hpp:2: take_row: 'take_' is retired", output)
        self.assertEqual(output.count("retired"), 2, output)

    def test_a_line_of_code_that_is_too_wide(self):
        self.write("userspace/core/a.cpp", "// " + "w" * 97 + "\n")
        self.assert_clean("words")
        self.write("userspace/core/a.cpp", "// " + "w" * 98 + "\n")
        self.assert_found("words", "userspace/core/a.cpp:1: 101 columns")

    def test_a_line_of_a_script_that_is_too_wide(self):
        for path in ("a.py", "CMakeLists.txt", "docker/Dockerfile", "docker/pod.yaml", "a.mjs"):
            self.write(path, "#" * 100 + "\n")
            self.assert_clean("words")
            self.write(path, "#" * 101 + "\n")
            self.assert_found("words", f"{path}:1: 101 columns")
            (self.root / path).unlink()
        self.write("tools/demo", "#!/bin/sh\n" + "#" * 101 + "\n")
        self.assert_found("words", "tools/demo:2: 101 columns")

    def test_a_long_function_a_long_file_and_a_long_main(self):
        self.write("userspace/core/a.cpp",
                   "namespace x {\nvoid walk() {\n" + LONG_BODY + "}\n}  // namespace x\n")
        self.assert_found("sizes", "userspace/core/a.cpp:2: a function of 82 lines")
        self.write("userspace/core/a.cpp", "// a line\n" * 601)
        self.assert_found("sizes", "userspace/core/a.cpp:601: 601 lines")
        self.write("userspace/core/a.cpp", "")
        self.write("userspace/apps/xdpcap_run/main.cpp", "// a line\n" * 81)
        self.assert_found("sizes", "main.cpp:81: 81 lines")

    def test_braces_in_texts_and_comments_open_nothing(self):
        self.write(
            "userspace/core/a.cpp",
            'void walk() {\n  say("{");  // {\n}\nint table[] = {\n' + "  1,\n" * 80 + "};\n")
        self.assert_clean("sizes")

    def test_a_long_class_of_short_functions_is_no_long_function(self):
        self.write("userspace/core/a.hpp",
                   "class A {\n" + "  int get() const { return 1; }\n" * 90 + "};\n")
        self.assert_clean("sizes")

    def test_left_over_markers_and_blanks_and_machine_paths(self):
        for line in ("// TO" + "DO later", "int a; ", "// see /wo" + "rk/main"):
            self.write("userspace/core/a.hpp", line + "\n")
            self.assert_found("words", "userspace/core/a.hpp:1: ")
        self.write("userspace/core/a.hpp", "// without end of line")
        self.assert_found("words", "no end of line")

    def test_a_header_nobody_includes(self):
        self.write("userspace/core/a.hpp", "")
        self.assert_found("dead", "userspace/core/a.hpp:1: no file includes this header")
        self.write("userspace/core/a.cpp", '#include "core/a.hpp"\n')
        self.assert_clean("dead")

    def test_a_link_to_nowhere(self):
        self.write("README.md", "See [the design](docs/ARCHITECTURE.md).\n")
        self.assert_found("docs", "README.md:1: link to docs/ARCHITECTURE.md")
        self.write("docs/ARCHITECTURE.md", "# How it works\n")
        self.assert_clean("docs")

    def test_a_path_in_backticks_that_is_not_there(self):
        self.write("userspace/tcp/tracker.hpp", "")
        self.write(
            "docs/ARCHITECTURE.md", "`tcp/tracker.hpp`, `userspace/tcp/tracker.hpp:12`, `tools/`,\n"
            "`linux/bpf.h`, `build/release/x.json`, `and/or`, `application/json`\n")
        self.assert_clean("docs")
        for gone in ("tcp/follower.hpp", "userspace/tcp/follower.hpp", "gone/tracker.hpp",
                     "tools/nothing"):
            self.write("docs/ARCHITECTURE.md", f"# Map\n`{gone}`\n")
            self.assert_found("docs", f"docs/ARCHITECTURE.md:2: `{gone}` is not there")

    def test_a_name_in_backticks_that_the_code_does_not_have(self):
        self.write("userspace/tcp/tracker.hpp", "class Tracker {\n  void accept();\n};\n")
        self.write("docs/ARCHITECTURE.md", "`tcp::Tracker::accept()`, `std::variant`\n")
        self.assert_clean("docs")
        self.write("docs/ARCHITECTURE.md", "`Tracker::take`\n")
        self.assert_found("docs", "docs/ARCHITECTURE.md:1: `Tracker::take` is not in the code")

    def test_prose_of_more_than_100_columns(self):
        long_line = "word " * 20 + "end"
        self.write("README.md", f"| {long_line} |\n" + "x" * 120 + f"\n{long_line[:100]}\n")
        self.assert_clean("docs")
        self.write("README.md", f"{long_line}\n")
        self.assert_found("docs", "README.md:1: 103 columns")

    def test_sentences_of_more_than_25_words(self):
        words = ("w " * 13).strip()
        self.write(
            "docs/a.md",
            f"# Title {words}{words}\n\n{words}.\n{words}: {words}\n\n- {words}\n- {words}\n\n"
            f"| {words} |\n| {words} |\n\n    code {words}\n    {words}\n\n```\n{words}\n{words}\n"
            f"```\n"
        )
        self.assert_clean("docs")
        self.write("docs/a.md", f"# Title\n\nShort. {words}\n{words}\n")
        self.assert_found("docs", "docs/a.md:3: a sentence of 26 words: 'w w w w w ...'")

    def write_decision(self, **changed):
        parts = {
            "name": "0001-a-slug", "title": "# It is so",
            "date": "Date: 2026-11-27 · Status: accepted", "headings": (
                "Context", "Decision", "Undo"), "row": "| 0001 | [It is so](0001-a-slug.md) |"
        } | changed
        shutil.rmtree(self.root / "docs", ignore_errors=True)
        sections = "".join(f"\n## {heading}\n\nWords.\n" for heading in parts["headings"])
        self.write(f"docs/decisions/{parts['name']}.md",
                   f"{parts['title']}\n\n{parts['date']}\n{sections}")
        self.write("docs/decisions/README.md", f"# Decisions\n\n{parts['row']}\n")

    def test_decisions_have_one_form_and_stand_in_the_index(self):
        self.write_decision()
        self.assert_clean("docs")
        self.write_decision(date="Date: 2026-11-27 · Status: superseded by 0007")
        self.assert_clean("docs")
        for changed, finding in [
            ({"name": "0002-a-slug"}, "named 0001-short-slug.md"),
            ({"name": "0001-A_Slug"}, "named 0001-short-slug.md"),
            ({"title": "It is so"}, "begins with '# '"),
            ({"date": "Date: 2026-13-27 · Status: accepted"}, "line 3 is"),
            ({"date": "Date: 2026-11-27 · Status: perhaps"}, "line 3 is"),
            ({"headings": ("Decision", "Context")}, "the headings are"),
            ({"headings": ("Context", "Decision", "Undo", "Price")}, "the headings are"),
            ({"headings": ("Context", "Decision", "Cost")}, "the headings are"),
            ({"headings": ("Decision", "Undo")}, "the headings are"),
            ({"row": ""}, "lists it with its number and title"),
            ({"row": "| 0002 | [It is so](0001-a-slug.md) |"},
             "lists it with its number and title"),
            ({"row": "| 0001 | [It was so](0001-a-slug.md) |"},
             "lists it with its number and title"),
            ({"row": "| 0001 | [It is so](0003-gone.md) |"}, "0003-gone.md is no decision")
        ]:
            with self.subTest(changed):
                self.write_decision(**changed)
                self.assert_found("docs", finding)

    def test_what_the_other_tools_say_is_passed_on(self):
        self.write("userspace/core/a.cpp", "int   a;\n")
        self.assert_found("format", "userspace/core/a.cpp:1: ")
        self.write("tools/demo", "#!/usr/bin/env bash\necho $1\n")
        self.assert_found("shell", "tools/demo:2: ")
        self.write("tools/a.py", "def broken(:\n")
        self.assert_found("python", "tools/a.py:1: ")


if __name__ == "__main__":
    unittest.main()
