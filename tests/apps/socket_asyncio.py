# SPDX-License-Identifier: MIT
# config: [restart]
# config: restart = no
# manifest: [memory]
# manifest: heap = "1M"
# manifest: [grants]
# manifest: listen = ["tcp:127.0.0.1:18410-18419"]
# manifest: connect = ["tcp:127.0.0.1:18410-18419"]
# asyncio's streams, as upstream has them, over calls.
import asyncio
import errno

SIZE = 1 << 20


async def echo(reader, writer):
    while True:
        data = await reader.read(4096)
        if not data:
            break
        writer.write(data)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def ask(number):
    reader, writer = await asyncio.open_connection("127.0.0.1", 18410)
    for i in range(5):
        line = b"client %d line %d\n" % (number, i)
        writer.write(line)
        await writer.drain()
        if await reader.readline() != line:
            return False
    writer.close()
    await writer.wait_closed()
    return True


async def pour(writer):
    block = bytes(range(256)) * 16
    for _ in range(SIZE // len(block)):
        writer.write(block)
        await writer.drain()


async def transfer():
    reader, writer = await asyncio.open_connection("127.0.0.1", 18410)
    pouring = asyncio.create_task(pour(writer))
    received = 0
    good = True
    while received < SIZE:
        data = await reader.read(8192)
        for i in range(0, len(data), 97):
            good = good and data[i] == (received + i) & 255
        received += len(data)
    await pouring
    writer.close()
    await writer.wait_closed()
    return good and received == SIZE


async def refused():
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", 18419)
        await reader.read(1)
    except OSError as error:
        return errno.errorcode[error.errno]


async def slow(reader, writer):
    await reader.readline()
    await asyncio.sleep(10)


async def time_out():
    server = await asyncio.start_server(slow, "127.0.0.1", 18411)
    reader, writer = await asyncio.open_connection("127.0.0.1", 18411)
    try:
        await asyncio.wait_for_ms(reader.read(1), 30)
    except asyncio.TimeoutError:
        print("timed out")
    server.close()
    await server.wait_closed()


async def close_under_poll():
    reader, writer = await asyncio.open_connection("127.0.0.1", 18410)

    async def closer():
        await asyncio.sleep_ms(10)
        reader.s.close()

    asyncio.create_task(closer())
    try:
        await asyncio.wait_for(reader.read(1), 1)
    except OSError as error:
        return errno.errorcode[error.errno]


async def main():
    async with await asyncio.start_server(echo, "127.0.0.1", 18410, backlog=64):
        answers = await asyncio.gather(*[ask(i) for i in range(40)])
        print("answered", len(answers), all(answers))
        print("1 MB both ways", await transfer())
        print("refused", await refused())
        await time_out()
        print("closed under poll", await close_under_poll())
    print("stopped")
    try:
        await asyncio.open_connection("localhost", 80)
    except OSError as error:
        print(type(error).__name__, error)


asyncio.run(main())
