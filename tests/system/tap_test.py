#!/usr/bin/env python3
"""Tap mode on a live web server: every message is seen, and the host does not notice.

Short: a few seconds. XDPCAP_LONG=1: 20,000 requests/s for 30 s, 30 bursts, 50 rounds of kill -9.
"""
import re
import signal
import sys
import threading
import time
import unittest

import capture_lab
import common
import foreign_program


class Tap(common.SystemTest):
    def setUp(self):
        super().setUp()
        self.lab.serve()

    def captured(self, drive, *options):
        """
        Runs `drive` under capture; answers its result and what a subscriber counted: (requests,
        responses, lost).
        """
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
            answered, seen = self.captured(
                lambda: self.lab.load(rate * seconds, connections=50, rate=rate))
        self.assertEqual(answered, rate * seconds)
        self.assertEqual(seen, (answered, answered, 0))
        self.assertEqual(self.lab.served(), answered)

    def test_every_message_of_bursts_at_full_speed_is_seen(self):
        bursts, connections = (30, 50) if common.LONG else (3, 50)

        def drive():
            counted = 0
            for _ in range(bursts):
                output = self.lab.run("client", "wrk", "-t", 1, "-c", connections, "-d", 1,
                                      f"http://{common.SERVER}/load")
                counted += int(re.search(r"(\d+) requests in", output)[1])
            return counted
        counted, (requests, responses, lost) = self.captured(drive)
        served = self.lab.served()
        # At the end of a burst wrk hangs up: up to one request on each connection is sent, and
        # maybe served and answered, that wrk does not count. So these four stand in order, and
        # close together.
        self.assertEqual(lost, 0)
        self.assertLessEqual(counted, responses)
        self.assertLessEqual(responses, served)
        self.assertLessEqual(served, requests)
        self.assertLessEqual(requests, counted + bursts * connections)

    def test_what_the_visitor_asked_comes_out_as_it_was(self):
        run = common.capture(self.lab, "-i", "server0", "--json")
        url = f"http://{common.SERVER}/shop"
        self.lab.run("client", "curl", "-gsS", "-o", "/dev/null", "-d", "item=teapot",
                     f"{url}/order", "--next", "-o", "/dev/null", "-I", f"{url}/basket", "--next",
                     "-o", "/dev/null", "http://[fd77::2]/shop/missing?x=1")
        run.stop()
        seen = [m for m in common.messages(run) if m["kind"] in ("request", "response")]
        self.assertTrue(all(m.get("complete", True) for m in seen), seen)
        self.assertEqual(
            sorted(
                (m["method"], m["target"], m["body_len"]) for m in seen if m["kind"] == "request"),
            [("GET", "/shop/missing?x=1", 0), ("HEAD", "/shop/basket", 0),
             ("POST", "/shop/order", 11)])
        self.assertEqual(sorted(m["status"] for m in seen if m["kind"] == "response"),
                         [200, 201, 404])
        self.assertIn("[fd77::2]:80", {m["dst"] for m in seen if m["kind"] == "request"})

    def test_host_traffic_works_before_during_after_and_after_kill_9(self):
        """
        Rounds of killing and starting again under load: no request of the host's fails, nothing is
        left.
        """
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
                    run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint,
                                         name=f"run-{number}")
                    begin = len(answers)
                    common.wait_until(lambda: len(answers) > begin + 2,
                                      "traffic during the capture")
                    run.stop(how=signal.SIGKILL, expected=-signal.SIGKILL)
                # What is left of a killed one does not disturb the next, which ends as it should
                # and takes it away.
                common.capture(self.lab, "-i", "server0", "--pub", self.endpoint,
                               name="run-last").stop()
            finally:
                ended.set()
                visitor.join()
        self.assertEqual(self.lab.get(), "200")
        self.assertEqual(set(answers), {"200"})

    def test_a_worker_that_stands_still_for_a_tenth_of_a_second_loses_nothing(self):
        """At 100,000 frames/s that is 10,000 frames, in one queue."""
        run = common.capture(self.lab, "-i", "server0", "--json", "-v", "--sockets", "0", "--port",
                             "80", "--workers", "4")
        run.process.send_signal(signal.SIGSTOP)
        self.lab.run("client", "python3", __file__, "send-frames")
        run.process.send_signal(signal.SIGCONT)
        run.stop()
        self.assertRegex(run.err, r"xsk_delivered +10000 ")
        self.assertIn("\n0 packets dropped by kernel", run.said)

    def test_kill_9_alone_leaves_no_program_no_filter_and_no_link(self):
        before = common.traces(self.lab)
        run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint)
        self.assertTrue(common.traces(self.lab) - before, "a capture shows in what is looked at")
        run.stop(how=signal.SIGKILL, expected=-signal.SIGKILL)

        def left():
            # Only a process that lives can take its socket's file away; the next start does it.
            return {
                one for one in common.traces(self.lab) - before if not one.startswith("socket file")
            }

        common.wait_until(lambda: not left(), "that the kernel takes everything away", 10)


