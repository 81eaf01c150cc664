# SPDX-License-Identifier: MIT
"""The three processes: their titles and places, and what the death of each does to the others."""

import os
import signal
import time

import apps as small
import service
import tap

IDLE = """\
import time
print("ready")
time.sleep(1000)
"""


def started(apps, config=None):
    running = apps.start(apps.image("idle", IDLE), config)
    running.wait_line("^idle: ready")
    below = service.descendants(running.pid)
    tap.equal(len(below), 2, f"processes below the supervisor: {below}")
    return running, below[0], below[1]


def is_alive(pid):
    try:
        return service.status_fields(pid)["State"][0] != "Z"
    except OSError:
        return False


def gone(pids, seconds=5):
    """Raises unless every process of PIDS has ended soon."""
    end = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        tap.true(time.monotonic() < end, f"orphans: {[pid for pid in pids if is_alive(pid)]}")
        time.sleep(0.01)


def titles(apps):
    running, spawner, worker = started(apps)
    shown = []
    for pid in (running.pid, spawner, worker):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            shown.append(file.read().rstrip(b"\0").decode())
    running.stop()
    tap.equal(shown, ["mpyd: supervisor idle (unsigned)", "mpyd: spawner idle", "idle"], "titles")


def identities(apps):
    if not apps.is_root:
        raise tap.Skip("not root")
    running, spawner, worker = started(apps)
    ids = [int(service.status_fields(pid)["Uid"].split()[1]) for pid in (running.pid, worker)]
    running.stop()
    tap.true(ids[0] != ids[1], f"ids: {ids}")
    for number in ids:
        tap.true(61184 <= number <= 65519, f"ids: {ids}")


def allowed_cpus(pid):
    return service.status_fields(pid)["Cpus_allowed_list"]


def one_cpu_for_all(apps):
    running, spawner, worker = started(apps)
    cpus = {allowed_cpus(pid) for pid in (running.pid, spawner, worker)}
    running.stop()
    tap.equal(len(cpus), 1, f"CPUs: {cpus}")
    tap.true(cpus.pop().isdigit(), "a single CPU")


def any_cpu_when_told_so(apps):
    running, spawner, worker = started(apps, "[sandbox]\ncpu = any\n")
    cpus = {allowed_cpus(pid) for pid in (running.pid, spawner, worker)}
    running.stop()
    tap.equal(cpus, {allowed_cpus(os.getpid())}, "CPUs")


def death_of_the_supervisor_ends_all(apps):
    running, spawner, worker = started(apps)
    running.kill()
    gone([spawner, worker])


def death_of_the_spawner_ends_all(apps):
    running, spawner, worker = started(apps)
    os.kill(spawner, signal.SIGKILL)
    tap.equal(running.wait(5), 6, "exit status")
    tap.true("the spawner is gone" in running.lines[-1], str(running.lines))
    gone([running.pid, spawner, worker])


def death_of_the_worker_brings_the_next(apps):
    running, spawner, worker = started(apps, small.QUICK)
    os.kill(worker, signal.SIGKILL)
    running.wait_line("idle: crashed: SIGKILL")
    running.wait_line("started, generation 2")
    running.stop()
    gone([running.pid, spawner, worker])


# Workers that stay and workers that crash at once, restarted as fast as can be.
RESTLESS = "[restart]\ndelay = 1ms\ndelay_max = 1ms\nburst = 1000\n"
N_MOMENTS = 40


def death_of_the_supervisor_at_any_moment(apps):
    """From the first microseconds to long after the start."""
    images = [apps.image("idle", IDLE), apps.image("failing", "1/0\n")]
    for step in range(N_MOMENTS):
        running = apps.start(images[step % 2], RESTLESS)
        time.sleep(step * 0.001)
        below = service.descendants(running.pid)
        running.kill()
        gone([running.pid, *below])


def death_of_the_spawner_at_any_moment(apps):
    images = [apps.image("idle", IDLE), apps.image("failing", "1/0\n")]
    for step in range(N_MOMENTS):
        running = apps.start(images[step % 2], RESTLESS)
        time.sleep(step * 0.001)
        below = service.descendants(running.pid)
        if not below:
            running.kill()
            continue
        os.kill(below[0], signal.SIGKILL)
        status = running.wait(10)
        tap.true(status in (5, 6), f"exit status {status}: {running.lines}")
        gone([running.pid, *below])


def failing_spawner_says_why(apps):
    """Whether it fails before it is configured, or after, or in between."""
    command = apps.command(apps.image("idle", IDLE))
    for delay in (0, 1000, 10000, 60000, 500000):
        setting = [f"LD_PRELOAD={apps.otherwise}", f"MPYD_TEST_DELAY={delay}"]
        running = apps.follow(service.Service(["env", *setting, *command]))
        status = running.wait(10)
        tap.equal(status, 5, f"exit status after {delay} us: {running.lines}")
        last = running.lines[-1]
        tap.true("cannot start a worker: " in last and "not permitted" in last, last)
        tap.true("broken pipe" not in last.lower(), last)


def no_descriptor_is_inherited(apps):
    if os.getuid() != 0:
        raise tap.Skip("not root: none of them is dumpable")
    leaked = apps.file("leaked")
    command = apps.command(apps.image("idle", IDLE))
    script = f'exec "$@" 7<{leaked}'
    running = apps.follow(service.Service(["sh", "-c", script, "sh", *command]))
    running.wait_line("^idle: ready")
    for pid in (running.pid, *service.descendants(running.pid)):
        names = service.descriptors(pid).values()
        tap.true(leaked not in names, f"{pid}: {list(names)}")
    running.stop()


TESTS = [
    titles,
    identities,
    one_cpu_for_all,
    any_cpu_when_told_so,
    death_of_the_supervisor_ends_all,
    death_of_the_spawner_ends_all,
    death_of_the_worker_brings_the_next,
    death_of_the_supervisor_at_any_moment,
    death_of_the_spawner_at_any_moment,
    failing_spawner_says_why,
    no_descriptor_is_inherited,
]
