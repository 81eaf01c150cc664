# SPDX-License-Identifier: MIT
"""Workers that lie in what is shared, while it is in use (channel-hostile.c)."""

import re
import subprocess

import tap

ANY_CPU = "[restart]\nrestart = no\n[sandbox]\ncpu = any\n"
SAME_CPU = "[restart]\nrestart = no\n"


def run(apps, name, config, *options):
    """Exit status and what it said, as bytes."""
    line = apps.command(apps.attack(name), config)
    line[line.index("run") : line.index("run")] = options
    done = subprocess.run(line, stderr=subprocess.PIPE, timeout=150)
    return done.returncode, done.stderr


def expect(apps, name, words, status=0):
    for config in (ANY_CPU, SAME_CPU):
        got, said = run(apps, name, config)
        tap.equal(got, status, f"exit status: {said[-2000:]}")
        tap.true(words in said, f"{words} is not in {said[-2000:]}")
        tap.true(b"WRONG" not in said, f"{said[-2000:]}")


def what_the_supervisor_wrote_is_not_read_back(apps):
    expect(apps, "geometry", b"geometry: served throughout\n")


def kernel_page_cannot_be_written(apps):
    expect(apps, "kernel-page", b"kernel-page: crashed: SIGSEGV\n", status=1)


def entry_overwritten_in_flight_changes_nothing(apps):
    expect(apps, "reuse", b"reuse: kept its own copy\n")


def calls_without_a_ring_are_not_lost(apps):
    expect(apps, "late-ring", b"late-ring: every call served, late as it was rung for\n")


def is_clean(said):
    """Lines of text by mpyd or by the app in its name, and no byte that a terminal acts on."""
    for line in said.split(b"\n")[:-1]:
        tap.true(re.fullmatch(rb"[\x20-\x7e]*", line), f"control bytes: {line}")
        tap.true(re.match(rb"(mpyd|[a-z-]+): ", line), f"whose line is it? {line}")
        tap.true(not line.startswith(b"mpyd: forged"), f"forged: {line}")


def text_changed_while_it_is_checked_does_not_get_through(apps):
    """Every line that came of it is whole, of the size that was announced, and escaped."""
    status, said = run(apps, "changing", ANY_CPU + "[limits]\nlog_rate = 10000\n")
    tap.equal(status, 0, f"exit status: {said[-2000:]}")
    is_clean(said)
    texts = re.findall(rb"^changing: (a.*)", said, re.M)
    tap.true(len(texts) > 100, f"{len(texts)} lines: {said[-2000:]}")
    for text in texts:
        plain = re.sub(rb"\\x[0-9a-f]{2}", b".", text)
        tap.equal(len(plain), 2000, f"length of {text}")


def trace_cannot_be_forged(apps):
    for options in ((), ("--debug",)):
        status, said = run(apps, "forger", SAME_CPU, *options)
        tap.equal(status, 0, f"exit status: {said}")
        is_clean(said)
        tap.true(rb"\x1b[2J" in said, f"nothing of it was said: {said}")


TESTS = [
    what_the_supervisor_wrote_is_not_read_back,
    kernel_page_cannot_be_written,
    entry_overwritten_in_flight_changes_nothing,
    calls_without_a_ring_are_not_lost,
    text_changed_while_it_is_checked_does_not_get_through,
    trace_cannot_be_forged,
]
