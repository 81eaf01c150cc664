# SPDX-License-Identifier: MIT
# The app under test: asyncio reads lines while another task computes.
import asyncio
import socket

N_LINES = 1000
done = asyncio.Event()


async def compute():
    n = 0
    while True:
        for i in range(3000):
            n += i
        await asyncio.sleep(0)


async def serve(reader, writer):
    n = 0
    while True:
        line = await reader.readline()
        if line != b"line %d\n" % n:
            break
        n += 1
        writer.write(line)
        await writer.drain()
    print("lines", n, "then", line)
    writer.close()
    await writer.wait_closed()
    if line == b"" or n == 0:
        done.set()


async def main():
    probe = socket.socket()
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    probe.close()
    await asyncio.start_server(serve, "127.0.0.1", port)
    asyncio.create_task(compute())
    print("port", port)
    await done.wait()


asyncio.run(main())
