# SPDX-License-Identifier: MIT
"""What the service manager hears, by the protocol of sd_notify(3)."""

import os
import signal
import socket
import threading
import time

import apps as small
import service
import storing
import tap

SLEEPING = 'import time\nprint("ready")\ntime.sleep(1000)\n'
LATE = '[health]\nready = "200ms"\n'


class Manager:
    """The end of $NOTIFY_SOCKET: keeps what was said, in order."""

    def __init__(self, apps, abstract=False):
        self.name = f"@mpyd-test-{os.getpid()}-{id(self)}" if abstract else apps.file("") + ".notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.name.replace("@", "\0"))
        if not abstract:
            os.chmod(self.name, 0o777)
        self.said = []
        self._news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            text = self.socket.recv(4096).decode()
            with self._news:
                self.said.append(dict(line.split("=", 1) for line in text.splitlines()))
                self._news.notify_all()

    def wait(self, test, what, timeout=20):
        """The messages up to the first for which TEST is true."""
        with self._news:
            found = self._news.wait_for(
                lambda: [n for n, one in enumerate(self.said) if test(one)], timeout
            )
            tap.true(found, f"{what}; it heard {self.said[-20:]}")
            return self.said[: found[0] + 1]

    def wait_status(self, start):
        return self.wait(lambda one: one.get("STATUS", "").startswith(start), f"STATUS={start}")

    def states(self):
        """The states in the order they were told, without what else the status says."""
        with self._news:
            texts = [one["STATUS"] for one in self.said if "STATUS" in one]
        return [text.replace(",", ":").partition(":")[0] for text in texts]

    def command(self, apps, image, config, watchdog=None):
        watch = [f"WATCHDOG_USEC={watchdog}"] if watchdog else []
        return ["env", f"NOTIFY_SOCKET={self.name}", *watch, *apps.command(image, config)]

    def start(self, apps, image, config=small.QUICK, watchdog=None):
        return apps.follow(service.Service(self.command(apps, image, config, watchdog)))


def ready_when_it_runs_and_stopping_when_it_is_asked(apps):
    manager = Manager(apps)
    running = manager.start(apps, apps.image("sleeping", SLEEPING))
    heard = manager.wait_status("running, generation 1")
    tap.equal(heard[-1].get("READY"), "1", "READY with running")
    tap.true(not any("READY" in one for one in heard[:-1]), f"READY before that: {heard}")
    running.wait_line("^sleeping: ready")
    tap.equal(running.stop(), 0, "exit status")
    heard = manager.wait_status("ended")
    stopping = [one for one in heard if one.get("STATUS", "").startswith("stopping")]
    tap.equal(stopping[0].get("STOPPING"), "1", f"STOPPING with stopping: {heard}")
    # Both of its deadlines, and a margin.
    tap.true(int(stopping[0]["EXTEND_TIMEOUT_USEC"]) >= 800000, str(stopping))
    tap.equal(manager.states(), ["starting", "running", "stopping", "ended"], "states")


def abstract_socket_is_as_good(apps):
    manager = Manager(apps, abstract=True)
    running = manager.start(apps, apps.image("sleeping", SLEEPING))
    manager.wait_status("running")
    tap.equal(running.stop(), 0, "exit status")
    manager.wait_status("ended")


def crashes_are_told_but_ready_only_once(apps):
    manager = Manager(apps)
    running = manager.start(apps, apps.image("crashing", "raise ValueError('of Jane Doe')\n"))
    tap.equal(running.wait(), 1, "exit status")
    tap.true(any("ValueError: of Jane Doe" in line for line in running.lines), "the log has it all")
    heard = manager.wait_status("failed")
    tap.equal(sum("READY" in one for one in heard), 1, f"READY in {heard}")
    rests = [one["STATUS"] for one in heard if one.get("STATUS", "").startswith("backoff")]
    tap.equal(len(rests), 3, "rests")
    tap.equal(rests[1], "backoff: failed: uncaught exception: ValueError; "
              "the next start is number 2 of at most 3", "STATUS")
    tap.true(heard[-1]["STATUS"].startswith("failed: failed: uncaught exception: ValueError ("), "STATUS")
    tap.true("Jane" not in str(heard), f"every user of the machine reads that: {heard}")
    tap.equal(heard[-1].get("STOPPING"), "1", f"STOPPING with failed: {heard}")


def refusal_is_told(apps):
    manager = Manager(apps)
    running = manager.start(apps, apps.file("no image"))
    tap.equal(running.wait(), 3, "exit status")
    heard = manager.wait_status("failed")
    tap.true("exit status 3" in heard[-1]["STATUS"], str(heard))
    tap.true(not any("READY" in one for one in heard), str(heard))


def watchdog_is_fed_while_it_runs(apps):
    manager = Manager(apps)
    running = manager.start(apps, apps.image("sleeping", SLEEPING), watchdog=90000)
    manager.wait_status("running")
    begin = len(manager.said)
    manager.wait(lambda one: "WATCHDOG" in one, "WATCHDOG at all")
    end = time.monotonic() + 20
    while len(manager.said) < begin + 5:
        tap.true(time.monotonic() < end, f"fed five times: {manager.said}")
        time.sleep(0.01)
    tap.true(all(one == {"WATCHDOG": "1"} for one in manager.said[begin:]), str(manager.said))
    tap.equal(running.stop(), 0, "exit status")


