# SPDX-License-Identifier: MIT
"""Decorators that say how a test is to be taken."""


class SkipTest(Exception):
    """Ends a test, whose text says why it cannot be had here."""


class Marked:
    """A test with a mark: functions of MicroPython have no attributes that could be one."""

    def __init__(self, function):
        self.function = function
        self.skip_why = None
        self.is_expected_to_fail = False


def _marked(item):
    return item if isinstance(item, Marked) else Marked(item)


def skip(reason):
    def mark(item):
        if isinstance(item, type):
            item.skip_why = reason
            return item
        item = _marked(item)
        item.skip_why = reason
        return item

    return mark


def _as_it_is(item):
    return item


def skipIf(condition, reason):
    return skip(reason) if condition else _as_it_is


def skipUnless(condition, reason):
    return _as_it_is if condition else skip(reason)


def expectedFailure(item):
    item = _marked(item)
    item.is_expected_to_fail = True
    return item
