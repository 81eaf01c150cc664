# SPDX-License-Identifier: MIT
# message: [ready] work = MessageFailed SystemExit...
# meanwhile: TERM working
# A stop does not wait for a function that answers a message: what was given for it runs, then the
# function ends by SystemExit, and so does the app.
import time

import mpyd


def work(argument):
    print("working")
    try:
        while True:
            pass
    finally:
        print("work ends")


mpyd.on_call("work", work)
mpyd.on_stop(lambda: print("on stop"))
print("ready")
try:
    time.sleep(1000)
finally:
    print("finally")
