"""What else the machine is doing while something is measured, for the sections of tools/bench."""
import os
import resource
import time


def busy_seconds():
    """
    CPU-seconds that all processes have used, and the hypervisor has taken away, since the start.
    """
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(value) for value in file.readline().split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Watch:
    """From its making to others(): the part of the machine's cores that others have used."""

    def __init__(self):
        self.time, self.busy, self.own = time.monotonic(), busy_seconds(), own_seconds()

    def others(self):
        spent = max(time.monotonic() - self.time, 0.01) * os.cpu_count()
        return max((busy_seconds() - self.busy) - (own_seconds() - self.own), 0) / spent


class Patience:
    """Time that may be spent on waiting for others to let the machine be. Where it is used up,
    things are measured as they come."""

    def __init__(self, seconds, busy_max=0.1):
        self.left, self.busy_max = seconds, busy_max

    def wait_for_quiet(self, at_most):
        end = time.monotonic() + min(at_most, self.left)
        while time.monotonic() < end:
            watch = Watch()
            time.sleep(0.2)
            if watch.others() <= self.busy_max:
                break
            self.left -= time.monotonic() - watch.time

    def calm(self, measure, tries=2):
        """
        The answer of measure() from the try that others disturbed least, and by how much they did.
        """
        best = None
        for _ in range(tries):
            self.wait_for_quiet(5)
            watch = Watch()
            answer = measure()
            others = watch.others()
            if best is None or others < best[1]:
                best = (answer, others)
            if others <= self.busy_max or self.left <= 0:
                break
            self.left -= time.monotonic() - watch.time
        return best
