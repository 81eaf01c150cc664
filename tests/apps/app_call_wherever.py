# SPDX-License-Identifier: MIT
# manifest: [grants]
# manifest: listen = ["tcp:127.0.0.1:0", "udp:127.0.0.1:0"]
# manifest: connect = ["udp:127.0.0.1:*"]
# message: [loops] next = loops
# message: [polls forever] next = polls forever
# message: [polls] next = polls
# message: [receives] next = receives
# message: [sleeps] next = sleeps
# message: [sleeps in a callback] next = sleeps in a callback
# Messages are answered wherever the app is, and what it does goes on as if nothing had been.
import micropython
import select
import socket
import time

import mpyd

doing = None
asked = False


def answer(argument):
    global asked
    asked = True
    return doing


def do(what):
    global doing, asked
    doing, asked = what, False
    print(what)


mpyd.on_call("next", answer)
stream = socket.socket()
stream.bind(("127.0.0.1", 0))
stream.listen(1)
poll = select.poll()
poll.register(stream, select.POLLIN)
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(("127.0.0.1", 0))
address = datagrams.getsockname()

do("loops")
while not asked:
    pass

# It ends by what the function does.
mpyd.on_call("next", lambda argument: datagrams.sendto(b"x", address) and answer(argument))
poll.register(datagrams, select.POLLIN)
do("polls forever")
print(len(poll.poll()), asked, datagrams.recv(10))
mpyd.on_call("next", answer)

do("polls")
found = []
while True:
    found += poll.poll(200)
    if asked:
        break
print(found)

do("receives")
datagrams.settimeout(0.2)
found = set()
while True:
    try:
        datagrams.recv(10)
    except OSError as e:
        found.add(e.errno)
    if asked:
        break
print(found)

do("sleeps")
found = set()
while True:
    start = time.ticks_ms()
    time.sleep_ms(200)
    found.add(time.ticks_diff(time.ticks_ms(), start) >= 200)
    if asked:
        break
print(found)


# No function runs inside another: this one is waited for.
def scheduled(argument):
    before = asked
    time.sleep_ms(100)
    found.add(asked == before)


do("sleeps in a callback")
found = set()
while True:
    micropython.schedule(scheduled, None)
    time.sleep_ms(1)
    if asked:
        break
print(found)
