# SPDX-License-Identifier: MIT
"""The machine's clock jumps, as it does where it is set by hand or by a server after a long while. Only
what tells of the time of day may notice: nothing is late, nothing is early, nobody is sick."""

import json
import time

import host
import tap
import updates
from host import unit, wait_for

APP = "ticker"
DAY = 86400
TICK = 0.11  # seconds that a tick takes at least


def told():
    """Ticks, the longest of them in milliseconds, what the app has for the time of day."""
    ticks, longest, now = host.run("mpyctl", "call", APP, "told").split()
    return int(ticks), int(longest), int(now)


def status():
    [app] = json.loads(host.run("mpyctl", "status", "--json", APP))["apps"]
    return app["state"], app["status"]["restarts"]


def jump(seconds):
    time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME) + seconds)


def app_that_the_clock_jumps_for(seconds):
    host.start(APP)
    before = status()
    first, began = told()[0], time.monotonic()
    jump(seconds)
    try:
        wait_for("ticks as before", lambda: told()[0] >= first + 30)
        took = time.monotonic() - began
        last, longest, now = told()
        took_all = time.monotonic() - began
        tap.true((last - first) * TICK <= took_all + 2 * TICK, f"{last - first} ticks in {took_all} s")
        tap.true(took >= 30 * TICK - 2 * TICK, f"30 ticks in {took} s")
        tap.true(longest < DAY * 1000 // 2, f"a tick of {longest} ms")
        tap.true(abs(now - time.time()) < 60, f"the app has {now}, the machine {time.time()}")
        tap.equal(status(), before, "state and restarts")
        tap.equal(host.show(unit(APP), "NRestarts"), ["0"], "systemd's restarts")
    finally:
        jump(-seconds)
    tap.true(abs(told()[2] - time.time()) < 60, "back again")
    host.stop(APP)


def a_day_forward_makes_nothing_late():
    app_that_the_clock_jumps_for(DAY)


def a_day_back_makes_nothing_wait():
    app_that_the_clock_jumps_for(-DAY)


def years_back_to_before_the_image_was_made():
    app_that_the_clock_jumps_for(-30 * 365 * DAY)


def an_update_is_tried_for_as_long_as_it_says():
    """Whatever the clock does meanwhile: not confirmed at once by a jump forward, nor never by one back."""
    updates.start_with("one")
    updates.configure("8s")
    began = time.monotonic()
    updates.install("two", "--no-wait")
    updates.runs("2.0")
    jump(DAY)
    jump(-2 * DAY)
    try:
        wait_for("the confirmation", lambda: updates.state()["good"] == "b")
        tap.true(time.monotonic() - began >= 8, "it was confirmed early")
    finally:
        jump(DAY)
    updates.clear()


TESTS = [
    a_day_forward_makes_nothing_late,
    a_day_back_makes_nothing_wait,
    years_back_to_before_the_image_was_made,
    an_update_is_tried_for_as_long_as_it_says,
]
