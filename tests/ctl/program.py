# SPDX-License-Identifier: MIT
"""mpyctl, and images for it."""

import os
import subprocess
import tempfile
from pathlib import Path

import tap


class Program:
    def __init__(self, mpyctl, mpyd, mpyfreeze, sdk):
        self.mpyctl, self.mpyd = os.path.abspath(mpyctl), os.path.abspath(mpyd)
        self.mpyfreeze, self.sdk = mpyfreeze, sdk
        self.folder = tempfile.TemporaryDirectory(prefix="mpyd-ctl-")
        self.place = Path(self.folder.name)
        self.n_files = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def run(self, *arguments, **how):
        """The finished process, its output as text."""
        return subprocess.run(
            [self.mpyctl, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=how.pop("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            errors="replace" if how.get("text", True) else None,
            timeout=20,
            **{"text": True, **how},
        )

    def says(self, *arguments):
        """What it writes when all is well."""
        done = self.run(*arguments)
        tap.equal((done.returncode, done.stderr), (0, ""), f"mpyctl {arguments}")
        return done.stdout

    def refuses(self, status, words, *arguments):
        """One line, with WORDS in it, and nothing else."""
        done = self.run(*arguments)
        tap.equal((done.returncode, done.stdout), (status, ""), f"{arguments}: {done.stderr}")
        tap.equal(done.stderr.count("\n"), 1, f"lines: {done.stderr!r}")
        tap.true(done.stderr.startswith("mpyctl: "), done.stderr)
        tap.true(words in done.stderr, f"{words!r} is not in {done.stderr!r}")

    def fails(self, status, words, *arguments, **how):
        """One line with WORDS on standard error, whatever is on standard output."""
        done = self.run(*arguments, **how)
        tap.equal(done.returncode, status, f"{arguments}: {done.stderr}")
        tap.equal(done.stderr.count("\n"), 1, f"lines: {done.stderr!r}")
        tap.true(words in done.stderr, f"{words!r} is not in {done.stderr!r}")

    def file(self, content):
        """The path of a new file with the bytes CONTENT."""
        self.n_files += 1
        path = self.place / f"file{self.n_files}"
        path.write_bytes(content)
        return path

    def spoilt(self, content):
        """The path of a file with CONTENT, until the next is asked for."""
        path = self.place / "spoilt"
        path.write_bytes(content)
        return path

    def image(self, name, files, *options):
        """The path of an image frozen from FILES (path: text), one of which is mpyd.toml."""
        directory = self.place / name
        if not directory.exists():
            for path, text in files.items():
                (directory / path).parent.mkdir(parents=True, exist_ok=True)
                (directory / path).write_text(text)
            subprocess.run(
                [self.mpyfreeze, "build", directory, "-o", f"{directory}.mpyimg", "--sdk", self.sdk]
                + list(options),
                check=True,
            )
        return Path(f"{directory}.mpyimg")
