# SPDX-License-Identifier: MIT
"""How an app is stopped: asked, then aborted, then killed."""

import os
import pty
import signal
import subprocess
import time

import apps as small
import processes
import service
import tap

TASKS = """\
import asyncio

async def task(n):
    try:
        if n == 2:
            print("ready")
        await asyncio.sleep(1000)
    finally:
        print("finally", n)

async def main():
    try:
        await asyncio.gather(task(1), task(2))
    finally:
        print("finally main")

asyncio.run(main())
"""

BUSY = """\
try:
    print("ready")
    while True:
        pass
finally:
    print("finally")
"""

STUBBORN = """\
n = 0
while True:
    try:
        if n == 0:
            n = 1
            print("ready")
        while True:
            pass
    except BaseException as e:
        print("ignored", type(e).__name__)
"""

# Native code that never looks at the stop level.
NATIVE = """\
import re
print("ready")
while True:
    try:
        re.match("((a+)+)+b", "a" * 60)
    except BaseException:
        pass
"""

SLEEPING = """\
import time
try:
    print("ready")
    time.sleep(1000)
except KeyboardInterrupt:
    print("interrupted")
except SystemExit:
    print("asked")
"""


def stopped(apps, name, source, number=signal.SIGTERM):
    """Starts, stops; returns exit status, lines and how long stopping took."""
    running = apps.start(apps.image(name, source), small.QUICK)
    running.wait_line(f"^{name}: ready")
    begin = time.monotonic()
    status = running.stop(number)
    return status, running.lines, time.monotonic() - begin


def every_finally_of_an_asyncio_app_runs(apps):
    for number in (signal.SIGTERM, signal.SIGINT):
        status, lines, _ = stopped(apps, "tasks", TASKS, number)
        tap.equal(status, 0, f"exit status: {lines}")
        for text in ("finally 1", "finally 2", "finally main"):
            tap.true(f"tasks: {text}" in lines, f"{text} in {lines}")
        tap.equal(lines[-1], "mpyd: tasks: stopped", "last line")


def busy_app_stops_where_it_is(apps):
    status, lines, _ = stopped(apps, "busy", BUSY)
    tap.equal(status, 0, f"exit status: {lines}")
    tap.true("busy: finally" in lines, str(lines))


def sleeping_app_wakes_at_once(apps):
    status, lines, seconds = stopped(apps, "sleeping", SLEEPING)
    tap.equal(status, 0, f"exit status: {lines}")
    tap.true("sleeping: asked" in lines, str(lines))
    tap.true(seconds < 0.39, f"took {seconds} s")


def stubborn_app_is_aborted_at_its_deadline(apps):
    status, lines, seconds = stopped(apps, "stubborn", STUBBORN)
    tap.equal(status, 0, f"exit status: {lines}")
    tap.true("stubborn: ignored SystemExit" in lines, str(lines))
    tap.equal(lines[-1], "mpyd: stubborn: was aborted", "last line")
    tap.true(0.4 <= seconds < 3, f"took {seconds} s")


def native_loop_is_killed_at_its_deadline(apps):
    status, lines, seconds = stopped(apps, "native", NATIVE)
    tap.equal(status, 0, f"exit status: {lines}")
    tap.equal(lines[-1], "mpyd: native: killed: it did not stop in time", "last line")
    tap.true(0.8 <= seconds < 5, f"took {seconds} s")


def frozen_spawner_is_given_up_on(apps):
    """A spawner that does not kill cannot keep the supervisor. It may not signal another id itself;
    what it leaves behind ends as soon as the spawner can read the end of its socket."""
    running = apps.start(apps.image("native", NATIVE), small.QUICK)
    running.wait_line("^native: ready")
    below = service.descendants(running.pid)
    os.kill(below[0], signal.SIGSTOP)
    running.send(signal.SIGTERM)
    tap.equal(running.wait(15), 6, f"exit status: {running.lines}")
    tap.true("spawner has not killed it" in running.lines[-1], running.lines[-1])
    os.kill(below[0], signal.SIGCONT)
    processes.gone(below)


