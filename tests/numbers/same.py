# SPDX-License-Identifier: MIT
# What CPython and an image both compute of a number: the same text, if all is well.


def rounded(x):
    try:
        return [round(x, digits) for digits in (2, 0, 15, -1, -7, -300)]
    except OverflowError:
        return "too large"


def of_float(x):
    return "|".join(
        (
            repr(x),
            str(x),
            "%g" % x,
            "%.17g" % x,
            "%e" % x,
            "%.16E" % x,
            "%.3f" % x,
            "%+012.2f" % x,
            "%-14.4g" % x,
            "{}".format(x),
            "{:.17g}".format(x),
            "{:.5}".format(x),
            "{:>26}".format(x),
            "{:^30.10e}".format(x),
            "{:,.2f}".format(x),
            "{:016,.1F}".format(x),
            "{:.1%}".format(x),
            repr(rounded(x)),
        )
    )


def of_long(x):
    """With more digits than any double has."""
    return "|".join(("%.1100f" % x, "%.800e" % x, "{:.780g}".format(x), "{:.770}".format(x)))


def of_integers(a, b):
    """B is not zero."""
    numbers = (a + b, a - b, a * b, a // b, a % b, -a // b, a & b, a | b, a ^ b, ~a, a << 77, a >> 77)
    texts = [str(number) for number in numbers]
    texts += [hex(a), bin(b), "%d" % a, "%x" % b, "{:,}".format(a), "{:X}".format(a)]
    near = float(a % (1 << 1000))
    texts += [repr(near), repr(int(near)), str(a < b), str(pow(abs(a), 3, abs(b)))]
    texts += [str(int(str(a)) == a), str(int(hex(b), 16) == b)]
    low = a % (1 << 61) + 1
    for x, y in ((a, b), (b, a), (low, b % 1000 + 1), (low, low - 7), (a, low), (low, 1 << 1090)):
        try:
            texts.append(repr(x / y) if y else "-")
        except OverflowError:
            texts.append("too large")
    return "|".join(texts)
