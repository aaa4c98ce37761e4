"""What the system tests share: a lab with a web server, the programs under test, and the proof that
nothing is left.

Every test class takes a Lab in setUp and hands its removal to addCleanup, so that a failing test
cleans up as well. Python standard library only; needs root.
"""
import atexit
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

SOURCE = pathlib.Path(os.environ.get("XDPCAP_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("XDPCAP_BUILD", SOURCE / "build" / "release"))
LONG = os.environ.get("XDPCAP_LONG") == "1"

# On SIGTERM a test ends as by Ctrl-C; its lab is then removed at exit.
signal.signal(signal.SIGTERM, signal.default_int_handler)

XDPCAP_RUN, XDPCAP_SUB = BUILD / "xdpcap-run", BUILD / "xdpcap-sub"
SERVER = "10.77.0.2"


# Of a shell: what it mounts stays its own. 'unshare --mount' alone fails where / is no mount point,
# as in a chroot.
OWN_MOUNTS = ["unshare", "--mount", "--propagation", "unchanged"]
MAKE_PRIVATE = ('while read -r _ _ _ _ at _; do mount --make-private "$at"; done '
                "</proc/self/mountinfo && ")


def wait_until(condition, what, seconds=20):
    """Polls: a shared machine is slow at times, so nothing here guesses how long a thing takes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


class Lab:
    """Namespaces by tools/lab, one lab for each test; `room` is a directory of its own."""

    def __init__(self, *options):
        self.name = f"test{os.getpid()}"
        self.room = pathlib.Path(tempfile.mkdtemp(prefix="xdpcap-test-"))
        self._children = []
        atexit.register(self.close)
        subprocess.run([SOURCE / "tools/lab", "down", "--name", self.name], check=True)
        subprocess.run([SOURCE / "tools/lab", "up", "--name", self.name, *options], check=True)

    def close(self):
        atexit.unregister(self.close)
        for child in self._children:
            if child.poll() is None:
                child.kill()
            child.wait()
        subprocess.run([SOURCE / "tools/lab", "down", "--name", self.name], check=True)
        shutil.rmtree(self.room)

    def command(self, node, *arguments):
        """Of a node, or of this machine's own namespace where `node` is None."""
        if node is None:
            return [str(argument) for argument in arguments]
        return [
            "nsenter", f"--net=/var/run/netns/xdpcap-{self.name}-{node}", "--",
            *map(str, arguments)
        ]

    def run(self, node, *arguments, **options):
        """Runs to the end and answers its standard output; a failure is a failed test."""
        done = subprocess.run(self.command(node, *arguments), capture_output=True, text=True,
                              **options)
        if done.returncode:
            raise AssertionError(
                f"{' '.join(map(str, arguments))}: exit code {done.returncode}\n"
                f"{done.stdout}{done.stderr}"
            )
        return done.stdout

    def start(self, node, *arguments, **options):
        child = subprocess.Popen(self.command(node, *arguments), text=True, **options)
        self._children.append(child)
        return child

    def serve(self):
        """nginx on the server, port 80 of both addresses."""
        web = self.room / "web"
        web.mkdir()
        self._nginx = subprocess.Popen([SOURCE / "tools/lab", "serve", "--name", self.name, web])
        self._children.append(self._nginx)
        wait_until(
            lambda: (web / "nginx.pid").is_file() and (web / "nginx.pid").read_text().strip(),
            "the start of nginx")

    def served(self):
        """Ends nginx and answers how many requests it logged."""
        self._nginx.send_signal(signal.SIGQUIT)
        self._nginx.wait()
        return len((self.room / "web" / "access.log").read_text().splitlines())

    def get(self, path="/load"):
        """One request from the client, to see that the host's own traffic works."""
        return self.run("client", "curl", "-sS", "--max-time", "5", "-o", "/dev/null", "-w",
                        "%{http_code}", f"http://{SERVER}{path}")

    def load(self, requests, connections=10, rate=None, path="/load"):
        """
        h2load with HTTP/1; answers how many succeeded. `rate` is for all connections together.
        """
        pace = ["--rps", str(rate // connections)] if rate else []
        output = self.run("client", "h2load", "--h1", "-n", requests, "-c", connections, *pace,
                          f"http://{SERVER}{path}")
        return int(re.search(r"(\d+) succeeded", output)[1])


class Program:
    """
    A started xdpcap-run or xdpcap-sub. What it says goes to files in the lab's room and is in
    `said` at the end.
    """

    def __init__(self, lab, node, program, *arguments, name=None, **options):
        self.name = name or program.name
        self._files = [lab.room / f"{self.name}.{end}" for end in ("out", "err")]
        with open(self._files[0], "w") as out, open(self._files[1], "w") as err:
            self.process = lab.start(node, program, *arguments, stdin=subprocess.DEVNULL,
                                     stdout=out, stderr=err, **options)

    @property
    def out(self):
        return self._files[0].read_text(errors="replace")

    @property
    def err(self):
        return self._files[1].read_text(errors="replace")

    @property
    def said(self):
        return self.out + self.err

    def wait_ready(self, pattern=r": capturing"):
        """From then on every frame is seen."""
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(
                    f"{self.name} ended with exit code {self.process.returncode}: {self.said}")
            return re.search(pattern, self.err)
        wait_until(ready, f"the start of {self.name}")
        return self

    def stop(self, expected=0, how=signal.SIGTERM, seconds=30):
        self.process.send_signal(how)
        return self.wait(expected, seconds)

    def wait(self, expected=0, seconds=30):
        code = self.process.wait(seconds)
        if code != expected:
            raise AssertionError(
                f"{self.name}: exit code {code}, not {expected}: {self.said[-2000:]}")
        return self


def threads(program):
    """{name: {field of its status: set of values}} of all threads of a running program."""
    found = {}
    for task in pathlib.Path(f"/proc/{program.process.pid}/task").iterdir():
        facts = found.setdefault((task / "comm").read_text().strip(), {})
        for line in (task / "status").read_text().splitlines():
            field, _, value = line.partition(":\t")
            facts.setdefault(field, set()).add((value.split() or [""])[0])
    return found


def capture(lab, *arguments, node="server", **options):
    """xdpcap-run, ready."""
    return Program(lab, node, XDPCAP_RUN, *arguments, **options).wait_ready()


def subscribe(lab, endpoint, *arguments, node="server", name="xdpcap-sub", quiet=True):
    """
    xdpcap-sub (-q where quiet), whose connection is there: a PUB socket sends only to those who
    are. Ends with the capture. `endpoint` is ipc://PATH.
    """
    path = endpoint[len("ipc://"):]

    def connections():
        table = lab.run(node, "cat", "/proc/net/unix")
        return sum(
            1 for line in table.splitlines() if line.endswith(path) and line.split()[5] == "03")

    before = connections()
    program = Program(lab, node, XDPCAP_SUB, "--connect", endpoint, "--until-end",
                      *(["-q"] if quiet else []), *arguments, name=name)
    wait_until(lambda: connections() > before, "the connection of xdpcap-sub")
    time.sleep(0.3)  # its subscription follows the connection on the same socket
    return program


def totals(subscriber):
    """(requests, responses, lost batches) of an ended 'xdpcap-sub -q'."""
    match = re.search(r"(\d+) messages \((\d+) requests, (\d+) responses\), (\d+) batches lost",
                      subscriber.said)
    if not match:
        raise AssertionError(f"no totals: {subscriber.said}")
    if int(match[1]) != int(match[2]) + int(match[3]):
        raise AssertionError(f"the totals do not add up: {match[0]}")
    return int(match[2]), int(match[3]), int(match[4])


def messages(program):
    """The JSON objects that '--json' printed."""
    return [json.loads(line) for line in program.out.splitlines()]


def bpf_links(running, name=None):
    """
    The numbers of the bpf_links that a running program holds, or of those with BPF programs of this
    name. Links of others on this machine are none of our business.
    """
    listed = subprocess.run(["/usr/sbin/bpftool", "-j", "prog", "list"], capture_output=True,
                            text=True, check=True)
    wanted = {one["id"] for one in json.loads(listed.stdout) if name in (None, one.get("name"))}
    found = set()
    for descriptor in pathlib.Path(f"/proc/{running.process.pid}/fdinfo").iterdir():
        try:
            numbers = dict(re.findall(r"^(link_id|prog_id):\t(\d+)$", descriptor.read_text(),
                                      re.MULTILINE))
        except OSError:  # closed meanwhile
            continue
        if "link_id" in numbers and int(numbers["prog_id"]) in wanted:
            found.add(int(numbers["link_id"]))
    return found


def detach_links(lab, links, node="server"):
    """As a clean-up script or the agent of a network does; answers how many."""
    for number in links:
        lab.run(node, "/usr/sbin/bpftool", "link", "detach", "id", number)
    return len(links)


def traces(lab):
    """
    What a capture can leave behind, as a set of texts: links, programs on them, filters, sockets,
    namespaces.
    """
    found = set()
    for node in ("client", "server", "sensor"):
        if not os.path.exists(f"/var/run/netns/xdpcap-{lab.name}-{node}"):
            continue
        for link in json.loads(lab.run(node, "ip", "-j", "-d", "link")):
            found.add(f"{node}: link {link['ifname']} promiscuity {link.get('promiscuity')}")
            if "xdp" in link:
                found.add(f"{node}: XDP program on {link['ifname']}")
            for direction in ("ingress", "egress"):
                if lab.run(node, "tc", "filter", "show", "dev", link["ifname"], direction).strip():
                    found.add(f"{node}: tc filter on {link['ifname']} {direction}")
        for discipline in json.loads(lab.run(node, "tc", "-j", "qdisc")):
            found.add(f"{node}: qdisc {discipline['kind']} on {discipline['dev']}")
        for part in json.loads(lab.run(node, "/usr/sbin/bpftool", "-j", "net")):
            for hook, attached in part.items():
                for one in attached:
                    found.add(
                        f"{node}: {hook} {one.get('devname')} {one.get('kind')} {one.get('name')}")
        for line in lab.run(node, "cat", "/proc/net/unix").splitlines():
            if "xdpcap" in line and len(line.split()) > 7:
                found.add(f"{node}: socket {line.split()[7]}")
    for socket in lab.room.rglob("*"):
        if socket.is_socket():
            found.add(f"socket file {socket}")
    return found


class SystemTest(unittest.TestCase):
    """Root, a lab for each test, and nothing left behind when it ends."""

    lab_options = ()

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise RuntimeError(
                "system tests make network namespaces and need root: run them with sudo")

    def setUp(self):
        self.lab = Lab(*self.lab_options)
        self.addCleanup(self.lab.close)
        self.endpoint = f"ipc://{self.lab.room}/live"

    @contextlib.contextmanager
    def nothing_left(self):
        """What is done inside leaves the lab as it was."""
        before = traces(self.lab)
        yield
        left = set()

        def gone():
            left.clear()
            left.update(traces(self.lab) - before)
            return not left
        try:
            wait_until(gone, "cleaning up", 10)
        except AssertionError:
            self.fail(f"left behind: {sorted(left)}")
        self.assertEqual(before - traces(self.lab), set(), "something that was there is gone")
