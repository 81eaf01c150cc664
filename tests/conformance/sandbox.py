# SPDX-License-Identifier: MIT
"""Freezes tests into one image and has mpyd run it: a worker of its own for each test."""

import os
import re
import shutil
import socket
import subprocess
import time

import service
import upstream

APP = "conformance"
MARK = f"{APP}: ---- "
OWN = f"mpyd: {APP}: "  # mpyd about the app
STARTED = ": started, generation"  # may come later than what the worker says first
ENDED = r"ended|failed: (uncaught exception|out of memory in its heap)"  # by itself, whatever it did

IDENTITY = f'name = "{APP}"\nversion = "1"\nentry = "main"\n'
RESOURCES = 'resources = "resources"\n'
# Some tests run out of memory and want to see it: upstream's own heap on a PC has this size.
MEMORY = '[memory]\nheap = "2M"\nstack = "512K"\n'
STORAGE = 'storage = "1M"\n'
REST = """\
[grants]
connect = ["tcp:127.0.0.1:*", "udp:127.0.0.1:*"]
listen = ["tcp:*", "udp:*"]
[limits]
log_rate = 10000
"""
CONFIG = "[restart]\nrestart = always\ndelay = 0\ndelay_max = 0\nwindow = 1us\n"

PAUSE = 0.005  # seconds between tests: a quick machine would print more lines than the log takes


class Run:
    """What became of one test."""

    def __init__(self):
        self.said = []
        self.ending = "never ended"

    def ended_well(self):
        return re.fullmatch(ENDED + ".*", self.ending) is not None


class Sandbox:
    """SOURCE: MicroPython's. MPYD, MPYFREEZE: commands, as lists. WORK: a directory to use."""

    def __init__(self, source, mpyd, mpyfreeze, work):
        self.source = source
        self.mpyd = mpyd
        self.mpyfreeze = mpyfreeze
        self.image = os.path.join(work, APP + ".mpyimg")
        self.config = os.path.join(work, APP + ".conf")
        self.app = os.path.join(work, "app")
        self.keeping = []  # options of mpyd run
        self.listener = socket.create_server(("127.0.0.1", 0))

    def freeze(self, folder, names):
        """Makes the image of the tests NAMES of FOLDER."""
        tests = os.path.join(self.source, "tests", folder)
        here = os.path.dirname(os.path.abspath(__file__))
        shutil.copytree(os.path.join(here, "app"), self.app)
        for name in names:
            shutil.copy(os.path.join(tests, name + ".py"), self.app)
        data = os.path.join(tests, "data")
        resources = os.path.join(self.app, "resources")
        os.mkdir(resources)
        if os.path.isdir(data):
            shutil.copytree(data, os.path.join(resources, "data"))
        rest = REST
        if folder in upstream.WRITING:
            rest = REST.replace("[grants]\n", "[grants]\n" + STORAGE)
            self.keeping = ["--state", os.path.join(os.path.dirname(self.app), "state")]
        self._write(os.path.join(self.app, "mpyd.toml"), IDENTITY + RESOURCES + MEMORY + rest)
        self._write(self.config, CONFIG)
        self._write(os.path.join(resources, "port"), str(self.listener.getsockname()[1]))
        done = subprocess.run(
            [*self.mpyfreeze, "build", self.app, "-o", self.image],
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(f"mpyfreeze failed:\n{done.stdout}{done.stderr}")

    @staticmethod
    def _write(path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, names, patience):
        """Runs the tests NAMES, of those frozen. Returns name: Run. One that takes longer than
        PATIENCE seconds is ended, and mpyd started again for the rest."""
        runs = {}
        waiting = list(names)
        while waiting:
            running = service.Service(
                [*self.mpyd, "run", "--unsigned", "--control=none", self.image,
                 "--config", self.config, *self.keeping]
            )
            try:
                asking = self._answer(running, waiting, patience)
                status = running.stop()
            finally:
                running.kill()
            if asking:
                asking.close()
            found = parse(running.lines)
            if not found:
                raise AssertionError(f"mpyd ran no test ({status}):\n" + running.output())
            runs.update(found)
        return runs

    def _answer(self, running, waiting, patience):
        """Tells each worker that asks the next of WAITING, until there is none, or one hangs. Returns
        the connection of the worker that asked in vain, which waits there; else None."""
        self.listener.settimeout(0.5)
        left = patience
        while left > 0 and running.process.poll() is None:
            try:
                connection, _ = self.listener.accept()
            except TimeoutError:
                left -= 0.5
                continue
            if not waiting:
                return connection
            with connection:
                time.sleep(PAUSE)
                connection.sendall(waiting.pop(0).encode())
            left = patience
        return None


def parse(lines):
    """Name: Run, for each test that LINES, the log, tell of. Raises where the log is not whole."""
    runs = {}
    run = Run()
    for line in lines:
        if line.startswith(OWN) and "log messages dropped" in line:
            raise AssertionError(line)
        if line.startswith(MARK) and run.ending != "started":
            run = runs[line[len(MARK) :]] = Run()
            run.ending = "started"
        elif line.startswith(APP + ": "):
            run.said.append(line[len(APP) + 2 :])
        elif line.startswith(OWN) and run.ending == "started" and STARTED not in line:
            run.ending = line[len(OWN) :]
    return runs
