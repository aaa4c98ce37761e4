#!/usr/bin/env python3
"""Checks what a compiler does not: the floors, the sizes, the left-overs.

  tools/tidy.py                      every check but clang-tidy; a few seconds
  tools/tidy.py --only floors,sizes  some of them
  tools/tidy.py --clang-tidy DIR     clang-tidy on the files that DIR/compile_commands.json names,
                                     where they or what they include changed since they passed

Prints one line 'file:line: what is wrong' for each finding; exit status 1 when there is one.
Python standard library only. The rules are those of docs/ARCHITECTURE.md.
"""
import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import tidy_docs

ROOT = pathlib.Path(__file__).resolve().parent.parent
GENERATOR = pathlib.Path("schemas/generate.py")
LINES_MAX, FUNCTION_LINES_MAX, MAIN_LINES_MAX = 600, 80, 80
# One thought each, in one file: cut in pieces they would be harder to read.
LONGER = {"userspace/tcp/tracker.hpp": 800, "userspace/tcp/reassembler.hpp": 800}
COLUMNS_MAX = 100
SOURCE = {".c", ".h", ".cpp", ".hpp"}
# What else has lines of at most so many columns; Markdown is checked by tidy_docs.py.
SCRIPTS = {".py", ".sh", ".mjs", ".cmake", ".yaml", ".yml", ".proto", ".service"}
SCRIPT_NAMES = {"CMakeLists.txt", "Dockerfile", ".clang-tidy"}

# Outside libraries and the only rooms that may include them: their doors.
DOORS = [
    (r"mutex|shared_mutex|condition_variable", ("core",)),  # core/mutex.hpp, which clang checks
    (r"linux/bpf\.h", ("capture", "host", "sandbox")),
    (r"bpf/protocols\.h", ("wire",)),
    (r"bpf/(?!protocols\.h).*|xdp/.*|linux/if_xdp\.h", ("capture", "host")),
    (r".*\.skel\.h", ("capture", "host")),
    (r"pcap(/.*|\.h)", ("capture",)),
    (r"libmnl/.*", ("os", "capture", "host")),
    (r"linux/(inet_diag|sock_diag)\.h", ("host",)),
    (r"zmq(_addon)?\.hp?p?", ("transport", "publish", "consume", "apps")),
    (r"flatbuffers/.*|schemas/.*", ("codec", "publish", "consume", "apps")),
    (r"nlohmann/.*", ("consume", "apps")),
    (r"nettle/.*", ("http", "codec", "publish")),
    (r"cap-ng\.h|seccomp\.h|linux/landlock\.h", ("sandbox", "engine")),
    (r"(zlib|zstd)\.h|brotli/.*", ("consume", "apps")),
    (r"sqlite3\.h|yaml-cpp/.*|re2/.*|boost/.*|grpc(pp)?/.*|tcp_monitor(\.grpc)?\.pb\.h", ("apps",)),
    (r"CLI/.*|toml\+\+/.*|toml\.hpp", ("cli", "apps")),
]

# Words are put together here so that this file does not contain what it looks for.
MARKERS = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
MACHINE = re.compile(r"/wo" + r"rk/|/tm" + r"p/briefs|\bregistry\.[a-z]+\.[a-z]+|\bde" +
                     r"b\.[a-z]+\.org"
                     r"|(?<![./\w])shar" + r"ed/(?!corpus)|\"resolved\": *\"http")

findings = []


def report(path, line, what):
    findings.append(f"{path}:{line}: {what}")


def project_files():
    """All files of the project, tracked or about to be, relative to its root."""
    git = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"],
                         capture_output=True)
    if git.returncode == 0:
        names = git.stdout.decode().split("\0")
    else:  # unpacked without git
        names = [
            str(p.relative_to(ROOT))
            for p in ROOT.rglob("*")
            if not p.relative_to(ROOT).parts[0] == "build"
        ]
    return sorted(pathlib.Path(n) for n in set(names) if n and (ROOT / n).is_file())


