# SPDX-License-Identifier: MIT
"""mpyctl install and rollback, as root of a machine of which /run and /var/lib are our own (run-update
sees to that), with and without a systemd, which tests/update/fake-systemd plays."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import time

import tap
from control import Control, status
from place import DENIED, DONE, FAILED, REFUSED, UNTRUSTED, USAGE, Place
from stock import same

HERE = os.path.dirname(os.path.abspath(__file__))


class Machine(Place):
    """What is where mpyctl looks for it."""

    def __init__(self, stock, with_systemd=True, active="active"):
        super().__init__(stock.program, "/var/lib", stock.trusted)
        self.images, self.floors = "/var/lib/mpyd-images", "/var/lib/mpyd-floors"
        self.links, self.incoming = "/run/mpyd-slots", "/var/lib/mpyd-incoming"
        self.mpyctl, self.fake = stock.mpyctl, stock.shop.place()
        for folder in (self.images, self.floors, self.incoming, self.links, "/run/mpydctl"):
            shutil.rmtree(folder, ignore_errors=True)
            os.mkdir(folder)
        shutil.rmtree("/run/systemd", ignore_errors=True)
        if with_systemd:
            os.makedirs("/run/systemd/system")
        for name in ("systemctl", "journalctl", "mpyd-update"):
            os.symlink(os.path.join(HERE, "fake-systemd"), os.path.join(self.fake, name))
        self.write("update", f"{self.program} --keys={self.keys}")
        self.write("active", active)
        self.write("enabled", "disabled")
        self.write("job", "")

    def write(self, name, text):
        with open(os.path.join(self.fake, name), "w", encoding="utf-8") as file:
            file.write(text)

    def calls(self):
        with open(os.path.join(self.fake, "calls"), encoding="utf-8") as file:
            return file.read()

    def environment(self):
        return {**os.environ, "FAKE": self.fake, "PATH": self.fake + ":" + os.environ["PATH"]}

    def ctl(self, *words, says=(), exits=DONE):
        env = self.environment()
        done = subprocess.run(
            [self.mpyctl, *words], capture_output=True, text=True, timeout=60, env=env
        )
        said = done.stdout + done.stderr
        tap.equal(done.returncode, exits, f"mpyctl {words}: {said}")
        for text in says:
            tap.true(text in said, f"{text!r} is not in {said!r}")
        return said


@contextlib.contextmanager
def app_that_is(machine, **more):
    """The supervisor of whatever was picked, whose Status says MORE."""

    def answer():
        state = machine.state()
        return status(state.get(machine.slot(), {}).get("image", ""), **more)

    control = Control("/run/mpydctl/gauge/control", answer)
    try:
        yield
    finally:
        control.close()


def an_update_is_waited_for_until_it_is_confirmed(stock):
    machine = Machine(stock)
    with app_that_is(machine):
        for version in ("1.0", "2.0"):
            words = [f"gauge: version {version} is in slot", f"version {version} is confirmed"]
            machine.ctl("install", stock.image(version), says=words)
            tap.true(same(machine.picked(), stock.image(version)), "the image that runs")
        tap.true("systemctl reset-failed" in machine.calls(), "what it failed of before is forgotten")
        tap.equal(os.listdir("/var/lib/mpyd-incoming"), [], "what is left")
        machine.ctl("install", stock.image("2.0"), says=["gauge: nothing to do"])
        machine.ctl("rollback", "gauge", says=["rolled back from version 2.0 to 1.0: as asked for"])
        tap.true(same(machine.picked(), stock.image("1.0")), "the image that runs")


def the_same_again_disturbs_nothing(stock):
    machine = Machine(stock)
    with app_that_is(machine):
        machine.ctl("install", stock.image("1.0"), says=["version 1.0 is confirmed"])
        before = machine.calls().count("systemctl restart")
        machine.ctl("install", stock.image("1.0"), says=["nothing to do"])
        tap.equal(machine.calls().count("systemctl restart"), before, "restarts")
        machine.ctl("install", stock.image("2.0"), says=["version 2.0 is confirmed"])
        tap.equal(machine.calls().count("systemctl restart"), before + 1, "restarts")


def a_bad_update_is_rolled_back_and_told(stock):
    machine = Machine(stock)
    with app_that_is(machine):
        machine.ctl("install", stock.image("1.0"), says=["confirmed"])
    with app_that_is(machine, state="degraded", reason="no heartbeat"):
        why = "rolled back from version 2.0 to 1.0: it is degraded: no heartbeat"
        machine.ctl("install", stock.image("2.0"), exits=FAILED, says=[why])
    with app_that_is(machine):
        machine.ctl("install", stock.image("3.0"), "--no-wait", says=["version 3.0 is in slot b"])
        while machine.state()["slots"]["trial"] != "none":
            time.sleep(0.02)
        tap.equal(machine.state()["slots"]["good"], "b", "slot, in the end")


def a_trial_that_was_stopped_is_another_one_with_the_next_start(stock):
    machine = Machine(stock)
    with app_that_is(machine):
        machine.ctl("install", stock.image("1.0"), says=["confirmed"])
    machine.ctl("install", stock.image("2.0"), "--no-wait")  # nobody answers yet
    machine.write("active", "inactive")
    machine.write("job", "622")
    words = ["version 2.0 was stopped or ended on trial"]
    machine.run("stopped", "success", words=words, env=machine.environment())
    tap.true("systemctl reset-failed --quiet -- mpyd@gauge.service" in machine.calls(), "starts are forgotten")
    tap.true(words[0] in machine.state()["slots"]["event"], "the event")
    machine.run("pick", words=["version 2.0 is on trial"])
    tap.equal(machine.run("watch", "--probation=1h", env=machine.environment()), "", "of one that is stopped again")
    tap.equal(machine.state()["slots"]["trial"], "b", "the trial")


def how_to_start_one_that_does_not_run_is_told(stock):
    machine = Machine(stock, active="inactive")
    said = machine.ctl("install", stock.image("1.0"))
    tap.equal(said.splitlines(), [
        "gauge: version 1.0 is in slot a",
        "gauge: version 1.0 is installed, to be tried with the next start",
        "gauge: it does not run on this machine: mpyctl enable --now gauge starts it, now and whenever the machine "
        "starts"], "of one that is not enabled")
    machine.write("enabled", "enabled")
    said = machine.ctl("install", stock.image("2.0"))
    tap.equal(said.splitlines()[-1], "gauge: it does not run on this machine: mpyctl start gauge starts it", "enabled")
    tap.equal(machine.ctl("install", "--no-wait", stock.image("3.0")).count("\n"), 1, "lines for who knows")
    machine.write("active", "active")
    with app_that_is(machine):
        tap.true("does not run" not in machine.ctl("install", stock.image("1.0")), "of one that runs")


def a_trial_that_came_to_its_end_is_over(stock):
    """But for the first image: there is nothing to go back to."""
    machine = Machine(stock)
    machine.ctl("install", stock.image("1.0"), "--no-wait")
    machine.run("stopped", "success", words=["version 1.0 was stopped or ended on trial"], env=machine.environment())
    tap.equal(machine.state()["slots"]["trial"], "a", "the trial of the first")
    machine.run("pick")
    machine.confirm()
    machine.ctl("install", stock.image("2.0"), "--no-wait")
    restarts = machine.calls().count("systemctl restart")
    words = ["rolled back from version 2.0 to 1.0: it came to its end before it was confirmed"]
    machine.run("stopped", "success", words=words, env=machine.environment())
    tap.equal(machine.calls().count("systemctl restart"), restarts + 1, "restarts")
    tap.true(same(machine.picked(), stock.image("1.0")), "the image that runs")
    machine.run("stopped", "success", env=machine.environment())
    tap.equal(machine.calls().count("systemctl restart"), restarts + 1, "restarts after the end of a good one")


def what_the_units_of_apps_run_has_no_powers(stock):
    """Looked at while it waits for the slots."""
    machine = Machine(stock)
    machine.ctl("install", stock.image("1.0"), "--no-wait")
    directory = os.open("/var/lib/mpyd-images/gauge", os.O_RDONLY)
    try:
        for words in (["prepare"], ["stopped", "success"]):
            fcntl.flock(directory, fcntl.LOCK_EX)
            command = machine.command(*words)
            running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=machine.environment())
            fields = waiting(running)
            for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                tap.equal(int(fields[name], 16), 0, f"{words}: {name}")
            tap.equal(fields["NoNewPrivs"], "1", f"{words}: NoNewPrivs")
            fcntl.flock(directory, fcntl.LOCK_UN)
            tap.equal((running.communicate(timeout=60)[1] != "", running.returncode), (True, DONE), f"{words}")
    finally:
        os.close(directory)


def waiting(running):
    """/proc/PID/status of a process that waits for the lock."""
    while True:
        with open("/proc/locks", encoding="ascii") as file:
            is_waiting = any("->" in line and f" {running.pid} " in line for line in file)
        with open(f"/proc/{running.pid}/status", encoding="ascii") as file:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        if is_waiting:
            return fields
        tap.equal(running.poll(), None, "it ended")
        time.sleep(0.02)


def what_the_unit_refuses_is_told_with_its_status(stock):
    machine = Machine(stock, active="inactive")
    machine.ctl("install", stock.image("1.0", 3), says=["to be tried with the next start"])
    tap.true("systemctl restart" not in machine.calls(), "a stopped app is not started")
    machine.run("pick")
    machine.confirm()
    machine.run("pick")
    theirs = shutil.copy(stock.image("2.0"), stock.shop.place())
    stock.shop.theirs.sign(theirs)
    words = ["mpyd-update: ", "which is not among"]
    said = machine.ctl("install", theirs, exits=UNTRUSTED, says=words)
    tap.true("systemd's own words" not in said, f"only the reason: {said}")
    words = ["counter 2 is below 3"]
    machine.ctl("install", stock.image("0.9", 2), exits=UNTRUSTED, says=words)
    machine.ctl("rollback", "gauge", exits=FAILED, says=["no image to go back to"])
    tap.equal(os.listdir("/var/lib/mpyd-incoming"), [], "what is left")


def what_systemd_denies_is_not_done_later(stock):
    """Members of the group mpyd may leave a wish, and not start the unit that does it."""
    machine = Machine(stock, active="inactive")
    machine.ctl("install", stock.image("1.0"))
    machine.write("denied", "")
    for words in (["install", stock.image("2.0")], ["rollback", "gauge"]):
        tap.equal(machine.ctl(*words, exits=DENIED),
                  "Failed to start mpyd-install@gauge.service: Access denied\n", "all it says")  # fmt: skip
        tap.equal(os.listdir("/var/lib/mpyd-incoming"), [], "what is left")
    os.remove(os.path.join(machine.fake, "denied"))
    os.mkdir("/var/lib/mpyd-incoming/gauge")
    with open("/var/lib/mpyd-incoming/gauge/rollback", "w", encoding="ascii"):
        pass  # of a mpyctl that was cut off
    machine.ctl("install", stock.image("3.0"), says=["version 3.0 is installed"])


def one_that_is_refused_leaves_nothing(stock):
    """No app that never was, no failed unit; what is told is of the file that was given."""
    machine = Machine(stock, active="inactive")
    other = shutil.copy(stock.image("1.0"), os.path.join(stock.shop.place(), "demo.mpyimg"))
    shutil.copy(stock.image("1.0") + ".minisig", other + ".minisig")
    said = machine.ctl("install", other, exits=UNTRUSTED)
    tap.true("/mpyd-images/" not in said, said)
    said = machine.ctl("install", "--name", "demo", other, exits=UNTRUSTED)
    with open(os.path.join(stock.shop.place(), "gauge.mpyimg"), "wb") as file:
        file.truncate(1 << 30)
    shutil.copy(stock.image("1.0") + ".minisig", file.name + ".minisig")
    machine.ctl("install", file.name, exits=REFUSED, says=["larger than"])
    tap.equal(os.listdir("/var/lib/mpyd-incoming"), [], "what is to be installed")
    tap.equal(os.listdir("/var/lib/mpyd-images"), [], "apps")
    tap.true("systemctl reset-failed --quiet -- mpyd-install@demo.service" in machine.calls(),
             machine.calls())  # fmt: skip


def bad_operands_are_told(stock):
    machine = Machine(stock)
    other = os.path.join(stock.shop.place(), "Gauge.mpyimg")
    shutil.copy(stock.image("1.0"), other)
    machine.ctl("install", other, exits=USAGE)
    machine.ctl("install", other, "--name", "gauge", exits=UNTRUSTED, says=["not signed"])
    machine.ctl("install", "/nonexistent/gauge.mpyimg", exits=REFUSED,
                says=["cannot open what is to be installed /nonexistent/gauge.mpyimg: No such file"])
    machine.ctl("install", exits=USAGE, says=["IMAGE"])
    machine.ctl("rollback", "/run/x/control", exits=USAGE, says=["no name of an app"])
    machine.ctl("rollback", "Gauge", exits=USAGE)
    tap.equal(os.listdir("/var/lib/mpyd-incoming"), [], "what is left")
    os.rmdir("/var/lib/mpyd-incoming")
    words = ["there is no /var/lib/mpyd-incoming", "systemd-tmpfiles"]
    machine.ctl("rollback", "gauge", exits=FAILED, says=words)


def root_is_led_nowhere_else(stock):
    """By a link that somebody of the group mpyd has put where the app's directory is to be."""
    machine = Machine(stock, active="inactive")
    target = os.path.join(stock.shop.place(), "target")
    os.mkdir(target)
    with open(os.path.join(target, "gauge.mpyimg"), "w", encoding="ascii") as file:
        file.write("precious")
    os.symlink(target, "/var/lib/mpyd-incoming/gauge")
    words = ["/var/lib/mpyd-incoming/gauge: a link or a file, not the directory"]
    machine.ctl("install", stock.image("1.0"), exits=FAILED, says=words)
    machine.ctl("rollback", "gauge", exits=FAILED, says=words)
    with open(os.path.join(target, "gauge.mpyimg"), encoding="ascii") as file:
        tap.equal((os.listdir(target), file.read()), (["gauge.mpyimg"], "precious"), "what is there")


