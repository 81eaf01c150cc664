# SPDX-License-Identifier: MIT
"""Workers that want more than their share: of rings, calls, timers, sockets, names, lines of log,
restarts, files. The supervisor's memory stays where it is, another app is served, and the app can be
stopped."""

import os

import neighbour
import tap
import watch

FLOODS = (
    "flood-rings",
    "flood-logs",
    "flood-calls",
    "flood-waits",
    "flood-sockets",
    "flood-names",
    "flood-restarts",
)
CONFIG = watch.ENDLESS + "[limits]\nhandles = 1024\n"
MEMORY_KIB = 2048  # of a supervisor, whatever its app does
SECONDS = 1.0


# Every call of its storage as fast as it can, up to every bound.
STORING = """\
import os

print("ready")
held = []
n = 0
while True:
    n += 1
    try:
        file = open(str(n), "w")
        held.append(file)
        file.write(bytes(5000))
        os.rename(str(n), str(n + 1))
        if n % 8 == 0:
            file.flush()
        if n % 32 == 0:
            os.sync()
    except OSError:
        for file in held:
            file.close()
        held = []
        for name in os.listdir():
            os.remove(name)
"""
STORAGE = '[memory]\nheap = "2M"\n[grants]\nstorage = "8M"\n[limits]\nhandles = 1024\n'


def flood(apps, name, honest):
    watch_flood(apps, name, apps.command(apps.attack(name), CONFIG), honest)


def watch_flood(apps, name, command, honest):
    hostile = apps.follow(watch.Watched(command))
    hostile.wait_line(f"{name}: ready")
    for _ in range(5):
        n = honest.ask_for(SECONDS / 5)
        tap.true(n > 0, f"{name}: no answer")
        hostile.check_alive()
        if os.getuid() == 0:
            hostile.sample()
    for descriptors, memory in hostile.samples:
        tap.true(descriptors < 1024 + 128, f"{name}: {descriptors} descriptors")
        tap.true(memory < MEMORY_KIB or apps.is_sanitized, f"{name}: {memory} KiB")
    hostile.stop()


def floods_leave_others_served(apps):
    honest = neighbour.Neighbour(apps)
    for name in FLOODS:
        flood(apps, name, honest)
    command = apps.command(apps.image("flood-files", STORING, STORAGE), CONFIG)
    watch_flood(apps, "flood-files", [*command, "--state", apps.state()], honest)
    tap.equal(honest.running.stop(), 0, "the honest app's exit status")


def crash_loop_is_given_up(apps):
    config = "[restart]\ndelay = 1ms\ndelay_max = 1ms\nburst = 100\n"
    status, lines = apps.run(apps.attack("flood-restarts"), config, timeout=60)
    tap.equal(status, 1, f"exit status: {lines[-5:]}")
    tap.true("giving up after 100 restarts" in lines[-1], lines[-1])


TESTS = [floods_leave_others_served, crash_loop_is_given_up]
