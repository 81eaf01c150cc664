# SPDX-License-Identifier: MIT
"""The demo with nothing to do: how often its three processes run, and for how long."""

import time

import service

SETTLE_SEC = 3


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


def measure(env):
    seconds = env.rounds(20, 2)
    running = service.Service([env.mpyd, "run", "--unsigned", env.demo])
    try:
        running.wait_line("listening|http://")
        time.sleep(SETTLE_SEC)
        pids = [running.pid, *service.descendants(running.pid)]
        before = counters(pids)
        time.sleep(seconds)
        after = counters(pids)
    finally:
        running.stop()
    return {
        "idle_wakeups_per_s": (after[0] - before[0]) / seconds,
        "idle_cpu_us_per_s": (after[1] - before[1]) / 1000 / seconds,
    }
