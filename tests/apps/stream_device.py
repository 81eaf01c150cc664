# SPDX-License-Identifier: MIT
# manifest: [grants]
# manifest: files = ["serial:rw", "listening"]
# terminal: serial
# terminal: listening
# A device: what is not there yet is waited for, by a read, by select.poll() and by asyncio.
import asyncio
import select

import mpyd

serial = mpyd.open("serial", "r+b")
serial.write(b"first\n")
print(serial.readline())

poll = select.poll()
poll.register(serial, select.POLLIN)
print(poll.poll(10))
serial.write(b"second\n")
print(poll.poll()[0][1] == select.POLLIN, serial.readline(), poll.poll(0))

serial.setblocking(False)
print(serial.read(10), serial.readline())
# Two at a time are one device.
with mpyd.open("serial", "w") as other:
    other.write("third\n")
poll.poll()
print(serial.read(5), serial.read(100))


async def tick():
    for _ in range(3):
        await asyncio.sleep_ms(1)
    print("others run meanwhile")


async def main():
    stream = asyncio.StreamReader(serial)
    task = asyncio.create_task(tick())
    reading = asyncio.create_task(stream.readline())
    await task
    stream.write(b"fourth\n")
    await stream.drain()
    print(await reading)
    for n in range(100):
        stream.write(b"%d\n" % n)
        await stream.drain()
        assert await stream.readline() == b"%d\n" % n


asyncio.run(main())
# Much of it: the line is full at times.
serial.setblocking(True)
text = bytes(97 + n % 26 for n in range(3999)) + b"\n"
for _ in range(8):
    serial.write(text)
    assert serial.read(len(text)) == text.upper()

listening = mpyd.open("listening")
poll = select.poll()
poll.register(listening, select.POLLIN)
print(poll.poll(1))
try:
    mpyd.open("listening", "r+")
except PermissionError as e:
    print(e)
for turn in range(300):
    mpyd.open("serial")
print("closed by the collector")
