# SPDX-License-Identifier: MIT
# Waits to be stopped, and tidies up when it is.
import time

try:
    print("ready")
    time.sleep(1000)
finally:
    print("stopping")
