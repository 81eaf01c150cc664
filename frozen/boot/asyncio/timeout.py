# SPDX-License-Identifier: MIT
#
# wait_for() and wait_for_ms(). Upstream's may cancel its caller a second time after the caller was
# cancelled, and so in the middle of the caller's own "finally".

from . import core


async def wait_for(aw, timeout, sleep=core.sleep):
    task = core._promote_to_task(aw)
    if timeout is None:
        return await task
    expired = False

    async def expire():
        nonlocal expired
        await sleep(timeout)
        expired = task.cancel()

    timer = core.create_task(expire())
    try:
        # Who cancels the caller cancels what it waits for: the task.
        return await task
    except core.CancelledError:
        if expired:
            raise core.TimeoutError
        raise
    finally:
        timer.cancel()


def wait_for_ms(aw, timeout):
    return wait_for(aw, timeout, core.sleep_ms)
