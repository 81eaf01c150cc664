# SPDX-License-Identifier: MIT
"""Sockets that a service manager opened, by sd_listen_fds(3): ports that mpyd itself may not bind."""

import os
import socket
import sys

import apps as small
import service
import tap

IS_ROOT_RUN = "--user" not in sys.argv

# Two runs of these tests may go on at once.
TCP, UDP, ABSENT = (913, 914, 915) if IS_ROOT_RUN else (923, 924, 925)

SERVER = f"""\
import socket

s = socket.socket()
s.bind(("127.0.0.1", {TCP}))
s.listen(5)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("127.0.0.1", {UDP}))
try:
    s.shutdown(0)
except OSError as e:
    print("shutdown:", e)
try:
    socket.socket().bind(("127.0.0.1", {ABSENT}))
except OSError as e:
    print("port {ABSENT}:", e)
print("ready")
while True:
    c, a = s.accept()
    line = c.recv(100)
    c.send(b"got " + line)
    c.close()
    if line == b"datagram":
        data, who = u.recvfrom(100)
        u.sendto(b"got " + data, who)
    if line == b"crash":
        raise RuntimeError("asked to")
"""
GRANTS = f'[grants]\nlisten = ["tcp:127.0.0.1:{TCP}", "udp:127.0.0.1:{UDP}", "tcp:127.0.0.1:{ABSENT}"]\n'


def open_sockets():
    tcp = socket.socket()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind(("127.0.0.1", TCP))
    tcp.listen(5)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", UDP))
    return tcp, udp


def start(apps, sockets, pid="$$", names="port:port", count="2"):
    """mpyd with SOCKETS as descriptors 3 and up, by a shell that knows its own process id."""
    script = f'LISTEN_PID={pid} LISTEN_FDS={count} LISTEN_FDNAMES={names} exec "$@"'
    moves = "".join(f" {3 + i}<&{s.fileno()}" for i, s in enumerate(sockets))
    config = apps.file(small.QUICK)
    image = apps.image("server", SERVER, GRANTS)
    command = [*apps.mpyd, "run", "--unsigned", "--control=none", image, "--config", config]
    line = ["sh", "-c", f'exec{moves}; {script}', "sh", *command]
    for opened in sockets:
        os.set_inheritable(opened.fileno(), True)
    return apps.follow(service.Service(line, close_fds=False))


def ask(text):
    with socket.create_connection(("127.0.0.1", TCP), timeout=20) as connection:
        connection.send(text)
        return connection.recv(100)


def needs_root():
    if os.getuid() != 0:
        raise tap.Skip("not root: cannot open a privileged port")


def privileged_ports_are_there_again_after_a_crash(apps):
    needs_root()
    sockets = open_sockets()
    running = start(apps, sockets)
    for opened in sockets:
        opened.close()
    running.wait_line("server: ready")
    running.wait_line("server: shutdown: .*ENOTCONN")
    running.wait_line(f"port {ABSENT}: .*the operating system refuses it")
    tap.equal(ask(b"hello"), b"got hello", "the answer")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(20)
        tap.equal(ask(b"datagram"), b"got datagram", "the answer")
        client.sendto(b"hi", ("127.0.0.1", UDP))
        tap.equal(client.recv(100), b"got hi", "the answer to a datagram")
    tap.equal(ask(b"crash"), b"got crash", "the answer")
    tap.equal(ask(b"again"), b"got again", "the answer of the next worker")
    tap.equal(running.stop(), 0, f"exit status: {running.lines}")


def those_of_another_process_are_not_taken(apps):
    needs_root()
    sockets = open_sockets()
    running = start(apps, sockets, pid="1")
    running.wait_line("server: failed")
    for opened in sockets:
        opened.close()
    running.stop()


def a_count_that_is_none_is_refused(apps):
    running = start(apps, (), count="many")
    tap.equal(running.wait(), 6, f"exit status: {running.lines}")
    tap.true("LISTEN_FDS" in running.output(), running.output())


TESTS = [
    privileged_ports_are_there_again_after_a_crash,
    those_of_another_process_are_not_taken,
    a_count_that_is_none_is_refused,
]
