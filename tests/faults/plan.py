# SPDX-License-Identifier: MIT
"""Which faults there are to try: every allocation and every Linux call that a run made."""

import collections
import errno
import re

# role: supervisor, spawner, launch (the spawner's child before its exec). call None: an allocation.
# object: what its descriptor is, or "". n: which of these. error: its name, of a Linux call.
# is_last: no such call follows.
Fault = collections.namedtuple("Fault", "role call object n error is_last", defaults=(False,))

# These cannot fail.
SURE = frozenset(
    "exit exit_group getpid getppid gettid getuid geteuid getgid getegid rt_sigreturn".split()
)

ROLES = ("supervisor", "spawner")  # whose allocations are counted
MAIN = "/dev/null"  # what the first call of main() opens

# What each may fail with, as far as it makes a difference to who called it.
#     names of calls, what the object or the second argument is like, errors
ERRORS = [
    (frozenset(names.split()), re.compile(where), errors.split())
    for names, where, errors in (
        ("openat open", "", "EMFILE EACCES"),
        ("memfd_create eventfd2 epoll_create1 timerfd_create signalfd4", "", "EMFILE ENOMEM"),
        ("socketpair pipe2 dup3 dup", "", "EMFILE"),
        ("fcntl", "^[1-4] ", ""),  # flags of what is open cannot fail to be had or set
        ("fcntl", "^406 ", "EMFILE"),  # F_DUPFD_CLOEXEC
        ("fcntl", "", "EPERM"),
        ("read", r"\.conf$", "EIO"),
        ("read pread64", "", "EIO EINTR"),
        ("write", "eventfd", "EIO"),
        ("write", "memfd", "EIO EINTR ENOSPC"),
        ("write", "", "EIO EINTR EAGAIN"),
        ("close", "", "EINTR"),
        ("ftruncate", "", "ENOSPC"),
        ("pwrite64", "", "ENOSPC EIO"),
        ("fsync", "", "ENOSPC EIO"),
        ("mkdir mkdirat renameat unlinkat flock getdents64 fstatfs", "", "EACCES EIO"),
        ("io_setup io_submit", "", "EAGAIN"),
        ("io_getevents", "", "EINTR EINVAL"),
        ("epoll_wait epoll_pwait epoll_pwait2", "", "EINTR EINVAL"),
        ("epoll_ctl", "", "ENOMEM ENOSPC"),
        ("poll ppoll", "", "EINTR ENOMEM"),
        ("clone", "", "EAGAIN EPERM ENOSPC"),
        ("execveat", "", "ENOMEM EACCES"),
        ("waitid wait4", "", "EINTR ECHILD"),
        ("pidfd_send_signal", "", "EPERM ESRCH"),
        ("sendmsg", "", "ENOBUFS EAGAIN EINTR"),
        ("recvmsg", "", "EINTR EMFILE"),
        ("sendto", "", "ENOBUFS EPERM EINTR"),
        ("recvfrom", "", "ENOMEM EINTR"),
        ("socket", "", "EMFILE EACCES ENOBUFS"),
        ("accept4", "", "EMFILE ECONNABORTED"),
        ("connect", "", "ECONNREFUSED ENETUNREACH"),
        ("bind listen", "", "EADDRINUSE"),
        ("shutdown", "", "ENOTCONN"),
        ("getsockname getpeername setsockopt getsockopt", "", "ENOBUFS"),
        ("getrandom", "", "EINTR ENOSYS"),
        ("mount umount2 pivot_root chdir setsid setgroups capset fchmod", "", "EPERM"),
        ("setresuid setresgid", "", "EPERM EAGAIN"),
        ("prctl sched_setaffinity prlimit64 rt_sigprocmask rt_sigaction", "", "EINVAL"),
        ("landlock_create_ruleset", "", "EOPNOTSUPP ENOMEM"),
        ("landlock_add_rule landlock_restrict_self", "", "ENOMEM EPERM"),
        ("seccomp", "", "ENOMEM EINVAL"),
        ("", "", "ENOMEM"),
    )
]


def number(error):
    return getattr(errno, error)


def errors_of(call):
    """The errors that CALL, a line of a report from the call's name on, is to fail with."""
    where = " ".join(call[2:])
    for names, pattern, errors in ERRORS:
        if (call[0] in names or not names) and pattern.search(where):
            return errors
    raise AssertionError("the last row is for all")


def kind_of_object(call):
    if call[0] in ("read", "write"):
        for kind in ("eventfd", "signalfd", "memfd", "pipe"):
            if kind in call[-1]:
                return kind
    return ""


def matches(role, call, wanted):
    return (role, call[0]) == wanted[:2] and wanted[2] in " ".join(call[4:])


class Calls:
    """The calls and allocations of a run, from where the scenario begins to where it ends."""

    def __init__(self, report, begin, end=None, roles=ROLES + ("launch",)):
        self.totals = collections.Counter(
            (role, call[0], kind_of_object(call)) for role, _, _, *call in report["call"]
        )
        self.calls = []  # role, kind of object, which of these, the rest of the report's line
        last = dict(zip(ROLES, map(int, report["allocations"][0])))
        first = None
        seen = collections.Counter()
        for role, supervisor, spawner, *call in report["call"]:
            kind = kind_of_object(call)
            seen[role, call[0], ""] += 1
            seen[role, call[0], kind] += 1 if kind else 0
            if first is None and matches(role, call, begin):
                first = {"supervisor": int(supervisor), "spawner": int(spawner)}
            if first is not None and end and matches(role, call, end):
                last = {"supervisor": int(supervisor), "spawner": int(spawner)}
                break
            if first is not None and call[0] not in SURE and role in roles:
                self.calls.append((role, kind, seen[role, call[0], kind], call))
        if first is None:
            raise AssertionError(f"no call {begin}")
        if begin[2] == MAIN:
            first = dict.fromkeys(ROLES, 0)  # those before main() calls anything are its own too
        self.allocations = [
            (role, n)
            for role in ROLES
            if role in roles
            for n in range(first[role] + 1, last[role] + 1)
        ]

    def faults_of_calls(self):
        return [
            Fault(role, call[0], kind, n, error, n == self.totals[role, call[0], kind])
            for role, kind, n, call in self.calls
            for error in errors_of(call)
        ]

    def faults_of_allocations(self):
        return [Fault(role, None, "", n, None) for role, n in self.allocations]


def sample(faults, every):
    """Of each kind of fault the first, the last and each EVERYth."""
    kinds = collections.defaultdict(list)
    for fault in faults:
        kinds[fault.role, fault.call, fault.object, fault.error].append(fault)
    return [
        fault
        for kind in kinds.values()
        for i, fault in enumerate(kind)
        if i % every == 0 or i == len(kind) - 1
    ]
