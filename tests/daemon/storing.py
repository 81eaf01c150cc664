# SPDX-License-Identifier: MIT
"""State directories: first run, damage, what is refused, what outlives any process."""

import os
import signal
import shutil

import apps as small
import control
import service
import tap

GRANTS = '[grants]\nstorage = "1M"\n'

# Counts its starts, in a file replaced the safe way.
COUNTING = """\
import os
import time

def count():
    try:
        with open("count") as file:
            return int(file.read())
    except OSError as error:
        print("no count:", error)
        return 0

n = count() + 1
with open("count.new", "w") as file:
    file.write(str(n))
    file.flush()
os.rename("count.new", "count")
os.sync()
print("start", n)
while True:
    time.sleep(10)
"""

# Replaces one file by another as fast as it can; all of it is one letter.
REPLACING = """\
import os

try:
    with open("file") as file:
        content = file.read()
    print("found", len(content), len(set(content)), content[:1])
except OSError as error:
    print("found none")
n = 0
while True:
    with open("new", "w") as file:
        for part in range(8):
            file.write("abcdefghijklmnopqrstuvwxyz"[n % 26] * 512)
        if n % 16 == 0:
            file.flush()
    os.rename("new", "file")
    n += 1
    if n == 20:
        print("replacing")
"""


def command(apps, image, state, config=None):
    return apps.command(image, config) + ["--state", state]


def start(apps, image, state, config=None):
    return apps.follow(service.Service(command(apps, image, state, config)))


def refuses(apps, image, state, words):
    running = start(apps, image, state)
    tap.equal(running.wait(), 9, f"exit status: {running.lines}")
    tap.true(any(words in line for line in running.lines), f"{words!r}: {running.lines}")
    tap.true(not any("started" in line for line in running.lines), str(running.lines))


def counted(apps, image, state, n):
    """Starts, waits for the app's start number N, stops. Returns the lines said."""
    running = start(apps, image, state)
    running.wait_line(rf"^counting: start {n}$")
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")
    return running.lines


def counting(apps):
    return apps.image("counting", COUNTING, GRANTS)


def first_run_is_told_once(apps):
    image, state = counting(apps), apps.state()
    lines = counted(apps, image, state, 1)
    tap.equal(sum("first run: storage laid out" in line for line in lines), 1, str(lines))
    lines = counted(apps, image, state, 2)
    tap.true(not any("first run" in line for line in lines), str(lines))
    tap.equal(sorted(os.listdir(state)), ["crash", "data", "volume"], "state directory")
    for name in ("", "data", "crash"):
        tap.equal(os.stat(os.path.join(state, name)).st_mode & 0o777, 0o700, name)


def files_outlive_every_process(apps):
    """SIGKILL of worker, spawner and supervisor in turn."""
    image, state = counting(apps), apps.state()
    running = start(apps, image, state, small.QUICK)
    running.wait_line(r"^counting: start 1$")
    spawner, worker = service.descendants(running.pid)
    os.kill(worker, signal.SIGKILL)
    running.wait_line(r"^counting: start 2$")
    os.kill(spawner, signal.SIGKILL)
    running.wait()
    running = start(apps, image, state)
    running.wait_line(r"^counting: start 3$")
    running.kill()
    counted(apps, image, state, 4)


def damage_is_not_a_first_run(apps):
    """Nothing runs, nothing is touched, and the supervisor stays up and says so."""
    image, state = counting(apps), apps.state()
    counted(apps, image, state, 1)
    path = os.path.join(state, "volume")
    with open(path, "r+b") as file:
        file.seek(40)
        file.write(b"\xff")
        file.seek(0)
        damaged = file.read()
    running = start(apps, image, state)
    running.wait_line("its storage is corrupt")
    running.wait_line("sandbox of the spawner")  # what it tries its layers with is gone by then
    tap.equal(len(service.descendants(running.pid)), 1, "spawner, and no worker")
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")
    with open(path, "rb") as file:
        tap.equal(file.read(), damaged, "header")
    with open(os.path.join(state, "data", "count"), "rb") as file:
        tap.equal(file.read(), b"1", "data")
    tap.equal(sum("corrupt" in line for line in running.lines), 1, str(running.lines))
    tap.true(not any("start 2" in line for line in running.lines), str(running.lines))


