# SPDX-License-Identifier: MIT
"""What an app is granted beyond its unit: mpyctl enable and disable."""

import os
import re
import socket

import host
import tap
from host import show, systemctl, unit

APP = "porter"
UNITS = "/etc/systemd/system"
SECRET = b"sesame"


def exposed_at_most(tenths, name):
    """As systemd has it loaded, with all that mpyctl enable has added."""
    said = host.run("systemd-analyze", "security", "--no-pager", f"--threshold={tenths}", name)
    tap.true("Overall exposure" in said, said)


def ask(wish):
    with socket.create_connection(("127.0.0.1", 80), timeout=host.PATIENCE) as connection:
        connection.send(wish)
        return connection.recv(100)


def enabled_app_has_its_port_and_its_secret():
    os.makedirs("/etc/credstore", mode=0o700, exist_ok=True)
    with open(f"/etc/credstore/mpyd.{APP}.token", "wb") as file:
        file.write(SECRET)
    os.chmod(file.name, 0o600)
    host.bring(APP)
    host.run("mpyctl", "enable", "--now", APP)
    tap.equal(systemctl("is-enabled", unit(APP)).strip(), "enabled", "unit")
    host.wait_state(unit(APP), "active")
    tap.equal(ask(b"token"), SECRET, "the secret")
    tap.equal(show(unit(APP), "PrivateNetwork"), ["no"], "PrivateNetwork")
    tap.true(int(show(unit(APP), "MemoryMax")[0]) < 1 << 30, "MemoryMax")
    exposed_at_most(19, unit(APP))
    for service in ("mpyd-install", "mpyd-probation"):
        exposed_at_most(12, f"{service}@{APP}.service")


def state_is_kept_over_crash_kill_and_restart():
    tap.equal(ask(b"count"), b"1", "the first count")
    tap.equal(ask(b"crash"), b"bye", "the answer")
    tap.equal(ask(b"count"), b"2", "after a crash")
    before = show(unit(APP), "MainPID")
    systemctl("kill", "--signal=KILL", "--kill-who=main", unit(APP))
    host.wait_for("another supervisor", lambda: show(unit(APP), "MainPID")[0] not in (*before, "0"))
    host.wait_state(unit(APP), "active")
    tap.equal(ask(b"count"), b"3", "after SIGKILL")
    systemctl("restart", unit(APP))
    tap.equal(ask(b"count"), b"4", "after a restart")
    systemctl("stop", unit(APP))
    tap.true(os.path.isdir(f"/var/lib/private/mpyd/{APP}"), "no state is left")
    systemctl("start", unit(APP))
    tap.equal(ask(b"count"), b"5", "after a stop, maybe of another id")


def secret_shows_nowhere():
    found = host.run("journalctl", "--no-pager", "--all", "--output=json")
    tap.true(SECRET.decode() not in found, "the secret is in the journal")
    for pid in host.processes(APP).values():
        with open(f"/proc/{pid}/environ", "rb") as file:
            tap.true(SECRET not in file.read(), f"the secret is in the environment of {pid}")


def doctor_says(words):
    said = host.run("mpyctl", "doctor", status=None)
    tap.true(f"{APP}: its unit {words}" in said, said)


def unit_that_has_gone_stale_is_told():
    doctor_says("gives what its image asks for")
    host.configure(APP, "[sandbox]\ncpu = 0\n[limits]\ncpu = 50\n")
    doctor_says("does not give what image and configuration say now")
    said = host.run("mpyctl", "install", "--no-wait", f"{host.SHARED}/images/{APP}.mpyimg")
    tap.true(f"mpyctl enable --image {host.SHARED}/images/{APP}.mpyimg {APP}\n" in said, said)
    host.run("mpyctl", "enable", APP)
    doctor_says("gives what its image asks for")
    tap.equal(show(unit(APP), "CPUAffinity", "CPUQuotaPerSecUSec"), ["0", "500ms"], "processor")
    host.configure(APP, None)


