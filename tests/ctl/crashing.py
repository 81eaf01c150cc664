# SPDX-License-Identifier: MIT
"""mpyctl crash and mpyctl logs: reports of a supervisor that answers, of one that is gone, and of
one in wrong hands; what the journal is asked for."""

import contextlib
import copy
import json
import os
import stat

import tap
from fake_app import Error
from steering import app, under_systemd
from symbolizing import symbols

ENV = {"TZ": "UTC"}
REPORT = {
    "format": 1, "report": 12, "app": "meterd", "version": "1.2", "image": "0123456789abcdef",
    "mpyd": "0.1.0", "time_usec": 1_700_000_000_500_000, "generation": 3,
    "uptime_usec": 61_000_000, "kind": "exception", "text": "failed: uncaught exception",
    "phase": "failed", "status": 120, "signal": None, "worker_uid": 61234,
    "heap": {"size": 65536, "used": 32768, "age_usec": 1000},
    "traceback": ["Traceback (most recent call last):",
                  '  File "main.py", offset 0x1008, in <module>', "ValueError: \x1b[2J"],
    "traceback_cut": True, "n_calls": 100,
    "calls": [
        {"call": "socket.connect(socket=1, address=192.0.2.1:80)", "age_usec": 12_000,
         "result": None, "error": "EACCES"},
        {"call": "socket.recv(socket=1, data=9 bytes)", "age_usec": 850, "result": 9,
         "error": None},
        {"call": "channel.wait(generation=4, timeout_usec=-1)", "age_usec": 0, "result": None,
         "error": None},
    ],
}
DENIED = {**REPORT, "kind": "denied", "text": "crashed: it made a Linux call it is denied",
          "status": None, "signal": "SIGSYS", "heap": None, "traceback": [], "calls": []}
IMAGE = "2F6D656D66643A696D616765202864656C6574656429"
RECORD = ("audit: type=1326 audit(1700000000.48{n}:7): auid=1 uid={uid} gid=1 ses=1 pid=8 "
          "comm=\"x\" exe={exe} sig={sig} arch={arch} syscall={number} compat=0 ip=0x7 code=0x8")


def report(number, **changes):
    return {**copy.deepcopy(REPORT), "report": number, **changes}


@contextlib.contextmanager
def state(program, **files):
    """A state directory with FILES, by name without .json: a report, or text."""
    folder = program.place / f"state{program.n_files}"
    program.n_files += 1
    (folder / "crash").mkdir(parents=True)
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / "crash" / f"{name.removeprefix('n')}.json").write_text(text)
    yield folder


def fake_journalctl(program, lines):
    """A folder with a journalctl that prints LINES and notes what it is asked."""
    folder = program.place / "journal"
    folder.mkdir(exist_ok=True)
    (folder / "shown").write_text("".join(line + "\n" for line in lines))
    script = folder / "journalctl"
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"${0%/*}/asked"\ncat "${0%/*}/shown"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return folder


def with_journal(program, lines=()):
    folder = fake_journalctl(program, lines)
    environment = {**os.environ, **ENV, "PATH": f"{folder}:{os.environ['PATH']}",
                   "XDG_RUNTIME_DIR": str(program.place / "nowhere")}
    return environment, folder / "asked"


# -- crash ---------------------------------------------------------------------------------------


def last_report_of_a_supervisor_for_people(program):
    with app(program, Crash={"reports": [REPORT]}) as (fake, ask):
        ask.environment.update(ENV)
        said = ask.says("crash", "meterd")
        tap.equal(fake.asked[-1][:2], ("Crash", {"last": 1}), "what was asked")
    tap.equal(said, """\
meterd: failed: uncaught exception
        When: Tue 2023-11-14 22:13:20 UTC
      Report: 12
       Image: 0123456789abcdef, version 1.2, run by mpyd 0.1.0
        Kind: exception, exit status 120
      Worker: generation 3, up 1min 1s, phase failed
        Heap: 32K of 64K used, 1ms before the end

  ...
  Traceback (most recent call last):
    File "main.py", offset 0x1008, in <module>
  ValueError: \\x1b[2J

  The last of 100 calls, and how long before the end:
      12ms  socket.connect(socket=1, address=192.0.2.1:80) = -EACCES
     850us  socket.recv(socket=1, data=9 bytes) = 9
       0us  channel.wait(generation=4, timeout_usec=-1) = ?
""", "text")


