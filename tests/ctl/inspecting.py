# SPDX-License-Identifier: MIT
"""mpyctl inspect."""

import csv
import hashlib
import json
import os
import struct
from pathlib import Path

import images
import tap

MACHINES = {62: "x86_64", 183: "aarch64"}
TABLE = Path(__file__).parents[2] / "call" / "calls.csv"


def lines_of_an_image(program):
    image = program.image("ware", images.WARE)
    lines = program.says("inspect", image).splitlines()
    for expected in (
        "name         ware",
        "version      1.2.3",
        "entry        main",
        "arguments    -v",
        "             2",
        "micropython  1.25.0",
        f"size         {image.stat().st_size} bytes",
        "modules      main (31 bytes)",
        "             store (14 bytes)",
        "             wire (0 bytes)",
        "resources    page.html (4 bytes)",
        "listen       tcp:127.0.0.1:8080",
        "             udp:*:5353",
        "connect      udp:192.0.2.1:53",
        "storage      2097152",
        "handles      7",
        "log_rate     9",
    ):
        tap.true(expected in lines, f"{expected!r} is not in {lines}")
    long = [line.split()[0] for line in lines if len(line) >= 80]
    tap.true(set(long) <= {"blake2b", "tools"}, long)


def absence_is_told(program):
    lines = program.says("inspect", program.image("small", images.SMALL)).splitlines()
    for what in ("resources", "listen", "connect"):
        tap.true(f"{what:13}none" in lines, f"{what}: {lines}")
    tap.true(not [line for line in lines if line.startswith(("arguments", "storage", "handles", "log_rate"))], lines)


def json_of_an_image(program):
    image = program.image("ware", images.WARE)
    said = json.loads(program.says("inspect", "--json", image))
    content = image.read_bytes()
    expected = {
        "name": "ware",
        "version": "1.2.3",
        "entry": "main",
        "arguments": ["-v", "2"],
        "micropython": "1.25.0",
        "machine": os.uname().machine,
        "abi": 1,
        "memory": {"heap": 128 << 10, "stack": 32 << 10, "arena": 64 << 10},
        "grants": {
            "listen": ["tcp:127.0.0.1:8080", "udp:*:5353"],
            "connect": ["udp:192.0.2.1:53"],
            "storage": 2 << 20,
            "credentials": [],
            "files": [],
        },
        "limits": {"handles": 7, "log_rate": 9},
        "modules": [
            {"name": "main", "size": 31},
            {"name": "store", "size": 14},
            {"name": "wire", "size": 0},
        ],
        "resources": [{"path": "page.html", "size": 4}],
    }
    tap.equal({key: said.get(key) for key in expected}, expected, "facts")
    tap.equal(said["file"]["size"], len(content), "size")
    tap.equal(said["file"]["sha256"], hashlib.sha256(content).hexdigest(), "SHA-256")
    tap.equal(said["file"]["blake2b"], hashlib.blake2b(content).hexdigest(), "BLAKE2b")


def calls_are_named(program):
    """What the image says in numbers is told by name, as call/calls.csv has it."""
    said = json.loads(program.says("inspect", "--json", program.image("ware", images.WARE)))
    with open(TABLE, encoding="ascii") as file:
        rows = [row for row in csv.reader(file) if row and row[0].isdecimal()]
    numbers = {f"{group}.{name}": int(number) for number, group, name, *_ in rows}
    names = {call["name"]: call["number"] for call in said["calls"]}
    tap.true({"channel.start", "log.write"} <= names.keys(), names)
    tap.equal(names, {name: numbers[name] for name in names}, "numbers")
    lines = program.says("inspect", program.image("ware", images.WARE)).splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("calls "))
    listed = " ".join(lines[first:]).split("  Layers")[0].split()[1:]
    tap.equal(listed[: len(names)], list(names), "the same in lines")


def layers_are_those_of_the_sandbox(program):
    said = json.loads(program.says("inspect", "--json", program.image("ware", images.WARE)))
    required = {(row["process"], row["name"]) for row in said["layers"] if row["required"]}
    for layer in (
        ("supervisor", "landlock"),
        ("supervisor", "filter"),
        ("spawner", "empty-root"),
        ("spawner", "net-namespace"),
        ("worker", "filter"),
    ):
        tap.true(layer in required, f"{layer} is not in {required}")
    tap.true(("spawner", "cpu") not in required, "cpu is no wall")
    text = program.says("inspect", program.image("ware", images.WARE))
    tap.true("\nworker       parent-death limits filter\n" in text, text)


def images_for_another_machine_are_shown_and_not_trusted(program):
    """One that says so: in the header of ELF (e_machine), and in the user object."""
    good = program.image("ware", images.WARE)
    content = bytearray(good.read_bytes())
    (own,) = struct.unpack_from("<H", content, 18)
    [other] = MACHINES.keys() - {own}
    struct.pack_into("<H", content, 18, other)
    struct.pack_into("<I", content, content.index(b"MPYDUSR\0") + 16, other)
    path = program.file(bytes(content))
    both = f"{MACHINES[other]} (ELF machine {other}), and this is {MACHINES[own]}"
    for image, machine in (good, MACHINES[own]), (path, both):
        lines = program.says("inspect", image).splitlines()
        tap.true(f"machine      {machine}" in lines, lines)
    tap.equal(json.loads(program.says("inspect", "--json", path))["machine"], MACHINES[other], "JSON")
    tap.equal(program.says("layout", path), program.says("layout", good), "layout")
    program.refuses(3, f"{path}: built for {both}", "enable", "--image", path, "--units", program.place, "ware")


def bytes_behind_an_image_are_not_looked_at(program):
    good = program.image("ware", images.WARE)
    longer = program.file(good.read_bytes() + b"\0more")
    for verb, n in (("inspect", 3), ("layout", 0)):  # size and hashes are of the file
        said, expected = (program.says(verb, path).splitlines()[n:] for path in (longer, good))
        tap.equal(said, expected, verb)


def what_is_no_image(program):
    good = program.image("ware", images.WARE).read_bytes()
    fifo = program.place / "fifo"
    os.mkfifo(fifo)
    for path, words in (
        ("/nonexistent/image", "No such file"),
        (program.place, "Is a directory"),
        (fifo, "not a regular file"),
        ("/dev/zero", "not a regular file"),
        (program.file(b""), "not an mpyd image"),
        (program.file(b"#!/bin/sh\n"), "not an ELF file"),
        (program.file(good[: len(good) // 2]), "truncated"),
        ("/bin/true", "interpreter"),
    ):
        program.refuses(3, words, "inspect", path)
    program.refuses(3, "/a\\x0a\\x1b[2Jb: No such file", "inspect", "/nonexistent/a\n\x1b[2Jb")
    program.refuses(2, "unknown verb a\\x1b[2J;", "a\x1b[2J")


TESTS = [
    lines_of_an_image,
    absence_is_told,
    json_of_an_image,
    calls_are_named,
    layers_are_those_of_the_sandbox,
    images_for_another_machine_are_shown_and_not_trusted,
    bytes_behind_an_image_are_not_looked_at,
    what_is_no_image,
]
