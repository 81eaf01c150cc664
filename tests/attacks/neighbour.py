# SPDX-License-Identifier: MIT
"""An honest app beside one that attacks: it must be served all the while."""

import socket
import time

import tap

PATIENCE_SECONDS = 60

ECHO = """\
import socket
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", {port}))
listener.listen(5)
print("ready")
while True:
    client, _ = listener.accept()
    client.send(client.recv(100))
    client.close()
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Neighbour:
    def __init__(self, small):
        self.port = free_port()
        grant = f'[grants]\nlisten = ["tcp:127.0.0.1:{self.port}"]\n'
        name = f"neighbour-{self.port}"
        self.running = small.start(small.image(name, ECHO.format(port=self.port), grant))
        self.running.wait_line(f"^{name}: ready", PATIENCE_SECONDS)
        self.n_answers = 0

    def ask(self):
        address = ("127.0.0.1", self.port)
        with socket.create_connection(address, timeout=PATIENCE_SECONDS) as client:
            client.sendall(b"there?")
            tap.equal(client.recv(100), b"there?", "the honest app's answer")
        self.n_answers += 1

    def ask_for(self, seconds):
        """Again and again; returns how often."""
        before, end = self.n_answers, time.monotonic() + seconds
        while time.monotonic() < end:
            self.ask()
        return self.n_answers - before
