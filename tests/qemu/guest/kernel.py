# SPDX-License-Identifier: MIT
"""What the distribution's kernel gives the sandbox, and what it tells of who left it."""

import ctypes
import json
import os

import host
import tap
from host import unit, wait_for

APP = "steady"
LANDLOCK_CREATE_RULESET = 444  # the same number on every machine
ASK_VERSION = 1
# Of the kernels of both releases: the version of Landlock, and the layers that need a later one.
LANDLOCK = {"6.1": (2, {("supervisor", "landlock-ports")}), "6.12": (6, set())}
# In a unit: the supervisor has no other id to take, and nobody asks for a CPU of the image's.
NOT_ASKED_FOR = {("supervisor", "ids"), ("spawner", "ids"), ("spawner", "cpu")}
OF_THE_PROCESSOR = {("spawner", "speculation")}  # some have no such control


def landlock():
    return LANDLOCK[".".join(os.uname().release.split(".")[:2])]


def landlock_is_the_version_that_the_kernel_has():
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, ASK_VERSION)
    tap.equal(version, landlock()[0], f"of {os.uname().release}")


def layers():
    """What status says of each, by process and name."""
    [app] = json.loads(host.run("mpyctl", "status", "--json", APP))["apps"]
    return {(one["process"], one["name"]): one["state"] for one in app["status"]["layers"]}


def every_layer_that_the_kernel_has_is_in_force():
    host.start(APP)
    found = layers()
    tap.equal({key for key, state in found.items() if state == "off"}, NOT_ASKED_FOR, "off")
    missing = {key for key, state in found.items() if state == "unavailable"}
    tap.equal(missing - OF_THE_PROCESSOR, landlock()[1], "missing")
    tap.true(("supervisor", "landlock") in found and len(found) >= 25, f"{found}")
    host.stop(APP)


def namespaces_are_those_of_the_sandbox():
    host.start(APP)
    pids = host.processes(APP)
    for kind in ("user", "mnt", "pid", "net"):
        ours, its = (os.readlink(f"/proc/{pid}/ns/{kind}") for pid in ("self", pids["worker"]))
        supervisor = os.readlink(f"/proc/{pids['supervisor']}/ns/{kind}")
        tap.true(its not in (ours, supervisor), f"the worker's {kind} namespace")
    host.stop(APP)


def denied_call_is_named_by_the_audit_log():
    """The kernel's own record, found and read by mpyctl crash."""
    host.bring("denied")
    host.systemctl("start", unit("denied"), status=None)

    def reports():
        return json.loads(host.run("mpyctl", "crash", "denied", "--json", status=None) or "[]")

    report = wait_for("a report", reports)[-1]
    host.stop("denied")
    tap.equal((report["kind"], report["signal"]), ("denied", "SIGSYS"), f"{report}")
    tap.true(report["denied"], f"no record was found: {report}")
    tap.equal(report["denied"]["call"], "getpid", f"{report['denied']}")
    tap.true("Linux call: getpid" in host.run("mpyctl", "crash", "denied"), "for people")


def processor_is_the_one_that_was_asked_for():
    """With RDTSCP both sides learn which CPU they are on, without it they ask otherwise; both work."""
    with open(f"{host.SHARED}/rdtscp", encoding="ascii") as file:
        expected = file.read().strip() == "yes"
    with open("/proc/cpuinfo", encoding="ascii") as file:
        flags = next(line for line in file if line.startswith("flags")).split()
    tap.equal("rdtscp" in flags, expected, "RDTSCP")
    host.configure("ticker", "[sandbox]\ncpu = any\nspin = 50us\n")
    try:
        host.start("ticker")
        first = int(host.run("mpyctl", "call", "ticker", "told").split()[0])
        wait_for("ticks", lambda: int(host.run("mpyctl", "call", "ticker", "told").split()[0]) > first + 5)
        host.stop("ticker")
    finally:
        host.configure("ticker", None)


TESTS = [
    landlock_is_the_version_that_the_kernel_has,
    every_layer_that_the_kernel_has_is_in_force,
    namespaces_are_those_of_the_sandbox,
    denied_call_is_named_by_the_audit_log,
    processor_is_the_one_that_was_asked_for,
]
