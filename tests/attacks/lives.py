# SPDX-License-Identifier: MIT
"""A service manager for tests: starts mpyd, sees what it says and what is left of it.

This process becomes the parent of whatever its children leave behind, so that nothing can hide: as
long as there is an orphan, wait(2) does not say that there is no child.
"""

import ctypes
import os
import re
import select
import signal
import time

import service
import tap

PR_SET_CHILD_SUBREAPER = 36
PATIENCE_SECONDS = 60


def become_reaper():
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")


def wait_for_nobody():
    """Reaps until there is no child; raises if one goes on living."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                tap.true(time.monotonic() < end, f"orphans: {service.descendants(os.getpid())}")
                time.sleep(0.0005)
        except ChildProcessError:
            return


def kill(pid, number, parent):
    """Signals PID if PARENT is still its parent. False: there is no such process any more."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if pid not in service.descendants(parent):
            return False
        signal.pidfd_send_signal(fd, number)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(fd)


class Life:
    """One supervisor, from its start to its end, whose app says "ready" once it runs."""

    def __init__(self, command):
        self.output, writing = os.pipe()
        os.set_blocking(self.output, False)
        self.pid = os.posix_spawnp(
            command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writing, 2)]
        )
        os.close(writing)
        self.status = None
        self.n_kills = 0  # of workers, by the test
        self.n_ends = 0  # of workers, as it tells
        self._app_ready = False
        self.said = ""
        self._rest = ""

    def _take(self, line):
        self.said = self.said[-4000:] + line + "\n"
        if re.match("[a-z]+: ready", line):
            self._app_ready = True
        elif re.match("mpyd: [a-z]+: (crashed|killed|failed|ended|stopped)", line):
            self._app_ready = False
            self.n_ends += 1

    def _read(self):
        """What there is to read now. False at the end of it."""
        try:
            said = os.read(self.output, 65536).decode(errors="backslashreplace")
        except BlockingIOError:
            return True
        *lines, self._rest = (self._rest + said).split("\n")
        for line in lines:
            self._take(line)
        return said != ""

    def follow(self, seconds):
        """Reads for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.output], [], [], left)[0] and not self._read():
                time.sleep(left)

    def wait_ready(self):
        """Until its app runs, in a worker that was not killed. False: it has ended instead."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not self._app_ready or self.n_ends < self.n_kills:
            if not select.select([self.output], [], [], 1)[0]:
                tap.true(time.monotonic() < end, f"its app does not run; it said:\n{self.said}")
            elif not self._read():
                return False
        return True

    def wait(self):
        """The exit status, or minus the signal."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid == 0:
                tap.true(time.monotonic() < end, f"it does not end; it said:\n{self.said}")
                self.follow(0.001)
            else:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def kill(self):
        """However far it has come."""
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def done(self):
        """Once it has ended: nothing of it may be left."""
        wait_for_nobody()
        while self._read():
            pass
        os.close(self.output)
