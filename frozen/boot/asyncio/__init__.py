# SPDX-License-Identifier: MIT
#
# asyncio: MicroPython's own, a stop that lets every task clean up, and functions for mpyd.on_call()
# that are coroutines.
#
# Upstream's event loop is left by SystemExit and KeyboardInterrupt at once, and no task but the one
# that was running gets to run its "finally". Here every task is cancelled first, whatever it waits
# for, and the loop runs on until all are done; then the exception goes its way.

import mpyd

from . import core

_PRUNE_MIN = 32
_ROUNDS_MAX = 8  # for tasks that swallow their cancellation and wait again

_run_until_complete = core.run_until_complete
_new_task = core.create_task

# Every task that may not be done yet. Finished ones are dropped when as many tasks again have been
# made as were left the last time: amortised, that costs each task the same.
_tasks = []
_prune_at = _PRUNE_MIN


class _IOQueue(core.IOQueue):
    def __init__(self):
        super().__init__()
        self.listens = False
        if mpyd._listens():
            self.listen()

    def listen(self):
        # What mpyd calls may make a task or set an event: the waker then ends the wait. And it may
        # always come, so that the loop is not at its end while everybody waits.
        if not self.listens:
            self.map[id(mpyd._waker)] = [None, None, mpyd._waker]
            self.poller.register(mpyd._waker, 1)
            self.listens = True

    def end_listening(self):
        self.listens = False
        if self.map.pop(id(mpyd._waker), None):
            self.poller.unregister(mpyd._waker)

    def _dequeue(self, s):
        if s is not mpyd._waker:
            super()._dequeue(s)

    def wait_io_event(self, dt):
        # Tells a stop that comes while nothing runs from one that kills the task it comes to.
        core.cur_task = None
        super().wait_io_event(dt)
        while self.listens:
            for number, coro in mpyd._coroutines() or ():
                create_task(_answer(number, coro))
            # Who waits without end takes a task from the queue then.
            if dt >= 0 or core._task_queue.peek() is not None:
                break
            super().wait_io_event(dt)


async def _answer(number, coro):
    try:
        mpyd._reply(number, await coro)
    except BaseException as exc:
        mpyd._reply(number, None, exc)
        raise


def create_task(coro):
    global _tasks, _prune_at
    if len(_tasks) >= _prune_at:
        _tasks = [t for t in _tasks if not t.done()]
        _prune_at = max(_PRUNE_MIN, 2 * len(_tasks))
    t = _new_task(coro)
    _tasks.append(t)
    return t


def _tidy_io(queue):
    # A stop may have come between two steps of the queue's own code.
    for entry in list(queue.map.values()):
        if entry[0] is None and entry[1] is None:
            queue._dequeue(entry[2])


def _bury():
    # The task in which the exception came up is on no queue any more. Those who wait for it learn
    # of its end when the loop throws into its finished coroutine.
    t = core.cur_task
    core.cur_task = None
    if t is not None and not t.done():
        core._io_queue.remove(t)
        core._task_queue.push(t)
        t.data = core.CancelledError
    _tidy_io(core._io_queue)


def _finish():
    # Runs what can run. A task that raises SystemExit itself ends by it, and only that task.
    while True:
        try:
            return _run_until_complete()
        except (SystemExit, KeyboardInterrupt):
            _bury()


def _cancel_all():
    _bury()
    core._io_queue.end_listening()
    for _ in range(_ROUNDS_MAX):
        left = [t for t in _tasks if not t.done()]
        if not left:
            break
        for t in left:
            t.cancel()
        _finish()


def run_until_complete(main_task=None):
    mpyd._set_loop(True)
    try:
        return _run_until_complete(main_task)
    except (SystemExit, KeyboardInterrupt) as stop:
        _cancel_all()
        raise stop
    finally:
        mpyd._set_loop(False)


# The loop's own functions and the other modules look these up in core.
core.create_task = create_task
core.run_until_complete = run_until_complete
core.IOQueue = _IOQueue
core.new_event_loop()
mpyd._on_listen(lambda: core._io_queue.listen())

from .core import *

__version__ = (3, 0, 0)

_attrs = {
    "wait_for": "timeout",
    "wait_for_ms": "timeout",
    "gather": "funcs",
    "Event": "event",
    "ThreadSafeFlag": "event",
    "Lock": "lock",
    "open_connection": "stream",
    "start_server": "stream",
    "StreamReader": "stream",
    "StreamWriter": "stream",
}


# Loads the rest when it is first asked for.
def __getattr__(attr):
    module = _attrs.get(attr)
    if module is None:
        raise AttributeError(attr)
    value = getattr(__import__(module, None, None, True, 1), attr)
    globals()[attr] = value
    return value
