# SPDX-License-Identifier: MIT
# exit: 1
# config: [restart]
# config: restart = no
# daemon: under-test: failed: uncaught exception: ValueError: \('no good', 42\)
# What nothing catches is logged as a traceback, after what was printed; atexit still runs.
import sys

sys.atexit(lambda: print("atexit"))


def fail(x):
    raise ValueError("no good", x)


print("before", end="")
fail(42)
