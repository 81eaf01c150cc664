# SPDX-License-Identifier: MIT
# config: [restart]
# config: restart = no
# manifest: [grants]
# manifest: listen = ["tcp:127.0.0.1:0", "tcp:127.0.0.1:18400-18409"]
# manifest: connect = ["tcp:127.0.0.1:*"]
# Blocking sockets: a server and its client in one app, over loopback.
import errno
import gc
import select
import socket
import time


def attempt(what, function, *arguments):
    try:
        print(what, function(*arguments))
    except OSError as error:
        print(what, errno.errorcode.get(error.errno, error.errno))


def pair():
    client = socket.socket()
    client.connect(server.getsockname())
    return client, server.accept()[0]


server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
attempt("listen before bind", server.listen)
server.bind(("127.0.0.1", 0))
server.listen(5)
address = server.getsockname()
print("bound to", address[0], address[1] > 0)

client = socket.socket()
client.connect(address)
served, peer = server.accept()
print("peer agrees", peer == client.getsockname(), peer == served.getpeername())
print("names agree", client.getpeername() == address == served.getsockname())

print("send", client.send(b"hello"))
print("recv", served.recv(100))
client.sendall(b"one\ntwo\nthree")
print("readline", served.readline(), served.readline())
print("recv the rest", served.recv(2), served.recv(100))
served.write(b"0123456789")
print("read", client.read(4), client.read(6))
served.sendall(memoryview(b"abcdef")[2:])
buffer = bytearray(4)
print("readinto", client.readinto(buffer), buffer)
served.send(b"xyz")
with client.makefile("rb") as file:
    print("makefile", file is client, file.recv(3))
attempt("after with", client.recv, 1)
print("end", served.recv(10), served.read(10), served.readline())
served.close()
served.close()

client, served = pair()
client.send(b"last words")
client.shutdown(socket.SHUT_WR)
print("half closed", served.read(), served.send(b"heard"), client.recv(10))
attempt("write after shutdown", client.send, b"more")
served.close()
time.sleep(0.01)
print("end of both", client.recv(10))
client.close()
print(str(client)[:16], str(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))[:14])

# Timeouts
client, served = pair()
client.settimeout(0.05)
start = time.ticks_ms()
attempt("recv timeout", client.recv, 1)
print("kept", 50 <= time.ticks_diff(time.ticks_ms(), start) < 1000)
server.settimeout(0.02)
attempt("accept timeout", server.accept)
attempt("readline timeout", client.readline)
served.send(b"in time")
print("recv in time", client.recv(10))


def send_on():
    while True:
        client.sendall(bytes(20000))


client.settimeout(0.05)
attempt("sendall timeout", send_on)
try:
    client.settimeout(-1)
except ValueError as error:
    print("ValueError", error)
client.close()
served.close()

# Non-blocking
server.setblocking(False)
attempt("accept", server.accept)
client = socket.socket()
client.setblocking(False)
attempt("connect", client.connect, address)
poll = select.poll()
poll.register(client, select.POLLOUT)
print("connected", poll.poll(1000)[0][1] == select.POLLOUT)
print("error", client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
attempt("recv", client.recv, 1)
print("read", client.read(1), client.readline())
poll.register(server, select.POLLIN)
served, _ = server.accept()
server.settimeout(None)
attempt("connect again", client.connect, address)
sent = 0
while True:
    n = client.write(bytes(65536))
    if n is None:
        break
    sent += n
print("filled", sent > 65536, len(poll.poll(0)) == 0)
received = 0
while received < sent:
    received += len(served.recv(65536))
print("drained", received == sent, poll.poll(1000)[0][1] == select.POLLOUT)
client.close()
print("poll of closed", poll.poll(0)[0][1] & 0x20)
poll.unregister(client)
served.close()

# What cannot be
attempt("not connected", socket.socket().recv, 1)
attempt("peer of none", socket.socket().getpeername)
other = socket.socket()
other.bind(("127.0.0.1", 18400))
attempt("in use", socket.socket().bind, ("127.0.0.1", 18400))
attempt("bound already", other.bind, ("127.0.0.1", 18401))
attempt("not granted", other.bind, address)
other = socket.socket()
attempt("refused", other.connect, ("127.0.0.1", 1))
attempt("refused again", other.connect, ("127.0.0.1", 1))
other.connect(address)
server.accept()
print("and then connected", other.getpeername() == address)
attempt("connected already", other.connect, address)
attempt("closed", client.send, b"x")
attempt("family", socket.socket, 1)
attempt("type", socket.socket, socket.AF_INET, 3)
attempt("option", other.getsockopt, socket.SOL_SOCKET, 99)
for bad in (("127.0.0.1",), ("127.0.0.1", 65536), ("127.0.0.1", -1), ("127.0.0.1", "http")):
    try:
        other.connect(bad)
    except ValueError as error:
        print("ValueError", error)

# Options
other = socket.socket()
other.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, b"\x00\x40\x00\x00")
print(
    "options",
    other.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    other.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= 16384,
    other.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY),
    other.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM,
)
attempt("read only", other.setsockopt, socket.SOL_SOCKET, socket.SO_ERROR, 1)


# Sockets that nobody holds are closed by the collector.
def forget():
    for _ in range(20):
        client, served = pair()


forget()
client, served = pair()
del other, client
gc.collect()
gc.collect()
served.settimeout(1)
print("collected", served.recv(1))
