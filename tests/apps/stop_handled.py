# SPDX-License-Identifier: MIT
# signal: TERM ready
# An app that handles its stop and comes to its end has ended well.
import time

print("ready")
try:
    time.sleep(1000)
except SystemExit:
    print("saving")
    time.sleep_ms(10)
    print("saved")
