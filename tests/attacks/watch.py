# SPDX-License-Identifier: MIT
"""A supervisor under attack: what it says, counted; what it holds, sampled."""

import collections
import os
import re
import subprocess
import threading
import time

import service
import tap

# What a sanitizer says, and an assertion.
SICK = re.compile(r"Sanitizer|runtime error:|Assertion|stack smashing")
ENDING = re.compile(r"^mpyd: [a-z-]+: (killed|crashed|ended|failed|stopped|was aborted)(: .*)?")
COUNTERS = re.compile(r"so far (\d+) workers, (\d+) of them broken; (\d+) calls, (\d+) refused")

PATIENCE_SECONDS = 60

# Workers without end, and without a pause between two.
ENDLESS = """\
[restart]
restart = always
delay = 0
delay_max = 0
window = 0
[stop]
stop = 400ms
abort = 400ms
"""


class Watched:
    """COMMAND, which is mpyd run: counts the ends of its workers by kind, keeps the first lines
    and the last."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
        )
        self.pid = self.process.pid
        self.endings = collections.Counter()
        self.first = []
        self.last = collections.deque(maxlen=60)
        self.sick = []
        self.counters = (0, 0, 0, 0)
        self.samples = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.last.append(line.rstrip("\n"))
            if len(self.first) < 60:
                self.first.append(line.rstrip("\n"))
            if len(self.sick) < 100 and (self.sick or SICK.search(line)):
                self.sick.append(line.rstrip("\n"))
            elif found := ENDING.match(line):
                kind = found[1] + (found[2] or "")
                self.endings[re.sub(r"\b[a-z]+\.[a-z]+: |\d+", "", kind)] += 1
            elif found := COUNTERS.search(line):
                self.counters = tuple(int(number) for number in found.groups())

    def wait_line(self, line):
        """Until it has said LINE, at first or of late: in a flood of lines it is not seen for
        long."""
        end = time.monotonic() + PATIENCE_SECONDS
        while line not in self.first + list(self.last):
            self.check_alive()
            tap.true(time.monotonic() < end, f"it does not say {line}")
            time.sleep(0.01)

    def n_ended(self):
        return sum(self.endings.values())

    def sample(self):
        """Remembers how many descriptors it has and how much memory of its own, in KiB."""
        with open(f"/proc/{self.pid}/smaps_rollup") as rollup:
            memory = int(re.search(r"Anonymous: +(\d+)", rollup.read())[1])
        self.samples.append((len(os.listdir(f"/proc/{self.pid}/fd")), memory))

    def check_alive(self):
        tap.true(not self.sick, "\n".join(self.sick))
        tap.true(self.process.poll() is None, "it ended; it said:\n" + "\n".join(self.last))

    def growth(self):
        """Of descriptors and of memory: the least of the last third above that of the second. A
        moment with a fresh worker, which holds nothing, comes in each of them."""
        third = len(self.samples) // 3
        before, after = self.samples[third : 2 * third], self.samples[2 * third :]
        return tuple(min(s[i] for s in after) - min(s[i] for s in before) for i in (0, 1))

    def stop(self):
        below = service.descendants(self.pid)
        self.process.terminate()
        status = self.process.wait(30)
        self._reader.join(10)
        tap.equal(status, 0, "exit status; it said:\n" + "\n".join(self.last))
        tap.true(not self.sick, "\n".join(self.sick))
        end = time.monotonic() + 10
        while left := [pid for pid in below if os.path.exists(f"/proc/{pid}")]:
            tap.true(time.monotonic() < end, f"orphans: {left}")
            time.sleep(0.01)

    def kill(self):
        self.process.kill()
        self.process.wait()
