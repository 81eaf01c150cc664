# SPDX-License-Identifier: MIT
# Takes all the memory of its heap once it is told to.
import time

import mpyd

wishes = []
mpyd.on_call("eat", wishes.append)
mpyd.ready()
kept = []
while True:
    time.sleep_ms(50)
    while wishes:
        block = bytearray(1 << 20)
        for i in range(0, len(block), 4096):
            block[i] = 1
        kept.append(block)
