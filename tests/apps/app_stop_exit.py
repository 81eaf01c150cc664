# SPDX-License-Identifier: MIT
# signal: INT ready
# debug: yes
# daemon: channel\.exit\(kind=ok, status=7\)
# A function for the stop may end the app itself; the others run all the same. In a busy loop.
import sys

import mpyd

mpyd.on_stop(lambda: sys.exit(7))
mpyd.on_stop(lambda: print("second"))
print("ready")
while True:
    pass
