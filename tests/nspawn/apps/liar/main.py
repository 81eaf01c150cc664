# SPDX-License-Identifier: MIT
# Says that it is ready, and then does nothing any more.
import mpyd
import time

mpyd.ready()
time.sleep(3600)
