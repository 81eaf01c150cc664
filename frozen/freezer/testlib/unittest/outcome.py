# SPDX-License-Identifier: MIT
"""How one test went."""

from .marks import SkipTest

_generator = type((lambda: (yield))())  # coroutines are of this type, too


def run_coroutine(coroutine):
    """Runs it, and what tasks it leaves behind no longer than that."""
    import asyncio

    asyncio.new_event_loop()
    try:
        return asyncio.run(coroutine)
    finally:
        asyncio._cancel_all()
        asyncio.new_event_loop()


class Outcome:
    def __init__(self):
        self.problems = []  # (exception, label of the part of the test), as they came
        self.skip_why = None

    def note(self, error, label=""):
        self.problems.append((error, label))

    def _judge(self, error):
        if isinstance(error, SkipTest):
            self.skip_why = str(error)
        else:
            self.note(error)
        return False

    # A test that calls sys.exit() has a problem as well, and the others still run.
    def attempt(self, function, *args, **options):
        """Calls FUNCTION; a coroutine runs to its end. Returns whether that went well."""
        try:
            result = function(*args, **options)
            if isinstance(result, _generator):
                run_coroutine(result)
        except BaseException as error:
            return self._judge(error)
        return True

    async def await_attempt(self, function, *args, **options):
        """As attempt(), in the event loop that runs."""
        try:
            result = function(*args, **options)
            if isinstance(result, _generator):
                await result
        except BaseException as error:
            return self._judge(error)
        return True
