# SPDX-License-Identifier: MIT
"""Slow, greedy and numerous clients."""

import re
import shutil
import subprocess
import time

from client import receive
from tap import Skip, equal, true

CONNECTIONS = 100
SLOW = 10  # seconds


def test_slow_request_ends_in_408_while_others_are_served(gateway):
    with gateway.connect(SLOW + 10) as s:
        started = time.monotonic()
        s.sendall(b"GET /stats HTTP/1.1\r\nHost")
        for _ in range(SLOW - 2):  # a byte a second must not win more time
            time.sleep(1)
            s.sendall(b"x")
            equal(gateway.get("/stats").status, 200, "another client")
        answer = receive(s)
        took = time.monotonic() - started
        equal(answer.status, 408)
        equal(s.recv(1), b"", "what follows the answer")
        true(SLOW - 1 < took < SLOW + 4, f"ended after {took:.1f} s")


def test_client_that_reads_nothing_is_dropped(gateway):
    with gateway.connect(SLOW + 10) as s:
        s.settimeout(0.5)
        sent = 0
        try:
            while sent < 4 << 20:
                sent += s.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        except TimeoutError:
            pass  # the gateway has stopped reading, as it should
        true(sent < 4 << 20, "the gateway takes requests without end")
        equal(gateway.get("/stats").status, 200, "another client")
        time.sleep(SLOW + 2)
        s.settimeout(5)
        try:
            while s.recv(1 << 20):
                pass
        except ConnectionResetError:
            pass  # its requests were still unread: this is how the end looks


def test_connections_are_limited_and_come_back(gateway):
    time.sleep(0.5)  # for earlier tests' connections to go
    many = [gateway.connect() for _ in range(CONNECTIONS + 10)]
    try:
        refused = 0
        for s in many[-10:]:
            answer = receive(s)
            equal(answer.status, 503)
            refused += 1
        equal(refused, 10, "connections refused")
        many[0].sendall(b"GET /stats HTTP/1.1\r\nHost: x\r\n\r\n")
        equal(receive(many[0]).status, 200, "a connection that was there before")
    finally:
        for s in many:
            s.close()
    time.sleep(0.5)
    equal(gateway.get("/stats").status, 200, "after they have gone")


def test_wrk_with_64_connections_sees_no_error(gateway):
    if not shutil.which("wrk"):
        raise Skip("wrk is not installed")
    for path in ("/stats", "/", "/readings?since=0"):
        url = f"http://{gateway.host}:{gateway.port}{path}"
        done = subprocess.run(
            ["wrk", "-t1", "-c64", "-d2", url], capture_output=True, text=True, timeout=60
        )
        equal(done.returncode, 0, done.stderr)
        print(f"# {path}: {re.search(r'Requests/sec:.*', done.stdout)[0]}")
        true("Socket errors" not in done.stdout, done.stdout)
        true("Non-2xx" not in done.stdout, done.stdout)
        true(int(re.search(r"(\d+) requests in", done.stdout)[1]) > 100, done.stdout)
