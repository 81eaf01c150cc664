# SPDX-License-Identifier: MIT
# config: [restart]
# config: restart = no
# manifest: [grants]
# manifest: listen = ["tcp:localhost:18450"]
# manifest: connect = ["tcp:localhost:18450", "tcp:*.invalid:80"]
# Names and literals: what needs no network and no grant.
import errno
import socket


def resolve(*arguments):
    try:
        for entry in socket.getaddrinfo(*arguments):
            print(entry)
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        print(arguments, type(error).__name__, errno.errorcode.get(number, error))


resolve("127.0.0.1", 80)
resolve("127.0.0.1", "80", 0, socket.SOCK_DGRAM)
resolve("::1", 80, socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP)
resolve("fe80::1%3", 80)
resolve("2001:DB8:0:0:0:0:0:1", 80)
resolve("::ffff:10.0.0.1", 80)
resolve("localhost", 80)
resolve("LocalHost.", 80, socket.AF_INET6)
resolve("a.localhost", 80, socket.AF_INET)
resolve(None, 80, socket.AF_INET)
resolve(None, None, socket.AF_INET6, 0, 0, socket.AI_PASSIVE)
resolve("", 80)
resolve("::1", 80, socket.AF_INET)
resolve("127.0.0.1", 80, 1)
resolve("127.0.0.1", 65536)
resolve("127.0.0.1", "http")
resolve("not a name", 80)
resolve("1.2.3", 80)
resolve("x" * 254, 80)
resolve("a" * 64 + ".invalid", 80)

server = socket.socket()
server.bind(("localhost", 18450))
server.listen()
client = socket.socket()
client.connect(("localhost", 18450))
print("connected", client.getpeername(), server.accept()[1] == client.getsockname())
