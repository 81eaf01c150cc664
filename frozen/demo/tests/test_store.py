# SPDX-License-Identifier: MIT
"""What the window of readings keeps: mpyfreeze test frozen/demo"""

import json
import unittest

from store import Full, Store


class StoreTest(unittest.TestCase):
    def setUp(self):
        self.store = Store(window=3, meters=2)

    def values(self, number=0, limit=10):
        """Values of the readings after NUMBER."""
        return [r["value"] for r in json.loads(self.store.since(number, limit))["readings"]]

    def test_window_keeps_the_newest(self):
        for value in range(5):
            self.store.add("kitchen", value)
        self.assertEqual(self.values(), [2, 3, 4])
        self.assertEqual(self.values(4), [4])
        self.assertEqual(self.values(5), [])

    def test_limit_leaves_more(self):
        for value in range(3):
            self.store.add("kitchen", value)
        answer = json.loads(self.store.since(0, 2))
        self.assertEqual((answer["last"], answer["more"]), (2, True))

    def test_stats_are_of_the_window(self):
        for value in (100, 1, 2, 6):
            self.store.add("cellar", value)
        cellar = json.loads(self.store.stats())["meters"]["cellar"]
        self.assertEqual((cellar["count"], cellar["min"], cellar["max"]), (3, 1, 6))
        self.assertAlmostEqual(cellar["mean"], 3)

    def test_meters_are_bounded_and_forgotten(self):
        self.store.add("a", 1)
        self.store.add("b", 2)
        with self.assertRaises(Full):
            self.store.add("c", 3)
        for _ in range(3):
            self.store.add("b", 2)
        self.store.add("c", 3)
        self.assertCountEqual(json.loads(self.store.stats())["meters"], ["b", "c"])
