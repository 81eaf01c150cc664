# SPDX-License-Identifier: MIT
# Replaces a file again and again as doc/app.md advises, each time with the next number and a body that
# belongs to it. "kept" is answered with the last number that is on disk for sure, "found" with the one
# that was there at the start.
import os
import time

import mpyd


def content(number):
    return ("%08d" % number).encode() * 500


def read():
    try:
        with open("/data/record", "rb") as file:
            data = file.read()
    except OSError:
        return 0
    number = int(data[:8])
    if data != content(number):
        raise ValueError("torn: %d bytes, %s" % (len(data), data[:8]))
    return number


found = kept = read()
mpyd.on_call("found", lambda _: str(found))
mpyd.on_call("kept", lambda _: str(kept))
mpyd.ready()
while True:
    number = kept + 1
    with open("/data/record.new", "wb") as file:
        file.write(content(number))
        file.flush()
    os.rename("/data/record.new", "/data/record")
    os.sync()
    kept = number
    time.sleep_ms(5)
