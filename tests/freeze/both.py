# SPDX-License-Identifier: MIT
"""Tests that mean the same under CPython and in the sandbox; apptests.py runs them as
tests/test_both.py of an app. helper.py has ONE = 1."""

import unittest

import helper

ORDER = []


class Order(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ORDER.append("class")

    @classmethod
    def tearDownClass(cls):
        print("order", ORDER)

    def setUp(self):
        ORDER.append("up")
        self.addCleanup(ORDER.append, "cleanup")

    def tearDown(self):
        ORDER.append("down")

    def test_1(self):
        ORDER.append(1)

    def test_2(self):
        self.addCleanup(lambda: ORDER.append("first"))
        self.skipTest("not here")


class Marks(unittest.TestCase):
    def setUp(self):
        self.value = 1

    @unittest.skip("by hand")
    def test_skip(self):
        self.fail()

    @unittest.skipIf(helper.ONE == 1, "is one")
    def test_skip_if(self):
        self.fail()

    @unittest.skipUnless(helper.ONE == 1, "is not one")
    def test_skip_unless(self):
        self.assertEqual(self.value, 1)

    @unittest.expectedFailure
    def test_expected(self):
        self.assertEqual(self.value, 2)


@unittest.skip("the whole class")
class Skipped(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise ValueError

    def test(self):
        self.fail()


class Asserts(unittest.TestCase):
    def test_that_hold(self):
        self.assertEqual({"a": [1, 2.5]}, {"a": [1, 2.5]})
        self.assertNotEqual(1, 2)
        self.assertTrue([0])
        self.assertFalse([])
        self.assertIs(None, None)
        self.assertIsNot([], [])
        self.assertIsNone(None)
        self.assertIsNotNone(0)
        self.assertIn(1, [1])
        self.assertNotIn("x", "abc")
        self.assertIsInstance(1, (int, str))
        self.assertNotIsInstance("1", int)
        self.assertGreater(2, 1)
        self.assertGreaterEqual(2, 2)
        self.assertLess(1, 2)
        self.assertLessEqual(2, 2)
        self.assertAlmostEqual(1.00000001, 1)
        self.assertAlmostEqual(1.1, 1, places=0)
        self.assertAlmostEqual(100, 101, delta=1)
        self.assertNotAlmostEqual(1.1, 1)
        self.assertCountEqual([1, 2, 2], (2, 1, 2))
        self.assertRegex("a meter", "m.t")
        self.assertNotRegex("a meter", "^m")
        self.assertListEqual([1], [1])
        self.assertRaises(ZeroDivisionError, lambda a, b: a / b, 1, b=0)
        with self.assertRaises((KeyError, ValueError)) as caught:
            int("x")
        self.assertIsInstance(caught.exception, ValueError)
        with self.assertRaisesRegex(ValueError, "a b"):
            raise ValueError("a b c")

    def test_that_do_not(self):
        for number, check in enumerate((
            lambda: self.assertEqual([1, 2], [1, 3]),
            lambda: self.assertNotEqual(1, 1),
            lambda: self.assertTrue([]),
            lambda: self.assertFalse(1),
            lambda: self.assertIs([], []),
            lambda: self.assertIsNot(None, None),
            lambda: self.assertIsNone(0),
            lambda: self.assertIsNotNone(None),
            lambda: self.assertIn(1, []),
            lambda: self.assertNotIn("a", "abc"),
            lambda: self.assertIsInstance(1, (bytes, str)),
            lambda: self.assertNotIsInstance(1, int),
            lambda: self.assertGreater(1, 1),
            lambda: self.assertGreaterEqual(1, 2),
            lambda: self.assertLess(1, 1),
            lambda: self.assertLessEqual(2, 1),
            lambda: self.assertAlmostEqual(1.000001, 1),
            lambda: self.assertAlmostEqual(100, 102, delta=1),
            lambda: self.assertNotAlmostEqual(1.00000001, 1),
            lambda: self.assertCountEqual([1, 2, 2], (2, 1)),
            lambda: self.assertRegex("a meter", "^m"),
            lambda: self.assertNotRegex("a meter", "m"),
            lambda: self.assertDictEqual({1: 2}, {1: 3}),
            lambda: self.assertRaises(KeyError, lambda: None),
            lambda: self.assertRaisesRegex(ValueError, "b a", int, "x"),
            lambda: self.fail("for once"),
        )):
            with self.assertRaises(AssertionError, msg=str(number)):
                check()
        with self.assertRaises(ZeroDivisionError):
            self.assertRaises(ValueError, lambda: 1 / 0)


class Async(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        import asyncio

        self.event = asyncio.Event()
        self.asyncio = asyncio

    async def asyncTearDown(self):
        print("torn down")

    async def test_wait(self):
        async def later():
            self.event.set()
            try:
                await self.asyncio.sleep(100)
            finally:
                print("left behind, and ended")

        task = self.asyncio.create_task(later())
        await self.asyncio.wait_for(self.event.wait(), 5)
        self.assertFalse(task.done())


if __name__ == "__main__":
    unittest.main()
