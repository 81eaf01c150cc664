# SPDX-License-Identifier: MIT
"""Small apps to run under mpyd: frozen once each, kept for the run of the tests."""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))

import service

# Deadlines and delays that tests can wait for.
QUICK = """\
[stop]
stop = 400ms
abort = 400ms
[restart]
delay = 20ms
burst = 3
"""
NO_RESTART = QUICK + "restart = no\n"

START = ("mpyd: sandbox of", " runs unsigned: ")

USER = "65534"  # nobody


class Apps:
    def __init__(self, mpyd, mpyfreeze, hostile, as_user):
        self._mpyfreeze = mpyfreeze
        self._hostile = hostile
        self._work = tempfile.TemporaryDirectory(prefix="mpyd-daemon-")
        os.chmod(self._work.name, 0o755)
        self.mpyd = [os.path.abspath(mpyd)]
        self.is_root = os.getuid() == 0 and not as_user
        if as_user and os.getuid() == 0:
            self.mpyd = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
            self.mpyd.append(self.copy(mpyd))
        self._images = {}
        self._n_files = 0
        self._running = []

    @property
    def is_sanitized(self):
        """Whether mpyd is built with AddressSanitizer: its allocator keeps what is freed, and takes
        fixed addresses."""
        with open(self.mpyd[-1], "rb") as program:
            return b"__asan_init" in program.read()

    def file(self, content):
        """The path of a new file of CONTENT, text or bytes."""
        self._n_files += 1
        path = os.path.join(self._work.name, f"file{self._n_files}")
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path

    def open_folder(self):
        """A new folder that the user can write to, too."""
        self._n_files += 1
        path = os.path.join(self._work.name, f"folder{self._n_files}")
        os.mkdir(path)
        os.chmod(path, 0o777)
        return path

    def state(self):
        """The path of a state directory that mpyd is yet to make, where who runs it may."""
        folder = self.file("")
        os.unlink(folder)
        os.mkdir(folder, 0o755)
        if not self.is_root and os.getuid() == 0:
            os.chown(folder, int(USER), int(USER))
        return os.path.join(folder, "state")

    def copy(self, path):
        """A copy that the user can reach, who may not be able to reach the build folder."""
        return shutil.copy(path, self._work.name)

    def folder(self, name):
        """Where the app NAME is, from which its image is made."""
        return os.path.join(self._work.name, name + ".app")

    def image(self, name, source, manifest="", more=None):
        """The image of an app of one module, and of MORE: text of other files, by path."""
        if name not in self._images:
            folder = self.folder(name)
            text = f'name = "{name}"\nversion = "1"\nentry = "main"\n{manifest}'
            for file, content in {"main.py": source, "mpyd.toml": text, **(more or {})}.items():
                path = os.path.join(folder, file)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as opened:
                    opened.write(content)
            path = os.path.join(self._work.name, name)
            subprocess.run([*self._mpyfreeze, "build", folder, "-o", path], check=True, timeout=120)
            self._images[name] = path
        return self._images[name]

    def attack(self, name):
        """The image of the attack NAME in hostile.c."""
        if name not in self._images:
            self._images[name] = self.copy(os.path.join(self._hostile, name))
        return self._images[name]

    def command(self, image, config=None, control="none"):
        line = [*self.mpyd, "run", "--unsigned", f"--control={control}", image]
        return line + ["--config", self.file(config)] if config else line

    def start(self, image, config=None):
        return self.follow(service.Service(self.command(image, config)))

    def follow(self, running):
        """Has RUNNING killed at the end of the test, which may fail before it comes to that."""
        self._running.append(running)
        return running

    def kill_all(self):
        while self._running:
            self._running.pop().kill()

    def run(self, image, config=None, timeout=20):
        """Runs to the end. Returns the exit status and the lines said, those left out that say how
        it was started."""
        running = self.start(image, config)
        status = running.wait(timeout)
        return status, [line for line in running.lines if not any(sign in line for sign in START)]
