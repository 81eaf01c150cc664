# SPDX-License-Identifier: MIT
# signal: TERM ready
# A stop reaches a loop that never waits, and the task in which it comes up is as good as any.
import asyncio


async def spins():
    try:
        n = 0
        while True:
            n += 1
            if n == 1000:
                print("ready")
    finally:
        print("spins finally")


async def waits(task):
    try:
        await task
    finally:
        print("waits finally")


async def main():
    task = asyncio.create_task(spins())
    try:
        await waits(task)
    finally:
        await asyncio.sleep_ms(1)
        print("main finally")


try:
    asyncio.run(main())
finally:
    print("end")
