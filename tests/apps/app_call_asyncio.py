# SPDX-License-Identifier: MIT
# message: [ready] plain x = x
# message: [ready] slow y = slow y
# message: [ready] fails z = MessageFailed ValueError: z
# message: [ready] late = MessageFailed TypeError: answer must be str, bytes or None
# message: [ready] set = set
# message: [ready] task = made
# message: [ready] end = bye
# Under asyncio, functions may be coroutines, and plain ones may make tasks and set events; a loop
# that waits for nothing but messages goes on.
import asyncio

import mpyd


async def slow(argument):
    await asyncio.sleep_ms(5)
    return "slow " + argument


async def fails(argument):
    await asyncio.sleep_ms(0)
    raise ValueError(argument)


async def late(argument):
    return 7


async def background():
    await said.wait()
    print("in the background")
    made.set()


async def end(argument):
    ended.set()
    return "bye"


def set_told(argument):
    told.set()
    return "set"


def make_task(argument):
    asyncio.create_task(background())
    return "made"


told, said, made, ended = asyncio.Event(), asyncio.Event(), asyncio.Event(), asyncio.Event()


async def main():
    mpyd.on_call("plain", lambda argument: argument)
    mpyd.on_call("slow", slow)
    mpyd.on_call("fails", fails)
    mpyd.on_call("late", late)
    mpyd.on_call("set", set_told)
    mpyd.on_call("task", make_task)
    mpyd.on_call("end", end)
    print("ready")
    await told.wait()
    await asyncio.sleep_ms(5)  # what asyncio tells of late() stands in its queue for an earlier time
    print("told")
    said.set()
    await made.wait()
    await ended.wait()
    await asyncio.sleep_ms(0)
    print("ended")


asyncio.run(main())
