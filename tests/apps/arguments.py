# SPDX-License-Identifier: MIT
# manifest: arguments = ["-v", "a b\\", "say \"what??!\" %s", "", "-v"]
import sys

print(sys.argv)
