# SPDX-License-Identifier: MIT
"""Malformed images through the whole of mpyd run; tests/unit/test-image.c has all of each kind."""

import random
import struct
import subprocess

import tap

HELLO = 'print("hello")\n'
CONFIG = "[restart]\nrestart = no\n[stop]\nstop = 400ms\nabort = 400ms\n"
SEED = 27
LOAD, NOTE = 1, 4
HEADER_SIZE, SEGMENT_SIZE = 64, 56


def run(apps, data):
    """Exit status and lines of mpyd with DATA as its image."""
    command = [*apps.mpyd, "run", "--unsigned", "--control=none", apps.file(data), "--name", "hello", "--config"]
    done = subprocess.run(
        [*command, apps.file(CONFIG)], capture_output=True, text=True, errors="replace", timeout=60
    )
    return done.returncode, done.stderr.splitlines()


def refuses(apps, data, what):
    status, lines = run(apps, data)
    tap.equal(status, 3, f"exit status of {what}: {lines}")
    tap.equal(len(lines), 1, f"lines of {what}: {lines}")
    return lines[0]


def good(apps):
    with open(apps.image("hello", HELLO), "rb") as file:
        return file.read()


def segments(data):
    """Places of the program headers, with their types."""
    n = struct.unpack_from("<H", data, 56)[0]
    places = [HEADER_SIZE + i * SEGMENT_SIZE for i in range(n)]
    return [(place, struct.unpack_from("<I", data, place)[0]) for place in places]


def patched(data, place, form, *values):
    changed = bytearray(data)
    struct.pack_into(form, changed, place, *values)
    return bytes(changed)


def truncated_is_refused(apps):
    data = good(apps)
    chance = random.Random(SEED)
    for size in [1, 4, 63, 64, 65, 4095, 4096, len(data) - 1] + chance.sample(range(len(data)), 12):
        refuses(apps, data[:size], f"{size} of {len(data)} bytes")


def absurd_segments_are_refused(apps):
    data = good(apps)
    loads = [place for place, kind in segments(data) if kind == LOAD]
    for place in loads:
        for offset in (8, 16, 32, 40):  # p_offset, p_vaddr, p_filesz, p_memsz
            for value in (1 << 40, (1 << 64) - 4096):
                refuses(apps, patched(data, place + offset, "<Q", value), f"{value:#x}")
    first = struct.unpack_from("<Q", data, loads[0] + 16)[0]
    for place in loads[1:]:
        line = refuses(apps, patched(data, place + 16, "<Q", first), "overlapping segments")
        tap.true("segment" in line or "overlap" in line, line)


def manifest_place(data):
    at = data.index(b'{"format":')
    return at, struct.unpack_from("<I", data, at - 16)[0]


def note_bombs_are_refused(apps):
    data = good(apps)
    notes = next(place for place, kind in segments(data) if kind == NOTE)
    start, size = (struct.unpack_from("<Q", data, notes + offset)[0] for offset in (8, 32))
    for field, value in ((0, 0xFFFFFFFF), (4, 0xFFFFFFFF), (4, 0x7FFFFFFC), (8, 0)):
        refuses(apps, patched(data, start + field, "<I", value), f"{value:#x} in a note")
    empty = data[:start] + bytes(size) + data[start + size :]
    refuses(apps, empty, "nothing but empty notes")
    at, length = manifest_place(data)
    for bomb in (b"[" * length, b'{"a":' * (length // 5) + b" " * (length % 5), b"9" * length):
        line = refuses(apps, data[:at] + bomb + data[at + length :], "a manifest of one kind")
        tap.true("manifest" in line, line)


def flipped_bits_are_survived(apps):
    """Whatever it is by then: refused, or run in the sandbox like any other bad program."""
    data = good(apps)
    chance = random.Random(SEED)
    at, length = manifest_place(data)
    places = [chance.randrange(4096) for _ in range(20)]
    places += [at - 200 + chance.randrange(length + 200) for _ in range(20)]
    places += [chance.randrange(len(data)) for _ in range(20)]
    seen = set()
    for place in places:
        bit = 1 << chance.randrange(8)
        status, lines = run(apps, patched(data, place, "<B", data[place] ^ bit))
        tap.true(status in (0, 1, 3), f"status {status}, byte {place} ^ {bit}: {lines}")
        seen.add(status)
    tap.true(3 in seen, f"exit statuses: {seen}")


TESTS = [
    truncated_is_refused,
    absurd_segments_are_refused,
    note_bombs_are_refused,
    flipped_bits_are_survived,
]
