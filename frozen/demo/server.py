# SPDX-License-Identifier: MIT
"""HTTP/1.1 on the wire: connections, their limits in time and number, and nothing about readings."""

import asyncio

import http

CONNECTIONS = 100  # below the app's handles, so that accept() never fails for want of one
BACKLOG = 128
HEAD_MAX = 3072  # bytes of request line and headers
CHUNK = 1024  # bytes read at once: nearly always the whole request
IDLE = 30  # seconds a connection may rest between requests
SLOW = 10  # seconds a request may take to come in, or a response to go out
LINGER = 2  # seconds to take what a refused client still sends, so that it can read why
LINGER_BYTES = 65536

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Server:
    """Serves HTTP; answer(request) gives the Response to each request or raises HTTPError."""

    def __init__(self, answer):
        self.answer = answer
        self.now = 0  # seconds with connections, counted by run(): deadlines cost no look at a clock
        self.connections = set()
        self._busy = asyncio.Event()  # somebody is connected
        self._listener = None

    async def listen(self, host, port):
        self._listener = await asyncio.start_server(self._serve, host, port, BACKLOG)

    async def run(self):
        """Ends, once a second, the connections whose time is over. Never returns; sleeps while there
        is no connection."""
        while True:
            if not self.connections:
                self._busy.clear()
                await self._busy.wait()
            await asyncio.sleep(1)
            self.now += 1
            for connection in list(self.connections):
                if connection.deadline < self.now:
                    connection.expire()

    def close(self):
        self._listener.close()
        for connection in self.connections:
            connection.task.cancel()

    async def _serve(self, stream, _):
        connection = Connection(self, stream)
        self.connections.add(connection)
        self._busy.set()
        try:
            await connection.serve()
        except OSError:
            pass  # the client is gone
        except MemoryError:
            print("out of memory; one connection dropped")
        finally:
            self.connections.remove(connection)
            await stream.wait_closed()


class Connection:
    def __init__(self, server, stream):
        self.server = server
        self.stream = stream
        self.task = asyncio.current_task()
        self.data = b""  # received, not yet used: a client may send requests ahead
        self.deadline = server.now + SLOW
        self.receiving = False  # part of a request is here

    async def serve(self):
        """Answers requests until the client has had enough or makes no sense."""
        try:
            if len(self.server.connections) > CONNECTIONS:
                raise http.HTTPError(503, "too many connections")
            while await self._serve_one():
                pass
        except http.HTTPError as error:
            await self._refuse(error)

    async def _serve_one(self):
        request = await self._request()
        if request is None:
            return False
        try:
            response = self.server.answer(request)
        except http.HTTPError as error:  # the request was sound: the connection can go on
            response = http.refusal(error)
        await self._send(response.data(request.close, request.method != b"HEAD"))
        return not request.close

    async def _refuse(self, error):
        """Says why, and lets the client read it: closing with its bytes unread would reset it."""
        await self._send(http.refusal(error).data(close=True))
        self.receiving = False
        self.deadline = self.server.now + LINGER
        left = LINGER_BYTES
        while left > 0 and (chunk := await self.stream.read(CHUNK)):
            left -= len(chunk)

    def expire(self):
        """Ends a connection whose time is over; tells a client that was in the middle of a request."""
        if self.receiving:
            late = http.HTTPError(408, "the request took too long")
            try:
                self.stream.write(http.refusal(late).data(close=True))
            except OSError:
                pass
        self.task.cancel()

    async def _request(self):
        """The next request with its body, or None at the end of the stream."""
        self.receiving = bool(self.data)
        self.deadline = self.server.now + (SLOW if self.receiving else IDLE)
        while True:
            self.data = self.data.lstrip(b"\r\n")  # RFC 9112, 2.2: empty lines before a request
            end = self.data.find(b"\r\n\r\n")
            if end > HEAD_MAX or (end < 0 and len(self.data) > HEAD_MAX):
                raise http.HTTPError(431, "request head longer than %d bytes" % HEAD_MAX)
            if end >= 0:
                break
            if not await self._fill():
                return None
        request = http.parse_head(self.data[:end])
        if request.length is None and request.method == b"POST":
            raise http.HTTPError(411, "Content-Length needed")
        end += 4
        if request.length:
            if not await self._body(request, end):
                return None
            end += request.length
        self.data = self.data[end:] if end < len(self.data) else b""
        self.receiving = False
        return request

    async def _body(self, request, start):
        end = start + request.length
        if request.expects and len(self.data) < end:
            await self._send(CONTINUE)
        while len(self.data) < end:
            if not await self._fill():
                return False
        request.body = self.data[start:end]
        return True

    async def _fill(self):
        """Waits for more from the client. Returns False at the end of the stream."""
        chunk = await self.stream.read(CHUNK)
        if not chunk:
            return False
        if not self.receiving:
            self.receiving = True
            self.deadline = self.server.now + SLOW
        self.data = self.data + chunk if self.data else chunk
        return True

    async def _send(self, data):
        self.stream.write(data)
        if self.stream.out_buf:  # the socket took only a part; without this, drain() would just yield
            self.deadline = self.server.now + SLOW
            await self.stream.drain()
