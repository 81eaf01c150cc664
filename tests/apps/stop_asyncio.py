# SPDX-License-Identifier: MIT
# manifest: [memory]
# manifest: heap = "1M"
# manifest: [grants]
# manifest: listen = ["tcp:127.0.0.1:0-65535"]
# signal: TERM ready
# A stop cancels every task, whatever it waits for, and every finally runs to its end.
import asyncio
import socket
import sys

ended = []


async def waits(name, awaitable):
    try:
        await awaitable()
    except asyncio.CancelledError:
        ended.append(name)
        raise
    finally:
        await asyncio.sleep_ms(5)
        ended.append(name + " finally")


async def holds(lock):
    async with lock:
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append("holder finally")


async def swallows(event):
    while True:
        try:
            await event.wait()
            break
        except asyncio.CancelledError:
            ended.append("swallowed")
            event.set()
    ended.append("swallower ended")


async def exits():
    try:
        await asyncio.sleep(1000)
    finally:
        sys.exit(5)


def listener():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    s.listen(1)
    s.setblocking(False)
    return s


async def main():
    event = asyncio.Event()
    lock = asyncio.Lock()
    flag = asyncio.ThreadSafeFlag()
    sock = listener()
    stream = asyncio.StreamReader(sock)
    asyncio.create_task(waits("sleep", lambda: asyncio.sleep(1000)))
    asyncio.create_task(waits("event", event.wait))
    asyncio.create_task(holds(lock))
    await asyncio.sleep_ms(1)
    asyncio.create_task(waits("lock", lock.acquire))
    asyncio.create_task(waits("flag", flag.wait))
    asyncio.create_task(waits("stream", lambda: stream.read(1)))
    asyncio.create_task(waits("wait_for", lambda: asyncio.wait_for(event.wait(), 1000)))
    child = asyncio.create_task(waits("child", lambda: asyncio.sleep(1000)))

    async def join():
        await child

    asyncio.create_task(waits("parent", join))
    a = asyncio.create_task(waits("gathered 1", lambda: asyncio.sleep(1000)))
    b = asyncio.create_task(waits("gathered 2", event.wait))
    asyncio.create_task(waits("gather", lambda: asyncio.gather(a, b)))
    asyncio.create_task(swallows(asyncio.Event()))
    asyncio.create_task(exits())
    for _ in range(200):
        asyncio.create_task(waits("many", lambda: asyncio.sleep(1000)))
    for _ in range(1000):
        await asyncio.create_task(nothing())
    await asyncio.sleep_ms(10)
    print("ready")
    try:
        await asyncio.sleep(1000)
    finally:
        await asyncio.sleep_ms(5)
        ended.append("main finally")


async def nothing():
    pass


try:
    asyncio.run(main())
except SystemExit as e:
    print("SystemExit", e.args)
    raise
finally:
    print(ended.count("many"), ended.count("many finally"))
    for line in sorted(x for x in ended if not x.startswith("many")):
        print(line)
