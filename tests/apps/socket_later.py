# SPDX-License-Identifier: MIT
# config: [restart]
# config: restart = no
# manifest: [memory]
# manifest: heap = "2M"
# manifest: arena = "64K"
# manifest: [grants]
# manifest: listen = ["tcp:127.0.0.1:0"]
# manifest: connect = ["tcp:127.0.0.1:*"]
# manifest: [limits]
# manifest: handles = 200
# Non-blocking streams: what is sent without waiting, and what is received before it is asked for.
import select
import socket
import time


def pair():
    client = socket.socket()
    client.connect(server.getsockname())
    served = server.accept()[0]
    served.setblocking(False)
    return client, served


def fill(sock, block):
    """Writes until the peer takes no more; returns the bytes taken."""
    total = 0
    while True:
        n = sock.write(block)
        if n is None:
            return total
        total += n


def drain(client, total):
    """Whether TOTAL bytes come, each in its place."""
    got = 0
    while got < total:
        data = client.recv(65536)
        if not data:
            return False
        for i in range(0, len(data), 509):
            if data[i] != (got + i) & 255:
                return False
        got += len(data)
    return True


server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(100)
poll = select.poll()
block = bytes(range(256)) * 4

# A peer that does not read: what was taken arrives, once it does, in order.
client, served = pair()
total = fill(served, block)
print("full", total > 100000, served.write(b"x"), served.write(b"y"))
poll.register(served, select.POLLOUT)
print("not writable", poll.poll(0))
print("arrives", drain(client, total))
print("writable again", len(poll.poll(5000)))
poll.unregister(served)
client.close()
served.close()

# Closed with bytes that the peer did not take: they arrive, and then the end.
client, served = pair()
total = fill(served, block)
served.close()
time.sleep(0.05)
print("closed", drain(client, total), client.recv(1))
client.close()

# Sent, and then nothing done but running: it goes out all the same.
client, served = pair()
served.write(b"at once")
client.setblocking(False)
end = time.ticks_ms() + 5000
data = None
while data is None and time.ticks_diff(end, time.ticks_ms()) > 0:
    try:
        data = client.recv(100)
    except OSError:
        pass
print("running", data)

# Received ahead by who polls: in any portions, and again by a socket that blocks.
poll.register(served, select.POLLIN)
print("nothing yet", poll.poll(0), served.read(1))
client.write(b"0123456789")
print("polled", len(poll.poll(5000)), served.read(3), served.recv(3), len(poll.poll(0)))
served.setblocking(True)
print("blocking", served.recv(100))
print("waits", poll.poll(10))
client.write(b"later")
print("waited", served.recv(100))
served.settimeout(0.01)
try:
    served.recv(1)
except OSError as error:
    print("timeout", error)
served.setblocking(False)
print("nothing", poll.poll(0))
served.settimeout(0.01)
try:
    served.recv(1)
except OSError as error:
    print("timeout of a posted receive", error)
client.write(b"last")
client.close()
served.setblocking(False)
print("end", len(poll.poll(5000)), served.read(100), len(poll.poll(5000)), served.read(100))
print("end again", len(poll.poll(0)), served.read(100))
poll.unregister(served)
served.close()

# More than are in flight at once; and closed while they wait.
pairs = [pair() for _ in range(90)]
for _, served in pairs:
    poll.register(served, select.POLLIN)
print("many", poll.poll(0))
for i, (client, _) in enumerate(pairs):
    client.write(b"request %d" % i)
good = 0
while good < len(pairs):
    for served, _ in poll.poll(5000):
        data = served.read(100)
        if data:
            served.write(b"answer to " + data)
            good += 1
print("answers", all(c.recv(100) == b"answer to request %d" % i for i, (c, _) in enumerate(pairs)))
print("again", poll.poll(0))
for client, served in pairs:
    poll.unregister(served)
    served.close()
print("closed", all(client.recv(1) == b"" for client, _ in pairs))

# Closed with bytes on their way.
client, served = pair()
served.write(b"goodbye")
served.close()
print("goodbye", client.recv(100), client.recv(100))
