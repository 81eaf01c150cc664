# SPDX-License-Identifier: MIT
"""mpyd@APP.service: starting, stopping, what it may and what becomes of its processes."""

import os
import signal
import subprocess

import host
import tap
from host import systemctl, unit, wait_for

APP = "steady"


def units_are_well_formed():
    """By the systemd that is to run them: it warns of what it does not know."""
    units = [f"mpyd{at}{APP}.{kind}" for at, kind in (("@", "service"), ("@", "socket"),
             ("-install@", "service"), ("-probation@", "service"))]  # fmt: skip
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "mpyd.service", *units],
                          capture_output=True, text=True, check=False)  # fmt: skip
    said = [line for line in done.stderr.splitlines() if "mpyd" in line]
    tap.equal((done.returncode, said), (0, []), "systemd-analyze verify")


def starts_once_it_is_ready_and_stops_in_order():
    since = host.now()
    host.start(APP)
    active, sub, kind, status = host.show(unit(APP), "ActiveState", "SubState", "Type", "StatusText")
    tap.equal((active, sub, kind), ("active", "running", "notify"), "state")
    tap.true(status, "no STATUS=")
    tap.equal(set(host.processes(APP)), {"supervisor", "spawner", "worker"}, "processes")
    systemctl("stop", unit(APP))
    tap.equal(host.show(unit(APP), "ActiveState", "Result"), ["inactive", "success"], "state")
    said = [entry["MESSAGE"] for entry in host.entries(f"_SYSTEMD_UNIT={unit(APP)}", since=since)]
    tap.true(any(line.endswith("> up") for line in said), f"log: {said}")
    tap.true(any(line.endswith("> down") for line in said), f"log: {said}")


def has_an_id_of_its_own_and_nothing_else():
    host.start(APP)
    for role, pid in host.processes(APP).items():
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        tap.true(61184 <= int(fields["Uid"].split()[1]) <= 65519, f"{role}: {fields['Uid']}")
        for capabilities in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
            tap.equal(int(fields[capabilities], 16), 0, f"{role}: {capabilities}")
        tap.equal(fields["NoNewPrivs"], "1", f"{role}: NoNewPrivs")
        tap.equal(fields["Seccomp"], "2", f"{role}: Seccomp")
    host.stop(APP)


def killed_processes_come_back_and_leave_no_orphan():
    host.start(APP)
    for role in ("worker", "spawner", "supervisor"):
        before = wait_for("three processes", lambda: all_three())
        os.kill(before[role], signal.SIGKILL)

        def renewed(role=role, before=before):
            now = host.processes(APP)
            return len(now) == 3 and now[role] != before[role]

        wait_for(f"another {role}", renewed)
        host.wait_state(unit(APP), "active")
        for pid in before.values():
            if pid not in host.processes(APP).values():
                tap.true(not os.path.exists(f"/proc/{pid}"), f"{pid} is left after the {role}")
    host.stop(APP)
    tap.equal(host.processes(APP), {}, "processes after the stop")


def all_three():
    found = host.processes(APP)
    return found if len(found) == 3 else None


def control_socket_is_for_root_and_the_group():
    host.start(APP)
    path = f"/run/mpydctl/{APP}/control"
    status = os.stat(path)
    tap.equal(status.st_mode & 0o777, 0o660, "mode")
    tap.equal(status.st_uid, 0, "owner")
    group = host.run("getent", "group", "mpyd").split(":")
    tap.equal(status.st_gid, int(group[2]), "group")
    host.stop(APP)
    tap.true(not os.path.exists(path), "the socket is left, and would start the app")


TESTS = [
    units_are_well_formed,
    starts_once_it_is_ready_and_stops_in_order,
    has_an_id_of_its_own_and_nothing_else,
    killed_processes_come_back_and_leave_no_orphan,
    control_socket_is_for_root_and_the_group,
]
