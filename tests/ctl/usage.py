# SPDX-License-Identifier: MIT
"""The command line: what is asked wrongly gets one line that says how to ask."""

import re
import subprocess

import tap


def wrong_usage(program):
    for arguments, words in (
        ((), "no verb"),
        (("inpsect", "x"), "unknown verb inpsect; did you mean inspect?"),
        (("inspec", "x"), "did you mean inspect?"),
        (("polcy", "explain", "x"), "unknown verb polcy; did you mean policy?"),
        (("rest", "x"), "unknown verb rest; did you mean restart?"),
        (("status", "--jsn"), "status: unknown option --jsn; did you mean --json?"),
        (("status", "--zzz"), "unknown option --zzz"),
        (("walk",), "unknown verb walk; try mpyctl --help"),
        (("x" * 100,), "try mpyctl --help"),
        (("--colour",), "unknown option --colour"),
        (("inspect",), "inspect: missing IMAGE; try mpyctl inspect --help"),
        (("inspect", "a", "b"), "inspect: unexpected b"),
        (("inspect", "a", "--colour"), "inspect: unknown option --colour"),
        (("inspect", "-x", "a"), "inspect: unknown option -x"),
    ):
        program.refuses(2, words, *arguments)


def help_and_version(program):
    said = program.says("--version")
    tap.true(re.fullmatch(r"mpyctl \d+\.\d+\.\d+ \(\S+\)\nimage ABI \d+\nMicroPython [\d.]+\n", said), said)
    text = program.says("--help")
    verbs = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +\S", text, re.M)
    for group in text.split(":\n")[1:]:
        names = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +\S", group, re.M)
        tap.equal(names, sorted(names), "verbs in order")
    tap.true("inspect" in verbs, text)
    for verb in verbs:
        said = program.says(*verb.split(), "--help")
        tap.true(said.startswith(f"Usage: mpyctl {verb}"), said)
        tap.true("--help" in said, said)


def full_disk(program):
    """Output that cannot be written is a failure, not a success that nobody saw."""
    with open("/dev/full", "wb") as full:
        for arguments in (("--help",), ("--version",), ("inspect", "--help")):
            done = program.run(*arguments, stdout=full)
            tap.equal(done.returncode, 6, arguments)
            tap.equal(
                done.stderr,
                "mpyctl: cannot write to standard output: No space left on device\n",
                arguments,
            )


def closed_output(program):
    with open(program.mpyctl, "rb") as file:
        if b"__llvm_profile" in file.read():
            raise tap.Skip("the file that counts what is reached takes the place of the output")
    done = subprocess.run(["sh", "-c", '"$0" --version >&-', program.mpyctl], capture_output=True)
    tap.equal(done.returncode, 6, "standard output is closed")


TESTS = [wrong_usage, help_and_version, full_disk, closed_output]
