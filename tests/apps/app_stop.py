# SPDX-License-Identifier: MIT
# signal: TERM ready
# What was given to mpyd.on_stop() runs before the stop, in order, wherever the app is; what raises
# is reported, and the next runs.
import sys
import time

import mpyd


@mpyd.on_stop
def first():
    print("first")
    time.sleep_ms(10)
    print("first slept")


def second():
    mpyd.on_stop(lambda: print("added meanwhile"))
    raise ValueError("second")


mpyd.on_stop(second)
mpyd.on_stop(lambda: print("third"))
try:
    mpyd.on_stop(3)
except TypeError as e:
    print(e)
print("ready")
try:
    while True:
        time.sleep(1000)
except SystemExit as e:
    print("stopped", e.args)
    raise
