# Greets whoever asks:  curl http://127.0.0.1:8080

import asyncio

ANSWER = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nHello from @NAME@\n"


async def serve(reader, writer):
    try:
        while (await reader.readline()).strip():
            pass  # the request and its headers, up to an empty line
        writer.write(ANSWER)
        await writer.drain()
    finally:
        writer.close()
        await writer.wait_closed()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 8080)
    print("open http://127.0.0.1:8080")
    try:
        await server.wait_closed()
    finally:
        print("stopping")  # every finally runs before the app ends


if __name__ == "__main__":
    asyncio.run(main())
