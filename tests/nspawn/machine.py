# SPDX-License-Identifier: MIT
"""A machine that boots a Debian root with what this build installs, runs tests inside and is gone."""

import os
import shutil
import signal
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
UNIT = """\
[Unit]
Description=Tests
After=multi-user.target
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
TimeoutStartSec=infinity
Environment=PYTHONDONTWRITEBYTECODE=1
ExecStart=/usr/bin/python3 /shared/nspawn/guest/run-guest
StandardOutput=file:/shared/output
StandardError=inherit
"""
TARGET = """\
[Unit]
Requires=multi-user.target
After=multi-user.target
Wants=mpyd-tests.service
AllowIsolate=yes
"""


def cgroups():
    """Where cgroup2 is mounted, beside the older kind or alone."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, place, kind, *_ = line.split()
            if kind == "cgroup2":
                return place
    raise AssertionError("no cgroup2 is mounted")


class Machine:
    """Its file system is ROOT (read-only) with INSTALLED over it; SHARED is seen on both sides."""

    def __init__(self, root):
        self._root = root
        self._folder = tempfile.mkdtemp(prefix="mpyd-nspawn-")
        self.installed = os.path.join(self._folder, "installed")
        self.shared = os.path.join(self._folder, "shared")
        self._work = os.path.join(self._folder, "work")
        for path in (self.installed, self.shared, self._work):
            os.mkdir(path, 0o755)
        os.chmod(self._folder, 0o755)

    def write(self, path, text, mode=0o644):
        path = os.path.join(self.installed, path.lstrip("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def boot(self, timeout):
        """Boots, waits until the tests are over. Returns what they printed and the status."""
        self.write("/etc/systemd/system/mpyd-tests.service", UNIT)
        self.write("/etc/systemd/system/mpyd-tests.target", TARGET)
        output = os.path.join(self.shared, "output")
        cgroup = os.path.join(cgroups(), f"mpyd-nspawn-{os.getpid()}")
        os.mkdir(cgroup)
        command = ["unshare", "--mount", "--propagation", "private", "--cgroup", "--pid", "--fork",
                   "--kill-child", "--mount-proc", os.path.join(HERE, "boot"), self._root,
                   self.installed, self.shared, self._work]  # fmt: skip

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
