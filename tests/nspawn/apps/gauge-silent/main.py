# SPDX-License-Identifier: MIT
# Promises signs of life, and gives none.
import time

import mpyd

mpyd.ready()
while True:
    time.sleep(60)
