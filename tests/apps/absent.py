# SPDX-License-Identifier: MIT
# What an image must not have: ways to run new code, to read input, or to write files.
import builtins
import errno
import io
import os
import sys

for name in ("eval", "exec", "compile", "execfile", "help"):
    print(name, hasattr(builtins, name))


def f():
    pass


print("code", hasattr(f, "__code__"))
for name in ("_thread", "machine", "network", "marshal", "vfs", "ssl", "tls", "pyb", "webrepl"):
    try:
        __import__(name)
        print(name, "imported")
    except ImportError as e:
        print(e)

for path in ("/etc/passwd", "passwd", "/proc/self/maps", "/dev/null", "/res/none", "../x", ""):
    try:
        open(path)
        print(path, "opened")
    except OSError as e:
        print(repr(path), errno.errorcode[e.errno])

for mode in ("w", "a", "wb", "r+"):
    try:
        open("/new", mode)
        print(mode, "opened")
    except OSError as e:
        print(mode, errno.errorcode[e.errno])

for name in ("remove", "unlink", "mkdir", "rename", "rmdir", "system", "getenv", "dupterm"):
    print(name, hasattr(os, name))

print("path", sys.path)
sys.path.append("/")
sys.path.append("/res")
sys.path.append("")
try:
    import passwd
except ImportError as e:
    print(e)
print("stdin", repr(sys.stdin.read(10)))
try:
    input("nobody there> ")
except EOFError as e:
    print(repr(e))
print("listdir", os.listdir("/"))
