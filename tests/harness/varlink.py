# SPDX-License-Identifier: MIT
"""A client of the control socket: JSON objects, each ended by a NUL byte."""

import json
import socket

INTERFACE = "org.mpyd.App."


class Client:
    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, method, more=False, **parameters):
        message = {"method": method if "." in method else INTERFACE + method}
        if more:
            message["more"] = True
        if parameters:
            message["parameters"] = parameters
        self.socket.sendall(json.dumps(message).encode() + b"\0")

    def follow(self, method, **parameters):
        """Asks for answers without end, which receive() gives."""
        self.send(method, more=True, **parameters)

    def receive(self):
        """The next answer: (parameters, None), or (parameters, error)."""
        while b"\0" not in self.rest:
            data = self.socket.recv(65536)
            if not data:
                raise AssertionError("the connection was closed, no answer came")
            self.rest += data
        message, _, self.rest = self.rest.partition(b"\0")
        answer = json.loads(message)
        return answer.get("parameters", {}), answer.get("error")

    def call(self, method, **parameters):
        self.send(method, **parameters)
        return self.receive()
