# SPDX-License-Identifier: MIT
"""A metering gateway: takes readings, keeps the latest, shows them to people and programs."""

import asyncio
import errno
import sys

try:
    import mpyd
except ImportError:  # it also runs where nobody supervises it
    mpyd = None

from gateway import Gateway
from server import Server
from store import Store

HOST = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"  # the manifest's arguments
PORTS = range(8080, 8100)  # as in mpyd.toml
WINDOW = 1000  # readings kept
METERS = 100  # of so many meters


async def listen(server):
    """Listen on the first port that is free and granted; returns it, or ends the app."""
    for port in PORTS:
        try:
            await server.listen(HOST, port)
            return port
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                print("port %d is taken" % port)
            elif error.errno != errno.EACCES:  # the local configuration may leave us few ports
                raise
    sys.exit("no port is free; stop what uses it, or grant another")


async def main():
    store = Store(WINDOW, METERS)
    server = Server(Gateway(store).answer)
    port = await listen(server)
    print("listening on http://%s:%d" % (HOST, port))
    if mpyd:
        mpyd.on_call("stats", lambda argument: store.stats())
        mpyd.ready()
    try:
        await server.run()
    finally:
        server.close()
        print("no longer listening; %d readings taken, goodbye" % store.last)


asyncio.run(main())
