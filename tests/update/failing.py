# SPDX-License-Identifier: MIT
"""Each Linux call of a command fails in turn: one line says so, nothing is lost, and the next start
gets a whole image."""

import collections
import os
import re
import shutil
import subprocess

import tap
from installing import installed
from place import DONE, Place
from stock import same

# What can fail for reasons of the machine: full or broken disks, no memory, no descriptors.
ERRORS = {"openat": "EMFILE", "write": "ENOSPC", "pread64": "EIO", "fsync": "EIO",
          "renameat": "ENOSPC", "unlinkat": "EROFS", "mkdirat": "ENOSPC", "symlinkat": "ENOSPC",
          "flock": "ENOLCK", "memfd_create": "ENOMEM", "fchmod": "EPERM"}  # fmt: skip


def calls_of(machine, command):
    """How often each of the calls is made from where the program's own code begins."""
    trace = os.path.join(machine.root, "trace")
    options = ["-e", "trace=" + ",".join(ERRORS), "-o", trace]
    subprocess.run(["strace", *options, *command], capture_output=True, timeout=60)
    with open(trace, encoding="utf-8", errors="replace") as file:
        names = [line.split("(")[0] for line in file if re.match(r"\w+\(", line)]
    os.remove(trace)
    return collections.Counter(names)


def fail_each(stock, machine, verb, *more, good):
    """Runs the command once for each of its calls, which fails; GOOD are images that a start may get
    then. Returns how many there were."""
    scratch = os.path.join(stock.quick_folder(), "machine")
    copy = Place(machine.program, scratch, machine.keys)
    shutil.copytree(machine.root, scratch, symlinks=True, dirs_exist_ok=True)
    counts = calls_of(copy, copy.command(verb, *more))
    shutil.rmtree(scratch)
    for name, count in counts.items():
        for number in range(1, count + 1):
            shutil.copytree(machine.root, scratch, symlinks=True, dirs_exist_ok=True)
            inject = f"inject={name}:error={ERRORS[name]}:when={number}"
            done = subprocess.run(
                ["strace", "-o", "/dev/null", "-e", inject, *copy.command(verb, *more)],
                capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            where = f"{verb}: {name} number {number}: {done.returncode} {done.stderr}"
            tap.true(0 <= done.returncode < 128, where)
            tap.true(done.returncode == DONE or done.stderr.strip(), f"silent: {where}")
            copy.run("pick")
            tap.true(any(same(copy.picked(), image) for image in good), where)
            copy.run("pick")
            tap.true(same(copy.picked(), good[0]), f"what is good, after {where}")
            shutil.rmtree(scratch)
    return sum(counts.values())


def an_install_in_which_something_fails(stock):
    one, two = stock.image("1.0", 3), stock.image("2.0", 5)
    n = fail_each(stock, installed(stock, one), "install", two, good=[one, two])
    tap.true(n > 40, f"only {n} calls")


def a_start_in_which_something_fails(stock):
    """Of a trial; and of what was good, after one."""
    one, two = stock.image("1.0", 3), stock.image("2.0", 5)
    machine = installed(stock, one)
    machine.run("install", two)
    fail_each(stock, machine, "pick", good=[one, two])
    machine.run("pick")
    fail_each(stock, machine, "pick", good=[one])


def a_stop_in_which_something_fails(stock):
    one, two = stock.image("1.0", 3), stock.image("2.0", 5)
    machine = installed(stock, one)
    machine.run("install", two)
    machine.run("pick")
    fail_each(stock, machine, "stopped", "success", good=[one, two])


def going_back_in_which_something_fails(stock):
    one, two = stock.image("1.0", 3), stock.image("2.0", 3)
    machine = installed(stock, one)
    machine.run("install", two)
    machine.run("pick")
    fail_each(stock, machine, "rollback", good=[one])


TESTS = [
    an_install_in_which_something_fails,
    a_start_in_which_something_fails,
    a_stop_in_which_something_fails,
    going_back_in_which_something_fails,
]
