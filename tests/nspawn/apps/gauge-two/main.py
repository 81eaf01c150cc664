# SPDX-License-Identifier: MIT
# Says that it is well, until it is stopped.
import time

import mpyd

mpyd.ready()
print("up")
while True:
    mpyd.heartbeat()
    time.sleep_ms(200)
