# SPDX-License-Identifier: MIT
"""The bytes that were verified are the bytes that run, whatever becomes of the file meanwhile."""

import os
import shutil
import threading
import time

import tap

GOOD, EVIL = 'print("the good one")\n', 'print("the evil one")\n'
SECONDS = 30  # and no longer than it takes to see both ends


def pair(shop):
    """A good image, signed, and an evil one of the same name and size, not signed."""
    good = shop.image("gauge", "counter = 1\n", GOOD)
    evil = shop.image("gauge", "counter = 1\n", EVIL)
    shop.ours.sign(good)
    with open(good, "rb") as file, open(evil, "rb") as other:
        return good, file.read(), other.read()


def until_both_seen(shop, image, change):
    """Starts IMAGE again and again while another thread calls CHANGE; returns what was seen."""
    keys = shop.keys((shop.ours, "gauge"))
    seen = {}
    over = threading.Event()

    def work():
        while not over.is_set():
            change()

    writer = threading.Thread(target=work)
    writer.start()
    try:
        end = time.monotonic() + SECONDS
        while len(seen) < 2 and time.monotonic() < end:
            status, lines = shop.run(image, "--keys", keys)
            said = "\n".join(lines)
            tap.true("the evil one" not in said, said)
            tap.true(status in (3, 7) or (status == 0 and "the good one" in said), f"{status}: {said}")
            seen[status == 0] = said
    finally:
        over.set()
        writer.join()
    return seen


def written_over_at_any_moment(shop):
    image, good, evil = pair(shop)
    tap.true(len(good) == len(evil) and good != evil, "two images of one size")

    def change():
        for content in (evil, good):
            with open(image, "r+b") as file:
                file.write(content)
            time.sleep(0.004)

    tap.equal(set(until_both_seen(shop, image, change)), {True, False}, "both ends")


def replaced_at_any_moment(shop):
    image, good, evil = pair(shop)
    folder = os.path.dirname(image)

    def change():
        for content in (evil, good):
            with open(os.path.join(folder, "new"), "wb") as file:
                file.write(content)
            os.chmod(file.name, 0o644)
            os.rename(file.name, image)
            time.sleep(0.004)

    tap.equal(set(until_both_seen(shop, image, change)), {True, False}, "both ends")


def changed_once_it_runs(shop):
    """What the workers that are started later run is the copy, too."""
    image, _, evil = pair(shop)
    crash = 'print("the good one")\nraise SystemExit(1)\n'
    image = shop.image("gauge", "counter = 1\n", crash)
    shop.ours.sign(image)
    keys = shop.keys((shop.ours, "gauge"))
    again = os.path.join(os.path.dirname(image), "again.conf")
    with open(again, "w", encoding="ascii") as file:
        file.write("[restart]\ndelay = 100ms\nburst = 2\n")
    import service

    command = [word for word in shop.command(image, "--keys", keys)]
    command[command.index("--config") + 1] = again
    running = service.Service(command)
    try:
        running.wait_line("the good one")
        with open(image, "r+b") as file:
            file.write(evil)
        running.wait(30)
    finally:
        running.kill()
    said = [line for line in running.lines if line.startswith("gauge: ")]
    tap.true(len(said) >= 3 and set(said) == {"gauge: the good one"}, running.output())


TESTS = [written_over_at_any_moment, replaced_at_any_moment, changed_once_it_runs]
