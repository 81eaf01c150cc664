# SPDX-License-Identifier: MIT
"""What the gateway takes for a reading."""

import unittest

import gateway
from http import HTTPError

REFUSED = (
    b"",
    b"[]",
    b'{"meter": "a"',
    b'{"meter": "a"}',
    b'{"meter": 1, "value": 1}',
    b'{"meter": "a/b", "value": 1}',
    b'{"meter": "a", "value": true}',
    b'{"meter": "a", "value": 1e999}',
)


class ReadingTest(unittest.TestCase):
    def test_reading_is_taken(self):
        self.assertEqual(gateway.parse_reading(b'{"meter": "a-1", "value": 2.5}'), ("a-1", 2.5))

    def test_what_is_none_is_refused(self):
        for body in REFUSED:
            with self.subTest(body=body):
                with self.assertRaises(HTTPError):
                    gateway.parse_reading(body)

    def test_page_is_in_the_image(self):
        page = gateway.Gateway(None)._get_page(None)
        self.assertIn(b"<html", page.body)


def test_since():
    assert gateway.parse_since(b"x=1&since=12") == 12
    assert gateway.parse_since(b"") == 0
