# SPDX-License-Identifier: MIT
# config: [restart]
# config: restart = no
# manifest: [grants]
# manifest: connect = ["tcp:*.example:7000", "tcp:printer:7000", "tcp:scanner:7000"]
# What of the system's configuration counts (in the network of tests/net/in-net).
import errno
import socket


def addresses(name):
    try:
        return sorted(entry[-1][0] for entry in socket.getaddrinfo(name, 7000))
    except OSError as error:
        return errno.errorcode.get(error.errno, error.errno)


# A granted name is complete: the search list is not for it.
print(addresses("nowhere.example"))
print(addresses("localhost"), addresses("printer"), addresses("scanner"))

# Another network, another name server
print(addresses("moved.example"), addresses("scanner"))
print(addresses("moving.example"))
print(addresses("moved.example"), addresses("scanner"))
