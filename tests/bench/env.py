# SPDX-License-Identifier: MIT
"""Where a measurement finds what it measures: the env of measure(env)."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Trouble(Exception):
    """A measurement that cannot be made; says why."""


class Env:
    def __init__(self, build, work, quick):
        self.root = ROOT  # of the source
        self.build = build  # meson's build folder, an optimised build
        self.bench = build / "tests" / "bench"  # floors, probes and images that meson made there
        self.cache = build / "bench-cache"  # what takes long to make and is kept; make it yourself
        self.work = work  # a temporary folder, gone at the end
        self.quick = quick
        self.mpyd = build / "daemon" / "mpyd"
        self.mpyfreeze = ROOT / "frozen" / "mpyfreeze"
        self.sdk = build / "sdk"
        self.demo = build / "frozen" / "demo" / "meterd.mpyimg"
        self.cpus = sorted(os.sched_getaffinity(0))

    def rounds(self, usual, quick=3):
        """How often to repeat: USUAL times, or QUICK with --quick."""
        return quick if self.quick else usual

    def say(self, text):
        """Progress, for people."""
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def micropython(self):
        """The folder of MicroPython's source."""
        return Path(self.output(["tools/fetch-micropython"], cwd=self.root).strip())

    def output(self, command, merge=False, **options):
        """Runs COMMAND to its good end; returns what it printed, with MERGE on stderr as well."""
        done = subprocess.run(
            [str(word) for word in command],
            text=True,
            errors="backslashreplace",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            check=False,
            **options,
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise Trouble(f"{' '.join(map(str, command))}: status {done.returncode}: {said}")
        return done.stdout

    def config(self, text, name="local.conf"):
        """A file with a local configuration for mpyd run --config."""
        path = self.work / name
        path.write_text(text)
        return path

    def freeze(self, name, source, manifest=""):
        """The image of an app of one module, made of its SOURCE text; MANIFEST: lines more."""
        folder = self.work / f"app-{name}"
        image = self.work / f"{name}.mpyimg"
        folder.mkdir(exist_ok=True)
        (folder / "main.py").write_text(source)
        head = f'name = "{name}"\nversion = "1"\nentry = "main"\nmodules = ["main.py"]\n'
        (folder / "mpyd.toml").write_text(head + manifest)
        self.output([self.mpyfreeze, "build", folder, "-o", image, "--sdk", self.sdk])
        return image
