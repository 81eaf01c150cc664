# SPDX-License-Identifier: MIT
"""The memory that a manifest asks for: said once, and true on every side."""

import re

import service
import tap

SIZES_MAIN = """\
import gc


def depth(n):
    try:
        return depth(n + 1)
    except RuntimeError:
        return n


print("heap", gc.mem_alloc() + gc.mem_free(), "depth", depth(0))
"""
SIZES = {"small": (64 << 10, 32 << 10), "large": (4 << 20, 512 << 10)}  # heap, stack


def sized(tools, name):
    heap, stack = SIZES[name]
    manifest = f'[memory]\nheap = "{heap >> 10}K"\nstack = "{stack >> 10}K"\n'
    return tools.apps.image(name, SIZES_MAIN, manifest)


def sizes_are_said_once_and_hold_everywhere(tools):
    """Manifest, image, map of the layout, virtual machine: one number each."""
    depths = {}
    for name, (heap, stack) in SIZES.items():
        image = sized(tools, name)
        regions = {region["name"]: region for region in tools.layout(image)["regions"]}
        tap.equal((regions["heap"]["size"], regions["app-stack"]["size"]), (heap, stack), name)
        status, lines = tools.apps.run(image)
        tap.equal(status, 0, str(lines))
        said = re.search(r"heap (\d+) depth (\d+)", "\n".join(lines))
        tap.true(0.95 * heap < int(said[1]) <= heap, f"{name}: a heap of {said[1]} bytes")
        depths[name] = int(said[2])
    tap.true(8 * depths["small"] < depths["large"], f"recursion: {depths}")


def local_cap_refuses_what_is_over_it(tools):
    image = sized(tools, "large")
    for cap, status in (("4M", 0), ("3M", 4)):
        got, lines = tools.apps.run(image, f"[limits]\nheap = {cap}\n")
        tap.equal(got, status, str(lines))
    tap.true(any("4194304" in line and "3145728" in line for line in lines),
             f"both numbers are named: {lines}")


# How far an app of a heap of 64 MiB goes before it sleeps.
STAGES_MAIN = """\
import time

STAGE = @STAGE@
MIB = 1 << 20
kept = []
if STAGE > 0:
    for _ in range(32):
        block = bytearray(MIB)
        for i in range(0, MIB, 4096):
            block[i] = 1
        kept.append(block)
failed = 0
if STAGE > 1:
    for _ in range(100):
        try:
            kept.append(bytearray(4 * MIB))
        except MemoryError:
            failed += 1
print("sleeps", failed > 80)
time.sleep(1000)
"""


def resident(pid):
    """Bytes of memory that PID has been given."""
    return int(service.status_fields(pid)["VmRSS"].split()[0]) << 10


def stage(tools, number):
    """Bytes resident in supervisor and worker of an app at stage NUMBER, and whether the end of its
    heap was reached."""
    source = STAGES_MAIN.replace("@STAGE@", str(number))
    running = tools.apps.start(
        tools.apps.image(f"stage{number}", source, '[memory]\nheap = "64M"\n')
    )
    at_the_end = running.wait_line(f"^stage{number}: sleeps (.*)", 60)[1] == "True"
    supervisor, worker = (resident(pid) for pid in
                          (running.pid, service.descendants(running.pid)[-1]))
    running.stop()
    return supervisor, worker, at_the_end


def heap_is_reserved_at_once_and_given_as_touched(tools):
    """A worker at its end has a MemoryError and lives; its supervisor does not grow with it."""
    supervisor, begin, _ = stage(tools, 0)
    _, filled, _ = stage(tools, 1)
    grown, _, at_the_end = stage(tools, 2)
    tap.true(begin < 4 << 20, f"{begin} bytes resident at the start, of a heap of 64 MiB")
    # Some pages were touched before, and Linux counts in steps: a MiB less is as good.
    tap.true(begin + (31 << 20) <= filled < 48 << 20, f"{filled} bytes resident with 32 MiB in use")
    tap.true(at_the_end, "MemoryError at the end of the heap")
    room = 64 << 20 if tools.apps.is_sanitized else 1 << 20
    tap.true(grown < supervisor + room, f"the supervisor: {supervisor} bytes, then {grown}")


TESTS = [
    sizes_are_said_once_and_hold_everywhere,
    local_cap_refuses_what_is_over_it,
    heap_is_reserved_at_once_and_given_as_touched,
]
