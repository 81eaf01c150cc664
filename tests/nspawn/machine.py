# SPDX-License-Identifier: MIT
"""A machine that boots a Debian root in a container, runs tests inside and is gone."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile

import contents

HERE = os.path.dirname(os.path.abspath(__file__))
CGROUPS = "/sys/fs/cgroup"


def cgroups():
    """Where cgroup2 is mounted, beside the older kind or alone; None: nowhere."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, place, kind, *_ = line.split()
            if kind == "cgroup2":
                return place
    return None


def ensure_cgroups():
    """Where cgroup2 is not mounted, this program begins again in a mount namespace where it is. Prints
    that the tests were skipped, and why, if it cannot be."""
    if cgroups():
        return
    script = (f'why=$(mount -t cgroup2 none {CGROUPS} 2>&1) && exec "$@"; '
              'echo "1..0 # SKIP booting needs cgroup2, which cannot be mounted here: $why"')  # fmt: skip
    sys.stdout.flush()
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh",
                          sys.executable, *sys.argv])  # fmt: skip


class Machine:
    """Its file system is ROOT (read-only) with a unit over it that runs the tests; SHARED, which whoever
    makes it fills, is /shared inside, and seen on both sides."""

    def __init__(self, root):
        self._root = root
        self._folder = tempfile.mkdtemp(prefix="mpyd-nspawn-")
        self._over = os.path.join(self._folder, "over")
        self.shared = os.path.join(self._folder, "shared")
        self._work = os.path.join(self._folder, "work")
        for path in (self._over, self.shared, self._work):
            os.mkdir(path, 0o755)
        os.chmod(self._folder, 0o755)

    def boot(self, timeout):
        """Boots, waits until the tests are over. Returns what they printed and the status."""
        contents.units(self._over, "file:/shared/output", "exit-force")
        output = os.path.join(self.shared, "output")
        cgroup = os.path.join(cgroups(), f"mpyd-nspawn-{os.getpid()}")
        os.mkdir(cgroup)
        command = ["unshare", "--mount", "--propagation", "private", "--cgroup", "--pid", "--fork",
                   "--kill-child", "--mount-proc", os.path.join(HERE, "boot"), self._root,
                   self._over, self.shared, self._work]  # fmt: skip

        def enter():
            with open(os.path.join(cgroup, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write(str(os.getpid()))

        # pylint: disable-next=subprocess-popen-preexec-fn
        process = subprocess.Popen(command, preexec_fn=enter, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True, text=True, errors="replace")  # fmt: skip
        try:
            console, _ = process.communicate(timeout=timeout)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            console, _ = process.communicate()
            status = f"none after {timeout} s"
        except BaseException:  # somebody ends this program
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            self._empty(cgroup)
        text = ""
        if os.path.exists(output):
            with open(output, encoding="utf-8", errors="replace") as file:
                text = file.read()
        return text, status, console

    @staticmethod
    def _empty(cgroup):
        """Removes the cgroup and those below, whose processes went with the pid namespace."""
        with open(os.path.join(cgroup, "cgroup.kill"), "w", encoding="ascii") as file:
            file.write("1")
        for folder, _, _ in os.walk(cgroup, topdown=False):
            for _ in range(100):
                try:
                    os.rmdir(folder)
                    break
                except OSError:
                    subprocess.run(["sleep", "0.05"], check=True)

    def remove(self):
        shutil.rmtree(self._folder, ignore_errors=True)
