# SPDX-License-Identifier: MIT
"""mpyctl on a machine with systemd: units, control sockets, who may ask."""

import json
import os
import re
import shutil
import subprocess

import host
import tap
from host import run, unit

APP = "steady"


def ctl(*arguments, status=0):
    return run("mpyctl", *arguments, status=status)


def as_user(name, *arguments, status=0):
    return run("setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups", "mpyctl", *arguments, status=status)


def told():
    """What status --json has of the app."""
    [app] = json.loads(run("mpyctl", "status", "--json", APP, status=None))["apps"]
    return app


def a_unit_at_rest_is_told_of_and_stays_at_rest():
    host.bring(APP)
    ctl("status", APP, status=9)
    tap.equal((told()["state"], told()["status"]), ("inactive", None), "state")
    ctl("call", APP, "anything", status=9)
    ctl("restart", APP, status=9)
    tap.equal(host.show(unit(APP), "ActiveState"), ["inactive"], "nobody started it")
    said = run("sh", "-c", "mpyctl crash 2>&1")
    tap.true("no state directory" not in said, f"of apps that nobody named: {said}")


def starts_and_stops_units():
    host.bring(APP)
    ctl("start", APP)
    app = told()
    tap.equal((app["state"], app["unit"]["active"]), ("running", "active"), "state")
    tap.equal(app["control"], f"/run/mpydctl/{APP}/control", "socket")
    tap.true(re.search(rf"^{APP} +running ", ctl("status"), re.M), ctl("status"))
    tap.true(re.search(rf"^{APP} .* running ", ctl("list"), re.M), ctl("list"))
    ctl("status", "--probe", APP)
    ctl("stop", APP)
    tap.equal(host.show(unit(APP), "ActiveState", "Result"), ["inactive", "success"], "stopped")
    ctl("status", "--probe", APP, status=1)


def restarts_the_worker_or_all():
    host.start(APP)
    before = host.processes(APP)
    ctl("restart", APP)
    after = host.processes(APP)
    tap.equal(after["supervisor"], before["supervisor"], "the supervisor stays")
    tap.true(after["worker"] != before["worker"], "the worker is another")
    tap.equal(told()["status"]["restarts"]["manual"], 1, "counted")
    ctl("restart", "--full", APP)
    tap.true(host.processes(APP)["supervisor"] != before["supervisor"], "all are others")
    tap.equal(told()["state"], "running", "state")
    host.stop(APP)


def reload_narrows_what_runs():
    host.start(APP)
    os.makedirs(f"/etc/mpyd/{APP}.conf.d", exist_ok=True)
    path = f"/etc/mpyd/{APP}.conf.d/10-test.conf"
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write("[limits]\nlog_rate = 7\n")
        tap.equal(ctl("reload", APP), f"{APP}: [limits] log_rate applies now\n", "what applies")
        shown = ctl("config", "show", APP, "--set")
        tap.true(f"{path}:2" in shown, shown)
        with open(path, "w", encoding="ascii") as file:
            file.write("[limits]\nlog_rat = 7\n")
        ctl("reload", APP, status=4)
        host.systemctl("reload", unit(APP), status=None)
        tap.equal(told()["state"], "running", "one that is refused changes nothing")
    finally:
        os.unlink(path)
    host.stop(APP)


def only_root_and_the_group_may_ask():
    run("systemd-sysusers", "-", input="u caretaker -\nm caretaker mpyd\nu stranger -\n")
    host.start(APP)
    tap.true("running" in as_user("caretaker", "status", APP), "the group may")
    as_user("caretaker", "restart", APP)
    said = as_user("stranger", "status", APP, status=10)
    tap.true("denied" in said, said)
    as_user("stranger", "restart", APP, status=10)
    as_user("stranger", "stop", APP, status=None)
    tap.equal(told()["state"], "running", "and it goes on")
    said = run("journalctl", "--no-pager", f"--unit={unit(APP)}")
    tap.true(" of a user of the group mpyd asked for another worker" in said, said)
    tap.true("65534" not in said, said)
    host.stop(APP)
    for user in ("caretaker", "stranger"):
        run("userdel", user)


