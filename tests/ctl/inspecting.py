# SPDX-License-Identifier: MIT
"""mpyctl inspect."""

import os

import images
import tap


def parts_of_an_image(program):
    lines = program.says("inspect", program.image("ware", images.WARE)).splitlines()
    for expected in (
        "name         ware",
        "version      1.2.3",
        "micropython  1.25.0",
        "entry        main",
        "modules      main (31 bytes)",
        "             store (14 bytes)",
        "             wire (0 bytes)",
        "resources    page.html (4 bytes)",
        "listen       tcp:127.0.0.1:8080",
        "connect      udp:192.0.2.1:53",
    ):
        tap.true(expected in lines, f"{expected!r} is not in {lines}")


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


TESTS = [parts_of_an_image, what_is_no_image]
