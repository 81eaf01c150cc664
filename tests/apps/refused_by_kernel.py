# SPDX-License-Identifier: MIT
# manifest: [grants]
# manifest: connect = ["udp:127.255.255.255:9"]
# What the policy allows and the kernel refuses is told apart from a denial, also right after one.
import socket

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for host in "127.0.0.1", "127.255.255.255":  # the second is a broadcast, which needs an option
    try:
        s.sendto(b"x", (host, 9))
        print("sent")
    except PermissionError as e:
        print(e)
