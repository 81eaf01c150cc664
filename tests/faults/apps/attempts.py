# SPDX-License-Identifier: MIT
# Calls that are made one by one: one that fails is told and the rest goes on.
import errno


def attempt(what, function, *arguments):
    try:
        result = function(*arguments)
        print(what, "done")
        return result
    except OSError as error:
        print(what, errno.errorcode.get(error.errno, error.errno))
    except Exception as error:
        print(what, type(error).__name__, error)
