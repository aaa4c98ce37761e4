#!/usr/bin/env python3
"""Writes a capture of HTTP conversations, for benchmarks: correct to the last checksum, the same
each time.

  make_capture.py small FILE    64 keep-alive connections, requests of 300 and responses of 500
                                bytes, each acknowledged
  make_capture.py bulk FILE     8 connections, responses of 1 MiB in segments of 1460 bytes, every
                                second one acknowledged
"""
import argparse
import itertools
import struct

EPOCH = 1_700_000_000
ETHERNET = bytes.fromhex("020000000002" "020000000001" "0800")
FIN, SYN, PSH, ACK = 1, 2, 8, 16
SEGMENT = 1460


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class End:
    """One end of a connection: what it sends next."""

    def __init__(self, address, port, sequence):
        self.address, self.port, self.sequence, self.peer = address, port, sequence, None

    def frame(self, flags, payload=b""):
        options = struct.pack("!BBBBII", 1, 1, 8, 10, 1, 1)
        tcp = struct.pack("!HHIIBBHHH", self.port, self.peer.port, self.sequence & 0xffffffff,
                          self.peer.sequence & 0xffffffff if flags & ACK else 0, 8 << 4, flags,
                          65000, 0, 0) + options
        total = 20 + len(tcp) + len(payload)
        pseudo = self.address + self.peer.address + struct.pack("!BBH", 0, 6,
                                                                len(tcp) + len(payload))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp + payload)) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, total, 0, 0x4000, 64, 6,
                         0) + self.address + self.peer.address
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self.sequence += len(payload) + bool(flags & (SYN | FIN))
        return ETHERNET + ip + tcp + payload


def pad(head, size):
    """A head filled up to `size` bytes with a field that says nothing."""
    return head + b"X-Pad: " + b"p" * (size - len(head) - 11) + b"\r\n\r\n"


def request(number):
    return pad(
        b"GET /catalogue/items/%06d?page=2 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: bench/1.0 "
        b"(x86_64)\r\n"
        b"Accept: application/json\r\nAccept-Encoding: gzip, br\r\nConnection: keep-alive\r\n" %
        number, 300)


def response(body_size, size=None):
    head = (
        b"HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Type: "
        b"application/json\r\n"
        b"Content-Length: %d\r\nConnection: keep-alive\r\n" % body_size)
    return (pad(head, size - body_size) if size else head + b"\r\n") + b"b" * body_size


def connections(count):
    for number in range(count):
        client = End(bytes([10, 0, number >> 8, number & 255]), 20000 + number, 1000 * number)
        server = End(bytes([10, 1, 0, 1]), 80, 7_000_000 + number)
        client.peer, server.peer = server, client
        yield client, server


def opening(client, server):
    return [client.frame(SYN), server.frame(SYN | ACK), client.frame(ACK)]


def closing(client, server):
    return [client.frame(FIN | ACK), server.frame(FIN | ACK), client.frame(ACK)]


def small(count=64, exchanges=300):
    ends = list(connections(count))
    yield from itertools.chain.from_iterable(opening(*pair) for pair in ends)
    answer = response(300, 500)
    for exchange in range(exchanges):
        question = request(exchange)
        yield from (client.frame(PSH | ACK, question) for client, _ in ends)
        yield from (server.frame(ACK) for _, server in ends)
        yield from (server.frame(PSH | ACK, answer) for _, server in ends)
        yield from (client.frame(ACK) for client, _ in ends)
    yield from itertools.chain.from_iterable(closing(*pair) for pair in ends)


def bulk(count=8, exchanges=4):
    ends = list(connections(count))
    yield from itertools.chain.from_iterable(opening(*pair) for pair in ends)
    answer = response(1 << 20)
    for exchange in range(exchanges):
        yield from (client.frame(PSH | ACK, request(exchange)) for client, _ in ends)
        for at in range(0, len(answer), SEGMENT):
            yield from (server.frame(ACK, answer[at:at + SEGMENT]) for _, server in ends)
            if at // SEGMENT % 2:
                yield from (client.frame(ACK) for client, _ in ends)
    yield from itertools.chain.from_iterable(closing(*pair) for pair in ends)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["small", "bulk"])
    parser.add_argument("file")
    parser.add_argument("--short", action="store_true", help="a tenth of the messages")
    arguments = parser.parse_args()
    frames = {("small", False): small(),
              ("small", True): small(exchanges=30), ("bulk", False): bulk(), ("bulk", True): bulk(
                  count=4, exchanges=1)}[arguments.kind, arguments.short]
    with open(arguments.file, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
        for number, frame in enumerate(frames):
            now_us = number * 2
            file.write(
                struct.pack("<IIII", EPOCH + now_us // 1_000_000, now_us % 1_000_000 *
                            1000, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main()
