# SPDX-License-Identifier: MIT
"""Signs of life: apps that promise when they are ready and how often they are well, and keep it or
not."""

import os
import re
import signal

import apps as small
import control
import notifying
import service
import tap

# Both promises are for a second or so; who keeps them does so by far, on a machine under load too.
PROMISES = '[health]\nready = "20s"\nheartbeat = "2s"\n'
SHORT = '[health]\nready = "20s"\nheartbeat = "300ms"\n'

WAITING = """\
import mpyd, time
mpyd.on_call("go", lambda text: mpyd.ready())
print("waiting")
while True:
    time.sleep(1)
"""

LIAR = """\
import mpyd, time
print("ready, says it")
mpyd.ready()
time.sleep(1000)
"""

SPINNING_LIAR = """\
import mpyd
mpyd.ready()
while True:
    pass
"""

BEATING = """\
import mpyd, time
mpyd.heartbeat()
mpyd.ready()
mpyd.ready()
for n in range(30):
    time.sleep_ms(100)
    mpyd.heartbeat()
"""

RECOVERING = """\
import mpyd, time
mpyd.ready()
time.sleep_ms(2500)
mpyd.heartbeat()
print("well")
time.sleep(1000)
"""

READY_AGAIN = """\
import mpyd, time
while True:
    mpyd.ready()
    time.sleep_ms(20)
"""


def ready_is_when_it_says_so(apps):
    """Not before: a message from outside makes it say so."""
    manager = notifying.Manager(apps)
    image = apps.image("waiting", WAITING, PROMISES)
    path = os.path.join(apps.open_folder(), "control")
    command = apps.command(image, small.QUICK, path)
    running = apps.follow(service.Service(["env", f"NOTIFY_SOCKET={manager.name}", *command]))
    running.wait_line("^waiting: waiting")
    tap.equal(control.call(path, "Status")["state"], "starting", "state before")
    tap.true(not any("READY" in one for one in manager.said), f"READY: {manager.said}")
    control.call(path, "Call", {"name": "go", "argument": ""})
    manager.wait(lambda one: "READY" in one, "READY")
    tap.equal(control.call(path, "Status")["state"], "running", "state after")
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")


def who_says_ready_and_hangs_is_killed_each_time(apps):
    for name, source in (("liar", LIAR), ("spinner", SPINNING_LIAR), ("again", READY_AGAIN)):
        running = apps.start(apps.image(name, source, SHORT), small.QUICK)
        tap.equal(running.wait(60), 1, f"exit status of {name}")
        text = "\n".join(running.lines)
        tap.true(re.search(rf"{name}: degraded: no heartbeat for [0-9]+ ms", text), text)
        found = re.findall(rf"{name}: killed by the watchdog: no heartbeat for ([0-9]+) ms", text)
        tap.equal(len(found), 4, f"kills of {name}: {text}")
        tap.true(all(int(msec) >= 600 for msec in found), f"killed too early: {text}")
        tap.true("giving up after 3 restarts" in text, text)


def who_keeps_its_promises_is_left_alone(apps):
    running = apps.start(apps.image("beating", BEATING, PROMISES), small.QUICK)
    tap.equal(running.wait(60), 0, f"exit status: {running.lines}")
    tap.true(not any("degraded" in line for line in running.lines), str(running.lines))


def one_heartbeat_missed_is_forgiven(apps):
    running = apps.start(apps.image("recovering", RECOVERING, PROMISES), small.QUICK)
    running.wait_line("recovering: degraded: no heartbeat for 2")
    running.wait_line("recovering: well again")
    running.wait_line("^recovering: well")
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")


def the_administrator_can_be_stricter(apps):
    config = small.NO_RESTART + "[health]\nheartbeat = 200ms\n"
    running = apps.start(apps.image("slack", LIAR, PROMISES), config)
    tap.equal(running.wait(60), 1, f"exit status: {running.lines}")
    found = running.wait_line("killed by the watchdog: no heartbeat for ([0-9]+) ms")
    tap.true(int(found[1]) < 2000, f"after {found[1]} ms")


def no_promise_no_deadline(apps):
    """An administrator cannot make an app promise what it does not know of."""
    config = small.QUICK + "[health]\nheartbeat = 100ms\n"
    source = 'import time\ntime.sleep_ms(1000)\nprint("still here")\n'
    running = apps.start(apps.image("quiet", source), config)
    tap.equal(running.wait(), 0, f"exit status: {running.lines}")
    tap.true("quiet: still here" in running.lines, str(running.lines))


def a_stopped_worker_is_brought_back(apps):
    """SIGSTOP: it can do nothing, not even end; the kill reaches it all the same."""
    source = BEATING.replace("range(30)", "range(100000)").replace("for n", 'print("ready")\nfor n')
    running = apps.start(apps.image("frozen", source, SHORT), small.QUICK)
    running.wait_line("frozen: ready")  # before that it has 20 s
    worker = service.descendants(running.pid)[1]
    os.kill(worker, signal.SIGSTOP)
    running.wait_line("killed by the watchdog")
    running.wait_line("frozen: started, generation 2")
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")


TESTS = [
    ready_is_when_it_says_so,
    who_says_ready_and_hangs_is_killed_each_time,
    who_keeps_its_promises_is_left_alone,
    one_heartbeat_missed_is_forgiven,
    the_administrator_can_be_stricter,
    no_promise_no_deadline,
    a_stopped_worker_is_brought_back,
]
