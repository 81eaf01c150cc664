# SPDX-License-Identifier: MIT
# manifest: [grants]
# manifest: files = ["calibration", "notes:rw", "absent", "folder", "null:rw"]
# given: calibration offset = 12
# given: notes old
# config: [files]
# config: folder = /
# config: null = /dev/null
# debug: yes
# daemon: the file folder cannot be given to the app: /: Is a directory
# daemon: under-test: wants the file absent, which is not given \(\[files\] absent = PATH
# daemon: stream\.open\(name="calibration", access=read, start=begin\) =
# daemon: stream\.write\(stream=\d+, data="one\\n"\) = 4
# Files that the administrator gave by name, as open() would have them.
import mpyd
import os
import select

with mpyd.open("calibration") as file:
    print(repr(file.readline()), repr(file.read()))
    print(file.seek(-3, 2), file.read(2), file.tell())
    print(file.seek(0), file.read())
with mpyd.open("calibration", "rb") as one, mpyd.open("calibration", "rb") as other:
    buffer = bytearray(6)
    print(one.read(3), other.readinto(buffer), buffer, one.read(), list(other))

with mpyd.open("notes", "a") as file:
    print(file.write("and new\n"))
with mpyd.open("notes", "r+b") as file:
    print(file.read())
    file.seek(0)
    file.write(b"OLD")
print(mpyd.open("notes").read())
with mpyd.open("notes", "w") as file:
    file.write("one\n")
    try:
        file.read()
    except OSError as e:
        print("reading what is open for writing:", e.errno)
print(mpyd.open("notes").read())

# Always ready, as poll(2) has it of files.
poll = select.poll()
file = mpyd.open("notes", "r+")
poll.register(file)
print(poll.poll(0)[0][1])
file.setblocking(False)
print(repr(file.read()), repr(file.read(1)))
# No quota holds a file of the machine, so a bound does.
file.seek(16 * 1024 * 1024)
try:
    file.write("x")
except OSError as e:
    print("beyond the bound:", e.errno)
try:
    file.seek(-1)
except OSError as e:
    print("before the beginning:", e.errno)
file.close()
file.close()
try:
    file.read()
except ValueError as e:
    print(e)

null = mpyd.open("null", "r+")
print(null.write("gone"), repr(null.read()))
try:
    null.seek(0)
except OSError as e:
    print("a device has no place:", e.errno)

for name, mode in (
    ("calibration", "w"),
    ("calibration", "r+"),
    ("other", "r"),
    ("", "r"),
    ("../notes", "r"),
    ("absent", "r"),
    ("folder", "r"),
    ("n" * 33, "r"),
):
    try:
        mpyd.open(name, mode)
    except OSError as e:
        print(name[:12], mode, type(e).__name__, e.errno if type(e) is OSError else e)
try:
    mpyd.open("notes", "x")
except ValueError as e:
    print(e)
