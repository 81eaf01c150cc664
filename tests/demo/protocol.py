# SPDX-License-Identifier: MIT
"""HTTP/1.1 as the gateway speaks it, down to the bytes."""

import json
import shutil
import subprocess

from client import receive
from tap import Skip, equal, true

GET = b"GET /stats HTTP/1.1\r\nHost: x\r\n\r\n"


def post(meter, value):
    body = json.dumps({"meter": meter, "value": value}).encode()
    return b"POST /readings HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def is_closed(s):
    return s.recv(1) == b""


REFUSED = (
    (b"GARBAGE\r\n\r\n", 400),
    (b"GET /stats\r\n\r\n", 400),
    (b"GET  /stats HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET stats HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GE T /stats HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"\x16\x03\x01 \x00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET /stats HTTP/1.1\nHost: x\r\n\r\n", 400),
    (b"GET /stats HTTP/1.1\r\n\r\n", 400),
    (b"GET /stats HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    (b"GET /stats HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n", 400),
    (b"GET /stats HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", 400),
    (b"GET /stats HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    (b"POST /readings HTTP/1.1\r\nHost: x\r\n\r\n", 411),
    (b"POST /readings HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    (b"POST /readings HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n", 411),
    (b"POST /readings HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400),
    (b"POST /readings HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST /readings HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n", 400),
    (b"POST /readings HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 99 + b"\r\n\r\n", 400),
    (b"POST /readings HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    (b"POST /readings HTTP/1.1\r\nHost: x\r\nContent-Length: 1025\r\n\r\n", 413),
    (b"POST /readings HTTP/1.1\r\nHost: x\r\nExpect: x\r\nContent-Length: 1\r\n\r\n", 417),
    (b"GET /" + b"a" * 4000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 4000 + b"\r\n\r\n", 431),
    (b"a" * 5000, 431),
)


def test_malformed_requests_are_refused_with_reason_and_closed(gateway):
    for data, status in REFUSED:
        with gateway.connect() as s:
            s.sendall(data)
            answer = receive(s)
            equal(answer.status, status, repr(data[:60]))
            true(answer.json()["error"], "reason")
            equal(answer.headers["connection"], "close")


def test_body_too_large_is_answered_though_it_keeps_coming(gateway):
    body = b"x" * 60000
    head = b"POST /readings HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    equal(gateway.raw(head + body).status, 413)


def test_keep_alive_serves_many_on_one_connection(gateway):
    with gateway.connect() as s:
        for _ in range(50):
            s.sendall(GET)
            answer = receive(s)
            equal(answer.status, 200)
            true("connection" not in answer.headers, "no Connection: close")


def test_connection_survives_a_refused_reading(gateway):
    with gateway.connect() as s:
        s.sendall(post("a b", 1))
        equal(receive(s).status, 400)
        s.sendall(post("fine", 1))
        equal(receive(s).status, 201)


def test_close_is_honoured(gateway):
    for data in (
        b"GET /stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /stats HTTP/1.0\r\n\r\n",
    ):
        with gateway.connect() as s:
            s.sendall(data)
            answer = receive(s)
            equal((answer.status, answer.headers["connection"]), (200, "close"))
            true(is_closed(s), "closed by the gateway")


def test_pipelined_requests_are_answered_in_order(gateway):
    with gateway.connect() as s:
        s.sendall(b"".join(post("pipe", i) + GET for i in range(40)))
        for i in range(40):
            equal(receive(s).json()["value"], i, "order")
            equal(receive(s).json()["meters"]["pipe"]["last"], i, "last")


def test_pipelined_head_answer_has_no_body(gateway):
    with gateway.connect() as s:
        s.sendall(GET.replace(b"GET", b"HEAD") + GET)
        equal(receive(s, "HEAD").body, b"")
        equal(receive(s).status, 200)


def test_request_may_come_in_any_two_pieces(gateway):
    data = post("pieces", 7)
    with gateway.connect() as s:
        s.setsockopt(6, 1, 1)  # TCP_NODELAY
        for cut in range(1, len(data)):
            s.sendall(data[:cut])
            s.sendall(data[cut:])
            equal(receive(s).status, 201, f"cut at {cut}")


def test_empty_line_before_a_request_is_skipped(gateway):
    with gateway.connect() as s:
        s.sendall(GET + b"\r\n" + GET)
        equal(receive(s).status, 200)
        equal(receive(s).status, 200)


def test_expect_continue_is_answered(gateway):
    head, _, body = post("expect", 1).partition(b"\r\n\r\n")
    with gateway.connect() as s:
        s.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        equal(s.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
        s.sendall(body)
        equal(receive(s).status, 201)


def test_client_that_leaves_early_harms_nobody(gateway):
    for data in (b"", b"GET", post("gone", 1)[:-3], GET * 20):
        with gateway.connect() as s:
            s.sendall(data)
    equal(gateway.get("/stats").status, 200)


def test_curl_takes_what_it_posts(gateway):
    if not shutil.which("curl"):
        raise Skip("curl is not installed")
    url = f"http://{gateway.host}:{gateway.port}/readings"
    command = ["curl", "-sS", "--fail", "-d", '{"meter": "curl", "value": 4.25}', url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    equal(done.returncode, 0, done.stderr)
    equal(json.loads(done.stdout)["value"], 4.25)
