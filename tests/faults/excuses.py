# SPDX-License-Identifier: MIT
"""Faults that nobody is told of, or in other words than the kernel's, each with its reason.

A row: role, call or "malloc", what its arguments and its object (or its callers) and then " @" and
the scenario are like, the error, what the run may be like in spite of the rule, and why that is
right.
"""

import re

UNNOTICED = "unnoticed"  # the same lines and the same end as without a fault
UNSAID = "!"  # told, but in other words, or by another sign
ANY = ""  # either of them
BROKEN = "!!"  # what no fault may cause

TABLE = [
    (re.compile(rf"{role}\Z"), re.compile(rf"({call})\Z"), re.compile(where), error, mark, why)
    for role, call, where, error, mark, why in (
        (
            ".*", "close", ANY, ANY, UNNOTICED,
            "the descriptor is closed whatever close(2) says",
        ),
        (
            ".*", ".*", ANY, "EINTR", UNNOTICED,
            "tried again",
        ),
        (
            ".*", "munmap|madvise|brk|mmap", ANY, ANY, UNNOTICED,
            "memory that is not given back, or had from elsewhere",
        ),
        (
            ".*", "prctl", "^(17|2f) ", ANY, ANY,
            "EINVAL is how the kernel says that it knows no more capabilities; the set "
            "itself and no-new-privs are verified, and a bounding set that is left is told "
            "as missing",
        ),
        (
            ".*", "prctl", "^(f|53564d41) ", ANY, UNNOTICED,
            "a name for people",
        ),
        (
            ".*", "prctl", "^1 ", ANY, UNNOTICED,
            "the first arming only: the layer parent-death does it again, and verifies it",
        ),
        (
            ".*", "prctl", "^3[45] ", ANY, ANY,
            "speculation is a layer that not every processor offers",
        ),
        (
            ".*", "rt_sigaction", ANY, ANY, ANY,
            "fails for SIGKILL, SIGSTOP and libc's own; the layer session reads back what "
            "is set",
        ),
        (
            ".*", "capget", ANY, ANY, UNNOTICED,
            "libcap asks for the kernel's version, and works with an older one",
        ),
        (
            "spawner", "getdents64", ANY, ANY, UNNOTICED,
            "the empty directory is known by its file system too",
        ),
        (
            "spawner", "poll|recvmsg|sendto|waitid", ANY, ANY, UNNOTICED,
            "on its way out: the supervisor is gone, or about to end it",
        ),
        (
            "spawner", "sendto", ANY, ANY, UNSAID,
            "nothing can be said where saying fails; the supervisor tells that the spawner "
            "is gone",
        ),
        (
            "supervisor", "newfstatat", "/proc/self/ns/", ANY, UNSAID,
            "told as a namespace that cannot be verified, and mpyd ends",
        ),
        (
            "supervisor", "newfstatat", "/proc/self/ns/", ANY, UNNOTICED,
            "of a namespace that is not asked for",
        ),
        (
            "supervisor", "clone", ANY, ANY, UNNOTICED,
            "tried again namespace by namespace, and then as a whole",
        ),
        (
            "supervisor", "write", "pipe", "EIO", ANY,
            "the line of the log is what is lost, and that is told with the next",
        ),
        (
            "supervisor", "write", "pipe", "EAGAIN", UNNOTICED,
            "the line is kept and written once there is room",
        ),
        (
            "supervisor", "read", "eventfd|signalfd", ANY, UNNOTICED,
            "a ring that stays wakes once for nothing; a signal is read at the next turn",
        ),
        (
            "supervisor", "openat|read|newfstatat|readlink|lseek|ioctl",
            "/etc|/dev/urandom|/sys/|/proc/self/fd/2", ANY, UNNOTICED,
            "c-ares' and libc's own: they have another way, or do without",
        ),
        (
            "supervisor", "newfstatat|ioctl|getrandom", "^[^/]*$", ANY, UNNOTICED,
            "libc asks how to buffer, and for numbers that are not secret",
        ),
        (
            "supervisor", "openat", " / ", "EACCES", UNNOTICED,
            "the refusal that the layer landlock waits for",
        ),
        (
            "supervisor", "epoll_ctl", "^[0-9a-f]+ 2 ", ANY, UNNOTICED,
            "taking out what its close takes out too",
        ),
        (
            "supervisor", "epoll_ctl|socket|getsockopt", ANY, "ENOSPC|EACCES|ENOBUFS", UNSAID,
            "the app is told in words of the call's row",
        ),
        (
            "supervisor", "socket", ANY, "EACCES", ANY,
            "as a refusal of the operating system",
        ),
        (
            "supervisor", "poll", ANY, ANY, UNNOTICED,
            "a look ahead, before the loop looks; or the last moment of waiting for the "
            "spawner's end",
        ),
        (
            "supervisor", "wait4|waitid", ANY, ANY, UNNOTICED,
            "the spawner has been waited for through its pidfd; the zombie goes with us",
        ),
        (
            "supervisor", "recvfrom", ANY, ANY, UNNOTICED,
            "at the end: the loop has what it waited for",
        ),
        (
            "supervisor", "landlock_create_ruleset", ANY, ANY, UNSAID,
            "a kernel without port rules is told as that; the policy decides on every port",
        ),
        (
            "supervisor", "malloc", "json_tokener_parse_ex", ANY, BROKEN,
            "json-c before 0.17 does not look whether it could copy a key, and does not free "
            "what it could not put in its place: before anything runs, and then it is over",
        ),
        (
            "supervisor", "malloc", "json_tokener_parse_ex", ANY, UNNOTICED,
            "an array that stays larger than it could be",
        ),
        (
            "supervisor", "malloc", "title_init", ANY, UNNOTICED,
            "ps(1) then shows the command line",
        ),
        (
            "supervisor", "malloc", "array_list_shrink|_IO_file_doallocate|libcares", ANY, ANY,
            "a buffer that is bigger or smaller than it could be; c-ares takes a file it "
            "cannot read for an empty one",
        ),
        (
            "supervisor",
            "socket|connect|bind|setsockopt|getsockname|sendto|recvfrom|writev|epoll_ctl",
            "@names$", ANY, UNNOTICED,
            "c-ares asks again, or by another socket; some only find out which address "
            "comes first",
        ),
        (
            "supervisor", "socket|connect|epoll_ctl|read|openat|poll|malloc",
            "@names$", ANY, UNSAID,
            "c-ares says no more than that its question timed out or that there is no such name, "
            "and that is what the app is told",
        ),
        (
            "supervisor", "malloc", "socket_peers_add", ANY, UNNOTICED,
            "who sent a datagram may then be answered only if a grant says so",
        ),
        (
            "supervisor", "getpeername", ANY, ANY, UNNOTICED,
            "the sender's address is known already",
        ),
    )
]


def excuse(run, outcome, scenario):
    """Why OUTCOME of RUN is right, or None."""
    call = run.fault.call or "malloc"
    where = " ".join(run.failed()[1:]) if run.fault.call else run.callers()
    where += " @" + scenario
    for role, calls, pattern, error, mark, why in TABLE:
        if (
            role.match(run.fault.role)
            and calls.match(call)
            and pattern.search(where)
            and re.search(error, run.fault.error or "")
            and outcome.startswith(mark)
            and (mark == BROKEN or not outcome.startswith(BROKEN))
        ):
            return why
    return None
