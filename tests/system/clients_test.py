#!/usr/bin/python3
"""xdpcap-sub and the clients of tools/clients, each beside a publisher of a known conversation.
Needs no root.
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

from common import BUILD, SOURCE

# The publisher says how many batches it left out; the rest of the conversation is in
# clients_publisher.cpp.
PUBLISHER = BUILD / "clients_publisher"
SUBSCRIBER = BUILD / "xdpcap-sub"
PATIENCE = 60

MESSAGES = [
    "GET shop.example /cart?item=1&q=a%20b", "200 OK", "POST shop.example:8080 /pay",
    "100 Continue", "503 Service Unavailable", "GET other.example /caf\xe9\x1b[31m"
]


class ClientsTest(unittest.TestCase):
    def setUp(self):
        self.room = pathlib.Path(tempfile.mkdtemp(prefix="xdpcap-clients-"))
        self.addCleanup(shutil.rmtree, self.room)
        self.endpoint = f"ipc://{self.room}/socket"

    def start(self, *command, **options):
        """A process that does not outlive the test, however that ends."""
        program = subprocess.Popen(command, **options)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        return program

    def publish(self, *arguments):
        """Publishes to whoever subscribes; the number of batches left out."""
        done = subprocess.run([PUBLISHER, self.endpoint, *arguments], capture_output=True,
                              text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(done.stdout.split()[1])

    def sub(self, *arguments, publish=(), code=0, connect="--connect", end="--until-end"):
        """
        (standard output, standard error, batches left out) of an xdpcap-sub that ran beside the
        publisher.
        """
        program = self.start(SUBSCRIBER, connect, self.endpoint, *([end] if end else []),
                             *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             encoding="utf-8")
        lost = self.publish(*publish)
        out, err = program.communicate(timeout=PATIENCE)
        self.assertEqual(program.returncode, code, err)
        return out, err, lost

    # xdpcap-sub

    def test_a_line_is_a_request_with_its_response_and_latency(self):
        out, err, _ = self.sub()
        lines = out.splitlines()
        self.assertEqual(len(lines), 4, out)
        self.assertRegex(
            lines[0],
            r"^\d\d:00:00\.000  10\.0\.0\.1:4000 +GET +200 +20 ms +13 B  shop\.example/cart\?item=1"
        )
        self.assertRegex(lines[1], r"POST +100 ")
        self.assertRegex(lines[2], r"POST +503 +1\.50 s +0 B  shop\.example:8080/pay$")
        self.assertRegex(lines[3], r"GET +\.\.\. +- +-  other\.example/caf\\xe9\\x1b\[31m$")
        self.assertIn("6 messages (3 requests, 3 responses), 0 batches lost", err)

    def test_quiet_prints_the_totals_only(self):
        out, err, _ = self.sub("-q")
        self.assertEqual((out, err), ("6 messages (3 requests, 3 responses), 0 batches lost\n", ""))

    def test_lost_batches_are_told_exactly(self):
        out, err, lost = self.sub("-q", publish=["--lose"])
        self.assertGreater(lost, 20)
        self.assertIn(f", {lost} batches lost", out)
        out, err, lost = self.sub(publish=["--lose"])
        self.assertIn(f"{lost} batches lost ({lost} in all)", err)

    def test_json_is_one_object_of_one_shape_for_each_exchange(self):
        out, _, _ = self.sub("--json", "--body", "text")
        exchanges = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([e["status"] for e in exchanges], [200, 100, 503, None])
        self.assertEqual({tuple(e) for e in exchanges}, {tuple(exchanges[0])})
        first, interim, slow, silent = exchanges
        self.assertEqual((first["kind"], first["method"], first["url"], first["latency_ms"]),
                         ("exchange", "GET", "http://shop.example/cart?item=1&q=a%20b", 20))
        self.assertEqual(first["request"]["headers"],
                         [["Host", "shop.example"], ["Cookie", "******"]])
        self.assertEqual(first["response"]["body"], "hello gr\xfc\xdf\n")
        self.assertEqual(interim["flags"], ["interim"])
        self.assertEqual(slow["latency_ms"], 1500)
        self.assertEqual((silent["target"], silent["response"], silent["complete"]),
                         ("/caf\xe9\x1b[31m", None, False))

    def test_filters_hold_for_the_pair(self):
        for arguments, statuses in ((["--status", "5xx"], [503]), (["--path", "/cart"], [200]), ([
                "--host", "shop.*"
        ], [200, 100, 503]), (["--method", "post"], [100, 503]), (["--min-latency", "1s"], [503]),
                                    (["--status", "2xx", "--method", "POST"], [])):
            with self.subTest(arguments):
                out, _, _ = self.sub("--json", *arguments)
                self.assertEqual([json.loads(line)["status"] for line in out.splitlines()],
                                 statuses)

    def test_a_count_ends_it(self):
        out, err, _ = self.sub("--json", "-n", "3", end=None)
        self.assertEqual(len(out.splitlines()), 2)
        self.assertIn("3 messages", err)

    def test_har_is_a_file_of_entries(self):
        path = self.room / "session.har"
        self.sub("-q", "--har", path)
        entries = json.loads(path.read_text(encoding="utf-8"))["log"]["entries"]
        self.assertEqual([e["response"]["status"] for e in entries], [200, 503, 0])
        self.assertEqual(entries[0]["response"]["content"]["text"], "hello gr\xfc\xdf\n")
        self.assertEqual(entries[1]["timings"]["wait"], 1500)

    def test_top_sums_up_by_place(self):
        out, _, _ = self.sub("--top")
        self.assertRegex(out,
                         r"(?m)^ +1 +0 +1 +0 +1\.\d+ s +1\.\d+ s +0 B  shop\.example:8080/pay$")

    def test_top_fits_its_terminal_and_q_ends_it(self):
        ours, terminal = pty.openpty()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, terminal)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        before = termios.tcgetattr(terminal)
        program = self.start(SUBSCRIBER, "--connect", self.endpoint, "--top", stdin=terminal,
                             stdout=terminal, stderr=subprocess.PIPE, preexec_fn=lambda:
                             (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)))
        self.publish()
        shown = b""
        while b"shop.example:8080/pay" not in shown:
            self.assertTrue(select.select([ours], [], [], PATIENCE)[0], shown)
            shown += os.read(ours, 65536)
        os.write(ours, b"q")
        _, err = program.communicate(timeout=PATIENCE)
        self.assertEqual((program.returncode, termios.tcgetattr(terminal)), (0, before), err)
        screen = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown.split(b"\x1b[H")[-1])
        lines = screen.decode().split("\r\n")
        self.assertIn("q ends", lines[0])
        self.assertLessEqual(len(lines), 24)
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_other_topics_are_shown_too(self):
        out, _, _ = self.sub("--topic", "flow,stats", "--json")
        kinds = [json.loads(line)["kind"] for line in out.splitlines()]
        self.assertEqual(kinds.count("flow"), 1)
        self.assertGreater(kinds.count("stats"), 0)

    def test_work_can_be_pulled(self):
        out, _, _ = self.sub("-q", connect="--pull", publish=["--push"])
        self.assertEqual(out, "6 messages (3 requests, 3 responses), 0 batches lost\n")

    def test_a_signal_ends_it_with_totals(self):
        for one in (signal.SIGINT, signal.SIGTERM):
            program = self.start(SUBSCRIBER, "--connect", self.endpoint, "-q",
                                 stdout=subprocess.PIPE, text=True)
            self.publish()
            time.sleep(0.2)
            # None may start a program.
            for thread in pathlib.Path(f"/proc/{program.pid}/task").iterdir():
                self.assertRegex((thread / "status").read_text(), r"NoNewPrivs:\t1\nSeccomp:\t2\n")
            program.send_signal(one)
            out, _ = program.communicate(timeout=PATIENCE)
            self.assertEqual((program.returncode, out),
                             (0, "6 messages (3 requests, 3 responses), 0 batches lost\n"))

    def test_time_ends_it_and_silence_is_explained(self):
        done = subprocess.run([SUBSCRIBER, "--connect", self.endpoint, "--timeout", "2.5"],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(
            done.stderr.count(
                f"nothing yet from {self.endpoint}: there is no such endpoint; start xdpcap-run"),
            1)

    def test_a_closed_pipe_is_an_end_and_a_full_disk_is_a_failure(self):
        with open("/dev/full", "w") as full:
            program = self.start(SUBSCRIBER, "--connect", self.endpoint, "--json", "--until-end",
                                 stdout=full, stderr=subprocess.PIPE, text=True)
            self.publish()
            _, err = program.communicate(timeout=PATIENCE)
        self.assertEqual(program.returncode, 5)
        self.assertIn("No space left", err)
        reader, writer = os.pipe()
        os.close(reader)
        program = self.start(SUBSCRIBER, "--connect", self.endpoint, "--json", stdout=writer,
                             stderr=subprocess.DEVNULL)
        os.close(writer)
        self.publish()
        self.assertEqual(program.wait(PATIENCE), 0)

    def test_wrong_use_is_one_sentence_and_exit_code_1(self):
        for arguments in (["--connect", "5560"], ["--topic", "nonsense"], ["--status", "9"], [
                "--min-latency", "soon"
        ], ["--body", "x"], ["--nonsense"], ["--json", "--top"], ["--curve-secret-key-file", "x"]):
            with self.subTest(arguments):
                done = subprocess.run([SUBSCRIBER, *arguments], capture_output=True, text=True,
                                      timeout=PATIENCE)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        done = subprocess.run([SUBSCRIBER, "--har", self.room / "no" / "a.har"],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 5)

    # tools/clients

    def check_client(self, *command):
        """Each client prints every message, and the loss of what was left out."""
        out = self.room / "client"
        with open(out, "wb") as file:
            program = self.start(*command, self.endpoint, stdout=file)
        lost = self.publish("--lose")
        deadline = time.monotonic() + PATIENCE
        said = ""
        while f"lost {lost} batches" not in said and time.monotonic() < deadline and program.poll(
        ) is None:
            time.sleep(0.05)
            said = out.read_bytes().decode("utf-8", "surrogateescape").replace("\udce9", "\xe9")
        lines = said.splitlines()
        self.assertEqual(lines[:len(MESSAGES)], MESSAGES)
        self.assertEqual(set(lines[len(MESSAGES):-1]), {"GET shop.example /flood"})
        self.assertEqual(lines[-1], f"lost {lost} batches")

    def test_the_cpp_client(self):
        subprocess.run(
            ["cmake", "-G", "Ninja", "-S", SOURCE / "tools/clients/cpp", "-B", self.room / "cpp"],
            check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", self.room / "cpp"], check=True,
                       stdout=subprocess.DEVNULL)
        self.check_client(self.room / "cpp" / "xdpcap-client")

    def test_the_python_client(self):
        self.check_client("/usr/bin/python3", "-B", SOURCE / "tools/clients/python/client.py")

    def test_the_javascript_client(self):
        # A copy, so that the source tree stays as it is.
        copy = self.room / "tools" / "clients" / "js"
        shutil.copytree(SOURCE / "tools/clients/js", copy, ignore=shutil.ignore_patterns(
            "node_modules", "build"))
        shutil.copytree(SOURCE / "schemas", self.room / "schemas")
        installed = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=copy,
                                   capture_output=True, text=True, timeout=300)
        self.assertEqual(installed.returncode, 0, installed.stderr)
        self.check_client("node", copy / "client.mjs")


if __name__ == "__main__":
    unittest.main(verbosity=2)
