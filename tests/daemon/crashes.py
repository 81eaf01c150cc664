# SPDX-License-Identifier: MIT
"""Crash reports: each kind of end, what is told of it, what is never told, and how many are kept."""

import json
import os
import re
import signal
import time

import apps as small
import service
import tap
from stopping import NATIVE

RAISING = """\
import socket
def deep(n):
    if n == 0:
        socket.socket().connect(("192.0.2.1", 80))
    deep(n - 1)
print("begun")
deep(3)
"""
HEAP = """\
kept = []
while True:
    kept.append(bytearray(1000))
"""
STUBBORN = """\
print("ready")
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
SLEEPING = """\
import time
print("ready")
time.sleep(1000)
"""
SILENT = """\
import mpyd, time
mpyd.ready()
time.sleep(1000)
"""
LEAKING = """\
import mpyd
token = mpyd.secret("token").decode()
print("a payload nobody else needs")
raise ValueError("this is no token: " + token)
"""
SENDING = """\
import mpyd, socket
token = mpyd.secret("token").decode()
print("it is " + token)
try:
    socket.getaddrinfo(token + ".localhost", 80)
except OSError:
    pass
raise ValueError
"""
HEARTBEAT = '[health]\nready = "20s"\nheartbeat = "300ms"\n'


class Kept:
    """The state directory of an app, and the reports in it."""

    def __init__(self, apps):
        self.path = os.path.join(apps.open_folder(), "state")

    def names(self):
        return sorted(os.listdir(os.path.join(self.path, "crash")))

    def reports(self):
        """The newest first."""
        found = []
        for name in reversed(self.names()):
            with open(os.path.join(self.path, "crash", name), encoding="utf-8") as file:
                found.append(json.load(file))
        return found


def start(apps, image, kept, config=small.NO_RESTART, before=()):
    command = apps.command(image, config)
    return apps.follow(service.Service([*before, *command, "--state", kept.path]))


def report_of(apps, image, config=small.NO_RESTART, act=None, status=1):
    """The one report of a worker that ended after ACT, and what mpyd said."""
    kept = Kept(apps)
    running = start(apps, image, kept, config)
    if act:
        act(running)
    tap.equal(running.wait(30), status, f"exit status: {running.lines}")
    [report] = kept.reports()
    tap.equal(kept.names(), ["000000001.json"], "files")
    return report, running


def expect(found, /, **members):
    for name, value in members.items():
        tap.equal(found[name], value, f"{name} of {found}")


def names_of(report):
    return [call["call"].partition("(")[0] for call in report["calls"]]


def exception_has_traceback_heap_and_calls(apps):
    report, running = report_of(apps, apps.image("raising", RAISING))
    image = running.wait_line("started, generation 1, version 1, image ([0-9a-f]{16})")[1]
    expect(report, format=1, report=1, app="raising", version="1", image=image, generation=1,
           kind="exception", phase="entry", status=120, signal=None, traceback_cut=False)
    trace = report["traceback"]
    tap.equal(trace[0], "Traceback (most recent call last):", "first line")
    tap.equal(sum(line.endswith("in deep") for line in trace), 4, f"frames: {trace}")
    tap.true(trace[-1].startswith("PermissionError: "), f"last line: {trace}")
    text = "failed: uncaught exception: " + trace[-1]
    tap.true(text.startswith(report["text"].removesuffix("...")), f"text: {report['text']}")
    tap.true(0 < report["heap"]["used"] < report["heap"]["size"], f"heap: {report['heap']}")
    calls = {call["call"].partition("(")[0]: call for call in report["calls"]}
    connect = calls["socket.connect"]
    tap.true("address=192.0.2.1:80" in connect["call"], f"{connect}")
    tap.equal((connect["result"], connect["error"]), (None, "EACCES"), "its end")
    tap.equal(names_of(report)[-1], "channel.exit", "the last call")
    tap.equal(names_of(report).count("log.write"), 1, "lines of the traceback are no calls")
    tap.true(abs(report["time_usec"] - time.time() * 1e6) < 60e6, "when")
    tap.true(0 < report["uptime_usec"] < 60e6, "uptime")


def failure_has_the_phase_that_it_was_in(apps):
    first = "import sys\nsys.atexit(lambda: print('at exit'))\n1 // 0\n"
    image = apps.image("unboot", "print('entry')\n", 'boot = "first"\n', {"first.py": first})
    report, running = report_of(apps, image)
    expect(report, phase="boot", text="failed: uncaught exception: ZeroDivisionError: divide by zero")
    running.wait_line("^unboot: at exit")


def heap_that_is_full(apps):
    report, _ = report_of(apps, apps.image("greedy", HEAP))
    expect(report, kind="heap", status=121)
    tap.true(report["traceback"][-1].startswith("MemoryError"), f"{report['traceback']}")
    heap = report["heap"]
    tap.true(heap["used"] > heap["size"] * 0.8, f"heap: {heap}")


def exit_status_of_the_app(apps):
    image = apps.image("leaving", "import sys\nsys.exit(3)\n")
    expect(report_of(apps, image)[0], kind="exit", status=3, traceback=[])


def signal_from_outside_while_it_waits(apps):
    def act(running):
        running.wait_line("^sleeping: ready")
        os.kill(service.descendants(running.pid)[1], signal.SIGSEGV)

    image = apps.image("sleeping", SLEEPING)
    for _ in range(20):
        report, _ = report_of(apps, image, act=act)
        expect(report, kind="signal", signal="SIGSEGV", status=None, phase="entry", traceback=[])
        last = report["calls"][-1]
        if not last["call"].startswith("log.write("):
            break  # else it was too early: the app did not wait yet
    tap.true(last["call"].startswith("channel.wait("), f"{last}")
    tap.equal((last["result"], last["error"]), (None, None), "it was not over")


def denied_call_and_broken_protocol(apps):
    report, _ = report_of(apps, apps.attack("denied"))
    expect(report, kind="denied", signal="SIGSYS")
    tap.true(report["worker_uid"] > 0, "an id to find it by in the kernel's log")
    report, _ = report_of(apps, apps.attack("bad-index"))
    expect(report, kind="protocol", signal="SIGKILL")
    tap.true("submission index" in report["text"], report["text"])
    expect(report_of(apps, apps.attack("silent-exit"))[0], kind="unannounced")


def stop(name):
    def act(running):
        running.wait_line(f"^{name}: ready")
        running.send(signal.SIGTERM)
    return act


def app_that_does_not_stop(apps):
    image = apps.image("stubborn", STUBBORN)
    expect(report_of(apps, image, act=stop("stubborn"), status=0)[0], kind="aborted")
    image = apps.image("native", NATIVE)
    report, running = report_of(apps, image, act=stop("native"), status=0)
    expect(report, kind="killed", signal="SIGKILL")


def deadline_missed_twice(apps):
    report, _ = report_of(apps, apps.image("silent", SILENT, HEARTBEAT))
    expect(report, kind="watchdog")
    tap.true("heartbeat" in report["text"], report["text"])


def no_payload_and_no_secret(apps):
    folder = apps.open_folder()
    with open(os.path.join(folder, "token"), "w", encoding="ascii") as file:
        file.write("hunter2-of-the-app")
    os.chmod(os.path.join(folder, "token"), 0o644)
    kept = Kept(apps)
    image = apps.image("leaking", LEAKING, '[grants]\ncredentials = ["token"]\n')
    running = start(apps, image, kept, before=["env", f"CREDENTIALS_DIRECTORY={folder}"])
    tap.equal(running.wait(), 1, f"exit status: {running.lines}")
    [report] = kept.reports()
    text = json.dumps(report)
    tap.true("this is no token: ******" in text, text)
    tap.true("hunter2" not in text and "a payload" not in text, text)
    tap.true('log.write(level=info, text=27 bytes)' in text, text)


def secrets_in_what_is_shown(apps):
    """Of calls that end at once and later, longer than what is shown of a payload or a name."""
    folder = apps.open_folder()
    with open(os.path.join(folder, "token"), "w", encoding="ascii") as file:
        file.write("hunter2-" * 6)
    os.chmod(os.path.join(folder, "token"), 0o644)
    image = apps.image("sending", SENDING, '[grants]\ncredentials = ["token"]\nconnect = ["tcp:*:80"]\n')
    for config in ("no", "yes"):
        kept = Kept(apps)
        running = start(apps, image, kept, small.NO_RESTART + f"[trace]\npayloads = {config}\n",
                        before=["env", f"CREDENTIALS_DIRECTORY={folder}"])
        tap.equal(running.wait(), 1, f"exit status: {running.lines}")
        [report] = kept.reports()
        tap.true("hunter2" not in json.dumps(report), f"{config}: {report['calls']}")
        [call] = [call["call"] for call in report["calls"] if "name.resolve" in call["call"]]
        tap.true('host="********' in call, call)
        if config == "yes":
            [call] = [call["call"] for call in report["calls"] if "log.write" in call["call"]]
            tap.true('text="it is ********' in call, call)


def payloads_where_they_are_granted(apps):
    image = apps.image("telling", """\
