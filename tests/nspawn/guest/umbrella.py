# SPDX-License-Identifier: MIT
"""mpyd.service: what is done to it is done to all enabled apps."""

import host
import tap
from host import systemctl, unit

APPS = ("steady", "other")


def state(*names):
    return [host.show(name, "ActiveState")[0] for name in names]


def starts_stops_and_restarts_all():
    systemctl("stop", "mpyd.service")  # others may have left it
    for app in APPS:
        host.bring(app)
        systemctl("enable", unit(app))
    units = [unit(app) for app in APPS]
    systemctl("start", "mpyd.service")
    tap.equal(state("mpyd.service", *units), ["active"] * 3, "after the start")
    status = host.show("mpyd.service", "StatusText")[0]
    tap.equal(status, "started: other, steady", "STATUS=")
    before = [host.show(name, "MainPID")[0] for name in units]
    systemctl("restart", "mpyd.service")
    tap.equal(state("mpyd.service", *units), ["active"] * 3, "after the restart")
    for _ in range(6):
        systemctl("restart", "mpyd.service")
    tap.equal(state("mpyd.service", *units), ["active"] * 3, "after many restarts")
    after = [host.show(name, "MainPID")[0] for name in units]
    tap.true(not set(before) & set(after), f"the same processes: {before} {after}")
    tap.true("steady" in systemctl("status", "mpyd.service"), "status does not name the apps")
    systemctl("stop", "mpyd.service")
    tap.equal(state("mpyd.service", *units), ["inactive"] * 3, "after the stop")
    for app in APPS:
        tap.equal(host.processes(app), {}, f"{app}: processes after the stop")


def one_that_cannot_start_keeps_no_other():
    with open("/etc/mpyd/other.conf", "w", encoding="ascii") as file:
        file.write("[limits]\nhandles = none\n")
    systemctl("start", "mpyd.service")
    tap.equal(state("mpyd.service", *(unit(a) for a in APPS)), ["active", "active", "failed"])
    tap.equal(host.show("mpyd.service", "StatusText")[0],
              "started: steady; not started: other", "STATUS=")  # fmt: skip
    host.run("rm", "/etc/mpyd/other.conf")
    host.stop("other")
    systemctl("stop", "mpyd.service")


def reload_reaches_all_and_fails_if_one_refuses():
    """After which all go on, the one that refused as it was."""
    systemctl("start", "mpyd.service")
    units = [unit(app) for app in APPS]
    before = [host.show(name, "MainPID") for name in units]
    for app in APPS:
        host.configure(app, "[limits]\nlog_rate = 7\n")
    since = host.now()
    systemctl("reload", "mpyd.service")
    for app in APPS:
        said = [e["MESSAGE"] for e in host.entries(f"APP={app}", since=since)]
        tap.true(any("changed: [limits] log_rate" in line for line in said), f"{app}: {said}")
    host.configure("other", "[limits]\nlog_rate = none\n")
    systemctl("reload", "mpyd.service", status=1)
    said = [e["MESSAGE"] for e in host.entries("_SYSTEMD_UNIT=mpyd.service", since=since)]
    tap.true(any(line.startswith("other refused its configuration") for line in said), f"{said}")
    tap.true(not any("steady refused" in line for line in said), f"{said}")
    tap.equal(state("mpyd.service", *units), ["active"] * 3, "all go on")
    tap.equal([host.show(name, "MainPID") for name in units], before, "the same processes")
    for app in APPS:
        host.configure(app, None)
    systemctl("reload", "mpyd.service")
    systemctl("stop", "mpyd.service")


def many_restarts_are_no_failure():
    """Of somebody who tries things; systemd would count them, and each app is up in the end."""
    for _ in range(7):
        systemctl("restart", "mpyd.service")
    units = [unit(app) for app in APPS]
    tap.equal(state("mpyd.service", *units), ["active"] * 3, "after seven restarts")
    for _ in range(21):
        host.run("mpyctl", "restart", "--full", APPS[0])
    tap.equal(state(units[0]), ["active"], "after more than systemd allows")
    systemctl("stop", "mpyd.service")


def none_enabled_is_fine():
    systemctl("disable", *(unit(app) for app in APPS))
    systemctl("start", "mpyd.service")
    tap.true("no app was enabled" in host.show("mpyd.service", "StatusText")[0], "STATUS=")
    host.start("steady")
    systemctl("stop", "mpyd.service")
    tap.equal(state(unit("steady")), ["inactive"], "one that was started by hand")


TESTS = [
    starts_stops_and_restarts_all,
    one_that_cannot_start_keeps_no_other,
    reload_reaches_all_and_fails_if_one_refuses,
    many_restarts_are_no_failure,
    none_enabled_is_fine,
]
