#!/usr/bin/env python3
"""The section `engine` of tools/bench: the whole engine on a capture in memory, and peers on the
same capture.

  run.py --build DIR [--quick]    prints one JSON object

Each tool runs several times, in turn, so that a disturbance does not meet one of them only; the
best run counts.
"""
import argparse
import json
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import instructions

HERE = pathlib.Path(__file__).resolve().parent
FIGURES = re.compile(
    r"packets (\d+) in ([\d.]+) s: ([\d.]+) Mpps, (\d+) messages/s, ([\d.]+) Gbit/s, (\d+) bytes "
    r"allocated"
)
# Messages and what is kept of bodies, on the capture of that kind.
CASES = [
    ("small, rebuilt", "small", ["--sink", "null"]),
    ("small, rebuilt and encoded", "small", ["--sink", "encode"]),
    ("bulk, heads only", "bulk", ["--sink", "null", "--max-body", "0"]),
    ("bulk, bodies kept", "bulk", ["--sink", "null", "--max-body", "2M"]),
    ("bulk, bodies kept and encoded", "bulk", ["--sink", "encode", "--max-body", "2M"]),
]


def make(kind, room):
    path = room / f"{kind}.pcap"
    if not path.exists():
        subprocess.run([sys.executable, HERE / "make_capture.py", kind, path], check=True)
    return path


def engine(build, path, repeat_count, options):
    output = subprocess.run(
        [build / "xdpcap-run", "-r", path, "--repeat",
         str(repeat_count), "-q", *options], check=True, capture_output=True, text=True).stdout
    packets, seconds, mpps, messages, gbit, allocated = FIGURES.search(output).groups()
    return {
        "packets": int(packets), "seconds": float(seconds), "mpps": float(mpps),
        "messages_per_s": int(messages), "gbit_per_s": float(gbit), "allocated": int(allocated)
    }


def timed(command, cwd):
    """CPU-seconds of a peer that reads the file itself."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"seconds": time.monotonic() - began,
            "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def peers(build, path, room, repeat_count):
    """
    {name: (packets/s of one round trip over the capture, what it does)}; left out where not
    installed.
    """
    packets = instructions.frames_of(path)
    found = {}
    libtins = build / "follow-with-libtins"
    if libtins.exists():
        said = subprocess.run([libtins, path, str(repeat_count)], check=True, capture_output=True,
                              text=True).stdout
        found["libtins StreamFollower"] = float(re.search(
            r"([\d.]+) Mpps", said)[1]) * 1e6, "reassembles; knows no HTTP"
    reads_file = {
        "tcpflow": (["tcpflow", "-q", "-r", path, "-o",
                     room / "flows"], "writes each direction to a file in memory"),
        "tshark": ([
            "tshark", "-n", "-r", path, "-Y", "http", "-T", "fields", "-e", "http.request.uri",
            "-e", "http.response.code"
        ], "dissects all layers; prints two fields of each message"),
    }
    for name, (command, does) in reads_file.items():
        if not shutil.which(command[0]):
            continue
        shutil.rmtree(room / "flows", ignore_errors=True)
        found[name] = packets / timed(command, room)["seconds"], does
    return found


def measure(build, room, quick):
    repeat_count = {"small": 10 if quick else 60, "bulk": 10 if quick else 40}
    turns = 2 if quick else 5
    best, peers_best = {}, {}
    for _ in range(turns):
        for name, kind, options in CASES:
            ran = engine(build, make(kind, room), repeat_count[kind], options)
            if name not in best or ran["mpps"] > best[name]["mpps"]:
                best[name] = {"case": name, **ran}
        for name, (rate, does) in peers(build, make("small", room), room,
                                        repeat_count["small"]).items():
            if name not in peers_best or rate > peers_best[name][0]:
                peers_best[name] = rate, does
    for name, kind, options in CASES:
        best[name]["instructions_per_packet"] = (instructions.per_packet(
            build, make(kind, room), options) if shutil.which("valgrind") else None)
    return list(best.values()), peers_best


def tables(cases, found):
    def per_packet(case):
        return "" if case[
            "instructions_per_packet"] is None else f"{case['instructions_per_packet']:.0f}"

    whole = {
        "title": "the engine on one core, from memory", "columns": [
            "", "Mpps", "messages/s", "Gbit/s", "instructions/packet", "bytes allocated when warm"
        ], "rows": [[
            case["case"], f"{case['mpps']:.2f}", f"{case['messages_per_s']:,}",
            f"{case['gbit_per_s']:.1f}",
            per_packet(case), case["allocated"]
        ] for case in cases]
    }
    ours = {case["case"]: case["mpps"] * 1e6 for case in cases}
    rows = [[
        name, f"{rate / 1e6:.3f}", f"{ours['small, rebuilt'] / rate:.1f}",
        f"{ours['small, rebuilt and encoded'] / rate:.1f}", does
    ] for name, (rate, does) in found.items()]
    ratios = {
        "title": "peers on the same capture (small messages): how many times their packets/s "
                 "xdpcap takes",
        "columns": ["", "Mpps", "x rebuilt", "x rebuilt and encoded", "what it does"], "rows": rows
    }
    return [whole, ratios]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xdpcap-bench-", dir="/dev/shm") as room:
        cases, found = measure(arguments.build.resolve(), pathlib.Path(room), arguments.quick)
    measurements = cases + [{"peer": name, "packets_per_s": rate}
                            for name, (rate, _) in found.items()]
    print(
        json.dumps(
            {"section": "engine", "tables": tables(cases, found), "measurements": measurements}))


if __name__ == "__main__":
    main()
