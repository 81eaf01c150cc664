# SPDX-License-Identifier: MIT
"""Downgrades: an image whose counter is below the floor of its app does not run again."""

import os
import subprocess

import service
import tap
from vendor import UNTRUSTED, WAIT


def versions(shop):
    """Images with counters 2 and 3, and one of a lower version with 3, all signed; and the keys."""
    images = []
    for counter, version in ((2, "1.2"), (3, "1.3"), (3, "1.1")):
        manifest = f'counter = {counter}\n[limits]\nhandles = {int(version[2:])}\n'
        image = shop.image("gauge", manifest)
        shop.ours.sign(image)
        images.append(image)
    return images, ["--keys", shop.keys((shop.ours, "gauge"))]


def lower_is_refused_and_rolling_back_is_not(shop):
    (two, three, rolled_back), keys = versions(shop)
    floors = shop.floors(gauge="3\n")
    words = [f"{two}: counter 2 is below 3, the least that {floors}/gauge allows"]
    shop.refuses(UNTRUSTED, words, two, *keys, "--floors", floors)
    shop.runs(three, *keys, "--floors", floors)
    shop.runs(rolled_back, *keys, "--floors", floors)


def no_floor_is_zero(shop):
    (two, _, _), keys = versions(shop)
    for floors in (shop.floors(), shop.floors(other="7"), shop.floors(gauge="0")):
        shop.runs(two, *keys, "--floors", floors)
    image = shop.image()
    shop.ours.sign(image)
    shop.runs(image, *keys, "--floors", shop.floors(gauge="0\n"))
    words = ["counter 0 is below 1"]
    shop.refuses(UNTRUSTED, words, image, *keys, "--floors", shop.floors(gauge="1\n"))


def what_is_not_there_is_no_floor_of_zero(shop):
    """A directory that was mistyped, or is on a disk that was not mounted."""
    (two, _, _), keys = versions(shop)
    place = shop.place()
    for name in ("link", "gauge"):
        os.symlink("/nonexistent/floors", os.path.join(place, name))
    for floors, words in (
        ("/nonexistent/floors", ["/nonexistent/floors: there is no such directory"]),
        (os.path.join(place, "link"), ["/link: a link to what is not there"]),
        (place, [os.path.join(place, "gauge"), "a link to what is not there"]),
    ):
        shop.refuses(UNTRUSTED, words, two, *keys, "--floors", floors)


def a_damaged_floor_is_no_floor_of_zero(shop):
    (_, three, _), keys = versions(shop)
    for text in ("", "\n", "-1", "3.0", "0x3", " 3", "3 ", "3\n\n", "4294967296", "3" * 40, "\0"):
        floors = shop.floors(gauge=text)
        shop.refuses(UNTRUSTED, [os.path.join(floors, "gauge")], three, *keys, "--floors", floors)
    floors = shop.floors()
    os.mkfifo(os.path.join(floors, "gauge"))
    shop.refuses(UNTRUSTED, ["not a regular file"], three, *keys, "--floors", floors)
    floors = shop.floors(gauge="3")
    os.chmod(os.path.join(floors, "gauge"), 0o646)
    shop.refuses(UNTRUSTED, ["others than its owner"], three, *keys, "--floors", floors)


def what_cannot_be_read_is_no_floor_of_zero(shop):
    (_, three, _), keys = versions(shop)
    if shop.is_root:
        raise tap.Skip("root reads everything")
    floors = shop.floors(gauge="3")
    os.chmod(os.path.join(floors, "gauge"), 0o600)
    if os.getuid() == 0:
        shop.refuses(UNTRUSTED, ["Permission denied"], three, *keys, "--floors", floors)
    os.chmod(os.path.join(floors, "gauge"), 0o000)
    if os.getuid() != 0:
        shop.refuses(UNTRUSTED, ["Permission denied"], three, *keys, "--floors", floors)


def neither_supervisor_nor_worker_can_write_floors(shop):
    """With their ids, where nothing but the ids stands in the way; what the supervisor's own layers
    do about it, which a user has alone, is in tests/sandbox/test-supervisor.c."""
    if os.getuid() != 0:
        raise tap.Skip("not root: cannot take their ids")
    image = shop.image("gauge", 'counter = 3\n', WAIT)
    shop.ours.sign(image)
    floors = shop.floors(gauge="3\n")
    keys = ["--keys", shop.keys((shop.ours, "gauge"))]
    running = service.Service(shop.command(image, *keys, "--floors", floors))
    try:
        running.wait_line("gauge: ready")
        pids = [running.pid, *service.descendants(running.pid)]
        ids = {int(service.status_fields(pid)["Uid"].split()[1]) for pid in pids}
    finally:
        running.stop()
    tap.true(0 not in ids, f"ids: {ids}")
    for number in ids:
        for script in ('echo 0 >"$1/gauge"', 'rm -f "$1/gauge"', 'echo 0 >"$1/other"'):
            command = ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups"]
            command += ["sh", "-c", script, "sh", floors]
            done = subprocess.run(command, capture_output=True, text=True)
            tap.true(done.returncode != 0, f"{script} as {number}: {done.stderr}")
    tap.equal(os.listdir(floors), ["gauge"], "floors")
    with open(os.path.join(floors, "gauge"), encoding="ascii") as file:
        tap.equal(file.read(), "3\n", "the floor")


TESTS = [
    lower_is_refused_and_rolling_back_is_not,
    no_floor_is_zero,
    what_is_not_there_is_no_floor_of_zero,
    a_damaged_floor_is_no_floor_of_zero,
    what_cannot_be_read_is_no_floor_of_zero,
    neither_supervisor_nor_worker_can_write_floors,
]
