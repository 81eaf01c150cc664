# SPDX-License-Identifier: MIT
# message: [ready] work = swallowed
# meanwhile: TERM working
# A function that answers a message may swallow the SystemExit of a stop; the app ends all the same.
# Until the stop came, nothing else of the app ran within the function.
import micropython
import time

import mpyd


def work(argument):
    micropython.schedule(print, "scheduled")
    for i in range(10000):
        pass
    print("working")
    try:
        while True:
            pass
    except SystemExit:
        return "swallowed"


mpyd.on_call("work", work)
print("ready")
try:
    time.sleep(1000)
finally:
    print("finally")
