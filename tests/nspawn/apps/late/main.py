# SPDX-License-Identifier: MIT
# Is ready once somebody asks it to be; it may end before.
import mpyd
import time

asked = []
mpyd.on_call("go", lambda text: mpyd.ready())
mpyd.on_call("end", asked.append)
print("waiting")
while not asked:
    time.sleep(0.1)
