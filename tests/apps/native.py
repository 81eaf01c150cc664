# SPDX-License-Identifier: MIT
# Machine code that was compiled with the image, and how much it is worth.

import time

LOOPS = 200000


def bytecode(n):
    s = 0
    for i in range(n):
        s = (s + i * 3) & 0xFFFF
    return s


@micropython.native
def native(n):
    s = 0
    for i in range(n):
        s = (s + i * 3) & 0xFFFF
    return s


@micropython.viper
def viper(n: int) -> int:
    s = 0
    for i in range(n):
        s = (s + i * 3) & 0xFFFF
    return s


@micropython.viper
def fill(buffer: ptr8, n: int):
    for i in range(n):
        buffer[i] = i & 0xFF


@micropython.native
def catches(value):
    try:
        return [value][1]
    except IndexError as error:
        return "caught " + str(error)
    finally:
        print("finally")


@micropython.native
def counts(n):
    for i in range(n):
        yield i * 0.5


def quickest(*functions):
    """The microseconds of the best of some calls of each, in turns: others want the CPU, too."""
    best = [1 << 29] * len(functions)
    for _ in range(15):
        for i, function in enumerate(functions):
            start = time.ticks_us()
            function(LOOPS)
            best[i] = min(best[i], time.ticks_diff(time.ticks_us(), start))
    return best


print(bytecode(1000), native(1000), viper(1000))
buffer = bytearray(300)
fill(buffer, 300)
print(buffer[255], buffer[256], buffer[299])
print(catches(1))
print(list(counts(4)))

slow, quick, quickest_of_all = quickest(bytecode, native, viper)
print("native: %.1f times as fast as bytecode, viper: %.1f" % (slow / quick, slow / quickest_of_all))
print(slow > quick, slow > 8 * quickest_of_all)
