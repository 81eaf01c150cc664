# SPDX-License-Identifier: MIT
"""Configurations: what they come to, and in what two differ, as mpyd itself reads them."""

import json
import os
import subprocess
from pathlib import Path

import images
import tap


class Configs:
    """Files in a folder of their own, and mpyctl with the mpyd of the build in PATH."""

    def __init__(self, program):
        self.program = program
        self.folder = program.place / "configs"
        self.folder.mkdir(exist_ok=True)
        self.environment = {
            **os.environ, "PATH": f"{Path(program.mpyd).resolve().parent}:{os.environ['PATH']}"}

    def file(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return str(path)

    def run(self, *arguments):
        return self.program.run("config", *arguments, env=self.environment)


def shown_with_its_origin(program):
    configs = Configs(program)
    path = configs.file("a.conf", "[limits]\nheap = 2M\n[restart]\nburst = 7\n")
    dropin = configs.file("a.conf.d/10-more.conf", "[restart]\nburst = 8\n")
    done = configs.run("show", path)
    tap.equal((done.returncode, done.stderr), (0, ""), "shown")
    rows = [line.split("  ") for line in done.stdout.splitlines()]
    rows = {row[0]: [cell.strip() for cell in row[1:] if cell] for row in rows}
    tap.equal(rows["[limits] heap"], ["2M", f"{path}:2", "next start"], "from the file")
    tap.equal(rows["[restart] burst"], ["8", f"{dropin}:2", "reload"], "from a drop-in")
    tap.equal(rows["[restart] window"][1], "default", "a default")
    done = configs.run("show", path, "--set")
    tap.equal(len(done.stdout.splitlines()), 3, "heading and two lines")
    shown = json.loads(configs.run("show", path, "--json").stdout)
    tap.equal(shown["files"], [path, dropin], "files")


def refused_with_its_line(program):
    configs = Configs(program)
    good = configs.file("good.conf", "")
    bad = configs.file("bad.conf", "[limits]\nheep = 2M\n")
    for arguments in (("show", bad), ("diff", bad, good), ("diff", good, bad)):
        done = configs.run(*arguments)
        tap.equal((done.returncode, done.stdout), (4, ""), arguments)
        tap.true(f"{bad}:2: there is no key heep in [limits]" in done.stderr, done.stderr)
    done = configs.run("show", configs.folder / "none.conf")
    tap.equal(done.returncode, 4, done.stderr)
    tap.equal(done.stderr.count("\n"), 1, done.stderr)


def any_difference_counts(program):
    """Pairs of values, and status 1; equal is equal wherever it was written."""
    configs = Configs(program)
    a = configs.file("one.conf", "[limits]\nheap = 2M\n[grants]\nlisten = tcp:80\n")
    b = configs.file("two.conf", "[restart]\nburst = 5\n[limits]\nheap = 3M\n")
    same = configs.file("same.conf", "[grants]\nlisten = tcp:80\n\n[limits]\nheap = 2M\n")
    done = configs.run("diff", a, same)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "no difference")
    done = configs.run("diff", a, b)
    tap.equal(done.returncode, 1, done.stderr)
    rows = [line.split() for line in done.stdout.splitlines()]
    tap.equal(rows, [["KEY", a, b], ["[grants]", "listen", "tcp:80", "not", "set"],
                     ["[limits]", "heap", "2M", "3M"]], "pairs")
    done = configs.run("diff", a, b, "--json")
    tap.equal(done.returncode, 1, "also for programs")
    tap.equal(json.loads(done.stdout)["differences"], [
        {"section": "grants", "key": "listen", "a": "tcp:80", "b": None},
        {"section": "limits", "key": "heap", "a": "2M", "b": "3M"}], "pairs")


def files_that_one_gives_are_differences(program):
    configs = Configs(program)
    a = configs.file("few.conf", "[files]\nmap = /etc/map\nserial = /dev/ttyS0\n")
    b = configs.file("others.conf", "[files]\nserial = /dev/ttyS1\nclock = /dev/rtc0\n")
    done = configs.run("show", a, "--set")
    tap.equal([line.split() for line in done.stdout.splitlines()[1:]],
              [["[files]", "map", "/etc/map", f"{a}:2", "next", "start"],
               ["[files]", "serial", "/dev/ttyS0", f"{a}:3", "next", "start"]], "shown")  # fmt: skip
    done = configs.run("diff", a, b)
    tap.equal(done.returncode, 1, done.stderr)
    tap.equal([line.split() for line in done.stdout.splitlines()[1:]],
              [["[files]", "map", "/etc/map", "not", "set"],
               ["[files]", "serial", "/dev/ttyS0", "/dev/ttyS1"],
               ["[files]", "clock", "not", "set", "/dev/rtc0"]], "pairs")  # fmt: skip


def judged_by_an_image(program):
    """What would be refused at the start is refused here, in the same words."""
    configs = Configs(program)
    image = program.image("ware", images.WARE)
    good = configs.file("narrower.conf", "[grants]\nlisten =\n")
    done = configs.run("show", good, "--image", image)
    tap.equal((done.returncode, done.stderr), (0, ""), "what the image asks for, or less")
    tap.equal(json.loads(configs.run("show", good, "--image", image, "--json").stdout)["refused"],
              None, "not refused")  # fmt: skip
    for text, words in (
        ("[grants]\nlisten = tcp:80, tcp:2\n", ":2: "),
        ("[files]\nmap = /etc/map\n", ":2: [files] map: the manifest asks for no file"),
        ("[limits]\nheap = 64K\n", "ware: needs a heap of "),
    ):
        bad = configs.file("wider.conf", text)
        done = configs.run("show", bad, "--image", image)
        tap.equal((done.returncode, done.stderr.count("\n")), (4, 1), done.stderr)
        tap.true(words in done.stderr, done.stderr)
        tap.true("CHANGES APPLY WITH" in done.stdout, "shown all the same")
        said = json.loads(configs.run("show", bad, "--image", image, "--json").stdout)["refused"]
        tap.true(said and said in done.stderr, said)
        start = subprocess.run(
            [program.mpyd, "run", "--unsigned", "--control", "none", "--config", bad, image],
            capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
        tap.true(start.returncode == 4 and said in start.stderr, start.stderr)
    done = configs.run("show", good, "--image", program.spoilt(b"no image"))
    tap.equal((done.returncode, done.stderr.count("\n")), (3, 1), done.stderr)
    tap.true("CHANGES APPLY WITH" in done.stdout, "the image is to blame, not the file")


def without_mpyd(program):
    configs = Configs(program)
    configs.environment["PATH"] = str(configs.folder)
    done = configs.run("show", "meterd")
    tap.equal((done.returncode, done.stdout), (6, ""), done.stderr)
    tap.true("cannot run mpyd" in done.stderr, done.stderr)


TESTS = [
    shown_with_its_origin,
    refused_with_its_line,
    any_difference_counts,
    files_that_one_gives_are_differences,
    judged_by_an_image,
    without_mpyd,
]
