# SPDX-License-Identifier: MIT
# config: [restart]
# config: restart = no
# manifest: [grants]
# manifest: listen = ["tcp:[::1]:18430-18434", "udp:[::1]:18430", "tcp:18435", "udp:18436"]
# manifest: connect = ["tcp:[::1]:*", "udp:[::1]:*", "tcp:127.0.0.1:18435", "udp:127.0.0.1:*"]
# IPv6, and IPv4 through it: an IPv4-mapped address is the IPv4 address it maps.
import asyncio
import socket

STREAM = socket.SOCK_STREAM
DGRAM = socket.SOCK_DGRAM


def refused(what, function, address):
    try:
        function(address)
        print(what, "allowed")
    except PermissionError as error:
        print(what, error)


server = socket.socket(socket.AF_INET6, STREAM)
server.bind(("::1", 18430))
server.listen()
print("bound to", server.getsockname())
client = socket.socket(socket.AF_INET6, STREAM)
client.connect(("0:0:0:0:0:0:0:1", 18430, 0, 0))
served, peer = server.accept()
print("peer", peer[0], peer[2:], len(peer))
client.send(b"over IPv6")
print(served.recv(100))

answering = socket.socket(socket.AF_INET6, DGRAM)
answering.bind(("::1", 18430))
asking = socket.socket(socket.AF_INET6, DGRAM)
asking.sendto(b"datagram", ("::1", 18430))
data, sender = answering.recvfrom(100)
print(data, sender[0])
answering.sendto(b"answer", sender)
print(asking.recvfrom(100))

# Both families on one socket
dual = socket.socket(socket.AF_INET6, STREAM)
print("v6only", dual.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
dual.bind(("::", 18435))
dual.listen()
client = socket.socket()
client.connect(("127.0.0.1", 18435))
served, peer = dual.accept()
print("IPv4 peer", peer[0])
client = socket.socket(socket.AF_INET6, STREAM)
client.connect(("::ffff:127.0.0.1", 18435))
print("mapped peer", dual.accept()[1][0])
both = socket.socket(socket.AF_INET6, DGRAM)
both.bind(("", 18436))
client = socket.socket(socket.AF_INET, DGRAM)
client.sendto(b"IPv4", ("127.0.0.1", 18436))
data, sender = both.recvfrom(100)
print(data, sender[0], both.sendto(b"back", sender), client.recv(10))

# No way round the grants
refused("mapped connect", socket.socket(socket.AF_INET6).connect, ("::ffff:127.0.0.1", 18430))
refused("mapped any", socket.socket(socket.AF_INET6).connect, ("::ffff:0.0.0.0", 18430))
refused("any", socket.socket(socket.AF_INET6).connect, ("::", 18430))
refused("mapped bind", socket.socket(socket.AF_INET6).bind, ("::ffff:127.0.0.1", 18430))
refused("bind any", socket.socket(socket.AF_INET6).bind, ("::", 18430))
refused("bind any IPv4", socket.socket().bind, ("", 18430))
only = socket.socket(socket.AF_INET6, STREAM)
only.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
print("v6only", only.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
try:
    only.connect(("127.0.0.1", 18435))
except OSError as error:
    print("other family", error.errno)


async def serve(reader, writer):
    writer.write(b"you are " + writer.get_extra_info("peername")[0].encode() + b"\n")
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def main():
    # start_server() makes its socket before it looks at the address.
    async with await asyncio.start_server(serve, "::1", 18431):
        reader, writer = await asyncio.open_connection("::1", 18431)
        print(await reader.readline())
        writer.close()


asyncio.run(main())
