#!/usr/bin/env python3
"""Tap mode on a live web server: every message is seen, and the host does not notice.

Short: a few seconds. XDPCAP_LONG=1: 20,000 requests/s for 30 s, 30 bursts, 50 rounds of kill -9.
"""
import re
import signal
import threading
import unittest

import common


class Tap(common.SystemTest):
    def setUp(self):
        super().setUp()
        self.lab.serve()

    def captured(self, drive, *options):
        """Runs `drive` under capture; answers its result and what a subscriber counted: (requests, responses, lost)."""
        run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, "-v", *options)
        subscriber = common.subscribe(self.lab, self.endpoint, *options)
        result = drive()
        run.stop()
        subscriber.wait()
        self.assertIn("ledger closed", run.said)
        self.assertIn("\n0 packets dropped by kernel", run.said)
        return result, common.totals(subscriber)

    def test_every_message_of_a_paced_load_is_seen(self):
        rate, seconds = (20000, 30) if common.LONG else (5000, 4)
        with self.nothing_left():
            answered, seen = self.captured(lambda: self.lab.load(rate * seconds, connections=50, rate=rate))
        self.assertEqual(answered, rate * seconds)
        self.assertEqual(seen, (answered, answered, 0))
        self.assertEqual(self.lab.served(), answered)

    def test_every_message_of_bursts_at_full_speed_is_seen(self):
        bursts, connections = (30, 50) if common.LONG else (3, 50)

        def drive():
            counted = 0
            for _ in range(bursts):
                output = self.lab.run("client", "wrk", "-t", 1, "-c", connections, "-d", 1, f"http://{common.SERVER}/load")
                counted += int(re.search(r"(\d+) requests in", output)[1])
            return counted
        counted, (requests, responses, lost) = self.captured(drive)
        served = self.lab.served()
        # At the end of a burst wrk hangs up: up to one request on each connection is sent, and maybe served and
        # answered, that wrk does not count. So these four stand in order, and close together.
        self.assertEqual(lost, 0)
        self.assertLessEqual(counted, responses)
        self.assertLessEqual(responses, served)
        self.assertLessEqual(served, requests)
        self.assertLessEqual(requests, counted + bursts * connections)

    def test_what_the_visitor_asked_comes_out_as_it_was(self):
        run = common.capture(self.lab, "-i", "server0", "--json")
        url = f"http://{common.SERVER}/shop"
        self.lab.run("client", "curl", "-gsS", "-o", "/dev/null", "-d", "item=teapot", f"{url}/order", "--next", "-o", "/dev/null",
                     "-I", f"{url}/basket", "--next", "-o", "/dev/null", "http://[fd77::2]/shop/missing?x=1")
        run.stop()
        seen = [m for m in common.messages(run) if m["kind"] in ("request", "response")]
        self.assertTrue(all(m.get("complete", True) for m in seen), seen)
        self.assertEqual(sorted((m["method"], m["target"], m["body_len"]) for m in seen if m["kind"] == "request"),
                         [("GET", "/shop/missing?x=1", 0), ("HEAD", "/shop/basket", 0), ("POST", "/shop/order", 11)])
        self.assertEqual(sorted(m["status"] for m in seen if m["kind"] == "response"), [200, 201, 404])
        self.assertIn("[fd77::2]:80", {m["dst"] for m in seen if m["kind"] == "request"})

    def test_host_traffic_works_before_during_after_and_after_kill_9(self):
        """Rounds of killing and starting again under load: no request of the host's fails, nothing is left."""
        rounds = 50 if common.LONG else 3
        ended = threading.Event()
        answers = []

        def keep_asking():
            while not ended.is_set():
                answers.append(self.lab.get())
        visitor = threading.Thread(target=keep_asking)
        self.assertEqual(self.lab.get(), "200")
        with self.nothing_left():
            visitor.start()
            try:
                for number in range(rounds):
                    run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, name=f"run-{number}")
                    begin = len(answers)
                    common.wait_until(lambda: len(answers) > begin + 2, "traffic during the capture")
                    run.stop(how=signal.SIGKILL, expected=-signal.SIGKILL)
                # What is left of a killed one does not disturb the next, which ends as it should and takes it away.
                common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, name="run-last").stop()
            finally:
                ended.set()
                visitor.join()
        self.assertEqual(self.lab.get(), "200")
        self.assertEqual(set(answers), {"200"})

    def test_kill_9_alone_leaves_no_program_no_filter_and_no_link(self):
        before = common.traces(self.lab)
        run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint)
        self.assertTrue(common.traces(self.lab) - before, "a capture shows in what is looked at")
        run.stop(how=signal.SIGKILL, expected=-signal.SIGKILL)

        def left():
            # Only a process that lives can take its socket's file away; the next start does it.
            return {one for one in common.traces(self.lab) - before if not one.startswith("socket file")}
        common.wait_until(lambda: not left(), "that the kernel takes everything away", 10)


class Harmless(common.SystemTest):
    """Without --mode no frame is taken from an interface that the host uses in any way: what worked goes on, and is seen."""

    def setUp(self):
        super().setUp()
        self.lab.serve()

    def server(self, *commands):
        for command in commands:
            self.lab.run("server", *command.split())

    def assert_harmless(self, why):
        self.assertEqual(self.lab.get(), "200")
        with self.nothing_left():
            run = common.capture(self.lab, "-i", "server0", "--json")
            during = [self.lab.get() for _ in range(3)]
            run.stop()
        self.assertEqual(during, ["200"] * 3)
        self.assertEqual(self.lab.get(), "200")
        self.assertIn(f"server0: tap mode, as {why}", run.said)
        self.assertEqual(sum(m["kind"] == "response" for m in common.messages(run)), 3)
        self.assertIn("ledger closed", run.said)

    def test_an_unnumbered_link_as_to_a_pod(self):
        self.server("ip address flush dev server0", "ip link set server0 addrgenmode none", "ip address add 10.77.0.2/32 dev lo",
                    "ip route add 10.77.0.1/32 dev server0")
        self.assert_harmless("10.77.0.1 is routed through it")

    def test_a_link_local_address_alone(self):
        self.server("ip address flush dev server0", "ip address add fe80::2/64 dev server0 nodad", "ip address add 10.77.0.2/32 dev lo",
                    "ip nexthop add id 7 dev server0", "ip route add 10.77.0.1/32 nhid 7")
        self.assert_harmless("it carries this host's link-local address fe80::2")

    def test_a_port_of_a_bridge(self):
        self.server("ip address flush dev server0", "ip link set server0 addrgenmode none", "ip link add br0 type bridge",
                    "ip link set server0 master br0", "ip link set br0 addrgenmode none up", "ip address add 10.77.0.2/24 dev br0")
        self.assert_harmless("it carries this host's address 10.77.0.2")


if __name__ == "__main__":
    unittest.main()
