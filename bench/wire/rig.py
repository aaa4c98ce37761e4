"""The rig of the wire benchmark: two namespaces with a veth between them, the programs on it, and
one trial.

Python standard library only; needs root.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
LAB = SOURCE / "tools" / "lab"
READY_SECONDS = 20
TICK = 1 / os.sysconf("SC_CLK_TCK")


def say(words):
    print(f"wire: {words}", file=sys.stderr, flush=True)


def wait_until(condition, what):
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    raise RuntimeError(f"{what} did not happen within {READY_SECONDS} s")


def machine_seconds():
    """
    CPU time that somebody used, or that was taken from this machine; a process's own has its
    interrupts in it, too.
    """
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * TICK


def process_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def wait_for_quiet(seconds):
    """Until nobody else computes; or until the timeout."""
    deadline = time.monotonic() + seconds
    while True:
        before, from_ = machine_seconds(), time.monotonic()
        time.sleep(0.2)
        others = (machine_seconds() - before) / (time.monotonic() - from_)
        if others < 0.1 or time.monotonic() > deadline:
            return


class Program:
    """A started program; `out` and `err` are what it wrote."""

    def __init__(self, rig, node, cpus, arguments, name):
        self.name = name
        self._files = [rig.room / f"{name}.out", rig.room / f"{name}.err"]
        with open(self._files[0], "w") as out, open(self._files[1], "w") as err:
            self.process = subprocess.Popen(rig.command(node, cpus, arguments),
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    @property
    def out(self):
        return self._files[0].read_text(errors="replace")

    @property
    def err(self):
        return self._files[1].read_text(errors="replace")

    def alive(self):
        if self.process.poll() is not None:
            raise RuntimeError(
                f"{self.name} ended with exit code {self.process.returncode}: {self.err[-1000:]}")
        return True

    def seconds(self):
        """CPU time so far, of all its threads."""
        return process_seconds(self.process.pid)

    def worker_seconds(self):
        """CPU time so far of the thread that receives."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        for task in tasks.iterdir():
            if (task / "comm").read_text().strip() == "xdpcap-worker":
                return int((task / "schedstat").read_text().split()[0]) / 1e9
        return 0.0

    def stop(self):
        self.process.terminate()
        return self.wait()

    def wait(self, seconds=60):
        code = self.process.wait(seconds)
        if code != 0:
            raise RuntimeError(f"{self.name} ended with exit code {code}: {self.err[-1000:]}")
        return self

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Rig(contextlib.AbstractContextManager):
    """
    feed0 (node server) --veth-- mirror0 (node sensor). The generator has the last CPU for itself,
    with the kernel's half of the work: the driver, the XDP program and the copy run on the CPU that
    sends. All else has the other CPUs.
    """

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.name = f"wire{os.getpid()}"
        self.room = pathlib.Path(tempfile.mkdtemp(prefix="xdpcap-wire-"))
        self.endpoint = f"ipc://{self.room}/live"
        cpus = sorted(os.sched_getaffinity(0))
        self.all_cpus, self.sending_cpu = cpus, cpus[-1:]
        self.other_cpus = cpus[:-1] or cpus
        self._children = []
        try:
            subprocess.run([LAB, "up", "--name", self.name, "--feed"], check=True)
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    def close(self):
        # An impatient second Ctrl-C must not leave the lab behind.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for child in self._children:
            child.kill()
        subprocess.run([LAB, "down", "--name", self.name], check=True)
        shutil.rmtree(self.room, ignore_errors=True)

    def command(self, node, cpus, arguments):
        return ["nsenter", f"--net=/var/run/netns/xdpcap-{self.name}-{node}", "--",
                "taskset", "--cpu-list", ",".join(map(str, cpus)), *map(str, arguments)]

    def start(self, node, cpus, arguments, name):
        program = Program(self, node, cpus, arguments, name)
        self._children.append(program)
        return program

    def counter(self):
        program = self.start("sensor", self.other_cpus, [self.build / "wire-counter", "mirror0"],
                             "counter")
        wait_until(lambda: program.alive() and "ready" in program.err, "the start of the counter")
        return program

    def capture(self, *arguments, cpus=None):
        program = self.start("sensor", cpus or self.other_cpus, [
            self.build / "xdpcap-run", "-i", "mirror0", "--mode", "mirror", "--workers", "1", "-v",
            *arguments
        ], "xdpcap-run")
        wait_until(lambda: program.alive() and re.search(r": (native|generic) XDP", program.err),
                   "the start of xdpcap-run")
        return program

    def subscriber(self, *arguments, cpus=None):
        """A program that subscribes at `endpoint`, connected."""
        path = self.endpoint[len("ipc://"):]

        def connections():
            table = subprocess.run(
                self.command("sensor", self.other_cpus, ["cat", "/proc/net/unix"]), check=True,
                capture_output=True, text=True).stdout
            return sum(
                1 for line in table.splitlines() if line.endswith(path) and line.split()[5] == "03")

        before = connections()
        program = self.start("sensor", cpus or self.other_cpus, arguments, "subscriber")
        wait_until(lambda: program.alive() and connections() > before,
                   "the connection of the subscriber")
        time.sleep(0.3)  # its subscription follows the connection on the same socket
        return program

    def generate(self, *arguments):
        """Runs the generator to its end; what it says, and the CPU time it took."""
        generator = subprocess.Popen(
            self.command("server", self.sending_cpu,
                         [self.build / "wire-generator", "feed0", *arguments]),
            stdout=subprocess.PIPE, text=True)
        try:
            said = generator.stdout.read()
            _, status, usage = os.wait4(generator.pid, 0)
            generator.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if generator.returncode is None:
                generator.kill()
                generator.wait()
        if generator.returncode:
            raise RuntimeError(f"wire-generator ended with exit code {generator.returncode}")
        return json.loads(said), usage.ru_utime + usage.ru_stime


def ledger(text):
    """{name: value} of what 'xdpcap-run -v' printed; it must close."""
    if "ledger closed" not in text:
        raise RuntimeError(f"the ledger is open: {text[-2000:]}")
    counts = {}
    for name, value in re.findall(r"^  (\w+) +(\d+)(?:  \[.*\])?$", text, re.M):
        counts[name] = counts.get(name, 0) + int(value)
    return counts
