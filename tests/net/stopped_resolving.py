# SPDX-License-Identifier: MIT
# manifest: [grants]
# manifest: connect = ["tcp:*.example:7000"]
# signal: TERM asking
# A lookup that nobody answers does not keep an app from stopping.
import socket
import time

print("asking")
start = time.time()
try:
    socket.getaddrinfo("silent.example", 7000)
finally:
    print("stopped early", time.time() - start < 1)
