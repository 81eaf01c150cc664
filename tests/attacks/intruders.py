# SPDX-License-Identifier: MIT
"""Other processes of this machine that want into supervisor, spawner or worker, and what these
could have inherited or could learn of each other."""

import ctypes
import errno
import os
import re
import signal
import subprocess
import time

import apps as small
import service
import tap

IDLE = """\
import time
print("ready")
time.sleep(1000)
"""
OTHER = 64999  # an id of an app that is not this one
libc = ctypes.CDLL(None, use_errno=True)

PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
FILES = ("mem", "exe", "fd", "root", "cwd", "environ", "maps", "ns/pid", "auxv", "stack")
SYS_PROCESS_VM_READV, SYS_PIDFD_GETFD = 310, 438


def started(apps, command=None):
    running = apps.follow(service.Service(command or apps.command(apps.image("idle", IDLE))))
    running.wait_line("^idle: ready")
    below = service.descendants(running.pid)
    tap.equal(len(below), 2, f"processes below the supervisor: {below}")
    return running, [running.pid, *below]


# -- looking in ----------------------------------------------------------------------------------


def system_call(number, *arguments):
    """As libc's syscall(), which takes longs: ctypes hands on an int as half of one."""
    longs = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    return libc.syscall(ctypes.c_long(number), *longs)


def refused(result):
    return result < 0 and ctypes.get_errno() in (errno.EPERM, errno.EACCES)


def ways_in(pid):
    """The ways into PID that this process has found."""
    found = []
    for name in FILES:
        try:
            os.close(os.open(f"/proc/{pid}/{name}", os.O_RDONLY))
            found.append(name)
        except PermissionError:
            pass
    for request in (PTRACE_ATTACH, PTRACE_SEIZE):
        if not refused(libc.ptrace(request, pid, None, None)):
            found.append(f"ptrace {request}")
    byte = ctypes.create_string_buffer(16)
    vector = (ctypes.c_size_t * 2)(ctypes.addressof(byte), 1)
    if not refused(system_call(SYS_PROCESS_VM_READV, pid, vector, 1, vector, 1, 0)):
        found.append("process_vm_readv")
    fd = os.pidfd_open(pid)
    if not refused(system_call(SYS_PIDFD_GETFD, fd, 0, 0)):
        found.append("pidfd_getfd")
    os.close(fd)
    return found


