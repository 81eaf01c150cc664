# SPDX-License-Identifier: MIT
# Libraries written for the older name of asyncio run as they are.
import asyncio
import uasyncio
from uasyncio import sleep_ms, StreamReader


async def answer():
    await sleep_ms(1)
    return 42


print(uasyncio.run(uasyncio.wait_for(answer(), 1)))
print(uasyncio.Lock is asyncio.Lock, StreamReader is asyncio.StreamReader)
try:
    uasyncio.nosuch
except AttributeError as error:
    print(type(error).__name__)
