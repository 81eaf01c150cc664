# SPDX-License-Identifier: MIT
# message: [ready] echo with spaces = with spaces
# message: [ready] echo grüß dich = grüß dich
# message: [ready] echo =
# message: [ready] bytes = abc
# message: [ready] nothing =
# message: [ready] number = MessageFailed TypeError: answer must be str, bytes or None
# message: [ready] broken = MessageFailed its answer is no text of at most 16384 bytes
# message: [ready] long = MessageFailed its answer is no text of at most 16384 bytes
# message: [ready] fails x = MessageFailed ValueError: x
# message: [ready] coroutine = MessageFailed TypeError: coroutine without an event loop
# message: [ready] absent = NoSuchMessage absent
# message: [ready] removed = NoSuchMessage removed
# message: [ready] sleeps = slept
# message: [ready] end 0 = MessageFailed SystemExit: 0
# debug: yes
# daemon: app\.take\(message=16456 bytes\) = \d+
# daemon: app\.reply\(number=1, outcome=replied, text=.*\) = 0
# Messages are answered while the app sleeps; whatever a function raises or returns, the app lives.
import sys
import time

import mpyd


def fails(argument):
    raise ValueError(argument)


def coroutine(argument):
    yield argument


def sleeps(argument):
    time.sleep_ms(5)
    return "slept"


mpyd.on_call("echo", lambda argument: argument)
mpyd.on_call("bytes", lambda argument: b"abc")
mpyd.on_call("nothing", lambda argument: None)
mpyd.on_call("number", lambda argument: 7)
mpyd.on_call("broken", lambda argument: b"\xff")
mpyd.on_call("long", lambda argument: "x" * 16385)
mpyd.on_call("fails", fails)
mpyd.on_call("coroutine", coroutine)
mpyd.on_call("sleeps", sleeps)
mpyd.on_call("end", lambda argument: sys.exit(int(argument)))
mpyd.on_call("removed", print)
mpyd.on_call("removed", None)
print("ready")
time.sleep(1000)
