# SPDX-License-Identifier: MIT
"""The probation of an update: what a supervisor says decides, and nothing it says does harm."""

import os
import subprocess
import threading
import time

import tap
from control import Control, status
from installing import installed
from place import DONE, FAILED, USAGE
from stock import same


class Trial:
    """Version 2.0 (counter 5) on trial, 1.0 (counter 3) to go back to, and a supervisor."""

    def __init__(self, stock, answer):
        """ANSWER: as of Control, or a function of the trial's image that makes it."""
        self.one, self.two = stock.image("1.0", 3), stock.image("2.0", 5)
        self.machine = installed(stock, self.one)
        self.machine.run("install", self.two)
        self.machine.run("pick")
        self.image = self.machine.state()["b"]["image"]
        self.control = Control(os.path.join(self.machine.root, "control"), answer(self.image))

    def watch(self, probation="0ms", **more):
        options = [f"--control={self.control.path}", f"--probation={probation}"]
        return self.machine.run("watch", *options, **more)

    def good(self):
        """The image that the next start gets."""
        self.machine.run("pick")
        if same(self.machine.picked(), self.two):
            return 2
        tap.true(same(self.machine.picked(), self.one), "the image")
        return 1


def good(image):
    return status(image)


def an_app_that_does_well_is_confirmed(stock):
    trial = Trial(stock, good)
    trial.watch("1s", words=["version 2.0 is confirmed, in slot b", "below counter 5 are refused"])
    tap.true(trial.control.n_calls >= 2, f"asked {trial.control.n_calls} times in a second")
    tap.equal((trial.good(), trial.machine.floor()), (2, 5), "image and floor")
    tap.equal(trial.watch(), "", "without a trial")


def whatever_else_happens_is_gone_back_from(stock):
    for why, answer in (
        ("it is degraded: no heartbeat", {"state": "degraded", "reason": "no heartbeat"}),
        ("it is failed", {"state": "failed"}),
        ("it is corrupt", {"state": "corrupt"}),
        ("its worker failed: ValueError", {"last_end": {"failed": True, "text": "failed: ValueError"}}),
        ("its worker failed", {"state": "starting", "restarts": {"recent": 1}}),
    ):
        trial = Trial(stock, lambda image, answer=answer: status(image, **answer))
        words = [f"rolled back from version 2.0 to 1.0: {why}"]
        trial.watch("1h", status=FAILED, words=words)
        tap.true(why in trial.machine.state()["slots"]["event"], "the event")
        tap.equal((trial.good(), trial.machine.floor()), (1, 3), f"image and floor after {why}")


def one_bad_moment_is_enough(stock):
    answers = ["running"] * 2 + ["degraded"]

    def next_answer(image):
        return lambda: status(image, state=answers.pop(0) if len(answers) > 1 else answers[0])

    trial = Trial(stock, next_answer)
    trial.watch("1h", status=FAILED, words=["it is degraded"])
    tap.equal(trial.good(), 1, "image")


def the_first_has_nothing_to_go_back_to(stock):
    machine = stock.place()
    machine.run("install", stock.image("1.0"))
    machine.run("pick")
    image = machine.state()["a"]["image"]
    control = Control(os.path.join(machine.root, "control"), status(image, state="failed"))
    options = [f"--control={control.path}", "--probation=0"]
    words = ["version 1.0 has not done well, and there is no other: it is failed"]
    machine.run("watch", *options, status=FAILED, words=words)
    control.answer = status(image)
    machine.run("pick")
    machine.run("watch", *options, words=["is confirmed"])


def what_says_nothing_is_waited_for(stock):
    """Answers of another image, not ready yet, none, half ones, junk: neither good nor bad."""
    trial = Trial(stock, good)
    for answer in (
        status("0123456789abcdef", state="failed"),
        status(trial.image, ready=False),
        status(trial.image, state="starting"),
        None,
        b"",
        b"\0",
        b'{"parameters": [1, 2]}\0',
        b'{"parameters": {"image": 7, "state": {"running": true}}}\0',
        b'{"error": "org.mpyd.App.Busy"}\0',
        b"[" * 100000 + b"\0",
        b"\xff\xfe junk\x1b[2J\0",
        b"x" * (17 << 20),
    ):
        trial.control.answer, before = answer, trial.control.n_calls
        options = [f"--control={trial.control.path}", "--probation=0ms"]
        running = subprocess.Popen(
            trial.machine.command("watch", *options), stderr=subprocess.PIPE, text=True
        )
        while trial.control.n_calls < before + 2:  # the first one was no reason to end
            time.sleep(0.02)
        tap.equal(running.poll(), None, f"ended after {str(answer)[:60]}")
        running.kill()
        said = running.communicate()[1]
        tap.true("\x1b" not in said, f"a terminal's escape: {said!r}")
    trial.control.answer = status(trial.image)
    trial.watch(words=["is confirmed"])