def reports_as_json(program):
    with app(program, Crash={"reports": [report(2), report(1)]}) as (fake, ask):
        said = json.loads(ask.says("crash", "meterd", "--json", "--last", "5"))
        tap.equal(fake.asked[-1][:2], ("Crash", {"last": 5}), "what was asked")
    tap.equal(said, [report(2), report(1)], "as they are")


def no_report_is_no_failure(program):
    with app(program, Crash={"reports": []}) as (_, ask):
        done = ask.run("crash", "meterd")
    tap.equal((done.returncode, done.stdout), (0, ""), "status")
    tap.true("no crash was reported" in done.stderr, done.stderr)


def refusals_have_their_status(program):
    denied = Error("org.varlink.service.PermissionDenied")
    with app(program, Crash=denied) as (_, ask):
        tap.equal(ask.run("crash", "meterd").returncode, 10, "not for this user")
    program.fails(9, "is not running, and has no state directory", "crash", "nobody")
    program.refuses(2, "is no name of an app", "crash", "No Body")
    for number in ("0", "17", "x", "-1"):
        program.refuses(2, "from 1 to 16", "crash", "--last", number)
    program.refuses(2, "none beside", "crash", "--state", "/nonexistent", "meterd")
    program.fails(1, "No such file", "crash", "--state", "/nonexistent")


def files_of_a_supervisor_that_is_gone(program):
    with state(program, n000000002=report(2), n000000010=report(10), n000000009=report(9)) as at:
        (at / "crash" / "notes.txt").write_text("x")
        (at / "crash" / "new").write_text("x")
        found = json.loads(program.says("crash", "--state", at, "--json", "-n", "2"))
        tap.equal([one["report"] for one in found], [10, 9], "the newest first")


def state_without_reports(program):
    with state(program) as at:
        (at / "crash").rmdir()
        tap.equal(program.run("crash", "--state", at).returncode, 0, "no directory")


def files_of_a_supervisor_in_wrong_hands(program):
    """Links lead nowhere, pipes hold up nothing, and what is no report is passed over."""
    secret = program.file(json.dumps(REPORT).encode())
    deep = "[" * 10000 + "]" * 10000
    with state(program, n000000001=report(1), n000000002="", n000000003='{"kind"', n000000004=deep,
               n000000005="[]", n000000006='{"kind": 7, "image": []}', n000000007="\0" * 100,
               n000000008=json.dumps(REPORT) * 200000) as at:
        os.symlink(secret, at / "crash" / "000000011.json")
        os.symlink("/dev/zero", at / "crash" / "000000012.json")
        os.mkfifo(at / "crash" / "000000013.json")
        (at / "crash" / "000000014.json").mkdir()
        done = program.run("crash", "--state", at, "--json", "-n", "16")
        tap.equal(done.returncode, 0, done.stderr)
        tap.equal([one.get("report") for one in json.loads(done.stdout)], [None, 1], "reports")
        for number in (2, 3, 4, 5, 7, 8, 11, 12, 13, 14):
            tap.true(f"{number:09d}.json: is no crash report" in done.stderr, f"{number}")
        tap.equal(program.run("crash", "--state", at, "-n", "16").returncode, 0, "as text")
    with state(program) as at:
        (at / "crash").rmdir()
        os.symlink("/", at / "crash")
        program.fails(1, "cannot read crash reports", "crash", "--state", at)


