# SPDX-License-Identifier: MIT
"""200 idle apps with a heap of 256 KiB at once: start, memory, CPU while idle, stop."""

import time

import fleet
import processes
import stats
from figures import APPS

APPS_QUICK = 20
IDLE_SECONDS = 10


def _idle(pids):
    """CPU time in per cent of one CPU, and wake-ups a second, of all of PIDS."""
    cpu = sum(processes.cpu_nsec(pid) for pid in pids)
    woken = sum(processes.wakeups(pid) for pid in pids)
    time.sleep(IDLE_SECONDS)
    cpu = sum(processes.cpu_nsec(pid) for pid in pids) - cpu
    woken = sum(processes.wakeups(pid) for pid in pids) - woken
    return cpu / 1e7 / IDLE_SECONDS, woken / IDLE_SECONDS


def _pss(apps):
    """KiB for each app."""
    found = apps.processes()
    return sum(processes.pss_kib(pid) for pids in found for pid in pids) / len(found)


def _grow(apps, steps):
    """Starts more and more apps. Figures of each step, and seconds until all of them ran."""
    found, seconds, n_before = {}, 0.0, 0
    for n in steps:
        step = apps.start(n)
        seconds += step
        found[f"apps_{n}_pss_kib"] = stats.plain([_pss(apps)], "KiB", 0)
        found[f"apps_{n}_start_ms"] = stats.plain([1000 * step / (n - n_before)], "ms")
        n_before = n
    found["apps_pss_kib"] = found[f"apps_{n_before}_pss_kib"]
    return found, seconds


def _figures(apps, before, n):
    """Of N apps that run and have nothing to do; stops them."""
    after = processes.Machine()
    cpu_percent, woken = _idle([pid for app in apps.processes() for pid in app])
    stop_seconds, left = apps.stop()
    return {
        "apps_memory_kib": stats.plain([(before.available - after.available) / n], "KiB", 0),
        "apps_kernel_kib": stats.plain([(after.kernel - before.kernel) / n], "KiB", 0),
        "apps_idle_cpu_percent": stats.plain([cpu_percent], "%", 4),
        "apps_idle_wakeups_per_s": stats.plain([woken], "/s"),
        "apps_stop_s": stats.plain([stop_seconds], f"s, {n} apps"),
        "apps_left": stats.plain([left], "", 0),
    }


def measure(env):
    steps = [n for n in APPS if n <= env.rounds(max(APPS), APPS_QUICK)]
    with fleet.Fleet(env, fleet.idle_image(env)) as apps:
        apps.prepare(steps[-1])
        before = processes.Machine()
        found, seconds = _grow(apps, steps)
        found["apps_start_s"] = stats.plain([seconds], f"s, {steps[-1]} apps")
        return {**found, **_figures(apps, before, steps[-1])}
