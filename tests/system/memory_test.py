#!/usr/bin/env python3
"""--memory-limit holds whatever the wire brings, and healthy connections come out meanwhile.

Each test writes a recording of one kind of abuse with a healthy transaction now and then, and
measures the largest resident size that xdpcap-run had.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import common
from recording import ACK, PSH, REQUEST, RESPONSE, SYN, Connection, Recording

LIMIT_MIB = 256
LARGEST_SEGMENT = 65495  # what an IPv4 packet of 65,535 bytes carries
HEALTHY_REQUEST = REQUEST.replace(b"/items/4711", b"/healthy")


class Memory(unittest.TestCase):
    def setUp(self):
        self.room = pathlib.Path(tempfile.mkdtemp(prefix="xdpcap-memory-"))
        self.addCleanup(shutil.rmtree, self.room)
        self.healthy = 0

    def visit(self, recording):
        """A healthy connection of one transaction."""
        self.healthy += 1
        connection = recording.connect(f"10.250.{self.healthy >> 8}.{self.healthy & 255}", 40000,
                                       "10.251.0.1", 80)
        connection.transaction(HEALTHY_REQUEST, RESPONSE)
        connection.close()

    def capture(self, write, *options):
        """
        Runs xdpcap-run on what `write(recording)` writes to its standard input; checks memory and
        the healthy ones.
        """
        out = self.room / "out"
        command = [
            common.XDPCAP_RUN, "-r", "-", "--json", "--checksums", "off", "--memory-limit",
            f"{LIMIT_MIB}M", *options
        ]
        with open(out, "w") as file:
            program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=file,
                                       stderr=subprocess.PIPE)
        with Recording(program.stdin) as recording:
            write(recording)
        said = program.stderr.read().decode()
        program.stderr.close()
        _, status, usage = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(program.returncode, 0, said)
        self.assertIn("ledger closed", said)
        resident_mib = usage.ru_maxrss / 1024
        print(f"{self.id().rpartition('.')[2]}: {resident_mib:.0f} MiB resident", flush=True)
        self.assertLessEqual(resident_mib, LIMIT_MIB)
        with open(out) as lines:
            whole = sum(
                1 for line in lines if '"/healthy"' in line and '"complete":false' not in line)
        self.assertEqual(whole, self.healthy)
        return out

    def test_syn_flood(self):
        def write(recording):
            for number in range(1_000_000):
                connection = self.stranger(recording, number)
                connection.segment(0, SYN)
                if number % 10_000 == 0:
                    self.visit(recording)
        self.capture(write)

    def test_half_open_flows(self):
        def write(recording):
            for number in range(200_000):
                connection = self.stranger(recording, number)
                connection.handshake()
                connection.segment(0, ACK | PSH, REQUEST[:40])
                if number % 1000 == 0:
                    self.visit(recording)
        self.capture(write)

    def test_an_enormous_body(self):
        segments = 160_000  # 10 GB

        def write(recording):
            connection = self.stranger(recording, 1)
            connection.handshake()
            connection.send(0, REQUEST)
            connection.send(
                1, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (segments * LARGEST_SEGMENT))
            piece = b"\x01" * LARGEST_SEGMENT  # six characters each in JSON
            for number in range(segments):
                connection.segment(1, ACK, piece)
                connection.seq[1] += len(piece)
                connection.segment(0, ACK)
                if number % 1000 == 0:
                    self.visit(recording)
            connection.close()
        out = self.capture(write, "--body", "text", "--max-body", "32M")
        self.assertIn(f'"body_len":{segments * LARGEST_SEGMENT}', out.read_text())

    def test_headers_that_never_end(self):
        line = b"X-Filler: " + b"a" * 1436 + b"\r\n"

        def write(recording):
            connections = [self.stranger(recording, number) for number in range(200)]
            for connection in connections:
                connection.handshake()
                connection.send(0, b"GET / HTTP/1.1\r\n")
            for number in range(1000):
                for connection in connections:
                    connection.send(0, line * 4)
                self.visit(recording)
        self.capture(write)

    def test_segments_behind_a_hole_that_never_closes(self):
        payload = b"o" * 1448

        def write(recording):
            for number in range(2500):
                connection = self.stranger(recording, number)
                connection.handshake()
                for place in range(1, 41):
                    connection.segment(0, ACK, payload,
                                       seq=connection.seq[0] + place * len(payload))
                if number % 25 == 0:
                    self.visit(recording)
        self.capture(write)

    @staticmethod
    def stranger(recording, number):
        return Connection(recording, f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
                          1024 + number % 60000, "10.252.0.1", 80, client_seq=number * 7919)


if __name__ == "__main__":
    unittest.main()
