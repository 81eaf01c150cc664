# SPDX-License-Identifier: MIT
# signal: TERM ready
# The stop of an app without asyncio that never waits: a SystemExit where it is.
import sys

sys.atexit(lambda: print("atexit"))
n = 0
try:
    while True:
        n += 1
        if n == 1000:
            print("ready")
finally:
    print("finally", n >= 1000)
