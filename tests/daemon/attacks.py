# SPDX-License-Identifier: MIT
"""Workers that break the rules: the supervisor lives, says why, and ends the right party."""

import os
import time

import apps as small
import service
import tap

BROKEN = "killed: it broke the protocol: "
KILLED = {
    "bad-index": BROKEN + "submission index beyond the ring",
    "start-twice": BROKEN + "channel.start: started twice",
    "too-early": BROKEN + "call 0 before the start",
    "after-exit": BROKEN + "call 0 after the exit",
    "same-tag": BROKEN + "tag 7 is in flight already",
    "outside": BROKEN + "random.bytes: buffer outside the arena",
    "reserved": BROKEN + "call 0: reserved field in use",
    "silent-exit": "crashed: exit status 0, which it had not announced",
    "denied": "crashed: it made a Linux call it is denied",
}


def every_breach_ends_the_worker_with_its_reason(apps):
    for name, reason in KILLED.items():
        status, lines = apps.run(apps.attack(name), small.NO_RESTART)
        tap.equal(status, 1, f"exit status of {name}: {lines}")
        tap.equal(lines[-1], f"mpyd: {name}: {reason}", "last line")


def forged_handles_and_tags_are_refused(apps):
    for name in ("handles", "cancel", "cancel-many", "quota"):
        status, lines = apps.run(apps.attack(name), small.NO_RESTART)
        tap.equal(status, 0, f"exit status of {name}: {lines}")
        tap.true(not any("WRONG" in line for line in lines), str(lines))


def older_and_newer_images_are_served_what_there_is(apps):
    for name, said in (("older", "an older image is served"), ("newer", "a newer one is served what there is")):
        status, lines = apps.run(apps.attack(name), small.NO_RESTART)
        tap.equal((status, f"{name}: {said}" in lines), (0, True), str(lines))


def terminal_escapes_do_not_get_through(apps):
    _, lines = apps.run(apps.attack("escapes"), small.NO_RESTART)
    expected = r"escapes: \x1b[2Jclear\x1b]0;title\x07 \x9b \u202e\x0dmpyd: forged"
    tap.true(expected in lines, str(lines))


def log_flood_is_cut_and_counted(apps):
    _, lines = apps.run(apps.attack("flood"), small.NO_RESTART + "[limits]\nlog_rate = 50\n")
    said = lines.count("flood: x")
    dropped = sum(int(line.split()[2]) for line in lines if "log messages dropped" in line)
    tap.true(50 <= said <= 500, f"{said} lines")
    tap.equal(said + dropped, 100000, "lines and dropped lines")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def doorbell_storm_is_polled_and_served(apps):
    config = small.QUICK + "[limits]\ndoorbells = 1000\n[sandbox]\ncpu = any\n"
    running = apps.start(apps.attack("storm"), config)
    running.wait_line("rings without end")
    before, begin = cpu_seconds(running.pid), time.monotonic()
    n_lines = len(running.lines)
    time.sleep(1)
    share = (cpu_seconds(running.pid) - before) / (time.monotonic() - begin)
    tap.true(len(running.lines) > n_lines, "its calls are served")
    tap.true(share < 0.5, f"the supervisor took {share:.2f} of a CPU")
    tap.equal(sum("rings without end" in line for line in running.lines), 1, "warnings")
    tap.equal(running.stop(), 0, "exit status")


def descriptors_return_after_leak_and_crash(apps):
    """Fifty handles leaked by each worker: between two workers mpyd holds what it always held."""
    if os.getuid() != 0:
        raise tap.Skip("not root: the supervisor is not dumpable")
    config = "[restart]\ndelay = 300ms\ndelay_max = 300ms\nburst = 1000\n"
    running = apps.start(apps.attack("leak"), config)
    counts = []
    for n_crashes in range(1, 6):
        while sum("starting again" in line for line in running.lines) < n_crashes:
            running.wait_line(f"started, generation {n_crashes},")
            time.sleep(0.01)
        counts.append(len(service.descriptors(running.pid)))
    running.stop()
    tap.equal(len(set(counts)), 1, f"descriptors: {counts}")


TESTS = [
    every_breach_ends_the_worker_with_its_reason,
    forged_handles_and_tags_are_refused,
    terminal_escapes_do_not_get_through,
    log_flood_is_cut_and_counted,
    doorbell_storm_is_polled_and_served,
    descriptors_return_after_leak_and_crash,
]
