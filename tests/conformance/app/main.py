# SPDX-License-Identifier: MIT
# Runs one test, as the program that it is elsewhere. Which one, the end of a socket says; the next
# worker is told the next.
import os
import socket

os.chdir("/res")  # where upstream's tests find their data
with open("port") as file:
    port = int(file.read())
asking = socket.socket()
asking.connect(("127.0.0.1", port))
name = asking.recv(200).decode()
asking.close()
print("---- " + name)
del asking, file, os, port, socket
__import__(name, None, None, False)  # False: as __main__
