# SPDX-License-Identifier: MIT
"""The files of the source, and what a check needs to say about them."""

import os
import shutil
import subprocess

from tap import Skip

CORPORA = "tests/fuzz/corpus/"  # inputs of fuzz targets: bytes, not files of anybody's writing
GENERATED = ("__pycache__", ".git", ".ci-cache")


class Tree:
    def __init__(self, source, build):
        self.source = os.path.abspath(source)
        self.build = os.path.abspath(build)
        self.files = [
            f
            for f in self._list()
            if os.path.isfile(os.path.join(self.source, f)) and not f.startswith(CORPORA)
        ]

    def _list(self):
        """What git knows, or, in an unpacked archive, what is there."""
        if shutil.which("git") and os.path.exists(os.path.join(self.source, ".git")):
            done = subprocess.run(
                ["git", "-c", f"safe.directory={self.source}", "ls-files", "-z"],
                cwd=self.source,
                capture_output=True,
                text=True,
            )
            if done.returncode == 0:
                return sorted(done.stdout.split("\0")[:-1])
        found = []
        for folder, below, names in os.walk(self.source):
            below[:] = [d for d in below if d not in GENERATED and not self._is_build(folder, d)]
            found += [os.path.relpath(os.path.join(folder, n), self.source) for n in names]
        return sorted(found)

    def _is_build(self, folder, name):
        return os.path.exists(os.path.join(folder, name, "build.ninja"))

    def text(self, file):
        with open(os.path.join(self.source, file), encoding="utf-8", errors="replace") as f:
            return f.read()

    def of(self, *endings):
        return [f for f in self.files if f.endswith(endings)]

    def scripts(self, interpreter):
        """Files whose first line names the interpreter."""
        found = []
        for file in self.files:
            first = self.text(file).split("\n", 1)[0]
            if first.startswith("#!") and first.endswith(interpreter):
                found.append(file)
        return found

    def run(self, command, files=()):
        """Runs a tool in the source folder; fails with what it says."""
        if not shutil.which(command[0]):
            raise Skip(f"{command[0]} is not installed")
        done = subprocess.run(
            [*command, *files],
            cwd=self.source,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise AssertionError(f"{command[0]} says:\n{done.stdout}")
        return done.stdout


def none(findings):
    """Fails if there are findings, with all of them."""
    if findings:
        raise AssertionError("\n".join(findings))