def two_at_once_are_told_apart(stock):
    machine = Machine(stock, active="inactive")
    os.mkdir("/var/lib/mpyd-incoming/gauge")
    folder = os.open("/var/lib/mpyd-incoming/gauge", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    words = ["somebody else is installing"]
    machine.ctl("install", stock.image("1.0"), exits=FAILED, says=words)
    os.close(folder)
    machine.ctl("install", stock.image("1.0"), says=["version 1.0"])


def without_systemd_it_is_done_at_once(stock):
    machine = Machine(stock, with_systemd=False)
    machine.ctl("install", stock.image("1.0"), says=["version 1.0 is installed"])
    machine.run("pick")
    machine.confirm()
    machine.ctl("install", stock.image("2.0"))
    machine.ctl("rollback", "gauge", says=["rolled back from version 2.0 to 1.0"])
    theirs = shutil.copy(stock.image("2.0"), stock.shop.place())
    machine.ctl("install", theirs, exits=UNTRUSTED, says=["not signed"])
    tap.true("systemctl start" not in machine.calls(), "no unit is started")


TESTS = [
    an_update_is_waited_for_until_it_is_confirmed,
    the_same_again_disturbs_nothing,
    a_bad_update_is_rolled_back_and_told,
    a_trial_that_was_stopped_is_another_one_with_the_next_start,
    a_trial_that_came_to_its_end_is_over,
    how_to_start_one_that_does_not_run_is_told,
    what_the_units_of_apps_run_has_no_powers,
    what_the_unit_refuses_is_told_with_its_status,
    what_systemd_denies_is_not_done_later,
    one_that_is_refused_leaves_nothing,
    bad_operands_are_told,
    root_is_led_nowhere_else,
    two_at_once_are_told_apart,
    without_systemd_it_is_done_at_once,
]
