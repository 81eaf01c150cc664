# SPDX-License-Identifier: MIT
"""A virtual machine of qemu that boots a Debian root with the kernel in it, and can be switched off
without a word. What is inside is asked of it through tests/qemu/agent."""

import glob
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading

from contents import TARGET

AGENT = """\
[Unit]
Description=What the host asks for
Requires=dev-virtio\\x2dports-mpyd.agent.device
After=multi-user.target dev-virtio\\x2dports-mpyd.agent.device
[Service]
Environment=PYTHONDONTWRITEBYTECODE=1
ExecStart=/usr/bin/python3 /shared/agent
StandardError=journal+console
OOMScoreAdjust=-1000
"""
FSTAB = "/dev/nvme0n1 / ext4 defaults 0 1\n"
# Processors, and whether they have RDTSCP, by which a program learns which of them it runs on. The poorer
# one has no vDSO either, and so no clock without a Linux call.
PROCESSORS = {"Nehalem": False, "Haswell": True}
SIZE = "2G"


class Lost(Exception):
    """The machine does not answer any more; has the end of its console."""


def accelerator(cpu):
    """How a machine with this processor runs here: "kvm" where the kernel's help is whole, else "tcg"."""
    try:
        done = subprocess.run([*qemu("kvm", f"{cpu},enforce"), "-S", "-monitor", "stdio", "-nographic",
                               "-nodefaults"], input=b"quit\n", capture_output=True, timeout=20,
                              check=False)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return "tcg"
    return "kvm" if done.returncode == 0 else "tcg"


def qemu(how, cpu):
    """The beginning of a command that runs a machine HOW, "kvm" or "tcg"."""
    # Without the kernel's help, qemu before 8 spoils the flags that CMPXCHG16B leaves; and where each
    # processor has a thread, one runs what another has just patched: "Oops: int3".
    if how == "tcg":
        how, cpu = "tcg,thread=single", f"{cpu},-cx16"
    return ["qemu-system-x86_64", "-machine", "q35,sata=off", "-accel", how, "-cpu", cpu]


def make_disk(path, trees):
    """A file system with what is in the folders TREES, the first of them laid over the others; no loop
    device is needed."""
    with tempfile.TemporaryDirectory() as merged:
        script = f'mount -t overlay overlay -o "lowerdir=$1" "$2"; mke2fs -q -t ext4 -d "$2" "$3" {SIZE}'
        subprocess.run(["unshare", "--mount", "sh", "-ec", script, "sh", ":".join(trees), merged, path],
                       check=True, stdout=subprocess.DEVNULL)  # fmt: skip


