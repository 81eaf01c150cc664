# SPDX-License-Identifier: MIT
"""A control socket that answers what a test says, and remembers what it was asked.

ANSWERS: by method, a list of replies (dict: parameters; Error; bytes: as they are; an iterator: its
bytes one after the other; END: hang up; WAIT), or a function that makes one of the parameters. A list of several is an answer of several replies.
"""

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

END = object()
WAIT = object()  # at the end of a list: more replies are said to follow, and none does


class Error:
    def __init__(self, name, /, **parameters):
        self.name, self.parameters = name, parameters


class FakeApp:
    def __init__(self, folder, name, answers):
        """The socket is where `mpyd run` of an ordinary user has it, with FOLDER as its runtime."""
        self.path = Path(folder) / "mpyd" / name / "control"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.answers, self.asked = answers, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(8)
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.path.unlink()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.rmdir(self.path.parent)

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection:
            data = b""
            while True:
                try:
                    more = connection.recv(65536)
                except OSError:
                    return
                if not more:
                    return
                *messages, data = (data + more).split(b"\0")
                for message in messages:
                    if not self._answer(connection, json.loads(message)):
                        return

    def _answer(self, connection, message):
        method = message["method"].removeprefix("org.mpyd.App.")
        self.asked.append((method, message["parameters"], message.get("more", False)))
        answer = self.answers[method]
        if callable(answer):
            answer = answer(message["parameters"])
        replies = answer if isinstance(answer, list) else [answer]
        for i, reply in enumerate(replies):
            if reply is END:
                return False
            if reply is WAIT:
                return True
            try:
                for part in reply if isinstance(reply, Iterator) else [reply]:
                    connection.sendall(self._encode(part, i + 1 < len(replies)))
            except OSError:
                return False
        return True

    def _encode(self, reply, continues):
        if isinstance(reply, bytes):
            return reply
        if isinstance(reply, Error):
            reply = {"error": reply.name, "parameters": reply.parameters}
        else:
            reply = {"parameters": reply, **({"continues": True} if continues else {})}
        return json.dumps(reply).encode() + b"\0"


def status(**changes):
    """What Status() answers for an app that is well, but for CHANGES."""
    return {
        "app": "meterd",
        "version": "1.2.3",
        "image": "0123456789abcdef" * 4,
        "signer": "5F1A2B3C4D5E6F70 for the field",
        "state": "running",
        "state_age_usec": 61_000_000,
        "reason": None,
        "remedy": None,
        "uptime_usec": 3_725_000_000,
        "supervisor_pid": 101,
        "spawner_pid": 102,
        "worker": {"generation": 3, "uptime_usec": 61_000_000, "ready": True,
                   "heartbeat_age_usec": 250_000},
        "heap": {"size": 1 << 20, "used": 300_000, "free": 748_576, "age_usec": 1_500_000},
        "last_end": {"kind": "exception", "text": "ValueError: \x1b[2J", "failed": True,
                     "generation": 2, "age_usec": 61_500_000},
        "restarts": {"total": 2, "recent": 1, "burst": 5, "window_usec": 60_000_000, "manual": 1,
                     "next_usec": None},
        "limits": [{"name": "handles", "unit": "handles", "limit": 1024, "used": 12, "hits": 0},
                   {"name": "log_rate", "unit": "a second", "limit": 100, "used": None,
                    "hits": 7}],
        "layers": [{"process": "worker", "name": "filter", "state": "on", "detail": ""},
                   {"process": "spawner", "name": "cpu", "state": "off", "detail": "one CPU"}],
        "configuration": ["/etc/mpyd/meterd.conf"],
        "calls": 123456,
        "refusals": 3,
        "log_dropped": 0,
        **changes,
    }
