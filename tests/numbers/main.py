# SPDX-License-Identifier: MIT
# The image's part: reads numbers and what CPython makes of them, and says where it differs.

import binascii
import struct

import literals
import same

SHOWN = 5  # mistakes of one kind that are shown
SIZE_SHOWN = 900


class Tally:
    def __init__(self, name):
        self.name = name
        self.total = 0
        self.wrong = 0

    def check(self, good, *what):
        self.total += 1
        if not good:
            self.wrong += 1
            if self.wrong <= SHOWN:
                print(self.name, "differs:", *[str(part)[:SIZE_SHOWN] for part in what])

    def tell(self):
        print(self.name, self.total, "wrong", self.wrong)


def crc(text):
    return binascii.crc32(text.encode())


def bits(number):
    return struct.pack("<d", number)


def records(name, size):
    with open("/res/" + name, "rb") as file:
        while True:
            record = file.read(size)
            if not record:
                return
            yield record


def check_texts_of_floats(name, texts):
    tally = Tally(name)
    for record in records(name + ".bin", 12):
        x, expected = struct.unpack("<dI", record)
        text = texts(x)
        tally.check(crc(text) == expected, bits(x), text)
    tally.tell()


def check_floats_of_texts():
    tally = Tally("parsed")
    with open("/res/parsed.bin", "rb") as file:
        while True:
            head = file.read(10)
            if not head:
                break
            text = file.read(struct.unpack("<H", head[8:])[0]).decode()
            x = float(text)
            tally.check(bits(x) == head[:8] or x != x, text, bits(x), head[:8])
    tally.tell()


def check_float_literals():
    tally = Tally("literals")
    for x, record in zip(literals.FLOATS, records("literals.bin", 8)):
        tally.check(bits(x) == record, bits(x), record)
    tally.tell()


def check_integers():
    tally = Tally("integers")
    for index, (a, b, expected) in enumerate(literals.INTEGERS):
        text = same.of_integers(a, b)
        tally.check(crc(text) == expected, index, text)
    tally.tell()


check_texts_of_floats("printed", same.of_float)
check_texts_of_floats("long", same.of_long)
check_floats_of_texts()
check_float_literals()
check_integers()
