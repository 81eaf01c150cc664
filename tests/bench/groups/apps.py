# SPDX-License-Identifier: MIT
"""200 idle apps with a heap of 256 KiB at once: start, memory, CPU while idle, stop."""

import time

import fleet
import processes
import stats

APPS = 200
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


def _figures(apps, before, start_seconds, n):
    after = processes.Machine()
    pids = [pid for app in apps.processes() for pid in app]
    pss = sum(processes.pss_kib(pid) for pid in pids) / n
    cpu_percent, woken = _idle(pids)
    stop_seconds, left = apps.stop()
    total = (before.available - after.available) / n
    return {
        "apps_start_s": stats.plain([start_seconds], f"s, {n} apps"),
        "apps_memory_kib": stats.plain([total], "KiB", 0),
        "apps_pss_kib": stats.plain([pss], "KiB", 0),
        "apps_kernel_kib": stats.plain([(after.kernel - before.kernel) / n], "KiB", 0),
        "apps_idle_cpu_percent": stats.plain([cpu_percent], "%", 4),
        "apps_idle_wakeups_per_s": stats.plain([woken], "/s"),
        "apps_stop_s": stats.plain([stop_seconds], f"s, {n} apps"),
        "apps_left": stats.plain([left], "", 0),
    }


def measure(env):
    n = env.rounds(APPS, APPS_QUICK)
    with fleet.Fleet(env, fleet.idle_image(env)) as apps:
        apps.prepare(n)
        before = processes.Machine()
        seconds = apps.start(n)
        return _figures(apps, before, seconds, n)
