#!/usr/bin/env python3
"""Tap mode on an interface in use: both directions come out whole, the host notices nothing,
nothing stays behind.
"""
import signal
import subprocess
import sys
import unittest

import capture_lab
import common
import foreign_program

CONNECTIONS = 24


class Tap(common.SystemTest):
    def setUp(self):
        super().setUp()
        self.lab.serve()

    def fetch(self, path="/256-KiB.txt", count=CONNECTIONS):
        for _ in range(count):
            self.assertEqual(self.get(path), "200")

    def get(self, path="/load"):
        return self.lab.get(path)

    def assert_everything_came_out(self, figures):
        """Every packet that tc cloned came out of the veth, frame by frame, and was delivered."""
        tap = figures["interfaces"][0]["tap"]
        self.assertEqual(capture_lab.identity_gaps(figures), [])
        self.assertGreater(tap["cloned"], 0)
        self.assertEqual((tap["clone_errors"], tap["queue_dropped"], tap["dropped"]), (0, 0, 0))
        self.assertEqual(figures["frames"], tap["sent"])
        self.assertEqual(capture_lab.total(figures, "untimed"), 0)

    def test_both_directions_of_every_connection_are_seen_and_the_host_is_undisturbed(self):
        with self.nothing_left():
            probe = capture_lab.start(self.lab, "server0", "port=80")
            self.fetch()
            figures = probe.figures()
        self.assert_everything_came_out(figures)
        self.assertEqual(figures["flows"], CONNECTIONS)
        self.assertEqual(figures["two_sided"], CONNECTIONS)
        self.assertLessEqual(figures["longest"], 1514,
                             "frames are as on the wire, not super-packets")
        self.assertEqual(self.get(), "200")

    def test_two_workers_share_the_connections_and_split_none(self):
        probe = capture_lab.start(self.lab, "server0", "port=80", "workers=2")
        self.fetch()
        figures = probe.figures()
        self.assert_everything_came_out(figures)
        self.assertEqual((figures["two_sided"], figures["split"]), (CONNECTIONS, 0))
        self.assertTrue(all(figures["workers"]), "both workers had work")

    def test_ipv6_and_the_host_filter(self):
        probe = capture_lab.start(self.lab, "server0", "host=fd77::/64")
        self.fetch("/load", 3)
        for _ in range(3):
            self.lab.run("client", "curl", "-sSg", "-o", "/dev/null", "http://[fd77::2]/load")
        figures = probe.figures()
        self.assert_everything_came_out(figures)
        self.assertEqual((figures["flows"], figures["two_sided"]), (3, 3))

    def test_a_port_filter_keeps_other_ports_out_of_the_tap(self):
        probe = capture_lab.start(self.lab, "server0", "port=81")
        self.fetch("/load", 3)
        figures = probe.figures()
        self.assertEqual(figures["frames"], 0)
        self.assertGreater(figures["interfaces"][0]["tap"]["filtered"], 3 * 2)

    def test_jumbo_frames_come_out_in_one_piece(self):
        for node, link in (("client", "client0"), ("server", "server0")):
            self.lab.run(node, "ip", "link", "set", link, "mtu", "9000")
        probe = capture_lab.start(self.lab, "server0", "port=80")
        self.fetch(count=4)
        figures = probe.figures()
        self.assert_everything_came_out(figures)
        self.assertEqual(figures["longest"], 9014)
        self.assertGreater(capture_lab.total(figures, "joined"), 0)
        self.assertEqual(capture_lab.total(figures, "oversize"), 0)

    def test_vlan_tags_are_seen_where_they_were_on_the_wire(self):
        # The kernel takes the outer tag off a packet before tc sees it; in the tap it is back.
        probe = capture_lab.start(self.lab, "server0", "port=80")
        self.lab.run("client", "python3", __file__, "send-tagged")
        figures = probe.figures()
        self.assert_everything_came_out(figures)
        self.assertEqual((figures["frames"], figures["tagged"], figures["longest"]),
                         (30, 20, 74 + 2 * 4))

    def test_the_loopback_shows_each_packet_once(self):
        self.lab.start("server", "python3", "-m", "http.server", "-b", "127.0.0.1", "8000",
                       cwd=self.lab.room / "web", stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        fetch = ("curl", "-sS", "-o", "/dev/null", "http://127.0.0.1:8000/")
        self.lab.run("server", *fetch, "--retry", "20", "--retry-delay", "1", "--retry-connrefused")
        probe = capture_lab.start(self.lab, "lo", "port=8000")
        self.lab.run("server", *fetch)
        figures = probe.figures()
        self.assert_everything_came_out(figures)
        self.assertEqual(figures["flows"], 1)
        self.assertLess(figures["frames"], 20, "a short conversation, not two of it")

    def test_after_its_start_a_capture_needs_no_privilege_not_even_to_clean_up(self):
        with self.nothing_left():
            probe = capture_lab.start(self.lab, "server0", "port=80", "drop")
            self.fetch(count=4)
            figures = probe.figures()
        self.assert_everything_came_out(figures)
        self.assertEqual(figures["two_sided"], 4)

    def test_a_killed_capture_leaves_nothing_and_the_host_goes_on(self):
        with self.nothing_left():
            probe = capture_lab.start(self.lab, "server0", "workers=2")
            self.fetch("/load", 3)
            probe.stop(-signal.SIGKILL, signal.SIGKILL)
            self.assertEqual(self.get(), "200")

    def test_a_filter_that_a_killed_capture_left_on_an_old_kernel_goes_with_the_next(self):
        # An empty clsact is nobody's for sure: what a killed capture made stays, as would that of
        # another program.
        self.lab.run("server", "tc", "qdisc", "add", "dev", "server0", "clsact")
        with self.nothing_left():
            killed = capture_lab.start(self.lab, "server0", "attach=clsact", name="killed")
            killed.stop(-signal.SIGKILL, signal.SIGKILL)
            self.assertIn("filter", str(common.traces(self.lab)),
                          "clsact filters do survive a kill")
            probe = capture_lab.start(self.lab, "server0", "attach=clsact", "port=80")
            self.assertIn("removed 2 tc filters", probe.err)
            self.fetch(count=4)
            figures = probe.figures()
        self.assert_everything_came_out(figures)
        self.assertEqual((figures["flows"], figures["two_sided"]), (4, 4))

    def test_filters_of_others_stay_and_the_first_in_the_row_is_asked_after_ours(self):
        program = foreign_program.build(self.lab.room / "pass.bpf.o")
        self.lab.run("server", "tc", "qdisc", "add", "dev", "server0", "clsact")
        for side in ("ingress", "egress"):
            self.lab.run("server", "tc", "filter", "add", "dev", "server0", side, "prio", "1",
                         "protocol", "all", "bpf", "direct-action", "obj", program, "sec", "tc")
        with self.nothing_left():
            probe = capture_lab.start(self.lab, "server0", "attach=clsact", "port=80")
            self.fetch(count=4)
            figures = probe.figures()
        self.assert_everything_came_out(figures)
        self.assertEqual(figures["two_sided"], 4)

    def test_two_captures_of_one_interface_do_not_disturb_each_other(self):
        one = capture_lab.start(self.lab, "server0", "port=80", name="one")
        other = capture_lab.start(self.lab, "server0", "port=80", name="other")
        self.fetch("/load", 5)
        for probe in (one, other):
            figures = probe.figures()
            self.assert_everything_came_out(figures)
            self.assertEqual(figures["two_sided"], 5)

    def test_a_tcx_program_that_ends_the_row_is_asked_after_ours_whoever_came_first(self):
        program = foreign_program.build(self.lab.room / "pass.bpf.o")
        other = foreign_program.attach_tcx(self.lab, program, "server0")
        with self.nothing_left():
            probe = capture_lab.start(self.lab, "server0", "port=80")
            later = foreign_program.attach_tcx(self.lab, program, "server0")
            self.fetch("/load", 4)
            figures = probe.figures()
            foreign_program.detach(later)
        foreign_program.detach(other)
        self.assert_everything_came_out(figures)
        self.assertEqual(figures["two_sided"], 4)

    def test_a_capture_ends_when_its_interface_is_removed(self):
        probe = capture_lab.start(self.lab, "server0")
        self.lab.run("server", "ip", "link", "delete", "server0")
        probe.wait(2)
        self.assertIn("server0 is gone", probe.err)


if __name__ == "__main__":
    if sys.argv[1:] == ["send-tagged"]:
        for tags in ("", "81000005", "88a8000681000005"):
            capture_lab.send("client0",
                             [capture_lab.tcp_frame(number, tags) for number in range(10)])
    else:
        unittest.main(verbosity=2)
