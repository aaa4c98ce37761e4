"""What the tests of xdpcap-web share: a started gateway and a plain client of its API, on loopback.
"""
import http.client
import json
import re
import socket
import time

import common

XDPCAP_WEB = common.BUILD / "xdpcap-web"


class Gateway(common.Program):
    """xdpcap-web on a free port of this machine's loopback, listening."""

    def __init__(self, lab, endpoint, *arguments, listen="127.0.0.1:0", name="xdpcap-web"):
        super().__init__(lab, None, XDPCAP_WEB, "--connect", endpoint, "--listen", listen,
                         *arguments, name=name)
        self.wait_ready(r"listening on https?://")
        found = re.search(r"listening on ((https?://\S+:(\d+)/)\?token=(\w+))", self.err)
        self.link, self.url, self.port, self.token = found[1], found[2], int(found[3]), found[4]
        self.address = listen.rsplit(":", 1)[0]
        self.bearer = f"Authorization: Bearer {self.token}\r\n"

    def request(self, path, method="GET", body=None, **fields):
        """(status, header fields, body) of one request."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=20)
        fields = {"Authorization": f"Bearer {self.token}", **fields}
        headers = {
            key.replace("_", "-"): value for key, value in fields.items() if value is not None
        }
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        answer = response.status, {key.lower(): value
                                   for key, value in response.getheaders()}, response.read()
        connection.close()
        return answer

    def get(self, path, **fields):
        """The JSON of an answer that has to be 200."""
        status, _, body = self.request(path, **fields)
        if status != 200:
            raise AssertionError(f"{path}: {status} {body.decode(errors='replace')}")
        return json.loads(body)

    def refused(self, path, status=400):
        """The error object of an answer that has to have this status."""
        got, _, body = self.request(path)
        if got != status:
            raise AssertionError(f"{path}: {got}, not {status}: {body.decode(errors='replace')}")
        return json.loads(body)["error"]

    def raw(self, request, seconds=5):
        """
        Everything that comes back for these bytes, until the gateway closes or is silent for so
        long.
        """
        with socket.create_connection((self.address, self.port), timeout=seconds) as connection:
            connection.sendall(request)
            answer = b""
            try:
                while piece := connection.recv(65536):
                    answer += piece
            except (TimeoutError, ConnectionResetError):
                pass
            return answer

    def follow(self, path):
        return Events(self, path)


class Events:
    """An event stream that is read as it comes."""

    def __init__(self, gateway, path):
        self._socket = socket.create_connection((gateway.address, gateway.port), timeout=20)
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{gateway.bearer}"
                             "Accept: text/event-stream\r\n\r\n".encode())
        self._bytes = b""
        while b"\r\n\r\n" not in self._bytes:
            self._bytes += self._receive()
        self.head, self._bytes = self._bytes.split(b"\r\n\r\n", 1)
        if b" 200 " not in self.head.split(b"\r\n")[0]:
            raise AssertionError(self.head.decode() + self._bytes.decode())

    def _receive(self):
        piece = self._socket.recv(65536)
        if not piece:
            raise AssertionError("the gateway closed the stream")
        return piece

    def next(self, kind, condition=lambda data: True, seconds=20):
        """
        The data of the next event of this kind for which the condition holds; others are passed
        over.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            while b"\n\n" in self._bytes:
                event, self._bytes = self._bytes.split(b"\n\n", 1)
                lines = dict(line.split(": ", 1) for line in event.decode().splitlines())
                data = json.loads(lines["data"])
                if lines["event"] == kind and condition(data):
                    return data
            self._bytes += self._receive()
        raise AssertionError(f"no such event '{kind}' within {seconds} s")

    def count(self, kind, seconds):
        """How many events of this kind come within so many seconds; and the bytes."""
        deadline, found, size = time.monotonic() + seconds, 0, 0
        marker = f"event: {kind}\n".encode()
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                piece = self._receive()
            except TimeoutError:
                break
            found += (self._bytes[-len(marker) + 1:] + piece).count(marker)
            self._bytes = piece
            size += len(piece)
        return found, size

    def close(self):
        self._socket.close()
