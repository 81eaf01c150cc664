# SPDX-License-Identifier: MIT
# exit: 1
# config: [restart]
# config: restart = no
# daemon: 7
import sys

sys.atexit(lambda: print("atexit"))
try:
    print("working")
    sys.exit(7)
finally:
    print("finally")
