# SPDX-License-Identifier: MIT
# config: [restart]
# config: restart = no
# manifest: [grants]
# manifest: listen = ["tcp:127.0.0.1:18440-18449"]
# manifest: connect = ["tcp:127.0.0.1:18440-18449", "udp:*.ntp.example:123"]
# config: [grants]
# config: connect = tcp:127.0.0.1:18441
# What no grant covers is a PermissionError that names the call and the rules.
import errno
import socket


def refused(function, *arguments):
    try:
        function(*arguments)
        print("allowed")
    except PermissionError as error:
        print(error, error.errno == errno.EACCES, isinstance(error, OSError))


def tcp():
    return socket.socket()


def udp():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


refused(tcp().bind, ("127.0.0.1", 80))
refused(tcp().bind, ("127.0.0.2", 18440))
refused(tcp().bind, ("", 18440))
refused(tcp().bind, ("127.0.0.1", 0))
refused(udp().bind, ("127.0.0.1", 18440))
refused(tcp().connect, ("10.0.0.1", 18441))
refused(tcp().connect, ("127.0.0.1", 18440))
refused(tcp().connect, ("0.0.0.0", 18441))
refused(udp().connect, ("127.0.0.1", 18441))
refused(udp().sendto, b"x", ("255.255.255.255", 123))
refused(socket.getaddrinfo, "time.ntp.example", 123)
refused(tcp().connect, ("example.org", 443))

# Refused is not broken: the same socket may do what is granted.
server = tcp()
refused(server.bind, ("127.0.0.1", 18450))
server.bind(("127.0.0.1", 18441))
server.listen()
client = tcp()
refused(client.connect, ("127.0.0.1", 18442))
client.connect(("127.0.0.1", 18441))
print("connected", server.accept()[1] == client.getsockname())
