# SPDX-License-Identifier: MIT
"""What systemd and the supervisor make of an app that does not do its work, and of each other."""

import contextlib
import os
import shutil
import signal
import time

import control
import host
import tap
from host import systemctl, unit, wait_for

DEGRADED = "105a2bcefd5f4805ae178155a0377e77"  # base/message-ids.h
GAVE_UP = "8bf17210eef14a23923b92850ea113d2"
WATCHDOG_SEC = "4s"


@contextlib.contextmanager
def running(app, **settings):
    """APP runs with SETTINGS of its unit; afterwards nothing of either is left, whatever happened."""
    folder = f"/run/systemd/system/{unit(app)}.d"
    os.makedirs(folder)
    with open(f"{folder}/10-test.conf", "w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in ["[Service]", *(f"{k}={v}" for k, v in settings.items())])
    systemctl("daemon-reload")
    try:
        host.start(app)
        yield
    finally:
        host.stop(app)
        shutil.rmtree(folder)
        systemctl("daemon-reload")


def main_pid(app):
    return int(host.show(unit(app), "MainPID")[0])


def words(app, since):
    return [entry["MESSAGE"] for entry in host.entries(f"APP={app}", since=since)]


def unit_is_up_when_the_app_says_so():
    since = host.now()
    host.bring("late")
    systemctl("start", "--no-block", unit("late"))
    path = "/run/mpydctl/late/control"

    def is_waiting():
        try:
            return control.call(path, "Status")["state"] == "starting"
        except OSError:
            return False  # not there yet

    wait_for("the app to run", is_waiting)
    tap.equal(host.show(unit("late"), "ActiveState", "SubState"), ["activating", "start"], "state")
    wait_for("its first word", lambda: "late> waiting" in words("late", since))
    control.call(path, "Call", {"name": "go", "argument": ""})
    host.wait_state(unit("late"), "active")
    control.call(path, "Call", {"name": "end", "argument": ""})
    host.wait_state(unit("late"), "inactive")
    host.stop("late")


def app_that_ends_well_before_it_is_ready_is_no_failure():
    host.bring("late")
    systemctl("start", "--no-block", unit("late"))
    path = "/run/mpydctl/late/control"

    def ends():
        try:
            return control.call(path, "Call", {"name": "end", "argument": ""}) is not None
        except (OSError, control.Refused):
            return False  # not there yet, or not listening yet

    wait_for("the app to end", ends)
    host.wait_state(unit("late"), "inactive")
    tap.equal(host.show(unit("late"), "Result", "NRestarts"), ["success", "0"], "result")
    host.stop("late")


def who_hangs_is_restarted_by_its_supervisor_not_by_systemd():
    """The supervisor is quicker than systemd's watchdog, which it does not feed meanwhile. In the
    end it gives up, and systemd, who has heard nothing of all that but words, takes over."""
    since = host.now()
    with running("liar", WatchdogSec=WATCHDOG_SEC, RestartSec="1h"):
        supervisor = main_pid("liar")
        wait_for("degraded", lambda: host.show(unit("liar"), "StatusText")[0].startswith("degraded"))
        tap.equal(main_pid("liar"), supervisor, "the supervisor, while degraded")
        wait_for("its end", lambda: host.show(unit("liar"), "SubState") == ["auto-restart"])
        said = host.entries("APP=liar", since=since)
        ids = [entry.get("MESSAGE_ID") for entry in said]
        tap.true(ids.count(DEGRADED) >= 3, f"{ids.count(DEGRADED)} times degraded: {said}")
        tap.equal(ids.count(GAVE_UP), 1, "times given up")
        killed = [entry["MESSAGE"] for entry in said if "killed by the watchdog" in entry["MESSAGE"]]
        tap.equal(len(killed), ids.count(DEGRADED), "workers killed")
        tap.equal({entry["_PID"] for entry in said}, {str(supervisor)}, "who has said all that")
        tap.equal(host.show(unit("liar"), "Result"), ["exit-code"], "result")


def supervisor_that_hangs_is_ended_by_systemd():
    """SIGSTOP: nobody feeds the watchdog. What comes back is whole, and nothing is left behind."""
    with running("steady", WatchdogSec="1s", RestartSec="0"):
        before = wait_for("processes", lambda: host.processes("steady"))
        os.kill(before["supervisor"], signal.SIGSTOP)

        def renewed():
            now = host.processes("steady")
            return len(now) == 3 and now["supervisor"] != before["supervisor"]

        wait_for("another supervisor", renewed)
        host.wait_state(unit("steady"), "active")
        for role, pid in before.items():
            tap.true(pid not in host.processes("steady").values(), f"the {role} is still there")
            tap.true(not os.path.exists(f"/proc/{pid}"), f"the {role} is left")


def watchdog_is_fed_for_as_long_as_the_app_is_well():
    with running("steady", WatchdogSec="300ms"):
        supervisor = main_pid("steady")
        time.sleep(2)
        tap.equal(main_pid("steady"), supervisor, "the supervisor after six times its watchdog's patience")
        tap.equal(host.show(unit("steady"), "NRestarts"), ["0"], "restarts")


TESTS = [
    unit_is_up_when_the_app_says_so,
    app_that_ends_well_before_it_is_ready_is_no_failure,
    who_hangs_is_restarted_by_its_supervisor_not_by_systemd,
    supervisor_that_hangs_is_ended_by_systemd,
    watchdog_is_fed_for_as_long_as_the_app_is_well,
]
