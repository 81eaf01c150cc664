# SPDX-License-Identifier: MIT
"""Power that fails at every change that a command makes on the disk: what each left there, in every
order that a disk may have written it, starts with an image that is whole, and goes on from there."""

import os
import shutil
import subprocess

import tap
from control import Control, status
from disk import CALLS, Disk, write_tree
from installing import installed
from place import DONE, FAILED, REFUSED, Place
from stock import same


class Cut:
    """A machine on which one command is run under strace, and then cut off everywhere."""

    def __init__(self, stock, machine):
        self.stock, self.machine = stock, machine
        self.outcomes, self.last = [], set()
        self._scratch = os.path.join(stock.quick_folder(), "cut")

    def run(self, verb, *more, check):
        """Calls CHECK(machine) for each machine that the command may leave behind. It returns what
        came of it; LAST is what did once the command had ended, in whatever order the disk
        writes."""
        trace = os.path.join(self.stock.shop.place(), "trace")
        prefix = ["strace", "-xx", "-s", "100000000", "-e", "trace=" + CALLS, "-o", trace]
        disk = Disk(self.machine.root)
        self._cut(disk, check)
        command = [*prefix, *self.machine.command(verb, *more)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        tap.true(done.returncode in (DONE, FAILED), f"{verb}: {done.stderr}")
        with open(trace, encoding="ascii") as file:
            for line in file:
                if disk.play(line):
                    self._cut(disk, check)
        n = len(self.outcomes)
        disk.forget_cuts()
        self._cut(disk, check)
        self.last = set(self.outcomes[n:])

    def _cut(self, disk, check):
        for tree in disk.cuts(without="run"):  # is in memory
            write_tree(tree, self._scratch)
            machine = Place(self.machine.program, self._scratch, self.machine.keys)
            self.outcomes.append(check(machine))
            shutil.rmtree(self._scratch)


class Versions:
    """1.0 (counter 3) and 2.0 (counter 5)."""

    def __init__(self, stock):
        self.stock = stock
        self.one, self.two = stock.image("1.0", 3), stock.image("2.0", 5)

    def start(self, machine):
        """The version that a start gets: a whole image, its signature, not below its floor."""
        machine.run("pick")
        version = 1 if same(machine.picked(), self.one) else 2
        tap.true(version == 1 or same(machine.picked(), self.two), "a whole image")
        tap.true(machine.floor() <= (3, 5)[version - 1], f"version {version} is below its floor")
        return version

    def goes_on(self, machine):
        """Whatever was cut off, the next update comes through."""
        three = self.stock.image("3.0", 5)
        machine.run("install", three)
        machine.run("pick")
        tap.true(same(machine.picked(), three), "the next update")
        machine.confirm()
        machine.run("pick")
        tap.true(same(machine.picked(), three), "the next update, confirmed")

    def twice(self, machine):
        """The versions of two starts of which none is confirmed; and on it goes."""
        versions = self.start(machine), self.start(machine)
        self.goes_on(machine)
        return versions


def updated(stock, versions, before=None):
    """A machine on which version 1 is good, and BEFORE, if any, was before that."""
    return installed(stock, *([before] if before else []), versions.one)


def an_update_cut_off_is_all_there_or_not_at_all(stock):
    versions = Versions(stock)
    for before in (None, stock.image("0.9", 3)):
        cut = Cut(stock, updated(stock, versions, before))
        cut.run("install", versions.two, check=versions.twice)
        tap.equal(set(cut.outcomes), {(1, 1), (2, 1)}, "starts")
        tap.equal(cut.last, {(2, 1)}, "starts after all of it")
        tap.true(len(cut.outcomes) > 50, f"only {len(cut.outcomes)} cuts")


def who_goes_back_after_an_update_cut_off_does_not_get_it(stock):
    """The slot held what was good before: half way it is no more that, nor yet the update."""
    versions = Versions(stock)
    oldest = stock.image("0.9", 3)

    def check(machine):
        done = subprocess.run(machine.command("rollback"), capture_output=True, text=True)
        machine.run("pick")
        if done.returncode == DONE and same(machine.picked(), oldest):
            return 0
        return 1 if same(machine.picked(), versions.one) else 2

    cut = Cut(stock, updated(stock, versions, oldest))
    cut.run("install", versions.two, check=check)
    tap.equal(set(cut.outcomes), {0, 1}, "starts")
    tap.equal(cut.last, {1}, "starts after all of it")


def the_first_install_cut_off_is_all_there_or_not_at_all(stock):
    versions = Versions(stock)

    def check(machine):
        done = subprocess.run(machine.command("pick"), capture_output=True, text=True)
        if done.returncode == REFUSED:
            tap.true("there is no image" in done.stderr, done.stderr)
            versions.goes_on(machine)
            return 0
        return versions.twice(machine)

    cut = Cut(stock, stock.place())
    cut.run("install", versions.one, check=check)
    tap.equal(set(cut.outcomes), {0, (1, 1)}, "starts")
    tap.equal(cut.last, {(1, 1)}, "starts after all of it")


def an_update_of_what_came_with_a_package_cut_off(stock):
    versions = Versions(stock)
    machine = stock.place()
    os.mkdir(machine.vendor)
    for name in ("gauge.mpyimg", "gauge.mpyimg.minisig"):
        shutil.copy(os.path.join(os.path.dirname(versions.one), name), machine.vendor)
    cut = Cut(stock, machine)
    cut.run("install", versions.two, check=versions.twice)
    tap.equal(set(cut.outcomes), {(1, 1), (2, 1)}, "starts")
    tap.equal(cut.last, {(2, 1)}, "starts after all of it")


def on_trial(stock, versions):
    """A machine on which version 1 is good and version 2 has had its start."""
    machine = updated(stock, versions)
    machine.run("install", versions.two)
    machine.run("pick")
    return machine


def a_start_of_a_trial_cut_off_is_that_start_or_none(stock):
    versions = Versions(stock)
    machine = updated(stock, versions)
    machine.run("install", versions.two)
    cut = Cut(stock, machine)
    cut.run("pick", check=versions.twice)
    tap.equal(set(cut.outcomes), {(2, 1), (1, 1)}, "starts")
    tap.equal(cut.last, {(1, 1)}, "starts after all of it: it had its start")


def a_stop_of_a_trial_cut_off_is_noted_or_not(stock):
    versions = Versions(stock)
    machine = on_trial(stock, versions)
    cut = Cut(stock, machine)
    cut.run("stopped", "success", check=versions.twice)
    tap.equal(set(cut.outcomes), {(1, 1), (2, 1)}, "starts")
    tap.equal(cut.last, {(2, 1)}, "starts after all of it: another trial")


def going_back_cut_off_goes_back(stock):
    versions = Versions(stock)
    machine = on_trial(stock, versions)
    cut = Cut(stock, machine)
    cut.run("pick", check=versions.twice)
    tap.equal(set(cut.outcomes), {(1, 1)}, "starts")


def watched(stock, versions, answer, check):
    """The outcomes of cuts through a watch of version 2, of which its supervisor says ANSWER."""
    machine = on_trial(stock, versions)
    image = machine.state()["b"]["image"]
    control = Control(os.path.join(stock.shop.place(), "control"), status(image, **answer))
    cut = Cut(stock, machine)
    options = [f"--control={control.path}", "--probation=0ms"]
    cut.run("watch", *options, check=check)
    control.close()
    return cut


def confirming_cut_off_is_all_there_or_not_at_all(stock):
    """The floor as well: it never keeps what would start from starting."""
    versions = Versions(stock)

    def check(machine):
        twice = versions.twice(machine)
        tap.true(twice != (2, 2) or machine.floor() == 5, f"floor: {machine.floor()}")
        return twice

    cut = watched(stock, versions, {}, check)
    tap.equal(set(cut.outcomes), {(1, 1), (2, 2)}, "starts")
    tap.equal(cut.last, {(2, 2)}, "starts after all of it")


def giving_up_cut_off_goes_back(stock):
    versions = Versions(stock)
    cut = watched(stock, versions, {"state": "failed"}, versions.twice)
    tap.equal(set(cut.outcomes), {(1, 1)}, "starts")


def rolling_back_cut_off_is_all_there_or_not_at_all(stock):
    one, two = stock.image("1.0", 3), stock.image("1.1", 3)
    versions = Versions(stock)
    versions.two = two
    cut = Cut(stock, installed(stock, one, two))
    cut.run("rollback", check=versions.twice)
    tap.equal(set(cut.outcomes), {(2, 2), (1, 1)}, "starts")
    tap.equal(cut.last, {(1, 1)}, "starts after all of it")


TESTS = [
    an_update_cut_off_is_all_there_or_not_at_all,
    who_goes_back_after_an_update_cut_off_does_not_get_it,
    the_first_install_cut_off_is_all_there_or_not_at_all,
    an_update_of_what_came_with_a_package_cut_off,
    a_start_of_a_trial_cut_off_is_that_start_or_none,
    a_stop_of_a_trial_cut_off_is_noted_or_not,
    going_back_cut_off_goes_back,
    confirming_cut_off_is_all_there_or_not_at_all,
    giving_up_cut_off_goes_back,
    rolling_back_cut_off_is_all_there_or_not_at_all,
]
