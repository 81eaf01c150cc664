# "mpyfreeze test" runs this in the sandbox that the app will have. It is no part of the app's image.

import unittest

import main


class Peer:
    """Reader and writer of a connection that is none."""

    def __init__(self, *lines):
        self.lines = list(lines)
        self.sent = b""
        self.closed = False

    async def readline(self):
        return self.lines.pop(0)

    def write(self, data):
        self.sent += data

    async def drain(self):
        pass

    def close(self):
        self.closed = True

    async def wait_closed(self):
        pass


class ServeTest(unittest.IsolatedAsyncioTestCase):
    async def test_answers_after_the_empty_line(self):
        peer = Peer(b"GET / HTTP/1.0\r\n", b"Host: here\r\n", b"\r\n", b"more\r\n")
        await main.serve(peer, peer)
        self.assertEqual(peer.lines, [b"more\r\n"])
        self.assertIn(b"Hello from @NAME@", peer.sent)
        self.assertTrue(peer.closed)
