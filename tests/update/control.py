# SPDX-License-Identifier: MIT
"""Plays an app's supervisor: answers every call at a control socket with what it is told to."""

import json
import os
import socket
import threading


def status(image, state="running", ready=True, **more):
    """The answer to Status of an app that runs IMAGE."""
    worker = {"generation": 1, "uptime_usec": 1, "ready": ready, "heartbeat_age_usec": None}
    restarts = {"total": 0, "recent": 0, "burst": 5, "window_usec": 1, "manual": 0}
    return {"image": image, "state": state, "worker": worker, "restarts": restarts, **more}


class Control:
    """ANSWER: a dictionary, bytes, or a function that returns one of them; None: no answer."""

    def __init__(self, path, answer):
        self.path, self.answer, self.n_calls = path, answer, 0
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(path)
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection = self._socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection):
        with connection:
            called = b""
            while not called.endswith(b"\0"):
                piece = connection.recv(4096)
                if not piece:
                    return
                called += piece
            self.n_calls += 1
            answer = self.answer() if callable(self.answer) else self.answer
            if isinstance(answer, dict):
                answer = json.dumps({"parameters": answer}).encode() + b"\0"
            try:
                if answer is not None:
                    connection.sendall(answer)
                connection.recv(1)
            except OSError:
                pass  # it had enough

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        os.unlink(self.path)
