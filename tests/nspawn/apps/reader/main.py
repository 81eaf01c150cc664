# SPDX-License-Identifier: MIT
# Reads and writes what it was given: "read NAME", "write NAME" answer with what came of it.
import time

import mpyd


def attempt(action):
    def answer(name):
        try:
            return action(name)
        except OSError as error:
            return str(error)

    return answer


@attempt
def read(name):
    with mpyd.open(name) as stream:
        stream.setblocking(False)
        return stream.read(100)


@attempt
def write(name):
    with mpyd.open(name, "r+") as stream:
        return str(stream.write("written\n"))


mpyd.on_call("read", read)
mpyd.on_call("write", write)
while True:
    time.sleep(60)
