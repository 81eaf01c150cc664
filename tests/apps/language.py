# SPDX-License-Identifier: MIT
# The language itself: what frozen bytecode must do as upstream does it.
import sys


class Base:
    kind = "base"

    def __init__(self, x):
        self.x = x

    def __repr__(self):
        return "{}({})".format(type(self).__name__, self.x)

    @property
    def double(self):
        return self.x * 2

    @staticmethod
    def static():
        return "static"

    @classmethod
    def make(cls, x):
        return cls(x)


class Derived(Base):
    def __init__(self, x):
        super().__init__(x + 1)

    def __eq__(self, other):
        return self.x == other.x

    def __getitem__(self, index):
        return self.x + index

    def __call__(self, *args, **kwargs):
        return args, sorted(kwargs.items())


def counter(n):
    for i in range(n):
        received = yield i
        if received:
            print("received", received)


def nested():
    result = yield from counter(3)
    return result


def cleanup(log):
    try:
        yield 1
    finally:
        log.append("closed")


print("modules:", __name__, sys.path, sys.argv, sys.modules["__main__"].__name__)
d = Derived.make(4)
print(d, d.double, d.static(), d.kind, d == Derived(4), d[10], d(1, a=2))
print(isinstance(d, Base), issubclass(Derived, Base), hasattr(d, "y"), getattr(d, "y", "none"))

print(list(nested()), [x for x in range(10) if x % 3 == 0], {k: v for k, v in zip("ab", (1, 2))})
g = counter(3)
print(next(g), g.send("word"), next(g))
log = []
g = cleanup(log)
next(g)
g.close()
print(log)

print(2**100, -7 // 2, -7 % 3, 1 << 70, int("123456789012345678901234567890"), 0xFF, 0b101)
print(1 / 3, 1e300 * 10, 2**0.5, 3.0, -0.0, 1e-7, round(2.5), 7.0 // 2, complex(1, 2) * 1j)
print("%5.2f|%-4d|%s" % (3.14159, 42, "x"), "{:>6}|{:<6}|{:^6}|{:06.2f}".format(1, 2, 3, 4.5))
name = "value"
print(f"{name!r} {1 + 1} {3.14159:.3f}", "äöü€😀".upper(), len("äöü€😀"), "a,b,c".split(","))
print(b"\x00\xff", bytearray(b"abc"), memoryview(b"abcdef")[2:4], bytes([1, 2, 3]))
print(sorted([3, 1, 2], reverse=True), min(3, 1), max([4, 9]), sum(range(101)), any([0, 1]), all([]))
print({1, 2, 3} & {2, 3, 4}, frozenset([1]), (1, 2) + (3,), [1, 2, 3][::-1], "abc"[-1])
a, *b, c = range(5)
print(a, b, c, (n := 10) + n)

try:
    try:
        raise ValueError("inner")
    except ValueError as e:
        raise KeyError("outer") from e
    finally:
        print("finally")
except KeyError as e:
    print("caught", repr(e))

for error in (lambda: 1 / 0, lambda: [][1], lambda: {}["k"], lambda: None.x, lambda: undefined):
    try:
        error()
    except Exception as e:
        print(type(e).__name__, e)


class Context:
    def __enter__(self):
        print("enter")
        return self

    def __exit__(self, kind, value, traceback):
        print("exit", kind.__name__)
        return True


with Context():
    raise RuntimeError


def closure():
    total = 0

    def add(n):
        nonlocal total
        total += n
        return total

    return add


add = closure()
add(5)
print(add(6), (lambda *a, **k: (a, k))(1, b=2), divmod(17, 5), pow(3, 100, 7), abs(-3), hex(255))


@micropython.native
def native_sum(n):
    total = 0
    for i in range(n):
        total += i
    return total


@micropython.viper
def viper_sum(n: int) -> int:
    total = 0
    i = 0
    while i < n:
        total += i
        i += 1
    return total


print(native_sum(1000), viper_sum(1000))
