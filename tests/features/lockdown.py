# SPDX-License-Identifier: MIT
"""What an app and those around it cannot do, with nothing configured."""

import csv
import fcntl
import os
import re
import subprocess

import service
import tap

# Names that exist outside and would be found, if anything were ever looked for there.
PLANTED_MAIN = """\
import sys
import json
print("json", json.dumps([1]))
try:
    import planted
    print("planted", planted.text)
except ImportError as error:
    print(error)
print(sys.path, sys.argv)
"""
PLANTED = 'text = "from outside"\ndef dumps(value):\n    return text\nprint(text)\n'
FROZEN_SAID = [
    "shadowed: json [1]",
    "shadowed: no module named 'planted'",
    "shadowed: ['.frozen'] ['shadowed']",
]
# What ports of MicroPython, CPython and C libraries look at.
VARIABLES = ("MICROPYPATH", "MICROPYINSPECT", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONINSPECT",
             "LD_PRELOAD", "LD_LIBRARY_PATH", "HOME")


def planted_folder(tools):
    folder = os.path.join(os.path.dirname(tools.apps.file("")), "planted")
    os.makedirs(os.path.join(folder, "lib"), exist_ok=True)
    for name in ("planted.py", "json.py", "main.py", "lib/planted.py", "boot.py"):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(PLANTED)
    return folder


def nothing_outside_is_imported(tools):
    """Not from the directory mpyd is started in, nor from where the environment points to."""
    image = tools.apps.image("shadowed", PLANTED_MAIN)
    folder = planted_folder(tools)
    command = ["env", *(f"{name}={folder}" for name in VARIABLES if not name.startswith("LD_")),
               *tools.apps.command(os.path.abspath(image))]
    running = tools.apps.follow(service.Service(command, cwd=folder))
    tap.equal(running.wait(), 0, running.output())
    tap.equal([line for line in running.lines if line.startswith("shadowed: ")], FROZEN_SAID)


