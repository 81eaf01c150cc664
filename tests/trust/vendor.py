# SPDX-License-Identifier: MIT
"""What a vendor and an administrator do: make keys, sign images, say which keys are trusted."""

import os
import shutil
import subprocess

import apps
import tap

APP = 'print("runs as", __name__)\n'
WAIT = 'import time\nprint("ready")\ntime.sleep(60)\n'
UNTRUSTED, LOCKED = 7, 8


class Key:
    """A key that stock minisign made, without a password."""

    def __init__(self, folder, name):
        self.secret = os.path.join(folder, name + ".sec")
        self.public_file = os.path.join(folder, name + ".pub")
        command = ["minisign", "-G", "-W", "-f", "-p", self.public_file, "-s", self.secret]
        subprocess.run(command, check=True, capture_output=True)
        with open(self.public_file, encoding="ascii") as file:
            comment, self.public = file.read().splitlines()
        self.id = comment.split()[-1].lstrip("0")  # which some minisigns write, and some do not

    def sign(self, image, *more):
        command = ["minisign", "-S", "-s", self.secret, "-m", image, *more]
        subprocess.run(command, check=True, capture_output=True)


class Shop:
    def __init__(self, mpyd, mpyctl, mpyfreeze, as_user):
        if not shutil.which("minisign"):
            raise SystemExit("minisign is missing: install minisign")
        self.mpyfreeze = mpyfreeze
        self._mpyctl = None if as_user else mpyctl
        self._apps = apps.Apps(mpyd, mpyfreeze, None, as_user)
        self.is_root = self._apps.is_root
        self._n = 0
        self._images = {}
        self._folder = os.path.dirname(self._apps.file(""))
        self.ours, self.theirs = Key(self._folder, "ours"), Key(self._folder, "theirs")

    def place(self):
        """A new folder, which everybody may read."""
        self._n += 1
        path = os.path.join(self._folder, f"place{self._n}")
        os.mkdir(path, 0o755)
        return path

    def image(self, name="gauge", manifest="", source=APP):
        """The path of a copy of the image of the app NAME in a new folder, called after the app."""
        key = (name, manifest, source)
        if key not in self._images:
            self._images[key] = self._built(*key)
        return shutil.copy(self._images[key], os.path.join(self.place(), name + ".mpyimg"))

    def _built(self, name, manifest, source):
        folder = self.place()
        for file, text in (
            ("main.py", source),
            ("mpyd.toml", f'name = "{name}"\nversion = "1"\nentry = "main"\n{manifest}'),
        ):
            with open(os.path.join(folder, file), "w", encoding="utf-8") as opened:
                opened.write(text)
        path = os.path.join(self.place(), name)
        self.freeze("build", folder, "-o", path)
        return path

    def freeze(self, *arguments, status=0, env=None):
        """What mpyfreeze says to ARGUMENTS."""
        command = [*self.mpyfreeze, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=env)
        tap.equal(done.returncode, status, f"mpyfreeze {arguments}: {done.stderr}")
        return done.stderr

    def keys(self, *rows):
        """A folder that trusts each (KEY, APPS) of ROWS."""
        folder = self.place()
        for i, (key, names) in enumerate(rows):
            with open(os.path.join(folder, f"vendor{i}.key"), "w", encoding="ascii") as file:
                file.write(f"[key]\npublic = {key.public}\napps = {names}\n")
        return folder

    def floors(self, **floors):
        """A folder with the floor of each app, as text."""
        folder = self.place()
        for name, text in floors.items():
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(text)
        return folder

    def command(self, image, *options):
        once = self._apps.file("[restart]\nrestart = no\n")
        return [*self._apps.mpyd, "run", "--control=none", image, "--config", once, *options]

    def run(self, image, *options, env=None):
        """Exit status of mpyd and its lines, but those about the sandbox."""
        done = subprocess.run(
            self.command(image, *options), capture_output=True, text=True, errors="replace",
            timeout=60, env={**os.environ, **(env or {})},
        )  # fmt: skip
        lines = (done.stdout + done.stderr).splitlines()
        return done.returncode, [line for line in lines if "mpyd: sandbox of" not in line]

    def verify(self, image, *options, env=None):
        """Exit status of mpyctl verify and its lines; None where mpyd is asked not to verify."""
        if self._mpyctl is None or "--unsigned" in options:
            return None
        done = subprocess.run(
            [self._mpyctl, "verify", image, *options], capture_output=True, text=True,
            errors="replace", timeout=60, env={**os.environ, **(env or {})},
        )  # fmt: skip
        return done.returncode, (done.stdout + done.stderr).splitlines()

    def runs(self, image, *options, **more):
        verified = self.verify(image, *options, **more)
        tap.true(verified is None or verified[0] == 0, f"mpyctl verify: {verified}")
        status, lines = self.run(image, *options, **more)
        tap.equal(status, 0, f"exit status: {lines}")
        tap.true(any(line.endswith(": runs as __main__") for line in lines), str(lines))
        return lines

    def refuses(self, status, words, image, *options, **more):
        """One line with all of WORDS in it, and nothing ran. mpyctl verify says the same."""
        answers = [self.run(image, *options, **more), self.verify(image, *options, **more)]
        for got, lines in filter(None, answers):
            tap.equal(got, status, f"exit status: {lines}")
            tap.equal(len(lines), 1, f"lines: {lines}")
            for word in words:
                tap.true(word in lines[0], f"{word!r} is not in {lines[0]!r}")
