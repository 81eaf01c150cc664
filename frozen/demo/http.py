# SPDX-License-Identifier: MIT
"""HTTP/1.1 on paper: what a request head says, what a response looks like. No input or output."""

from json import dumps

BODY_MAX = 1024  # bytes of a request's body
JSON = b"application/json"

REASONS = {
    200: b"OK",
    201: b"Created",
    400: b"Bad Request",
    404: b"Not Found",
    405: b"Method Not Allowed",
    408: b"Request Timeout",
    409: b"Conflict",
    411: b"Length Required",
    413: b"Content Too Large",
    417: b"Expectation Failed",
    431: b"Request Header Fields Too Large",
    503: b"Service Unavailable",
    505: b"HTTP Version Not Supported",
}


class HTTPError(Exception):
    """The request is refused: a status and a reason for the client."""

    def __init__(self, status, reason, headers=b""):
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers


class Request:
    def __init__(self, method, path, query):
        self.method = method
        self.path = path
        self.query = query
        self.length = None  # what Content-Length says
        self.close = False  # the client wants no further request on this connection
        self.expects = False  # the client waits for "100 Continue" before it sends the body
        self.body = b""


def head(status, content_type, headers=b""):
    """The part of a response that is the same each time: up to the value of Content-Length."""
    return b"HTTP/1.1 %d %s\r\nContent-Type: %s\r\n%sContent-Length: " % (
        status,
        REASONS[status],
        content_type,
        headers,
    )


class Response:
    """What head() makes, and a body. A response that is KEPT is put together once and sent often."""

    def __init__(self, head, body, kept=False):
        self.head = head
        self.body = body
        self.kept = kept
        self._whole = None

    def data(self, close=False, with_body=True):
        """All of it in one piece, so that it goes out in one write."""
        if close or not with_body:
            return self._join(close, with_body)
        whole = self._whole or self._join(close, with_body)
        if self.kept:
            self._whole = whole
        return whole

    def _join(self, close, with_body):
        length = b"%d\r\nConnection: close\r\n\r\n" if close else b"%d\r\n\r\n"
        return b"".join((self.head, length % len(self.body), self.body if with_body else b""))


def refusal(error):
    """The Response that tells why."""
    body = dumps({"error": error.reason}).encode()
    return Response(head(error.status, JSON, error.headers), body)


def parse_head(text):
    """The Request in TEXT, which runs to the end of the last header line. Raises HTTPError."""
    lines = text.split(b"\r\n")
    words = lines[0].split(b" ")
    if len(words) != 3 or not _is_method(words[0]) or not words[2].startswith(b"HTTP/"):
        raise HTTPError(400, "bad request line")
    if words[2] != b"HTTP/1.1" and words[2] != b"HTTP/1.0":
        raise HTTPError(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    if not words[1].startswith(b"/"):
        raise HTTPError(400, "bad request target")
    path, _, query = words[1].partition(b"?")
    request = Request(words[0], path, query)
    request.close = words[2] == b"HTTP/1.0"
    host = request.close  # HTTP/1.0 needs none
    for i in range(1, len(lines)):
        name, colon, value = lines[i].partition(b":")
        if not colon or not name or b" " in name or b"\t" in name or b"\n" in lines[i]:
            raise HTTPError(400, "bad header line")
        name = name.lower()
        if name == b"host":
            host = True
        elif name in _HEADERS:
            _HEADERS[name](request, value.strip())
    if not host:
        raise HTTPError(400, "missing Host")
    return request


def _is_method(word):
    return word.replace(b"-", b"").isalpha()


def _content_length(request, value):
    if not value.isdigit() or len(value) > 15:
        raise HTTPError(400, "bad Content-Length")
    length = int(value)
    if request.length is not None and request.length != length:
        raise HTTPError(400, "two different Content-Lengths")
    if length > BODY_MAX:
        raise HTTPError(413, "body longer than %d bytes" % BODY_MAX)
    request.length = length


def _transfer_encoding(request, value):
    raise HTTPError(411, "Content-Length needed; no transfer encoding is taken")


def _connection(request, value):
    if b"close" in value.lower():
        request.close = True


def _expect(request, value):
    if value.lower() != b"100-continue":
        raise HTTPError(417, "unknown expectation")
    request.expects = True


_HEADERS = {
    b"content-length": _content_length,
    b"transfer-encoding": _transfer_encoding,
    b"connection": _connection,
    b"expect": _expect,
}
