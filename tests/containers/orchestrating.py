# SPDX-License-Identifier: MIT
"""What an orchestrator does with a container, and takes from it: probes, stop, exit status, orphans,
volumes, secrets, memory."""

import json
import os
import re
import time

import container
import service
import tap

STEADY = """\
import time
print("up")
try:
    while True:
        time.sleep(3600)
finally:
    print("down")
"""
LATE = """\
import mpyd, time
mpyd.on_call("go", lambda text: mpyd.ready())
print("waiting")
while True:
    time.sleep(0.1)
"""
KEEPER = """\
import os
n = 0
if "runs" in os.listdir():
    with open("runs") as file:
        n = int(file.read())
with open("new", "w") as file:
    file.write(str(n + 1))
    file.flush()
os.rename("new", "runs")
print("run", n + 1)
"""
TELLER = """\
import mpyd
print(mpyd.secret("token"))
"""
HUNGRY = """\
import time
print("up")
time.sleep(0.2)
kept = [bytearray(65536) for n in range(1000)]
print("had it all")
"""
PROBE = ("/usr/bin/mpyctl", "status", "--probe")
ALIVE = ("/usr/bin/mpyctl", "status", "--alive")


def wait_for(what, question, timeout=20):
    end = time.monotonic() + timeout
    while not question():
        tap.true(time.monotonic() < end, f"{what}: not within {timeout} s")
        time.sleep(0.02)


# -- probes and stop -----------------------------------------------------------------------------


def not_ready_is_alive_and_ready_is_both(at):
    image = at.apps.image("late", LATE, '[health]\nready = "10min"\n')
    running = at.start(image)
    running.wait_line("^late: waiting")
    tap.equal(running.execute(*ALIVE), (0, ""), "alive before it is ready")
    tap.equal(running.execute(*PROBE), (1, ""), "ready before it is")
    tap.equal(running.execute("/usr/bin/mpyctl", "call", "late", "go")[0], 0, "mpyctl call")
    wait_for("ready", lambda: running.execute(*PROBE) == (0, ""))
    tap.equal(running.execute(*ALIVE), (0, ""), "alive")


def nobody_is_neither_alive_nor_ready(at):
    image = at.apps.image("steady", STEADY)
    running = at.start(image, "--control=none")
    running.wait_line("^steady: up")
    tap.equal(running.execute(*ALIVE), (1, ""), "alive")
    tap.equal(running.execute(*PROBE), (1, ""), "ready")


def metrics_are_read_as_the_probes_are(at):
    running = at.start(at.apps.image("steady", STEADY))
    running.wait_line("^steady: up")
    status, text = running.execute("/usr/bin/mpyctl", "metrics")
    tap.equal(status, 0, text)
    tap.true('mpyd_app_info{app="steady",' in text and text.endswith("# EOF\n"), text[-500:])


def a_term_to_process_1_stops_the_app_and_is_no_failure(at):
    running = at.start(at.apps.image("steady", STEADY))
    running.wait_line("^steady: up")
    running.signal("TERM")
    tap.equal(running.wait(), 0, running.output())
    tap.equal(running.lines[-2:], ["steady: down", "mpyd: steady: stopped"], "last lines")


def a_log_is_lines_that_say_whose_they_are(at):
    running = at.start(at.apps.image("steady", STEADY))
    running.wait_line("^steady: up")
    running.signal("TERM")
    running.wait()
    for line in running.lines:
        tap.true(re.match("(mpyd|steady): [\x20-\x7e]+$", line), f"whose line is it? {line!r}")


# -- processes -----------------------------------------------------------------------------------


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(word) for word in file.read().split()]


def orphans_are_reaped_by_process_1(at):
    """setsid --fork, of the host's programs, ends at once; what it started is process 1's then."""
    mounts = [container.bind("/usr", "/usr", "ro"),
              container.bind(os.path.dirname(at.programs[0]), "/state", "ro")]
    running = at.start(at.apps.image("steady", STEADY), mounts=mounts, program="/state/mpyd")
    running.wait_line("^steady: up")
    first = running.first()
    before = children(first)
    for _ in range(20):
        line = ("/usr/bin/setsid", "--fork", "/usr/bin/sleep", "0.05")
        tap.equal(running.execute(*line), (0, ""), "setsid")
    wait_for("orphans reaped", lambda: children(first) == before)


def the_workers_end_is_no_end_of_the_container(at):
    running = at.start(at.apps.image("steady", STEADY))
    running.wait_line("^steady: up")
    spawner, worker = service.descendants(running.first())
    os.kill(worker, 9)
    running.wait_line("started, generation 2")
    os.kill(spawner, 9)
    tap.true(running.wait() != 0, "the spawner's end went unnoticed")


