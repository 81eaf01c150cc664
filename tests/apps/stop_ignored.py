# SPDX-License-Identifier: MIT
# config: [stop]
# config: stop = 200ms
# signal: TERM ready
# An app that does not let itself be stopped leaves its VM without running any more of its code.
import time

print("ready")
while True:
    try:
        time.sleep(1000)
    except SystemExit:
        print("not now")
    finally:
        pass
