#!/usr/bin/env python3
"""
How much of a wire the capture takes without losing a frame, and how late a subscriber receives it.

  bench/wire/run.py --build DIR [--quick] [--only counter,null,encode,publish,latency]

Prints one JSON object on standard output and progress on standard error. Needs root: it makes two
network namespaces of its own and removes them when it ends, Ctrl-C included. README.md beside this
file says what is measured and how.
"""
import argparse
import dataclasses
import json
import os
import re
import signal
import sys
import time

from rig import Rig, ledger, machine_seconds, say, wait_for_quiet

FLOWS, REQUEST, RESPONSE, EXCHANGES = 4096, 300, 500, 100
RAMP_STEPS = 7  # of the generator: a slow beginning
STAGES = {
    "counter": "counts and gives back",
    "null": "--sink null",
    "encode": "--sink encode",
    "publish": "to xdpcap-sub -q over ipc",
}
# Of the time of a trial: more CPU time than this of other processes spoils a trial with losses.
OTHERS_MAX = 0.05


@dataclasses.dataclass
class Trial:
    stage: str
    asked: float           # frames a second; 0: as fast as it goes
    rate: float            # frames a second that were sent
    frames: int
    messages: int
    frames_lost: int       # sent and not delivered to the worker
    refused: int           # of them: by the veth, before the capture
    messages_lost: int     # sent whole, and not counted or not received at the end
    batches_lost: int
    sender_ns: float  # CPU time for each frame: of the sender with the kernel's half of the capture
    worker_ns: float  # and of the worker
    others: float  # CPU time of others, for each second

    @property
    def whole(self):
        return self.frames_lost == 0 and self.messages_lost == 0 and self.batches_lost == 0

    @property
    def kept_up(self):
        return self.asked == 0 or self.rate > 0.97 * self.asked

    @property
    def spoiled(self):
        """
        Says nothing of the capture: frames were lost, or sent too slowly, while others computed.
        """
        return self.others > OTHERS_MAX and not (self.whole and self.kept_up and self.asked)

    def __str__(self):
        lost = "whole" if self.whole else (
            f"lost {self.frames_lost} frames ({self.refused} by the veth), "
            f"{self.messages_lost} messages, {self.batches_lost} batches")
        return (
            f"{self.stage}: {self.rate / 1e6:.3f} Mpps (asked {self.asked / 1e6:.3f}), {lost}; "
            f"sender "
            f"{self.sender_ns:.0f}, worker {self.worker_ns:.0f} ns a frame; others "
            f"{self.others:.1%}"
        )


def generator_arguments(rate, seconds):
    shape = [
        "--flows", FLOWS, "--request", REQUEST, "--response", RESPONSE, "--exchanges", EXCHANGES
    ]
    if rate == 0:
        return [*shape, "--seconds", seconds, "--batch", 64]
    # Batches of about 20 microseconds, so that slow traffic is no row of bursts.
    batch = max(1, min(64, int(rate * 20e-6)))
    return [
        *shape, "--rate",
        int(rate), "--batch", batch, "--frames",
        int(rate * seconds) + RAMP_STEPS * FLOWS
    ]


def watched(rig, programs, rate, seconds):
    """
    The generator's counts, worker seconds, and what others computed meanwhile, as a share of the
    time.
    """
    capture = programs[0]
    machine, own, worker = machine_seconds(), sum(
        p.seconds() for p in programs), capture.worker_seconds()
    from_ = time.monotonic()
    made, sending = rig.generate(*generator_arguments(rate, seconds))
    time.sleep(0.3)  # what is in rings and queues arrives
    took = time.monotonic() - from_
    own = sum(p.seconds() for p in programs) - own + sending
    others = max(0.0, machine_seconds() - machine - own) / took
    return made, capture.worker_seconds() - worker, others


def count_trial(rig, rate, seconds):
    counter = rig.counter()
    made, worker, others = watched(rig, [counter], rate, seconds)
    counted = json.loads(counter.stop().out)
    return Trial("counter", rate, made["rate"], made["frames"],
                 made["requests"] + made["responses"], made["frames"] - counted["frames"],
                 made["frames"] - counted["seen"], 0, 0, made["cpu_seconds"] / made["frames"] * 1e9,
                 worker / max(counted["frames"], 1) * 1e9, others)


