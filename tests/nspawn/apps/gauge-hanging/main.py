# SPDX-License-Identifier: MIT
# Never gets ready.
import time

while True:
    time.sleep(60)
