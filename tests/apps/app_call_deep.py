# SPDX-License-Identifier: MIT
# message: [deep] next x = MessageFailed RuntimeError...
# message: [deep] absent = NoSuchMessage absent
# signal: TERM deep
# An app that is as deep as its stack goes cannot run a function for a message, says so, and goes on.
import mpyd


def deep():
    try:
        deep()
    except RuntimeError:
        print("deep")
        while True:
            pass


def next(argument, depth=50):
    return next(argument, depth - 1) if depth else argument + argument


mpyd.on_call("next", next)
try:
    deep()
except SystemExit:
    print("stopped")
    raise
