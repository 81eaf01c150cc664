# SPDX-License-Identifier: MIT
# signal: TERM ready
# Under asyncio, a function for the stop runs while tasks wait; then they are cancelled.
import asyncio

import mpyd


async def main():
    told = asyncio.Event()
    mpyd.on_stop(told.set)
    mpyd.on_stop(lambda: print("on stop"))
    print("ready")
    try:
        await told.wait()
        print("told")
        await asyncio.sleep(1000)
    except asyncio.CancelledError:
        print("cancelled")
        raise
    finally:
        await asyncio.sleep_ms(1)
        print("finally")


asyncio.run(main())
