# SPDX-License-Identifier: MIT
# config: [restart]
# config: restart = no
# manifest: [grants]
# manifest: connect = ["tcp:*.example:7000", "tcp:192.0.2.9:7000"]
# Names and what they allow (in the network of tests/net/in-net).
import errno
import socket


def addresses(name, family=0):
    try:
        return sorted(entry[-1][0] for entry in socket.getaddrinfo(name, 7000, family))
    except OSError as error:
        return errno.errorcode.get(error.errno, error.errno)


def connect(host, port=7000, family=socket.AF_INET):
    try:
        s = socket.socket(family)
        s.settimeout(5)
        s.connect((host, port))
        return s.recv(100)
    except OSError as error:
        return str(error)


# Not resolved, not allowed
print(connect("192.0.2.1"))
print(addresses("four.example"))
print(connect("192.0.2.1"))
print(connect("192.0.2.1", 7001))
print(connect("2001:db8::1", family=socket.AF_INET6))
print(connect("SIX.example.", family=socket.AF_INET6))
print(connect("2001:db8::1", family=socket.AF_INET6))
print(connect("four.example"))
print(connect("::ffff:192.0.2.1", family=socket.AF_INET6))

print(addresses("server.example"))
print(addresses("server.example", socket.AF_INET), addresses("server.example", socket.AF_INET6))
print(addresses("four.example", socket.AF_INET6))
print(addresses("alias.example"), addresses("listed.example"))
many = addresses("many.example")
print("over TCP", len(many), many[0])

# What DNS may not say
for name in ("rebound", "metadata", "any", "mapped", "mixed"):
    print(name, addresses(name + ".example"))
print(connect("127.0.0.1"))
# A line in the hosts file is for its own address.
print(addresses("listed.example", socket.AF_INET6), addresses("gateway.example", socket.AF_INET6))
# The hosts file may.
print(addresses("gateway.example"), connect("127.0.0.1"))

# Failures
print(addresses("nowhere.example"), addresses("broken.example"))
print(connect("other.test"))
