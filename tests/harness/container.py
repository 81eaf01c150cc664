# SPDX-License-Identifier: MIT
"""Containers by crun, without an engine: a process, and what a runtime would take from it.

The profile is what Kubernetes calls restricted: an id that is not root's, no capability, no new
privileges, a read-only root, the runtime's seccomp filter; of that one there are two."""

import ctypes
import json
import os
import stat
import subprocess
import tempfile
import uuid

import service

ID = 65532
ROOT_OF_SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SECCOMP = {"namespaces": [], "no-namespaces": ["--without-namespaces"], "unconfined": None}

# What engines mount, and hide, of every container; tmpfs on /run as their manifests ask for.
MOUNTS = [
    ("/proc", "proc", ["nosuid", "noexec", "nodev"]),
    ("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=64k"]),
    ("/dev/shm", "tmpfs", ["nosuid", "noexec", "nodev", "mode=1777", "size=64k"]),
    ("/sys", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
    ("/run", "tmpfs", ["nosuid", "noexec", "nodev", "mode=1777", "size=64k"]),
]
MASKED = ["acpi", "kcore", "keys", "latency_stats", "timer_list", "sched_debug", "scsi"]
READONLY = ["bus", "fs", "irq", "sys", "sysrq-trigger"]
NAMESPACES = ["pid", "network", "ipc", "uts", "mount"]


HYBRID = "/sys/fs/cgroup/unified"  # systemd's, beside version 1
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 0x20000, 0x1000, 0x4000, 1 << 18, 2


def _check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "mounts of the tests' own")


def leave_the_machines_mounts():
    """This process, and what it starts, get mounts of their own. crun hands what it has as standard
    streams to the container's user, and engines give it the machine's /dev/null: here it gets another
    one. Engines keep what runs in /run: another too. And crun refuses hosts with both versions of
    cgroups: there is but one here."""
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(CLONE_NEWNS))
    _check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    _check(libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, b"mode=755"))
    os.mknod("/run/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.chmod("/run/null", 0o666)
    _check(libc.mount(b"/run/null", b"/dev/null", None, MS_BIND, None))
    if os.path.exists(os.path.join(HYBRID, "cgroup.procs")):
        _check(libc.umount2(HYBRID.encode(), MNT_DETACH))


def seccomp(kind):
    """The filter named KIND as the runtime takes it, or None."""
    if SECCOMP[kind] is None:
        return None
    tool = os.path.join(ROOT_OF_SOURCE, "containers", "make-seccomp")
    return json.loads(subprocess.run([tool, *SECCOMP[kind]], check=True, stdout=subprocess.PIPE).stdout)


def bind(source, inner, *options):
    return {"destination": inner, "type": "bind", "source": source, "options": ["rbind", *options]}


def settings(root, command, profile, mounts=(), environment=(), memory=None):
    """The container as the runtime specification has it."""
    linux = {
        "namespaces": [{"type": kind} for kind in NAMESPACES],
        "maskedPaths": [f"/proc/{name}" for name in MASKED],
        "readonlyPaths": [f"/proc/{name}" for name in READONLY],
        "seccomp": profile,
        "resources": {"memory": {"limit": memory}} if memory else None,
    }
    return {
        "ociVersion": "1.0.0",
        "process": {
            "terminal": False,
            "user": {"uid": ID, "gid": ID, "umask": 0o22},
            "args": command,
            "env": ["PATH=/usr/bin", "XDG_RUNTIME_DIR=/run", *environment],
            "cwd": "/",
            "capabilities": {},
            "noNewPrivileges": True,
        },
        "root": {"path": root, "readonly": True},
        "mounts": [{"destination": inner, "type": kind, "source": kind, "options": options}
                   for inner, kind, options in MOUNTS] + list(mounts),
        "linux": {key: value for key, value in linux.items() if value},
    }


class Containers:
    """Those of one run of tests: their bundles, and the runtime's own folder."""

    def __init__(self):
        self._work = tempfile.TemporaryDirectory(prefix="mpyd-containers-")
        os.chmod(self._work.name, 0o755)
        self._state = os.path.join(self._work.name, "crun")
        self._profiles = {}
        leave_the_machines_mounts()

    def folder(self, name, owner=None, mode=0o755):
        """A new folder, a container's volume."""
        path = os.path.join(tempfile.mkdtemp(dir=self._work.name), name)
        os.mkdir(path)
        os.chmod(path, mode)
        os.chmod(os.path.dirname(path), 0o755)
        if owner is not None:
            os.chown(path, *owner)
        return path

    def profile(self, kind):
        if kind not in self._profiles:
            self._profiles[kind] = seccomp(kind)
        return self._profiles[kind]

    def crun(self, *arguments, memory=None):
        manager = [] if memory else ["--cgroup-manager=disabled"]
        return ["crun", f"--root={self._state}", *manager, *arguments]

    def start(self, root, command, kind="no-namespaces", **more):
        """A container that runs COMMAND in ROOT; see settings()."""
        return Container(self, settings(root, command, self.profile(kind), **more), more.get("memory"))

    def done(self):
        self._work.cleanup()


class Container(service.Service):
    """One in the foreground. process is the runtime's, pid that of process 1, seen from outside."""

    def __init__(self, containers, config, memory):
        self.id = f"mpyd-{uuid.uuid4().hex[:12]}"
        self._containers, self._memory = containers, memory
        bundle = containers.folder("bundle")
        with open(os.path.join(bundle, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config, file)
        super().__init__(containers.crun("run", "-b", bundle, self.id, memory=memory))

    def first(self):
        """The pid of its process 1, seen from outside."""
        done = subprocess.run(self._containers.crun("state", self.id, memory=self._memory),
                              check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)["pid"]

    def execute(self, *command, timeout=20):
        """Exit status and output of COMMAND in the container, as an engine runs probes."""
        done = subprocess.run(self._containers.crun("exec", f"--user={ID}:{ID}", self.id, *command, memory=self._memory),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=timeout)
        return done.returncode, done.stdout

    def signal(self, name):
        """To process 1, as an engine stops a container."""
        subprocess.run(self._containers.crun("kill", self.id, name, memory=self._memory), check=True)

    def kill(self):
        """With all in it, whatever became of it."""
        if self.process.poll() is None:
            subprocess.run(self._containers.crun("delete", "--force", self.id, memory=self._memory),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        super().kill()
