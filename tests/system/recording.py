"""Writes recordings (pcap, Ethernet, IPv4) of TCP conversations for the system tests. Python
standard library only.

    with Recording(path_or_file) as recording:
        connection = recording.connect("10.1.0.1", 40000, "10.1.0.2", 80)
        connection.transaction(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n", b"HTTP/1.1 204 No
        Content\\r\\n\\r\\n") connection.close()

Checksums are right. The clock goes on by `step_ns` with each frame. A million frames take some ten
seconds.
"""
import functools
import ipaddress
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MSS = 1448


@functools.lru_cache(65536)
def word_sum(data):
    """Sum of the 16-bit words, not yet folded; cached, because a load repeats its payloads."""
    if len(data) % 2:
        data += b"\0"
    return sum(struct.unpack(f">{len(data) // 2}H", data))


def fold(total):
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Recording:
    """A capture file being written. Counts its frames."""

    def __init__(self, file, step_ns=1000):
        self._file = open(
            file, "wb") if isinstance(file, (str, bytes)) or hasattr(file, "__fspath__") else file
        self._file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        self._now_ns = 1_700_000_000_000_000_000
        self._step_ns = step_ns
        self.frames = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def advance(self, nanoseconds):
        self._now_ns += nanoseconds

    def frame(self, data):
        self._now_ns += self._step_ns
        seconds, nanoseconds = divmod(self._now_ns, 1_000_000_000)
        self._file.write(struct.pack("<IIII", seconds, nanoseconds, len(data), len(data)) + data)
        self.frames += 1

    def connect(self, client, client_port, server, server_port, **options):
        connection = Connection(self, client, client_port, server, server_port, **options)
        connection.handshake()
        return connection


class Connection:
    """One TCP connection of the recording; both sides are played."""

    def __init__(self, recording, client, client_port, server, server_port, client_seq=1000,
                 server_seq=9000):
        self._recording = recording
        self._ends = []
        for source, source_port, target, target_port in ((client, client_port, server, server_port),
                                                         (server, server_port, client,
                                                          client_port)):
            addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
            self._ends.append(
                (addresses, word_sum(addresses), struct.pack(
                    ">HH", source_port, target_port), source_port + target_port))
        self.seq = [client_seq, server_seq]

    def segment(self, side, flags, payload=b"", seq=None):
        """
        A frame from the client (side 0) or the server (1), at `seq` or where its stream stands.
        Moves nothing.
        """
        addresses, address_sum, ports, port_sum = self._ends[side]
        seq = self.seq[side] if seq is None else seq
        ack = self.seq[1 - side] if flags & ACK else 0
        numbers = struct.pack(">IIBBH", seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 65535)
        length = 20 + len(payload)
        checksum = fold(address_sum + 6 + length + port_sum + sum(struct.unpack(">6H", numbers)) +
                        word_sum(payload))
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, 64, 6, 0)
        ip = ip[:10] + struct.pack(">H", fold(word_sum(ip) + address_sum)) + addresses
        self._recording.frame(b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + ip + ports + numbers +
                              struct.pack(">HH", checksum, 0) + payload)

    def handshake(self):
        self.segment(0, SYN)
        self.seq[0] += 1
        self.segment(1, SYN | ACK)
        self.seq[1] += 1
        self.segment(0, ACK)

    def send(self, side, data):
        """
        Data in segments of an Ethernet's size; what the window lets out at once is acknowledged
        together.
        """
        for begin in range(0, len(data), MSS):
            piece = data[begin:begin + MSS]
            self.segment(side, ACK | PSH, piece)
            self.seq[side] += len(piece)
            if begin // MSS % 32 == 31:
                self.segment(1 - side, ACK)
        self.segment(1 - side, ACK)

    def transaction(self, request, response):
        self.send(0, request)
        self.send(1, response)

    def close(self):
        for side in (0, 1):
            self.segment(side, FIN | ACK)
            self.seq[side] += 1
        self.segment(0, ACK)


REQUEST = (b"GET /items/4711 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: recording\r\n"
           b"Accept: */*\r\n\r\n")
RESPONSE = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 64\r\n\r\n" +
            b'{"item":4711,' + b" " * 50 + b"}")


def keep_alive(path, transactions, per_connection=100):
    """
    A recording of so many transactions on connections that carry `per_connection` each; answers its
    frames.
    """
    with Recording(path) as recording:
        for first in range(0, transactions, per_connection):
            number = first // per_connection
            connection = recording.connect(
                f"10.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}",
                20000 + number % 40000, "10.200.0.1", 80, client_seq=number * 65537)
            for _ in range(min(per_connection, transactions - first)):
                connection.transaction(REQUEST, RESPONSE)
            connection.close()
        return recording.frames
