# SPDX-License-Identifier: MIT
# The app under test: a server that is told by the first line of each connection what to do with it,
# and says on its output how that went. Numbers are bytes.
import random
import select
import socket
import time

SEND_ONLY = 1


def compute(msec):
    """Runs without waiting, so that nothing goes to the supervisor."""
    end = time.ticks_ms() + msec
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        pass


def poll_now(sock, msec=0, what=select.POLLIN):
    poll = select.poll()
    poll.register(sock, what)
    return poll.poll(msec)


def fill(sock):
    total = 0
    while True:
        n = sock.write(bytes(1000))
        if n is None:
            return total
        total += n


def receive(sock, method):
    """Some bytes, b"" at the end, None if there are none now."""
    try:
        if method == "recv":
            return sock.recv(2048)
        if method == "recvfrom":
            return sock.recvfrom(700)[0]
        if method == "readline":
            return sock.readline()
        return sock.read(int(method))
    except OSError as error:
        if error.errno != 11:
            raise
        return None


def order(sock, method, msec):
    """The bytes come while the app computes, after a poll that found none. Sends them back."""
    sock.setblocking(False)
    got = b""
    poll_now(sock)
    compute(int(msec))
    if method == "blocking":
        sock.setblocking(True)
        method = "recv"
    while True:
        data = receive(sock, method)
        if data == b"":
            break
        got += data or b""
        if data is None:
            poll_now(sock, 10)
    sock.setblocking(True)
    sock.sendall(got)


def send_some(sock, back):
    n = sock.write(back[: random.randint(1, 3000)])
    return back[n:] if n else back


def random_step(sock, back):
    """Does something; returns what to send back, and whether the stream has ended."""
    what = random.randint(0, 9)
    if what == 0:
        sock.setblocking(random.randint(0, 3) == 0)
    elif what == 1:
        compute(random.randint(0, 8))
    elif what == 2:
        poll_now(sock, random.randint(0, 5), select.POLLIN | select.POLLOUT)
    elif what == 3:
        poll_now(sock)
    elif what < 7 and back:
        back = send_some(sock, back)
    else:
        method = random.choice(("recv", "recvfrom", "readline", "1", "10", "500", "2000", "5000"))
        data = receive(sock, method)
        return (back + data, False) if data else (back, data == b"")
    return back, False


def echo(sock, seed):
    """In any way that a stream can be used."""
    random.seed(int(seed))
    back = b""
    ended = False
    while not ended:
        back, ended = random_step(sock, back)
    sock.setblocking(False)
    while back:
        back = send_some(sock, back)
        if random.randint(0, 1):
            poll_now(sock, 5, select.POLLOUT)
    if random.randint(0, 1):
        sock.shutdown(SEND_ONLY)


def half_close(sock):
    """Says how much it had taken before the shutdown, and that later writes fail."""
    sock.setblocking(False)
    print("half_close", fill(sock))
    sock.shutdown(SEND_ONLY)
    try:
        print("half_close written", sock.write(b"x"))
    except OSError as error:
        print("half_close error", error.errno)
    sock.setblocking(True)
    sock.recv(1)


def sendto(sock):
    sock.setblocking(False)
    print("sendto", fill(sock))
    sock.setblocking(True)
    sock.sendto(b"last", sock.getpeername())


def reset(sock):
    """The peer resets: from the first error on, every write fails."""
    sock.setblocking(False)
    poll_now(sock)
    told = []
    while len(told) < 5:
        try:
            sock.write(b"x")
            if told:
                told.append(0)
        except OSError as error:
            told.append(error.errno)
        time.sleep_ms(5)
    print("reset", told)


def abandon(sock):
    sock.setblocking(False)
    fill(sock)


def leave(sock):
    sock.setblocking(False)
    print("leave", fill(sock))
    sock.shutdown(SEND_ONLY)
    raise SystemExit


ACTIONS = {
    "order": order,
    "echo": echo,
    "half_close": half_close,
    "sendto": sendto,
    "reset": reset,
    "abandon": abandon,
    "leave": leave,
}

server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(64)
print("port", server.getsockname()[1])
while True:
    peer = server.accept()[0]
    words = peer.readline().decode().split()
    peer.write(b"+")
    try:
        ACTIONS[words[0]](peer, *words[1:])
    except OSError as failure:
        print("failed", words, failure)
    peer.close()
