# SPDX-License-Identifier: MIT
"""The control socket of a running app: who may, what it does, what is shown of calls."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time

import apps as small
import service
import tap
import varlink

SAYS = """\
import time

print("here I am")
while True:
    time.sleep_ms(20)
    print("words nobody else should see")
"""

# Asks for the status as somebody else: prints the error.
STRANGER = """\
import json, socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
client.sendall(b'{"method":"org.mpyd.App.Status"}\\0')
answer = b""
while not answer.endswith(b"\\0"):
    answer += client.recv(65536)
print(json.loads(answer[:-1]).get("error"))
"""

DENIED = "org.varlink.service.PermissionDenied"
GROUP = 64321  # of no group of this machine


class App:
    def __init__(self, apps, config=small.QUICK, wrap=()):
        self.folder = apps.open_folder()
        self.path = os.path.join(self.folder, "control")
        image = apps.image("says", SAYS)
        self.line = [*wrap, *apps.command(image, config, control=self.path)]
        self.running = apps.follow(service.Service(self.line))
        self.running.wait_line("here I am")

    def client(self):
        return varlink.Client(self.path)

    def call_once_there_is_room(self, method):
        """Turned away as long as clients that have gone are not seen to be gone."""
        for _ in range(400):
            try:
                return self.call(method)
            except (ConnectionError, AssertionError):
                time.sleep(0.05)
        return self.call(method)

    def call(self, method, **parameters):
        with self.client() as client:
            found, error = client.call(method, **parameters)
        tap.equal(error, None, f"{method}: {found}")
        return found


def status_restart_and_stop(apps):
    app = App(apps)
    status = app.call("Status")
    tap.equal((status["app"], status["state"], status["worker"]["generation"]), ("says", "running", 1))
    tap.equal(status["supervisor_pid"], app.running.process.pid)
    layers = {(layer["process"], layer["name"]): layer["state"] for layer in status["layers"]}
    tap.equal(layers["worker", "filter"], "on")
    tap.equal(app.call("Restart"), {"generation": 2})
    status = app.call("Status")
    tap.equal((status["restarts"]["manual"], status["restarts"]["recent"]), (1, 0), "no failure")
    with app.client() as client:
        found, _ = client.call("Stop")
        tap.equal(found, {"deadline_usec": 800000})
        tap.equal(client.socket.recv(1), b"", "the connection ends with the app")
    tap.equal(app.running.wait(), 0)


def trace_tells_calls_but_not_what_they_carry(apps):
    for config, shown in ((small.QUICK, False), (small.QUICK + "[trace]\npayloads = yes\n", True)):
        app = App(apps, config)
        calls = []
        with app.client() as client:
            client.follow("Trace", calls=["log.write"])
            tap.equal(client.receive()[0], {"call": None, "dropped": 0})
            calls = [client.receive()[0]["call"] for _ in range(3)]
        tap.equal({call["name"] for call in calls}, {"log.write"})
        tap.true(all(call["duration_nsec"] > 0 and call["result"] == 0 for call in calls), calls)
        tap.equal("words nobody else" in str(calls), shown, calls)
        tap.equal("text=28 bytes" in str(calls), not shown, calls)
        app.running.stop()


def metrics_count_calls(apps):
    app = App(apps)
    families = {family["name"]: family for family in app.call("Metrics")["families"]}
    counts = {s["labels"]["group"]: s["value"] for s in families["mpyd_calls"]["samples"]}
    tap.true(counts["log"] >= 1, counts)
    state = [s["labels"] for s in families["mpyd_state"]["samples"] if s["value"] == 1]
    tap.equal(state, [{"mpyd_state": "running"}])
    (sample,) = families["mpyd_build"]["samples"]
    build = app.call("Status")["mpyd"]
    tap.equal(sample, {"suffix": "_info", "value": 1, "labels": {
        "version": build["version"], "build": build["build"], "abi": str(build["image_abi"])}})
    said = subprocess.run([*apps.mpyd, "--version"], capture_output=True, text=True, check=True).stdout
    tap.equal(said.splitlines()[:2], [f"mpyd {build['version']} ({build['build']})",
                                      f"image ABI {build['image_abi']}"])
    for family in families.values():
        tap.true(not family["unit"] or family["name"].endswith("_" + family["unit"]), family)
        names = [(s["suffix"], *sorted(s["labels"].items())) for s in family["samples"]]
        tap.equal(len(names), len(set(names)), "a sample is there once")
    app.running.stop()


def heap_figures_are_asked_for(apps):
    app = App(apps)
    for _ in range(400):
        status = app.call("Status")
        heap, uptime = status["heap"], status["worker"]["uptime_usec"]
        if heap and uptime > 3000000 and heap["age_usec"] < 2000000:
            break
        time.sleep(0.05)
    tap.true(heap["age_usec"] < 2000000 and 0 < heap["used"] < heap["size"], heap)
    tap.equal(heap["free"], heap["size"] - heap["used"])
    app.running.stop()


def the_socket_is_its_owners_alone(apps):
    app = App(apps)
    tap.equal(oct(stat.S_IMODE(os.stat(app.path).st_mode)), "0o600")
    app.running.stop()


def asked_as(path, *who):
    """What somebody else hears, whom the file system does not keep from it."""
    os.chmod(path, 0o666)
    done = subprocess.run(
        ["setpriv", *who, sys.executable, "-c", STRANGER, path],
        stdout=subprocess.PIPE, text=True, timeout=20, check=True,
    )
    return done.stdout.strip()


def others_are_refused_and_named(apps):
    if os.getuid() != 0:
        raise tap.Skip("only root can be somebody else")
    app = App(apps)
    tap.equal(asked_as(app.path, "--reuid=4321", "--regid=4321", "--clear-groups"), DENIED)
    app.running.wait_line(r"control socket: process \d+ of user 4321 is not of those who may")
    if apps.is_root:  # the ids that the supervisor has are nobody's either
        with open(f"/proc/{app.running.process.pid}/status", encoding="ascii") as file:
            uid = next(line.split()[1] for line in file if line.startswith("Uid:"))
        tap.equal(asked_as(app.path, f"--reuid={uid}", f"--regid={uid}", "--clear-groups"), DENIED)
    tap.equal(app.call("Status")["state"], "running")
    app.running.stop()


def members_of_the_group_may(apps):
    if not apps.is_root:
        raise tap.Skip("the group is for what root starts")
    with open("/etc/group", encoding="utf-8") as file:
        groups = apps.file(f"mpyd:x:{GROUP}:\n" + file.read())
    wrap = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/group && exec "$@"', groups]
    app = App(apps, wrap=wrap)
    found = os.stat(app.path)
    tap.equal((found.st_gid, oct(stat.S_IMODE(found.st_mode))), (GROUP, "0o660"))
    for options in ([f"--regid={GROUP}", "--clear-groups"], ["--regid=4321", f"--groups=7,{GROUP},8"]):
        tap.equal(asked_as(app.path, "--reuid=4321", *options), "None", options)
    tap.equal(asked_as(app.path, "--reuid=4321", "--regid=4321", "--groups=7,8"), DENIED)
    app.running.stop()


def a_socket_that_was_left_is_replaced_and_one_that_is_served_is_not(apps):
    app = App(apps)
    done = subprocess.run(app.line, capture_output=True, text=True, timeout=20)
    tap.equal(done.returncode, 4, done.stderr)
    tap.true(f"cannot make the control socket {app.path}: Address already in use" in done.stderr,
             done.stderr)
    app.running.send(signal.SIGKILL)
    app.running.wait()
    again = apps.follow(service.Service(app.line))
    again.wait_line("here I am")
    tap.equal(app.call("Status")["state"], "running")
    again.stop()


def what_is_no_socket_is_left_alone(apps):
    path = apps.file("precious")
    done = subprocess.run(
        apps.command(apps.image("says", SAYS), control=path), capture_output=True, text=True, timeout=20
    )
    tap.equal(done.returncode, 4, done.stderr)
    with open(path, encoding="ascii") as file:
        tap.equal(file.read(), "precious")


def clients_of_all_kinds_do_not_hold_the_app_up(apps):
    app = App(apps)
    clients = []
    for text in (b"", b"{", b"x" * 65536, b'{"method":"org.mpyd.App.Metrics"}\0' * 2000) * 10:
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(True)
        client.connect(app.path)
        client.setblocking(False)
        clients.append(client)
        try:
            client.send(text)
        except OSError:
            pass  # turned away, or nobody reads more of it
    del app.running.lines[:]
    app.running.wait_line("words nobody else")
    for client in clients:
        client.close()
    tap.equal(app.call_once_there_is_room("Status")["state"], "running")
    app.running.stop()


def static_probes_are_there_for_other_tracers(apps):
    done = subprocess.run(["readelf", "--notes", apps.mpyd[-1]], capture_output=True, text=True,
                          timeout=20, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    names = {after[1] for line, after in zip(lines, lines[1:]) if line == ["Provider:", "mpyd"]}
    tap.equal(names, {"call__begin", "call__end", "worker__start", "worker__end"})


TESTS = [
    status_restart_and_stop,
    trace_tells_calls_but_not_what_they_carry,
    metrics_count_calls,
    heap_figures_are_asked_for,
    the_socket_is_its_owners_alone,
    others_are_refused_and_named,
    members_of_the_group_may,
    a_socket_that_was_left_is_replaced_and_one_that_is_served_is_not,
    what_is_no_socket_is_left_alone,
    clients_of_all_kinds_do_not_hold_the_app_up,
    static_probes_are_there_for_other_tracers,
]
