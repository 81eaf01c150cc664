# SPDX-License-Identifier: MIT
"""Faults that nobody is told of, or in other words than the kernel's, each with its reason.

A row: role, call or "malloc", what the fault is like, the error, what the run may be like in spite
of the rule, and why that is right. What a fault is like: the call's first three arguments and its
object, or the callers of malloc; then "last" if it is the last such call of the process; then "@"
and the scenario, and "as a user" if so.
"""

import collections

import re

ANY = ""
UNNOTICED = "unnoticed"  # the same lines and the same end as without a fault
UNSAID = "! (?!ends without a word)"  # told, but in other words, or by another sign
EITHER = f"{UNNOTICED}|{UNSAID}"
BROKEN = "!!"  # what no fault may cause

TABLE = [
    (rf"{role}\Z", rf"({call})\Z", where, error, outcome, why)
    for role, call, where, error, outcome, why in (
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
            "supervisor|spawner", "prctl", "^(17|2f) ", ANY, f"{UNNOTICED}|! changed",
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
            ".*", "prctl", "^3[45] ", ANY, EITHER,
            "speculation is a layer that not every processor offers",
        ),
        (
            ".*", "rt_sigaction", ANY, ANY, EITHER,
            "fails for SIGKILL, SIGSTOP and libc's own; the layer session reads back what "
            "is set",
        ),
        (
            ".*", "rt_sigprocmask", "^(0 [0-9a-f]+ [0-9a-f]{2,}|2 [0-9a-f]{2,} 0) ", ANY, UNNOTICED,
            "libc's own, around sigaction(2) and its random numbers, which blocks all for a "
            "moment; the layer session reads the mask back",
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
            "spawner", "poll|recvmsg", " last ", ANY, UNNOTICED,
            "on its way out: the supervisor is gone, or about to end it",
        ),
        (
            "supervisor", "sched_getaffinity", ANY, ANY, UNNOTICED,
            "asked so as to set nothing that is set already; then it is set",
        ),
        (
            "supervisor", "malloc", "libc.so.6.*asprintf.* config_files_", ANY, UNNOTICED,
            "asprintf(3) makes its buffer smaller at the end, or leaves it as it is",
        ),
        (
            "supervisor", "newfstatat", "/proc/self/ns/", ANY, UNSAID,
            "told as a namespace that cannot be verified, and mpyd ends",
        ),
        (
            "supervisor", "newfstatat", "/proc/self/ns/user .*(?<!as a user)$", ANY, UNNOTICED,
            "of a namespace that root does not ask for",
        ),
        (
            "supervisor", "clone", ANY, ANY, UNNOTICED,
            "tried again namespace by namespace, and then as a whole",
        ),
        (
            "supervisor", "write", "pipe", "EIO", "! changed",
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
            "supervisor", "openat|read|newfstatat|fstat|readlink|lseek|ioctl",
            "/etc|/dev/urandom|/sys/|/proc/self/fd/2", ANY, UNNOTICED,
            "c-ares' and libc's own: they have another way, or do without",
        ),
        (
            "supervisor", "newfstatat|fstat", "\\.conf ", ANY, UNNOTICED,
            "libc asks how to buffer",
        ),
        (
            "supervisor", "newfstatat|fstat|ioctl", "^2 .*pipe:", ANY, UNNOTICED,
            "of standard error: one of which the kind is not known is written to as it is, and "
            "a slow reader waited for",
        ),
        (
            "supervisor", "getrandom", "^[0-9a-f]+ [48] 1 ", ANY, f"{UNNOTICED}|! changed",
            "libc and json-c want numbers that are not secret; json-c says which file it cannot "
            "have them from either, and takes the time",
        ),
        (
            "supervisor", "getrandom", "^[0-9a-f]+ 20 0 ", "ENOSYS", UNNOTICED,
            "libc's for c-ares, from /dev/urandom then",
        ),
        (
            "supervisor", "getrandom", "^[0-9a-f]+ 10 0 ", ANY, UNNOTICED,
            "libsodium's at its start, from /dev/urandom then; nothing here needs any",
        ),
        (
            "supervisor", "getrandom", "^[0-9a-f]+ 10 0 ", "ENOSYS", f"{BROKEN} dies of signal 6",
            "libsodium's second at its start: it takes for broken a kernel that no longer knows a "
            "call it just made; before anything is read",
        ),
        (
            "supervisor", "uname", ANY, ANY, UNNOTICED,
            "c-ares guesses a domain from the machine's name, and no name is looked up in one",
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
            "supervisor", "socket", "@serve", "EACCES", UNNOTICED,
            "where the app waits for a refusal",
        ),
        (
            "supervisor", "poll", "^[0-9a-f]+ ([0-9a-f]+ 0|1 3e8) ", ANY, UNNOTICED,
            "a look ahead, before the loop looks; or the last moment of waiting for the "
            "spawner's end",
        ),
        (
            "supervisor", "wait4", "^[0-9a-f]+ 0 1 .*last ", ANY, UNNOTICED,
            "the spawner has been waited for through its pidfd; the zombie goes with us",
        ),
        (
            "supervisor", "landlock_create_ruleset", ANY, ANY, UNSAID,
            "a kernel without port rules is told as that; the policy decides on every port",
        ),
        (
            "supervisor", "malloc", "json_tokener_parse_ex", ANY,
            f"{BROKEN} (dies of signal 11|leaks memory)",
            "json-c before 0.17 does not look whether it could copy a key, and does not free "
            "what it could not put in its place: before anything runs, and then it is over",
        ),
        (
            "supervisor", "malloc", "json_tokener_parse_ex", ANY, UNNOTICED,
            "an array that stays larger than it could be",
        ),
        (
            "supervisor", "malloc", " ares_array_(create|insertdata_last) .* ares_process_fd .*@names",
            ANY, f"{BROKEN} (dies of signal 11|hangs)",
            "c-ares 1.34 loses a question for which there is no memory to ask again: never "
            "answers it, or looks for its connection",
        ),
        (
            "supervisor", "malloc", " strerror_l ", ANY, UNNOTICED,
            "libc looks for a translation, and does without",
        ),
        (
            "supervisor", "malloc", "title_init", ANY, UNNOTICED,
            "ps(1) then shows the command line",
        ),
        (
            "supervisor", "malloc", "array_list_shrink|_IO_file_doallocate|libcares", ANY, EITHER,
            "a buffer that is bigger or smaller than it could be; c-ares takes a file it "
            "cannot read for an empty one",
        ),
        (
            "supervisor",
            "socket|connect|bind|setsockopt|getsockname|sendto|recvfrom|writev|epoll_ctl",
            "@names", ANY, UNNOTICED,
            "c-ares asks again, or by another socket; some only find out which address "
            "comes first",
        ),
        (
            "supervisor", "socket|connect|epoll_ctl|read|openat|poll|malloc",
            "@names", ANY, UNSAID,
            "c-ares says no more than that its question timed out or that there is no such name, "
            "and that is what the app is told",
        ),
        (
            "supervisor", "malloc", "socket_peers_add", ANY, UNNOTICED,
            "who sent a datagram may then be answered only if a grant says so",
        ),
        (
            "supervisor", "openat", "(new|kept|\\.)( last)? @files", "EMFILE", UNNOTICED,
            "open() has the garbage collected and tries once more",
        ),
        (
            "supervisor", "newfstatat|fstat|fcntl", "/data(/new|/kept)?( last)? @files", "ENOMEM|EMFILE", UNNOTICED,
            "what cannot be marked as changed is sent to the disk at once",
        ),
        (
            "supervisor", "io_destroy", ANY, ANY, UNNOTICED,
            "the end of the process does it too",
        ),
    )
]


used = collections.Counter()  # reasons


def excuse(run, outcome, scenario):
    """Why OUTCOME of RUN is right, or None."""
    call = run.fault.call or "malloc"
    where = " ".join(run.failed()[1:]) if run.fault.call else run.callers()
    where += (" last" if run.fault.is_last else "") + " @" + scenario
    for role, calls, pattern, error, wanted, why in TABLE:
        if (
            re.match(role, run.fault.role)
            and re.match(calls, call)
            and re.search(pattern, where)
            and re.search(error, run.fault.error or "")
            and re.match(wanted, outcome)
        ):
            used[why] += 1
            return why
    return None


def unused():
    return [why for *_, why in TABLE if why not in used]
