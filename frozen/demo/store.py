# SPDX-License-Identifier: MIT
"""A rolling window of readings in bounded memory.

Readings are numbered from 1. Each is encoded as JSON once, when it comes, so that answering with
many of them is one join().
"""

from array import array
from json import dumps
from time import time_ns


class Store:
    def __init__(self, window):
        self.window = window
        self.last = 0  # number of the newest reading
        self._records = [b""] * window  # reading n is at n % window, here and below
        self._meters = [""] * window
        self._values = array("d", [0.0] * window)
        self._stats = None  # the answer to stats() until a reading changes it

    def add(self, meter, value):
        """Keep a reading (the oldest goes if the window is full); returns it as JSON."""
        self.last += 1
        i = self.last % self.window
        record = '{"id":%d,"time":%d,"meter":"%s","value":%s}' % (
            self.last,
            time_ns() // 1000000,
            meter,
            dumps(value),
        )
        self._records[i] = record = record.encode()
        self._meters[i] = meter
        self._values[i] = value
        self._stats = None
        return record

    def _oldest(self):
        return max(1, self.last - self.window + 1)

    def since(self, number, limit):
        """At most LIMIT readings after NUMBER, oldest first, as JSON with the number to go on from."""
        first = max(number + 1, self._oldest())
        end = min(first + limit, self.last + 1)
        records = [self._records[i % self.window] for i in range(first, end)]
        last = end - 1 if records else self.last
        return b'{"last":%d,"readings":[' % last + b",".join(records) + b"]}"

    def stats(self):
        """Count and, for each meter, count, min, mean, max and last over the window, as JSON."""
        if self._stats is None:
            self._stats = dumps(self._summary()).encode()
        return self._stats

    def _summary(self):
        meters = {}
        oldest = self._oldest()
        for number in range(oldest, self.last + 1):
            i = number % self.window
            value = self._values[i]
            s = meters.get(self._meters[i])
            if s is None:
                meters[self._meters[i]] = {
                    "count": 1, "min": value, "mean": value, "max": value, "last": value
                }  # fmt: skip
                continue
            s["count"] += 1
            s["min"] = min(s["min"], value)
            s["max"] = max(s["max"], value)
            s["mean"] += (value - s["mean"]) / s["count"]
            s["last"] = value
        return {"count": self.last - oldest + 1, "total": self.last, "meters": meters}
