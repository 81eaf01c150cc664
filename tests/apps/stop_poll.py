# SPDX-License-Identifier: MIT
# signal: INT ready
# The stop of an app that polls, from a console.
import select

print("ready")
try:
    select.poll().poll()
except (SystemExit, KeyboardInterrupt):
    print("stopped")
    raise
finally:
    print("finally")
