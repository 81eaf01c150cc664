# SPDX-License-Identifier: MIT
"""What a TestCase can assert. Each raises AssertionError with both values in its text."""

import re

_NOTHING = object()


def _is_sequence(value):
    return isinstance(value, (str, bytes, bytearray, list, tuple))


def _where_they_differ(first, second):
    """A line more for values too long to compare by eye; or nothing."""
    if isinstance(first, dict) and isinstance(second, dict):
        keys = [k for k in first if k not in second or second[k] != first[k]]
        keys += [k for k in second if k not in first]
        return "\ndifferent at: " + ", ".join([repr(key) for key in keys])
    if not _is_sequence(first) or not _is_sequence(second):
        return ""
    at = 0
    while at < min(len(first), len(second)) and first[at] == second[at]:
        at += 1
    return "\ndifferent from %d on; %d and %d long" % (at, len(first), len(second))


def _names(kinds):
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    return " or ".join([kind.__name__ for kind in kinds])


def _is_found(pattern, text):
    search = getattr(pattern, "search", None)
    return (search(text) if search else re.search(pattern, text)) is not None


class _Raises:
    """The context of assertRaises(); .exception is what was raised."""

    def __init__(self, case, kinds, pattern, message=None):
        self.exception = None
        self._case = case
        self._kinds = kinds
        self._pattern = pattern
        self._message = message

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self._case._fail(_names(self._kinds) + " not raised", self._message)
        if not issubclass(kind, self._kinds):
            return False
        self.exception = error
        if self._pattern is not None and not _is_found(self._pattern, str(error)):
            self._case._fail("%r not found in %r" % (self._pattern, str(error)), self._message)
        return True

    def call(self, function, args, options):
        if function is _NOTHING:
            return self
        with self:
            function(*args, **options)
        return None


class Asserts:
    failureException = AssertionError
    maxDiff = None

    def _fail(self, text, message):
        raise self.failureException(text if message is None else "%s : %s" % (text, message))

    def _want(self, condition, form, values, message):
        if not condition:
            self._fail(form % values, message)

    def fail(self, msg=None):
        raise self.failureException(msg)

    def assertTrue(self, expr, msg=None):
        self._want(expr, "%r is not true", (expr,), msg)

    def assertFalse(self, expr, msg=None):
        self._want(not expr, "%r is not false", (expr,), msg)

    def assertEqual(self, first, second, msg=None):
        if not first == second:
            difference = _where_they_differ(first, second)
            self._fail("%r != %r" % (first, second) + difference, msg)

    assertListEqual = assertTupleEqual = assertSequenceEqual = assertEqual
    assertDictEqual = assertSetEqual = assertMultiLineEqual = assertEqual

    def assertNotEqual(self, first, second, msg=None):
        self._want(first != second, "%r == %r", (first, second), msg)

    def assertIs(self, first, second, msg=None):
        self._want(first is second, "%r is not %r", (first, second), msg)

    def assertIsNot(self, first, second, msg=None):
        self._want(first is not second, "%r is %r, unexpectedly", (first, second), msg)

    def assertIsNone(self, value, msg=None):
        self._want(value is None, "%r is not None", (value,), msg)

    def assertIsNotNone(self, value, msg=None):
        self._want(value is not None, "%r, unexpectedly", (value,), msg)

    def assertIn(self, member, container, msg=None):
        self._want(member in container, "%r not found in %r", (member, container), msg)

    def assertNotIn(self, member, container, msg=None):
        self._want(member not in container, "%r found in %r", (member, container), msg)

    def assertIsInstance(self, value, kinds, msg=None):
        self._want(isinstance(value, kinds), "%r is not an instance of %s",
                   (value, _names(kinds)), msg)

    def assertNotIsInstance(self, value, kinds, msg=None):
        self._want(not isinstance(value, kinds), "%r is an instance of %s",
                   (value, _names(kinds)), msg)

    def assertGreater(self, first, second, msg=None):
        self._want(first > second, "%r is not greater than %r", (first, second), msg)

    def assertGreaterEqual(self, first, second, msg=None):
        self._want(first >= second, "%r is less than %r", (first, second), msg)

    def assertLess(self, first, second, msg=None):
        self._want(first < second, "%r is not less than %r", (first, second), msg)

    def assertLessEqual(self, first, second, msg=None):
        self._want(first <= second, "%r is greater than %r", (first, second), msg)

    def _is_almost(self, first, second, places, delta):
        if first == second:
            return True
        if delta is not None:
            return abs(first - second) <= delta
        return round(abs(first - second), 7 if places is None else places) == 0

    def assertAlmostEqual(self, first, second, places=None, msg=None, delta=None):
        self._want(self._is_almost(first, second, places, delta), "%r != %r, not even almost",
                   (first, second), msg)

    def assertNotAlmostEqual(self, first, second, places=None, msg=None, delta=None):
        self._want(not self._is_almost(first, second, places, delta), "%r == %r, almost",
                   (first, second), msg)

    def assertCountEqual(self, first, second, msg=None):
        """The same elements, as often, in whatever order."""
        missing, left = [], list(second)
        for item in first:
            if item in left:
                left.remove(item)
            else:
                missing.append(item)
        self._want(not missing and not left, "only in the first: %r; only in the second: %r",
                   (missing, left), msg)

    def assertRegex(self, text, pattern, msg=None):
        self._want(_is_found(pattern, text), "%r not found in %r", (pattern, text), msg)

    def assertNotRegex(self, text, pattern, msg=None):
        self._want(not _is_found(pattern, text), "%r found in %r", (pattern, text), msg)

    def assertRaises(self, kinds, function=_NOTHING, *args, msg=None, **options):
        return _Raises(self, kinds, None, msg).call(function, args, options)

    def assertRaisesRegex(self, kinds, pattern, function=_NOTHING, *args, msg=None, **options):
        return _Raises(self, kinds, pattern, msg).call(function, args, options)
