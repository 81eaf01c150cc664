# SPDX-License-Identifier: MIT
#
# wait_for() and wait_for_ms(), as upstream's but for one thing: a caller that was cancelled is not
# cancelled a second time, in the middle of its own "finally", when what it waited for ends.

from . import core


class _Woken(core.CancelledError):
    pass


async def wait_for(aw, timeout, sleep=core.sleep):
    task = core._promote_to_task(aw)
    if timeout is None:
        return await task
    waiter = core.cur_task  # None once it has left
    result = error = None

    async def relay():
        nonlocal result, error
        try:
            result = await task
        except BaseException as e:
            error = e
        # Ends the sleep below, unless somebody else has: that one is to be heard.
        if waiter is not None and waiter.data is None and waiter.cancel():
            waiter.data = _Woken()

    relay_task = core.create_task(relay())
    try:
        await sleep(timeout)
    except _Woken:
        if error is not None:
            raise error
        return result
    finally:
        waiter = None
        relay_task.cancel()  # and with it the task, if it is not done
    await relay_task
    raise core.TimeoutError


def wait_for_ms(aw, timeout):
    return wait_for(aw, timeout, core.sleep_ms)
