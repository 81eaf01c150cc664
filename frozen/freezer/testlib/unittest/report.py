# SPDX-License-Identifier: MIT
"""Says what happens, in lines of MARK, which nothing else prints, a serial number, and

    at MODULE NEXT NAME                      the preparation NAME begins
    test MODULE NEXT NAME                    the test NAME begins
    problem fail|error LABEL                 and then each line of the traceback:
    | TEXT
    end ok|bad|skip|xfail|xpass USEC WHY
    done

They go where errors go: what tests print cannot crowd them out of the log. MODULE and NEXT are where to go on if this never ends: the index of a module and the number of the
test in it, -1 for the next module. freezer/testing.py reads these lines.
"""

import gc
import io
import sys
import time

_PIECE = 900  # characters; a message of the log is 4096 bytes
_RATE = 4000  # lines a second, less than half of what the log takes
_FRAMES_OF_OURS = ("unittest/", "asyncio/core.py", "asyncio/__init__.py")


def _is_of_ours(line):
    return any([line.startswith('  File "' + file) for file in _FRAMES_OF_OURS])


def _traceback(error):
    text = io.StringIO()
    try:
        sys.print_exception(error, text)
    except MemoryError:
        return ["MemoryError"]
    return [line for line in text.getvalue().split("\n") if line and not _is_of_ours(line)]


class Report:
    def __init__(self, mark):
        self._mark = mark
        self._serial = 0
        self._lines = 0  # since
        self._since = time.ticks_ms()
        self._started = 0

    def _say(self, text):
        if self._lines >= _RATE:
            wait = 1000 - time.ticks_diff(time.ticks_ms(), self._since)
            if wait > 0:
                time.sleep_ms(wait)
            self._lines = 0
        if self._lines == 0:
            self._since = time.ticks_ms()
        self._lines += 1
        self._serial += 1
        print(self._mark, self._serial, text, file=sys.stderr)

    def begin(self, kind, module, following, name):
        self._say("%s %d %d %s" % (kind, module, following, name))
        self._started = time.ticks_us()

    def _show(self, error, label):
        self._say("problem %s %s" % ("fail" if isinstance(error, AssertionError) else "error",
                                     label.replace("\n", " ")))
        for line in _traceback(error):
            for start in range(0, len(line), _PIECE):
                self._say("| " + line[start : start + _PIECE])

    def end(self, outcome, is_expected_to_fail=False):
        usec = time.ticks_diff(time.ticks_us(), self._started)
        if is_expected_to_fail and outcome.skip_why is None:
            self._say("end %s %d" % ("xfail" if outcome.problems else "xpass", usec))
            return
        for error, label in outcome.problems:
            self._show(error, label)
        if outcome.problems:
            self._say("end bad %d" % usec)
            gc.collect()  # of what the exceptions held
        elif outcome.skip_why is not None:
            self._say("end skip %d %s" % (usec, outcome.skip_why.replace("\n", " ")))
        else:
            self._say("end ok %d" % usec)

    def done(self):
        self._say("done")