def lost_header_is_damage(apps):
    image, state = counting(apps), apps.state()
    counted(apps, image, state, 1)
    os.unlink(os.path.join(state, "volume"))
    running = start(apps, image, state)
    running.wait_line("its header is gone, and its files are there")
    running.stop()
    tap.equal(sorted(os.listdir(state)), ["crash", "data"], "state directory")


def other_apps_storage_refused(apps):
    image, state = counting(apps), apps.state()
    if apps.is_root:  # where ids differ, that is told first
        other = apps.image("other", "print(1)\n", GRANTS)
        counted(apps, image, state, 1)
        refuses(apps, other, state, "give it one of its own")
        ids = start(apps, other, state).wait_line(r"supervisor will be id (\d+)").group(1)
        for folder, _, names in os.walk(state):
            for name in [folder, *(os.path.join(folder, name) for name in names)]:
                os.chown(name, int(ids), int(ids))
        refuses(apps, other, state, "it is the storage of counting")
    else:
        counted(apps, image, state, 1)
        other = apps.image("other", "print(1)\n", GRANTS)
        refuses(apps, other, state, "it is the storage of counting")


def unreadable_is_refused(apps):
    image, state = counting(apps), apps.state()
    counted(apps, image, state, 1)
    path = os.path.join(state, "volume")
    os.chmod(path, 0)
    refuses(apps, image, state, "cannot tell what the state directory")
    os.chmod(path, 0o600)
    counted(apps, image, state, 2)


def one_at_a_time(apps):
    image, state = counting(apps), apps.state()
    running = start(apps, image, state)
    running.wait_line(r"^counting: start 1$")
    refuses(apps, image, state, "another mpyd works in the state directory")
    running.stop()
    counted(apps, image, state, 2)


def directories_refused(apps):
    image, state = counting(apps), apps.state()
    with open(state, "w", encoding="utf-8"):
        pass
    refuses(apps, image, state, "cannot open the state directory")
    refuses(apps, image, state + "/below", "cannot make the state directory")
    os.unlink(state)
    counted(apps, image, state, 1)
    os.chmod(state, 0o770)
    refuses(apps, image, state, "can be written to by others")