def as_id(number, function):
    """What FUNCTION returns in a process of that id, a list of words."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setresgid(number, number, number)
                os.setresuid(number, number, number)
                libc.prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE, which the change took away
            os.write(writing, ",".join(function()).encode() or b"-")
        finally:
            os._exit(0)
    os.close(writing)
    said = os.read(reading, 65536).decode()
    os.close(reading)
    os.waitpid(child, 0)
    tap.true(said, "the intruder failed itself")
    return [] if said == "-" else said.split(",")


def nobody_looks_in(apps):
    """Of the worker's id, the supervisor's, another app's; and as a user, of the user's own."""
    running, pids = started(apps)
    ids = {int(service.status_fields(pid)["Uid"].split()[1]) for pid in pids} | {OTHER}
    for number in ids if os.getuid() == 0 else {os.getuid()}:
        for pid in pids:
            tap.equal(as_id(number, lambda: ways_in(pid)), [], f"ways of {number} into {pid}")
    running.stop()


def intruder_would_get_in_elsewhere(apps):
    """The control: the same ways lead into a process of that id that does not defend itself."""
    number = OTHER if os.getuid() == 0 else os.getuid()

    def try_own_child():
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        found = ways_in(pid)
        os.kill(pid, signal.SIGKILL)
        return found

    found = as_id(number, try_own_child)
    # Whoever is attached by the first request of ptrace cannot be by the second.
    for way in (*FILES, f"ptrace {PTRACE_ATTACH}", "process_vm_readv", "pidfd_getfd"):
        tap.true(way in found, f"{way} is not among {found}")


def image_cannot_be_overwritten(apps):
    """Not even by root, through the descriptors and links of /proc: its memfd is sealed."""
    if os.getuid() != 0:
        raise tap.Skip("not root: none of them is dumpable")
    running, (_, spawner, worker) = started(apps)
    for path in (f"/proc/{worker}/exe", f"/proc/{spawner}/fd/5"):
        fd = os.open(path, os.O_RDONLY)
        before = os.pread(fd, 4096, 0)
        for attack in (
            lambda: os.close(os.open(path, os.O_WRONLY | os.O_TRUNC)),
            lambda: os.write(os.open(path, os.O_RDWR), b"x"),
            lambda: os.truncate(path, 0),
        ):
            try:
                attack()
                raise AssertionError(f"{path} was written to")
            except OSError as error:
                tap.true(error.errno in (errno.EPERM, errno.ETXTBSY), str(error))
        tap.equal(os.pread(fd, 4096, 0), before, "the image")
        os.close(fd)
    running.stop()


# -- what is inherited ---------------------------------------------------------------------------


def capabilities_are_not_inherited(apps):
    """A manager that hands on capabilities, ambient ones too, to mpyd as an ordinary user."""
    if os.getuid() != 0:
        raise tap.Skip("not root: no capability to hand on")
    mpyd = apps.copy(apps.mpyd[-1]) if apps.is_root else apps.mpyd[-1]
    given = ",".join("+" + name for name in ("dac_override", "net_raw", "sys_ptrace", "sys_admin"))
    command = ["setpriv", f"--reuid={small.USER}", f"--regid={small.USER}", "--clear-groups"]
    command += [f"--inh-caps={given}", f"--ambient-caps={given}"]
    command += [mpyd, "run", "--unsigned", "--control=none", apps.image("idle", IDLE)]
    running, pids = started(apps, command)
    for pid in pids:
        fields = service.status_fields(pid)
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            tap.equal(int(fields[kind], 16), 0, f"{kind} of {fields['Name']}")
    running.stop()


# -- addresses -----------------------------------------------------------------------------------


def areas(pid):
    """Where the areas of PID begin, but for the one page that the kernel puts in one place."""
    with open(f"/proc/{pid}/maps") as maps:
        return {line.split("-")[0] for line in maps if "[vsyscall]" not in line}


def addresses_are_shared_with_nobody(apps):
    """The worker is an exec of its own: no area of it is where another process has one, nor where
    the worker before it had one. Spawner and supervisor are a fork, and not told apart."""
    if os.getuid() != 0:
        raise tap.Skip("not root: none of them is dumpable")
    if apps.is_sanitized:
        raise tap.Skip("the sanitizer's own areas are at fixed addresses")
    seen = {}
    for n in range(2):
        running, (supervisor, _, worker) = started(apps)
        for generation in range(3):
            seen[f"worker {n}.{generation}"] = areas(worker)
            os.kill(worker, signal.SIGKILL)
            running.wait_line(f"started, generation {generation + 2},")
            while len(below := service.descendants(running.pid)) < 2 or below[1] == worker:
                time.sleep(0.01)
            worker = below[1]
            while len(areas(worker)) < 8:  # not before its exec is done
                time.sleep(0.01)
        seen[f"supervisor {n}"] = areas(supervisor)
        running.stop()
    names = sorted(seen)
    for i, name in enumerate(names):
        tap.true(len(seen[name]) > 5, f"{name}: {seen[name]}")
        for other in names[:i]:
            tap.equal(seen[name] & seen[other], set(), f"addresses of {name} and {other}")


# -- stopped and continued -----------------------------------------------------------------------

TIMED = """\
import time
print("ready")
n = 0
while True:
    begin = time.ticks_ms()
    for _ in range(4):
        time.sleep_ms(50)
    n += 1
    print("slept", n, time.ticks_diff(time.ticks_ms(), begin) >= 200)
"""


def stopped_and_continued_app_sleeps_on(apps):
    """Linux restarts what a signal interrupts by restart_syscall, which no filter admits, where it
    must adjust a time-out: no wait of a worker has one. The app sleeps until all is over, however
    long a busy machine takes for that."""
    running = apps.start(apps.image("timed", TIMED), small.NO_RESTART)
    running.wait_line("^timed: ready")
    worker = service.descendants(running.pid)[1]
    for n in range(300):
        os.kill(worker, signal.SIGSTOP)
        time.sleep(0.0001 * (n % 10))
        os.kill(worker, signal.SIGCONT)
        time.sleep(0.0001 * (n % 7))
    n = len(re.findall("^timed: slept", running.output(), re.M))
    running.wait_line(f"^timed: slept {n + 2} ", 60)  # the whole of it afterwards
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")
    slept = re.findall("^timed: slept .*", running.output(), re.M)
    tap.true(all(line.endswith(" True") for line in slept), str(slept))


def dies_without_a_core(apps):
    """Where every limit allows one: the parent of a process that dumps is told so (wait(2))."""
    if os.getuid() != 0:
        raise tap.Skip("not root: strace cannot look")
    image = apps.image("idle", IDLE)
    command = ["prlimit", "--core=unlimited", *apps.command(image, small.NO_RESTART)]
    trace = apps.file("")
    running = apps.follow(service.Service(command))
    running.wait_line("^idle: ready")
    spawner, worker = service.descendants(running.pid)
    strace = subprocess.Popen(
        ["strace", "-e", "trace=waitid", "-o", trace, "-p", str(spawner)], stderr=subprocess.PIPE
    )
    strace.stderr.readline()  # it is attached
    os.kill(worker, signal.SIGABRT)
    tap.equal(running.wait(20), 1, f"exit status: {running.lines}")
    strace.wait(20)
    with open(trace) as file:
        told = set(re.findall(r"si_code=(CLD_\w+)", file.read()))
    tap.equal(told, {"CLD_KILLED"}, "how the spawner was told")


TESTS = [
    nobody_looks_in,
    intruder_would_get_in_elsewhere,
    image_cannot_be_overwritten,
    capabilities_are_not_inherited,
    addresses_are_shared_with_nobody,
    stopped_and_continued_app_sleeps_on,
    dies_without_a_core,
]
