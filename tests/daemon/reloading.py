# SPDX-License-Identifier: MIT
"""The configuration read again while the app runs: what may change does, nothing else."""

import os
import signal

import apps as small
import tap

# Says again and again, whenever it changes, on which of its ports it may listen.
PORTS = """\
import socket, time

before = None
while True:
    now = []
    for port in (27001, 27002, 27003):
        s = socket.socket()
        try:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", port))
            now.append(port)
        except OSError:
            pass
        s.close()
    if now != before:
        print("ports", now)
        before = now
    time.sleep_ms(20)
"""
PORTS_GRANT = '[grants]\nlisten = ["tcp:127.0.0.1:27001-27003"]\n'


class App:
    """A running app and the file that configures it."""

    def __init__(self, apps, text):
        self.file = apps.file(text)
        image = apps.image("ports", PORTS, PORTS_GRANT)
        line = [*apps.mpyd, "run", "--unsigned", "--control=none", image, "--config", self.file]
        self.running = apps.follow(small.service.Service(line))

    def reload(self, text):
        """TEXT in place of what there was: the supervisor may have no other file."""
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)
        self.again()

    def again(self):
        del self.running.lines[:]
        self.running.send(signal.SIGHUP)

    def says(self, pattern):
        return self.running.wait_line(pattern)

    def stop(self):
        tap.equal(self.running.stop(), 0, f"exit status: {self.running.lines}")


def grants_narrow_and_come_back_as_far_as_at_the_start(apps):
    two = "[grants]\nlisten = tcp:127.0.0.1:27001-27002\n"
    app = App(apps, two)
    app.says(r"ports \[27001, 27002\]")
    app.reload("[grants]\nlisten = tcp:127.0.0.1:27002\n")
    app.says(r"ports: the configuration has changed: \[grants\] listen$")
    app.says(r"ports \[27002\]")
    app.reload("[grants]\nlisten = tcp:127.0.0.1:27002-27003\n")
    app.says(r"counts with the next start of mpyd only: \[grants\] listen$")
    app.reload("[grants]\nlisten =\n")
    app.says(r"ports \[\]")
    app.reload(two)
    app.says(r"ports \[27001, 27002\]")
    app.stop()


def refused_changes_nothing(apps):
    app = App(apps, "[grants]\nlisten = tcp:127.0.0.1:27001\n")
    app.says(r"ports \[27001\]")
    for text, words in (
        ("[grants]\nlisten =\n[limits]\nhandles = many\n", ":4: .limits. handles: "),
        ("[grants]\n\nlisten = tcp:*:27001\n", ":3: listen = tcp:.:27001 would widen"),
        ("[stop]\nstop = 1s\nstop = 2s\n", ":3: .stop. stop is set twice"),
    ):
        app.reload(text)
        app.says(f"the configuration is refused, all stays as it was: {app.file}{words}")
    os.unlink(app.file)
    app.again()
    app.says("refused.*cannot read the configuration .*: No such file")
    tap.true(not any("ports [" in line for line in app.running.lines), str(app.running.lines))
    app.stop()


def each_key_applies_now_or_later(apps):
    app = App(apps, "")
    app.says("ports ")
    app.reload("[limits]\nhandles = 20\nlog_rate = 100\nheap = 100M\n[stop]\nstop = 1s\n"
               "[restart]\nburst = 2\n[sandbox]\nspin = 10us\n")  # fmt: skip
    app.says(r"changed: \[limits\] handles, \[limits\] log_rate, \[stop\] stop, \[restart\] burst$")
    app.says(r"next start of mpyd only: \[limits\] heap, \[sandbox\] spin$")
    app.again()
    app.says(r"next start of mpyd only: \[limits\] heap, \[sandbox\] spin$")
    app.reload("")
    app.says(r"changed: \[limits\] handles, ")
    app.again()
    app.says("ports: the configuration is as it was$")
    app.stop()


def drop_in_added_while_it_runs_counts(apps):
    file = apps.file("")
    os.mkdir(f"{file}.d")
    image = apps.image("ports", PORTS, PORTS_GRANT)
    line = [*apps.mpyd, "run", "--unsigned", "--control=none", image, "--config", file]
    running = apps.follow(small.service.Service(line))
    running.wait_line(r"ports \[27001, 27002, 27003\]")
    with open(f"{file}.d/10-less.conf", "w", encoding="utf-8") as opened:
        opened.write("[grants]\nlisten = tcp:127.0.0.1:27003\n")
    running.send(signal.SIGHUP)
    running.wait_line(r"ports \[27003\]")
    os.unlink(f"{file}.d/10-less.conf")
    running.send(signal.SIGHUP)
    running.wait_line(r"changed: \[grants\] listen$")
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")


TESTS = [
    grants_narrow_and_come_back_as_far_as_at_the_start,
    refused_changes_nothing,
    each_key_applies_now_or_later,
    drop_in_added_while_it_runs_counts,
]
