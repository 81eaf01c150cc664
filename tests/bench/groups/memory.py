# SPDX-License-Identifier: MIT
"""What one idle app with a heap of 256 KiB costs: the memory of its three processes, while no other
app runs, and the kernel's for them, of which one app alone is too small a part to be seen."""

import fleet
import processes
import stats

KERNEL_APPS = 32  # to divide the kernel's part by
NAMES = ("supervisor", "spawner", "worker")


def _alone(env, image):
    with fleet.Fleet(env, image) as apps:
        apps.start(1)
        found = apps.processes()[0]
        pss = [processes.pss_kib(pid) for pid in found]
        private = sum(processes.private_kib(pid) for pid in found)
        apps.stop()
    return pss, private


def _kernel(env, image):
    """KiB of kernel memory for each app."""
    with fleet.Fleet(env, image) as apps:
        apps.prepare(KERNEL_APPS)
        before = processes.Machine()
        apps.start(KERNEL_APPS)
        after = processes.Machine()
        apps.stop()
    return (after.kernel - before.kernel) / KERNEL_APPS


def measure(env):
    image = fleet.idle_image(env)
    rounds = [_alone(env, image) for _ in range(env.rounds(7))]
    found = {"app_pss_kib": stats.plain([sum(pss) for pss, _ in rounds], "KiB", 0)}
    for i, name in enumerate(NAMES):
        found[f"{name}_pss_kib"] = stats.plain([pss[i] for pss, _ in rounds], "KiB", 0)
    found["app_private_kib"] = stats.plain([private for _, private in rounds], "KiB", 0)
    kernel = [_kernel(env, image) for _ in range(env.rounds(3, 1))]
    found["app_kernel_kib"] = stats.plain(kernel, "KiB", 0)
    return found
