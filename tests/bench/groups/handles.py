# SPDX-License-Identifier: MIT
"""How the cost of waiting and of calls grows with what an app holds: datagram sockets in one
select.poll(), none of them ready."""

import re

import stats
from env import Trouble
from figures import HANDLES
from service import Service

ROUNDS = 5  # of the app, in one start of it
APP = """\
import calls, select, socket, time

HANDLES = %r
sockets = []
poll = select.poll()


def cost(function, n):
    begin = time.ticks_us()
    for _ in range(n):
        function()
    return time.ticks_diff(time.ticks_us(), begin) / n


def look():
    poll.poll(0)


for n in HANDLES:
    while len(sockets) < n:
        sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        poll.register(sockets[-1], select.POLLIN)
    for _ in range(%d):
        print("handles", n, cost(look, 2000), cost(calls.channel_nop, 2000))
print("done")
"""


def measure(env):
    manifest = f"[memory]\nheap = \"2M\"\n[limits]\nhandles = {max(HANDLES)}\n"
    image = env.freeze("handles", APP % (HANDLES, env.rounds(ROUNDS)), manifest)
    config = env.config("[restart]\nrestart = no\n")
    words = (env.mpyd, "run", "--unsigned", "--control=none", image, "--config", config)
    service = Service([str(word) for word in words])
    try:
        service.wait_line("handles: done", 120)
        service.wait()
    finally:
        service.kill()
    found = {}
    for n in HANDLES:
        rows = re.findall(rf"^handles: handles {n} ([\d.]+) ([\d.]+)$", service.output(), re.M)
        if not rows:
            raise Trouble(f"nothing of {n} handles: {service.output()}")
        found[f"handles_{n}_poll_us"] = stats.plain([float(poll) for poll, _ in rows], "us")
        found[f"handles_{n}_call_us"] = stats.plain([float(call) for _, call in rows], "us")
    return found