def run_trial(rig, stage, rate, seconds):
    publishes = stage == "publish"
    capture = rig.capture(*(["--pub", rig.endpoint] if publishes else ["--sink", stage]))
    programs = [capture]
    if publishes:
        programs.append(
            rig.subscriber(rig.build / "xdpcap-sub", "--connect", rig.endpoint, "--until-end",
                           "-q"))
    made, worker, others = watched(rig, programs, rate, seconds)
    counts = ledger(capture.stop().err)
    messages = made["requests"] + made["responses"]
    received, batches_lost = counts.get("http_requests", 0) + counts.get("http_responses", 0), 0
    batches_lost += counts.get("publish_batches_dropped", 0)
    if publishes:
        said = programs[1].wait().out
        totals = re.search(r"(\d+) messages .* (\d+) batches lost", said)
        if not totals:
            raise RuntimeError(f"xdpcap-sub says no totals: {said}")
        received, batches_lost = int(totals[1]), batches_lost + int(totals[2])
    delivered = counts.get("xsk_delivered", 0)
    return Trial(stage, rate, made["rate"], made["frames"], messages, made["frames"] - delivered,
                 made["frames"] - counts.get("xdp_seen", 0), messages - received, batches_lost,
                 made["cpu_seconds"] / made["frames"] * 1e9, worker / max(delivered, 1) * 1e9,
                 others)


def trial(rig, stage, rate, options):
    """One that others did not spoil, if there is one to be had."""
    for _ in range(options.attempts):
        wait_for_quiet(options.timeout)
        one = count_trial(rig, rate, options.seconds) if stage == "counter" else run_trial(
            rig, stage, rate, options.seconds)
        say(f"{one}{', spoiled' if one.spoiled else ''}")
        if not one.spoiled:
            break
    return one


def highest(rig, stage, fastest, options):
    """
    The trial with the highest rate that lost nothing, and all trials. `fastest`: the counter with
    all that is made.
    """
    trials = [fastest] if stage == "counter" else []
    low, high = 0.0, fastest.rate
    if trials and fastest.whole:
        low = high
    while high - low > options.precision * high and high > fastest.rate / 100:
        one = trial(rig, stage, (low + high) / 2, options)
        trials.append(one)
        if one.whole:
            low = one.asked
        else:
            high = one.asked
    return max((one for one in trials if one.whole), key=lambda one: one.rate, default=None), trials


def measure_latency(rig, rate, options):
    """Delays in nanoseconds of one undisturbed run at this rate."""
    for _ in range(options.attempts):
        wait_for_quiet(options.timeout)
        capture = rig.capture("--pub", rig.endpoint)
        subscriber = rig.subscriber(rig.build / "wire-latency", rig.endpoint)
        made, _, others = watched(rig, [capture, subscriber], rate, options.seconds)
        counts = ledger(capture.stop().err)
        delays = json.loads(subscriber.wait().out)
        lost = (made["frames"] - counts["xsk_delivered"],
                made["requests"] + made["responses"] - delays["messages"])
        delays.update(rate=made["rate"], others=others, frames_lost=lost[0], messages_lost=lost[1])
        say(f"latency at {made['rate']:.0f} frames/s: {delays}")
        if others <= OTHERS_MAX:
            break
    return delays


def prove(rig):
    """A benchmark of wrong answers is worth nothing: each message of a slow run is looked at."""
    flows, exchanges = 64, 10
    capture = rig.capture("--json", "--body", "text", "--checksums", "on")
    frames = flows * (2 * exchanges + 6) * 2
    made, _ = rig.generate("--flows", flows, "--exchanges", exchanges, "--frames", frames, "--rate",
                           20000, "--batch", 1)
    time.sleep(0.3)
    counts = ledger(capture.stop().err)
    requests, responses = {}, {}
    for line in capture.out.splitlines():
        message = json.loads(line)
        if message["kind"] == "request":
            requests[message["flow"], message["index"]] = message["target"].rpartition("/")[2]
        elif message["kind"] == "response":
            responses[message["flow"], message["index"]] = json.loads(message["body"])["item"][:16]
    answered = {key: name for key, name in requests.items() if key in responses}
    if (counts.get("frames_received") != frames or len(set(requests.values())) != made["requests"]
            or len(set(responses.values())) != made["responses"] or answered != responses):
        raise RuntimeError(
            f"{made} was sent, and something else captured: {len(set(requests.values()))} "
            f"requests, "
            f"{len(set(responses.values()))} responses, {len(answered)} answered requests")
    say(f"proved: {frames} frames, {len(requests)} requests, each response with its own, checksums "
        f"right"
        )