def watchdog_of_another_process_is_not_fed(apps):
    manager = Manager(apps)
    command = manager.command(apps, apps.image("sleeping", SLEEPING), small.QUICK, watchdog=30000)
    running = apps.follow(service.Service(["env", "WATCHDOG_PID=1", *command]))
    manager.wait_status("running")
    running.wait_line("^sleeping: ready")
    tap.equal(running.stop(), 0, "exit status")
    heard = manager.wait_status("ended")
    tap.true(not any("WATCHDOG" in one for one in heard), str(heard))


def who_never_becomes_ready_is_killed_and_never_feeds(apps):
    """A worker that promises to say when it is ready, and does not: no READY, no food for the
    watchdog once it is late, a kill at the second deadline; and in the end the service fails."""
    manager = Manager(apps)
    running = manager.start(apps, apps.image("late", SLEEPING, LATE), watchdog=30000)
    tap.equal(running.wait(60), 1, "exit status")
    heard = manager.wait_status("failed")
    tap.true(not any("READY" in one for one in heard), f"READY in {heard}")
    tap.equal(manager.states()[:4], ["starting", "degraded", "stopping", "backoff"], "states")
    for number, one in enumerate(heard):
        if one.get("STATUS", "").startswith("degraded"):
            tap.true("not ready after 2" in one["STATUS"], str(one))
            tap.true(int(one["EXTEND_TIMEOUT_USEC"]) >= 200000, str(one))
            tap.true("WATCHDOG" not in heard[number + 1], f"fed while degraded: {heard}")
    tap.true(any("killed by the watchdog: not ready after" in line for line in running.lines),
             str(running.lines))


def one_that_ends_well_before_it_is_ready_was_ready(apps):
    """systemd takes status 0 without READY for a breach of the protocol, and STOPPING in the same
    message would be one too many for it."""
    for name, source in (("brief", "print(1)\n"), ("unready", SLEEPING)):
        manager = Manager(apps)
        running = manager.start(apps, apps.image(name, source, '[health]\nready = "20s"\n'))
        if name == "unready":
            running.wait_line("^unready: ready")
        status = running.stop() if name == "unready" else running.wait()
        tap.equal(status, 0, "exit status")
        heard = manager.wait_status("ended")
        tap.true({"READY": "1"} in heard, str(heard))
        after = heard[heard.index({"READY": "1"}) + 1:]
        tap.equal([one.get("STOPPING") for one in after], ["1"], f"after READY: {heard}")


def corrupt_storage_is_up_and_says_what_to_do(apps):
    """The first run is told as such. Then the storage is damaged: nothing runs, and systemd has no
    reason to start it again and again."""
    manager = Manager(apps)
    state = apps.state()
    command = ["env", f"NOTIFY_SOCKET={manager.name}", "WATCHDOG_USEC=90000"]
    command += storing.command(apps, storing.counting(apps), state)
    running = apps.follow(service.Service(command))
    running.wait_line("^counting: start 1")
    tap.equal(running.stop(), 0, "exit status")
    manager.wait_status("ended")
    tap.equal(manager.states()[:2], ["blank", "starting"], "states")
    with open(os.path.join(state, "volume"), "r+b") as file:
        file.write(b"no header")
    begin = len(manager.said)
    running = apps.follow(service.Service(command))
    heard = manager.wait_status("corrupt")
    tap.equal(heard[-1].get("READY"), "1", "READY with corrupt")
    tap.true("from a backup" in heard[-1]["STATUS"], f"advice: {heard[-1]}")
    manager.wait(lambda one: len(manager.said) > begin + 4, "more than READY")
    tap.equal(manager.said[-1], {"WATCHDOG": "1"}, "food")
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")
    tap.true(not any("started, generation" in line for line in running.lines), "a worker ran")


def wrong_addresses_are_warned_of(apps):
    image = apps.image("sleeping", SLEEPING)
    for name in ("relative", "@", "/nonexistent/socket", "/" + "x" * 200, "vsock:2:1"):
        command = ["env", f"NOTIFY_SOCKET={name}", *apps.command(image, small.QUICK)]
        running = apps.follow(service.Service(command))
        running.wait_line("cannot tell the service manager anything, at .NOTIFY_SOCKET=")
        running.wait_line("^sleeping: ready")
        tap.equal(running.stop(), 0, "exit status")


def a_manager_that_hears_nothing_holds_nothing_up(apps):
    """Its socket is full: what it misses is lost, the app runs and stops as ever."""
    path = apps.file("") + ".deaf"
    deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    deaf.bind(path)
    os.chmod(path, 0o777)
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.connect(path)
    sender.setblocking(False)
    try:
        while True:
            sender.send(b"X=1")
    except BlockingIOError:
        pass
    command = ["env", f"NOTIFY_SOCKET={path}", "WATCHDOG_USEC=30000"]
    image = apps.image("sleeping", SLEEPING)
    running = apps.follow(service.Service([*command, *apps.command(image, small.QUICK)]))
    running.wait_line("^sleeping: ready")
    tap.equal(running.stop(signal.SIGTERM), 0, "exit status")


TESTS = [
    ready_when_it_runs_and_stopping_when_it_is_asked,
    abstract_socket_is_as_good,
    crashes_are_told_but_ready_only_once,
    refusal_is_told,
    watchdog_is_fed_while_it_runs,
    watchdog_of_another_process_is_not_fed,
    who_never_becomes_ready_is_killed_and_never_feeds,
    one_that_ends_well_before_it_is_ready_was_ready,
    corrupt_storage_is_up_and_says_what_to_do,
    wrong_addresses_are_warned_of,
    a_manager_that_hears_nothing_holds_nothing_up,
]
