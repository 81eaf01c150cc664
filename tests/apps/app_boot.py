# SPDX-License-Identifier: MIT
# manifest: boot = "app_boot_first"
# file: app_boot_first.py
# debug: yes
# daemon: app\.enter\(phase=boot, heap=\d+, used=\d+\) = 0
# daemon: log\.write\(level=info, text=.*\) = 0
# daemon: app\.enter\(phase=entry, heap=\d+, used=\d+\) = 0
# daemon: log\.write\(level=info, text=.*\) = 0
# daemon: app\.enter\(phase=exit, heap=\d+, used=\d+\) = 0
# daemon: log\.write\(level=info, text=.*\) = 0
# The boot hook runs before the entry, once, and the trace shows it.
import sys

import app_boot_first

print("entry", __name__[2:-2][:3])
sys.atexit(lambda: print("at exit"))
