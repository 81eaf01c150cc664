# SPDX-License-Identifier: MIT
# Says something again and again, and fails when it is asked to.
import sys
import time

import mpyd

asked = []
mpyd.on_call("fail", lambda text: asked.append(text))
print("begun", file=sys.stderr)
n = 0
while not asked:
    print("line", n)
    n += 1
    time.sleep_ms(50)
raise ValueError(asked[0])
