# SPDX-License-Identifier: MIT
# config: [stop]
# config: stop = 200ms
# signal: TERM ready
# daemon: under-test: has not stopped, aborting it
# daemon: under-test: was aborted
# A function for the stop that does not return has until the deadline.
import time

import mpyd


@mpyd.on_stop
def forever():
    print("forever")
    while True:
        pass


mpyd.on_stop(lambda: print("never"))
print("ready")
time.sleep(1000)
