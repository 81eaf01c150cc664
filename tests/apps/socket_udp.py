# SPDX-License-Identifier: MIT
# config: [restart]
# config: restart = no
# manifest: [grants]
# manifest: listen = ["udp:127.0.0.1:18420-18421", "udp:127.0.0.2:18422"]
# manifest: connect = ["udp:127.0.0.1:18420"]
# Datagrams, and who may be sent them, heard and answered.
import errno
import select
import socket


def attempt(what, function, *arguments):
    try:
        print(what, function(*arguments))
    except OSError as error:
        print(what, errno.errorcode.get(error.errno, error.errno))


server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 18420))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(0.1)
poll = select.poll()
poll.register(server, select.POLLIN)
print("nothing yet", poll.poll(0))

print("sendto", client.sendto(b"question", ("127.0.0.1", 18420)))
print("ready", len(poll.poll(1000)))
data, sender = server.recvfrom(100)
print("recvfrom", data, sender[0])
print("empty again", poll.poll(0))

# No grant allows connecting to the client's port, but it asked.
print("answer", server.sendto(b"answer", sender))
print("answered", client.recvfrom(100))

# Datagrams keep their bounds, empty ones too; what does not fit is cut.
for size in (0, 1, 1400, 9000, 60000):
    client.sendto(bytes(size), ("127.0.0.1", 18420))
    print(size, len(server.recvfrom(65000)[0]))
client.sendto(b"0123456789", ("127.0.0.1", 18420))
client.sendto(b"next", ("127.0.0.1", 18420))
print("cut", server.recvfrom(4)[0], server.recv(10))

# A connected one
client.connect(("127.0.0.1", 18420))
print("send", client.send(b"connected"), server.recv(100))

# Somebody who may not be sent to is not heard by a socket that only asks.
stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
stranger.bind(("127.0.0.1", 18421))
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asker.settimeout(0.1)
asker.sendto(b"hello", ("127.0.0.1", 18420))
asker_address = server.recvfrom(100)[1]
try:
    stranger.sendto(b"unasked", asker_address)
except PermissionError as error:
    print(str(error).replace(str(asker_address[1]), "PORT"))
print("never heard of it", server.sendto(b"asked", asker_address), asker.recvfrom(100))
attempt("nothing else", asker.recvfrom, 100)

# Errors
asker.setblocking(False)
attempt("non-blocking", asker.recvfrom, 100)
attempt("listen", server.listen)
attempt("accept", server.accept)
attempt("too big", client.send, bytes(65508))
attempt("no peer", asker.send, b"x")
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
other.bind(("127.0.0.2", 18422))
server.close()
client.send(b"to nobody")
attempt("refused", client.recv, 1)