def second_interrupt_hastens(apps):
    running = apps.start(apps.image("stubborn", STUBBORN), "[stop]\nstop = 1h\nabort = 1h\n")
    running.wait_line("^stubborn: ready")
    running.send(signal.SIGINT)
    running.wait_line("^stubborn: ignored")
    running.send(signal.SIGINT)  # too soon to be a second wish
    time.sleep(0.6)
    tap.true(running.process.poll() is None, "still asked only")
    running.send(signal.SIGINT)
    tap.equal(running.wait(5), 0, "exit status")
    tap.equal(running.lines[-1], "mpyd: stubborn: was aborted", "last line")


def resting_supervisor_stops_at_once(apps):
    running = apps.start(apps.image("failing", "1/0\n"), "[restart]\ndelay = 1h\ndelay_max = 1h\n")
    running.wait_line("starting again")
    tap.equal(running.stop(timeout=5), 0, "exit status")


def control_c_on_a_terminal_interrupts(apps):
    """The terminal's signal goes to all processes in the foreground: only mpyd may act on it."""
    pid, terminal = pty.fork()
    if pid == 0:
        line = apps.command(apps.image("sleeping", SLEEPING))
        os.execvp(line[0], line)
    said = b""
    pressed = False
    try:
        while True:
            said += os.read(terminal, 4096)
            if b"ready" in said and not pressed:
                os.write(terminal, b"\x03")
                pressed = True
    except OSError:
        pass  # the terminal has no other end any more
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    tap.equal(os.waitstatus_to_exitcode(status), 0, f"exit status: {said}")
    tap.true(b"sleeping: interrupted" in said, repr(said))


def terminal_that_hangs_up_stops(apps):
    pid, terminal = pty.fork()
    if pid == 0:
        line = apps.command(apps.image("sleeping", SLEEPING))
        os.execvp(line[0], line)
    said = b""
    while b"ready" not in said:
        said += os.read(terminal, 4096)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    tap.equal(os.waitstatus_to_exitcode(status), 0, f"exit status: {said}")


def as_pid_1(apps):
    if not apps.is_root:
        raise tap.Skip("not root")
    line = ["unshare", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*line, "true"], capture_output=True).returncode != 0:
        raise tap.Skip("no pid namespace to be had")
    command = " ".join(apps.command(apps.image("sleeping", SLEEPING)))
    # An orphan that ends meanwhile is ours to reap; the shell becomes mpyd, and so pid 1.
    script = f"(sleep 1 &) ; exec {command}"
    running = apps.follow(service.Service([*line, "sh", "-c", script]))
    running.wait_line("^sleeping: ready")
    first = service.descendants(running.pid)[0]
    names = [service.status_fields(pid)["Name"] for pid in service.descendants(first)]
    tap.true("sleep" in names, f"the orphan is not a child of mpyd: {names}")
    end = time.monotonic() + 10
    while len(service.descendants(first)) > 2:
        tap.true(time.monotonic() < end, "the orphan was not reaped")
        time.sleep(0.05)
    os.kill(first, signal.SIGTERM)
    tap.equal(running.wait(10), 0, f"exit status: {running.lines}")
    tap.true("sleeping: asked" in running.lines, str(running.lines))


TESTS = [
    every_finally_of_an_asyncio_app_runs,
    busy_app_stops_where_it_is,
    sleeping_app_wakes_at_once,
    stubborn_app_is_aborted_at_its_deadline,
    native_loop_is_killed_at_its_deadline,
    frozen_spawner_is_given_up_on,
    second_interrupt_hastens,
    resting_supervisor_stops_at_once,
    control_c_on_a_terminal_interrupts, terminal_that_hangs_up_stops,
    as_pid_1,
]
