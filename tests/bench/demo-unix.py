# SPDX-License-Identifier: MIT
"""Runs the demo's own modules on upstream's unix build: demo-unix.py FOLDER PORT. It takes the place
of the demo's main.py, which reads its page from the image and looks for a free port."""

import sys

folder, port = sys.argv[1], int(sys.argv[2])
sys.path.insert(0, folder)

import asyncio

from gateway import Gateway
from server import Server
from store import Store

WINDOW, METERS = 1000, 100  # as in main.py


async def main():
    server = Server(Gateway(Store(WINDOW, METERS), folder + "/www/index.html").answer)
    await server.listen("127.0.0.1", port)
    print("listening on", port)
    await server.run()


asyncio.run(main())
