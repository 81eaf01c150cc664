# SPDX-License-Identifier: MIT
# manifest: [memory]
# manifest: heap = "64K"
# message: [full] next x = MessageFailed MemoryError...
# message: [full] next x = MessageFailed MemoryError...
# signal: TERM full
# An app without heap left can run no function for a message, says so, and goes on.
import mpyd


def fill():
    kept = None
    for size in (1024, 16, 1):
        try:
            while True:
                kept = (kept, bytearray(size))
        except MemoryError:
            pass
    try:
        while True:
            kept = (kept,)
    except MemoryError:
        return kept


mpyd.on_call("next", lambda argument: bytes(4096))
print("filling")
kept = fill()
print("full")
while True:
    pass
