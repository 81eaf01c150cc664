# SPDX-License-Identifier: MIT
"""What an administrator of the machine does, for the tests."""

import contextlib
import json
import os
import shutil
import subprocess
import time

SHARED = "/shared"
DEBS = f"{SHARED}/debs"
VENDOR = "/usr/lib/mpyd/images"
POLICY = "/usr/sbin/policy-rc.d"


def _slowness():
    """How many times as long as in a container everything may take in this machine."""
    try:
        with open(f"{SHARED}/slowness", encoding="ascii") as file:
            return int(file.read())
    except FileNotFoundError:
        return 1


PATIENCE = 30 * _slowness()  # seconds until something happens
TIMEOUT = 120 * _slowness()  # of a command


def run(*command, status=0, **more):
    """Standard output of COMMAND, which must exit with STATUS (None: any)."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False, **more)
    if status is not None and done.returncode != status:
        said = f"{done.stdout}{done.stderr}"
        raise AssertionError(f"{command} exited with {done.returncode}, not {status}: {said}")
    return done.stdout


def systemctl(*arguments, status=0):
    return run("systemctl", "--no-pager", *arguments, status=status)


def apt(*arguments, status=0):
    """apt-get, which has this machine's packages and what they depend on, and no network."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return run("apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends", *arguments,
               status=status, env=environment)  # fmt: skip


@contextlib.contextmanager
def all_forbidden():
    """Packages may neither start nor stop what runs."""
    with open(POLICY, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nexit 101\n")
    os.chmod(POLICY, 0o755)
    try:
        yield
    finally:
        os.unlink(POLICY)


def installed(package):
    """The version of a package that is installed and configured; empty: it is not."""
    said = run("dpkg-query", "--show", "--showformat=${db:Status-Status} ${Version}", package, status=None)
    state, _, version = said.partition(" ")
    return version if state == "installed" else ""


def container():
    """Whether this machine is a container, not one with a kernel of its own."""
    return run("systemd-detect-virt", "--container", status=None).strip() != "none"


def trust_vendor():
    """Has the key trusted that the images in SHARED are signed with."""
    with open(f"{SHARED}/vendor.pub", encoding="ascii") as file:
        key = file.read().splitlines()[1]
    os.makedirs("/etc/mpyd/keys.d", exist_ok=True)
    with open("/etc/mpyd/keys.d/vendor.key", "w", encoding="ascii") as file:
        file.write(f"[key]\npublic = {key}\napps = *\n")


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


def bring(app, folder=f"{SHARED}/images"):
    """Puts the image of APP where a vendor's package has it."""
    os.makedirs(VENDOR, exist_ok=True)
    for ending in ("", ".minisig"):
        shutil.copy(f"{folder}/{app}.mpyimg{ending}", VENDOR)


def configure(app, text):
    """Has TEXT be the configuration of APP; None: none."""
    path = f"/etc/mpyd/{app}.conf"
    if text is None:
        os.unlink(path)
        return
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


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


def entries(*matches, since=0):
    """Entries of the journal that have all of MATCHES ("FIELD=value"), as dictionaries, from SINCE on:
    what now() returned. Not by --after-cursor, which systemd 252 lets skip one that matches."""
    run("journalctl", "--sync")
    said = run("journalctl", "--no-pager", "--quiet", "--all", "--output=json", *matches)  # long fields, too
    found = [json.loads(line) for line in said.splitlines()]
    return [e for e in found if int(e["__REALTIME_TIMESTAMP"]) >= since]


def now():
    """Microseconds since 1970, as the journal has them."""
    return time.time_ns() // 1000