import mpyd
print("a payload of the app")
mpyd.secret("token")
raise ValueError
""", '[grants]\ncredentials = ["token"]\n')
    for config, shown in (("yes", 'text="a payload of the app"'), ("no", "text=20 bytes")):
        report, _ = report_of(apps, image, small.NO_RESTART + f"[trace]\npayloads = {config}\n")
        [call] = [call["call"] for call in report["calls"] if "log.write" in call["call"]]
        tap.equal(call, f"log.write(level=info, {shown})", "call")
        [call] = [call["call"] for call in report["calls"] if "app.secret" in call["call"]]
        tap.true("token" not in call, call)


def sixteen_are_kept_and_numbers_go_on(apps):
    config = "[restart]\nburst = 19\ndelay = 1ms\ndelay_max = 1ms\n"
    kept = Kept(apps)
    image = apps.image("leaving", "import sys\nsys.exit(3)\n")
    tap.equal(start(apps, image, kept, config).wait(), 1, "exit status")
    tap.equal(kept.names(), [f"{n:09d}.json" for n in range(5, 21)], "after 20 ends")
    tap.equal([report["generation"] for report in kept.reports()], list(range(20, 4, -1)), "order")
    tap.equal(start(apps, image, kept).wait(), 1, "exit status")
    tap.equal(kept.names(), [f"{n:09d}.json" for n in range(6, 22)], "after one more")


def good_end_leaves_none(apps):
    kept = Kept(apps)
    image = apps.image("good", "print('done')\n")
    running = start(apps, image, kept)
    tap.equal(running.wait(), 0, f"exit status: {running.lines}")
    tap.equal(kept.names(), [], "files")


def reports_that_cannot_be_kept_cost_nothing_else(apps):
    """A file stands where the directory is to be: told once, and the app runs all the same."""
    kept = Kept(apps)
    image = apps.image("good", "print('done')\n")
    tap.equal(start(apps, image, kept).wait(), 0, "exit status")
    os.rmdir(os.path.join(kept.path, "crash"))
    with open(os.path.join(kept.path, "crash"), "w", encoding="ascii"):
        pass
    running = start(apps, apps.image("good2", "print('done')\nraise ValueError\n"), Kept(apps))
    tap.equal(running.wait(), 1, f"exit status: {running.lines}")
    running = start(apps, image, kept)
    tap.equal(running.wait(), 0, f"exit status: {running.lines}")
    said = [line for line in running.lines if re.search("cannot keep crash reports", line)]
    tap.equal(len(said), 1, f"{running.lines}")


TESTS = [
    exception_has_traceback_heap_and_calls,
    failure_has_the_phase_that_it_was_in,
    heap_that_is_full,
    exit_status_of_the_app,
    signal_from_outside_while_it_waits,
    denied_call_and_broken_protocol,
    app_that_does_not_stop,
    deadline_missed_twice,
    no_payload_and_no_secret,
    secrets_in_what_is_shown,
    payloads_where_they_are_granted,
    sixteen_are_kept_and_numbers_go_on,
    good_end_leaves_none,
    reports_that_cannot_be_kept_cost_nothing_else,
]
