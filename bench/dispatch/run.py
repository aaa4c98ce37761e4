#!/usr/bin/env python3
"""The section `dispatch` of tools/bench: a thread for every stream, or a map?

  run.py --build DIR [--quick]    prints one JSON object

Each contender meets each case in a process of its own, so that memory and threads of one do not
weigh on the next. Where others disturbed a measurement it is done once more, for five minutes
in all.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import quiet  # noqa: E402

BASE = {
    "streams": "1000", "workers": "2", "mix": "small", "popularity": "uniform", "life": "long",
    "out_of_order": "0"
}
FULL = {"XDPCAP_BENCH_PACKETS": "2000000", "XDPCAP_BENCH_SECONDS": "0.15", "XDPCAP_BENCH_RUNS": "5"}
QUICK = {"XDPCAP_BENCH_PACKETS": "300000", "XDPCAP_BENCH_SECONDS": "0.05", "XDPCAP_BENCH_RUNS": "1"}
# Enough to see the answer: the base point, fewer streams, and fewer workers.
QUICK_CASES = [BASE, {**BASE, "streams": "100"}, {**BASE, "workers": "1"}]
FIGURES = [
    "packets_per_s", "packets_per_s_min", "packets_per_s_max", "ns_per_packet", "cpu_s_per_million",
    "switches_per_packet", "bytes_per_stream", "us_per_opening", "p50_us", "p99_us", "p999_us",
    "latency_at_packets_per_s", "messages", "order_violations"
]


def factors_of(name):
    contender, *factors = name.split("/")
    return {
        "contender": contender, **dict(f.split(":") for f in factors if f.split(":")[0] in BASE)
    }


def names(program, settings):
    listed = subprocess.run([program, "--benchmark_list_tests"], env={**os.environ, **settings},
                            check=True, capture_output=True, text=True).stdout.split()
    return listed


def measure(program, name, settings):
    """
    One process. A contender that cannot do it says so in one sentence, and that is its result.
    """
    done = subprocess.run(
        [program, f"--benchmark_filter=^{re.escape(name)}$", "--benchmark_format=json"],
        env={**os.environ, **settings}, capture_output=True, text=True)
    if done.returncode != 0:
        return {"refused": f"ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}"}
    said = json.loads(done.stdout)["benchmarks"][0]
    if said.get("error_occurred"):
        return {"refused": said["error_message"]}
    return {figure: said[figure] for figure in FIGURES}


def number(value, digits=3):
    return "" if value is None else f"{value:.{digits}g}" if value < 1000 else f"{value:,.0f}"


def at(measurements, contender, **factors):
    wanted = {**BASE, **factors, "contender": contender}
    for entry in measurements:
        if all(entry[key] == value for key, value in wanted.items()):
            return entry
    return None


class Report:
    """Tables and plots of what was measured. `contenders` in the order of the program."""

    def __init__(self, measurements):
        self.all = measurements
        self.contenders = list(dict.fromkeys(entry["contender"] for entry in measurements))

    def values(self, factor):
        seen = dict.fromkeys(
            e[factor] for e in self.all if all(e[k] == BASE[k] for k in BASE if k != factor))
        return sorted(seen, key=int) if all(value.isdigit() for value in seen) else list(seen)

    def cell(self, contender, factor, value, figure, scale):
        entry = at(self.all, contender, **{factor: value})
        if entry is None:
            return ""
        return "cannot" if "refused" in entry else number(entry[figure] * scale)

    def table(self, title, factor, figure, scale=1.0):
        values = self.values(factor)
        return {
            "title": title, "columns": ["contender", *(f"{factor} {value}" for value in values)],
            "rows": [[c, *(self.cell(c, factor, v, figure, scale)
                           for v in values)]
                     for c in self.contenders]
        }

    def base_table(self):
        columns = [("Mpps", "packets_per_s", 1e-6), ("ns/packet", "ns_per_packet", 1),
                   ("CPU s/M", "cpu_s_per_million", 1),
                   ("switches/packet", "switches_per_packet", 1),
                   ("bytes/stream", "bytes_per_stream", 1), ("us to open", "us_per_opening", 1),
                   ("p50 us", "p50_us", 1), ("p99 us", "p99_us", 1), ("p99.9 us", "p999_us", 1),
                   ("order violations", "order_violations", 1)]
        rows = []
        for contender in self.contenders:
            entry = at(self.all, contender)
            if entry and "refused" not in entry:
                rows.append(
                    [contender, *(number(entry[figure] * scale) for _, figure, scale in columns)])
        return {
            "title": "Base point: 1000 long-lived streams, small messages, 2 workers",
            "columns": ["contender", *(name for name, _, _ in columns)], "rows": rows
        }

    def tables(self):
        made = [
            self.base_table(),
            self.table("Million packets/s by number of streams", "streams", "packets_per_s", 1e-6),
            self.table("CPU-seconds for a million packets by number of streams", "streams",
                       "cpu_s_per_million"),
            self.table("Resident bytes per stream by number of streams", "streams",
                       "bytes_per_stream"),
            self.table(
                "Latency p99 in us, open loop at half of each one's own maximum, by number of "
                "streams",
                "streams", "p99_us"),
            self.table("Million packets/s by number of workers", "workers", "packets_per_s", 1e-6),
            self.table("Latency p50 in us by number of workers", "workers", "p50_us"),
            self.table("Latency p99 in us by number of workers", "workers", "p99_us")
        ]
        for factor in ("mix", "popularity", "life", "out_of_order"):
            if len(self.values(factor)) > 1:
                made.append(
                    self.table(f"Million packets/s by {factor}", factor, "packets_per_s", 1e-6))
        refused = [[
            e["contender"], ", ".join(f"{k} {e[k]}" for k in BASE if e[k] != BASE[k]) or "base",
            e["refused"]
        ] for e in self.all if "refused" in e]
        if refused:
            made.append({
                "title": "What could not be measured, and why",
                "columns": ["contender", "case", "why"], "rows": refused
            })
        return [table for table in made if table["rows"]]

    def line_plot(self, name, title, y, figure, scale=1.0):
        series = []
        for contender in self.contenders:
            points = []
            for streams in self.values("streams"):
                entry = at(self.all, contender, streams=streams)
                if entry and "refused" not in entry:
                    points.append([int(streams), entry[figure] * scale])
            series.append({"name": contender, "points": points})
        return {
            "name": name, "kind": "lines", "title": title, "x": "streams open at the same time",
            "y": y, "series": series
        }

    def bar_plot(self):
        cases = [("mix", "bulk"), ("mix", "ack_heavy"), ("popularity", "zipf"),
                 ("popularity", "elephant"), ("life", "churn"), ("out_of_order", "5"),
                 ("workers", "1"), ("workers", "4")]
        groups = ["base"] + [f"{f} {v}" for f, v in cases if v in self.values(f)]
        series = []
        for contender in self.contenders:
            entries = [at(self.all, contender)] + [
                at(self.all, contender, **{f: v}) for f, v in cases if v in self.values(f)
            ]
            series.append({
                "name": contender, "values": [
                    entry["packets_per_s"] / 1e6 if entry and "refused" not in entry else 0
                    for entry in entries
                ]
            })
        return {
            "name": "factors", "kind": "bars",
            "title": "One factor changed at a time (1000 streams)", "y": "million packets/s",
            "groups": groups, "series": series
        }

    def plots(self):
        if len(self.values("streams")) < 3:
            return []
        return [
            self.line_plot("throughput", "A thread for every stream, or a map?",
                           "million packets/s", "packets_per_s", 1e-6),
            self.line_plot("cpu", "What a million packets cost, all threads counted", "CPU-seconds",
                           "cpu_s_per_million"),
            self.line_plot("latency", "Latency p99 at half of each one's own maximum",
                           "microseconds", "p99_us"),
            self.bar_plot()
        ]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--contender", default="", help="only those whose name contains this")
    arguments = parser.parse_args()
    program, settings = arguments.build / "xdpcap-bench", QUICK if arguments.quick else FULL
    chosen = [
        name for name in names(program, settings)
        if arguments.contender in name.split("/")[0] and (not arguments.quick or any(
            case.items() <= factors_of(name).items() for case in QUICK_CASES))
    ]
    timeout = quiet.Patience(0 if arguments.quick else 300)
    measurements = []
    for count, name in enumerate(chosen, 1):
        said, others = timeout.calm(lambda name=name: measure(program, name, settings))
        entry = {**factors_of(name), **said, "others_busy": round(others, 3)}
        measurements.append(entry)
        result = entry.get("refused") or f"{entry['packets_per_s'] / 1e6:.3f} Mpps"
        print(
            f"[{count}/{len(chosen)}] {name.split('/iterations')[0]}: {result} (others "
            f"{others:.0%})",
            file=sys.stderr, flush=True)
    report = Report(measurements)
    json.dump(
        {
            "section": "dispatch", "settings": settings, "tables": report.tables(),
            "plots": report.plots(), "measurements": measurements
        }, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
