# SPDX-License-Identifier: MIT
"""Verbs that ask an app: status, list, call, restart, reload, stop, against a socket that answers
what a test says, and against a systemctl that does."""

import contextlib
import json
import os
import stat
import time

import tap
from fake_app import END, Error, FakeApp, status

APP = "org.mpyd.App."


class Ask:
    """mpyctl where FOLDER is the user's runtime directory."""

    def __init__(self, program, folder, **environment):
        self.program = program
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder), **environment}

    def run(self, *arguments, **how):
        return self.program.run(*arguments, env=self.environment, **how)

    def says(self, *arguments):
        done = self.run(*arguments)
        tap.equal((done.returncode, done.stderr), (0, ""), f"mpyctl {arguments}")
        return done.stdout

    def fails(self, status, words, *arguments):
        self.program.fails(status, words, *arguments, env=self.environment)


@contextlib.contextmanager
def app(program, name="meterd", **answers):
    folder = program.place / "runtime"
    with FakeApp(folder, name, {"Status": status(app=name), **answers}) as fake:
        yield fake, Ask(program, folder)


def fake_systemctl(program, units):
    """A folder with a systemctl that shows UNITS (name: properties) and notes what else is asked."""
    folder = program.place / "systemd"
    folder.mkdir(exist_ok=True)
    shown = ""
    for name, properties in units.items():
        shown += f"Id={name}\nLoadState=loaded\n"
        shown += "".join(f"{key}={value}\n" for key, value in properties.items()) + "\n"
    (folder / "shown").write_text(shown)
    (folder / "asked").write_text("")
    (folder / "status").write_text("0")
    script = folder / "systemctl"
    script.write_text(
        '#!/bin/sh\nif [ "$1" = show ]; then cat "${0%/*}/shown"\n'
        'else echo "$@" >>"${0%/*}/asked"; fi\n'
        'case "$*" in --quiet*) exit "$(cat "${0%/*}/status")" ;; esac\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return folder


def under_systemd(program, units):
    folder = fake_systemctl(program, units)
    ask = Ask(program, program.place / "runtime", PATH=f"{folder}:{os.environ['PATH']}")
    return ask, folder / "asked"


UNIT = {"ActiveState": "active", "SubState": "running", "UnitFileState": "enabled",
        "Result": "success", "ExecMainStatus": "0", "NRestarts": "0"}


def drip(_parameters):
    """A reply that never ends, a byte at a time, each in time."""
    while True:
        yield b" "
        time.sleep(0.5)


# -- status --------------------------------------------------------------------------------------


def table_of_apps(program):
    with app(program) as (_, ask):
        lines = ask.says("status").splitlines()
        tap.equal(lines[0].split(),
                  ["APP", "STATE", "UPTIME", "VERSION", "HEAP", "RESTARTS", "REASON"], "heading")
        [line] = [line for line in lines if line.startswith("meterd ")]
        tap.equal(line.split(), ["meterd", "running", "1h", "2min", "1.2.3", "292K", "2"], "line")
        listed = ask.says("list")
        tap.true("0123456789abcdef\n" in listed, listed)
        tap.true("meterd" in ask.says("list", "--names").splitlines(), "its name")


def one_app_at_length(program):
    with app(program) as (_, ask):
        said = ask.says("status", "meterd")
    for words in ("State: running for 1min 1s", "Worker: number 3, up 1min 1s, ready",
                  "Heap: 292K of 1M used", "handles      12 of 1024 handles\n",
                  "log_rate     at most 100 a second, held to it 7 times", "1 of 2 layers hold",
                  "cpu of the spawner is off: one CPU", "/etc/mpyd/meterd.conf",
                  "123456, 3 refused"):
        tap.true(words in said, f"{words!r} is not in\n{said}")
    tap.true("ValueError: \\x1b[2J" in said, f"what a terminal would obey: {said!r}")


def status_as_json(program):
    with app(program) as (_, ask):
        [found] = [a for a in json.loads(ask.says("status", "--json"))["apps"]
                   if a["app"] == "meterd"]
        [alone] = json.loads(ask.says("status", "meterd", "--json"))["apps"]
    tap.equal(found["state"], "running", "state")
    tap.equal(alone["status"], status(), "all that the app said, as it said it")
    tap.equal((alone["unit"], alone["update"]), (None, None), "no systemd, not installed")


def states_decide_the_status(program):
    """Exit status, and --probe and --alive, which say nothing."""
    for state, code in (("running", 0), ("starting", 0), ("blank", 0), ("degraded", 1),
                        ("corrupt", 1), ("backoff", 1), ("failed", 1), ("locked", 8), ("ended", 9)):
        with app(program, Status=status(state=state, reason="because", remedy="do")) as (_, ask):
            done = ask.run("status", "meterd")
            tap.equal(done.returncode, code, state)
            tap.true("Reason: because" in done.stdout and "Remedy: do" in done.stdout, done.stdout)
            done = ask.run("status", "meterd", "--probe")
            tap.equal((done.returncode, done.stdout, done.stderr),
                      (0 if state == "running" else 1, "", ""), f"--probe, {state}")
            tap.equal(ask.run("status", "meterd", "--alive").returncode, 0, f"--alive, {state}")
    ask = Ask(program, program.place)
    tap.equal(ask.run("status", "nobody", "--alive").returncode, 1, "nobody is not alive")
    done = ask.run("status", "nobody")
    tap.equal(done.returncode, 9, done.stdout)
    tap.true("nobody here runs an app of this name" in done.stdout, done.stdout)


def sockets_by_path(program):
    with app(program) as (fake, ask):
        link = program.place / "c"
        os.symlink(fake.path, link)
        tap.true(ask.says("status", link).startswith("meterd\n"), "named by the app itself")
        os.unlink(link)
    Ask(program, program.place).fails(9, "is not running", "call", "/nowhere/control", "x")
    Ask(program, program.place).fails(2, "too long", "call", "/" + "x" * 200, "x")


def names_that_are_none(program):
    for verb in ("status", "restart", "reload", "stop", "start"):
        program.refuses(2, "is no name of an app", verb, "Meterd")
    program.refuses(2, "missing APP", "restart")
    program.refuses(2, "missing NAME", "call", "meterd")


# -- asking --------------------------------------------------------------------------------------


def calls_into_the_app(program):
    with app(program, Call=lambda asked: {"reply": json.dumps(asked)}) as (fake, ask):
        tap.equal(json.loads(ask.says("call", "meterd", "get")),
                  {"name": "get", "timeout_usec": 10_000_000}, "no argument")
        said = ask.says("call", "meterd", "set", "ü \x07", "--timeout", "500ms")
        tap.equal(json.loads(said),
                  {"name": "set", "argument": "ü \x07", "timeout_usec": 500_000}, "an argument")
        ask.fails(2, "--timeout soon", "call", "meterd", "get", "--timeout", "soon")
    with app(program, Call={"reply": None}) as (_, ask):
        tap.equal(ask.says("call", "meterd", "get"), "", "no reply, no line")


def refusals_have_words(program):
    for error, code, words in (
        (Error(APP + "NoSuchMessage", name="get"), 1, "no function for the message get"),
        (Error(APP + "MessageFailed", why="ValueError: x"), 1, "failed: ValueError: x"),
        (Error(APP + "Timeout"), 1, "no answer in time"),
        (Error(APP + "Busy"), 1, "try again"),
        (Error(APP + "NotRunning", state="backoff"), 9, "it is backoff"),
        (Error("org.varlink.service.PermissionDenied"), 10, "the group mpyd"),
        (Error("org.varlink.service.MethodNotFound", method="Call"), 1, "older"),
        (Error("org.varlink.service.InvalidParameter", parameter="name"), 2, "value of name"),
        (Error("com.example.Odd"), 1, "the error com.example.Odd"),
        (b"nonsense\0", 6, "no Varlink"),
        (b"[1]\0", 6, "no Varlink"),
        (END, 9, "ended the connection"),
        ([b'{"parameters":', END], 9, "ended the connection"),
        (b"x" * (20 << 20), 6, "too long"),
    ):
        with app(program, Call=error) as (_, ask):
            ask.fails(code, words, "call", "meterd", "get")


def reload_says_what_applies(program):
    reply = {"applied": ["[limits] calls"], "later": ["[limits] heap"]}
    with app(program, Reload=reply) as (_, ask):
        tap.equal(ask.says("reload", "meterd"),
                  "meterd: [limits] calls applies now\n"
                  "meterd: [limits] heap applies with the next start\n", "both")
    refused = Error(APP + "Refused", why="/etc/mpyd/meterd.conf:3: there is no key x in [limits]")
    with app(program, Reload=refused) as (_, ask):
        ask.fails(4, "/etc/mpyd/meterd.conf:3: there is no key x", "reload", "meterd")


def several_are_steered(program):
    """One at which it fails does not keep the others from it."""
    failing = Error(APP + "NotRunning", state="failed")
    with app(program, "one", Restart=failing), app(program, "two", Restart={"generation": 2}) as (
            two, ask):
        ask.fails(9, "one: is in no state", "restart", "one", "two")
        tap.equal(two.asked[-1][0], "Restart", "the second was asked")


def stop_waits_for_the_end(program):
    with app(program, Stop=[{"deadline_usec": 1_000_000}, END]) as (fake, ask):
        tap.equal(ask.says("stop", "meterd"), "", "stopped")
        tap.equal(fake.asked, [("Stop", {}, False)], "asked")


# -- units ---------------------------------------------------------------------------------------


def units_are_left_to_systemctl(program):
    ask, asked = under_systemd(program, {"mpyd@meterd.service": UNIT, "mpyd@pump.service": UNIT})
    both = "-- mpyd@meterd.service mpyd@pump.service"
    forget = "--no-ask-password reset-failed"
    for arguments, lines in (
        (("start", "meterd", "pump"), [f"{forget} {both}", f"--quiet start {both}"]),
        (("stop", "meterd"), ["--quiet stop -- mpyd@meterd.service"]),
        (("restart", "--full", "pump"), [f"{forget} -- mpyd@pump.service",
                                         "--quiet restart -- mpyd@pump.service"]),
    ):
        asked.write_text("")
        tap.equal(ask.says(*arguments), "", arguments)
        tap.equal(asked.read_text().splitlines(), lines, arguments)
    ask.fails(1, "other: has no unit", "start", "other")


def a_start_that_fails_says_why(program):
    """In the words of mpyctl status, and with mpyctl's exit statuses."""
    for active, result, code, words in (
        ("failed", "exit-code", "4", "meterd: the configuration was refused"),
        ("failed", "exit-code", "8", "/etc/credstore/mpyd.meterd.image-key, then mpyctl start meterd"),
        ("failed", "exit-code", "1", "meterd: the app failed too often (exit status 1); mpyctl logs meterd"),
        ("failed", "exit-code", "6", "meterd: its supervisor failed; mpyctl logs meterd"),
        ("failed", "watchdog", "9", "meterd: its supervisor hung, and was ended; mpyctl logs meterd"),
        ("failed", "exit-code", "0", "meterd: no image of this name is installed; mpyctl install"),
        ("inactive", "success", "0", "meterd: no image of this name is installed; mpyctl install"),
    ):
        unit = {**UNIT, "ActiveState": active, "Result": result, "ExecMainStatus": code}
        ask, asked = under_systemd(program, {"mpyd@meterd.service": unit,
                                             "mpyd@meterd.socket": {"ActiveState": "active"}})
        (asked.parent / "status").write_text("1")
        ask.fails(1, words, "start", "meterd")
        ask.fails(1, words, "restart", "--full", "meterd")
        (asked.parent / "status").write_text("4")
        tap.equal(ask.run("start", "meterd").returncode, 10, "who may not")


def a_unit_that_rests_is_not_woken(program):
    """Its socket unit listens: connecting would start it. Its state is what systemd says."""
    for active, sub, code, state, r in (
        ("inactive", "dead", "0", "inactive", 9),
        ("failed", "failed", "3", "failed", 1),
        ("failed", "failed", "8", "locked", 8),
        ("failed", "failed", "9", "failed", 1),
        ("activating", "auto-restart", "6", "backoff", 1),
    ):
        unit = {**UNIT, "ActiveState": active, "SubState": sub, "ExecMainStatus": code,
                "Result": "success" if code == "0" else "exit-code"}  # fmt: skip
        ask, _ = under_systemd(program, {"mpyd@meterd.service": unit,
                                         "mpyd@meterd.socket": {"ActiveState": "active"}})
        done = ask.run("status", "meterd")
        tap.equal(done.returncode, r, f"{active} {sub}: {done.stdout}")
        tap.true(f"State: {state}\n" in done.stdout, done.stdout)
        tap.true("APP" not in done.stdout, done.stdout)
        ask.fails(9, "is not running, and no image of this name is installed", "call", "meterd", "get")
        ask.fails(9, "is not running", "restart", "meterd")


def supervisor_in_wrong_hands_holds_nobody_up(program):
    """Not by an answer that has no end, nor by one without bounds."""
    begun = time.monotonic()
    with app(program, Status=drip) as (_, ask):
        done = ask.run("status", "meterd")
    tap.true("State: unanswering" in done.stdout, done.stdout + done.stderr)
    tap.true("gave no answer within 5 s" in done.stderr, done.stderr)
    tap.true(time.monotonic() - begun < 30, "how long it waited")
    with app(program, Status=b'{"parameters":{"a":[' + b"[]," * (2 << 20)) as (_, ask):
        tap.true("a message that is too long" in ask.run("status", "meterd").stderr, "is told")


def socket_of_another_user_is_not_taken_for_the_app(program):
    """root who has become it by su(1) still has the runtime directory of who did that."""
    if os.getuid() != 0:
        return
    with app(program) as (fake, ask):
        os.chown(fake.path.parent.parent, 65534, 65534)
        done = ask.run("status", "meterd")
        os.chown(fake.path.parent.parent, 0, 0)
        tap.equal((done.returncode, fake.asked), (9, []), done.stdout)


TESTS = [
    table_of_apps,
    one_app_at_length,
    status_as_json,
    states_decide_the_status,
    sockets_by_path,
    names_that_are_none,
    calls_into_the_app,
    refusals_have_words,
    reload_says_what_applies,
    several_are_steered,
    stop_waits_for_the_end,
    units_are_left_to_systemctl,
    a_start_that_fails_says_why,
    a_unit_that_rests_is_not_woken,
    supervisor_in_wrong_hands_holds_nobody_up,
    socket_of_another_user_is_not_taken_for_the_app,
]