def a_refusal_is_told_with_its_remedy():
    """The supervisor is gone: what is told comes from the unit."""
    host.bring(APP)
    with open(f"/etc/mpyd/{APP}.conf", "w", encoding="ascii") as file:
        file.write("[limits]\nheep = 1M\n")
    try:
        ctl("start", APP, status=1)
        app = told()
        tap.equal((app["state"], app["unit"]["exit_status"]), ("failed", 4), "state")
        tap.true(f"mpyctl logs {APP}" in app["remedy"], app)
        ctl("config", "show", APP, status=4)
        tap.true(f"/etc/mpyd/{APP}.conf:2: " in ctl("logs", APP), "what the remedy promises")
        tap.true(f"{APP} is failed" in ctl("doctor", status=1), "the doctor knows")
    finally:
        os.unlink(f"/etc/mpyd/{APP}.conf")
        host.systemctl("reset-failed", unit(APP), status=None)


def said_by(*command):
    """What a command that fails says is wrong."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=host.TIMEOUT, check=False)
    tap.equal((done.returncode, done.stdout), (1, ""), f"{command}: {done.stderr}")
    return done.stderr


def starts_that_were_asked_for_do_not_count():
    """Only failures that systemd itself tries again lead to "start request repeated too quickly"."""
    host.start(APP)
    for _ in range(8):
        host.systemctl("restart", unit(APP))
    tap.equal(host.show(unit(APP), "ActiveState", "Result"), ["active", "success"], "restarted")
    tap.true(os.path.exists(f"/run/mpydctl/{APP}/control"), "its control socket")
    host.stop(APP)
    host.configure(APP, "[limits]\nheep = 1M\n")
    why = (f"mpyctl: {APP}: the configuration was refused (exit status 4); mpyctl logs "
           f"{APP} says which line of which file; then mpyctl start {APP}\n")  # fmt: skip
    try:
        for _ in range(7):
            tap.equal(said_by("mpyctl", "start", APP), why, "the reason")
    finally:
        host.configure(APP, None)
    ctl("start", APP)
    tap.equal(told()["state"], "running", "once it is mended")
    host.stop(APP)


def what_is_not_installed_is_not_tried_again():
    said = said_by("mpyctl", "start", "absent")
    tap.true("no image of this name is installed; mpyctl install IMAGE brings one" in said, said)
    tap.equal(host.show(unit("absent"), "ActiveState", "ExecMainStatus", "NRestarts"),
              ["failed", "3", "0"], "the unit")  # fmt: skip
    host.systemctl("reset-failed", unit("absent"))


def the_doctor_finds_a_machine_well():
    host.start(APP)
    found = json.loads(run("mpyctl", "doctor", "--json", status=None))["findings"]
    bad = [f for f in found if f["level"] == "problem" and f["area"] in ("keys", "units", "apps")]
    tap.equal(bad, [], "problems")
    units = [f["what"] for f in found if f["area"] == "units"]
    tap.true("mpyd@.service is installed" in units, units)
    host.stop(APP)


def the_doctor_finds_a_key_that_counts_for_nothing():
    path = "/etc/mpyd/keys.d/bare.key"
    shutil.copy(f"{host.SHARED}/vendor.pub", path)
    found = json.loads(run("mpyctl", "doctor", "--json", status=None))["findings"]
    os.remove(path)
    said = [(f["level"], f["what"]) for f in found if f["area"] == "keys"]
    tap.true(("note", "1 more there count for nothing") in said, said)


def watches_an_app():
    host.start(APP)
    text = ctl("metrics")
    tap.true(re.search(rf'^mpyd_calls_total{{app="{APP}",group="channel"}} \d', text, re.M), text)
    tap.true(APP in ctl("top", "--count", "1", "--interval", "100ms", APP), "top")
    tap.true("GRANT" in ctl("policy", "explain", APP), "policy")
    host.stop(APP)


TESTS = [
    a_unit_at_rest_is_told_of_and_stays_at_rest,
    starts_and_stops_units,
    restarts_the_worker_or_all,
    reload_narrows_what_runs,
    only_root_and_the_group_may_ask,
    a_refusal_is_told_with_its_remedy,
    starts_that_were_asked_for_do_not_count,
    what_is_not_installed_is_not_tried_again,
    the_doctor_finds_a_machine_well,
    the_doctor_finds_a_key_that_counts_for_nothing,
    watches_an_app,
]
