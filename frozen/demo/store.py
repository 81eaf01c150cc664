# SPDX-License-Identifier: MIT
"""A rolling window of readings in bounded memory.

Everything is kept in arrays made at the start: thousands of small objects that live long would
leave the heap, whose objects never move, in pieces too small for anything else.
"""

from array import array
from json import dumps
from time import time_ns


class Full(Exception):
    """There is no room for another meter."""


class Store:
    def __init__(self, window, meters):
        self.last = 0  # number of the newest reading; they count from 1
        self._window = window
        self._times = array("q", bytes(8 * window))  # reading n is at n % window, here and below
        self._values = array("d", bytes(8 * window))
        self._slots = array("H", bytes(2 * window))  # of its meter
        self._names = [None] * meters  # of meters, by slot
        self._counts = array("H", bytes(2 * meters))  # readings in the window; 0: the slot is free
        self._known = {}  # slots, by name
        self._free = list(range(meters - 1, -1, -1))

    def add(self, meter, value):
        """Keep a reading (the oldest goes if the window is full); returns it as JSON."""
        slot = self._slot(meter)
        number = self.last + 1
        i = number % self._window
        self._counts[slot] += 1
        if number > self._window:
            self._drop(self._slots[i])
        self._times[i] = time_ns() // 1000000
        self._values[i] = value
        self._slots[i] = slot
        self.last = number
        return self._json(number)

    def since(self, number, limit):
        """At most LIMIT readings after NUMBER, oldest first, as JSON; "last" is where to go on."""
        first = max(number + 1, self._oldest())
        end = min(first + limit, self.last + 1)
        readings = b",".join([self._json(i) for i in range(first, end)])
        last = end - 1 if readings else self.last
        more = b"true" if last < self.last else b"false"
        return b'{"last":%d,"more":%s,"readings":[%s]}' % (last, more, readings)

    def stats(self):
        """Count and, for each meter, count, min, mean, max and last over the window, as JSON."""
        meters = {}
        oldest = self._oldest()
        for number in range(oldest, self.last + 1):
            i = number % self._window
            value = self._values[i]
            name = self._names[self._slots[i]]
            s = meters.get(name)
            if s is None:
                s = {"count": 0, "min": value, "mean": 0.0, "max": value, "last": value}
                meters[name] = s
            s["count"] += 1
            s["min"] = min(s["min"], value)
            s["mean"] += (value - s["mean"]) / s["count"]
            s["max"] = max(s["max"], value)
            s["last"] = value
        stats = {"count": self.last - oldest + 1, "total": self.last, "meters": meters}
        return dumps(stats).encode()

    def _oldest(self):
        return max(1, self.last - self._window + 1)

    def _json(self, number):
        i = number % self._window
        return b'{"id":%d,"time":%d,"meter":"%s","value":%s}' % (
            number,
            self._times[i],
            self._names[self._slots[i]],
            dumps(self._values[i]),
        )

    def _slot(self, meter):
        slot = self._known.get(meter)
        if slot is None:
            if not self._free:
                raise Full()
            slot = self._free.pop()
            self._known[meter] = slot
            self._names[slot] = meter
        return slot

    def _drop(self, slot):
        """One reading of the meter leaves the window; the meter is forgotten with its last one."""
        self._counts[slot] -= 1
        if self._counts[slot] == 0:
            del self._known[self._names[slot]]
            self._names[slot] = None
            self._free.append(slot)
