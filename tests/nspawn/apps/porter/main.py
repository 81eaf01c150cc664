# SPDX-License-Identifier: MIT
# Serves a privileged port: "token" is answered with its secret, "count" with how often that was asked
# in all its lives, "crash" with an end.
import os
import socket

import mpyd

listener = socket.socket()
listener.bind(("127.0.0.1", 80))
listener.listen(5)


def count():
    try:
        with open("/data/count") as file:
            n = int(file.read()) + 1
    except OSError:
        n = 1
    with open("/data/count", "w") as file:
        file.write(str(n))
    return n


def fill():
    try:
        with open("/data/much", "wb") as file:
            while True:
                file.write(b"x" * 4096)
    except OSError as error:
        os.remove("/data/much")
        return str(error).encode()


while True:
    connection, _ = listener.accept()
    wish = connection.recv(100)
    if wish == b"token":
        connection.send(mpyd.secret("token"))
    elif wish == b"fill":
        connection.send(fill())
    elif wish == b"count":
        connection.send(str(count()).encode())
    else:
        connection.send(b"bye")
    connection.close()
    if wish == b"crash":
        raise RuntimeError("asked to")
