# SPDX-License-Identifier: MIT
# signal: TERM ready
# The stop of an app that sleeps in a call.
import time

print("ready")
try:
    time.sleep(1000)
except SystemExit as e:
    print("stopped", e.args)
    raise
finally:
    print("finally")
