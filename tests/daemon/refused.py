# SPDX-License-Identifier: MIT
"""What mpyd run refuses: one clear line, and a status that says what was refused."""

import os
import subprocess

import tap

HELLO = 'print("hello")\n'


def mpyd(apps, *arguments):
    """Exit status and the lines of standard error; nothing is signed here."""
    if arguments[:1] == ("run",):
        arguments = ("run", "--unsigned", "--control=none", *arguments[1:])
    done = subprocess.run(
        [*apps.mpyd, *arguments], capture_output=True, text=True, errors="replace", timeout=20
    )
    return done.returncode, done.stderr.splitlines()


def refuses(apps, arguments, status, words):
    got, lines = mpyd(apps, *arguments)
    tap.equal(got, status, f"exit status of {arguments}: {lines}")
    tap.equal(len(lines), 1, f"lines: {lines}")
    tap.true(words in lines[0], f"{words!r} is not in {lines[0]!r}")


def usage(apps):
    for arguments, words in (
        ((), "no command"),
        (("walk",), "unknown command walk"),
        (("run",), "no image"),
        (("run", "a", "b"), "more than one image"),
        (("run", "a", "--colour"), "unknown option --colour"),
        (("run", "a", "-x"), "unknown option"),
        (("run", "a", "--config"), "missing value after --config"),
        (("run", "a", "--name", "No Name"), "not a name"),
        (("run", "/tmp/UPPER"), "--name"),
    ):
        refuses(apps, arguments, 2, words)


def help_and_version(apps):
    for option, words in (("--help", "Usage: mpyd run"), ("--version", "mpyd ")):
        done = subprocess.run([*apps.mpyd, option], capture_output=True, text=True, timeout=20)
        tap.equal((done.returncode, done.stderr), (0, ""), option)
        tap.true(done.stdout.startswith(words), done.stdout)


def fifo(apps):
    path = apps.file("")
    os.unlink(path)
    os.mkfifo(path, 0o644)
    return path


