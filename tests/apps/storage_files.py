# SPDX-License-Identifier: MIT
# manifest: [memory]
# manifest: heap = "1M"
# manifest: [grants]
# manifest: storage = "1M"
# state: new
# config: [restart]
# config: restart = no
# daemon: first run: storage laid out
import errno
import os


def refused(function, *args):
    try:
        print(function.__name__ if hasattr(function, "__name__") else "call", "worked", function(*args))
    except OSError as error:
        print(errno.errorcode[error.errno])


def content(path, mode="r"):
    with open(path, mode) as file:
        return file.read()


print(os.getcwd(), os.listdir("/"), os.listdir())

# text and bytes
with open("notes.txt", "w") as file:
    print(file.write("first\nsecond ä\n"), type(file))
with open("/data/notes.txt") as file:
    print(file.readline(), file.read(), repr(file.read(1)))
with open("notes.txt", "rb") as file:
    print(file.read(), file.tell(), type(file))
with open("notes.txt") as file:
    for line in file:
        print(repr(line))

# append, both ways, places
with open("notes.txt", "a+") as file:
    print(file.tell(), file.write("third\n"), file.tell())
    file.seek(0)
    print(file.read(5), file.tell(), file.write("fourth\n"), file.tell())
with open("notes.txt", "r+b") as file:
    file.seek(-4, 2)
    print(file.read())
    file.seek(6)
    file.write(b"SECOND")
    print(file.read(3), file.tell(), file.seek(0), file.readline(), file.readline())
    print(file.truncate(6), file.seek(0, 2))
    file.seek(3)
    print(file.truncate(), file.seek(0), file.read())
print(os.stat("notes.txt")[6])
with open("holes", "wb") as file:
    file.seek(5000)
    file.write(b"x")
print(os.stat("holes")[0] == 0x8000, os.stat("holes")[6], content("holes", "rb")[4998:])
buffer = bytearray(8)
with open("notes.txt", "rb") as file:
    print(file.readinto(buffer), buffer)

# large, in several calls
big = bytes(range(256)) * 700
with open("big", "wb") as file:
    print(file.write(big))
with open("big", "rb") as file:
    print(file.read() == big)
os.remove("big")

# directories
os.mkdir("logs")
os.mkdir("/data/logs/old")
with open("logs/a", "w") as file:
    file.write("A")
print(sorted(os.listdir()), sorted(os.ilistdir("logs")), list(os.ilistdir(b"logs/old")))
os.chdir("logs")
print(os.getcwd(), content("./old/../a"), os.stat("..")[0] == 0x4000)
os.rename("a", "../b")
os.rename("old", "older")
print(os.listdir(), os.listdir("/data/logs"), content("/data/b"))
os.chdir("..")
os.rename("b", "notes.txt")
print(content("notes.txt"), sorted(os.listdir()))

# what is refused
refused(open, "none")
refused(open, "none/file", "w")
refused(open, "logs")
refused(open, "notes.txt/x")
refused(open, "notes.txt", "x")
refused(os.mkdir, "logs")
refused(os.mkdir, "/data")
refused(os.rmdir, "logs")
refused(os.rmdir, "notes.txt")
refused(os.rmdir, "/data")
refused(os.remove, "logs")
refused(os.remove, "none")
refused(os.rename, "none", "other")
refused(os.rename, "logs", "logs/older/logs")
refused(os.rename, "notes.txt", "logs")
refused(os.chdir, "none")
refused(os.listdir, "none")
refused(os.stat, "none")
refused(open, "n" * 256, "w")
refused(os.mkdir, "/".join(["d"] * 33))
refused(open, b"\xff\xfe", "w")
with open("notes.txt") as file:
    refused(file.write, "x")
with open("notes.txt", "w") as file:
    refused(file.read, 1)
try:
    open("notes.txt", "q")
except ValueError as error:
    print(error)
file = open("notes.txt")
file.close()
file.close()
try:
    file.read()
except ValueError as error:
    print(error)

# to disk
with open("new", "w") as file:
    file.write("kept")
    print(file.flush())
os.rename("new", "notes.txt")
print(os.sync(), os.sync(), content("notes.txt"))
os.rmdir("logs/older")
os.rmdir("logs")
os.unlink("holes")
os.remove("notes.txt")
print(os.listdir(), os.statvfs("/data"))
