#!/usr/bin/env python3
"""A wire between two interfaces that takes its time: long_wire.py IF IF SECONDS. Says "ready", then
runs until it is killed.
"""
import collections
import select
import socket
import sys
import time

ALL_PROTOCOLS, OUTGOING = 0x0003, 4  # ETH_P_ALL, PACKET_OUTGOING


def main():
    delay = float(sys.argv[3])
    ends = []
    for name in sys.argv[1:3]:
        end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
        end.bind((name, ALL_PROTOCOLS))
        ends.append(end)
    under_way = collections.deque()  # (when it arrives, where, frame), in that order
    print("ready", flush=True)
    while True:
        timeout = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        for end in select.select(ends, [], [], timeout)[0]:
            frame, facts = end.recvfrom(65535)
            if facts[2] != OUTGOING:
                under_way.append((time.monotonic() + delay, ends[end is ends[0]], frame))
        while under_way and under_way[0][0] <= time.monotonic():
            _, other, frame = under_way.popleft()
            other.send(frame)


main()
