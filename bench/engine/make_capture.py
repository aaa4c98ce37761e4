#!/usr/bin/env python3
"""Writes a capture of HTTP conversations, for benchmarks: correct to the last checksum, the same
each time.

  make_capture.py small FILE    64 keep-alive connections, requests of 300 and responses of 500
                                bytes, each acknowledged
  make_capture.py browser FILE  the same with heads as browsers and their servers send them, 13 to
                                15 lines, and a cookie
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


def browser_request(number):
    return (
        b"GET /static/app/chunk-%06d.js HTTP/1.1\r\nHost: www.shop.example.com\r\nConnection: "
        b"keep-alive\r\nsec-ch-ua: \"Chromium\";v=\"120\", \"Not A Brand\";v=\"24\"\r\n"
        b"sec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: \"Linux\"\r\nUser-Agent: Mozilla/5.0 (X11; "
        b"Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\r\n"
        b"Accept: */*\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\n"
        b"Sec-Fetch-Dest: script\r\nReferer: https://www.shop.example.com/catalogue\r\n"
        b"Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
        b"Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark\r\n\r\n" % number)


BROWSER_RESPONSE = (
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
    b"Content-Type: application/javascript; charset=utf-8\r\nContent-Length: 512\r\n"
    b"Connection: keep-alive\r\nLast-Modified: Mon, 13 Nov 2023 10:00:00 GMT\r\n"
    b"ETag: \"6551f2a0-200\"\r\nCache-Control: public, max-age=31536000, immutable\r\n"
    b"Vary: Accept-Encoding\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: SAMEORIGIN\r\n"
    b"Strict-Transport-Security: max-age=63072000; includeSubDomains\r\n"
    b"Accept-Ranges: bytes\r\n\r\n" + b"b" * 512)


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


def keep_alive(question_of, answer, count=64, exchanges=300):
    """Exchanges on connections that stay open, each segment acknowledged."""
    ends = list(connections(count))
    yield from itertools.chain.from_iterable(opening(*pair) for pair in ends)
    for exchange in range(exchanges):
        question = question_of(exchange)
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
    parser.add_argument("kind", choices=["small", "browser", "bulk"])
    parser.add_argument("file")
    parser.add_argument("--short", action="store_true", help="a tenth of the messages")
    arguments = parser.parse_args()
    messages = {"exchanges": 30} if arguments.short else {}
    frames = {
        "small": lambda: keep_alive(request, response(300, 500), **messages),
        "browser": lambda: keep_alive(browser_request, BROWSER_RESPONSE, **messages),
        "bulk": lambda: bulk(count=4, exchanges=1) if arguments.short else bulk()
    }[arguments.kind]()
    with open(arguments.file, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
        for number, frame in enumerate(frames):
            now_us = number * 2
            file.write(
                struct.pack("<IIII", EPOCH + now_us // 1_000_000, now_us % 1_000_000 *
                            1000, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main()
