# SPDX-License-Identifier: MIT
# manifest: [memory]
# manifest: heap = "1M"
# Deep recursion is a RuntimeError, in Python, in C and in what calls each other.
import json


def down(n):
    return down(n + 1)


depth = 0


def count():
    global depth
    depth += 1
    count()


class Node:
    def __repr__(self):
        return repr(self)


for f in (lambda: down(0), count, lambda: repr(Node())):
    try:
        f()
        print("returned")
    except RuntimeError as e:
        print(e)
print("depth", depth > 60)

nested = []
for _ in range(10000):
    nested = [nested]
for f in (lambda: repr(nested), lambda: json.dumps(nested), lambda: nested == nested[0]):
    try:
        f()
        print("returned")
    except RuntimeError as e:
        print(e)

print(max([1, 2], key=lambda x: -x))

key = ()
for _ in range(10000):
    key = (key,)
for f in (lambda: hash(key), lambda: {key: 1}, lambda: {1: nested} == {1: nested[0]}, lambda: nested < nested[0]):
    try:
        f()
        print("returned")
    except RuntimeError as e:
        print(e)
