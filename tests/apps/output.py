# SPDX-License-Identifier: MIT
# Lines, whatever they are made of.
import sys
import micropython

print("plain")
print("no end", end="")
print(", ended")
print()
print("two\nlines")
print("a\x00b", "tab\there", "é€😀")
sys.stdout.write("écrit\n")
print(sys.stdout.write("abc\n"))
sys.stdout.write(b"bad \xff\xc3 utf-8 \xe2\x82\n")
print("x" * 5000)
print("€" * 3000)
print("part", end="")
sys.stdout.flush()
print(" after flush")
print("to stderr", file=sys.stderr)
try:
    raise KeyError("k")
except KeyError as e:
    sys.print_exception(e)
print("unfinished", end="")
