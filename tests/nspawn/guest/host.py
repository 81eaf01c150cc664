# SPDX-License-Identifier: MIT
"""What an administrator of the machine does, for the tests."""

import json
import os
import shutil
import subprocess
import time

SHARED = "/shared"
VENDOR = "/usr/lib/mpyd/images"
PATIENCE = 30


def run(*command, status=0, **more):
    """Standard output of COMMAND, which must exit with STATUS (None: any)."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)
    if status is not None and done.returncode != status:
        said = f"{done.stdout}{done.stderr}"
        raise AssertionError(f"{command} exited with {done.returncode}, not {status}: {said}")
    return done.stdout


def systemctl(*arguments, status=0):
    return run("systemctl", "--no-pager", *arguments, status=status)


def unit(app):
    return f"mpyd@{app}.service"


def show(name, *properties):
    """The values of PROPERTIES of a unit, as a list."""
    said = systemctl("show", name, *(f"--property={p}" for p in properties))
    values = dict(line.split("=", 1) for line in said.splitlines())
    return [values[p] for p in properties]


def wait_for(what, condition):
    """The first true value of CONDITION(); an error naming WHAT if there is none in time."""
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not after {PATIENCE} s")
        time.sleep(0.05)


def wait_state(name, state):
    wait_for(f"{name} {state}", lambda: show(name, "ActiveState") == [state])


def bring(app):
    """Puts the image of APP where a vendor's package has it."""
    os.makedirs(VENDOR, exist_ok=True)
    for ending in ("", ".minisig"):
        shutil.copy(f"{SHARED}/images/{app}.mpyimg{ending}", VENDOR)


def start(app):
    bring(app)
    systemctl("reset-failed", unit(app), status=None)
    systemctl("start", unit(app))


def stop(app):
    """Leaves nothing of APP but its state."""
    systemctl("stop", unit(app))
    systemctl("reset-failed", unit(app), status=None)


def processes(app):
    """Pids of supervisor, spawner and worker, as far as they are there."""
    path = f"/sys/fs/cgroup{show(unit(app), 'ControlGroup')[0]}/cgroup.procs"
    found = {}
    try:
        with open(path, encoding="ascii") as file:
            pids = [int(line) for line in file]
    except OSError:
        return found
    for pid in pids:
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                title = file.read().strip("\0 ")
        except OSError:
            continue
        for role in ("supervisor", "spawner"):
            if title.startswith(f"mpyd: {role} "):
                found[role] = pid
        if title.split("\0")[0] == app:
            found["worker"] = pid
    return found


def entries(*matches, since=None):
    """Entries of the journal that have all of MATCHES ("FIELD=value"), as dictionaries."""
    command = ["journalctl", "--no-pager", "--quiet", "--output=json", *matches]
    if since:
        command.append(f"--after-cursor={since}")
    return [json.loads(line) for line in run(*command).splitlines()]


def cursor():
    """Where the journal ends now."""
    run("journalctl", "--sync")
    return run("journalctl", "--lines=0", "--show-cursor", "--quiet").strip()[len("-- cursor: "):]
