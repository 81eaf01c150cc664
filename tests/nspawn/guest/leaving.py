# SPDX-License-Identifier: MIT
"""The package removed, installed again, purged, and upgraded while an app runs."""

import glob
import os
import shutil
import socket
import stat

import host
import tap
import traces
from host import run, show, unit, wait_for

APP = "porter"  # counts what it is asked, in its state
STATE = f"/var/lib/private/mpyd/{APP}"
SOCKETS = [f"mpyd@{APP}.socket", f"mpyd-ports@{APP}.socket"]
CONTROL = f"/run/mpydctl/{APP}/control"
SECRET = f"/etc/credstore/mpyd.{APP}.token"


def package(folder):
    [found] = glob.glob(f"{folder}/mpyd_*.deb")
    return found


def count():
    with socket.create_connection(("127.0.0.1", 80), timeout=host.PATIENCE) as connection:
        connection.send(b"count")
        return int(connection.recv(100))


def start_counting():
    os.makedirs("/etc/credstore", mode=0o700, exist_ok=True)
    with open(SECRET, "wb") as file:
        file.write(b"sesame")
    host.trust_vendor()
    host.bring(APP)
    run("mpyctl", "enable", "--now", APP)
    host.wait_state(unit(APP), "active")


def mpyd_processes():
    """Command lines of all processes of mpyd and its apps."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                title = file.read()
        except OSError:
            continue
        if title.startswith(b"mpyd") or title.split(b"\0")[0] == APP.encode():
            found.append(title)
    return found


def clear():
    """Takes away what an administrator and vendors have brought, not what mpyd has made."""
    for path in glob.glob("/etc/credstore/mpyd.*"):
        os.unlink(path)
    shutil.rmtree(host.VENDOR, ignore_errors=True)
    before = traces.remembered()
    for folder in ("/usr/lib/mpyd", "/etc/credstore"):
        if folder not in before and os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)


def traces_in_run():
    found = glob.glob("/run/mpyd*") + glob.glob("/run/systemd/**/*mpyd*", recursive=True)
    return [path for path in found if "mpyd-tests" not in path]  # which runs this


def nothing_is_left():
    left = [f"runs: {title!r}" for title in mpyd_processes()]
    left += run("systemctl", "list-units", "--all", "--plain", "--no-legend", "mpyd@*").splitlines()
    left += traces_in_run()
    clear()
    left += traces.differences()
    tap.equal(left, [], "against before it was installed")


def purge():
    run("mpyctl", "start", "absent", status=1)  # which fails, and so its unit has failed
    host.apt("autoremove", "--purge", "mpyd")


def stop_of_all_leaves_nothing_running():
    """Whatever the tests before have started."""
    run("systemctl", "stop", "mpyd.service")
    tap.equal(mpyd_processes(), [], "processes")
    sockets = [name for _, _, names in os.walk("/run/mpydctl") for name in names]
    tap.equal(sockets, [], "sockets")
    run("systemctl", "start", "mpyd.service")


def purge_leaves_nothing():
    """Of all that the other tests have done, too."""
    start_counting()
    count()
    purge()
    nothing_is_left()


def another_control_socket():
    """The unit of the package before, as if it had said something else."""
    path = show(f"mpyd@{APP}.socket", "FragmentPath")[0]
    run("sed", "--in-place", "s/^SocketMode=.*/SocketMode=0600/", path)
    run("systemctl", "daemon-reload")


def when_opened():
    return [int(show(name, "ActiveEnterTimestampMonotonic")[0]) for name in SOCKETS]


def upgrade_keeps_state_and_restarts_what_runs():
    host.apt("install", package(f"{host.SHARED}/previous"))
    older = host.installed("mpyd")
    another_control_socket()
    start_counting()
    opened = when_opened()
    before = count()
    tap.equal(stat.S_IMODE(os.stat(CONTROL).st_mode), 0o600, "the control socket, by the unit before")
    main = show(unit(APP), "MainPID")
    with open(f"/etc/mpyd/{APP}.conf", "w", encoding="ascii") as file:
        file.write("[limits]\nlog_rate = 7\n")
    host.bring("steady")
    run("systemctl", "start", unit("steady"))
    host.bring("other")
    host.apt("install", package(host.DEBS))
    tap.true(host.installed("mpyd") != older, f"still {older}")
    wait_for("the app", lambda: show(unit(APP), "ActiveState", "SubState") == ["active", "running"])
    tap.true(show(unit(APP), "MainPID") != main, "it runs what was before")
    tap.equal(count(), before + 1, "the next count")
    tap.true(all(now > then for now, then in zip(when_opened(), opened, strict=True)), "sockets of before")
    tap.equal(stat.S_IMODE(os.stat(CONTROL).st_mode), 0o660, "the control socket, by the unit installed now")
    for name in (*SOCKETS, unit(APP)):
        tap.equal(show(name, "ActiveState", "NeedDaemonReload"), ["active", "no"], name)
    tap.equal(show(unit("steady"), "ActiveState"), ["active"], "one that was started by hand")
    tap.equal(show(unit("other"), "ActiveState"), ["inactive"], "one that did not run")
    tap.true("log_rate = 7" in run("cat", f"/etc/mpyd/{APP}.conf"), "its configuration")
    tap.equal(show("mpyd.service", "ActiveState"), ["active"], "mpyd.service")
    run("systemctl", "is-enabled", unit(APP))


def downgrade_is_possible():
    before = count()
    host.apt("install", "--allow-downgrades", package(f"{host.SHARED}/previous"))
    host.wait_state(unit(APP), "active")
    tap.equal(count(), before + 1, "the next count")


def remove_stops_all_and_keeps_state():
    before = count()
    host.apt("remove", "mpyd")
    tap.equal(mpyd_processes(), [], "processes")
    tap.true(os.path.isdir(STATE), f"{STATE} is gone")
    tap.true(os.path.exists(f"/etc/mpyd/{APP}.conf"), "its configuration is gone")
    host.apt("install", package(host.DEBS))
    run("systemctl", "start", "mpyd.service")
    host.wait_state(unit(APP), "active")
    tap.equal(count(), before + 1, "the next count")


def purge_leaves_nothing_of_an_app_that_runs():
    purge()
    nothing_is_left()


def purge_keeps_to_a_policy_that_forbids_to_stop_what_runs():
    """Then the administrator does, and nothing is left either."""
    host.apt("install", package(host.DEBS))
    start_counting()
    before = show(unit(APP), "MainPID")
    with host.all_forbidden():
        host.apt("autoremove", "--purge", "mpyd")
    tap.equal(show(unit(APP), "ActiveState", "MainPID"), ["active", *before], "the app")
    run("systemctl", "stop", "mpyd@*", "mpyd.service")
    nothing_is_left()


TESTS = [
    stop_of_all_leaves_nothing_running,
    purge_leaves_nothing,
    upgrade_keeps_state_and_restarts_what_runs,
    downgrade_is_possible,
    remove_stops_all_and_keeps_state,
    purge_leaves_nothing_of_an_app_that_runs,
    purge_keeps_to_a_policy_that_forbids_to_stop_what_runs,
]
