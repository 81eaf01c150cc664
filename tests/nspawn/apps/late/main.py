# SPDX-License-Identifier: MIT
# Is ready once somebody asks it to be.
import mpyd
import time

mpyd.on_call("go", lambda text: mpyd.ready())
print("waiting")
while True:
    time.sleep(3600)
