# SPDX-License-Identifier: MIT
import sys

print("boot before")
print(__name__, "__main__" in sys.modules)
