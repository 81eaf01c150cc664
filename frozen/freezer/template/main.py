# Answers every line it is sent:  nc 127.0.0.1 8080

import asyncio


async def serve(reader, writer):
    try:
        while line := await reader.readline():
            writer.write(b"@NAME@ heard: " + line)
            await writer.drain()
    finally:
        writer.close()
        await writer.wait_closed()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 8080)
    print("listening on 127.0.0.1:8080")
    try:
        await server.wait_closed()
    finally:
        print("stopping")  # every finally runs before the app ends


asyncio.run(main())
