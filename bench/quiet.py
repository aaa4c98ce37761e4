"""What else the machine is doing while something is measured, for the sections of tools/bench."""
import os
import resource
import time


def busy_seconds():
    """CPU-seconds that all processes have used, and the hypervisor has taken away, since the start."""
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


def wait_for_quiet(patience_s, busy_max=0.1):
    """Waits until others let the machine be, but no longer than that."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        watch = Watch()
        time.sleep(0.2)
        if watch.others() <= busy_max:
            return


def calm(measure, tries, patience_s, busy_max=0.1):
    """The answer of measure() from the try that others have disturbed least, and by how much they did."""
    best = None
    for _ in range(tries):
        wait_for_quiet(patience_s, busy_max)
        watch = Watch()
        answer = measure()
        others = watch.others()
        if best is None or others < best[1]:
            best = (answer, others)
        if others <= busy_max:
            break
    return best
