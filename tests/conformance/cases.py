# SPDX-License-Identifier: MIT
"""Upstream's tests that are written for unittest: "mpyfreeze test" runs them, case by case."""

import os
import re
import shutil
import subprocess

import sandbox

CASE = re.compile(r"test_(\w+)\.(\w+\.\w+) \.\.\. (\w+)")
OK = "ok"


def find(source, folder, names):
    """Those of NAMES, tests of FOLDER, that unittest runs."""
    found = []
    for name in names:
        with open(os.path.join(source, "tests", folder, name + ".py"), encoding="utf-8") as file:
            if re.search(r"^\s*unittest\.main\(\)", file.read(), re.MULTILINE):
                found.append(name)
    return found


def run(source, folder, names, commands, work):
    """Runs the tests NAMES in the sandbox. COMMANDS: those of mpyd and mpyfreeze, as lists; WORK: a
    directory to use. Returns "TEST.CLASS.CASE": a word, OK or another; and what was said."""
    app = os.path.join(work, "cases")
    os.mkdir(app)
    for name in names:
        shutil.copy(
            os.path.join(source, "tests", folder, name + ".py"),
            os.path.join(app, f"test_{name}.py"),
        )
    with open(os.path.join(app, "main.py"), "w", encoding="utf-8"):
        pass  # every app has an entry
    with open(os.path.join(app, "mpyd.toml"), "w", encoding="utf-8") as manifest:
        manifest.write(sandbox.IDENTITY + sandbox.MEMORY)
    mpyd, mpyfreeze = commands
    done = subprocess.run(
        [*mpyfreeze, "test", "-v", "--mpyd", *mpyd, app],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    words = {f"{test}.{case}": word for test, case, word in CASE.findall(done.stdout)}
    return words, done.stdout