def no_key_or_variable_opens_it(tools):
    """What is typed at mpyd reaches no one, whatever the environment asks for."""
    image = tools.apps.image("shadowed", PLANTED_MAIN)
    environment = {**os.environ, **{name: "1" for name in VARIABLES if not name.startswith("LD_")}}
    typed = b"\x03\x01\x02import os\nprint('typed')\n\x04" * 20
    done = subprocess.run(tools.apps.command(image), input=typed, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
    lines = done.stdout.decode().splitlines()
    tap.equal(done.returncode, 0, str(lines))
    tap.equal([line for line in lines if line.startswith("shadowed: ")], FROZEN_SAID)
    tap.true("typed" not in done.stdout.decode(), str(lines))


IDLE = """\
import time
print("ready")
time.sleep(1000)
"""


def started(tools, config=None):
    running = tools.apps.start(tools.apps.image("idle", IDLE), config)
    running.wait_line("^idle: ready")
    return running, service.descendants(running.pid)[-1]


def for_root(tools):
    if not tools.apps.is_root:
        raise tap.Skip("not root: a worker is not dumpable")


def running_image_is_sealed_memory(tools):
    """What runs is a memfd that nobody can change, and it is mapped as its segments say."""
    for_root(tools)
    running, worker = started(tools)
    program = os.open(f"/proc/{worker}/exe", os.O_RDONLY)
    seals = fcntl.fcntl(program, fcntl.F_GET_SEALS)
    with open(tools.apps.image("idle", IDLE), "rb") as file:
        data = file.read()
    tap.true(os.pread(program, len(data) + 1, 0) == data, "the very bytes of the image")
    os.close(program)
    with open(f"/proc/{worker}/maps", encoding="ascii") as maps:
        kinds = {line.split()[1] for line in maps if "memfd:" in line and "image" in line}
    running.stop()
    wanted = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    tap.equal(seals & wanted, wanted, "seals")
    tap.equal(kinds, {"r--p", "r-xp", "rw-p"}, "mappings of the image")


def memory_of(pid):
    """All that PID has mapped and can be read."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        areas = [line.split()[:2] for line in maps if "[v" not in line]
    data = b""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for area, kind in areas:
            start, end = (int(number, 16) for number in area.split("-"))
            if kind[0] == "r":
                memory.seek(start)
                data += memory.read(end - start)
    return data


def nothing_of_the_supervisor_is_in_a_worker(tools):
    """A word that the supervisor has read, and has in its environment, is in no worker's memory."""
    for_root(tools)
    if tools.apps.is_sanitized:
        raise tap.Skip("the sanitizer maps more than can be read")
    word = "canary" + os.urandom(8).hex()
    config = tools.apps.file(f"# {word}\n[stop]\nstop = 1s\n")
    image = tools.apps.image("idle", IDLE)
    command = ["env", f"WORD={word}", *tools.apps.command(image), "--config", config]
    running = tools.apps.follow(service.Service(command))
    running.wait_line("^idle: ready")
    worker = service.descendants(running.pid)[-1]
    worker_memory, supervisor_memory = memory_of(worker), memory_of(running.pid)
    running.stop()
    tap.true(b"mp_obj" not in worker_memory and b"ready" in worker_memory, "a worker's memory")
    tap.true(word.encode() in supervisor_memory, "the supervisor has the word")
    tap.true(word.encode() not in worker_memory, "the worker has it too")


ALONE_MAIN = """\
import os
import socket


def attempt(name, function):
    try:
        function()
        print(name, "works")
    except OSError as error:
        print(name, type(error).__name__, error.args[1] if len(error.args) > 1 else error)
    except ImportError as error:
        print(name, error)


def sock(kind):
    return socket.socket(socket.AF_INET, kind)


attempt("tcp bind", lambda: sock(socket.SOCK_STREAM).bind(("127.0.0.1", 8097)))
attempt("udp bind", lambda: sock(socket.SOCK_DGRAM).bind(("127.0.0.1", 8097)))
attempt("tcp connect", lambda: sock(socket.SOCK_STREAM).connect(("127.0.0.1", 22)))
attempt("udp send", lambda: sock(socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 53)))
attempt("name", lambda: socket.getaddrinfo("example.org", 80))
attempt("write", lambda: open("/res/new", "w"))
attempt("thread", lambda: __import__("_thread"))
print("environment", hasattr(os, "getenv"), hasattr(os, "environ"))
"""
ALONE_SAID = """\
tcp bind PermissionError socket.bind: listen on tcp 127.0.0.1:8097: RULE
udp bind PermissionError socket.bind: listen on udp 127.0.0.1:8097: RULE
tcp connect PermissionError socket.connect: connect to tcp 127.0.0.1:22: RULE
udp send PermissionError socket.sendto: connect to udp 127.0.0.1:53: RULE
name PermissionError name.resolve: resolve example.org: RULE
write OSError [Errno 30] EROFS
thread no module named '_thread'
environment False False
""".replace("RULE", "no grant matches; the manifest grants nothing")


def who_asks_for_nothing_gets_nothing(tools):
    """No configuration, no grants: each refusal names the call and the rule."""
    status, lines = tools.apps.run(tools.apps.image("alone", ALONE_MAIN))
    said = [line.removeprefix("alone: ") for line in lines if line.startswith("alone: ")]
    tap.equal((status, said), (0, ALONE_SAID.splitlines()))


REACH_MAIN = """\
import calls
print("reach", [name for name in dir(calls) if not name.startswith("__")])
"""


def app_reaches_the_calls_of_the_table_alone(tools):
    """And none of the channel's own, which are numbered first, but the one that does nothing."""
    with open(os.path.join(tools.source, "call", "calls.csv"), encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file)]
    wanted = sorted(f"{row['group']}_{row['name']}" for row in rows
                    if "python" in row["flags"].split())
    status, lines = tools.apps.run(tools.apps.image("reach", REACH_MAIN))
    tap.equal(status, 0, str(lines))
    said = next(line for line in lines if line.startswith("reach: reach "))
    names = [name for name in re.findall(r"'(\w+)'", said) if name.islower()]
    tap.equal(sorted(names), wanted, "functions of the module calls")
    tap.equal([name for name in names if name.startswith("channel_")], ["channel_nop"])


TESTS = [
    nothing_outside_is_imported,
    no_key_or_variable_opens_it,
    running_image_is_sealed_memory,
    nothing_of_the_supervisor_is_in_a_worker,
    who_asks_for_nothing_gets_nothing,
    app_reaches_the_calls_of_the_table_alone,
]