def memory_that_is_not_there_ends_the_worker_alone(at):
    """Or, where the kernel ends a control group as a whole, the container, as one that ran out."""
    image = at.apps.image("hungry", HUNGRY, '[memory]\nheap = "96M"\n')
    try:
        running = at.start(image, config="[sandbox]\noptional = user-namespace\n[restart]\nburst = 2\n"
                           "delay = 20ms\n", memory=24 << 20)
        running.wait_line("hungry: up")
    except AssertionError as error:
        raise tap.Skip(f"no limit of memory can be had here: {str(error)[-200:]}")
    status = running.wait(60)
    said = running.output()
    tap.true("had it all" not in said, said)
    if status != 137:
        tap.equal(status, 1, said)
        tap.true("SIGKILL" in said and "started, generation 2" in said, said)


# -- exit status ---------------------------------------------------------------------------------


def what_is_refused_ends_with_its_status_and_one_line(at):
    steady = at.apps.image("steady", STEADY)
    empty = at.apps.file("")
    os.rename(empty, os.path.join(os.path.dirname(empty), "none.mpyimg"))
    denied = at.containers.folder("state", mode=0o555)
    for status, words, options in (
        (2, "--nonsense", dict(image=steady, options=["--nonsense"])),
        (3, "none", dict(image=os.path.join(os.path.dirname(empty), "none.mpyimg"))),
        (4, "optional", dict(image=steady, config="[sandbox]\noptional = luck\n")),
        (5, "user-namespace", dict(image=steady, config=None)),
        (7, "steady", dict(image=steady, keys=False)),
        (9, "state directory", dict(image=steady, options=["--state", "/state/steady"],
                                    mounts=[container.bind(denied, "/state")])),
    ):
        image, more = options.pop("image"), options.pop("options", [])
        running = at.start(image, *more, **options)
        tap.equal(running.wait(), status, running.output())
        said = [line for line in running.lines if not line.startswith("mpyd: sandbox of")]
        tap.true(len(said) == 1 and words in said[0], f"status {status}: {said}")


def an_app_that_fails_for_good_ends_the_container(at):
    image = at.apps.image("failing", "raise ValueError('no')\n")
    config = "[sandbox]\noptional = user-namespace\n[restart]\nrestart = no\n"
    tap.equal(at.start(image, config=config).wait(), 1, "status")


# -- volumes and secrets -------------------------------------------------------------------------


def state_on_a_groups_volume_outlives_containers(at):
    """As Kubernetes mounts one with fsGroup: root's, writable by the group, with the group inherited."""
    image = at.apps.image("keeper", KEEPER, '[grants]\nstorage = "64K"\n')
    volume = at.containers.folder("volume", (0, container.ID), 0o2775)
    os.chmod(volume, 0o2775)
    for run in (1, 2):
        running = at.start(image, "--state", "/state/keeper", mounts=[container.bind(volume, "/state")])
        running.wait_line(f"^keeper: run {run}$")
        tap.equal(running.wait(), 0, running.output())
    tap.equal(os.stat(os.path.join(volume, "keeper")).st_mode & 0o777, 0o700, "mode")


def project(at, files):
    """FILES as a kubelet projects them: links to links into a folder of the moment."""
    folder = at.containers.folder("projected", mode=0o777)
    os.mkdir(os.path.join(folder, "..2026_01_01"))
    os.symlink("..2026_01_01", os.path.join(folder, "..data"))
    for name, content in files.items():
        with open(os.path.join(folder, "..data", name), "w", encoding="utf-8") as file:
            file.write(content)
        os.symlink(f"..data/{name}", os.path.join(folder, name))
    return folder


def a_projected_secret_is_a_credential(at):
    image = at.apps.image("teller", TELLER, '[grants]\ncredentials = ["token"]\n')
    secrets = project(at, {"token": "abc", "other": "def"})
    running = at.start(image, mounts=[container.bind(secrets, "/run/secrets/teller", "ro")],
                       environment=["CREDENTIALS_DIRECTORY=/run/secrets/teller"])
    running.wait_line("^teller: b'abc'$")
    tap.equal(running.wait(), 0, running.output())


def a_limit_of_status_is_the_images(at):
    """That mpyctl in the container and mpyd speak of the same thing: versions and pid 1."""
    running = at.start(at.apps.image("steady", STEADY))
    running.wait_line("^steady: up")
    text = running.execute("/usr/bin/mpyctl", "status", "--json", "steady")[1]
    status = json.loads(text)["apps"][0]["status"]
    tap.equal(status["supervisor_pid"], 1, "the supervisor's pid")
    tap.true(status["signer"], "nobody signed it")


TESTS = [
    not_ready_is_alive_and_ready_is_both,
    nobody_is_neither_alive_nor_ready,
    metrics_are_read_as_the_probes_are,
    a_term_to_process_1_stops_the_app_and_is_no_failure,
    a_log_is_lines_that_say_whose_they_are,
    orphans_are_reaped_by_process_1,
    the_workers_end_is_no_end_of_the_container,
    memory_that_is_not_there_ends_the_worker_alone,
    what_is_refused_ends_with_its_status_and_one_line,
    an_app_that_fails_for_good_ends_the_container,
    state_on_a_groups_volume_outlives_containers,
    a_projected_secret_is_a_credential,
    a_limit_of_status_is_the_images,
]
