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
    tap.true("no app is enabled" in host.show("mpyd.service", "StatusText")[0], "STATUS=")
    host.start("steady")
    systemctl("stop", "mpyd.service")
    tap.equal(state(unit("steady")), ["inactive"], "one that was started by hand")


TESTS = [
    starts_stops_and_restarts_all,
    one_that_cannot_start_keeps_no_other,
    many_restarts_are_no_failure,
    none_enabled_is_fine,
]
