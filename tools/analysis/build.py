# SPDX-License-Identifier: MIT
"""Build folders, each for one tool, and the suite run in them."""

import glob
import json
import os
import shutil
import subprocess

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGES = {
    "clang": "clang",
    "clang-tidy": "clang-tidy",
    "gcc": "gcc",
    "llvm-cov": "llvm",
    "llvm-profdata": "llvm",
    "meson": "meson",
    "ninja": "ninja-build",
    "valgrind": "valgrind",
}


class Failure(Exception):
    """Something that is needed could not be had or done."""


def need(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        packages = " ".join(sorted({PACKAGES[tool] for tool in missing}))
        raise Failure(f"{', '.join(missing)} not installed; Debian has it in: {packages}")


def run(command, environment=None, **options):
    """Runs COMMAND in the foreground; returns its status."""
    env = {**os.environ, **(environment or {})}
    return subprocess.run(command, env=env, check=False, **options).returncode


def logged(command, log, environment=None):
    """Runs COMMAND; what it says goes to LOG, and is shown if it fails."""
    with open(log, "w", encoding="utf-8") as file:
        status = run(command, environment, stdout=file, stderr=subprocess.STDOUT)
    if status != 0:
        with open(log, encoding="utf-8") as file:
            print(file.read())
        raise Failure(f"{' '.join(command[:2])} failed with status {status}; see {log}")


def setup(folder, *options, cc="gcc"):
    """Sets FOLDER up with the OPTIONS of meson; one that is up knows of new tests afterwards."""
    need("meson", "ninja", cc)
    os.makedirs(folder, exist_ok=True)
    log = os.path.join(folder, "build.log")
    if os.path.exists(os.path.join(folder, "build.ninja")):
        logged(["ninja", "-C", folder, "build.ninja"], log)
    else:
        logged(["meson", "setup", folder, SOURCE, *options], log, {"CC": cc})


def make(folder, *options, cc="gcc", targets=()):
    """Sets FOLDER up and builds TARGETS, or all."""
    setup(folder, *options, cc=cc)
    logged(["ninja", "-C", folder, *targets], os.path.join(folder, "build.log"))


def introspect(folder, what):
    command = ["meson", "introspect", "--" + what, folder]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def test(folder, *options, environment=None):
    """Runs tests of the suite, prints the failures and the counts; True if all passed."""
    logs = os.path.join(folder, "meson-logs", "testlog*.json")  # a wrapper adds its name
    for log in glob.glob(logs):
        os.remove(log)
    command = ["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs"]
    command += ["--timeout-multiplier", "5", *options]
    good = run(command, environment) == 0
    summary = [run([os.path.join(SOURCE, "tests", "summary"), log]) for log in glob.glob(logs)]
    return good and summary == [0]
