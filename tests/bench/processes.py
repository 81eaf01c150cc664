# SPDX-License-Identifier: MIT
"""What running processes and the whole machine use: memory, CPU time, switches."""

import time
from pathlib import Path

import service

MEMINFO_KERNEL = ("KernelStack", "PageTables", "SUnreclaim", "Percpu")


def _kib_fields(path):
    """The lines "Name:  123 kB" of a file in /proc, as a dictionary of numbers."""
    fields = {}
    for line in Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        words = value.split()
        if len(words) == 2 and words[1] == "kB":
            fields[name] = int(words[0])
    return fields


def pss_kib(pid):
    """The proportional set size: a page that N processes share counts 1/N to each."""
    return _kib_fields(f"/proc/{pid}/smaps_rollup")["Pss"]


def private_kib(pid):
    """What no other process has mapped: what goes away with this one for sure."""
    fields = _kib_fields(f"/proc/{pid}/smaps_rollup")
    return fields["Private_Clean"] + fields["Private_Dirty"]


def cpu_nsec(pid):
    """CPU time used so far, user and system."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def wakeups(pid):
    """How often it went to sleep so far, which is how often it was woken."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches:"):
            return int(line.split()[1])
    raise ValueError(f"/proc/{pid}/status has no voluntary_ctxt_switches")


class Machine:
    """The memory of the whole machine at one moment."""

    def __init__(self):
        time.sleep(1)  # the kernel gives back some of what it frees a little later
        fields = _kib_fields("/proc/meminfo")
        self.available = fields["MemAvailable"]
        self.kernel = sum(fields[name] for name in MEMINFO_KERNEL)


def counters(pids):
    """How often PIDS gave up a CPU, and the nanoseconds they have run."""
    switches = nsec = 0
    for pid in pids:
        fields = service.status_fields(pid)
        switches += int(fields["voluntary_ctxt_switches"]) + int(
            fields["nonvoluntary_ctxt_switches"]
        )
        with open(f"/proc/{pid}/schedstat") as file:
            nsec += int(file.read().split()[0])
    return switches, nsec
