# SPDX-License-Identifier: MIT
"""The service in what befalls it: another configuration, a supervisor that hangs, spoilt state, a key
that is missing, a full disk."""

import os
import shutil
import signal
import socket

import host
import tap
from host import configure, show, systemctl, unit, wait_for

APP = "steady"


def said(since, app=APP):
    return [e["MESSAGE"] for e in host.entries(f"_SYSTEMD_UNIT={unit(app)}", since=since)]


def reload_applies_or_refuses():
    host.start(APP)
    main = show(unit(APP), "MainPID")
    since = host.now()
    configure(APP, "[limits]\nlog_rate = 7\nheap = 1M\n")
    systemctl("reload", unit(APP))
    lines = said(since)
    tap.true(any("changed: [limits] log_rate" in line for line in lines), str(lines))
    tap.true(any("next start of mpyd only: [limits] heap" in line for line in lines), str(lines))
    configure(APP, "[limits]\nlog_rate = none\n")
    systemctl("reload", unit(APP), status=1)
    lines = said(since)
    tap.true(any("/etc/mpyd/steady.conf:2: [limits] log_rate" in line for line in lines), str(lines))
    tap.equal(show(unit(APP), "ActiveState", "MainPID"), ["active", *main], "the unit")
    configure(APP, None)
    systemctl("reload", unit(APP))
    host.stop(APP)


def supervisor_that_hangs_is_replaced():
    folder = f"/run/systemd/system/{unit(APP)}.d"
    os.makedirs(folder)
    with open(f"{folder}/fast.conf", "w", encoding="ascii") as file:
        file.write("[Service]\nWatchdogSec=2s\nTimeoutAbortSec=1s\nRestartSec=0\n")
    systemctl("daemon-reload")
    host.start(APP)
    before = host.processes(APP)
    since = host.now()
    os.kill(before["supervisor"], signal.SIGSTOP)
    wait_for("another supervisor", lambda: host.processes(APP).get(
        "supervisor", before["supervisor"]) != before["supervisor"])  # fmt: skip
    host.wait_state(unit(APP), "active")
    wait_for("its worker", lambda: len(host.processes(APP)) == 3)
    for role, pid in before.items():
        tap.true(not os.path.exists(f"/proc/{pid}"), f"the {role} is left")
    told = [e["MESSAGE"] for e in host.entries("_PID=1", since=since)]
    tap.true(any("Watchdog timeout" in line for line in told), str(told))
    host.stop(APP)
    shutil.rmtree(folder)
    systemctl("daemon-reload")


def spoilt_state_is_told_and_kept():
    """Nothing runs, nothing is written; once the state is as it was the app runs."""
    host.start(APP)
    host.stop(APP)
    volume = f"/var/lib/private/mpyd/{APP}/volume"
    with open(volume, "rb") as file:
        good = file.read()
    bad = good[:10] + b"?" + good[11:]
    with open(volume, "wb") as file:
        file.write(bad)
    since = host.now()
    systemctl("start", unit(APP))
    shown = host.run("mpyctl", "status", APP, status=None)
    tap.true("corrupt" in shown, shown)
    tap.true("corrupt" in show(unit(APP), "StatusText")[0], "STATUS=")
    tap.equal(set(host.processes(APP)), {"supervisor", "spawner"}, "processes")
    tap.true(any("is corrupt, nothing runs" in line for line in said(since)), f"no advice: {said(since)}")
    host.stop(APP)
    with open(volume, "rb") as file:
        tap.equal(file.read(), bad, "what was damaged")
    with open(volume, "wb") as file:
        file.write(good)
    systemctl("start", unit(APP))
    tap.equal(len(host.processes(APP)), 3, "processes once it is mended")
    host.stop(APP)


def missing_key_is_told_and_not_tried_again():
    host.bring("other", f"{host.SHARED}/images/encrypted")
    since = host.now()
    systemctl("start", unit("other"), status=1)
    tap.equal(show(unit("other"), "ActiveState", "ExecMainStatus", "NRestarts"),
              ["failed", "8", "0"], "the unit")  # fmt: skip
    shown = host.run("mpyctl", "status", "other", status=None)
    tap.true("/etc/credstore/mpyd.other.image-key" in shown, shown)
    lines = said(since, "other")
    tap.true(any("no key is there; it belongs in /etc/credstore/mpyd.other.image-key" in line
                 for line in lines), str(lines))  # fmt: skip
    os.makedirs("/etc/credstore", mode=0o700, exist_ok=True)
    shutil.copy(f"{host.SHARED}/images/encrypted/key", "/etc/credstore/mpyd.other.image-key")
    systemctl("start", unit("other"))
    tap.equal(len(host.processes("other")), 3, "processes with the key")
    lines = host.run("journalctl", "--no-pager", "--output=cat").splitlines()
    spoken = [line for line in lines if "inherited credential" in line and "image-key" in line]
    tap.equal(spoken, [], "systemd speaks of a key that nobody needs")
    host.stop("other")
    os.unlink("/etc/credstore/mpyd.other.image-key")
    host.bring("other")


def ask(wish):
    with socket.create_connection(("127.0.0.1", 80), timeout=host.PATIENCE) as connection:
        connection.send(wish)
        return connection.recv(100)


def full_disk_is_the_app_s_error():
    host.bring("porter")
    host.run("mpyctl", "enable", "--now", "porter")
    before = int(ask(b"count"))
    systemctl("stop", unit("porter"))
    state = "/var/lib/private/mpyd/porter"
    host.run("cp", "-a", state, "/run/kept")
    host.run("mount", "-t", "tmpfs", "-o", "size=32k,mode=0700", "tmpfs", state)
    host.run("cp", "-a", "/run/kept/.", state)
    systemctl("start", unit("porter"))
    answer = ask(b"fill")
    tap.true(b"ENOSPC" in answer, f"answer: {answer}")
    tap.equal(int(ask(b"count")), before + 1, "the next count")
    tap.equal(show(unit("porter"), "ActiveState", "NRestarts"), ["active", "0"], "the unit")
    host.run("mpyctl", "disable", "--now", "porter")
    host.run("umount", state)


TESTS = [
    reload_applies_or_refuses,
    supervisor_that_hangs_is_replaced,
    spoilt_state_is_told_and_kept,
    missing_key_is_told_and_not_tried_again,
    full_disk_is_the_app_s_error,
]
