# SPDX-License-Identifier: MIT
"""Many apps at once, each under a "mpyd run" of its own."""

import signal
import subprocess
import time
from pathlib import Path

import env as environment
from service import descendants

IDLE = """\
import time

print("running")
while True:
    time.sleep(3600)
"""
MANIFEST = '[memory]\nheap = "256K"\n'
NAME = "app0000"
START_SECONDS = 120
STOP_SECONDS = 60


def idle_image(env):
    """An app that has nothing to do, with a heap of 256 KiB."""
    return env.freeze(NAME, IDLE, MANIFEST)


def _renamed(env, image, number):
    """A copy of IMAGE whose app has a name of its own. Every place of the name has the same length,
    and no image is signed: that spares freezing the same app again and again."""
    name = f"app{number:04d}"
    copy = env.work / f"{name}.mpyimg"
    if not copy.exists():
        copy.write_bytes(image.read_bytes().replace(NAME.encode(), name.encode()))
    return copy


class Fleet:
    """Apps of one image. A context manager: none is left at its end."""

    def __init__(self, env, image):
        self.env = env
        self.image = image
        self.supervisors = []  # Popen
        self._logs = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.supervisors:
            if process.poll() is None:
                process.kill()
            process.wait()

    def prepare(self, n):
        """Makes the images of the first N apps, so that starting them reads them and no more."""
        for number in range(n):
            _renamed(self.env, self.image, number)

    def start(self, n):
        """Starts apps until there are N and all of them have said that they run. Returns seconds."""
        begin = time.monotonic()
        for number in range(len(self.supervisors), n):
            self._start_one(number)
        self._wait_running(begin + START_SECONDS)
        return time.monotonic() - begin

    def _start_one(self, number):
        image = _renamed(self.env, self.image, number)
        log = self.env.work / f"app{number:04d}.log"
        with log.open("w") as out:
            command = [self.env.mpyd, "run", "--unsigned", "--control=none", image]
            self.supervisors.append(
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            )
        self._logs.append(log)

    def _wait_running(self, end):
        waiting = list(self._logs)
        while waiting:
            waiting = [log for log in waiting if ": running\n" not in log.read_text()]
            if waiting and time.monotonic() > end:
                raise environment.Trouble(f"does not run: {waiting[0].read_text()}")
            time.sleep(0.002)

    def processes(self):
        """Pids of each app: (supervisor, spawner, worker)."""
        found = [(process.pid, *descendants(process.pid)) for process in self.supervisors]
        for pids in found:
            if len(pids) != 3:
                raise environment.Trouble(f"an app has processes {pids}, not three")
        return found

    def stop(self):
        """Asks all to end. Returns seconds, and how many of their processes are left then."""
        pids = [pid for app in self.processes() for pid in app]
        begin = time.monotonic()
        for process in self.supervisors:
            process.send_signal(signal.SIGTERM)
        for process in self.supervisors:
            status = process.wait(STOP_SECONDS)
            if status != 0:
                raise environment.Trouble(f"a stopped app ended with status {status}")
        seconds = time.monotonic() - begin
        return seconds, sum(Path(f"/proc/{pid}").exists() for pid in pids)
