#!/usr/bin/env python3
"""The section `stage` of tools/bench: each stage of the engine alone.

  run.py --build DIR [--quick]    prints one JSON object
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

GROUPS = [  # the beginning of a name, and the title of its table
    ("decode", "From a frame to a checked segment (the frame in the cache)"),
    ("flow_lookup", "Finding the record of a flow, at random"),
    ("reassembly", "Putting segments in order, delivered to nobody"),
    ("head", "Reading a head in one piece"),
    ("body", "A request and a whole response through one conversation (bytes of body)"),
    ("encode", "Writing a record into a batch (bytes of body)"),
    ("ring", "The ring: both ends on one thread, and between two (slots)"),
    ("publish", "Encoder, publisher, ZeroMQ, one subscriber that opens every batch"),
]
MAPS = {
    "Own": "flow table", "Nodes": "std::unordered_map",
    "Flat": "boost::unordered_flat_map, records outside"
}


def run(program, group, quick):
    """
    The benchmarks of a group in one process, the fastest of their repetitions: other loads only
    make one slower.
    """
    done = subprocess.run([
        program, f"--benchmark_filter=^{group}", f"--benchmark_min_time={0.02 if quick else 0.1}",
        f"--benchmark_repetitions={1 if quick else 3}", "--benchmark_format=json"
    ], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        print(f"{group}: ended with {done.returncode}", file=sys.stderr)
        return [{"name": f"{group}/all", "refused": f"ended with {done.returncode}"}]
    best = {}
    for said in json.loads(done.stdout)["benchmarks"]:
        if said.get("run_type") == "aggregate":
            continue
        name = re.sub(r"/(iterations:\d+|manual_time|real_time|repeats:\d+)", "", said["run_name"])
        if said.get("error_occurred"):
            best[name] = {"name": name, "refused": said["error_message"]}
        elif name not in best or said["items_per_second"] > best[name].get("per_s", 0):
            best[name] = {
                "name": name, "label": said.get("label", ""), "per_s": said["items_per_second"],
                "ns": 1e9 / said["items_per_second"], "bytes_per_s": said.get("bytes_per_second"),
                **{
                    key: said[key]
                    for key in ("bytes_per_flow", "batches_lost", "messages_lost") if key in said
                }
            }
        result = said.get("error_message") or round(1e9 / said["items_per_second"], 1)
        print(f"{name}: {result}", file=sys.stderr, flush=True)
    return list(best.values())


def number(value, digits=3):
    return "" if value is None else f"{value:.{digits}g}" if value < 1000 else f"{value:,.0f}"


def plain_table(title, entries):
    """Name, ns, millions/s, Gbit/s and what else was counted."""
    extra = [key for key in ("batches_lost", "messages_lost") if any(key in e for e in entries)]
    rows = []
    for e in entries:
        if "refused" in e:
            rows.append([e["name"], e["refused"], "", "", *("" for _ in extra)])
            continue
        gbit = e["bytes_per_s"] * 8e-9 if e["bytes_per_s"] else None
        rows.append([
            e["name"],
            number(e["ns"]),
            number(e["per_s"] / 1e6),
            number(gbit), *(number(e.get(k)) for k in extra)
        ])
    return {"title": title, "columns": ["", "ns each", "million/s", "Gbit/s", *extra], "rows": rows}


def lookup_table(title, entries):
    found = {}
    for e in entries:
        kind, flows = re.fullmatch(r"flow_lookup<(\w+)>/(\d+)", e["name"]).groups()
        found.setdefault(kind, {})[int(flows)] = e
    sizes = sorted({flows for kind in found.values() for flows in kind})
    rows = [[
        MAPS[kind], *(number(at[n]["ns"]) for n in sizes),
        number(at[sizes[-1]].get("bytes_per_flow"))
    ] for kind, at in found.items()]
    return {
        "title": title, "columns": ["", *(f"ns, {n:,} flows" for n in sizes), "bytes per flow"],
        "rows": rows
    }


def head_table(title, entries):
    found = {}
    for e in entries:
        parser = e["name"].split("/")[0].removeprefix("head_")
        found.setdefault(parser, {})[e.get("label", "")] = e
    labels = list(found["own"])
    rows = [[
        parser, *(number(at[label]["ns"]) if "ns" in at.get(label, {}) else "wrong"
                  for label in labels),
        *(number(at[label]["ns"] /
                 found["own"][label]["ns"], 2) if "ns" in at.get(label, {}) else ""
          for label in labels)
    ]
            for parser, at in found.items()]
    return {
        "title": title, "columns": [
            "parser", *(f"ns, {label}" for label in labels),
            *(f"times own, {label}" for label in labels)
        ], "rows": rows
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    special = {"flow_lookup": lookup_table, "head": head_table}
    measurements, tables = [], []
    for group, title in GROUPS:
        entries = run(arguments.build / "xdpcap-bench-stage", group, arguments.quick)
        measurements += entries
        table = special.get(group, plain_table) if all(
            "ns" in entry for entry in entries) else plain_table
        tables.append(table(title, entries))
    json.dump({"section": "stage", "tables": tables, "measurements": measurements}, sys.stdout,
              indent=1)
    print()


if __name__ == "__main__":
    main()
