# SPDX-License-Identifier: MIT
# manifest: [memory]
# manifest: heap = "64K"
# exit: 1
# config: [restart]
# config: restart = no
# daemon: out of memory
# Out of heap: an exception that can be caught, and a status of its own when it is not.
import gc

try:
    x = bytearray(1 << 20)
except MemoryError as e:
    print("caught", e)



def fill():
    blocks = []
    try:
        while True:
            blocks.append(bytearray(1024))
    except MemoryError:
        return len(blocks)


def cover(depth):
    """The collector keeps what anything on the C stack looks like, left-overs too."""
    return depth and cover(depth - 1)


print("blocks", 20 < fill() < 64)
cover(20)
gc.collect()
for _ in range(200):
    bytearray(16 * 1024)
print("collected")

blocks = []
while True:
    blocks.append([])
