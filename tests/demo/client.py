# SPDX-License-Identifier: MIT
"""A client of the gateway: requests by the book, and raw bytes for the rest."""

import http.client
import json
import socket


def tests_of(module, subject):
    """The test_ functions of MODULE, in order of the source, each to be called with SUBJECT."""
    found = [f for name, f in vars(module).items() if name.startswith("test_")]
    return [(f.__name__[5:].replace("_", " "), lambda f=f: f(subject)) for f in found]


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # names in lower case
        self.body = body

    def json(self):
        return json.loads(self.body)


class Gateway:
    def __init__(self, host, port):
        self.host = host
        self.port = port

    def connect(self, timeout=15):
        return socket.create_connection((self.host, self.port), timeout)

    def request(self, method, path, body=None, headers={}):
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=15)
        try:
            connection.request(method, path, body, headers)
            return read(connection.getresponse())
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def post(self, reading):
        body = reading if isinstance(reading, (bytes, str)) else json.dumps(reading)
        return self.request("POST", "/readings", body)

    def raw(self, data):
        """Sends DATA on a connection of its own; returns the one response to it."""
        with self.connect() as s:
            s.sendall(data)
            return receive(s)


def read(answer):
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Response(answer.status, headers, answer.read())


def receive(s, method="GET"):
    """Reads one response from a socket; what follows it stays there."""
    answer = http.client.HTTPResponse(_Unbuffered(s), method=method)
    answer.begin()
    return read(answer)


class _Unbuffered:
    """HTTPResponse reads ahead from a socket's file; pipelined responses need one that does not."""

    def __init__(self, s):
        self._socket = s

    def makefile(self, mode):
        return _File(self._socket)


class _File:
    def __init__(self, s):
        self._socket = s
        self.closed = False

    def readline(self, limit=-1):
        line = b""
        while not line.endswith(b"\n") and len(line) != limit:
            byte = self._socket.recv(1)
            if not byte:
                break
            line += byte
        return line

    def read(self, size):
        data = b""
        while len(data) < size:
            chunk = self._socket.recv(size - len(data))
            if not chunk:
                break
            data += chunk
        return data

    def flush(self):
        pass

    def close(self):
        self.closed = True
