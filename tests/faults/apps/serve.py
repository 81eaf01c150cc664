# SPDX-License-Identifier: MIT
# Every kind of call that is served, each on its own: one that fails is told and the rest goes on.
import errno
import random
import select
import socket
import time

import calls

from attempts import attempt

ANY_PORT = ("127.0.0.1", 0)


def tcp(family, host):
    server = socket.socket(family, socket.SOCK_STREAM)
    server.settimeout(0.2)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, 0))
    server.listen(4)
    client = socket.socket(family, socket.SOCK_STREAM)
    client.settimeout(0.2)
    client.connect(server.getsockname())
    served, _ = server.accept()
    served.settimeout(0.2)
    client.getpeername()
    client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    client.sendall(b"question")
    if served.recv(100) != b"question":
        raise ValueError("question")
    served.send(b"answer")
    client.shutdown(socket.SHUT_WR)
    if client.recv(100) != b"answer" or served.recv(1) != b"":
        raise ValueError("answer")
    for sock in (client, served, server):
        sock.close()


def connect_later():
    """Without blocking: the loop tells when it is done."""
    server = socket.socket()
    server.bind(ANY_PORT)
    server.listen(1)
    client = socket.socket()
    client.setblocking(False)
    try:
        client.connect(server.getsockname())
    except OSError as error:
        if error.errno != errno.EINPROGRESS:
            raise
    poll = select.poll()
    poll.register(client, select.POLLOUT)
    if not poll.poll(200):
        raise ValueError("not connected")
    if client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0:
        raise ValueError("connected with an error")
    client.close()
    server.close()


def udp():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(ANY_PORT)
    server.settimeout(0.2)
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(0.2)
    client.sendto(b"question", server.getsockname())
    data, sender = server.recvfrom(100)
    server.sendto(data, sender)
    if client.recvfrom(100)[0] != b"question":
        raise ValueError("question")
    server.close()
    client.close()


def many_handles():
    held = []
    for _ in range(12):
        held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    for sock in held:
        sock.close()


def clocks():
    time.sleep(0.01)
    calls.clock_read(0)
    calls.clock_read(1)
    start = time.ticks_ms()
    select.poll().poll(20)
    if time.ticks_diff(time.ticks_ms(), start) < 20:
        raise ValueError("woken early")


def numbers():
    if calls.random_bytes(64) == bytes(64):
        raise ValueError("no random bytes")
    random.getrandbits(8)


def denied():
    try:
        socket.socket().bind(("127.0.0.1", 1))
    except PermissionError as error:
        return str(error)
    raise ValueError("not denied")


attempt("log", calls.log_write, 6, "a line of the log")
attempt("clocks", clocks)
attempt("random", numbers)
attempt("names", socket.getaddrinfo, "localhost", 80)
attempt("udp", udp)
attempt("tcp", tcp, socket.AF_INET, "127.0.0.1")
attempt("tcp6", tcp, socket.AF_INET6, "::1")
attempt("later", connect_later)
attempt("many", many_handles)
attempt("denied", denied)
print("done")