def images(apps):
    with open(apps.image("hello", HELLO), "rb") as file:
        good = file.read()
    for path, words in (
        ("/nonexistent/none", "No such file"),
        ("/nonexistent/a\n\x1b[2Jb/c", "/nonexistent/a\\x0a\\x1b[2Jb/c: No such file"),
        ("/proc", "Is a directory"),
        ("/dev/zero", "not a regular file"),
        (fifo(apps), "not a regular file"),
        (apps.file(b""), "empty"),
        (apps.file(b"#!/bin/sh\n"), "not an ELF file"),
        (apps.file(good[: len(good) // 2]), "truncated"),
        (apps.file(good[:100]), ""),
        ("/bin/true", "interpreter"),
    ):
        refuses(apps, ("run", path), 3, words)


def unsigned_images(apps):
    image = apps.image("hello", HELLO)
    done = subprocess.run([*apps.mpyd, "run", "--control=none", image], capture_output=True, text=True, timeout=20)
    tap.equal(done.returncode, 7, done.stderr)
    tap.true(done.stderr.count("\n") == 1 and f"{image}: not signed" in done.stderr, done.stderr)
    _, lines = mpyd(apps, "run", image)
    said = "mpyd: hello runs unsigned: nobody vouches for its image"
    tap.equal(lines.count(said), 1, str(lines))


def image_of_another_app(apps):
    refuses(apps, ("run", apps.image("hello", HELLO), "--name", "other"), 3, "of the app hello")


def image_called_after_another_app(apps):
    """As root the ids come from the file's name, and everything else from the image."""
    with open(apps.image("hello", HELLO), "rb") as file:
        path = apps.file(file.read())
    if apps.is_root:
        refuses(apps, ("run", path), 3, "is of the app hello, not file")
    else:
        tap.equal(mpyd(apps, "run", path)[0], 0, "a user has no ids to mix up")
    tap.equal(mpyd(apps, "run", path, "--name", "hello")[0], 0, "told which app it is")


def image_that_would_speak_as_mpyd(apps):
    """No image has the name, whatever made it: the lines of mpyd are its own."""
    with open(apps.image("hello", HELLO), "rb") as file:
        good = file.read()
    forged = good.replace(b'"name":"hello"', b'"name":"mpyd" ').replace(
        b'"name": "hello"', b'"name": "mpyd" '
    )
    tap.true(forged != good, "the manifest has a name")
    status, lines = mpyd(apps, "run", apps.file(forged))
    tap.equal(status, 3, f"exit status: {lines}")
    tap.true("name" in lines[-1], str(lines))
    refuses(apps, ("run", "/nonexistent/none", "--name", "mpyd"), 2, "not a name")


def configurations(apps):
    image = apps.image("sized", HELLO, '[memory]\nheap = "256K"\narena = "256K"\n')
    for text, words in (
        ("[limits]\nhandles = many\n", ":2: "),
        ("\n[limits]\nhandels = 3\n", ":3: "),
        ("[colours]\nred = 1\n", ":1: "),
        ("[grants\nlisten = tcp:127.0.0.1:80\n", ":1: no ]"),
        ("[grants]\nlisten = tcp:127.0.0.1:80\n", ":2: listen = tcp:127.0.0.1:80 would widen"),
        ("[grants]\nlisten = tcp:80 # all\n", ":2: [grants] listen: "),
        ("[grants]\nlisten = tcp:http\n", ":2: [grants] listen: "),
        ("[restart]\ndelay = 10s\ndelay_max = 1s\n", ":3: [restart] delay is longer"),
        ("[sandbox]\noptional = foo\n", ":2: [sandbox] optional: the sandbox has no layer"),
        ("[limits]\narena = 64K\n", "arena"),
        ("[limits]\nheap = 64K\n", "heap"),
        ("[sandbox]\ncpu = 4000\n", ":2: [sandbox] cpu: this machine has no CPU 4000"),
    ):
        refuses(apps, ("run", image, "--config", apps.file(text)), 4, words)
    refuses(apps, ("run", image, "--config", "/nonexistent/conf"), 4, "No such file")
    refuses(apps, ("run", image, "--config", "/dev/null"), 4, "/dev/null: not a regular file")
    path = fifo(apps)
    refuses(apps, ("run", image, "--config", path), 4, f"{path}: not a regular file")


def widening_grants(apps):
    """The line is that of the grant itself, not of the first or the last one."""
    image = apps.image("narrow", HELLO, '[grants]\nconnect = ["tcp:127.0.0.1:1-9"]\n')
    text = (
        "[grants]\n"
        "connect = tcp:127.0.0.1:1\n"
        "connect = tcp:127.0.0.1:2, tcp:*:3\n"
        "connect = tcp:*:4\n"
    )
    refuses(apps, ("run", image, "--config", apps.file(text)), 4, ":3: connect = tcp:*:3 would")


def empty_configuration(apps):
    image = apps.image("hello", HELLO)
    status, lines = mpyd(apps, "run", image, "--config", apps.file(""))
    tap.equal(status, 0, f"exit status: {lines}")


def other_pages(apps):
    """Before anything of the image is looked at, the more so before a worker has died of it."""
    for size in (16384, 65536):
        setting = ["env", f"LD_PRELOAD={apps.otherwise}", f"MPYD_TEST_PAGE={size}"]
        command = apps.command(apps.image("hello", HELLO))
        done = subprocess.run([*setting, *command], capture_output=True, text=True, timeout=20)
        tap.equal(done.returncode, 5, f"exit status: {done.stderr}")
        tap.true(f"pages of {size} bytes" in done.stderr, done.stderr)
        tap.equal(len(done.stderr.splitlines()), 1, f"lines: {done.stderr}")


TESTS = [usage, help_and_version, images, unsigned_images, image_of_another_app,
         image_called_after_another_app, image_that_would_speak_as_mpyd, configurations,
         widening_grants, empty_configuration, other_pages]
