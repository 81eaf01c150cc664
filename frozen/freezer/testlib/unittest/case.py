# SPDX-License-Identifier: MIT
"""The base classes of an app's tests."""

from .asserts import Asserts
from .marks import SkipTest


class _SubTest:
    """The context of subTest(): what fails in it is noted, and the test goes on."""

    def __init__(self, outcome, label):
        self._outcome = outcome
        self._label = label

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None or not issubclass(kind, Exception):
            return False
        if not isinstance(error, SkipTest):
            self._outcome.note(error, self._label)
        return True


class TestCase(Asserts):
    skip_why = None  # of skip() on the class

    def __init__(self, methodName="runTest"):
        self._testMethodName = methodName
        self._cleanups = []
        self.outcome = None  # unittest.outcome.Outcome, while it runs

    def setUp(self):
        pass

    def tearDown(self):
        pass

    @classmethod
    def setUpClass(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        pass

    def id(self):
        return type(self).__name__ + "." + self._testMethodName

    def skipTest(self, reason):
        raise SkipTest(reason)

    def subTest(self, msg=None, **params):
        values = ["%s=%r" % item for item in sorted(params.items())]
        label = "(" + ", ".join(values) + ")" if values else ""
        return _SubTest(self.outcome, label if msg is None else "[%s] %s" % (msg, label))

    def addCleanup(self, function, *args, **options):
        self._cleanups.append((function, args, options))

    def doCleanups(self):
        """Cleanups that have not run yet, last come first."""
        while self._cleanups:
            function, args, options = self._cleanups.pop()
            self.outcome.attempt(function, *args, **options)

    def run_steps(self, function):
        """Runs the test FUNCTION, of no arguments, with what belongs before and after it."""
        if self.outcome.attempt(self.setUp):
            self.outcome.attempt(function)
            self.outcome.attempt(self.tearDown)
        self.doCleanups()


class IsolatedAsyncioTestCase(TestCase):
    """Its coroutines run in one event loop for each test."""

    async def asyncSetUp(self):
        pass

    async def asyncTearDown(self):
        pass

    def addAsyncCleanup(self, function, *args, **options):
        self.addCleanup(function, *args, **options)

    async def _steps(self, function):
        outcome = self.outcome
        if await outcome.await_attempt(self.setUp):
            if await outcome.await_attempt(self.asyncSetUp):
                await outcome.await_attempt(function)
                await outcome.await_attempt(self.asyncTearDown)
            await outcome.await_attempt(self.tearDown)
        while self._cleanups:
            cleanup, args, options = self._cleanups.pop()
            await outcome.await_attempt(cleanup, *args, **options)

    def run_steps(self, function):
        self.outcome.attempt(self._steps, function)
