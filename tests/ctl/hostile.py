# SPDX-License-Identifier: MIT
"""Images that somebody spoilt: mpyctl shows them or refuses them in one line, whatever they are."""

import json
import random

import images
import tap

SEED = 20
N_CHANGES = 300
HEADERS = 0x800  # bytes that ELF headers and notes are in; what is behind them is not looked at
EDGES = (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)


def shows_or_refuses(program, content, verb):
    """The exit status."""
    done = program.run(verb, "--json", program.spoilt(content), text=False)
    if done.returncode == 0:
        tap.equal(done.stderr, b"", "nothing is wrong")
        json.loads(done.stdout)
        return 0
    tap.equal((done.returncode, done.stdout), (3, b""), f"{verb}: {done.stderr}")
    line = done.stderr.decode("ascii")
    tap.true(line.startswith("mpyctl: ") and line.count("\n") == 1, repr(line))
    tap.true(line[:-1].isprintable(), repr(line))
    return 3


def change(good, numbers):
    """GOOD with one thing spoilt in its headers or notes."""
    content = bytearray(good)
    place = numbers.randrange(HEADERS)
    kind = numbers.randrange(4)
    if kind == 0:
        content[place] ^= 1 << numbers.randrange(8)
    elif kind == 1:
        content[place] = numbers.randrange(256)
    elif kind == 2:
        size = numbers.choice((2, 4, 8))
        content[place : place + size] = numbers.choice(EDGES).to_bytes(8, "little")[:size]
    else:
        other = numbers.randrange(HEADERS)
        content[place : place + 32] = content[other : other + 32]
    return bytes(content)


def images_that_were_changed(program):
    good = program.image("ware", images.WARE).read_bytes()
    numbers = random.Random(SEED)
    statuses = []
    for n in range(N_CHANGES):
        statuses.append(shows_or_refuses(program, change(good, numbers), ("inspect", "layout")[n % 2]))
    tap.true(statuses.count(3) > N_CHANGES // 4, f"{statuses.count(3)} of them are refused")
    tap.true(0 in statuses, "some changes are in what says nothing")


def images_that_were_cut(program):
    good = program.image("ware", images.WARE).read_bytes()
    for size in [*range(0, 1200, 40), *range(0, len(good), len(good) // 40), len(good) - 1]:
        tap.equal(shows_or_refuses(program, good[:size], "inspect"), 3, f"{size} bytes")


TESTS = [images_that_were_changed, images_that_were_cut]
