# SPDX-License-Identifier: MIT
# Runs until it is stopped, and says when.
import time

print("up")
try:
    while True:
        time.sleep(3600)
finally:
    print("down")
