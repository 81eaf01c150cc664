# SPDX-License-Identifier: MIT
# Ends by an exception, each time anew, with a socket still open.
import socket

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("crashing")
1 / 0