class Harmless(common.SystemTest):
    """
    Without --mode no frame is taken from an interface that the host uses in any way: what worked
    goes on, and is seen.
    """

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
        self.server("ip address flush dev server0", "ip link set server0 addrgenmode none",
                    "ip address add 10.77.0.2/32 dev lo", "ip route add 10.77.0.1/32 dev server0")
        self.assert_harmless("10.77.0.1 is routed through it")

    def test_a_link_local_address_alone(self):
        self.server("ip address flush dev server0", "ip address add fe80::2/64 dev server0 nodad",
                    "ip address add 10.77.0.2/32 dev lo", "ip nexthop add id 7 dev server0",
                    "ip route add 10.77.0.1/32 nhid 7")
        self.assert_harmless("it carries this host's link-local address fe80::2")

    def test_a_port_of_a_bridge(self):
        self.server("ip address flush dev server0", "ip link set server0 addrgenmode none",
                    "ip link add br0 type bridge", "ip link set server0 master br0",
                    "ip link set br0 addrgenmode none up", "ip address add 10.77.0.2/24 dev br0")
        self.assert_harmless("it carries this host's address 10.77.0.2")


class Health(common.SystemTest):
    """
    Whatever makes a capture blind is said, mended where it can be, and ends it with an exit code
    where it cannot.
    """

    def setUp(self):
        super().setUp()
        self.lab.serve()

    def server(self, *words):
        return self.lab.run("server", *words)

    def start(self, *options):
        return common.capture(self.lab, "-i", "server0", "--json", "-v", "--sockets", "0", *options)

    def said(self, run, pattern, seconds=10):
        common.wait_until(lambda: re.search(pattern, run.err), f"'{pattern}' among {run.err}",
                          seconds)

    def responses(self, run):
        return sum(m["kind"] == "response" for m in common.messages(run))

    def test_detached_links_are_attached_again(self):
        run = self.start()
        links = common.bpf_links(run, "xdpcap_tap")
        self.assertEqual(common.detach_links(self.lab, links), 2)
        self.said(
            run, "server0: somebody detached the tc program of this capture; it is attached again")
        common.wait_until(lambda: not links & common.bpf_links(run, "xdpcap_tap"),
                          "new links, both")
        self.assertEqual([self.lab.get() for _ in range(3)], ["200"] * 3)
        run.stop()
        self.assertEqual(self.responses(run), 3)
        self.assertIn("ledger closed", run.said)

    def test_what_cannot_be_attached_again_ends_the_capture(self):
        run = self.start()
        self.assertEqual(common.detach_links(self.lab, common.bpf_links(run, "capture")), 1)
        run.wait(2)
        self.assertIn("the capture of server0 has ended: somebody detached its XDP program",
                      run.err)

    def test_a_tap_that_somebody_changed_is_put_back(self):
        run = self.start()
        self.server("ip", "link", "add", "br0", "type", "bridge")
        changes = (
            ("ip link set xdpcap0 down", "it was set down"),
            ("ethtool -K xdpcap0 tx on tso on gso on", "offloads were switched on"),
            ("tc qdisc replace dev xdpcap0 root tbf rate 8kbit burst 1600 limit 3000",
             "its queueing discipline was replaced"),
            ("ip link set xdpcap0 master br0", "it was made a port"))
        for change, words in changes:
            self.server(*change.split())
            self.said(run, rf"somebody changed its tap xdpcap0 \({words}\); it is as it was")
            self.assertEqual([self.lab.get("/256-KiB.txt") for _ in range(3)], ["200"] * 3)
        run.stop()
        whole = [m for m in common.messages(run)
                 if m["kind"] == "response" and m["body_len"] == 256 << 10 and m["complete"]]
        self.assertEqual(len(whole), 12)
        self.assertIn("ledger closed", run.said)

    def test_a_tap_whose_frames_somebody_drops_is_said_and_ends_with_an_exit_code(self):
        program = foreign_program.build(self.lab.room / "drop.bpf.o", answer=2)
        run = self.start()
        self.server("tc", "qdisc", "add", "dev", "xdpcap0", "clsact")
        self.server("tc", "filter", "add", "dev", "xdpcap0", "egress", "bpf", "da", "obj", program,
                    "sec", "tc")
        for _ in range(4):
            self.assertEqual(self.lab.get(), "200")
        self.said(run, r"\d+ packets went into its tap xdpcap0 since \d+ s, and none came out", 15)
        run.stop(2)
        self.assertNotIn("\n0 packets dropped by kernel", run.said)

    def test_a_tap_that_is_removed_ends_the_capture(self):
        run = self.start()
        self.assertEqual(self.lab.get(), "200")
        self.server("ip", "link", "delete", "xdpcap0")
        run.wait(2)
        self.assertIn("ledger closed", run.err)
        self.assertIn(
            "xdpcap-run: the capture of server0 has ended: somebody removed its device xdpcap0",
            run.err)

    def test_a_raised_mtu_loses_nothing(self):
        run = self.start()
        for node, link in (("client", "client0"), ("server", "server0")):
            self.lab.run(node, "ip", "link", "set", link, "mtu", "9000")
            self.lab.run(node, "ethtool", "-K", link, "tso", "off", "gso", "off", "gro", "off")
        self.assertEqual([self.lab.get("/256-KiB.txt") for _ in range(4)], ["200"] * 4)
        run.stop()
        whole = [
            m for m in common.messages(run)
            if m["kind"] == "response" and m["body_len"] == 256 << 10 and m["complete"]
        ]
        self.assertEqual(len(whole), 4)
        self.assertIn("\n0 packets dropped by kernel", run.said)

    def test_a_program_that_is_put_before_is_said(self):
        run = self.start()
        other = foreign_program.attach_tcx(self.lab,
                                           foreign_program.build(self.lab.room / "pass.bpf.o"),
                                           "server0", first=True)
        self.said(run, "server0: another tc program was put before that of this capture")
        # It ends the row: nothing is seen, although the interface counts packets.
        for _ in range(10):
            self.assertEqual(self.lab.get(), "200")
        self.said(run,
                  r"server0: it counts \d+ packets since \d+ s, and the capture sees none of them",
                  15)
        run.process.send_signal(signal.SIGUSR1)
        self.said(run, r"(?s)health_preceded +1  \[server0\].*health_no_frames +1  \[server0\]")
        foreign_program.detach(other)
        self.said(run, "server0: no other tc program is before")
        run.stop()
        self.assertNotIn("health_preceded", run.err.split("messages (")[-1])

    def test_a_capture_that_is_blind_when_it_is_stopped_ends_with_an_exit_code(self):
        run = self.start()
        program = foreign_program.build(self.lab.room / "pass.bpf.o")
        foreign_program.attach_tcx(self.lab, program, "server0", first=True)
        # What came before that program was seen, and counts for the second in which it came.
        self.said(run, "server0: another tc program was put before that of this capture")
        self.assertEqual([self.lab.get() for _ in range(5)], ["200"] * 5)
        run.stop(2)
        self.assertRegex(run.err, r"it counts \d+ packets since \d+ s, and the capture sees none")

    def test_an_interface_that_goes_down_is_said_and_comes_back(self):
        run = self.start()
        self.server("ip", "link", "set", "server0", "down")
        self.said(run, "server0 went down; capture goes on when it is back")
        self.server("ip", "link", "set", "server0", "up")
        self.said(run, "server0 is up again")
        run.stop()

    def test_a_socket_that_is_removed_is_said(self):
        run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, "--sockets", "0")
        (self.lab.room / "live").unlink()
        self.said(run, "the socket of an endpoint was removed")
        run.stop()

    def test_in_a_container_whose_proc_sys_is_read_only_the_tap_is_silent_and_the_ledger_closes(
            self):
        program = (common.MAKE_PRIVATE +
                   "mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && exec "
                   f"{common.XDPCAP_RUN} -i server0 --json --sockets 0 -v")
        run = common.Program(self.lab, "server", *common.OWN_MOUNTS, "sh", "-c", program,
                             name="xdpcap-run").wait_ready()
        self.assertEqual(self.lab.get(), "200")
        time.sleep(2)  # IPv6 solicits routers and joins groups in this time
        addresses = self.server("ip", "-6", "address", "show", "dev", "xdpcap0")
        run.stop()
        self.assertEqual(addresses, "")
        self.assertIn("ledger closed", run.said)
        sent = int(re.search(r"tap_sent +(\d+)", run.err)[1])
        self.assertEqual(sent, int(re.search(r"tap_cloned +(\d+)", run.err)[1]),
                         "nothing but clones went through")


if __name__ == "__main__":
    if sys.argv[1:] == ["send-frames"]:
        capture_lab.send("client0", [capture_lab.tcp_frame(1)] * 10000)
    else:
        unittest.main()
