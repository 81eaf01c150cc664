# SPDX-License-Identifier: MIT
# config: [restart]
# config: restart = no
# manifest: [memory]
# manifest: heap = "1M"
# manifest: [limits]
# manifest: handles = 210
# manifest: [grants]
# manifest: listen = ["tcp:127.0.0.1:0"]
# manifest: connect = ["tcp:127.0.0.1:*"]
# Many sockets at once, and what happens when there are no more.
import errno
import select
import socket
import time

server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(256)
address = server.getsockname()

# 200 of them, polled
clients, served = [], []
for _ in range(100):
    client = socket.socket()
    client.connect(address)
    clients.append(client)
    served.append(server.accept()[0])
poll = select.poll()
for one in clients + served:
    poll.register(one, select.POLLIN)
print("none ready", len(poll.poll(0)))
for i in range(0, 100, 2):
    clients[i].send(b"%d" % i)
ready = set()
while len(ready) < 50:
    for one, _ in poll.poll(1000):
        ready.add(served.index(one))
print("ready", sorted(ready) == list(range(0, 100, 2)))
print("right data", all(served[i].recv(10) == b"%d" % i for i in range(0, 100, 2)))
print("none ready", len(poll.poll(0)))
for one in clients:
    one.close()
time.sleep(0.02)
print("ended and closed", len(poll.poll(1000)))
for one in served:
    one.close()

# No more handles
held = []
try:
    while True:
        held.append(socket.socket())
except OSError as error:
    print(errno.errorcode[error.errno], len(held))
for one in held[:10]:
    one.close()
held = held[10:]

# A server without a handle to spare is not told of connections until it has one.
poll = select.poll()
poll.register(server, select.POLLIN)
for _ in range(9):
    held.append(socket.socket())
last = socket.socket()
last.connect(address)
print("told", len(poll.poll(1000)))
try:
    server.accept()
except OSError as error:
    print(errno.errorcode[error.errno])
print("not told", len(poll.poll(20)))
held.pop().close()
print("told again", len(poll.poll(1000)))
accepted = server.accept()[0]
last.send(b"at last")
print(accepted.recv(10))
