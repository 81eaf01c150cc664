# SPDX-License-Identifier: MIT
"""An app that takes more than MemoryMax= of its unit: the kernel kills its worker, and nobody else."""

import json
import os
import shutil

import host
import tap
from host import systemctl, unit, wait_for

APP, OTHER = "eater", "steady"
FOLDER = f"/run/systemd/system/{unit(APP)}.d"


def killed_for_memory():
    """How often the kernel did so in the app's unit."""
    path = f"/sys/fs/cgroup{host.show(unit(APP), 'ControlGroup')[0]}/memory.events"
    with open(path, encoding="ascii") as file:
        return int(dict(line.split() for line in file)["oom_kill"])


def app_beyond_its_memory_is_killed_alone():
    os.makedirs(FOLDER)
    with open(f"{FOLDER}/memory.conf", "w", encoding="ascii") as file:
        file.write("[Service]\nMemoryMax=24M\nMemorySwapMax=0\n")
    systemctl("daemon-reload")
    host.start(OTHER)
    host.start(APP)
    tap.equal(host.show(unit(APP), "MemoryMax"), [str(24 << 20)], "MemoryMax")
    tap.equal(killed_for_memory(), 0, "killed before")
    before, others = host.processes(APP), host.processes(OTHER)
    host.run("mpyctl", "call", APP, "eat", status=None)
    wait_for("the kernel's kill", killed_for_memory)
    after = wait_for("another worker", lambda: another_worker(before))
    tap.equal({role: after[role] for role in ("supervisor", "spawner")},
              {role: before[role] for role in ("supervisor", "spawner")}, "who stays")  # fmt: skip
    host.wait_state(unit(APP), "active")
    tap.equal(host.show(unit(APP), "NRestarts"), ["0"], "systemd's restarts")
    tap.equal(host.processes(OTHER), others, "the other app")


def another_worker(before):
    now = host.processes(APP)
    return len(now) == 3 and now["worker"] != before["worker"] and now


def report_says_who_killed_it():
    [report] = json.loads(host.run("mpyctl", "crash", APP, "--json"))
    tap.equal((report["kind"], report["signal"]), ("signal", "SIGKILL"), f"{report}")
    entries = host.entries("_TRANSPORT=kernel")
    said = [e["MESSAGE"] for e in entries if "Memory cgroup out of memory" in e["MESSAGE"]]
    tap.true(any(f"({APP}" in line or "memfd:image" in line or APP in line for line in said), f"{said}")


def app_goes_on_and_so_does_the_other():
    for app in (APP, OTHER):
        [told] = json.loads(host.run("mpyctl", "status", "--json", app))["apps"]
        tap.equal(told["state"], "running", app)
        host.stop(app)
    shutil.rmtree(FOLDER)
    systemctl("daemon-reload")


TESTS = [
    app_beyond_its_memory_is_killed_alone,
    report_says_who_killed_it,
    app_goes_on_and_so_does_the_other,
]
