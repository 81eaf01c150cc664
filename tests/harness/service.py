# SPDX-License-Identifier: MIT
"""A program in the foreground, started and stopped by a test: what it prints, what it leaves."""

import os
import re
import signal
import subprocess
import threading
import time

# What a sanitizer is told: a test that gives an environment of its own passes this on.
SANITIZERS = {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS")
              if name in os.environ}


class Service:
    def __init__(self, command, cwd=None, close_fds=True):
        self.lines = []
        self._news = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
            close_fds=close_fds,
        )
        self.pid = self.process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def output(self):
        with self._news:
            return "\n".join(self.lines)

    def wait_line(self, pattern, timeout=20):
        """The match of the first line that PATTERN is found in, printed before or from now on."""
        seen = 0
        end = time.monotonic() + timeout
        with self._news:
            while True:
                for line in self.lines[seen:]:
                    match = re.search(pattern, line)
                    if match:
                        return match
                seen = len(self.lines)
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    why = "it ended" if self._ended else f"{timeout} s are over"
                    raise AssertionError(
                        f"no line {pattern!r} and {why}; it said:\n" + "\n".join(self.lines)
                    )
                self._news.wait(left)

    def send(self, number):
        if self.process.poll() is None:
            os.kill(self.pid, number)

    def wait(self, timeout=20):
        """The exit status once it has ended and said all it had to say."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running after {timeout} s; it said:\n{self.output()}")
        self._reader.join(5)
        return status

    def stop(self, number=signal.SIGTERM, timeout=20):
        self.send(number)
        return self.wait(timeout)

    def kill(self):
        self.send(signal.SIGKILL)
        self.process.wait()


def descendants(pid):
    """Pids of all processes below PID, parents first."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    parent = int(stat.read().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it ended meanwhile
            children.setdefault(parent, []).append(int(entry))
    found = []
    queue = [pid]
    while queue:
        below = children.get(queue.pop(0), [])
        found += below
        queue += below
    return found


def status_fields(pid):
    """/proc/PID/status as a dictionary."""
    with open(f"/proc/{pid}/status") as status:
        return dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)


def descriptors(pid):
    """What each descriptor of PID is, by number."""
    folder = f"/proc/{pid}/fd"
    return {int(fd): os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder)}
