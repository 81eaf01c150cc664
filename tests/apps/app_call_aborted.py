# SPDX-License-Identifier: MIT
# config: [stop]
# config: stop = 200ms
# message: [ready] work = ...
# meanwhile: TERM working
# daemon: under-test: has not stopped, aborting it
# daemon: under-test: was aborted
# A function that answers a message and swallows the stop has until the deadline, as any other.
import time

import mpyd


def work(argument):
    print("working")
    while True:
        try:
            while True:
                pass
        except BaseException as e:
            print(repr(e))


mpyd.on_call("work", work)
print("ready")
time.sleep(1000)
