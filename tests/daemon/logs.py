# SPDX-License-Identifier: MIT
"""Standard error that is not read, not read fast enough, or closed: the log must not hold mpyd up.

Run as a user by root, pipe and terminal are another user's, and cannot be opened anew."""

import fcntl
import os
import signal
import subprocess
import time

import apps as small
import service
import tap

CHATTY = """\
import time
while True:
    print("x" * 1000)
    time.sleep(0.001)
"""

# A few lines, of which some are longer than a pipe takes in one piece.
LONG = """\
for size in (10, 1000, 4000, 4090):
    print(chr(97 + size % 26) * size)
"""

FAST = small.QUICK + "[limits]\nlog_rate = 10000\n"
MANIFEST = "[limits]\nlog_rate = 10000\n"


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Unread:
    """mpyd whose standard error is FD, which nobody reads unless the test does."""

    def __init__(self, apps, image, config, fd):
        self.process = apps.follow(Follower(apps.command(image, config), fd)).process

    def stop(self, seconds):
        self.process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            with open(f"/proc/{self.process.pid}/wchan") as wchan:
                raise AssertionError(f"not stopped, it waits in {wchan.read()}")
        tap.equal(status, 0, "exit status")
        tap.true(time.monotonic() - begin < seconds, f"took {time.monotonic() - begin} s")


class Follower:
    def __init__(self, command, fd):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=fd)

    def kill(self):
        self.process.kill()
        self.process.wait()


def drain(fd):
    """All that is in the pipe FD and will come, until nobody has its other end."""
    os.set_blocking(fd, True)
    said = b""
    while piece := os.read(fd, 65536):
        said += piece
    os.close(fd)
    return said.decode()


def stalled_pipe_does_not_delay_a_stop(apps):
    reading, writing = os.pipe()
    running = Unread(apps, apps.image("chatty", CHATTY, MANIFEST), FAST, writing)
    blocking = os.get_blocking(writing)
    os.close(writing)
    time.sleep(1.5)  # far more than a pipe and the queue hold
    running.stop(3)
    tap.true(blocking, "the pipe was made non-blocking for everybody")
    tap.true("chatty: xxx" in drain(reading), "nothing was logged")


def stalled_reader_hears_what_was_lost(apps):
    reading, writing = os.pipe()
    running = Unread(apps, apps.image("chatty", CHATTY, MANIFEST), FAST, writing)
    os.close(writing)
    time.sleep(1.5)
    os.set_blocking(reading, False)
    said = b""
    end = time.monotonic() + 10
    while b"lines of the log were lost" not in said and time.monotonic() < end:
        try:
            said += os.read(reading, 65536)
        except BlockingIOError:
            time.sleep(0.001)
    lines = said.decode().split("\n")
    tap.true(any("lines of the log were lost" in line for line in lines), "no word of the loss")
    for line in lines[:-1]:
        tap.true(line == "chatty: " + "x" * 1000 or line.startswith("mpyd: "), f"torn: {line}")
    os.close(reading)
    running.stop(3)


def stalled_pipe_costs_no_time(apps):
    reading, writing = os.pipe()
    running = Unread(apps, apps.image("chatty", CHATTY, MANIFEST), FAST, writing)
    os.close(writing)
    time.sleep(1.5)
    before = cpu_seconds(running.process.pid)
    time.sleep(1)
    used = cpu_seconds(running.process.pid) - before
    tap.true(used < 0.5, f"{used} s of CPU in a second")
    running.stop(3)
    os.close(reading)


def stalled_terminal_does_not_delay_a_stop(apps):
    terminal, end = os.openpty()
    running = Unread(apps, apps.image("chatty", CHATTY, MANIFEST), FAST, end)
    os.close(end)
    time.sleep(1.5)
    running.stop(3)
    os.close(terminal)


def nonblocking_pipe_keeps_lines_whole(apps):
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)
    process = Follower(apps.command(apps.image("long", LONG), small.NO_RESTART), writing).process
    os.close(writing)
    time.sleep(0.5)  # the queue has to do something
    lines = drain(reading).splitlines()
    tap.equal(process.wait(20), 0, f"exit status: {lines}")
    for size in (10, 1000, 4000, 4090):
        tap.true("long: " + chr(97 + size % 26) * size in lines, f"{size} of {lines}")


def file_keeps_lines_whole(apps):
    path = apps.file("")
    with open(path, "ab") as file:
        process = Follower(apps.command(apps.image("long", LONG), small.NO_RESTART), file).process
    tap.equal(process.wait(20), 0, "exit status")
    with open(path) as file:
        lines = file.read().splitlines()
    for size in (10, 1000, 4000, 4090):
        tap.true("long: " + chr(97 + size % 26) * size in lines, f"{size} of {lines}")


def closed_pipe_neither_kills_nor_spins(apps):
    reading, writing = os.pipe()
    running = Unread(apps, apps.image("chatty", CHATTY, MANIFEST), FAST, writing)
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    time.sleep(0.5)
    tap.true(running.process.poll() is None, "it ended")
    before = cpu_seconds(running.process.pid)
    time.sleep(1)
    used = cpu_seconds(running.process.pid) - before
    tap.true(used < 0.5, f"{used} s of CPU in a second")
    tap.equal(len(service.descendants(running.process.pid)), 2, "spawner and worker")
    running.stop(3)


TESTS = [
    stalled_pipe_does_not_delay_a_stop,
    stalled_reader_hears_what_was_lost,
    stalled_pipe_costs_no_time,
    stalled_terminal_does_not_delay_a_stop,
    nonblocking_pipe_keeps_lines_whole,
    file_keeps_lines_whole,
    closed_pipe_neither_kills_nor_spins,
]
