# SPDX-License-Identifier: MIT
"""What apps say, in a real journal, and what is left of a crash."""

import json
import os
import signal

import host
import tap
from host import run, systemctl, unit, wait_for

APP = "talker"
CRASH = "dde119cfdddb4c1b93ea7869dec9992c"


def said(since, text, *matches):
    """Entries of the app's unit with TEXT in their message."""
    found = host.entries(f"_SYSTEMD_UNIT={unit(APP)}", *matches, since=since)
    return [entry for entry in found if text in entry["MESSAGE"]]


def fail(text):
    run("mpyctl", "call", APP, "fail", text, status=None)


def entries_have_fields_that_the_journal_keeps():
    since = host.now()
    host.start(APP)
    [begun] = wait_for("the app's words", lambda: said(since, "> begun"))
    [started] = said(since, "started, generation 1")
    image = started["MESSAGE"].rpartition(" ")[2]
    for entry, level, priority in ((begun, "err", "3"), (started, "info", "6")):
        tap.equal((entry["APP"], entry["IMAGE"], entry["LEVEL"], entry["PRIORITY"]),
                  (APP, image, level, priority), "fields")
        tap.equal((entry["SYSLOG_IDENTIFIER"], entry["_TRANSPORT"]), ("mpyd", "journal"), "whose")
    tap.equal((begun["MESSAGE"], begun["CALL"]), ("talker> begun", "log.write"), "the app")
    tap.true("CALL" not in started, "mpyd")
    host.stop(APP)


def logs_shows_what_the_unit_said():
    host.start(APP)
    wait_for("lines", lambda: "talker> line 3" in run("mpyctl", "logs", APP, "--no-pager"))
    own = run("mpyctl", "logs", APP, "--own", "-o", "cat", "-n", "5", "--no-pager").splitlines()
    tap.true(own and all(line.startswith("talker> ") for line in own), f"{own}")
    host.stop(APP)


def crash_is_told_in_the_journal_and_by_mpyctl():
    since = host.now()
    host.start(APP)
    fail("no more of this")
    [entry] = wait_for("a crash", lambda: said(since, "uncaught exception", f"MESSAGE_ID={CRASH}"))
    tap.equal((entry["KIND"], entry["APP"]), ("exception", APP), "fields")
    kept = json.loads(entry["REPORT"])
    tap.equal(kept["traceback"][-1], "ValueError: no more of this", f"{kept}")
    [asked] = json.loads(run("mpyctl", "crash", APP, "--json"))
    tap.equal(asked, kept, "the report of its supervisor")
    host.stop(APP)
    [read] = json.loads(run("mpyctl", "crash", APP, "--json"))
    tap.equal(read, kept, "the report in its state directory")
    tap.true("ValueError: no more of this" in run("mpyctl", "crash", APP), "for people")


def events_are_explained():
    """The package has brought its catalog to the journal's."""
    text = run("journalctl", "--catalog", "--no-pager", f"MESSAGE_ID={CRASH}")
    tap.true("A worker of the app talker ended badly" in text, text)
    tap.true('"mpyctl crash talker"' in text, text)


def calls_are_traced_live():
    host.start(APP)
    said = run("mpyctl", "trace", APP, "--call", "log.write", "--count", "3", "--json")
    names = [json.loads(line)["name"] for line in said.splitlines()]
    tap.equal(names, ["log.write"] * 3, "calls")
    table = run("mpyctl", "trace", APP, "--count", "5", "--summary").splitlines()
    tap.equal(table[-1].split()[-3:], ["5", "0", "total"], "summary")
    host.stop(APP)


def journal_that_is_restarted_loses_the_app_nothing():
    since = host.now()
    host.start(APP)
    wait_for("a line", lambda: said(since, "> line"))
    systemctl("restart", "systemd-journald")
    after = host.now()
    wait_for("entries with fields", lambda: said(after, "> line", f"APP={APP}"))
    host.stop(APP)


def journal_that_is_stuck_holds_up_nothing():
    host.start(APP)
    journald = int(host.show("systemd-journald", "MainPID")[0])

    def calls():
        return json.loads(run("mpyctl", "status", APP, "--json"))["apps"][0]["status"]["calls"]

    os.kill(journald, signal.SIGSTOP)
    try:
        before = calls()
        wait_for("calls while the journal is stopped", lambda: calls() > before + 40)
    finally:
        os.kill(journald, signal.SIGCONT)
    host.stop(APP)


TESTS = [
    entries_have_fields_that_the_journal_keeps,
    logs_shows_what_the_unit_said,
    crash_is_told_in_the_journal_and_by_mpyctl,
    events_are_explained,
    calls_are_traced_live,
    journal_that_is_restarted_loses_the_app_nothing,
    journal_that_is_stuck_holds_up_nothing,
]