def text(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def is_source(path):
    return path.suffix in SOURCE


def is_script(path):
    return (path.suffix in SCRIPTS or path.name in SCRIPT_NAMES
            or first_line(path).startswith(b"#!"))


def first_line(path):
    with open(ROOT / path, "rb") as file:
        return file.readline(80)


def generated():
    """What the build makes of the schema: headers that are included and lie in no folder here."""
    made = text(GENERATOR) if (ROOT / GENERATOR).is_file() else ""
    return set(re.findall(r'"(\w+/\w+\.hpp)": "', made)), {
        pathlib.PurePath(path).name for path in re.findall(r'#include "([^"]+)"', made)}


# ------------------------------------------------------------------ floors
def floors_below():
    """Who stands on whom, as the build files say: {floor: all floors under it}."""
    direct = {}
    for name, lower in re.findall(
            r"^xdpcap_floor\((\w+)(?: ON ([\w ]+?))?(?:\s+LIBRARIES [^)]*)?\)",
            text(pathlib.Path("userspace/CMakeLists.txt")), re.M):
        direct[name] = set(lower.split())
    for name, lower in re.findall(
            r"^xdpcap_app\((\w+) \S+(?: ON ([\w ]+?))?(?:\s+LIBRARIES [^)]*)?\)",
            text(pathlib.Path("userspace/apps/CMakeLists.txt")), re.M):
        direct[f"apps/{name}"] = set(lower.split())

    def closure(name):
        return set().union(direct[name], *(closure(lower) for lower in direct[name]))
    return {name: closure(name) for name in direct}


def room(path):
    """'http' for userspace/http/x.hpp, 'apps/xdpcap_run' for a program's file."""
    parts = path.parts[1:-1]
    return "/".join(parts[:2]) if parts and parts[0] == "apps" else (parts[0] if parts else "")


def check_floors(files):
    below = floors_below()
    names = set(below)
    for path in files:
        if not is_source(path) or path.parts[0] not in ("userspace", "bpf"):
            continue
        for number, line in enumerate(text(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not match:
                continue
            quoted, target = match[1] == '"', match[2]
            if path.parts[0] == "bpf":
                if quoted and not (ROOT / "bpf" / target).is_file():
                    report(path, number,
                           f"bpf/ includes nothing of ours but its own headers, not {target}")
                continue
            check_include(path, number, quoted, target, below, names)


def check_include(path, number, quoted, target, below, names):
    here = room(path)
    if here not in names:
        report(path, number,
               f"{here or 'this folder'} is no floor that userspace/CMakeLists.txt knows")
        return
    owner = room(pathlib.Path("userspace") / target)
    if quoted and owner in names:
        if owner != here and owner not in below[here]:
            report(path, number, f"{here} does not stand on {owner}: {target}")
        elif not (ROOT / "userspace" / target).is_file() and target not in generated()[0]:
            report(path, number, f"there is no {target}")
        return
    if (target, here) in (("bpf/shared.h", "capture"), ("bpf/socket_event.h", "host")):
        return
    for pattern, rooms in DOORS:
        if re.fullmatch(pattern, target):
            if here.split("/")[0] not in rooms:
                report(path, number, f"{target} comes in by {', '.join(rooms)} only")
            return
    if quoted:
        report(path, number,
               f"{target} is not of the project: paths begin at userspace/, others in <>")


# ------------------------------------------------------------------ sizes
def blank_out(code):
    """The code with comments and literals blanked, line for line."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
    return pattern.sub(lambda m: " " + re.sub(r"[^\n]", " ", m[0])[1:], code)


def functions(code):
    """
    (line, lines) of each outermost function body: a block with parentheses before it, in no other
    one.
    """
    open_blocks, head, line = [], "", 1
    for character in blank_out(code):
        if character == "\n":
            line += 1
        if character == "{":
            is_function = "(" in head and not re.match(
                r"\s*(namespace|class|struct|union|enum|extern)\b", head)
            inside = any(block[0] for block in open_blocks)
            open_blocks.append((is_function and not inside, line))
            head = ""
        elif character == "}" and open_blocks:
            is_function, begin = open_blocks.pop()
            if is_function:
                yield begin, line - begin + 1
            head = ""
        elif character == ";":
            head = ""
        else:
            head += character


def check_sizes(files):
    for path in files:
        script = path.suffix in (".py", ".sh", ".js") or first_line(path).startswith(b"#!")
        if not is_source(path) and not script:
            continue
        lines = text(path).count("\n")
        lines_max = LONGER.get(str(path), LINES_MAX)
        if lines > lines_max:
            report(path, lines, f"{lines} lines; a file has at most {lines_max}")
        if path.name == "main.cpp" and lines > MAIN_LINES_MAX:
            report(path, lines, f"{lines} lines; a main.cpp has at most {MAIN_LINES_MAX}")
        if is_source(path):
            for begin, length in functions(text(path)):
                if length > FUNCTION_LINES_MAX:
                    report(path, begin,
                           f"a function of {length} lines; at most {FUNCTION_LINES_MAX}")


# ------------------------------------------------------------------ left-overs
def check_words(files):
    for path in files:
        if b"\0" in (ROOT / path).read_bytes()[:4096]:
            continue
        is_wrapped = is_source(path) or is_script(path)
        for number, line in enumerate(text(path).split("\n"), 1):
            if MARKERS.search(line):
                report(path, number, "left-over marker")
            if MACHINE.search(line):
                report(path, number, "names a machine's path or a registry's host")
            if is_wrapped and len(line) > COLUMNS_MAX:
                report(path, number, f"{len(line)} columns; code has at most {COLUMNS_MAX}")
            if line != line.rstrip() and path.suffix != ".md":
                report(path, number, "blanks at the end of the line")
        if text(path) and not text(path).endswith("\n"):
            report(path, text(path).count("\n") + 1, "no end of line at the end of the file")


def retired_words():
    """{word: what to write instead}, of docs/GLOSSARY.md."""
    block = re.search(r"```retired-words\n(.*?)```", text(pathlib.Path("docs/GLOSSARY.md")), re.S)
    return dict(line.split(None, 1) for line in block[1].splitlines() if line.strip())


def check_names(files):
    """Retired words in identifiers: whole parts of them, as in read_bytes or ByteVector."""
    retired = retired_words()
    for path in files:
        is_code = path.suffix in SOURCE | {".fbs"}
        if path.parts[0] not in ("userspace", "bpf", "schemas") or not is_code:
            continue
        for number, line in enumerate(blank_out(text(path)).split("\n"), 1):
            for name in re.findall(r"[A-Za-z_]\w*", line):
                parts = [part.lower()
                         for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)]
                for word, instead in retired.items():
                    wanted = word.rstrip("_").split("_")
                    starts_only = word.endswith("_")
                    places = [i for i in range(len(parts)) if parts[i:i + len(wanted)] == wanted]
                    if places and (not starts_only or
                                   (places[0] == 0 and len(parts) > len(wanted))):
                        report(path, number,
                               f"{name}: '{word}' is retired; write {instead.strip()}")


def check_dead(files):
    """A header nobody includes. (Sources are all compiled: the build globs them.)"""
    sources = [p for p in files if is_source(p)]
    included = generated()[1]
    for path in sources:
        included.update(
            pathlib.PurePath(t).name
            for t in re.findall(r'#\s*include\s*[<"]([^>"]+)[>"]', text(path)))
    for path in sources:
        if path.suffix in (".h", ".hpp") and path.name not in included:
            report(path, 1, "no file includes this header")


def check_docs(files):
    docs = tidy_docs.Docs(ROOT, files, report)
    docs.check_width()
    docs.check_sentences()
    docs.check_links()
    docs.check_paths()
    docs.check_names()
    docs.check_decisions()


def check_containers(files):
    """
    docker/*.yaml: what docker-compose 1.29 of Debian 12 refuses, and what wants the Internet when a
    container starts.
    """
    for path in files:
        if path.parts[0] != "docker" or path.suffix != ".yaml":
            continue
        for number, line in enumerate(text(path).splitlines(), 1):
            key = re.match(r"(\w+):", line)
            if path.name == "compose.yaml" and key and key[1] not in ("services", "volumes",
                                                                      "networks"):
                report(path, number, f"docker-compose 1.29 knows no {key[1]}: at the top of a file")
            if re.search(r"\bapt(-get)?\b|\bapk\b|\bpip3?\b",
                         line) and not line.lstrip().startswith("#"):
                report(
                    path, number,
                    "a container that installs packages as it starts wants the Internet each time")


# ------------------------------------------------------------------ other tools
def run_tool(command, paths):
    if not paths:
        return
    if not shutil.which(command[0]):
        report(command[0], 0, "not installed: run tools/setup test")
        return
    done = subprocess.run([*command, *map(str, paths)], cwd=ROOT, capture_output=True, text=True)
    said = [m for m in (re.match(r"([^\s:]+):(\d+):(?:\d+:)? (.*)", line)
                        for line in (done.stdout + done.stderr).splitlines()) if m]
    for match in said:
        report(match[1], match[2], match[3])
    if done.returncode and not said:
        report(command[0], 0, (done.stderr or done.stdout).strip())


def check_format(files):
    """Only the first line of a file that differs: 'clang-format -i FILE' mends the rest as well."""
    run_tool(["clang-format", "--dry-run", "-Werror", "--ferror-limit=1"],
             [p for p in files if is_source(p)])


def check_shell(files):
    scripts = [p for p in files if p.suffix == ".sh" or re.match(rb"#!.*\bbash\b", first_line(p))]
    run_tool(["shellcheck", "--external-sources", "--format=gcc"], scripts)


def check_python(files):
    for path in files:
        if path.suffix == ".py" or re.match(rb"#!.*\bpython3\b", first_line(path)):
            try:
                compile(text(path), str(path), "exec")
            except SyntaxError as error:
                report(path, error.lineno, error.msg)


def clang_tidy(folder):
    """
    One process for each file and core. The database lists generated and outside files too; those
    are not ours. The analyzer follows a quarter of the paths that it would by default: large
    functions took most of the time.
    """
    def is_ours(path):
        path = pathlib.Path(path)
        return path.is_relative_to(ROOT) and not any(
            path.is_relative_to(other) for other in (ROOT / "build", folder))

    folder = pathlib.Path(folder).resolve()
    known = json.loads((folder / "compile_commands.json").read_text())
    commands = {entry["file"]: entry["command"] for entry in known if is_ours(entry["file"])}
    words = ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=50000")
    paths = [f"--extra-arg={word}" for word in words]
    state, depends = folder / "clang-tidy-passed.json", depends_of(folder)
    passed = json.loads(state.read_text()) if state.exists() else {}
    digests = {source: digest_of([*paths, commands[source]],
                                 [ROOT / ".clang-tidy", source, *depends.get(source, [])])
               for source in sorted(commands)}
    changed = [source for source, digest in digests.items() if passed.get(source) != digest]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [
            pool.submit(subprocess.run,
                        ["clang-tidy", "--quiet", "-p",
                         str(folder), *paths, source], capture_output=True, text=True)
            for source in changed
        ]
        for source, done in zip(changed, (run.result() for run in runs)):
            before = len(findings)
            for line in done.stdout.splitlines():
                match = re.match(r"(/[^\s:]+):(\d+):\d+: (?:error|warning): (.*)", line)
                if match and is_ours(match[1]):
                    report(os.path.relpath(match[1], ROOT), match[2], match[3])
            if done.returncode and not re.search(": (error|warning):", done.stdout):
                report(os.path.relpath(source, ROOT), 0, done.stderr.strip() or "clang-tidy failed")
            if len(findings) == before:
                passed[source] = digests[source]
    state.write_text(json.dumps(passed))
    print(f"clang-tidy: {len(changed)} of {len(commands)} files changed since they passed")
    return len(commands)


def depends_of(folder):
    """
    {source: what it includes}, as the compiler reported to ninja; empty for what was not built.
    """
    listed = subprocess.run(["ninja", "-C", str(folder), "-t", "deps"], capture_output=True,
                            text=True).stdout
    depends = {}
    for block in listed.split("\n\n"):
        files = [os.path.normpath(folder / line.strip()) for line in block.split("\n")[1:]
                 if line.startswith("    ")]
        if files:
            depends[files[0]] = files[1:]
    return depends


def digest_of(words, paths):
    digest = hashlib.sha256("\0".join(words).encode())
    for path in paths:
        digest.update(file_digest(str(path)))
    return digest.hexdigest()


@functools.cache
def file_digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).digest()


CHECKS = {"floors": check_floors, "sizes": check_sizes, "words": check_words,
          "names": check_names, "dead": check_dead, "docs": check_docs,
          "containers": check_containers, "format": check_format, "shell": check_shell,
          "python": check_python}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(CHECKS),
                        help="checks, with commas: " + ", ".join(CHECKS))
    parser.add_argument("--clang-tidy", metavar="DIR",
                        help="run clang-tidy with DIR/compile_commands.json instead")
    arguments = parser.parse_args()
    if arguments.clang_tidy:
        count = clang_tidy(arguments.clang_tidy)
    else:
        files = project_files()
        count = len(files)
        for name in arguments.only.split(","):
            CHECKS[name](files)
    for finding in sorted(set(findings)):
        print(finding)
    print(f"tidy: {count} files, {len(set(findings))} findings")
    return 1 if findings or not count else 0


if __name__ == "__main__":
    sys.exit(main())