def nothing_reaches_the_terminal(program):
    evil = "\x1b[2J\nmpyctl: forged\u202e"
    spoilt = report(1, app=evil, text=evil, kind=evil, version=evil, image=evil, mpyd=evil,
                    phase=evil, signal=evil, traceback=[evil], denied={"call": evil},
                    calls=[{"call": evil, "error": evil}])
    with state(program, n000000001=spoilt) as at:
        said = program.says("crash", "--state", at)
    tap.true("\x1b" not in said and "\u202e" not in said and "\nmpyctl" not in said, repr(said))


# -- the denied call -----------------------------------------------------------------------------


def entry(text, usec=1_700_000_000_480_000):
    return json.dumps({"MESSAGE": text, "__REALTIME_TIMESTAMP": str(usec)})


def record(n=0, uid=61234, sig=31, arch="c000003e", number=41, exe=IMAGE):
    return RECORD.format(n=n, uid=uid, sig=sig, arch=arch, number=number, exe=exe)


def denied_call(program, *lines):
    with state(program, n000000001=DENIED) as at:
        environment, asked = with_journal(program, lines)
        done = program.run("crash", "--state", at, "--json", env=environment)
        tap.equal(done.returncode, 0, done.stderr)
        tap.true("_TRANSPORT=kernel" in asked.read_text().splitlines(), "where it looked")
    return json.loads(done.stdout)[0]["denied"]


def denied_call_has_its_name(program):
    found = {"call": "socket", "number": 41, "arch": "c000003e"}
    tap.equal(denied_call(program, entry(record())), found, "as the kernel logs it")
    tap.equal(denied_call(program, entry(record(exe='"/memfd:image"'))), found, "in quotes")
    audit = record().replace("audit: type=1326 audit(1700000000.480:7):", "SECCOMP")
    tap.equal(denied_call(program, entry(audit)), found, "by the audit stream")
    tap.equal(denied_call(program, entry(record(0, number=1)), entry(record(5)),
                          entry(record(1, number=2)))["call"], "socket", "the last one")
    for arch, number, name in (("40000003", 11, "execve"), ("c000003e", 0x40000208, "execve"),
                               ("c000003e", 100000, "unknown")):
        tap.equal(denied_call(program, entry(record(arch=arch, number=number)))["call"], name,
                  f"{arch} {number}")


def denied_calls_of_others_are_not_taken(program):
    late = record().replace("1700000000.480", "1700000001.480")
    early = record().replace("1700000000.480", "1699999990.480")
    others = [entry(record(uid=61235)), entry(record(sig=0)), entry(record(exe='"/usr/bin/x"')),
              entry(late), entry(early), entry(record(arch="zz")), entry(record(number="x")),
              entry("type=1326" + "x" * 5000), entry(""), "no JSON", "{}", '{"MESSAGE": [1, 2]}']
    tap.equal(denied_call(program, *others), None, "none of these")
    with state(program, n000000001=DENIED) as at:
        said = program.says("crash", "--state", at)
    tap.true("Linux call: not known" in said, said)


# -- symbolize -----------------------------------------------------------------------------------


def symbols_for_reports(program):
    """As printed for people, and both kinds of JSON."""
    good = symbols(program)
    with state(program, n000000001=REPORT) as at:
        text = program.says("crash", "--state", at)
        array = program.says("crash", "--state", at, "--json")
        for said in (text, array, json.dumps(REPORT)):
            lines = program.says("symbolize", program.file(said.encode()), "--symbols", good)
            tap.true('  File "main.py", line 3, in <module>\n' in lines, lines)
            tap.true("Image: 0123456789abcdef, version 1.2" in lines, lines)
        other = json.dumps(report(1, image="0123456789abcdee"))
        for said in (other, text.replace("0123456789abcdef", "0123456789abcdee")):
            program.refuses(1, "is of the image 0123456789abcdee", "symbolize",
                            program.file(said.encode()), "--symbols", good)