def nothing_kept_is_imported(apps):
    image = apps.image("importing", """\
import os
import sys

print(sys.path, sorted(os.listdir()))
for name in ("json", "planted", "lib.planted"):
    try:
        print(name, __import__(name).__name__)
    except ImportError as error:
        print(error)
""", GRANTS)
    state = apps.state()
    running = start(apps, image, state)
    running.wait()
    for name in ("main.py", "json.py", "json.mpy", "planted.py", "boot.py", "lib/planted.py"):
        path = os.path.join(state, "data", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copyfile(image if name.endswith("mpy") else __file__, path)
        os.chmod(path, 0o644)
    running = start(apps, image, state)
    tap.equal(running.wait(), 0, str(running.lines))
    said = [line[len("importing: "):] for line in running.lines if line.startswith("importing: ")]
    tap.true(said[0].startswith("['.frozen'] [") and "planted.py" in said[0], str(said))
    tap.equal(said[1:], ["json json", "no module named 'planted'",
                         "no module named 'lib'"], "imports")


ASKING = """\
import os
for name in ("here", "/data/here"):
    try:
        with open(name, "w") as file:
            for i in range(40):
                file.write(bytes(4096))
        print("written", os.statvfs("/data")[2])
    except OSError as error:
        print(error)
print(os.getcwd())
"""


def said(apps, config, *more):
    image = apps.image("asking", ASKING, GRANTS)
    running = apps.follow(service.Service([*apps.command(image, config), *more]))
    tap.equal(running.wait(), 0, str(running.lines))
    return [line[len("asking: "):] for line in running.lines if line.startswith("asking: ")]


def configuration_narrows_storage(apps):
    tap.equal(said(apps, None, "--state", apps.state()),
              ["written 256", "written 256", "/data"], "as granted")
    tap.equal(said(apps, "[limits]\nstorage = 100K\n", "--state", apps.state()),
              ["[Errno 28] ENOSPC", "[Errno 28] ENOSPC", "/data"], "narrowed")
    tap.equal(said(apps, "[limits]\nstorage = 4G\n", "--state", apps.state()),
              ["written 256", "written 256", "/data"], "not widened")
    for config, more in (("[limits]\nstorage = 0\n", ("--state", apps.state())), (None, ())):
        tap.equal(said(apps, config, *more), ["[Errno 30] EROFS", "[Errno 19] ENODEV", "/"], "none")


def limit_of_storage(apps, config, *more):
    """As Status tells it."""
    path = os.path.join(apps.open_folder(), "control")
    image = apps.image("asleep", 'import time\nprint("ready")\ntime.sleep(1000)\n', GRANTS)
    running = apps.follow(service.Service([*apps.command(image, config, path), *more]))
    running.wait_line("^asleep: ready")
    found = [one for one in control.call(path, "Status")["limits"] if one["name"] == "storage"]
    running.stop()
    return [(one["limit"], one["used"]) for one in found]


def storage_that_is_not_there_is_no_storage_without_a_limit(apps):
    tap.equal(limit_of_storage(apps, None), [(0, 0)], "without a state directory")
    none = "[limits]\nstorage = 0\n"
    tap.equal(limit_of_storage(apps, none, "--state", apps.state()), [(0, 0)], "none of it")
    tap.equal(limit_of_storage(apps, None, "--state", apps.state()), [(1 << 20, 0)], "as granted")


def reload_changes_the_quota(apps):
    image = apps.image("growing", """\
import os
import time

def write(size):
    try:
        with open("file", "w") as file:
            file.write(bytes(int(size)))
        return str(os.statvfs("/data")[2])
    except OSError as error:
        return str(error)

while True:
    print(write(40000))
    time.sleep_ms(20)
""", GRANTS)
    config = apps.file("[limits]\nstorage = 20K\n")
    running = apps.follow(service.Service(
        [*apps.command(image), "--config", config, "--state", apps.state()]))
    running.wait_line(r"growing: \[Errno 28\] ENOSPC")
    with open(config, "w", encoding="utf-8") as file:
        file.write("[limits]\nstorage = 60K\n")
    running.send(signal.SIGHUP)
    running.wait_line("growing: 15$")
    running.stop()


def replaced_file_is_whole_whenever_killed(apps):
    """write, flush, rename: SIGKILL of any process leaves the old file or the new one."""
    image, state = apps.image("replacing", REPLACING, GRANTS), apps.state()
    found = 0
    for round_ in range(8):
        running = start(apps, image, state, small.QUICK)
        running.wait_line("replacing: replacing")
        victims = [running.pid, *service.descendants(running.pid)]
        os.kill(victims[round_ % len(victims)], signal.SIGKILL)
        running.kill()
        for line in running.lines:
            if line.startswith("replacing: found "):
                tap.true(line.endswith("none") or " 4096 1 " in line, line)
                found += " 4096 1 " in line
    tap.true(found >= 7, f"found {found} times")


TESTS = [
    first_run_is_told_once,
    files_outlive_every_process,
    damage_is_not_a_first_run,
    lost_header_is_damage,
    other_apps_storage_refused,
    unreadable_is_refused,
    one_at_a_time,
    directories_refused,
    nothing_kept_is_imported,
    configuration_narrows_storage,
    storage_that_is_not_there_is_no_storage_without_a_limit,
    reload_changes_the_quota,
    replaced_file_is_whole_whenever_killed,
]