def configuration_that_the_image_does_not_start_with_is_told():
    host.configure(APP, "[grants]\nlisten = tcp:80, tcp:81\n")
    said = host.run("sh", "-c", "mpyctl doctor 2>&1 || :")
    tap.true(f"{APP}: its image is not started with its configuration" in said, said)
    tap.true(f"/etc/mpyd/{APP}.conf:2: " in said, said)
    host.run("mpyctl", "config", "show", APP, status=4)
    host.run("mpyctl", "enable", APP, status=4)
    host.configure(APP, None)
    host.run("mpyctl", "config", "show", APP)


def secret_that_is_missing_is_asked_for():
    place = f"/etc/credstore/mpyd.{APP}.token"
    host.run("mv", place, "/root/kept")
    said = host.run("sh", "-c", f"mpyctl enable {APP} 2>&1")
    tap.true(f"wants the credential token: put it into {place}\n" in said, said)
    host.run("mpyctl", "restart", "--full", APP)
    tap.true(f"a service has it from {place}\n" in host.run("mpyctl", "logs", APP), "the log")
    said = host.run("mpyctl", "policy", "explain", APP)
    tap.true(re.search(r"token +yes +no +nobody gave it", said), said)
    host.run("mv", "/root/kept", place)
    said = host.run("sh", "-c", f"mpyctl enable {APP} 2>&1")
    tap.true("token" not in said, said)


def disabled_app_leaves_nothing():
    host.run("mpyctl", "disable", "--now", APP)
    tap.equal(show(unit(APP), "ActiveState", "UnitFileState"), ["inactive", "disabled"], "unit")
    left = [name for name in os.listdir(UNITS) if APP in name]
    tap.equal(left, [], f"files in {UNITS}")
    with socket.socket() as client:
        tap.true(client.connect_ex(("127.0.0.1", 80)) != 0, "somebody listens still")


def app_without_network_has_none():
    host.bring("steady")
    host.run("mpyctl", "enable", "--now", "steady")
    tap.equal(show(unit("steady"), "PrivateNetwork"), ["yes"], "PrivateNetwork")
    pid = host.processes("steady")["supervisor"]
    tap.true(os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net"), "network")
    exposed_at_most(10, unit("steady"))
    host.run("mpyctl", "disable", "--now", "steady")


def ask_reader(name, argument):
    return host.run("mpyctl", "call", "reader", name, argument).rstrip("\n")


def app_has_the_files_and_devices_it_was_given():
    with open("/root/map", "w", encoding="ascii") as file:
        file.write("of root alone\n")
    os.chmod(file.name, 0o600)
    ours, its = os.openpty()
    line = os.ttyname(its)
    os.chmod(line, 0o660)  # for its group, as udev leaves serial lines to dialout
    with open("/etc/mpyd/reader.conf", "w", encoding="ascii") as config:
        config.write(f"[files]\nmap = {file.name}\nline = {line}\nnull = /dev/null\n")
    host.bring("reader")
    host.run("mpyctl", "enable", "--now", "reader")
    host.wait_state(unit("reader"), "active")
    # Before 253, systemd opens no files, and the app's user may not.
    opens = int(host.run("systemctl", "--version").split()[1]) >= 253
    tap.equal(ask_reader("read", "map"), "of root alone" if opens else "[Errno 19] ENODEV", "map")
    tap.true("granted for reading only" in ask_reader("write", "map"), "the map is not to be written")
    tap.equal(ask_reader("write", "null"), "8", "/dev/null")
    tap.equal(ask_reader("write", "line"), "8", "a terminal")
    tap.equal(show(unit("reader"), "PrivateDevices", "DevicePolicy"), ["no", "closed"], "devices")
    tap.true(line in show(unit("reader"), "DeviceAllow")[0], "DeviceAllow")
    host.run("mpyctl", "disable", "--now", "reader")
    os.unlink(file.name)
    os.close(ours)
    os.close(its)


TESTS = [
    enabled_app_has_its_port_and_its_secret,
    state_is_kept_over_crash_kill_and_restart,
    secret_shows_nowhere,
    unit_that_has_gone_stale_is_told,
    configuration_that_the_image_does_not_start_with_is_told,
    secret_that_is_missing_is_asked_for,
    disabled_app_leaves_nothing,
    app_without_network_has_none,
    app_has_the_files_and_devices_it_was_given,
]