def a_supervisor_that_comes_late_is_waited_for(stock):
    trial = Trial(stock, good)
    trial.control.close()
    late = threading.Timer(0.7, Control, (trial.control.path, status(trial.image)))
    late.start()
    trial.watch(words=["is confirmed"])
    late.join()


def a_trial_that_somebody_else_ended_is_not_confirmed(stock):
    trial = Trial(stock, lambda image: status(image, ready=False))
    options = [f"--control={trial.control.path}", "--probation=0ms"]
    for end in ("pick", "rollback"):
        running = subprocess.Popen(trial.machine.command("watch", *options))
        before = trial.control.n_calls
        while trial.control.n_calls == before:
            time.sleep(0.02)
        trial.machine.run(end, words=["rolled back from version 2.0"])
        trial.control.answer = status(trial.image)
        tap.equal(running.wait(30), FAILED, f"exit status after {end}")
        tap.equal((trial.good(), trial.machine.floor()), (1, 3), "image and floor")
        trial.machine.run("install", trial.two)
        trial.machine.run("pick")
        trial.control.answer = status(trial.image, ready=False)


def a_trial_that_ends_after_it_was_ready_is_told_from_one_that_never_was(stock):
    for answer, why in (
        (status, "it ended before it was confirmed"),
        (lambda image: status(image, ready=False), "it was never seen to be ready"),
    ):
        trial = Trial(stock, answer)
        options = [f"--control={trial.control.path}", "--probation=1h"]
        running = subprocess.Popen(trial.machine.command("watch", *options))
        while trial.control.n_calls < 2:
            time.sleep(0.02)
        running.kill()  # as with power that fails: it decides nothing
        running.wait()
        trial.machine.run("pick", words=[f"rolled back from version 2.0 to 1.0: {why}"])


def a_stop_in_order_says_nothing_about_the_trial(stock):
    trial = Trial(stock, good)
    trial.machine.run("stopped", "success", words=["version 2.0 was stopped or ended on trial"])
    tap.equal(trial.machine.run("stopped", "success"), "", "of one that was not started since")
    tap.equal((trial.good(), trial.machine.floor()), (2, 3), "image and floor")
    tap.equal(trial.machine.state()["slots"]["trial"], "b", "the trial")
    trial.watch(words=["is confirmed"])
    tap.equal(trial.machine.run("stopped", "success"), "", "without a trial")


def any_other_end_does(stock):
    for result in ("exit-code", "signal", "core-dump", "watchdog", "timeout", "resources", "Success", ""):
        trial = Trial(stock, good)
        tap.equal(trial.machine.run("stopped", result), "", f"words after {result}")
        tap.equal((trial.good(), trial.machine.floor()), (1, 3), f"image and floor after {result}")


def a_trial_that_was_not_started_is_not_watched(stock):
    machine = installed(stock, stock.image("1.0"))
    machine.run("install", stock.image("2.0"))
    tap.equal(machine.run("watch", "--control=/nonexistent/control"), "", "nothing is said")
    tap.equal(machine.state()["slots"]["trial"], "b", "the trial")


def bad_times_are_told(stock):
    machine = stock.place()
    for time_ in ("", "-1s", "fast", "2d", "25h"):
        machine.run("watch", f"--probation={time_}", status=USAGE, words=["no time"])
    tap.equal(machine.run("watch", "--probation=24h", status=DONE), "", "a day")


TESTS = [
    an_app_that_does_well_is_confirmed,
    whatever_else_happens_is_gone_back_from,
    one_bad_moment_is_enough,
    the_first_has_nothing_to_go_back_to,
    what_says_nothing_is_waited_for,
    a_supervisor_that_comes_late_is_waited_for,
    a_trial_that_somebody_else_ended_is_not_confirmed,
    a_trial_that_ends_after_it_was_ready_is_told_from_one_that_never_was,
    a_stop_in_order_says_nothing_about_the_trial,
    any_other_end_does,
    a_trial_that_was_not_started_is_not_watched,
    bad_times_are_told,
]
