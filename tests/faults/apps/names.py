# SPDX-License-Identifier: MIT
# Names that a name server knows, over UDP, over TCP, by an alias, from the hosts file, and not.
import errno
import socket


def resolve(name):
    try:
        print(name, len(socket.getaddrinfo(name, 7000)))
    except OSError as error:
        print(name, errno.errorcode.get(error.errno, error.errno))


for name in ("four.example", "many.example", "alias.example", "listed.example", "nowhere.example"):
    resolve(name)
client = socket.socket()
try:
    client.settimeout(2)
    client.connect(("four.example", 7000))
    print(client.recv(100))
except OSError as error:
    print("connect", errno.errorcode.get(error.errno, error.errno))
print("done")
