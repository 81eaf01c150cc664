# SPDX-License-Identifier: MIT
"""What an administrator sees: the journal and its catalog, mpyctl, varlinkctl, and who may."""

import json
import os
import shutil

import host
import tap
from host import unit

APP = "steady"
CONTROL = f"/run/mpydctl/{APP}/control"


def lines_of_the_app_have_their_fields():
    since = host.now()
    host.start(APP)
    host.stop(APP)
    entries = host.entries(f"APP={APP}", since=since)
    up = [e for e in entries if e["MESSAGE"].endswith("> up")]
    tap.equal(len(up), 1, f"entries: {[e['MESSAGE'] for e in entries]}")
    for field, value in (("SYSLOG_IDENTIFIER", "mpyd"), ("LEVEL", "info"), ("PRIORITY", "6"),
                         ("_SYSTEMD_UNIT", unit(APP))):  # fmt: skip
        tap.equal(up[0].get(field), value, field)
    tap.equal(len(up[0].get("IMAGE", "")), 16, "IMAGE")


def events_are_explained_by_the_catalog():
    host.run("journalctl", "--update-catalog")
    listed = host.run("journalctl", "--list-catalog")
    ours = [line for line in listed.splitlines() if " mpyd" in line.lower()]
    tap.true(len(ours) >= 5, f"entries of the catalog: {listed[-500:]}")
    host.bring("porter")
    since = host.now()
    host.start("porter")
    host.wait_for("a crash", lambda: host.entries("APP=porter", since=since) and any(
        "MESSAGE_ID" in e for e in host.entries("APP=porter", since=since)))  # fmt: skip
    explained = host.run("journalctl", "--no-pager", "--catalog", "-u", unit("porter"))
    tap.true("Defined-By: mpyd" in explained, explained[-800:])
    tap.true('"mpyctl crash porter"' in explained, explained[-800:])
    host.stop("porter")


def mpyctl_knows_the_unit():
    host.start(APP)
    shown = json.loads(host.run("mpyctl", "status", "--json", APP))
    tap.true("running" in json.dumps(shown), str(shown))
    tap.true(APP in host.run("mpyctl", "list"), "list")
    generation = host.processes(APP)
    host.run("mpyctl", "restart", APP)
    now = host.processes(APP)
    tap.equal(now["supervisor"], generation["supervisor"], "the supervisor")
    tap.true(now["worker"] != generation["worker"], "the worker is the same")
    host.run("mpyctl", "stop", APP)
    host.wait_state(unit(APP), "inactive")


def others_are_refused_and_the_group_is_not():
    host.start(APP)
    as_user = ["setpriv", "--reuid=1234", "--regid=1234"]
    host.run(*as_user, "--clear-groups", "mpyctl", "status", APP, status=10)
    host.run(*as_user, "--groups=mpyd", "mpyctl", "status", APP)
    host.stop(APP)


def varlinkctl_introspects_and_calls():
    if not shutil.which("varlinkctl"):
        raise tap.Skip("this systemd has no varlinkctl yet")
    host.start(APP)
    tap.true("org.mpyd.App" in host.run("varlinkctl", "info", CONTROL), "info")
    text = host.run("varlinkctl", "introspect", CONTROL, "org.mpyd.App")
    tap.true("method Status" in text, text)
    status = json.loads(host.run("varlinkctl", "call", "--json=short", CONTROL,
                                 "org.mpyd.App.Status", "{}"))  # fmt: skip
    tap.equal((status["app"], status["state"]), (APP, "running"), "status")
    metrics = json.loads(host.run("varlinkctl", "call", "--json=short", CONTROL,
                                  "org.mpyd.App.Metrics", "{}"))  # fmt: skip
    tap.true(metrics["families"], "no metrics")
    host.run("varlinkctl", "call", CONTROL, "org.mpyd.App.Absent", "{}", status=1)
    host.stop(APP)


def nothing_is_left_running():
    host.systemctl("stop", "mpyd.service")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                title = file.read()
        except OSError:
            continue
        tap.true(not title.startswith(b"mpyd"), f"{pid}: {title}")
    sockets = [name for _, _, names in os.walk("/run/mpydctl") for name in names]
    tap.equal(sockets, [], "sockets")


TESTS = [
    lines_of_the_app_have_their_fields,
    events_are_explained_by_the_catalog,
    mpyctl_knows_the_unit,
    others_are_refused_and_the_group_is_not,
    varlinkctl_introspects_and_calls,
    nothing_is_left_running,
]
