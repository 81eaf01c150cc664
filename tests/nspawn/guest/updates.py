# SPDX-License-Identifier: MIT
"""mpyctl install and rollback: an update is tried in the app's own unit, and kept or not."""

import json
import os
import shutil
import signal
import socket
import subprocess

import host
import tap
from host import unit, wait_for

APP = "gauge"
CONFIG = f"/etc/mpyd/{APP}.conf"
FAILED, UNTRUSTED = 1, 7
CONFIRMED = "ccd4934625304bf3b18ab3d3b5978565"
ROLLED_BACK = "e8e3b860aa10413ab081bf02f4ac6723"


def clear():
    """A machine on which the app never was."""
    host.stop(APP)
    host.run("systemctl", "stop", f"mpyd-probation@{APP}.service", status=None)
    for path in (f"/var/lib/mpyd-images/{APP}", f"/var/lib/mpyd-incoming/{APP}"):
        shutil.rmtree(path, ignore_errors=True)
    for path in (f"/var/lib/mpyd-floors/{APP}", f"/run/mpyd-slots/{APP}.trial", CONFIG):
        if os.path.exists(path):
            os.remove(path)


def configure(probation):
    with open(CONFIG, "w", encoding="ascii") as file:
        file.write(f"[update]\nprobation = {probation}\n")


def install(which, *options, status=0, says=()):
    command = ["mpyctl", "install", "--name", APP, f"{host.SHARED}/images/gauge-{which}.mpyimg"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=host.TIMEOUT)
    said = done.stdout + done.stderr
    tap.equal(done.returncode, status, f"install {which}: {said}")
    for words in says:
        tap.true(words in said, f"{words!r} is not in {said!r}")


def state():
    with open(f"/var/lib/mpyd-images/{APP}/state", encoding="ascii") as file:
        lines = [line.split(" = ", 1) for line in file.read().split("\n\n")[0].splitlines()[1:]]
    return dict(lines)


def floor():
    try:
        with open(f"/var/lib/mpyd-floors/{APP}", encoding="ascii") as file:
            return int(file.read())
    except FileNotFoundError:
        return 0


def ask_status():
    """What the supervisor answers, or nothing: it was about to end."""
    answer = b""
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(host.PATIENCE)
        control.connect(f"/run/mpydctl/{APP}/control")
        control.sendall(b'{"method": "org.mpyd.App.Status"}\0')
        while not answer.endswith(b"\0"):
            piece = control.recv(65536)
            if not piece:
                return None
            answer += piece
    return json.loads(answer[:-1])


def version():
    """Of what runs; None between the two halves of a restart, when nobody listens or replies."""
    try:
        status = ask_status()
    except (FileNotFoundError, ConnectionError):
        return None
    return status and status["parameters"]["version"]


def runs(expected):
    host.wait_state(unit(APP), "active")

    def is_it():
        try:
            return version() == expected
        except ConnectionError:
            return False  # it was about to end, or is about to begin

    wait_for(f"version {expected}", is_it)


def start_with(which):
    """WHICH was installed, started and confirmed."""
    clear()
    configure("2s")
    install(which, says=["to be tried with the next start"])
    host.systemctl("start", unit(APP))
    wait_for("the confirmation", lambda: state()["trial"] == "none")


def events(identity, since):
    matches = (f"MESSAGE_ID={identity}", f"APP={APP}")
    return [entry["MESSAGE"] for entry in host.entries(*matches, since=since)]


def what_is_installed_is_confirmed_once_it_did_well():
    since = host.now()
    start_with("one")
    runs("1.0")
    install("two", says=["version 2.0 is in slot b", "version 2.0 is confirmed, in slot b"])
    runs("2.0")
    tap.equal(floor(), 1, "floor")
    said = wait_for("both events", lambda: len(said := events(CONFIRMED, since)) == 2 and said)
    tap.true("version 2.0 is confirmed" in said[1], f"{said}")
    install("two", says=["nothing to do"])
    install("old", status=UNTRUSTED, says=["counter 0 is below 1"])
    host.run("mpyctl", "rollback", APP)
    runs("1.0")
    clear()


def one_that_does_not_do_well_is_rolled_back(which, why):
    start_with("two")
    since = host.now()
    install(which, status=FAILED, says=["rolled back from version 3.", " to 2.0: ", why])
    runs("2.0")
    tap.equal(floor(), 1, "floor")
    wait_for("the event", lambda: any(why in line for line in events(ROLLED_BACK, since)))
    tap.equal(host.show(unit(APP), "ActiveState"), ["active"], "state")
    clear()


def one_that_crashes_is_rolled_back():
    one_that_does_not_do_well_is_rolled_back("crashing", "its worker failed")


def one_that_never_gets_ready_is_rolled_back():
    one_that_does_not_do_well_is_rolled_back("hanging", "it was never seen to be ready")


def one_that_misses_its_heartbeat_is_rolled_back():
    one_that_does_not_do_well_is_rolled_back("silent", "rolled back")


def one_that_comes_to_its_end_is_rolled_back():
    one_that_does_not_do_well_is_rolled_back("ending", "it came to its end before it was confirmed")


def one_that_is_restarted_at_once_is_watched():
    start_with("one")
    install("two", "--no-wait")
    for _ in range(3):
        runs("2.0")
        host.systemctl("restart", unit(APP))
    wait_for("the confirmation", lambda: state()["good"] == "b")
    clear()


def a_supervisor_killed_on_trial_is_followed_by_what_was_before():
    start_with("one")
    configure("1h")
    install("two", "--no-wait", says=["version 2.0 is in slot b"])
    runs("2.0")
    os.kill(host.processes(APP)["supervisor"], signal.SIGKILL)
    runs("1.0")
    tap.true("rolled back from version 2.0 to 1.0" in state()["event"], f"{state()}")
    wait_for("the watch to end", lambda: not watched())
    clear()


def watched():
    return host.show(f"mpyd-probation@{APP}.service", "ActiveState") != ["inactive"]


def a_stop_in_order_is_no_failure():
    start_with("one")
    configure("1h")
    install("two", "--no-wait")
    runs("2.0")
    host.systemctl("stop", unit(APP))
    wait_for("the watch to end", lambda: not watched())
    tap.equal(state()["trial"], "b", "the trial")
    configure("1s")
    host.systemctl("start", unit(APP))
    wait_for("the confirmation", lambda: state()["good"] == "b")
    clear()


def slots_are_for_supervisors_alone():
    start_with("one")
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    for command in (
        ["ls", "/var/lib/mpyd-images"],
        ["ls", f"/var/lib/mpyd-images/{APP}/a"],
        ["cat", f"/var/lib/mpyd-images/{APP}/a/{APP}.mpyimg"],
        ["ls", "/var/lib/mpyd-incoming"],
        ["touch", f"/var/lib/mpyd-images/{APP}/state"],
    ):
        done = subprocess.run([*nobody, *command], capture_output=True, text=True)
        tap.true(done.returncode != 0, f"{command}: {done.stdout}")
    host.run(*nobody, "cat", f"/var/lib/mpyd-images/{APP}/state")
    clear()


TESTS = [
    what_is_installed_is_confirmed_once_it_did_well,
    one_that_crashes_is_rolled_back,
    one_that_never_gets_ready_is_rolled_back,
    one_that_misses_its_heartbeat_is_rolled_back,
    one_that_comes_to_its_end_is_rolled_back,
    one_that_is_restarted_at_once_is_watched,
    a_supervisor_killed_on_trial_is_followed_by_what_was_before,
    a_stop_in_order_is_no_failure,
    slots_are_for_supervisors_alone,
]
