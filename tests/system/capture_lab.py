"""What the capture tests share: the probe, which opens a live capture without an engine behind it,
and raw frames.
"""
import json
import socket
import struct

import common

PROBE = common.BUILD / "capture_probe"


class Probe(common.Program):
    """A started capture_probe, ready."""

    def __init__(self, lab, node, *arguments, name="capture_probe"):
        super().__init__(lab, node, PROBE, *arguments, name=name)

    def figures(self, expected=0):
        """Ends the probe and answers what it printed."""
        self.stop(expected)
        return json.loads(self.out)


def start(lab, *arguments, node="server", **options):
    return Probe(lab, node, *arguments, **options).wait_ready(r"^ready$|\nready\n")


def total(figures, name):
    """One figure over all queues of all interfaces."""
    return sum(queue[name] for interface in figures["interfaces"] for queue in interface["queues"])


def identity_gaps(figures):
    """
    The queues whose frames do not add up, as text; what the ledger promises is that there is none.
    """
    wrong = []
    for interface in figures["interfaces"]:
        for number, q in enumerate(interface["queues"]):
            verdicts = sum(q[name] for name in ("not_ip", "not_tcp", "malformed", "filtered",
                                                "no_socket", "redirected"))
            if q["seen"] != verdicts:
                wrong.append(f"queue {number}: seen {q['seen']}, verdicts {verdicts}")
            if q["elsewhere"]:
                wrong.append(f"queue {number}: {q['elsewhere']} frames ended nowhere")
    return wrong


def tcp_frame(number, tags=""):
    """
    A TCP frame of connection `number`: from port 10000 + number % 50000 to port 80. `tags` are VLAN
    tags in hex.
    """
    ethernet = bytes.fromhex("020000000002"
                             "020000000001" + tags + "0800")
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 60, number & 0xFFFF, 0, 64, 6, 0,
                     bytes([10, 77, 0, 1]), bytes([10, 77, 0, 2]))
    tcp = struct.pack(">HHIIBBHHH", 10000 + number % 50000, 80, number, 0, 5 << 4, 0x10, 1000, 0, 0)
    return ethernet + ip + tcp + bytes(20)


def udp_frame(number):
    ethernet = bytes.fromhex("020000000002"
                             "020000000001"
                             "0800")
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 48, number & 0xFFFF, 0, 64, 17, 0,
                     bytes([10, 77, 0, 1]), bytes([10, 77, 0, 2]))
    return ethernet + ip + struct.pack(">HHHH", 1000, 53, 28, 0) + bytes(20)


def send(interface, frames):
    """
    Sends frames as they are; for a process inside of the namespace. What the device refuses is sent
    again.
    """
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind((interface, 0))
    for frame in frames:
        while True:
            try:
                sender.send(frame)
                break
            except OSError:  # no room in the queue just now
                continue
