# SPDX-License-Identifier: MIT
"""A worker is killed, as by a crash; until the first statement of the app runs again."""

import os
import re
import signal
import time

import service
import stats

# What it says is what the clock showed at its first statement: the same clock as here.
APP = """\
import calls
now = calls.clock_read(1)
print("= now", now)
import time
while True:
    time.sleep(60)
"""
CONFIG = "[restart]\nrestart = always\ndelay = 0\ndelay_max = 0\nburst = 1000\n"


def worker(pid):
    """The last process below the supervisor PID."""
    return service.descendants(pid)[-1]


def said(running):
    return [int(value) for value in re.findall(r"= now (\d+)$", running.output(), re.M)]


def wait_said(running, n):
    end = time.monotonic() + 20
    while len(said(running)) < n:
        if time.monotonic() > end:
            raise AssertionError(f"worker {n} did not come; mpyd said:\n{running.output()}")
        time.sleep(0.002)
    return said(running)[n - 1]


def measure(env):
    image = env.freeze("restart", APP)
    config = env.config(CONFIG)
    running = service.Service([env.mpyd, "run", "--unsigned", "--control=none", image, "--config", config])
    times = []
    try:
        wait_said(running, 1)
        for n in range(2, env.rounds(200, 20) + 2):
            victim = worker(running.pid)
            start = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            os.kill(victim, signal.SIGKILL)
            times.append((wait_said(running, n) - start) / 1e6)
    finally:
        running.stop()
    return {"soft_restart_ms": stats.plain(times, "ms")}
