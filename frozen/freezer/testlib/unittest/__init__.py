# SPDX-License-Identifier: MIT
"""unittest for MicroPython: what of CPython's module of that name an app's tests need.

"mpyfreeze test" freezes it with the tests; images as shipped do not have it. Tests that keep to it
run under CPython as well.
"""

from .case import IsolatedAsyncioTestCase, TestCase
from .marks import SkipTest, expectedFailure, skip, skipIf, skipUnless


def main(*args, **options):
    """Nothing: the tests of every module are found and run by whoever froze them. Test files call
    it at their end for CPython's sake."""
