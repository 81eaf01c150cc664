# SPDX-License-Identifier: MIT
"""A client of an app's control socket: one call, one answer."""

import json
import socket


class Refused(Exception):
    """The error that was answered, without its interface."""


def call(path, method, parameters=None, timeout=30):
    """Parameters of the answer to org.mpyd.App.METHOD at the control socket PATH."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout)
        client.connect(path)
        message = {"method": f"org.mpyd.App.{method}", "parameters": parameters or {}}
        client.sendall(json.dumps(message).encode() + b"\0")
        answer = b""
        while not answer.endswith(b"\0"):
            more = client.recv(65536)
            if not more:
                raise Refused(f"the end, after {answer!r}")
            answer += more
    answer = json.loads(answer[:-1])
    if "error" in answer:
        raise Refused(f'{answer["error"].rpartition(".")[2]}: {answer.get("parameters")}')
    return answer.get("parameters", {})
