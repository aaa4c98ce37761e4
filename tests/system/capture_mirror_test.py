#!/usr/bin/env python3
"""Mirror mode on a port without addresses: every frame sent to it ends in exactly one bucket of the
ledger.
"""
import json
import signal
import sys
import unittest

import capture_lab
import common

FRAMES = 100_000
OTHER = 500  # frames that are not TCP


class Mirror(common.SystemTest):
    lab_options = ("--feed",)

    def send(self, tcp=FRAMES, udp=0):
        self.lab.run("server", "python3", __file__, "send", tcp, udp, timeout=120)

    def statistics(self, node, interface):
        return json.loads(self.lab.run(node, "ip", "-s", "-j", "link", "show",
                                       interface))[0]["stats64"]

    def lost_before_xdp(self):
        """Frames that the sending end of the veth dropped: kernels without backpressure do."""
        return self.statistics("server", "feed0")["tx"]["dropped"]

    def seen_by_xdp(self, probe, frames):
        """Waits until the port has received the frames; the probe says nothing before its end."""
        def received():
            return self.statistics("sensor",
                                   "mirror0")["rx"]["packets"] + self.lost_before_xdp() >= frames

        common.wait_until(received, f"the arrival of {frames} frames at {probe.name}")

    def test_every_frame_of_a_port_is_accounted_for(self):
        with self.nothing_left():
            probe = capture_lab.start(self.lab, "mirror0", "mode=mirror", node="sensor")
            self.assertIn("mirror0: mirror mode", probe.err)
            self.send(FRAMES, OTHER)
            self.seen_by_xdp(probe, FRAMES + OTHER)
            figures = probe.figures()
        self.assertEqual(capture_lab.identity_gaps(figures), [])
        self.assertEqual(capture_lab.total(figures, "not_tcp"), OTHER)
        lost = sum(capture_lab.total(figures, name) for name in ("rx_dropped", "rx_ring_full"))
        self.assertEqual(figures["frames"] + lost + self.lost_before_xdp(), FRAMES)
        self.assertEqual((capture_lab.total(figures, "untimed"), figures["backwards"]), (0, 0))
        self.assertEqual(figures["flows"], 50_000)

    def test_a_stalled_reader_shows_as_a_full_ring(self):
        probe = capture_lab.start(self.lab, "mirror0", "mode=mirror", "sleep", "ring=1024",
                                  "frames=4096", node="sensor")
        self.send()
        self.seen_by_xdp(probe, FRAMES)
        figures = probe.figures()
        self.assertEqual(capture_lab.identity_gaps(figures), [])
        self.assertEqual(figures["frames"], 1024)
        self.assertEqual(capture_lab.total(figures, "rx_ring_full"),
                         FRAMES - self.lost_before_xdp() - 1024)
        self.assertEqual(capture_lab.total(figures, "rx_dropped"), 0)

    def test_a_lack_of_frames_shows_as_an_empty_fill_ring(self):
        probe = capture_lab.start(self.lab, "mirror0", "mode=mirror", "sleep", "ring=1024",
                                  "frames=1024", node="sensor")
        self.send()
        self.seen_by_xdp(probe, FRAMES)
        figures = probe.figures()
        self.assertEqual(capture_lab.identity_gaps(figures), [])
        self.assertEqual(figures["frames"], 1024)
        dropped = FRAMES - self.lost_before_xdp() - 1024
        self.assertEqual(capture_lab.total(figures, "rx_dropped"), dropped)
        self.assertEqual(capture_lab.total(figures, "fill_ring_empty"), dropped,
                         "and the kernel names the cause")

    def test_generic_xdp_delivers_too(self):
        probe = capture_lab.start(self.lab, "mirror0", "mode=mirror", "xdp=generic", node="sensor")
        self.assertIn("generic XDP, copy", probe.err)
        self.send(1000)
        self.seen_by_xdp(probe, 1000)
        figures = probe.figures()
        self.assertEqual(capture_lab.identity_gaps(figures), [])
        self.assertEqual(figures["frames"] + self.lost_before_xdp(), 1000)
        self.assertEqual(capture_lab.total(figures, "untimed"), 0)

    def test_a_port_takes_frames_for_any_address_while_it_is_captured(self):
        def promiscuity():
            return "promiscuity 1" in self.lab.run("sensor", "ip", "-d", "link", "show", "mirror0")
        probe = capture_lab.start(self.lab, "mirror0", "mode=mirror", node="sensor")
        self.assertTrue(promiscuity())
        probe.figures()
        self.assertFalse(promiscuity())

    def test_after_its_start_a_capture_needs_no_privilege_not_even_to_clean_up(self):
        with self.nothing_left():
            probe = capture_lab.start(self.lab, "mirror0", "mode=mirror", "drop", node="sensor")
            self.send(1000, 10)
            self.seen_by_xdp(probe, 1010)
            figures = probe.figures()
        self.assertEqual(capture_lab.identity_gaps(figures), [])
        self.assertEqual(figures["frames"] + self.lost_before_xdp(), 1000)
        self.assertEqual(capture_lab.total(figures, "not_tcp"), 10)

    def test_a_killed_capture_leaves_nothing(self):
        with self.nothing_left():
            probe = capture_lab.start(self.lab, "mirror0", "mode=mirror", node="sensor")
            self.send(1000)
            probe.stop(-signal.SIGKILL, signal.SIGKILL)

    def test_killed_and_started_again_at_once_ten_times(self):
        for _ in range(10):
            capture_lab.start(self.lab, "mirror0", "mode=mirror", node="sensor").stop(
                -signal.SIGKILL, signal.SIGKILL)
        probe = capture_lab.start(self.lab, "mirror0", "mode=mirror", node="sensor")
        self.send(1000)
        self.seen_by_xdp(probe, 1000)
        self.assertEqual(probe.figures()["frames"] + self.lost_before_xdp(), 1000)

    def test_a_detached_program_is_attached_again(self):
        probe = capture_lab.start(self.lab, "mirror0", "mode=mirror", node="sensor")
        self.assertEqual(common.detach_links(self.lab, common.bpf_links(probe), "sensor"), 1)
        common.wait_until(lambda: "attached again" in probe.err, "the program's attachment")
        self.send(FRAMES, 0)
        self.seen_by_xdp(probe, FRAMES)
        self.assertEqual(probe.figures()["frames"], FRAMES)

    def test_a_raised_mtu_loses_nothing(self):
        probe = capture_lab.start(self.lab, "mirror0", "mode=mirror", node="sensor")
        self.lab.run("sensor", "ip", "link", "set", "mirror0", "mtu", "3000")
        self.lab.run("server", "ip", "link", "set", "feed0", "mtu", "3000")
        self.lab.run("server", "python3", __file__, "send-long")
        self.seen_by_xdp(probe, 10)
        figures = probe.figures()
        self.assertEqual((figures["frames"], figures["longest"]), (10, 2874))
        self.assertEqual(capture_lab.total(figures, "rx_dropped"), 0)

    def test_a_second_capture_is_refused_with_the_name_of_the_first(self):
        capture_lab.start(self.lab, "mirror0", "mode=mirror", node="sensor")
        second = capture_lab.Probe(self.lab, "sensor", "mirror0", "mode=mirror",
                                   name="second").wait(2)
        self.assertRegex(second.err,
                         r"mirror0 already carries an XDP program \(capture, id \d+\).*--mode tap")

    def test_a_port_that_goes_down_and_comes_back_is_captured_on(self):
        probe = capture_lab.start(self.lab, "mirror0", "mode=mirror", node="sensor")
        self.lab.run("sensor", "ip", "link", "set", "mirror0", "down")
        common.wait_until(lambda: "mirror0 went down" in probe.err,
                          "the message that the port is down")
        self.lab.run("sensor", "ip", "link", "set", "mirror0", "up")
        common.wait_until(lambda: "mirror0 is up again" in probe.err,
                          "the message that the port is back")
        self.send(1000)
        self.seen_by_xdp(probe, 1000)
        self.assertEqual(probe.figures()["frames"] + self.lost_before_xdp(), 1000)

    def test_a_capture_ends_when_its_port_is_removed(self):
        probe = capture_lab.start(self.lab, "mirror0", "mode=mirror", node="sensor")
        self.send(1000)
        self.seen_by_xdp(probe, 1000)
        self.lab.run("sensor", "ip", "link", "delete", "mirror0")
        probe.wait(2)
        self.assertIn("mirror0 is gone", probe.err)
        self.assertIn('"frames": 1000,', probe.out, "what came before is delivered")

    def test_an_unknown_interface_is_answered_with_the_known_ones(self):
        probe = capture_lab.Probe(self.lab, "sensor", "nowhere0").wait(2)
        self.assertRegex(probe.err, "there is no interface nowhere0; this host has: .*mirror0")


class MirrorInUse(common.SystemTest):
    def test_the_interface_of_the_default_route_is_refused(self):
        self.lab.run("server", "ip", "route", "add", "default", "via", "10.77.0.1")
        probe = capture_lab.Probe(self.lab, "server", "server0", "mode=mirror").wait(2)
        self.assertIn("server0 carries the default route of this host: it would be cut off",
                      probe.err)
        taken = capture_lab.start(self.lab, "server0", "mode=mirror", "steal", name="steal")
        self.assertIn("although it carries this host's address 10.77.0.2", taken.err)


if __name__ == "__main__":
    if sys.argv[1:2] == ["send"]:
        tcp, udp = map(int, sys.argv[2:])
        capture_lab.send("feed0", map(capture_lab.udp_frame, range(udp)))
        capture_lab.send("feed0", map(capture_lab.tcp_frame, range(tcp)))
    elif sys.argv[1:] == ["send-long"]:
        capture_lab.send("feed0",
                         [capture_lab.tcp_frame(number) + bytes(2800) for number in range(10)])
    else:
        unittest.main(verbosity=2)
