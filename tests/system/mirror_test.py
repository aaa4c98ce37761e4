#!/usr/bin/env python3
"""Mirror mode on a port without addresses, fed by a replayed recording: all of it comes out, and at
overload the ledger still adds up.

Short: 20,000 transactions. XDPCAP_LONG=1: 400,000.
"""
import re
import signal
import unittest

import common
import recording

TRANSACTIONS = 400_000 if common.LONG else 20_000


class LiveMirror(common.SystemTest):
    """The port of a switch that copies what a server receives and sends."""
    lab_options = ("--mirror",)

    def test_copies_of_a_live_server_s_traffic_give_every_message(self):
        self.lab.serve()
        run = common.capture(self.lab, "-i", "mirror0", "--mode", "mirror", "--pub", self.endpoint,
                             "-v", node="sensor")
        subscriber = common.subscribe(self.lab, self.endpoint, node="sensor")
        answered = self.lab.load(10000, connections=20, rate=5000) + self.lab.load(
            200, path="/256-KiB.txt", rate=200)
        run.stop()
        subscriber.wait()
        self.assertEqual(answered, 10200)
        self.assertEqual(common.totals(subscriber), (answered, answered, 0))
        self.assertIn("ledger closed", run.said)


class ReplayedMirror(common.SystemTest):
    lab_options = ("--feed",)

    def setUp(self):
        super().setUp()
        self.pcap = self.lab.room / "recording.pcap"
        self.frames = recording.keep_alive(self.pcap, TRANSACTIONS)

    def replay(self, *options):
        output = self.lab.run("server", "tcpreplay", "-K", "-i", "feed0", *options, self.pcap)
        self.assertEqual(int(re.search(r"Successful packets:\s+(\d+)", output)[1]), self.frames)

    def ledger(self, run):
        """{name: count} of the lines of the ledger, 'redirect failed   12' and the like."""
        return {
            name.strip(): int(count)
            for count, name in re.findall(r"^\s*(\d+)\s+([a-z][\w ,()/:-]*)$", run.said, re.M)
        }

    def test_a_replayed_recording_comes_out_whole(self):
        with self.nothing_left():
            run = common.capture(self.lab, "-i", "mirror0", "--mode", "mirror", "--pub",
                                 self.endpoint, "-v", node="sensor")
            subscriber = common.subscribe(self.lab, self.endpoint, node="sensor")
            self.replay("-t")
            self.wait_quiet(run)
            run.stop()
            subscriber.wait()
        self.assertEqual(common.totals(subscriber), (TRANSACTIONS, TRANSACTIONS, 0), run.said)
        self.assertIn(
            f"({TRANSACTIONS} requests, {TRANSACTIONS} responses), 0 lost before publishing, 0 "
            f"gaps",
            run.said)
        self.assertIn("mirror", run.said)
        self.assertIn("ledger closed", run.said)
        self.assertRegex(run.said, rf"(?m)^\s*{self.frames} packets received by filter")
        self.assertRegex(run.said, r"(?m)^\s*0 packets dropped by kernel")

    def test_at_overload_the_ledger_adds_up(self):
        """
        The process is stopped while the recording runs: its rings fill, frames are lost, and each
        is accounted for.
        """
        run = common.capture(self.lab, "-i", "mirror0", "--mode", "mirror", "--pub", self.endpoint,
                             "-v", node="sensor")
        run.process.send_signal(signal.SIGSTOP)
        try:
            self.replay("-t")
            # Answered before anything else, while the rings are still full: what waits is not lost.
            run.process.send_signal(signal.SIGUSR1)
        finally:
            run.process.send_signal(signal.SIGCONT)
        self.wait_quiet(run)
        run.stop()
        self.assertIn("ledger closed", run.said)
        reports = re.findall(r"(?m)^(\d+) packets captured\n(\d+) packets received by filter\n"
                             r"(\d+) packets dropped by kernel$", run.said)
        for captured, received, dropped in (map(int, report) for report in reports):
            self.assertEqual(received, self.frames)
            self.assertGreater(dropped, 0)
            self.assertLess(dropped, self.frames)
            self.assertLessEqual(captured + dropped, self.frames)
        self.assertEqual(captured + dropped, self.frames)

    def test_a_frame_that_is_not_ours_goes_on_to_the_kernel(self):
        """ARP to an address that is then given to the port is answered while a capture runs."""
        self.lab.run("sensor", "ip", "link", "set", "mirror0", "arp", "on")
        run = common.capture(self.lab, "-i", "mirror0", "--mode", "mirror", "--pub", self.endpoint,
                             node="sensor")
        self.lab.run("sensor", "ip", "address", "add", "10.78.0.1/24", "dev", "mirror0")
        common.wait_until(
            lambda: "mirror0: it carries this host's address 10.78.0.1 now, and its TCP" in run.err,
            "a word about the address")
        self.lab.run("server", "ip", "link", "set", "feed0", "arp", "on")
        self.lab.run("server", "ip", "address", "add", "10.78.0.2/24", "dev", "feed0")
        probe = (
            "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'x', "
            "('10.78.0.1', 9)); "
            "import time; time.sleep(0.5)")
        self.lab.run("server", "python3", "-c", probe)
        neighbours = self.lab.run("server", "ip", "neighbour", "show", "dev", "feed0")
        run.stop()
        self.assertIn("lladdr", neighbours)

    def wait_quiet(self, run):
        """
        Until xdpcap-run has taken everything out of its rings: SIGUSR1 prints the counts, and they
        stop changing.
        """
        counts = []

        def stands_still():
            size = len(run.said)
            run.process.send_signal(signal.SIGUSR1)
            common.wait_until(lambda: len(run.said) > size, "an answer to SIGUSR1")
            counts.append(re.findall(r"(\d+) packets captured", run.said)[-1])
            return len(counts) > 3 and counts[-1] == counts[-2] == counts[-3]
        common.wait_until(stands_still, "the end of the replay", 60)


if __name__ == "__main__":
    unittest.main()
