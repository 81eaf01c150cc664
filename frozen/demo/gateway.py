# SPDX-License-Identifier: MIT
"""What the gateway answers: /readings, /stats and the page."""

import json

import http
from http import HTTPError, Response
from store import Full

METER_MAX = 32  # characters of a meter's name
METER_EXTRA = "-_."  # in names, besides letters and digits
VALUE_MAX = 1e15  # either way; sums of a whole window stay finite and exact enough
AT_ONCE = 100  # readings in one answer

JSON_HEAD = http.head(200, http.JSON, b"Cache-Control: no-store\r\n")
CREATED_HEAD = http.head(201, http.JSON)
PAGE_HEAD = http.head(
    200,
    b"text/html; charset=utf-8",
    b"Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n"
    b"Content-Security-Policy: default-src 'none'; connect-src 'self'; img-src data:; "
    b"script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n",
)


class Gateway:
    def __init__(self, store, page="/res/index.html"):
        self.store = store
        with open(page, "rb") as file:
            self._page = Response(PAGE_HEAD, file.read(), kept=True)
        self._stats = None  # the Response as long as it holds:
        self._stats_last = -1  # until there is a reading after this one
        self._routes = {
            b"/": {b"GET": self._get_page},
            b"/readings": {b"GET": self._get_readings, b"POST": self._post_reading},
            b"/stats": {b"GET": self._get_stats},
        }

    def answer(self, request):
        """The Response to REQUEST; raises HTTPError."""
        methods = self._routes.get(request.path)
        if methods is None:
            raise HTTPError(404, "nothing here; try /, /readings or /stats")
        answer = methods.get(b"GET" if request.method == b"HEAD" else request.method)
        if answer is None:
            allow = b"GET, HEAD, POST" if b"POST" in methods else b"GET, HEAD"
            raise HTTPError(405, "allowed: " + allow.decode(), b"Allow: " + allow + b"\r\n")
        return answer(request)

    def _get_page(self, request):
        return self._page

    def _get_readings(self, request):
        return Response(JSON_HEAD, self.store.since(parse_since(request.query), AT_ONCE))

    def _post_reading(self, request):
        meter, value = parse_reading(request.body)
        try:
            return Response(CREATED_HEAD, self.store.add(meter, value))
        except Full:
            raise HTTPError(409, "too many meters; one is forgotten when its readings are")

    def _get_stats(self, request):
        if self._stats_last != self.store.last:
            self._stats = Response(JSON_HEAD, self.store.stats(), kept=True)
            self._stats_last = self.store.last
        return self._stats


def parse_since(query):
    """The number after since= in a query string; 0 if it is not there."""
    for part in query.split(b"&"):
        key, _, value = part.partition(b"=")
        if key == b"since" and value:
            if not value.isdigit() or len(value) > 15:
                raise HTTPError(400, "since must be the number of a reading")
            return int(value)
    return 0


def parse_reading(body):
    """Meter and value of a reading, {"meter": name, "value": number}; raises HTTPError."""
    # The parser takes text that ends too early, so the closing brace is looked for here.
    text = body.strip()
    try:
        reading = json.loads(text)
    except ValueError:
        raise HTTPError(400, "the body is not JSON")
    if not isinstance(reading, dict):
        raise HTTPError(400, 'the body must be an object: {"meter": name, "value": number}')
    if text[-1:] != b"}":
        raise HTTPError(400, "the body is not JSON")
    for field in ("meter", "value"):
        if field not in reading:
            raise HTTPError(400, "missing field: " + field)
    check_meter(reading["meter"])
    check_value(reading["value"])
    return reading["meter"], reading["value"]


def check_meter(meter):
    if not isinstance(meter, str):
        raise HTTPError(400, "meter must be a string")
    if not 0 < len(meter) <= METER_MAX:
        raise HTTPError(400, "meter must have 1 to %d characters" % METER_MAX)
    for c in meter:
        if not (c.isalpha() or c.isdigit() or c in METER_EXTRA):
            raise HTTPError(400, "meter may have letters, digits and " + METER_EXTRA + " only")


def check_value(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise HTTPError(400, "value must be a number")
    if not -VALUE_MAX <= value <= VALUE_MAX:  # false for NaN, too
        raise HTTPError(400, "value must be finite and within %g of 0" % VALUE_MAX)
