# SPDX-License-Identifier: MIT
# Counts what an asyncio timer and time.sleep_ms() of its own give, and says it is well.
import asyncio
import time

import mpyd

ticks = 0
longest = 0


def told(_):
    return "%d %d %d" % (ticks, longest, time.time())


async def main():
    global ticks, longest
    mpyd.ready()
    while True:
        before = time.ticks_ms()
        await asyncio.sleep_ms(100)
        time.sleep_ms(10)
        mpyd.heartbeat()
        ticks += 1
        longest = max(longest, time.ticks_diff(time.ticks_ms(), before))


mpyd.on_call("told", told)
asyncio.run(main())
