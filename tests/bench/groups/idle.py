# SPDX-License-Identifier: MIT
"""The demo with nothing to do: how often its three processes run, and for how long."""

import time

import processes
import service

SETTLE_SEC = 3


def measure(env):
    seconds = env.rounds(20, 2)
    running = service.Service([env.mpyd, "run", "--unsigned", "--control=none", env.demo])
    try:
        running.wait_line("listening|http://")
        time.sleep(SETTLE_SEC)
        pids = [running.pid, *service.descendants(running.pid)]
        before = processes.counters(pids)
        time.sleep(seconds)
        after = processes.counters(pids)
    finally:
        running.stop()
    return {
        "idle_wakeups_per_s": (after[0] - before[0]) / seconds,
        "idle_cpu_us_per_s": (after[1] - before[1]) / 1000 / seconds,
    }
