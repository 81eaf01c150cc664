# SPDX-License-Identifier: MIT
# manifest: [memory]
# manifest: stack = "16K"

# libc wants much stack for a number. The smallest stack has it, and one that is used up says so.


def descend(convert, depth):
    convert()
    return 1 + descend(convert, depth + 1)


def print_float():
    "%.30f" % 0.1


def read_float():
    float("0.1")


for convert in (print_float, read_float):
    try:
        descend(convert, 0)
    except RuntimeError as error:
        print(error)
    print(0.1, float("2.5e-3"), "%.20f" % 0.1, "{:8}|{:,.1f}".format(0.5, 1234567.89))

print(1e1000, -1e-1000, 5e-324, 0.1 + 0.2, 2.0**-24, (0.1 + 1j) * 3)
print(float(2**64 + 2**11 + 1), float(2**64 + 2**11), 10**400 > 1e308)
for text in ("", ".", "1e", "1__0", "_1", "1_", "0x1", "1 2", "infx", "1j"):
    try:
        print(text, float(text))
    except ValueError as error:
        print(repr(text), error)
print(complex("1+2.5j"), complex("-j"), complex(" 7 "))