def mega(rate):
    return f"{rate / 1e6:.3f}"


def bound(one, trials):
    """
    What kept the rate from being higher. Where the trials above it were spoiled, the rate is a
    lower bound.
    """
    if one.spoiled or any(t.spoiled and t.asked > one.rate for t in trials):
        return "others: at least"
    return "sender" if all(t.whole for t in trials) else "receiver"


def rate_table(found, ceiling):
    rows = []
    for stage, (one, trials) in found.items():
        spoiled = f"{sum(t.spoiled for t in trials)} of {len(trials)}"
        if one is None:
            rows.append([STAGES[stage], "none", *[""] * 4, "", spoiled])
            continue
        ratio = f"{one.rate / ceiling.rate:.0%}" if ceiling else ""
        rows.append([
            STAGES[stage],
            mega(one.rate), ratio, f"{one.messages * one.rate / one.frames / 1e6:.3f}",
            f"{one.sender_ns:.0f}", f"{one.worker_ns:.0f}",
            bound(one, trials), spoiled
        ])
    return {
        "title": "Highest rate without loss, its ratio to the counter's, and CPU time for each "
                 "frame",
        "columns": [
            "the worker", "Mpps", "ratio", "M messages/s", "sender ns", "worker ns", "bound by",
            "trials spoiled"
        ], "rows": rows
    }


def latency_table(latencies):
    rows = []
    for part, delays in latencies:
        for name, key in (("batch sent", "to_batch"), ("subscriber", "to_subscriber")):
            rows.append([f"{part:.0%}", mega(delays["rate"]), f"frame to {name}",
                         *(f"{delays[key][p] / 1000:.0f}" for p in ("p50", "p90", "p99", "p999")),
                         f"{delays['others']:.0%}"])
    return {"title": "Latency, microseconds, at parts of the highest rate to a subscriber",
            "columns": ["load", "Mpps", "from", "p50", "p90", "p99", "p99.9", "others' CPU"],
            "rows": rows}


def measure(rig, options):
    prove(rig)
    measurements, found = [], {}
    fastest = trial(rig, "counter", 0, options)
    say(f"the generator makes {mega(fastest.rate)} Mpps")
    for stage in STAGES:
        if stage not in options.only:
            continue
        best, trials = found[stage] = highest(rig, stage, fastest, options)
        measurements += [
            dict(dataclasses.asdict(one), what="trial", whole=one.whole, spoiled=one.spoiled)
            for one in trials
        ]
        if best:
            measurements.append(
                dict(dataclasses.asdict(best), what="highest", bound=bound(best, trials)))
        say(f"{stage}: highest rate without loss {mega(best.rate) if best else 'none'} Mpps")
    tables = [rate_table(found, found.get("counter", [None])[0])]
    to_subscriber = found.get("publish", [None])[0]
    if "latency" in options.only and to_subscriber:
        latencies = [(part, measure_latency(rig, part * to_subscriber.rate, options))
                     for part in (0.1, 0.5, 0.9)]
        tables.append(latency_table(latencies))
        measurements += [dict(delays, what="latency", part=part) for part, delays in latencies]
    return {"section": "wire", "tables": tables, "measurements": measurements}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, metavar="DIR",
                        help="where the programs of preset 'bench' are")
    parser.add_argument("--quick", action="store_true", help="shorter trials, coarser steps")
    parser.add_argument("--only", default=",".join([*STAGES, "latency"]),
                        help="with commas: %(default)s")
    options = parser.parse_args()
    options.only = options.only.split(",")
    options.seconds, options.precision = (0.5, 0.1) if options.quick else (2, 0.03)
    options.attempts, options.timeout = (2, 1) if options.quick else (3, 20)
    if os.geteuid() != 0:
        sys.exit(
            "wire: makes network namespaces and loads BPF programs, which needs root: run it with "
            "sudo"
        )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Rig(options.build) as rig:
            result = measure(rig, options)
    except KeyboardInterrupt:
        sys.exit("wire: interrupted; nothing is left behind")
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
