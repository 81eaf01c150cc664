# SPDX-License-Identifier: MIT
"""The processes behind the demo while it serves, and how it ends."""

import json
import os
import signal
import socket

import service
import varlink
from tap import Skip, equal, true


class Sandbox:
    def __init__(self, demo, gateway, control):
        self.demo = demo
        self.gateway = gateway
        self.control = control
        self.real = control is not None  # under mpyd, not under another MicroPython

    def worker(self):
        """The process at the end of the chain: supervisor, spawner, worker."""
        if not self.real:
            raise Skip("not under mpyd")
        below = service.descendants(self.demo.pid)
        equal(len(below), 2, "processes below the supervisor")
        return below[1]


def test_worker_holds_two_eventfds_and_nothing_else(sandbox):
    worker = sandbox.worker()
    if os.getuid() != 0:
        raise Skip("only root sees the descriptors of another user's process")
    with sandbox.gateway.connect() as s:  # a connection is no descriptor of the worker's
        s.sendall(b"GET /stats HTTP/1.1\r\nHost: x\r\n\r\n")
        s.recv(1)
        held = service.descriptors(worker)
    equal(held, {0: "anon_inode:[eventfd]", 1: "anon_inode:[eventfd]"}, "descriptors")


def test_worker_and_supervisor_have_no_privilege(sandbox):
    worker = sandbox.worker()
    for pid in (sandbox.demo.pid, worker):
        status = service.status_fields(pid)
        for field in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            equal(int(status[field], 16), 0, f"{field} of {pid}")
        equal(status["NoNewPrivs"], "1", f"NoNewPrivs of {pid}")
        equal(status["Seccomp"], "2", f"Seccomp of {pid}")
        true("0" not in status["Uid"].split(), f"{pid} has an id of root's")


def test_worker_has_two_filters(sandbox):
    equal(service.status_fields(sandbox.worker())["Seccomp_filters"], "2", "filters")


def test_administrator_is_told_what_clients_are(sandbox):
    if not sandbox.real:
        raise Skip("not under mpyd")
    sandbox.gateway.post({"meter": "kitchen", "value": 21.5})
    with varlink.Client(sandbox.control) as control:
        answer, error = control.call("Call", name="stats")
    equal(error, None, "error")
    equal(json.loads(answer["reply"]), sandbox.gateway.get("/stats").json(), "statistics")


def test_stop_says_farewell_and_closes(sandbox):
    below = service.descendants(sandbox.demo.pid)
    held = sandbox.gateway.connect()  # a client that is still there does not delay it
    status = sandbox.demo.stop(signal.SIGTERM, 10)
    held.close()
    if sandbox.real:
        true("goodbye" in sandbox.demo.output(), "no farewell in:\n" + sandbox.demo.output())
        equal(status, 0, "exit status")
    with socket.socket() as s:
        true(s.connect_ex((sandbox.gateway.host, sandbox.gateway.port)) != 0, "still listening")
    equal([pid for pid in below if os.path.exists(f"/proc/{pid}")], [], "processes left")
