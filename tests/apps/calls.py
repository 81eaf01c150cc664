# SPDX-License-Identifier: MIT
# The module "calls": what the table flags "python", with the types and errors of Python.
import calls

print(calls.channel_nop())
print(type(calls.random_bytes(16)), len(calls.random_bytes(16)), len(calls.random_bytes(0)))
print(calls.random_bytes(32) != calls.random_bytes(32))
print(calls.clock_read(1) <= calls.clock_read(1))
print(calls.clock_read(0) > 1_500_000_000 * 1_000_000_000)
print(calls.log_write(6, "grüße"))


def attempt(function, *arguments):
    try:
        print(function(*arguments))
    except Exception as error:
        print(type(error).__name__, error)


attempt(calls.clock_read, 2)
attempt(calls.clock_read, -1)
attempt(calls.clock_read, 1 << 32)
attempt(calls.clock_read, "1")
attempt(calls.random_bytes, 4097)
attempt(calls.random_bytes, -1)
attempt(calls.log_write, 6, b"bytes")
attempt(calls.log_write, 6, "a\0b")
attempt(calls.log_write, 8, "level")
attempt(calls.log_write, 6, "x" * 4097)
print(hasattr(calls, "channel_exit"), hasattr(calls, "socket_open"))