class Machine:
    """ROOT is the folder of a Debian system with a kernel; the folder SHARED is moved to its disk, as
    /shared. FOLDER, on the same file system as SHARED, holds disk and console and is the caller's."""

    def __init__(self, folder, root, shared, *, cpu, accelerator):
        self._folder, self._root = folder, root
        self._command = qemu(accelerator, cpu)
        self._vdso = int(PROCESSORS[cpu])
        # What keeps a processor from guessing doubles the time of one that guesses nothing.
        self._mitigations = "auto" if accelerator == "kvm" else "off"
        self._process = self._port = self._lines = None
        self.boots = set()
        # What takes a second on the processor itself takes ten where it is translated and not alone.
        self.patience = 1 if accelerator == "kvm" else 10
        over = os.path.join(folder, "over")
        self._write(over, "etc/systemd/system/mpyd-tests.service", AGENT)
        self._write(over, "etc/systemd/system/mpyd-tests.target", TARGET)
        self._write(over, "etc/fstab", FSTAB)
        shutil.copy(os.path.join(os.path.dirname(__file__), "agent"), shared)
        self._write(shared, "slowness", str(self.patience))
        os.rename(shared, os.path.join(over, "shared"))
        self.disk = os.path.join(folder, "disk")
        make_disk(self.disk, [over, root])

    @staticmethod
    def _write(folder, path, text):
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def _arguments(self):
        [kernel] = glob.glob(f"{self._root}/boot/vmlinuz-*")
        return [*self._command, "-smp", "2", "-m", "1024",
                 "-nodefaults", "-nographic", "-no-reboot",
                 "-kernel", kernel, "-append", self._kernel_arguments(),
                 # What the guest has written is in the file then; nothing waits for a disk of the host's.
                 "-drive", f"file={self.disk},format=raw,if=none,id=disk,cache=unsafe",
                 "-device", "nvme,drive=disk,serial=mpyd",
                 "-serial", f"file:{self._folder}/console",
                 "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=agent,name=mpyd.agent",
                 "-chardev", f"socket,id=agent,path={self._folder}/agent,server=on,wait=off"]  # fmt: skip

    def _kernel_arguments(self):
        return (f"root=/dev/nvme0n1 rw console=ttyS0 loglevel=5 panic=-1 fsck.repair=yes "
                f"mitigations={self._mitigations} vdso={self._vdso} "
                "systemd.unit=mpyd-tests.target systemd.mask=serial-getty@ttyS0.service "
                "systemd.mask=getty@tty1.service systemd.show_status=no")  # fmt: skip

    def boot(self):
        """Switches it on and waits until all of its services had their start."""
        path = f"{self._folder}/agent"
        if os.path.exists(path):
            os.unlink(path)
        # Whatever becomes of the tests, no machine is left.
        command = ["setpriv", "--pdeathsig", "KILL", *self._arguments()]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        self._port = socket.socket(socket.AF_UNIX)
        self._port.settimeout(90 * self.patience)
        while True:
            try:
                self._port.connect(path)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if self._process.poll() is not None:
                    raise Lost(self._process.stdout.read().decode()) from None
                threading.Event().wait(0.02)
        self._lines = self._port.makefile("rb")
        boot = self._answer()["boot"]
        if boot in self.boots:
            raise Lost(f"this is no new boot: {boot}")
        self.boots.add(boot)

    def _answer(self):
        try:
            line = self._lines.readline()
        except OSError as error:
            raise Lost(f"{error}; its console: {self.console()[-2000:]}") from None
        if not line:
            raise Lost(f"it has gone; its console: {self.console()[-2000:]}")
        return json.loads(line)

    def console(self):
        with open(f"{self._folder}/console", encoding="utf-8", errors="replace") as file:
            return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", file.read())

    def stream(self, *command, timeout=60):
        """Runs COMMAND inside; yields its lines, and last its exit status."""
        seconds = timeout * self.patience
        self._port.settimeout(seconds + 30)
        self._port.sendall(json.dumps({"run": command, "timeout": seconds}).encode() + b"\n")
        while True:
            answer = self._answer()
            if "status" in answer:
                yield answer["status"]
                return
            yield answer["line"]

    def run(self, *command, status=0, timeout=60):
        """What COMMAND printed inside, both outputs; it must exit with STATUS (None: any)."""
        *lines, got = self.stream(*command, timeout=timeout)
        text = "\n".join(lines)
        if status is not None and got != status:
            raise AssertionError(f"{command} exited with {got}, not {status}: {text}")
        return text

    def begin(self, *command):
        """COMMAND is begun inside, and what comes of it is nobody's business: the plug is to be pulled."""
        self._port.sendall(json.dumps({"run": command, "timeout": 600}).encode() + b"\n")

    def power_off(self, how="poweroff"):
        """In order, as an administrator does."""
        self.begin("systemctl", how)
        self._process.wait(90 * self.patience)
        self._gone()

    def reboot(self):
        self.power_off("reboot")
        self.boot()

    def cut(self):
        """The plug is pulled: what the kernel inside had not written yet is lost."""
        self._process.kill()
        self._process.wait()
        self._gone()

    def check_disk(self):
        """Its file system, which nobody uses now, must be whole."""
        done = subprocess.run(["e2fsck", "-f", "-n", self.disk], capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"{done.stdout}{done.stderr}")

    def _gone(self):
        self._lines.close()
        self._port.close()
        self._process.stdout.close()
        self._process = None

    def remove(self):
        if self._process:
            self.cut()
