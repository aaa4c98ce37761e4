#!/usr/bin/env python3
"""A mirror port with two queues on which the directions of every connection are deliberately apart:
all is paired.
"""
import collections
import os
import pathlib
import re
import socket
import struct
import sys
import unittest

import common
import recording

TRANSACTIONS, PER_CONNECTION = 4000, 10
SOL_PACKET, PACKET_QDISC_BYPASS = 263, 20


def frames_of(path):
    """(is from the client, frame) of each frame of a recording that recording.py wrote."""
    data = path.read_bytes()
    place = 24
    while place < len(data):
        length = struct.unpack_from("<I", data, place + 8)[0]
        frame = data[place + 16:place + 16 + length]
        place += 16 + length
        yield struct.unpack_from(">H", frame, 36)[0] == 80, frame


def send_split(path, interface):
    """
    Sends a recording in its order, the client's frames on queue 0 and the server's on queue 1: past
    the queueing discipline a packet socket takes the queue of the processor it sends from.
    """
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
    sender.bind((interface, 0))
    before = None
    for from_client, frame in frames_of(path):
        if from_client != before:
            os.sched_setaffinity(0, {0 if from_client else 1})
            before = from_client
        while True:
            try:
                sender.send(frame)
                break
            except OSError:  # past the queueing discipline a full ring is an error to the sender
                continue


class Split(common.SystemTest):
    lab_options = ("--feed", "--queues", "2")

    def test_two_queues_with_the_directions_apart_pair_every_message(self):
        pcap = self.lab.room / "recording.pcap"
        recording.keep_alive(pcap, TRANSACTIONS, PER_CONNECTION)
        run = common.capture(self.lab, "-i", "mirror0:0,1", "--mode", "mirror", "--json",
                             node="sensor")
        self.lab.run("server", "python3", __file__, "send", pcap, timeout=120)
        common.wait_until(lambda: run.out.count("\n") >= 2 * TRANSACTIONS, "all messages", 60)
        figures = self.lab.run("sensor", "ethtool", "-S", "mirror0")
        on_queues = [int(count) for count in re.findall(r"rx_queue_\d_xdp_packets: (\d+)", figures)]
        run.stop()
        self.assertEqual(len(on_queues), 2)
        self.assertGreater(min(on_queues), TRANSACTIONS, "the directions really came apart")
        flows = collections.defaultdict(list)
        for message in common.messages(run):
            if message["kind"] in ("request", "response"):
                self.assertIsNot(message.get("complete"), False, message)
                flows[message["flow"]].append((message["kind"], message["index"]))
        self.assertEqual(len(flows), TRANSACTIONS // PER_CONNECTION)
        for flow, seen in flows.items():
            self.assertEqual(sorted(seen), sorted((kind, index) for kind in ("request", "response")
                                                  for index in range(PER_CONNECTION)), flow)


if __name__ == "__main__":
    if sys.argv[1:2] == ["send"]:
        send_split(pathlib.Path(sys.argv[2]), "feed0")
    else:
        unittest.main()
