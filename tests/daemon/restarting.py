# SPDX-License-Identifier: MIT
"""What follows the end of a worker: an exit status, or the next worker after a growing delay."""

import re
import time

import apps as small
import tap


def ends(apps, name, source, config, status, last):
    got, lines = apps.run(apps.image(name, source), config)
    tap.equal(got, status, f"exit status of {name}: {lines}")
    tap.true(last in lines[-1], f"{last!r} is not in the last of {lines}")
    return lines


def exit_status_tells_how_it_ended(apps):
    for name, source, status, last in (
        ("hello", 'print("hello")\n', 0, "ended"),
        ("exit-zero", "import sys\nsys.exit(0)\n", 0, "ended"),
        ("exit-three", "import sys\nsys.exit(3)\n", 1, "exit status 3"),
        ("failing", "1/0\n", 1, "uncaught exception"),
        ("hungry", "a = []\nwhile True:\n    a.append(bytes(4096))\n", 1, "out of memory"),
    ):
        ends(apps, name, source, small.NO_RESTART, status, last)


def crash_restarts_with_backoff_then_gives_up(apps):
    begin = time.monotonic()
    lines = ends(apps, "failing", "1/0\n", small.QUICK, 1, "giving up after 3 restarts")
    delays = [int(found) for found in re.findall(r"starting again in (\d+) ms", "\n".join(lines))]
    tap.equal(delays, [20, 40, 80], "delays")
    tap.true(time.monotonic() - begin >= 0.14, "delays were kept")
    started = [int(found) for found in re.findall(r"started, generation (\d+)", "\n".join(lines))]
    tap.equal(started, [1, 2, 3, 4], "generations")


def good_end_is_not_restarted_on_failure(apps):
    lines = ends(apps, "hello", 'print("hello")\n', small.QUICK, 0, "ended")
    tap.equal(sum("started" in line for line in lines), 1, "starts")


def good_end_is_restarted_always(apps):
    config = small.QUICK + "restart = always\n"
    lines = ends(apps, "hello", 'print("hello")\n', config, 1, "giving up")
    tap.equal(lines.count("hello: hello"), 4, "runs")


def nothing_is_left_to_the_next_worker(apps):
    """Rings, arena, readiness and stop level as the last worker left them, its handles, its calls in
    flight: each worker looks for all that before it leaves it behind, and crashes."""
    _, lines = apps.run(apps.attack("leak"), small.QUICK)
    tap.equal(sum("crashed: SIGILL" in line for line in lines), 4, f"crashes: {lines}")
    tap.equal(lines.count("leak: found nothing"), 4, f"clean starts: {lines}")
    tap.true(not any("WRONG" in line for line in lines), str(lines))


TESTS = [
    exit_status_tells_how_it_ended,
    crash_restarts_with_backoff_then_gives_up,
    good_end_is_not_restarted_on_failure,
    good_end_is_restarted_always,
    nothing_is_left_to_the_next_worker,
]
