# SPDX-License-Identifier: MIT
# What is no stream cannot be polled, and leaves no trace in the table of what is.
import select
import socket
import sys

poll = select.poll()
for thing in (1, "text", object(), None):
    for method in (poll.register, poll.unregister):
        try:
            method(thing)
        except OSError as error:
            print(error)
    print(poll.poll(0))
poll.register(sys.stdout, select.POLLOUT)
print(len(poll.poll(0)))
try:
    select.select([7], [], [], 0)
except OSError as error:
    print(error)

# The heap ends somewhere between the entry and what it is to hold.
def register_without_memory(sockets, poll, hoard):
    """How many of SOCKETS found room."""
    registered = 0
    try:
        while True:
            hoard.append(bytearray(16))
    except MemoryError:
        pass
    for each in sockets:
        try:
            poll.register(each, select.POLLIN)
            registered += 1
        except MemoryError:
            hoard.pop()
    return registered


poll = select.poll()
registered = register_without_memory([socket.socket() for _ in range(20)], poll, [])
poll.poll(0)
print("alive", registered < 20)
