# SPDX-License-Identifier: MIT
# Says that it is well, and is not.
import time

import mpyd

mpyd.ready()
time.sleep_ms(500)
raise ValueError("the meter is gone")
