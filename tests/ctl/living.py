# SPDX-License-Identifier: MIT
"""mpyctl and a real app of `mpyd run`, without systemd: every verb that asks."""

import contextlib
import json
import os
import re
import shutil
import subprocess

import openmetrics
import tap
from service import Service

APP = {
    "mpyd.toml": """# SPDX-License-Identifier: MIT
name = "living"
version = "2.5"
entry = "main"

[grants]
listen = ["tcp:127.0.0.1:18123"]
""",
    "main.py": """# SPDX-License-Identifier: MIT
import mpyd, socket, time

def echo(argument):
    return argument

def fail(argument):
    raise ValueError("no " + argument)

def refused(argument):
    try:
        socket.socket().connect(("192.0.2.1", 9))
    except OSError as error:
        return str(error)

def crash(argument):
    print("crashing")
    raise SystemExit(3)

for function in (echo, fail, refused, crash):
    mpyd.on_call(function.__name__, function)
mpyd.ready()
while True:
    time.sleep(0.05)
""",
}


class Living:
    def __init__(self, program, service, control):
        self.program, self.service, self.control = program, service, control

    def says(self, verb, *arguments):
        *verb, = verb.split()
        return self.program.says(*verb, self.control, *arguments)

    def fails(self, status, words, verb, *arguments):
        self.program.fails(status, words, *verb.split(), self.control, *arguments)

    def status(self):
        return json.loads(self.says("status", "--json"))["apps"][0]["status"]


@contextlib.contextmanager
def living(program):
    image = program.image("living", APP)
    control = program.place / "control"
    service = Service([program.mpyd, "run", "--unsigned", "--control", control, image])
    try:
        service.wait_line(r"started, generation 1")
        app = Living(program, service, control)
        while app.status()["state"] in ("blank", "verifying", "starting"):
            pass
        yield app
    finally:
        service.kill()


def tells_its_status(program):
    with living(program) as app:
        text = app.says("status")
        tap.true(text.startswith("living\n") and "State: running" in text, text)
        tap.true("version 2.5" in text and "layers hold" in text, text)
        found = app.status()
        tap.equal((found["app"], found["version"], found["state"]), ("living", "2.5", "running"), "")
        tap.equal(found["supervisor_pid"], app.service.pid, "supervisor")
        tap.equal(app.says("status", "--probe"), "", "well")


def does_what_it_is_called_for(program):
    with living(program) as app:
        tap.equal(app.says("call", "echo", "ü {}"), "ü {}\n", "an argument and back")
        app.fails(1, "no function for the message nothing", "call", "nothing")
        app.fails(1, "ValueError: no x", "call", "fail", "x")
        tap.equal(app.says("call", "echo", "on"), "on\n", "it goes on")


def is_traced(program):
    with living(program) as app:
        process = subprocess.Popen([program.mpyctl, "trace", app.control, "--group", "socket",
                                    "--error", "EACCES,EPERM", "--count", "1"],
                                   stdout=subprocess.PIPE, text=True)
        while process.poll() is None:  # until the trace has begun and sees one
            app.says("call", "refused", "")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
        line = process.stdout.read()
        process.stdout.close()
        tap.true(re.fullmatch(r"[0-9:.]+ socket\.connect\(.*192\.0\.2\.1.*\) = (EACCES|EPERM) "
                              r"<(\?|\d+\.\d{6})>\n", line), line)
        lines = [json.loads(line) for line in app.says("trace", "-n", "3", "--json").splitlines()]
        tap.equal(len(lines), 3, "as many as asked for")
        tap.true(all(line["name"] and line["time_usec"] for line in lines), lines)
        table = app.says("trace", "-n", "5", "--summary").splitlines()
        tap.equal(table[-1].split()[-3:], ["5", "0", "total"], "summary")


def filters_that_nothing_can_pass_are_refused(program):
    with living(program) as app:
        app.fails(2, "no such group of calls", "trace", "-g", "nosuch")
        app.fails(2, "no such call", "trace", "-c", "socket.nosuch")
        app.fails(2, "no call fails with such an error", "trace", "-e", "EWRONG")


def is_measured(program):
    with living(program) as app:
        app.says("call", "echo", "x")
        text = app.says("metrics")
        families = openmetrics.read(text)
        calls = families["mpyd_calls"].samples
        tap.true(calls["_total", (("app", "living"), ("group", "app"))] > 0, "calls are counted")
        tap.true("mpyd_heap_used_bytes" in families, "heap")
        tap.true("living" in app.says("top", "-n", "1", "-i", "50ms"), "top")
        older = app.says("metrics", "--format", "prometheus")
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=older, text=True,
                              capture_output=True)
        tap.equal((done.returncode, done.stderr), (0, ""), "promtool")


def explains_its_policy(program):
    with living(program) as app:
        text = app.says("policy explain")
        tap.true(re.search(r"^listen +tcp:127\.0\.0\.1:18123 +yes +yes", text, re.M), text)
        tap.true("allowed" in app.says("policy explain", "listen", "tcp:127.0.0.1:18123"), "covered")
        done = program.run("policy", "explain", app.control, "connect", "tcp:192.0.2.1:9")
        tap.equal((done.returncode, done.stdout[:7]), (1, "refused"), done.stderr)


def restarts_and_stops(program):
    with living(program) as app:
        before = app.status()
        app.says("restart")
        after = app.status()
        tap.equal(after["worker"]["generation"], before["worker"]["generation"] + 1, "another")
        tap.equal(after["supervisor_pid"], before["supervisor_pid"], "the same supervisor")
        tap.equal((after["restarts"]["manual"], after["restarts"]["recent"]), (1, 0), "no failure")
        tap.equal(app.says("reload"), "", "nothing has changed")
        tap.equal(app.says("stop"), "", "stopped")
        tap.equal(app.service.wait(), 0, app.service.output())
        app.fails(9, "is not running", "call", "echo")


def is_found_by_its_name(program):
    """Where mpyd puts the socket by itself, mpyctl finds it."""
    if os.geteuid() == 0 and not os.access("/run", os.W_OK):
        raise tap.Skip("/run cannot be written to")
    image = program.image("living", APP)
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(program.place)}
    with open(program.place / "log", "w", encoding="utf-8") as log:
        process = subprocess.Popen([program.mpyd, "run", "--unsigned", image], stderr=log,
                                   env=environment)
    try:
        code = 9
        while code == 9 and process.poll() is None:
            code = program.run("status", "living", env=environment).returncode
        tap.equal(code, 0, (program.place / "log").read_text())
        listed = program.run("list", "--names", env=environment).stdout
        tap.true("living" in listed.split(), listed)
    finally:
        program.run("stop", "living", env=environment)
        process.wait(20)
    listed = program.run("list", "--names", env=environment).stdout
    tap.true("living" not in listed.split(), f"its socket is left, and nobody listens: {listed}")


TESTS = [
    tells_its_status,
    does_what_it_is_called_for,
    is_traced,
    filters_that_nothing_can_pass_are_refused,
    is_measured,
    explains_its_policy,
    restarts_and_stops,
    is_found_by_its_name,
]
