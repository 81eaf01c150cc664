# SPDX-License-Identifier: MIT
"""Workers that spin, leak or flood, and what becomes of them."""

import os
import re
import time

import apps as small
import control
import service
import tap

SPINNING = 'print("ready")\nwhile True:\n    pass\n'

# Twice as many calls as a second allows at once: the rest takes two seconds at the least.
CALLING = """\
import calls, time
begin = time.ticks_ms()
for n in range(300):
    calls.channel_nop()
print("took", time.ticks_diff(time.ticks_ms(), begin))
"""


def spinning_app_is_degraded_then_killed(apps):
    """1 percent: what spins gets more than that on any machine."""
    config = small.QUICK + "[health]\ncpu = 1\ncpu_window = 200ms\n"
    running = apps.start(apps.image("spinning", SPINNING), config)
    tap.equal(running.wait(60), 1, f"exit status: {running.lines}")
    text = "\n".join(running.lines)
    tap.true(re.search(r"degraded: \d+% of a processor for \d+ ms, 1% are allowed", text), text)
    tap.true(re.search(r"killed by the watchdog: \d+% of a processor", text), text)
    tap.true("giving up after 3 restarts" in text, text)


def calls_above_the_rate_wait(apps):
    config = small.NO_RESTART + "[limits]\ncalls = 100\n"
    status, lines = apps.run(apps.image("calling", CALLING), config, 60)
    tap.equal(status, 0, f"exit status: {lines}")
    took = [int(found[1]) for line in lines if (found := re.search(r"took (\d+)", line))]
    tap.true(took and took[0] >= 1900, f"300 calls at 100 a second took {took} ms")


def flood_of_calls_is_served_at_its_rate(apps):
    """As many as a second allows at once and as many in each second since the start: not one more,
    whatever the machine is doing. And the limit says how often it held."""
    source = 'import calls\nprint("ready")\nwhile True:\n    calls.channel_nop()\n'
    path = os.path.join(apps.open_folder(), "control")
    config = small.QUICK + "[limits]\ncalls = 200\n"
    begin = time.monotonic()
    command = apps.command(apps.image("flooding", source), config, path)
    running = apps.follow(service.Service(command))
    running.wait_line("^flooding: ready")
    held = 0
    while held < 5:
        tap.true(time.monotonic() < begin + 60, f"held {held} times")
        status = control.call(path, "Status")
        most = 200 * (time.monotonic() - begin + 1)
        tap.true(status["calls"] <= most, f'{status["calls"]} calls, {most} are allowed')
        limit = [one for one in status["limits"] if one["name"] == "calls"][0]
        tap.equal(limit["limit"], 200, "limit")
        held = limit["hits"]
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")


def what_it_takes_is_shown_to_who_looks(apps):
    """Without a limit nobody measures, unless somebody looks. The last look is at its end."""
    path = os.path.join(apps.open_folder(), "control")
    command = apps.command(apps.image("spinning", SPINNING), small.QUICK, path)
    running = apps.follow(service.Service(command))
    running.wait_line("^spinning: ready")
    end = time.monotonic() + 60
    share = 0
    while share == 0:
        tap.true(time.monotonic() < end, "a spinning worker takes nothing")
        limits = {limit["name"]: limit for limit in control.call(path, "Status")["limits"]}
        share = limits["cpu"]["used"]
        time.sleep(0.05)
    tap.equal(limits["cpu"]["limit"], None, "limit")
    before = taken(path)
    control.call(path, "Restart")
    tap.true(taken(path) >= before > 0, "processor time of all workers")
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")


def leaking_app_ends_and_is_told_of(apps):
    """While it rests before the next worker, an administrator sees how the last one ended."""
    source = "kept = []\nwhile True:\n    kept.append(bytes(1024))\n"
    path = os.path.join(apps.open_folder(), "control")
    config = small.QUICK.replace("delay = 20ms", "delay = 1h\ndelay_max = 1h")
    command = apps.command(apps.image("leaking", source), config, path)
    running = apps.follow(service.Service(command))
    running.wait_line("leaking: starting again in 3600000 ms")
    status = control.call(path, "Status")
    tap.equal(status["state"], "backoff", "state")
    tap.true("out of memory" in status["reason"], f'reason: {status["reason"]}')
    tap.equal(status["last_end"]["kind"], "heap", "how it ended")
    heap = [limit for limit in status["limits"] if limit["name"] == "heap"][0]
    tap.equal((heap["limit"] > 0, heap["hits"]), (True, 1), "limit and hits")
    # Nobody has to wait for an hour.
    tap.equal(control.call(path, "Restart")["generation"], 2, "generation")
    running.wait_line("leaking: started, generation 2")
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")


def taken(path):
    families = {one["name"]: one for one in control.call(path, "Metrics")["families"]}
    return families["mpyd_worker_cpu_seconds"]["samples"][0]["value"]


def calls_that_wait_stop_nobody_from_stopping(apps):
    source = 'import calls\nprint("ready")\nwhile True:\n    calls.channel_nop()\n'
    config = small.QUICK + "[limits]\ncalls = 10\n"
    running = apps.start(apps.image("flooding", source), config)
    running.wait_line("^flooding: ready")
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")


TESTS = [
    spinning_app_is_degraded_then_killed,
    calls_above_the_rate_wait,
    flood_of_calls_is_served_at_its_rate,
    what_it_takes_is_shown_to_who_looks,
    leaking_app_ends_and_is_told_of,
    calls_that_wait_stop_nobody_from_stopping,
]