# -- logs ----------------------------------------------------------------------------------------


def logs_are_asked_of_the_units(program):
    environment, asked = with_journal(program, ["said"])
    done = program.run("logs", "meterd", "-f", "-n", "5", "--since", "1 hour ago", "--until=now",
                       "-p", "err", "-b", "-x", "-o", "json", "--no-pager", env=environment)
    tap.equal((done.returncode, done.stdout), (0, "said\n"), done.stderr)
    tap.equal(asked.read_text().splitlines(), [
        "--follow", "--lines=5", "--since=1 hour ago", "--until=now", "--priority=err", "--boot",
        "--catalog", "--output=json", "--no-pager", "--unit=mpyd@meterd.service",
        "--unit=mpyd-install@meterd.service", "--unit=mpyd-probation@meterd.service"], "words")
    program.run("logs", "--own", env=environment)
    tap.equal(asked.read_text().splitlines(), [
        "--unit=mpyd@*.service", "--unit=mpyd-install@*.service",
        "--unit=mpyd-probation@*.service", "CALL=log.write"], "of all, their own")


def logs_of_nobody(program):
    environment, asked = with_journal(program)
    done = program.run("logs", "nobody", "-f", env=environment)
    tap.equal((done.returncode, done.stdout), (9, ""), done.stderr)
    tap.equal(done.stderr.count("\n"), 1, f"lines: {done.stderr!r}")
    tap.true("nobody: is not running, no image of this name is installed, and the journal" in done.stderr,
             done.stderr)
    tap.equal(asked.read_text().splitlines(), [
        "--quiet", "--no-pager", "--lines=1", "--unit=mpyd@nobody.service",
        "--unit=mpyd-install@nobody.service", "--unit=mpyd-probation@nobody.service"], "words")
    environment, _ = with_journal(program, ["of an app that is gone"])
    done = program.run("logs", "nobody", env=environment)
    tap.equal((done.returncode, done.stdout), (0, "of an app that is gone\n"), done.stderr)
    shown, _ = under_systemd(program, {"mpyd@fresh.service": {
        "ActiveState": "inactive", "UnitFileState": "enabled"}})
    environment, _ = with_journal(program)
    environment["PATH"] = f"{shown.environment['PATH'].split(':')[0]}:{environment['PATH']}"
    done = program.run("logs", "fresh", env=environment)
    tap.equal((done.returncode, done.stderr), (0, ""), "enabled, and has said nothing yet")


def logs_that_cannot_be_had(program):
    environment, _ = with_journal(program)
    for name in ("--output=json", "../x", "A"):
        done = program.run("logs", "--", name, env=environment)
        tap.equal(done.returncode, 2, f"{name}: {done.stderr}")
    done = program.run("logs", "--since", "x" * 1000, env=environment)
    tap.true(done.returncode == 2 and "too long" in done.stderr, done.stderr)
    done = program.run("logs", *["app"] * 17, env=environment)
    tap.true(done.returncode == 2 and "16 apps" in done.stderr, done.stderr)
    done = program.run("logs", "meterd", env={**environment, "PATH": "/nonexistent"})
    tap.true(done.returncode == 1 and "is not installed" in done.stderr, done.stderr)
    with app(program) as (_, ask):
        ask.environment["PATH"] = environment["PATH"]
        ask.fails(1, "runs without a unit", "logs", "meterd")


TESTS = [
    last_report_of_a_supervisor_for_people,
    reports_as_json,
    no_report_is_no_failure,
    refusals_have_their_status,
    files_of_a_supervisor_that_is_gone,
    state_without_reports,
    files_of_a_supervisor_in_wrong_hands,
    nothing_reaches_the_terminal,
    denied_call_has_its_name,
    denied_calls_of_others_are_not_taken,
    symbols_for_reports,
    logs_are_asked_of_the_units,
    logs_of_nobody,
    logs_that_cannot_be_had,
]
