# SPDX-License-Identifier: MIT
"""What is different on a terminal: colours, the pager, and nothing that others wrote is obeyed."""

import os
import subprocess

import tap
from fake_app import END, Error, status
from steering import app
from watching import CALLS, GRANTS, family

TYPICAL = {"TERM": "xterm", "PAGER": "sed 's/^/paged: /'"}
UNSET = ("NO_COLOR", "SYSTEMD_PAGER", "PAGER", "SYSTEMD_LESS", "LESS", "TERM")


def on_terminal(ask, *arguments, is_quiet=True, **environment):
    """Exit status and all that is written to a terminal, of which lines end with CR LF. Standard
    error is that too, unless IS_QUIET, when nothing may be written there."""
    inherited = {key: value for key, value in ask.environment.items() if key not in UNSET}
    ours, theirs = os.openpty()
    process = subprocess.Popen([ask.program.mpyctl, *arguments], stdin=theirs, stdout=theirs,
                               stderr=subprocess.PIPE if is_quiet else theirs, env={**inherited, **environment})
    os.close(theirs)
    said = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # the last writer is gone
            break
        if not more:
            break
        said += more
    os.close(ours)
    if is_quiet:
        tap.equal(process.stderr.read(), b"", arguments)
        process.stderr.close()
    return process.wait(20), said.decode()


def colours_where_nobody_minds(program):
    for state, colour in (("running", "\x1b[32m"), ("degraded", "\x1b[33m"), ("failed", "\x1b[31m")):
        with app(program, Status=status(state=state)) as (_, ask):
            _, said = on_terminal(ask, "status", TERM="xterm", PAGER="cat")
            tap.true(f"{colour}{state}\x1b[0m" in said, repr(said))
            for environment in ({"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}):
                _, said = on_terminal(ask, "status", PAGER="cat", **environment)
                tap.true(state in said and "\x1b" not in said, repr(said))
            _, said = on_terminal(ask, "status", TERM="xterm", NO_COLOR="", PAGER="cat")
            tap.true("\x1b[" in said, "an empty NO_COLOR is none")
            tap.true("\x1b" not in ask.run("status").stdout, "no terminal, no colours")


def pager_of_who_reads(program):
    with app(program) as (_, ask):
        status_, said = on_terminal(ask, "status", "meterd", **TYPICAL)
        tap.equal(status_, 0, said)
        lines = said.replace("\r", "").splitlines()
        tap.true(len(lines) > 5 and all(line.startswith("paged: ") for line in lines), said)
        tap.true("\x1b[32mrunning" in said, "colours go through it")
        for more in ({"SYSTEMD_PAGER": ""}, {"SYSTEMD_PAGER": "cat"}, {"PAGER": ""}):
            _, said = on_terminal(ask, "status", "meterd", **{**TYPICAL, **more})
            tap.true("meterd" in said and "paged" not in said, f"{more}: {said}")
        _, said = on_terminal(ask, "status", "meterd", **{**TYPICAL, "SYSTEMD_PAGER": "tr m M"})
        tap.true("Meterd" in said, "systemd's goes before the usual one")
        _, said = on_terminal(ask, "status", "meterd", "--no-pager", **TYPICAL)
        tap.true("paged" not in said, said)
        tap.true("paged" not in ask.run("status", "meterd").stdout, "no terminal, no pager")


def pager_that_is_left_early(program):
    """Or is none: no failure of mpyctl, whose own status counts."""
    with app(program, Status=status(state="degraded")) as (_, ask):
        code, _ = on_terminal(ask, "status", "meterd", TERM="xterm", PAGER="true")
        tap.equal(code, 1, "left at once")
        code, said = on_terminal(ask, "status", "meterd", TERM="xterm", PAGER="env | grep LESS")
        tap.true("LESSSECURE=1" in said and "LESS=FRSXMK" in said, said)
        code, said = on_terminal(ask, "status", "meterd", TERM="xterm", PATH="/nonexistent")
        tap.equal(code, 1, said)
        tap.true("degraded" in said, "there is no pager: everything at once")


def spoilt(value, evil):
    """VALUE with EVIL for every text in it."""
    if isinstance(value, str):
        return evil
    if isinstance(value, dict):
        return {key: spoilt(item, evil) for key, item in value.items()}
    return [spoilt(item, evil) for item in value] if isinstance(value, list) else value


def nothing_of_others_is_obeyed(program):
    """Not even if the supervisor itself was taken over."""
    evil = "\x1b[2J\x9b31m\u202e\r\x07"
    answers = {"Status": spoilt(status(reason="", remedy=""), evil), "Call": {"reply": evil},
               "Metrics": {"families": [family("a", "gauge", evil, ("", {"b": evil}, 1))]},
               "Policy": {"grants": spoilt(GRANTS, evil)}, "Trace": [*spoilt(CALLS, evil), END],
               "Crash": Error("org.mpyd.App.Refused", why=evil)}
    with app(program, **answers) as (_, ask):
        for arguments in (("status",), ("status", "meterd"), ("call", "meterd", "get"), ("list",),
                          ("status", "--json"), ("metrics",), ("policy", "explain", "meterd"),
                          ("policy", "explain", "meterd", "--json"), ("trace", "meterd"),
                          ("trace", "meterd", "--json"), ("trace", "-s", "meterd"),
                          ("top", "-n", "1", "-i", "10ms"), ("crash", "meterd")):
            _, said = on_terminal(ask, *arguments, is_quiet=False, NO_COLOR="1", PAGER="cat")
            said = said.removeprefix("\x1b[H\x1b[2J").replace("\r\n", "")  # top clears the screen
            tap.true(said, arguments)
            for letter in "\x1b\x9b\u202e\r\x07":
                tap.true(letter not in said, f"{arguments}: {said!r}")
        done = ask.run("call", "meterd", "get")
        tap.true("\x1b[2J" in done.stdout, "a program gets what the app said")


TESTS = [
    colours_where_nobody_minds,
    pager_of_who_reads,
    pager_that_is_left_early,
    nothing_of_others_is_obeyed,
]
