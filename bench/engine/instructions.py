#!/usr/bin/env python3
"""How many instructions a packet costs, exactly: a figure that no other load of the machine
changes.

  instructions.py --build DIR            fails where a case costs over 5 % more than
                                         instructions.json says
  instructions.py --build DIR --update   writes instructions.json anew; commit it with the change
                                         that it follows from

The figures are those of Debian 12's g++ and the preset `release`.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KEPT = HERE / "instructions.json"
GROWTH = 1.05
CASES = {
    "small, rebuilt": ("small", ["--sink", "null"]),
    "small, rebuilt and encoded": ("small", ["--sink", "encode"]),
    "browser, rebuilt and encoded": ("browser", ["--sink", "encode"]),
    "bulk, heads only": ("bulk", ["--sink", "null", "--max-body", "0"]),
    "bulk, bodies kept": ("bulk", ["--sink", "null", "--max-body", "2M"]),
}
# The C library picks other variants of memcpy on other processors.
SAME_LIBRARY = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2_Usable,-AVX2,-AVX512F,-ERMS,-FSRM"}


def frames_of(path):
    """Records of a classic pcap file."""
    data, at, count = path.read_bytes(), 24, 0
    while at < len(data):
        at += 16 + int.from_bytes(data[at + 8:at + 12], "little")
        count += 1
    return count


def per_packet(build, path, options):
    """What a second round costs more than the first alone: start and end fall out."""
    counts = []
    for repeat_count in (1, 2):
        # Of the worker alone: what other threads do while it runs depends on how long that takes.
        done = subprocess.run([
            "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
            "--toggle-collect=*QueueWorker*run*", build / "xdpcap-run", "-r", path, "--repeat",
            str(repeat_count), "-q", *options
        ], capture_output=True, text=True, env={**os.environ, **SAME_LIBRARY})
        collected = re.search(r"Collected : (\d+)", done.stderr)
        if done.returncode != 0 or not collected:
            sys.exit(f"instructions: valgrind failed: {done.stderr[-500:]}")
        counts.append(int(collected[1]))
    return (counts[1] - counts[0]) / frames_of(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    now, grown = {}, []
    with tempfile.TemporaryDirectory(prefix="xdpcap-instructions-") as room:
        for name, (kind, options) in CASES.items():
            path = pathlib.Path(room) / f"{kind}.pcap"
            if not path.exists():
                subprocess.run([sys.executable, HERE / "make_capture.py", kind, path, "--short"],
                               check=True)
            now[name] = round(per_packet(arguments.build.resolve(), path, options))
            print(
                f"{name:<30} {now[name]:>6} instructions a packet, kept: {kept.get(name, 'none')}")
            if now[name] > kept.get(name, 0) * GROWTH:
                grown.append(name)
    if arguments.update:
        KEPT.write_text(json.dumps(now, indent=1) + "\n")
        return 0
    if grown:
        print(
            f"over 5 % more than kept: {'; '.join(grown)}. If it is worth it, --update and commit "
            f"{KEPT.name}.",
            file=sys.stderr)
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
