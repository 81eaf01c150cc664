# SPDX-License-Identifier: MIT
"""Tools that watch the tests run."""

import glob
import os
import shlex
import shutil

from analysis import build

HERE = os.path.dirname(os.path.abspath(__file__))
# Not recovering: a program that has been told off must not pass its test.
SANITIZE = ("-Dc_args=-fno-sanitize-recover=all", "-Db_lundef=false")
# verify_asan_link_order: one test preloads a library of its own in front of everything.
ASAN = "abort_on_error=1:verify_asan_link_order=0:strict_string_checks=1:detect_stack_use_after_return=1"
UBSAN = "print_stacktrace=1:halt_on_error=1"
# Programs that are not confined, so that leaks can be looked for: that forks and traces, for which
# the supervisor's filter would kill. Leaks of the whole program are memcheck's to find.
UNCONFINED = ("unit", "golden", "fuzz")
# Form, figures, and what is this itself.
LEFT_OUT = ("lint", "bench", "sanitizers")
# valgrind has its own way with limits (descriptors, socket) and with the heap (memory), is too slow for
# messages a second (log), and runs one thread at a time: two that spin take minutes (caller).
OWN_WAY = ("descriptors", "socket", "memory", "log", "caller")
THREADED = ("caller", "channel", "supervise")


def suites(option, names):
    return [part for name in names for part in (option, name)]


def asan(folder):
    build.make(folder, "-Db_sanitize=address,undefined", *SANITIZE)
    environment = {"ASAN_OPTIONS": ASAN + ":detect_leaks=1", "UBSAN_OPTIONS": UBSAN}
    good = build.test(folder, *suites("--suite", UNCONFINED), environment=environment)
    environment["ASAN_OPTIONS"] = ASAN + ":detect_leaks=0"
    rest = suites("--no-suite", UNCONFINED + LEFT_OUT)
    return build.test(folder, *rest, environment=environment) and good


def quick(folder):
    """The part of asan that needs no image: it is built and run in a minute or two."""
    build.setup(folder, "-Db_sanitize=address,undefined", *SANITIZE)
    tests = [
        test
        for test in build.introspect(folder, "tests")
        if {"mpyd:unit", "mpyd:fuzz"} & set(test["suite"]) and test["cmd"][0].startswith(folder)
    ]
    programs = [os.path.relpath(test["cmd"][0], folder) for test in tests]
    build.make(folder, targets=sorted(set(programs)))
    environment = {"ASAN_OPTIONS": ASAN + ":detect_leaks=1", "UBSAN_OPTIONS": UBSAN}
    return build.test(folder, *suites("--suite", ("unit", "fuzz")), environment=environment)


def tsan(folder):
    targets = [f"tests/unit/test-{name}" for name in THREADED]
    build.make(folder, "-Db_sanitize=thread", *SANITIZE, targets=targets)
    options = "halt_on_error=1:suppressions=" + os.path.join(HERE, "tsan.supp")
    return build.test(folder, "--suite", "unit", *THREADED, environment={"TSAN_OPTIONS": options})


def memcheck(logs):
    """The command that runs a program under memcheck; each process writes a log into LOGS."""
    return [
        "valgrind", "--error-exitcode=99", "--leak-check=full", f"--log-file={logs}/%p.log",
        "--errors-for-leak-kinds=definite,indirect", "--run-libc-freeres=no",
        "--vgdb=no", "--suppressions=" + os.path.join(HERE, "valgrind.supp"),
    ]  # fmt: skip


def live(folder, command):
    """mpyd run under memcheck, from the command line to the first worker that cannot be had.

    valgrind knows neither seccomp(2) nor Landlock, and has descriptors and limits of its own. The
    configuration lets those layers be missing, all but the worker's filter, which nothing does.
    """
    config = os.path.join(folder, "memcheck.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write("[sandbox]\noptional = filter, landlock, descriptors, limits\n")
    mpyd = [*command, os.path.join(folder, "daemon", "mpyd")]
    demo = os.path.join(folder, "frozen", "demo", "meterd.mpyimg")
    good = True
    for arguments, expected in (
        (["run", "--unsigned", "--control=none", demo, "--config", config], 5),
        (["run", "--unsigned", "--control=none", demo, "--config", demo], 4),
        (["run", "--unsigned", "--control=none", config], 5),
        (["run", "--unsigned", "--control=none", folder], 3),
        (["run"], 2),
        (["--help"], 0),
    ):
        status = build.run([*mpyd, *arguments])
        if status != expected:
            print(f"mpyd {' '.join(arguments)}: status {status}, not {expected}")
            good = False
    return good


def unit_tests(folder):
    return [t["name"] for t in build.introspect(folder, "tests") if "mpyd:unit" in t["suite"]]


def valgrind(folder):
    build.need("valgrind")
    build.make(folder)
    logs = os.path.join(folder, "memcheck")
    shutil.rmtree(logs, ignore_errors=True)
    os.mkdir(logs)
    os.chmod(logs, 0o1777)  # processes change their ids
    command = memcheck(logs)
    names = [name for name in unit_tests(folder) if name not in OWN_WAY]
    good = build.test(folder, "--suite", "unit", "--wrapper", shlex.join(command), *names)
    good = live(folder, command) and good
    for name in sorted(glob.glob(os.path.join(logs, "*.log"))):
        with open(name, encoding="utf-8", errors="replace") as file:
            text = file.read()
        if "ERROR SUMMARY:" in text and "ERROR SUMMARY: 0 errors" not in text:
            print(text)
            good = False
    return good
