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

try:
    blocks = []
    while True:
        blocks.append(bytearray(1024))
except MemoryError:
    n = len(blocks)
    blocks = None
    gc.collect()
print("blocks", 20 < n < 64)
for _ in range(200):
    bytearray(16 * 1024)
print("collected")

blocks = []
while True:
    blocks.append([])
